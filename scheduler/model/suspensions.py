"""A day on which schools are closed all at once: typhoon, smog, heat (E13)."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, NewType

from calendars.bells import SchoolId
from calendars.days import Day
from scheduler.members import IDENTIFIER, Name
from scheduler.model.adjustments import Place
from scheduler.model.agenda import SessionId

SuspensionId = NewType("SuspensionId", str)


class Effect(StrEnum):
    """What a suspension does to a session.

    It is cancelled where the lead school, or every other school, is closed; it goes on without the
    closed schools where they only observe; and otherwise people decide.
    """

    CANCELLED = "cancelled"
    GOES_ON = "goes_on"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspendedSession:
    """A session of that day as it was, and what became of it; `without` are the closed schools."""

    session: SessionId
    title: Name
    before: Place
    effect: Effect
    without: tuple[SchoolId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspension:
    """One date on which some schools are closed; until it is lifted nothing is booked for them.

    `closed_already` had no lessons anyway. `rows_before` are the rows of the day table that were
    there, `rows` the ids of those that say now that the school is closed.
    """

    id: Annotated[SuspensionId, IDENTIFIER]
    date: date
    schools: tuple[SchoolId, ...]
    closed_already: tuple[SchoolId, ...] = ()
    reason: Name
    sessions: tuple[SuspendedSession, ...] = ()
    rows: tuple[str, ...] = ()
    rows_before: tuple[Day, ...] = ()
    suspended_by: Name
    created_at: datetime
    lifted_at: datetime | None = None
    revision: int = 1
