"""When a school's bells ring, in its own wall clock: by weekday, grade and season."""

from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum
from typing import NewType

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
    """A named stretch of the school day, such as "3rd lesson, 09:50-10:35"; lessons have a number."""

    kind: PeriodKind = PeriodKind.LESSON
    no: int | None = None
    starts: time
    ends: time

    def __post_init__(self) -> None:
        if self.starts.tzinfo or self.ends.tzinfo:
            raise InvalidValueError(
                "作息时间是学校的钟面时间, 不带时区。",
                "A bell is a time on the school's clock and carries no offset.",
            )
        if self.starts >= self.ends:
            raise InvalidValueError(
                f"时段必须先开始后结束, 而不是 {self.starts:%H:%M}-{self.ends:%H:%M}。",
                f"A period must end after it starts, unlike {self.starts:%H:%M}-{self.ends:%H:%M}.",
            )
        if (self.no is not None) != (self.kind is PeriodKind.LESSON):
            raise InvalidValueError(
                "课节必须有节次号, 其他时段不能有。",
                "A lesson needs its number (`no`), and no other kind of period has one.",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class BellSchedule:
    """The bells of one school for some weekdays, grades and dates.

    Of the schedules that cover a date, weekday and grade, the one valid for the fewest days wins
    (an exam day's bells over a season's), then the one for the fewest grades, then for the fewest
    weekdays. `grades` empty means all grades; `valid_from`/`valid_until` are inclusive and may be open.
    """

    id: str
    school: SchoolId
    name: str
    periods: tuple[Period, ...]
    weekdays: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7)
    grades: tuple[int, ...] = ()
    valid_from: date | None = None
    valid_until: date | None = None


@dataclass(frozen=True, slots=True, order=True)
class TimedPeriod:
    """A period on one date, with its absolute slot."""

    slot: Slot
    period: Period
