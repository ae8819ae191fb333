"""Who asks, who reads a calendar, who is told, and what was done."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from calendars.bells import SchoolId
from calendars.text import Language, Text
from scheduler.members import (
    IDENTIFIER,
    Name,
    TeacherId,
)
from scheduler.model.agenda import SessionId


class ActorRole(StrEnum):
    """What somebody may do."""

    ALLIANCE_ADMIN = "alliance_admin"
    SCHOOL_COORDINATOR = "school_coordinator"
    IT_SUPPORT = "it_support"
    TEACHER = "teacher"
    OBSERVER = "observer"
    DISPLAY = "display"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who asks, and from where (`origin`); `school` is empty for the alliance's own office."""

    name: Name
    role: ActorRole
    school: SchoolId | None = None
    origin: str = ""


class Scope(StrEnum):
    """What a feed is about."""

    TEACHER = "teacher"
    SCHOOL = "school"
    ROOM = "room"
    ALLIANCE = "alliance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A published calendar that somebody opened for themselves.

    Its token is shown once and stored hashed. `subject_id` is the teacher, school or room, and
    none for the alliance.
    """

    id: Annotated[str, IDENTIFIER]
    scope: Scope
    subject_id: str | None = None
    language: Language = "zh-CN"
    owner: Name
    created_at: datetime
    revoked_at: datetime | None = None
    last_polled_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What somebody is told, stored in the transaction that caused it; `key` shows it once.

    What is `urgent` waits for no quiet hours: it is about something within a day (E52).
    """

    id: Annotated[str, IDENTIFIER]
    key: str
    school: SchoolId
    teacher: TeacherId | None = None
    session: SessionId | None = None
    sentence: Text
    urgent: bool = False
    created_at: datetime
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Who did what to what, when, from where and why. Append-only."""

    no: int
    at: datetime
    actor: str
    role: ActorRole
    origin: str
    action: str
    subject_kind: str
    subject_id: str
    reason: str = ""
    before: object = None
    after: object = None
