"""Day tables: `(school, date) -> kind, week number, weekday whose timetable is followed`."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from calendars.bells import SchoolId


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """The timetable a day runs: that of `weekday` (ISO, 1 Monday) in teaching week `week`."""

    week: int
    weekday: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One row of a school's day table: a date that is not what its weekday says.

    A make-up day without `follows` schedules nothing until its school maps it (E02). `grades` limits
    the row to some grades (empty: all), such as exams for grade 6 only.
    """

    id: str
    school: SchoolId
    date: date
    kind: DayKind
    follows: Followed | None = None
    grades: tuple[int, ...] = ()
    note: str = ""
