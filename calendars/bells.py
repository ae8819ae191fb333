"""When a school's bells ring, in its own wall clock: by weekday, grade and season."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Final, NewType

from msgspec import Meta

from calendars.fields import Grade, Identifier, Line, Weekday, check_weekday
from calendars.slots import Slot
from calendars.text import InvalidValueError

SchoolId = NewType("SchoolId", str)


class PeriodKind(StrEnum):
    """What a stretch of the school day is for."""

    LESSON = "lesson"
    MORNING_READING = "morning_reading"
    LONG_BREAK = "long_break"
    LUNCH = "lunch"
    NAP = "nap"
    AFTER_SCHOOL = "after_school"
    EVENING = "evening"


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A named stretch of the school day, such as "lesson 3, 09:50-10:35"; lessons have a number."""

    kind: PeriodKind = PeriodKind.LESSON
    no: Annotated[int, Meta(ge=1, le=20)] | None = None
    starts: time
    ends: time

    def __post_init__(self) -> None:
        if self.starts.tzinfo or self.ends.tzinfo:
            raise InvalidValueError(
                "作息时间是学校的钟面时间，不带时区。",
                "A bell is a time on the school's clock and carries no offset.",
                field="starts" if self.starts.tzinfo else "ends",
            )
        if self.starts >= self.ends:
            raise InvalidValueError(
                f"时段必须先开始后结束，而不是 {self.starts:%H:%M}-{self.ends:%H:%M}。",
                f"A period must end after it starts, unlike {self.starts:%H:%M}-{self.ends:%H:%M}.",
                field="ends",
            )
        if (self.no is not None) != (self.kind is PeriodKind.LESSON):
            raise InvalidValueError(
                "课节必须有节次号，其他时段不能有。",
                "A lesson needs its number (`no`), and no other kind of period has one.",
                field="no",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class BellSchedule:
    """The bells of one school for some weekdays, grades and dates.

    Of the schedules that cover a date, weekday and grade, the one valid for the fewest days wins
    (an exam day's bells over a season's), then the one for the fewest grades, then for the fewest
    weekdays, then the newest. `grades` empty means all grades; `valid_from`/`valid_until` are
    inclusive and may be open.
    """

    id: Identifier
    school: SchoolId
    name: Line
    periods: Annotated[tuple[Period, ...], Meta(max_length=40)]
    weekdays: tuple[Weekday, ...] = (1, 2, 3, 4, 5, 6, 7)
    grades: tuple[Grade, ...] = ()
    valid_from: date | None = None
    valid_until: date | None = None

    def __post_init__(self) -> None:
        for no, weekday in enumerate(self.weekdays):
            check_weekday(weekday, field=f"weekdays/{no}")
        if not self.weekdays:
            raise InvalidValueError(
                "作息时间表至少要适用于一周中的一天 (weekdays)。",
                "A bell schedule needs at least one of the weekdays it is for.",
                field="weekdays",
            )
        if self.valid_from and self.valid_until and self.valid_from > self.valid_until:
            raise InvalidValueError(
                f"作息时间表的失效日期 {self.valid_until} 早于生效日期 {self.valid_from}。",
                f"valid_until {self.valid_until} comes before valid_from {self.valid_from}.",
                field="valid_until",
            )
        _check_apart(self.periods)
        _check_numbers(self.periods)

    def covers(self, on: date, weekday: int) -> bool:
        """Whether it is valid on that date and rings on `weekday`, the one the date follows."""
        return (
            weekday in self.weekdays
            and (self.valid_from is None or self.valid_from <= on)
            and (self.valid_until is None or on <= self.valid_until)
        )


def _check_apart(periods: tuple[Period, ...]) -> None:
    in_order = sorted(enumerate(periods), key=lambda numbered: numbered[1].starts)
    for (_, earlier), (no, later) in pairwise(in_order):
        if later.starts < earlier.ends:
            raise InvalidValueError(
                f"时段 {earlier.starts:%H:%M}-{earlier.ends:%H:%M} 与 "
                f"{later.starts:%H:%M}-{later.ends:%H:%M} 重叠。",
                f"The periods {earlier.starts:%H:%M}-{earlier.ends:%H:%M} and "
                f"{later.starts:%H:%M}-{later.ends:%H:%M} overlap.",
                field=f"periods/{no}",
            )


def _check_numbers(periods: tuple[Period, ...]) -> None:
    numbers = list[int]()
    for index, period in enumerate(periods):
        if period.no in numbers:
            raise InvalidValueError(
                f"第 {period.no} 节在同一作息时间表中出现了两次。",
                f"Lesson {period.no} is there twice.",
                field=f"periods/{index}/no",
            )
        numbers += [] if period.no is None else [period.no]


_ALWAYS: Final = date.max.toordinal()
_ALL_GRADES: Final = 100


def bells_for(
    schedules: Iterable[BellSchedule], on: date, weekday: int, grade: int | None
) -> BellSchedule | None:
    """The schedule that rings on a date which follows `weekday`.

    Without a grade the bells for all grades ring, and where there are none those of most grades.
    """
    covering = [bells for bells in schedules if bells.covers(on, weekday)]
    if grade is not None:
        covering = [bells for bells in covering if not bells.grades or grade in bells.grades]
    elif any(not bells.grades for bells in covering):
        covering = [bells for bells in covering if not bells.grades]
    elif covering:
        most = max(len(bells.grades) for bells in covering)
        covering = [bells for bells in covering if len(bells.grades) == most]
    return min(covering, key=_precedence, default=None)


def _precedence(bells: BellSchedule) -> tuple[int, int, int, int, str]:
    """Lower rings: fewest days, then grades, then weekdays, then the newest."""
    days = _ALWAYS
    if bells.valid_from and bells.valid_until:
        days = (bells.valid_until - bells.valid_from).days
    newest = -bells.valid_from.toordinal() if bells.valid_from else 0
    return days, len(bells.grades) or _ALL_GRADES, len(bells.weekdays), newest, bells.id


@dataclass(frozen=True, slots=True, order=True)
class TimedPeriod:
    """A period on one date, with its absolute slot."""

    slot: Slot
    period: Period
