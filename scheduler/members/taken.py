"""Time in which something cannot be used: out of order, or taken from outside."""

from dataclasses import dataclass
from typing import Annotated, NewType

from calendars.bells import SchoolId
from calendars.fields import IDENTIFIER, Note, to_blame
from calendars.slots import Slot
from calendars.text import InvalidValueError
from scheduler.members.people import ClassGroupId, TeacherId
from scheduler.members.schools import LinkPoolId, RoomId

OutageId = NewType("OutageId", str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """A while in which a room (of `school`) or a link pool (of no school) cannot be used."""

    id: Annotated[OutageId, IDENTIFIER]
    school: SchoolId | None = None
    room: RoomId | None = None
    link_pool: LinkPoolId | None = None
    slot: Slot
    reason: Note = ""

    def __post_init__(self) -> None:
        if (self.room is None) == (self.link_pool is None):
            raise InvalidValueError(
                "停用登记必须且只能指向一个教室 (room) 或一个链路池 (link_pool)。",
                "An outage names either a room or a link_pool.",
                field=to_blame(self, "room", "link_pool"),
            )
        if (self.room is None) != (self.school is None):
            raise InvalidValueError(
                "教室停用须注明学校 (school)；链路池属于联盟，不填学校。",
                "An outage of a room names its school, one of a link_pool names none.",
                field="school",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class BusyBlock:
    """Time taken from outside this alliance (E35, E37): others see only that it is occupied.

    A `soft` one forbids nothing: it is noted, and avoided where there is a choice.
    """

    id: Annotated[str, IDENTIFIER]
    school: SchoolId
    room: RoomId | None = None
    teacher: TeacherId | None = None
    class_group: ClassGroupId | None = None
    slot: Slot
    soft: bool = False
    note: Note = ""

    def __post_init__(self) -> None:
        named = (self.room, self.teacher, self.class_group)
        if sum(name is not None for name in named) != 1:
            raise InvalidValueError(
                "占用时段必须且只能指向一个教室、教师或班级。",
                "A busy block names exactly one room, teacher or class_group.",
                field=to_blame(self, "room", "teacher", "class_group"),
            )
