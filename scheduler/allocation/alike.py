"""Dates on which the rulebook must say the same, so that it is asked for one of them only.

Only saves time: whatever this overlooks is found when the finished plan is judged date by date.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from calendars.bells import SchoolId
from calendars.slots import Slot
from scheduler.allocation.problem import Problem
from scheduler.members import ClassGroupId, LinkPoolId, TeacherId
from scheduler.model import Resource, ResourceKind, SiteWish
from scheduler.schools import SchoolBook, TimedLesson

Kind = tuple[int, ...]

_DAY: Final = timedelta(days=1)


class Alike:
    """What each date is to those who take part: days, bells, lessons, and all that is booked.

    Who takes part is looked at one by one, so that no combination of them is looked at again.
    """

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._known: dict[Hashable, Kind] = {}
        self._numbers: dict[Hashable, int] = {}
        self._schools_of: dict[TeacherId, list[SchoolBook]] = {}
        self._using: dict[date, Mapping[Hashable, list[int]]] = {}
        self._midnights: dict[date, datetime] = {}

    def kinds_of(
        self, sites: Sequence[SiteWish], pool: LinkPoolId | None, dates: Sequence[date]
    ) -> list[Kind]:
        """Equal for two dates on which the same session would be judged alike, but for teachers."""
        days = tuple(dates)
        looked_at = [self._on(self._link, (pool,), days)]
        for site in sites:
            looked_at.append(self._on(self._school, (site.school,), days))
            looked_at += (
                self._on(self._class, (site.school, group), days) for group in site.class_groups
            )
        return list(zip(*looked_at, strict=True))

    def kinds_for(self, teachers: Sequence[TeacherId], dates: Sequence[date]) -> list[Kind]:
        """Equal for two dates on which the rules about teachers say the same of these."""
        days = tuple(dates)
        looked_at = [self._on(self._teacher, (each,), days) for each in teachers]
        return list(zip(*looked_at, strict=True)) if looked_at else [()] * len(days)

    def _on(
        self,
        ask: Callable[..., Hashable],
        whom: tuple[Any, ...],
        dates: tuple[date, ...],
    ) -> Kind:
        """The answer on each of the dates, as numbers, asked once."""
        key = (ask.__name__, whom, dates)
        if key not in self._known:
            numbers = self._numbers
            answers = (ask(*whom, on) for on in dates)
            self._known[key] = tuple(numbers.setdefault(each, len(numbers)) for each in answers)
        return self._known[key]

    def _school(self, school: SchoolId, on: date) -> Hashable:
        book = self._problem.books[school]
        day = book.time.day(on)
        midnight = self._midnight(on)
        return (
            (day.kind, day.term is None, day.follows is None, book.time.periods(on) == ()),
            tuple(timed.period for timed in book.time.periods(on)),
            tuple(
                (_apart(each.slot, midnight), each.room)
                for each in book.outages
                if self._touches(each.slot, on)
            ),
            tuple(
                (_apart(each.slot, midnight), each.room, each.teacher, each.class_group)
                for each in book.busy
                if not each.soft and self._touches(each.slot, on)
            ),
            self._booked(school, on),
        )

    def _class(self, school: SchoolId, group: ClassGroupId, on: date) -> Hashable:
        book = self._problem.books[school]
        day = book.day_of_class(group, on)
        return (
            (day.kind, day.is_for_pupils, day.is_unmapped),
            tuple(timed.period for timed in book.periods_of_class(group, on)),
            tuple(_lesson(each) for each in book.lessons_of_class(group, on)),
        )

    def _teacher(self, teacher: TeacherId, on: date) -> Hashable:
        midnight = self._midnight(on)
        at_schools = tuple(
            (
                book.school.id,
                tuple(_lesson(each) for each in book.lessons_of_teacher(teacher, on)),
                tuple(
                    _apart(each.slot, midnight)
                    for each in book.busy_time.of(Resource(ResourceKind.TEACHER, teacher))
                    if not each.soft and self._touches(each.slot, on)
                ),
            )
            for book in self._knowing(teacher)
        )
        return at_schools, self._booked(teacher, on)

    def _link(self, pool: LinkPoolId | None, on: date) -> Hashable:
        if pool is None:
            return ()
        midnight = self._midnight(on)
        outages = tuple(
            _apart(each.slot, midnight)
            for each in self._problem.situation.alliance.outages
            if each.link_pool == pool and self._touches(each.slot, on)
        )
        return outages, self._booked(pool, on)

    def _knowing(self, teacher: TeacherId) -> list[SchoolBook]:
        """The schools where the teacher gives lessons or is taken by something else."""
        if teacher not in self._schools_of:
            taking = {book.school.id for book in self._problem.situation.taking(teacher)}
            self._schools_of[teacher] = [
                book
                for school, book in self._problem.books.items()
                if school in taking or book.teaches_here(teacher)
            ]
        return self._schools_of[teacher]

    def _booked(self, one: Hashable, on: date) -> Hashable:
        """The sessions near a date that use the school, teacher or link."""
        midnight = self._midnight(on)
        near = self._problem.situation_on(on).sessions
        return tuple(
            (_apart(each.slot, midnight), each.link_pool, each.sites)
            for no in self._numbers_of_sessions(on).get(one, ())
            for each in (near[no],)
        )

    def _numbers_of_sessions(self, on: date) -> Mapping[Hashable, list[int]]:
        """What is booked near a date, by the schools, teachers and link that it takes."""
        if on not in self._using:
            using: defaultdict[Hashable, list[int]] = defaultdict(list)
            for no, session in enumerate(self._problem.situation_on(on).sessions):
                named = [session.link_pool, *(site.school for site in session.sites)]
                for one in dict.fromkeys((*named, *teachers_of(session.sites))):
                    using[one].append(no)
            self._using[on] = using
        return self._using[on]

    def _midnight(self, on: date) -> datetime:
        if on not in self._midnights:
            midnight = datetime.combine(on, time(), self._problem.zone).astimezone(UTC)
            self._midnights[on] = midnight
        return self._midnights[on]

    def _touches(self, slot: Slot, on: date) -> bool:
        """Whether it lies on the date, on the day before or on the day after."""
        midnight = self._midnight(on)
        return slot.starts < midnight + 2 * _DAY and midnight - _DAY < slot.ends


def teachers_of(sites: Sequence[SiteWish]) -> tuple[TeacherId, ...]:
    """Everybody who must be there, at whichever site."""
    return tuple(dict.fromkeys(each for site in sites for each in site.required_teachers))


def _apart(slot: Slot, midnight: datetime) -> tuple[float, float]:
    """Where a slot lies, counted from a midnight."""
    return (slot.starts - midnight).total_seconds(), (slot.ends - midnight).total_seconds()


def _lesson(timed: TimedLesson) -> Hashable:
    lesson = timed.lesson
    return timed.timed.period, timed.class_group, lesson.subject, lesson.teacher
