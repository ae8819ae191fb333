"""Who could teach or assist at the sites whose teacher a request leaves open."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time
from itertools import product
from typing import Final

from calendars.slots import Slot
from scheduler.allocation.problem import Problem
from scheduler.members import TeacherId
from scheduler.model import Request, Role, SiteWish
from scheduler.schools import SchoolBook

TEACHERS_AT_MOST: Final = 4
"""Of one site, at one weekday and time."""


def staffings(
    request: Request, sites: Sequence[SiteWish], on: date, starts: time, problem: Problem
) -> Iterator[tuple[SiteWish, ...]]:
    """The sites with a teacher wherever one is needed, those nearest to the class first.

    Whether they are free is for the rulebook to say.
    """
    slot = Slot.lasting(datetime.combine(on, starts, problem.zone), request.minutes)
    choices = []
    for site in sites:
        choice = [site]
        if needs_a_teacher(site):
            near = _near_the_class(request, site, slot, on, problem.books[site.school])
            teachers = list(dict.fromkeys(near))[:TEACHERS_AT_MOST]
            choice = [replace(site, teacher=teacher) for teacher in teachers] or choice
        choices.append(list(enumerate(choice)))
    for ranked in sorted(product(*choices), key=lambda each: sum(rank for rank, _ in each)):
        yield tuple(site for _, site in ranked)


def needs_a_teacher(site: SiteWish) -> bool:
    """Whether it is open who leads, or who is with a listening class (H4)."""
    return site.teacher is None and (site.role is Role.LEAD or bool(site.class_groups))


def _near_the_class(
    request: Request, site: SiteWish, slot: Slot, on: date, book: SchoolBook
) -> Iterator[TeacherId]:
    """The class's own teacher of the subject, whoever gives it a lesson then, who else knows it."""
    lessons = [
        lesson
        for timetable in book.timetables
        if timetable.class_group in site.class_groups
        for lesson in timetable.lessons
    ]
    yield from (
        lesson.teacher
        for lesson in lessons
        if lesson.teacher is not None and lesson.subject == request.subject
    )
    if site.role is not Role.LEAD:
        for group in site.class_groups:
            for timed in book.lessons_of_class(group, on):
                if timed.timed.slot.overlaps(slot) and timed.lesson.teacher is not None:
                    yield timed.lesson.teacher
    yield from (
        teacher.id for teacher in book.teachers.values() if request.subject in teacher.subjects
    )
