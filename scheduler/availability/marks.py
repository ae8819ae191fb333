"""What takes a school's rooms, people and classes besides sessions, as marks on time. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta

from calendars.bells import PeriodKind, TimedPeriod
from calendars.slots import Slot, span_of
from calendars.text import Text
from scheduler.availability.stretches import Mark, Use
from scheduler.local_words import clock_times, date_words, wall_clock
from scheduler.members import (
    BusyBlock,
    ClassGroup,
    LinkPoolId,
    Outage,
    RoomId,
    TeacherId,
)
from scheduler.schools import SchoolBook, TimedLesson


def closed_hours(book: SchoolBook, within: Slot) -> Iterator[Mark]:
    """The time outside the school's bells: nights, weekends, holidays with their names."""
    for on in _dates(book, within):
        midnights = [datetime.combine(each, time(), book.time.zone) for each in _and_next(on)]
        bells = bells_of(book, on)
        if not bells:
            day = book.time.day(on)
            yield Mark(Slot(midnights[0], midnights[1]), Use.CLOSED, what=day.kind.label)
            continue
        rings = span_of(timed.slot for timed in bells)
        for starts, ends in ((midnights[0], rings.starts), (rings.ends, midnights[1])):
            if starts < ends:
                yield Mark(Slot(starts, ends), Use.CLOSED, what=Text("校时以外", "after hours"))


def bells_of(book: SchoolBook, on: date) -> tuple[TimedPeriod, ...]:
    """The periods of all grades on a date: a room serves every grade of its school."""
    grades: list[int | None] = [None]
    grades += sorted({group.grade for group in book.class_groups.values()})
    periods = {timed for grade in grades for timed in book.time.periods(on, grade)}
    return tuple(sorted(periods, key=lambda timed: timed.slot))


def outages_of(
    outages: Iterable[Outage], *, room: RoomId | None = None, link_pool: LinkPoolId | None = None
) -> Iterator[Mark]:
    """When a room or a link pool cannot be used, and why."""
    for outage in outages:
        if (outage.room, outage.link_pool) == (room, link_pool):
            reason = outage.reason
            yield Mark(outage.slot, Use.OUT_OF_ORDER, what=Text(reason, reason))


def busy_marks(blocks: Iterable[BusyBlock]) -> Iterator[Mark]:
    """Time taken from outside, without its details (E35); soft where it may give way."""
    for block in blocks:
        if block.soft:
            what = Text("占用（可让出）", "occupied, may give way")
            yield Mark(block.slot, Use.SOFTLY_OCCUPIED, what=what)
        else:
            yield Mark(block.slot, Use.OCCUPIED, what=Text("占用", "occupied"))


def lessons_of_teacher(book: SchoolBook, teacher: TeacherId, within: Slot) -> Iterator[Mark]:
    """What the teacher gives at this school."""
    for on in _dates(book, within):
        yield from map(_lesson, book.lessons_of_teacher(teacher, on))


def lessons_of_class(book: SchoolBook, group: ClassGroup, within: Slot) -> Iterator[Mark]:
    """What the class has in its timetable, and the days on which it is not at school (E12)."""
    for on in _dates(book, within):
        yield from map(_lesson, book.lessons_of_class(group.id, on))
        day = book.day_of_class(group.id, on)
        if day.is_for_staff and not day.is_for_pupils:
            midnights = [datetime.combine(each, time(), book.time.zone) for each in _and_next(on)]
            yield Mark(Slot(midnights[0], midnights[1]), Use.CLOSED, what=day.kind.label)


def _lesson(lesson: TimedLesson) -> Mark:
    subject = lesson.lesson.subject
    return Mark(lesson.timed.slot, Use.OCCUPIED, what=Text(subject, subject))


def in_bell_words(slot: Slot, book: SchoolBook) -> Text:
    """Such as "9月8日（周二）第2-4节 09:15-11:05"; the plain clock outside of lessons."""
    zone = book.time.zone
    first, last = slot.starts.astimezone(zone), slot.ends.astimezone(zone)
    if first.date() != last.date():
        starts, ends = date_words(slot.starts, zone), date_words(slot.ends, zone)
        return Text(
            f"{starts.zh}{first:%H:%M}至{ends.zh}{last:%H:%M}",
            f"{starts.en} {first:%H:%M} to {ends.en} {last:%H:%M}",
        )
    numbers = [
        timed.period.no
        for timed in bells_of(book, first.date())
        if timed.period.kind is PeriodKind.LESSON and timed.slot.overlaps(slot)
    ]
    if not (met := sorted({no for no in numbers if no is not None})):
        return wall_clock(slot, zone)
    day, times = date_words(slot.starts, zone), clock_times(slot, zone)
    span = f"{met[0]}" if len(met) == 1 else f"{met[0]}-{met[-1]}"
    name = "period" if len(met) == 1 else "periods"
    return Text(f"{day.zh}第{span}节 {times}", f"{day.en} {name} {span} {times}")


def _dates(book: SchoolBook, within: Slot) -> Sequence[date]:
    first, last = book.time.date_of(within.starts), book.time.date_of(within.ends)
    return [first + timedelta(days=no) for no in range((last - first).days + 1)]


def _and_next(on: date) -> tuple[date, date]:
    return on, on + timedelta(days=1)
