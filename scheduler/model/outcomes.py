"""What a school got of a session, told after the fact; what was planned stays as it was."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, NewType

from msgspec import Meta

from calendars.bells import SchoolId
from scheduler.members import IDENTIFIER, Name, Note, TeacherId
from scheduler.model.agenda import MAX_SESSION_MINUTES, SessionId

OutcomeId = NewType("OutcomeId", str)

Minutes = Annotated[int, Meta(ge=0, le=MAX_SESSION_MINUTES)]


class OutcomeKind(StrEnum):
    """How a session went at one site (E60-E62)."""

    DELIVERED = "delivered"
    PARTIAL = "partial"
    FAILED = "failed"
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a session went at one school. It may be corrected until it is closed.

    `planned_minutes` is what the school was to get, `minutes` what it got; `recorded_only` if that
    was a recording and nobody taught live (E62). `taught_by` led or assisted there, and gets the
    hours.
    """

    id: Annotated[OutcomeId, IDENTIFIER]
    session: SessionId
    school: SchoolId
    outcome: OutcomeKind
    minutes: Minutes
    planned_minutes: Minutes
    recorded_only: bool = False
    taught_by: TeacherId | None = None
    reason: Note = ""
    recorded_by: Name
    recorded_at: datetime
    closed_at: datetime | None = None
    revision: int = 1
