"""Who asks, who reads a calendar, who is told, and what was done."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final

from calendars.bells import SchoolId
from calendars.text import Language, Text
from scheduler.members import (
    IDENTIFIER,
    Line,
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
    """Who asks, from where (`origin`) and in which `request`.

    `school` is empty for the alliance's own office.
    """

    name: Name
    role: ActorRole
    school: SchoolId | None = None
    origin: str = ""
    request: str = ""


class Scope(StrEnum):
    """What a feed is about."""

    TEACHER = "teacher"
    SCHOOL = "school"
    ROOM = "room"
    CLASS_GROUP = "class_group"
    STUDIO = "studio"
    SUBJECT = "subject"
    ALLIANCE = "alliance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A published calendar that somebody opened for themselves.

    Its token is shown once and stored hashed. `subject_id` is the teacher, school, room, class
    group or studio it is about: the school where it is about one `subject` taught there, and none
    for the alliance. `only_busy`: the address tells busy times and nothing else. `client` is the
    program that read it last, by its name.
    """

    id: Annotated[str, IDENTIFIER]
    scope: Scope
    subject_id: str | None = None
    subject: Name | None = None
    only_busy: bool = False
    language: Language = "zh-CN"
    owner: Name
    created_at: datetime
    ends_with_term: bool = False
    expires_at: datetime | None = None
    renewed_at: datetime | None = None
    revoked_at: datetime | None = None
    last_polled_at: datetime | None = None
    client: Line = ""

    def is_open(self, now: datetime) -> bool:
        """Whether its address still opens anything."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True, slots=True)
class Poll:
    """That a program, by its name, has read a calendar."""

    at: datetime
    client: str


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


KEPT_AT_LEAST: Final = timedelta(days=180)
"""How long the audit remembers, whatever an operator decides (invariant 8)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Who did what to what, when, from where, in which request and why. Append-only.

    `hash` (hexadecimal) is that of this entry and of the one before it in its `chain`.
    """

    no: int
    at: datetime
    actor: str
    role: ActorRole
    origin: str
    request: str = ""
    action: str
    subject_kind: str
    subject_id: str
    reason: str = ""
    before: object = None
    after: object = None
    chain: int
    position: int
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which entries are meant: all of them unless something is named."""

    subject_kind: Name | None = None
    subject_id: Annotated[str, IDENTIFIER] | None = None
    actor: Name | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PastState:
    """What something was at a moment (null: gone), who had made it so, when and how."""

    id: str
    state: object
    since: datetime
    entry: int
    action: str
    actor: str
