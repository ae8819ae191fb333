"""A school with everything it has told us, and the situation in which a session is judged. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from calendars.bells import SchoolId, TimedPeriod
from calendars.school_time import SchoolTime
from scheduler.members import (
    Alliance,
    BusyBlock,
    ClassGroup,
    ClassGroupId,
    District,
    DistrictId,
    Lesson,
    LinkPool,
    LinkPoolId,
    OpenSlot,
    Outage,
    Room,
    RoomId,
    School,
    Studio,
    StudioId,
    Teacher,
    TeacherId,
    Timetable,
)
from scheduler.model import Session


@dataclass(frozen=True, slots=True)
class TimedLesson:
    """A lesson of the timetable on one date, with the period it falls in."""

    timed: TimedPeriod
    class_group: ClassGroupId
    lesson: Lesson


@dataclass(frozen=True, kw_only=True)
class SchoolBook:
    """Everything one school has told us, with its time resolved.

    `teachers` are those whose home is here.
    """

    school: School
    time: SchoolTime
    rooms: Mapping[RoomId, Room]
    teachers: Mapping[TeacherId, Teacher]
    class_groups: Mapping[ClassGroupId, ClassGroup]
    timetables: tuple[Timetable, ...] = ()
    open_slots: tuple[OpenSlot, ...] = ()
    outages: tuple[Outage, ...] = ()
    busy: tuple[BusyBlock, ...] = ()

    def lessons_of_class(self, class_group: ClassGroupId, on: date) -> tuple[TimedLesson, ...]:
        """What the class has on that date, make-up days and week parity resolved."""
        raise NotImplementedError

    def lessons_of_teacher(self, teacher: TeacherId, on: date) -> tuple[TimedLesson, ...]:
        """What the teacher gives at this school on that date."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class AllianceBook:
    """What belongs to no single school. `outages` are those of link pools."""

    alliance: Alliance
    districts: Mapping[DistrictId, District]
    link_pools: Mapping[LinkPoolId, LinkPool]
    studios: Mapping[StudioId, Studio]
    outages: tuple[Outage, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Situation:
    """All that decides whether a session may be held.

    `schools` holds every school of its sites and the home school of every teacher it names;
    `sessions` every other session that could touch it (a stretch of a day around it, H2 and H12).
    """

    alliance: AllianceBook
    schools: Mapping[SchoolId, SchoolBook]
    sessions: tuple[Session, ...] = ()

    def room(self, room: RoomId) -> Room | None:
        """The room, wherever it is."""
        return next(
            (book.rooms[room] for book in self.schools.values() if room in book.rooms), None
        )

    def teacher(self, teacher: TeacherId) -> Teacher | None:
        """The teacher, whichever school is the home."""
        return next(
            (book.teachers[teacher] for book in self.schools.values() if teacher in book.teachers),
            None,
        )

    def class_group(self, class_group: ClassGroupId) -> ClassGroup | None:
        """The class group, wherever it is."""
        return next(
            (
                book.class_groups[class_group]
                for book in self.schools.values()
                if class_group in book.class_groups
            ),
            None,
        )
