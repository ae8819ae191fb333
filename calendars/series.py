"""Weekly patterns and the dates they fall on at several schools at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated, Final

from msgspec import Meta

from calendars.bells import SchoolId
from calendars.days import Followed, dates
from calendars.fields import Line, Weekday, check_weekday, date_text
from calendars.school_time import SchoolDay, SchoolTime, timetable_date
from calendars.slots import Slot
from calendars.terms import MAX_WEEKS, Term, format_weeks, parse_weeks, weeks_within
from calendars.text import InvalidValueError, Text

MINUTES_A_DAY: Final = 24 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Weekly:
    """Every `weekday` (ISO, 1 Monday) of the teaching `weeks` at `starts` on the alliance's clock.

    `weeks` is in the grammar of `calendars.terms`: `全`, `1-16`, `1-15单`, `2-16双`, `1-4,6,8-12`.
    Whether its weeks lie in the term shows only where the term is known (`parse_weeks`).
    """

    weekday: Weekday
    starts: time
    minutes: Annotated[int, Meta(ge=1, le=MINUTES_A_DAY)]
    weeks: Line = "全"

    def __post_init__(self) -> None:
        check_weekday(self.weekday)
        if self.starts.tzinfo:
            raise InvalidValueError(
                "starts 是联盟的钟面时间，不带时区。",
                "starts is a time on the alliance's clock and carries no offset.",
                field="starts",
            )
        if self.minutes < 1:
            raise InvalidValueError(
                f"时长至少 1 分钟，而不是 {self.minutes} 分钟。",
                f"It must last at least 1 minute, not {self.minutes}.",
                field="minutes",
            )
        begins = timedelta(
            hours=self.starts.hour, minutes=self.starts.minute, seconds=self.starts.second
        )
        if begins + timedelta(minutes=self.minutes) > timedelta(days=1):
            raise InvalidValueError(
                f"{self.starts:%H:%M} 起 {self.minutes} 分钟会跨过午夜，请在当天结束。",
                f"{self.minutes} minutes from {self.starts:%H:%M} pass midnight; end the same day.",
                field="minutes",
            )
        parse_weeks(self.weeks, MAX_WEEKS)

    @property
    def time_of_week(self) -> tuple[int, time, int]:
        """When in a week it falls and how long it lasts, whichever the weeks."""
        return self.weekday, self.starts, self.minutes


class OccurrenceState(StrEnum):
    """What becomes of a series on one of its dates."""

    HELD = "held"
    SUSPENDED = "suspended"
    OUT_OF_STEP = "out_of_step"


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteTime:
    """A school as a series sees it; `grades` are its classes', none where only staff meet."""

    school: SchoolId
    name: str
    time: SchoolTime
    grades: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One date of a series, in the `week` that the lead school follows on it.

    `missing` are the schools that are closed, out of term or out of step, `why` says so of each.
    A date without its lead is lost; whether it is held without another school is for people to
    say (E11), and so is whether schools that follow different weekdays meet all the same (E01).
    """

    date: date
    week: int
    slot: Slot
    state: OccurrenceState
    missing: tuple[SchoolId, ...] = ()
    why: tuple[Text, ...] = ()


def occurrences(
    weekly: Weekly, term: Term, lead: SiteTime, others: Sequence[SiteTime] = ()
) -> tuple[Occurrence, ...]:
    """Every date of the lead school's `term` on which the pattern falls, lost ones included.

    A date counts by the week and weekday it follows at the lead school, so parity on make-up days
    is that of the followed week (E03), and a make-up day nobody has mapped holds nothing (E02).
    """
    weeks = parse_weeks(weekly.weeks, term.last_week)
    return tuple(
        _judge(weekly, term, on, placed, (lead, *others))
        for on in dates(term.first_day, term.last_day)
        for placed in _placed(on, term, lead)
        if placed.weekday == weekly.weekday and placed.week in weeks
    )


def _placed(on: date, term: Term, lead: SiteTime) -> Iterator[Followed]:
    """Where a date stands in the timetable: by its weekday, and by what it follows instead."""
    own = Followed(week=term.week_of(on), weekday=on.isoweekday())
    yield own
    followed = dict.fromkeys(lead.time.day(on, grade).follows for grade in _grades(lead))
    yield from (follows for follows in followed if follows is not None and follows != own)


def _judge(
    weekly: Weekly, term: Term, on: date, placed: Followed, sites: Sequence[SiteTime]
) -> Occurrence:
    stands_for = term.date_in(placed.week, placed.weekday)
    closed = {site.school: why for site in sites if (why := _closed(site, on)) is not None}
    apart = {
        site.school: why
        for site in sites
        if site.school not in closed and (why := _apart(site, on, stands_for)) is not None
    }
    state = OccurrenceState.HELD
    if closed or sites[0].school in apart:
        state = OccurrenceState.SUSPENDED
    elif apart:
        state = OccurrenceState.OUT_OF_STEP
    starts = datetime.combine(on, weekly.starts, sites[0].time.zone)
    missing = closed | apart
    return Occurrence(
        date=on,
        week=placed.week,
        slot=Slot.lasting(starts, weekly.minutes),
        state=state,
        missing=tuple(missing),
        why=tuple(missing.values()),
    )


def _grades(site: SiteTime) -> Sequence[int | None]:
    return site.grades or (None,)


def _closed(site: SiteTime, on: date) -> Text | None:
    """Why the site's classes (its staff, where it brings no class) are not at school, if so."""
    for grade in _grades(site):
        day = site.time.day(on, grade)
        if not (day.is_for_pupils if site.grades else day.is_for_staff):
            return _closed_text(site.name, day)
    return None


def _closed_text(name: str, day: SchoolDay) -> Text:
    when = date_text(day.date)
    if day.term is None:
        return Text(f"{when.zh}不在{name}的学期内。", f"{when.en} lies outside {name}'s term.")
    if day.is_unmapped:
        return Text(
            f"{name}未指定{when.zh}按周几上课。",
            f"{name} has not said which weekday {when.en} follows.",
        )
    note = Text(f"（{day.note}）", f" ({day.note})") if day.note else Text("", "")
    return Text(
        f"{when.zh}是{name}的{day.kind.label.zh}{note.zh}。",
        f"{when.en} is {day.kind.label.en} at {name}{note.en}.",
    )


def _apart(site: SiteTime, on: date, stands_for: date) -> Text | None:
    """Why the site runs another date's timetable than that of `stands_for`, if so."""
    for grade in _grades(site):
        day = site.time.day(on, grade)
        if timetable_date(day) != stands_for:
            when, here, there = (date_text(d) for d in (on, timetable_date(day), stands_for))
            return Text(
                f"不同步：{when.zh}{site.name}按{here.zh}的课表上课，不是{there.zh}。",
                f"Out of step: on {when.en} {site.name} runs the timetable of {here.en}, "
                f"not that of {there.en}.",
            )
    return None


def split_weeks(
    weekly: Weekly, term: Term, lead: SiteTime, on: date
) -> tuple[Weekly | None, Weekly | None]:
    """The pattern before `on` and from then ("this and following", E54); None if no week is left.

    A week belongs to the part in which it is first held, so that an occurrence on an early make-up
    day stays in the past even if the week that it follows is still to come.
    """
    first: dict[int, date] = {}
    for occurrence in occurrences(weekly, term, lead):
        if occurrence.state is OccurrenceState.HELD:
            first.setdefault(occurrence.week, occurrence.date)
    weeks = parse_weeks(weekly.weeks, term.last_week)
    before = [week for week in weeks if first.get(week, term.date_in(week, weekly.weekday)) < on]
    after = [week for week in weeks if week not in before]
    return _in_weeks(weekly, before, term), _in_weeks(weekly, after, term)


def still_in(term: Term, weekly: Weekly) -> Weekly | None:
    """The pattern in those of its weeks that the term has; it may have been cut short since."""
    return _in_weeks(weekly, sorted(weeks_within(weekly.weeks, term.last_week)), term)


def _in_weeks(weekly: Weekly, weeks: Sequence[int], term: Term) -> Weekly | None:
    return replace(weekly, weeks=format_weeks(weeks, term.last_week)) if weeks else None
