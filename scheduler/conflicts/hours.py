"""School time: permitted hours (H7), days (H8), minutes (H13), terms (H15) and bell words (H17)."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Final

from calendars.bells import PeriodKind
from calendars.school_time import SchoolDay
from calendars.slots import Slot
from calendars.text import Text
from calendars.windows import Tactic, fit, shift_is_allowed
from calendars.windows.attendance import MIN_BREAK
from calendars.windows.wording import moved_by, name_of
from scheduler.conflicts.case import Attending, Case, Part, attend_once, broken
from scheduler.local_words import clock_times, date_words, shift_of
from scheduler.model import Conflict, Kind, Resource, ResourceKind

TAUGHT: Final = frozenset({Kind.LESSON, Kind.TRIAL})
"""What is taught to pupils belongs to the term; research, exchange and visits do not (H15)."""

_REST: Final = frozenset({PeriodKind.LUNCH, PeriodKind.NAP})
_STAFF_ARRIVE: Final = timedelta(hours=1)
_STAFF_OPEN: Final = time(8)
_STAFF_CLOSE: Final = time(18)


def within_permitted_hours(case: Case) -> Iterator[Conflict]:
    """H7: pupils attend inside the periods of their bells, never over lunch or nap.

    Without a tactic the whole slot lies inside, with `trim` or `cover` a part of it, with
    `shift_break` a part of it once the period has moved, and breaks of 5 minutes stay (E22). Staff
    alone meet between an hour before the first bell and the last one, or 18:00 if that is later
    (8:00 to 18:00 where no bell rings).
    """
    for part in case.parts:
        if part.has_pupils:
            for attending in part.classes:
                if attending.day.is_for_pupils:
                    yield from _class_may_attend(case, part, attending)
        elif not (hours := _staff_hours(part)).contains(case.session.slot):
            times = clock_times(hours, part.book.time.zone)
            yield broken(
                "H7",
                f"{part.school_name}的教师活动应在{times}之间。",
                f"Staff of {part.school_name} meet within {times}.",
                part.school,
            )


def on_school_days(case: Case) -> Iterator[Conflict]:
    """H8: the date is a day of lessons for every class, and a working day for staff alone."""
    for site in case.session.sites:
        if site.school not in case.situation.schools:
            yield broken(
                "H8",
                f"没有学校“{site.school}”的校历。",
                f"There is no day table of a school {site.school}.",
                Resource(ResourceKind.SCHOOL, site.school),
            )
    for part in case.parts:
        if part.has_pupils:
            for attending in part.classes:
                yield from _class_has_school(case, part, attending)
        else:
            day = part.book.time.day(part.on)
            if not day.is_for_staff:
                yield _no_school_day(
                    case,
                    part.school_name,
                    f"The staff of {part.school_name}",
                    day,
                    part.school,
                )


def long_enough_everywhere(case: Case) -> Iterator[Conflict]:
    """H13: every class gets `min_minutes` inside its periods, and its site says how many it gets.

    A class that attends nothing at all is a matter of H7 and H8.
    """
    for part in case.parts:
        gets = case.session.slot.minutes
        for attending in part.classes:
            if attending.attendance is None:
                gets = 0
                continue
            minutes = attending.attendance.effective_minutes
            gets = min(gets, minutes)
            if minutes < case.session.min_minutes:
                yield _too_short(case, part, attending, minutes)
        if part.site.effective_minutes != gets:
            yield broken(
                "H13",
                f"{part.school_name}登记的有效时长是{part.site.effective_minutes}分钟，"
                f"按作息应为{gets}分钟。",
                f"{part.school_name} is down for {part.site.effective_minutes} minutes, but its "
                f"bells give {gets}.",
                part.school,
            )


def within_every_term(case: Case) -> Iterator[Conflict]:
    """H15: lessons are held inside the term of every school that takes part."""
    if case.session.kind not in TAUGHT:
        return
    for part in case.parts:
        if part.book.time.day(part.on).term is None:
            when = case.when(case.session.slot)
            yield broken(
                "H15",
                f"{when.zh}不在{part.school_name}的学期内。",
                f"{when.en} is outside the term of {part.school_name}.",
                part.school,
            )


def told_in_the_schools_own_words(case: Case) -> Iterator[Conflict]:
    """H17: the lesson number a school has been told is what its bells say on that date."""
    for part in case.parts:
        told = part.site.period
        if told is None or told == (rings := _period_by_bells(case, part)):
            continue
        when = case.when(case.session.slot)
        zh, en = (
            ("不在课内", "no lesson") if rings is None else (f"是第{rings}节", f"period {rings}")
        )
        yield broken(
            "H17",
            f"按{part.school_name}的作息，{when.zh}{zh}，不是第{told}节。",
            f"By the bells of {part.school_name}, {when.en} is {en}, not period {told}.",
            part.school,
        )


def _period_by_bells(case: Case, part: Part) -> int | None:
    """The lesson that the first class to attend is in, or by the bells for all where none is."""
    if part.has_pupils:
        attended = (each.attendance for each in part.classes if each.attendance is not None)
        attendance = next(attended, None)
    else:
        attendance = attend_once(
            part.book.time, part.on, None, case.session.slot, shift_of(part.site)
        )
    return None if attendance is None else attendance.period


def _as_class(attending: Attending) -> Resource:
    return Resource(ResourceKind.CLASS_GROUP, attending.group.id)


def _class_may_attend(case: Case, part: Part, attending: Attending) -> Iterator[Conflict]:
    slot, attendance, shift = case.session.slot, attending.attendance, shift_of(part.site)
    if attendance is None:
        yield _attends_nothing(case, part, attending)
    elif shift and not shift_is_allowed(attending.periods, slot, shift):
        name, moved = case.class_name(attending.group.id), moved_by(shift)
        yield broken(
            "H7",
            f"{name}的课不能{moved.zh}：前后至少要留{MIN_BREAK}分钟课间，且不占午餐和午休。",
            f"The period of {name} cannot ring {moved.en}: {MIN_BREAK} minutes of break must stay, "
            "and lunch and nap stay free.",
            _as_class(attending),
        )
    elif part.site.tactic is Tactic.NONE and attendance.stretch != slot:
        yield _goes_beyond_the_bells(case, part, attending, attendance.stretch)


def _attends_nothing(case: Case, part: Part, attending: Attending) -> Conflict:
    name, when = case.class_name(attending.group.id), case.when(case.session.slot)
    rest = _rest_words(case, part, attending)
    return broken(
        "H7",
        f"{name}在{when.zh}没有可以上课的时段{rest.zh}。",
        f"{name} has no period to attend in, {when.en}{rest.en}.",
        _as_class(attending),
    )


def _goes_beyond_the_bells(case: Case, part: Part, attending: Attending, stretch: Slot) -> Conflict:
    name, when = case.class_name(attending.group.id), case.when(case.session.slot)
    attended, rest = clock_times(stretch, part.book.time.zone), _rest_words(case, part, attending)
    return broken(
        "H7",
        f"{when.zh}超出了{name}的作息，只有{attended}在课内{rest.zh}；"
        "请缩短（trim）、错开课间（shift_break）或由助教补足（cover）。",
        f"{when.en} goes beyond the bells of {name}, who attend {attended} only{rest.en}: "
        "trim it, shift_break or cover it.",
        _as_class(attending),
    )


def _rest_words(case: Case, part: Part, attending: Attending) -> Text:
    """The lunch or nap that the slot would take, if it would."""
    for timed in attending.periods:
        if timed.period.kind in _REST and timed.slot.overlaps(case.session.slot):
            name, times = name_of(timed.period), clock_times(timed.slot, part.book.time.zone)
            return Text(f"（{times}是{name.zh}）", f" ({name.en} is {times})")
    return Text("", "")


def _staff_hours(part: Part) -> Slot:
    periods = part.book.time.periods(part.on)
    opens = datetime.combine(part.on, _STAFF_OPEN, part.book.time.zone)
    closes = datetime.combine(part.on, _STAFF_CLOSE, part.book.time.zone)
    if not periods:
        return Slot(opens, closes)
    return Slot(periods[0].slot.starts - _STAFF_ARRIVE, max(periods[-1].slot.ends, closes))


def _class_has_school(case: Case, part: Part, attending: Attending) -> Iterator[Conflict]:
    day = attending.day
    if day.is_for_pupils:
        return
    resources = (part.school, _as_class(attending))
    if day.is_unmapped:
        when = date_words(case.session.slot.starts, case.zone)
        yield broken(
            "H8",
            f"{part.school_name}未指定{when.zh}按周几上课。",
            f"{part.school_name} has not said which weekday it follows on {when.en}.",
            *resources,
        )
    else:
        name = case.class_name(attending.group.id)
        yield _no_school_day(case, name, name, day, *resources)


def _no_school_day(case: Case, zh: str, en: str, day: SchoolDay, *resources: Resource) -> Conflict:
    kind, when = day.kind.label, date_words(case.session.slot.starts, case.zone)
    note = f"（{day.note}）" if day.note else ""
    return broken(
        "H8",
        f"{when.zh}是{zh}的{kind.zh}{note}，不能安排。",
        f"{en} cannot take part on {when.en}: {kind.en}{f' ({day.note})' if day.note else ''}.",
        *resources,
    )


def _too_short(case: Case, part: Part, attending: Attending, minutes: int) -> Conflict:
    """What the class gets, and the shift that would give more (E15)."""
    name, needs = case.class_name(attending.group.id), case.session.min_minutes
    slot = case.session.slot
    best = fit(part.site.school, attending.periods, slot, min_minutes=minutes + 1)
    return broken(
        "H13",
        f"{name}只有{minutes}分钟有效时长，至少需要{needs}分钟。{best.why.zh if best else ''}",
        f"{name} gets {minutes} minutes and needs {needs}.{f' {best.why.en}' if best else ''}",
        _as_class(attending),
    )
