"""A school with everything it has told us, and the situation in which a session is judged. Pure."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import cast
from zoneinfo import ZoneInfo

from calendars.bells import SchoolId, TimedPeriod
from calendars.school_time import SchoolDay, SchoolTime
from calendars.series import SiteTime
from calendars.slots import Slot
from calendars.terms import MAX_WEEKS, parse_weeks
from scheduler.busy_time import BusyTime
from scheduler.errors import InvalidWishError
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
from scheduler.model import Resource, Session, SessionId, SiteWish
from scheduler.ties import Held, Tied


@dataclass(frozen=True, slots=True)
class TimedLesson:
    """A lesson of the timetable on one date, with the period it falls in."""

    timed: TimedPeriod
    class_group: ClassGroupId
    lesson: Lesson


@dataclass(frozen=True, kw_only=True)
class SchoolBook:
    """Everything one school has told us, with its time resolved.

    `teachers` are those whose home is here. `renamed`: what of it has been renamed, and when last.
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
    renamed: Mapping[Resource, datetime] = field(default_factory=dict)

    def lessons_of_class(self, class_group: ClassGroupId, on: date) -> tuple[TimedLesson, ...]:
        """What the class has on that date, make-up days and week parity resolved."""
        known = self._known_lessons.get((class_group, on))
        if known is None:
            known = self._known_lessons[class_group, on] = self._resolve(class_group, on)
        return known

    def lessons_of_teacher(self, teacher: TeacherId, on: date) -> tuple[TimedLesson, ...]:
        """What the teacher gives at this school on that date."""
        known = self._known_given.get((teacher, on))
        if known is None:
            given = [
                lesson
                for class_group in self._classes_of.get(teacher, ())
                for lesson in self.lessons_of_class(class_group, on)
                if lesson.lesson.teacher == teacher
            ]
            known = self._known_given[teacher, on] = tuple(sorted(given, key=_by_time))
        return known

    def teaches_here(self, teacher: TeacherId) -> bool:
        """Whether any timetable of this school names the teacher."""
        return teacher in self._classes_of

    def day_of_class(self, class_group: ClassGroupId, on: date) -> SchoolDay:
        """What the date is for this class: rows for single grades count (E12)."""
        return self.time.day(on, self._grade_of(class_group))

    def periods_of_class(self, class_group: ClassGroupId, on: date) -> tuple[TimedPeriod, ...]:
        """The bells this class hears on that date (E18)."""
        return self.time.periods(on, self._grade_of(class_group))

    @cached_property
    def busy_time(self) -> BusyTime:
        """When rooms, teachers and classes are taken by something else (E12, E35, E37)."""
        return BusyTime(self.busy)

    def open_slot_covering(self, slot: Slot, subject: str | None = None) -> OpenSlot | None:
        """The standing consent that a session of `subject` at `slot` falls in, if there is one.

        An open slot of a weekday and some weeks is open on the dates that follow them, so make-up
        days count by their mapping. One for some subjects is not open to a session without one.
        """
        on = self.time.date_of(slot.starts)
        follows = self.time.day(on).follows
        if follows is None:
            return None
        return next(
            (
                open_slot
                for open_slot in self.open_slots
                if open_slot.weekday == follows.weekday
                and (not open_slot.subjects or subject in open_slot.subjects)
                and follows.week in parse_weeks(open_slot.weeks, MAX_WEEKS)
                and self._on(open_slot, on).contains(slot)
            ),
            None,
        )

    def _on(self, open_slot: OpenSlot, on: date) -> Slot:
        zone = self.time.zone
        return Slot(
            datetime.combine(on, open_slot.starts, zone), datetime.combine(on, open_slot.ends, zone)
        )

    def _grade_of(self, class_group: ClassGroupId) -> int | None:
        group = self.class_groups.get(class_group)
        return None if group is None else group.grade

    def _resolve(self, class_group: ClassGroupId, on: date) -> tuple[TimedLesson, ...]:
        day = self.day_of_class(class_group, on)
        if day.term is None or day.follows is None:
            return ()
        bells = {timed.period.no: timed for timed in self.periods_of_class(class_group, on)}
        week = day.follows.week
        lessons = self._timetable_of.get((class_group, day.term.id, day.follows.weekday), ())
        return tuple(
            sorted(
                (
                    TimedLesson(bells[lesson.period], class_group, lesson)
                    for lesson in lessons
                    if lesson.period in bells and week in parse_weeks(lesson.weeks, MAX_WEEKS)
                ),
                key=_by_time,
            )
        )

    @cached_property
    def _known_lessons(self) -> dict[tuple[ClassGroupId, date], tuple[TimedLesson, ...]]:
        return {}

    @cached_property
    def _known_given(self) -> dict[tuple[TeacherId, date], tuple[TimedLesson, ...]]:
        return {}

    @cached_property
    def _timetable_of(self) -> Mapping[tuple[ClassGroupId, str, int], list[Lesson]]:
        """Lessons by class, term and weekday."""
        found: defaultdict[tuple[ClassGroupId, str, int], list[Lesson]] = defaultdict(list)
        for timetable in self.timetables:
            for lesson in timetable.lessons:
                found[timetable.class_group, timetable.term, lesson.weekday].append(lesson)
        return dict(found)

    @cached_property
    def _classes_of(self) -> Mapping[TeacherId, tuple[ClassGroupId, ...]]:
        """The classes that each teacher gives a lesson to, in any term."""
        found: defaultdict[TeacherId, dict[ClassGroupId, None]] = defaultdict(dict)
        for timetable in self.timetables:
            for lesson in timetable.lessons:
                if lesson.teacher is not None:
                    found[lesson.teacher][timetable.class_group] = None
        return {teacher: tuple(classes) for teacher, classes in found.items()}


class Schools(dict[SchoolId, SchoolBook]):
    """The books of schools, with what is in them found by its id, wherever it is.

    Made once for all the situations of the same schools.
    """

    @cached_property
    def rooms(self) -> Mapping[RoomId, Room]:
        """The rooms of all schools."""
        return {each.id: each for book in self.values() for each in book.rooms.values()}

    @cached_property
    def teachers(self) -> Mapping[TeacherId, Teacher]:
        """The teachers of all schools."""
        return {each.id: each for book in self.values() for each in book.teachers.values()}

    @cached_property
    def class_groups(self) -> Mapping[ClassGroupId, ClassGroup]:
        """The classes of all schools."""
        return {each.id: each for book in self.values() for each in book.class_groups.values()}

    @cached_property
    def taking(self) -> Mapping[TeacherId, Sequence[SchoolBook]]:
        """The schools that have told of time when a teacher is taken by something else."""
        found: defaultdict[TeacherId, list[SchoolBook]] = defaultdict(list)
        for book in self.values():
            for teacher in dict.fromkeys(each.teacher for each in book.busy):
                if teacher is not None:
                    found[teacher].append(book)
        return found


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
    `sessions` every other session that could touch it (a stretch of a day around it, H2 and H12);
    `ties` what goes together with it.
    """

    alliance: AllianceBook
    schools: Mapping[SchoolId, SchoolBook]
    sessions: tuple[Session, ...] = ()
    ties: tuple[Tied, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.schools, Schools):
            object.__setattr__(self, "schools", Schools(self.schools))

    def with_moves(self, slots: Mapping[SessionId, Slot]) -> "Situation":
        """The same for sessions that move there together."""
        zone = ZoneInfo(self.alliance.alliance.zone)
        dates = {each: slot.starts.astimezone(zone).date() for each, slot in slots.items()}
        return replace(self, ties=tuple(tie.with_moves(dates) for tie in self.ties))

    def with_new(self, new: Mapping[SessionId, Held]) -> "Situation":
        """The same for sessions of series that come anew together."""
        return replace(self, ties=tuple(tie.with_new(new) for tie in self.ties))

    def sessions_near(self, on: date) -> tuple[Session, ...]:
        """Those on a UTC date, the day before and the day after."""
        days = (on + timedelta(days=offset) for offset in (-1, 0, 1))
        found = {no: each for day in days for no, each in self._by_date.get(day, ())}
        return tuple(found[no] for no in sorted(found))

    @cached_property
    def _by_date(self) -> Mapping[date, list[tuple[int, Session]]]:
        """The sessions, with their number, by each UTC date that they touch."""
        found: defaultdict[date, list[tuple[int, Session]]] = defaultdict(list)
        for no, session in enumerate(self.sessions):
            for day in _dates_of(session.slot):
                found[day].append((no, session))
        return found

    def room(self, room: RoomId) -> Room | None:
        """The room, wherever it is."""
        return self._found.rooms.get(room)

    def teacher(self, teacher: TeacherId) -> Teacher | None:
        """The teacher, whichever school is the home."""
        return self._found.teachers.get(teacher)

    def class_group(self, class_group: ClassGroupId) -> ClassGroup | None:
        """The class group, wherever it is."""
        return self._found.class_groups.get(class_group)

    def taking(self, teacher: TeacherId) -> Sequence[SchoolBook]:
        """The schools that have told of time when the teacher is taken by something else."""
        return self._found.taking.get(teacher, ())

    @property
    def _found(self) -> Schools:
        return cast("Schools", self.schools)


def _by_time(lesson: TimedLesson) -> tuple[datetime, datetime]:
    return lesson.timed.slot.starts, lesson.timed.slot.ends


def _dates_of(slot: Slot) -> Iterator[date]:
    """The UTC dates that it touches."""
    day, last = slot.starts.date(), (slot.ends - timedelta(microseconds=1)).date()
    while day <= last:
        yield day
        day += timedelta(days=1)


def site_time(site: SiteWish, books: Mapping[SchoolId, SchoolBook]) -> SiteTime:
    """A school as a series sees it, with the grades of the classes it brings."""
    book = books[site.school]
    known = (book.class_groups.get(group) for group in site.class_groups)
    grades = dict.fromkeys(group.grade for group in known if group is not None)
    return SiteTime(school=site.school, name=book.school.name, time=book.time, grades=tuple(grades))


def unknown_school(school: SchoolId, *, pointer: str = "?school") -> InvalidWishError:
    """What is answered to who asks about a school that there is not."""
    return InvalidWishError(
        f"没有编号为 {school} 的学校。",
        f"No school has the id {school}.",
        pointer=pointer,
        value=school,
    )
