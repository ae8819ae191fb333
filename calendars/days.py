"""Day tables: `(school, date) -> kind, week number, weekday whose timetable is followed`."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import chinese_calendar
import holidays
from msgspec import Meta

from calendars.bells import SchoolId
from calendars.fields import (
    Grade,
    Identifier,
    Note,
    Weekday,
    check_weekday,
    check_year,
    date_text,
    weekday_text,
)
from calendars.terms import MAX_WEEKS, Term
from calendars.text import InvalidValueError, Text


class DayKind(StrEnum):
    """What a date is at one school."""

    TEACHING = "teaching"
    MAKEUP = "makeup"
    HOLIDAY = "holiday"
    EXAM = "exam"
    ACTIVITY = "activity"
    SUSPENDED = "suspended"
    BREAK = "break"
    WEEKEND = "weekend"

    @property
    def label(self) -> Text:
        """The kind as a school says it, to stand inside a sentence."""
        return _LABELS[self]


_LABELS: Final = {
    DayKind.TEACHING: Text("教学日", "a teaching day"),
    DayKind.MAKEUP: Text("调休上课日", "a make-up day"),
    DayKind.HOLIDAY: Text("节假日", "a holiday"),
    DayKind.EXAM: Text("考试日", "an exam day"),
    DayKind.ACTIVITY: Text("活动日", "an activity day"),
    DayKind.SUSPENDED: Text("停课日", "closed"),
    DayKind.BREAK: Text("假期", "a school break"),
    DayKind.WEEKEND: Text("周末", "a weekend"),
}
WORKING_KINDS: Final = frozenset({DayKind.TEACHING, DayKind.MAKEUP, DayKind.EXAM, DayKind.ACTIVITY})
"""Days on which the staff work (H8)."""
LESSON_KINDS: Final = frozenset({DayKind.TEACHING, DayKind.MAKEUP})
"""Days on which pupils can take part in a session (H8)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """The timetable a day runs: that of `weekday` (ISO, 1 Monday) in teaching week `week`."""

    week: Annotated[int, Meta(ge=1, le=MAX_WEEKS)]
    weekday: Weekday

    def __post_init__(self) -> None:
        check_weekday(self.weekday)
        if not 1 <= self.week <= MAX_WEEKS:
            raise InvalidValueError(
                f"所循的教学周必须在 1 到 {MAX_WEEKS} 之间，而不是 {self.week}。",
                f"The week that is followed must be 1 to {MAX_WEEKS}, not {self.week}.",
                field="week",
            )

    @property
    def label(self) -> Text:
        """Week and weekday, to stand inside a sentence."""
        weekday = weekday_text(self.weekday)
        return Text(f"第{self.week}周{weekday.zh}", f"{weekday.en} of week {self.week}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One row of a school's day table: a date that is not what its weekday says.

    A make-up day without `follows` schedules nothing until its school maps it (E02). `grades`
    limits the row to some grades (empty: all), such as exams for grade 6 only.
    """

    id: Identifier
    school: SchoolId
    date: date
    kind: DayKind
    follows: Followed | None = None
    grades: tuple[Grade, ...] = ()
    note: Note = ""

    def __post_init__(self) -> None:
        check_year(self.date)
        if self.follows is not None and self.kind not in WORKING_KINDS:
            raise InvalidValueError(
                f"{date_text(self.date).zh}是{self.kind.label.zh}，不能指定按周几上课 (follows)。",
                f"{date_text(self.date).en} is {self.kind.label.en} and follows no weekday.",
                field="follows",
            )


def day_id(school: SchoolId, on: date) -> str:
    """The usual id of a school's row for a date; rows for single grades need ids of their own."""
    return f"{school}.{on}"


_CHINESE_HOLIDAYS: Final = chinese_calendar.holidays
_CHINESE_WORKDAYS: Final = chinese_calendar.workdays
_KNOWN_YEARS: Final = frozenset(on.year for on in _CHINESE_HOLIDAYS)


def known_completely(year: int) -> bool:
    """Whether a package knows the make-up days of `year` and not only the statutory (E06, E07)."""
    return year in _KNOWN_YEARS


def unknown_year_warning(year: int) -> Text:
    """What to tell a school whose term reaches into a year that no package knows completely."""
    return Text(
        f"{year} 年的调休安排尚无软件包收录，只预填了法定节假日。"
        f"请在国务院办公厅通知发布后导入或确认本学期校历。",
        f"No package knows the make-up days of {year}: only its statutory holidays were filled in. "
        f"Import or confirm this term's days once the State Council's notice is out.",
    )


def seed_days(term: Term) -> tuple[Day, ...]:
    """The rows a school can start from: China's holidays, and make-up days still to be mapped.

    Nobody is told which weekday a make-up day follows: only the school knows (E02). In years that
    `known_completely` does not vouch for, only the statutory days are here.
    """
    statutory = holidays.country_holidays("CN", language="zh_CN")
    return tuple(
        Day(id=day_id(term.school, on), school=term.school, date=on, kind=kind, note=note)
        for on in dates(term.first_day, term.last_day)
        for kind, note in _seed(on, statutory)
    )


def _seed(on: date, statutory: holidays.HolidayBase) -> Iterator[tuple[DayKind, str]]:
    if on in _CHINESE_HOLIDAYS:
        yield DayKind.HOLIDAY, chinese_calendar.Holiday(_CHINESE_HOLIDAYS[on]).chinese
    elif on in _CHINESE_WORKDAYS:
        name = chinese_calendar.Holiday(_CHINESE_WORKDAYS[on]).chinese
        yield DayKind.MAKEUP, f"{name}调休"
    elif on in statutory:
        yield DayKind.HOLIDAY, statutory[on]


def dates(first: date, last: date) -> Iterator[date]:
    """Every date from `first` to `last`, both included."""
    return (first + timedelta(days=days) for days in range((last - first).days + 1))


MAX_DAYS_AHEAD: Final = 400


def later_by_working_hours(
    starts: datetime, hours: int, is_working_day: Callable[[date], bool], zone: ZoneInfo
) -> datetime:
    """The moment `hours` after `starts`, in UTC: all 24 hours of a working day count, no others.

    Iowa's window: asked for on Friday at 15:00, 24 hours end on Monday at 15:00 (E49).
    """
    left = timedelta(hours=hours)
    moment = starts.astimezone(UTC)
    first = moment.astimezone(zone).date()
    for on in dates(first, first + timedelta(days=MAX_DAYS_AHEAD)):
        midnight = datetime.combine(on + timedelta(days=1), time(), zone).astimezone(UTC)
        if is_working_day(on):
            if moment + left <= midnight:
                return moment + left
            left -= midnight - moment
        moment = midnight
    raise InvalidValueError(
        f"{first} 起 {MAX_DAYS_AHEAD} 天内没有 {hours} 个工作小时，请检查学期和校历。",
        f"The {MAX_DAYS_AHEAD} days from {first} hold no {hours} working hours: "
        f"check the terms and the day table.",
    )
