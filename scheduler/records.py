"""The kinds of reference records: what schools tell us about themselves, by kind and id.

One table, one HTTP resource and one import format serve them all; only the dataclass differs.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Final, NewType, get_args, get_type_hints

from calendars.bells import BellSchedule, SchoolId
from calendars.days import Day
from calendars.terms import Term
from calendars.text import Text
from scheduler.members import (
    Alliance,
    AllianceId,
    BusyBlock,
    ClassGroup,
    ClassGroupId,
    District,
    DistrictId,
    LinkPool,
    LinkPoolId,
    Offer,
    OfferId,
    OpenSlot,
    Outage,
    OutageId,
    Room,
    RoomId,
    School,
    Studio,
    StudioId,
    Teacher,
    TeacherId,
    Timetable,
)
from scheduler.model import Request, RequestId

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
    | Offer
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
    "offers": Offer,
    "requests": Request,
}
"""By their name in addresses and files, in an order in which each names only earlier ones."""

NAMES: Final[dict[type[object], str]] = {kind: name for name, kind in KINDS.items()}

WORDS: Final[dict[type[object], Text]] = {
    Alliance: Text("联盟", "alliance"),
    District: Text("学区", "district"),
    LinkPool: Text("链路池", "link pool"),
    School: Text("学校", "school"),
    Room: Text("教室", "room"),
    Teacher: Text("教师", "teacher"),
    ClassGroup: Text("班级", "class group"),
    Studio: Text("工作室", "studio"),
    Term: Text("学期", "term"),
    Day: Text("日历行", "day"),
    BellSchedule: Text("作息表", "bell schedule"),
    Timetable: Text("课表", "timetable"),
    OpenSlot: Text("开放时段", "open slot"),
    Outage: Text("停用登记", "outage"),
    BusyBlock: Text("占用时段", "busy block"),
    Offer: Text("供给", "offer"),
    Request: Text("需求", "request"),
}
"""What people call a record of each kind."""


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
    """Every record that a value (a record, a booking) names, found by the types of its fields.

    A field `id` is the value's own, and a field `term` names a `Term` although its type is `str`.
    """
    return _references_in(value, "", None)


_NAMED_BY: Final[dict[object, type[Record]]] = {
    AllianceId: Alliance,
    DistrictId: District,
    LinkPoolId: LinkPool,
    SchoolId: School,
    RoomId: Room,
    TeacherId: Teacher,
    ClassGroupId: ClassGroup,
    StudioId: Studio,
    OutageId: Outage,
    OfferId: Offer,
    RequestId: Request,
}


def _references_in(value: object, pointer: str, kind: type[Record] | None) -> Iterator[Reference]:
    if isinstance(value, str):
        if kind is not None:
            yield Reference(pointer, kind, value)
    elif isinstance(value, tuple):
        for index, part in enumerate(value):
            yield from _references_in(part, f"{pointer}/{index}", kind)
    elif is_dataclass(value) and not isinstance(value, type):
        for name, named in _telling_fields(type(value)):
            yield from _references_in(getattr(value, name), f"{pointer}/{name}", named)


_Telling = tuple[tuple[str, type[Record] | None], ...]
_TELLING: Final[dict[type[Any], _Telling]] = {}


def _telling_fields(owner: type[Any]) -> _Telling:
    """The fields that name records, with their kind, or may hold values that do (None)."""
    if (known := _TELLING.get(owner)) is not None:
        return known
    hints = get_type_hints(owner)
    found: list[tuple[str, type[Record] | None]] = []
    for field in fields(owner):
        inner = tuple(_inner_types(hints[field.name]))
        kind = next((_NAMED_BY[part] for part in inner if part in _NAMED_BY), None)
        if field.name == "term" and str in inner:
            kind = Term
        nested = any(
            isinstance(part, type) and is_dataclass(part) and _telling_fields(part)
            for part in inner
        )
        if field.name != "id" and (kind is not None or nested):
            found.append((field.name, kind))
    return _TELLING.setdefault(owner, tuple(found))


def _inner_types(hint: Any) -> Iterator[Any]:  # noqa: ANN401 - a type hint has no type of its own
    arguments = get_args(hint)
    if isinstance(hint, NewType) or not arguments:
        yield hint
    for argument in arguments:
        yield from _inner_types(argument)
