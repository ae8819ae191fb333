"""Calendars read from outside: whose time they take, and what became of them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from calendars.bells import SchoolId
from calendars.fields import to_blame
from calendars.slots import Slot
from calendars.text import InvalidValueError, Text
from scheduler.members import IDENTIFIER, Line, Name, RoomId, TeacherId


class ImportState(StrEnum):
    """A failing import keeps the busy time that was last read."""

    WAITING = "waiting"
    CURRENT = "current"
    FAILING = "failing"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What was made of the calendar when it was last read; never what its events are about.

    `events` stand in the file; within the time read (`until`) they take place `occurrences` times,
    which is `stretches` of busy time. `remarks` say what was not taken, and why.
    """

    events: int
    occurrences: int
    stretches: int
    until: datetime
    remarks: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """The busy time of one teacher or one room, read from a calendar elsewhere.

    `host` says where an address leads, for the address itself is a secret; it is empty for a file.
    The next reading is at `due_at`, later after each failure; none for a file.
    """

    id: Annotated[str, IDENTIFIER]
    school: SchoolId
    teacher: TeacherId | None = None
    room: RoomId | None = None
    name: Name
    soft: bool = False
    owner: Name
    host: Line = ""
    state: ImportState = ImportState.WAITING
    created_at: datetime
    read_at: datetime | None = None
    tried_at: datetime | None = None
    due_at: datetime | None = None
    failures: int = 0
    problem: Text | None = None
    report: ImportReport | None = None
    revision: int = 1

    def __post_init__(self) -> None:
        if (self.teacher is None) == (self.room is None):
            raise InvalidValueError(
                "导入的占用必须且只能指向一位教师或一间教室。",
                "An import takes the time of exactly one teacher or room.",
                field=to_blame(self, "teacher", "room"),
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadCalendar:
    """What a reading leaves behind: the busy time, and how to ask whether it has changed.

    `digest` tells the octets apart, `etag` and `modified` are what the server called them.
    """

    busy: tuple[Slot, ...]
    report: ImportReport
    digest: str
    etag: str = ""
    modified: str = ""
