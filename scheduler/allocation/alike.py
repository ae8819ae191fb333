"""Dates on which the rulebook must say the same, so that it is asked for one of them only.

Only saves time: whatever this overlooks is found when the finished plan is judged date by date.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from calendars.bells import SchoolId
from calendars.slots import Slot
from scheduler.allocation.problem import Problem
from scheduler.members import ClassGroupId, LinkPoolId, TeacherId
from scheduler.model import Resource, ResourceKind, SiteWish
from scheduler.schools import SchoolBook, TimedLesson

Kind = tuple[int, ...]


class Alike:
    """What each date is to those who take part: days, bells, lessons, and all that is booked."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._kinds: dict[Hashable, tuple[Kind, ...]] = {}
        self._known: dict[Hashable, int] = {}
        self._numbers: dict[Hashable, int] = {}
        self._schools_of: dict[TeacherId, list[SchoolBook]] = {}
        self._using: dict[date, Mapping[Hashable, list[int]]] = {}

    def kinds_of(
        self, sites: Sequence[SiteWish], pool: LinkPoolId | None, dates: Sequence[date]
    ) -> tuple[Kind, ...]:
        """Equal for two dates on which the same session would be judged alike."""
        who = tuple((site.school, site.class_groups, site.required_teachers) for site in sites)
        key = (who, pool, tuple(dates))
        if key not in self._kinds:
            self._kinds[key] = tuple(self._kind_of(sites, pool, on) for on in dates)
        return self._kinds[key]

    def _kind_of(self, sites: Sequence[SiteWish], pool: LinkPoolId | None, on: date) -> Kind:
        schools = tuple(site.school for site in sites)
        teachers = tuple(teacher for site in sites for teacher in site.required_teachers)
        return (
            *(self._asked(self._school, school, on) for school in schools),
            *(
                self._asked(self._class, site.school, group, on)
                for site in sites
                for group in site.class_groups
            ),
            *(self._asked(self._teacher, teacher, on) for teacher in teachers),
            self._asked(self._booked, schools, teachers, pool, on),
        )

    def _asked(self, ask: Callable[..., Hashable], *what: Any) -> int:  # noqa: ANN401 - any key
        """The answer as a number, asked once."""
        key = (ask.__name__, *what)
        if key not in self._known:
            self._known[key] = self._numbers.setdefault(ask(*what), len(self._numbers))
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
        return tuple(
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

    def _knowing(self, teacher: TeacherId) -> list[SchoolBook]:
        """The schools where the teacher gives lessons or is taken by something else."""
        if teacher not in self._schools_of:
            named = Resource(ResourceKind.TEACHER, teacher)
            self._schools_of[teacher] = [
                book
                for book in self._problem.books.values()
                if book.teaches_here(teacher) or book.busy_time.of(named)
            ]
        return self._schools_of[teacher]

    def _booked(
        self,
        schools: tuple[SchoolId, ...],
        teachers: tuple[TeacherId, ...],
        pool: LinkPoolId | None,
        on: date,
    ) -> Hashable:
        midnight = self._midnight(on)
        near = self._problem.situation_on(on).sessions
        using = self._numbers_of_sessions(on)
        named: list[Hashable] = [*schools, *teachers, *([] if pool is None else [pool])]
        sessions = tuple(
            (_apart(each.slot, midnight), each.link_pool, each.sites)
            for no in sorted({no for one in named for no in using.get(one, ())})
            for each in (near[no],)
        )
        outages = tuple(
            _apart(each.slot, midnight)
            for each in self._problem.situation.alliance.outages
            if each.link_pool == pool and self._touches(each.slot, on)
        )
        return sessions, outages

    def _numbers_of_sessions(self, on: date) -> Mapping[Hashable, list[int]]:
        """What is booked near a date, by the schools, teachers and link that it takes."""
        if on not in self._using:
            using: defaultdict[Hashable, list[int]] = defaultdict(list)
            for no, session in enumerate(self._problem.situation_on(on).sessions):
                using[session.link_pool].append(no)
                for site in session.sites:
                    for one in (site.school, *site.required_teachers):
                        using[one].append(no)
            self._using[on] = using
        return self._using[on]

    def _midnight(self, on: date) -> datetime:
        return datetime.combine(on, time(), self._problem.zone).astimezone(UTC)

    def _touches(self, slot: Slot, on: date) -> bool:
        return slot.overlaps(Slot.lasting(self._midnight(on), 24 * 60).padded(24 * 60))


def _apart(slot: Slot, midnight: datetime) -> tuple[float, float]:
    """Where a slot lies, counted from a midnight."""
    return (slot.starts - midnight).total_seconds(), (slot.ends - midnight).total_seconds()


def _lesson(timed: TimedLesson) -> Hashable:
    lesson = timed.lesson
    return timed.timed.period, timed.class_group, lesson.subject, lesson.teacher
