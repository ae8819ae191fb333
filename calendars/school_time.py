"""The single resolver of a school's time: which day it is, which timetable it follows, when bells ring."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from calendars.bells import BellSchedule, TimedPeriod
from calendars.days import Day, DayKind, Followed
from calendars.terms import Term


@dataclass(frozen=True, slots=True, kw_only=True)
class SchoolDay:
    """What a date is at a school, for a grade.

    `follows` is the week and weekday whose timetable runs; none where no lesson is held, and none
    on a make-up day that nobody has mapped (`is_unmapped`).
    """

    date: date
    kind: DayKind
    term: Term | None
    follows: Followed | None
    note: str = ""

    @property
    def is_unmapped(self) -> bool:
        """A make-up day whose school has not said which weekday it follows (E02)."""
        return self.kind is DayKind.MAKEUP and self.follows is None


class SchoolTime:
    """One school's terms, day table and bells, asked by everything that needs its time."""

    def __init__(
        self,
        zone: ZoneInfo,
        *,
        terms: Sequence[Term] = (),
        days: Sequence[Day] = (),
        bells: Sequence[BellSchedule] = (),
    ) -> None:
        self.zone = zone
        self.terms = tuple(terms)
        self.days = tuple(days)
        self.bells = tuple(bells)

    def day(self, on: date, grade: int | None = None) -> SchoolDay:
        """What `on` is: the day table's row (the one for the fewest grades wins), else its weekday."""
        raise NotImplementedError

    def periods(self, on: date, grade: int | None = None) -> tuple[TimedPeriod, ...]:
        """The periods of `on` in order, by the bells of the weekday it follows; empty if none ring."""
        raise NotImplementedError

    def date_of(self, moment: datetime) -> date:
        """The school's calendar date at an absolute moment."""
        return moment.astimezone(self.zone).date()
