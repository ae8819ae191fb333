"""The kinds of reference records: what schools tell us about themselves, addressed by kind and id.

One table, one HTTP resource and one import format serve them all; what differs is only the dataclass.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from calendars.bells import BellSchedule, SchoolId
from calendars.days import Day
from calendars.terms import Term
from scheduler.members import (
    Alliance,
    BusyBlock,
    ClassGroup,
    District,
    LinkPool,
    OpenSlot,
    Outage,
    Room,
    School,
    Studio,
    Teacher,
    Timetable,
)
from scheduler.model import Request

Record = (
    Alliance
    | District
    | LinkPool
    | School
    | Room
    | Teacher
    | ClassGroup
    | Studio
    | Term
    | Day
    | BellSchedule
    | Timetable
    | OpenSlot
    | Outage
    | BusyBlock
    | Request
)

KINDS: Final[dict[str, type[Record]]] = {
    "alliances": Alliance,
    "districts": District,
    "link-pools": LinkPool,
    "schools": School,
    "rooms": Room,
    "teachers": Teacher,
    "class-groups": ClassGroup,
    "studios": Studio,
    "terms": Term,
    "days": Day,
    "bells": BellSchedule,
    "timetables": Timetable,
    "open-slots": OpenSlot,
    "outages": Outage,
    "busy-blocks": BusyBlock,
    "requests": Request,
}
"""By their name in addresses and files, in an order in which each names only earlier ones."""

NAMES: Final[dict[type[Record], str]] = {kind: name for name, kind in KINDS.items()}


@dataclass(frozen=True, slots=True)
class Reference:
    """One record naming another; `pointer` (RFC 6901) says where."""

    pointer: str
    kind: type[Record]
    id: str


def school_of(record: Record) -> SchoolId | None:
    """The school a record belongs to (a school belongs to itself), if to one."""
    if isinstance(record, School):
        return record.id
    return getattr(record, "school", None)


def references(value: object) -> Iterator[Reference]:
    """Every record that a value (a record, a booking) names, found by the types of its fields."""
    raise NotImplementedError
