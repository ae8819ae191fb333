"""The single resolver of a school's time: what a date is, what it follows, when bells ring."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from calendars.bells import BellSchedule, TimedPeriod, bells_for
from calendars.days import LESSON_KINDS, WORKING_KINDS, Day, DayKind, Followed
from calendars.slots import Slot
from calendars.terms import Term


@dataclass(frozen=True, slots=True, kw_only=True)
class SchoolDay:
    """What a date is at a school, for a grade.

    `follows` is the week and weekday whose timetable runs; none where no lesson is held, none
    outside the term, and none on a make-up day that nobody has mapped (`is_unmapped`).
    """

    date: date
    kind: DayKind
    term: Term | None
    follows: Followed | None
    note: str = ""

    @property
    def is_unmapped(self) -> bool:
        """A make-up day of the term whose school has not said which weekday it follows (E02)."""
        return self.kind is DayKind.MAKEUP and self.term is not None and self.follows is None

    @property
    def is_for_pupils(self) -> bool:
        """A day of lessons: pupils can take part in a session (H8)."""
        return self.kind in LESSON_KINDS and self.follows is not None

    @property
    def is_for_staff(self) -> bool:
        """A day on which the staff work, in term or not (H8)."""
        return self.kind in WORKING_KINDS


def timetable_date(day: SchoolDay) -> date:
    """The date whose timetable runs: the day itself, unless it follows another."""
    if day.term is None or day.follows is None:
        return day.date
    return day.term.date_in(day.follows.week, day.follows.weekday)


class SchoolTime:
    """One school's terms, day table and bells, asked by everything that needs its time.

    Remembers its answers: a school's time is asked for the same few hundred dates over and over.
    """

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
        self._rows: defaultdict[date, list[Day]] = defaultdict(list)
        for day in self.days:
            self._rows[day.date].append(day)
        self._known_days: dict[tuple[date, int | None], SchoolDay] = {}
        self._known_periods: dict[tuple[date, int | None], tuple[TimedPeriod, ...]] = {}

    def term_of(self, on: date) -> Term | None:
        """The term that holds `on`, if one does."""
        return next((term for term in self.terms if term.holds(on)), None)

    def day(self, on: date, grade: int | None = None) -> SchoolDay:
        """What `on` is: the day table's row (the one for the fewest grades wins), else its weekday.

        Without a grade, rows for some grades only do not count.
        """
        known = self._known_days.get((on, grade))
        if known is None:
            known = self._known_days[on, grade] = self._resolve_day(on, grade)
        return known

    def periods(self, on: date, grade: int | None = None) -> tuple[TimedPeriod, ...]:
        """The periods of `on` in order, by the bells of the weekday it follows; empty if none ring.

        Exam and activity days that follow no weekday ring the bells of their own.
        """
        known = self._known_periods.get((on, grade))
        if known is None:
            known = self._known_periods[on, grade] = self._resolve_periods(on, grade)
        return known

    def date_of(self, moment: datetime) -> date:
        """The school's calendar date at an absolute moment."""
        return moment.astimezone(self.zone).date()

    def _resolve_day(self, on: date, grade: int | None) -> SchoolDay:
        term = self.term_of(on)
        row = self._row(on, grade)
        if row is None:
            kind, follows, note = _kind_by_weekday(on, term), None, ""
        else:
            kind, follows, note = row.kind, row.follows, row.note
        if term is None:
            follows = None
        elif kind is DayKind.TEACHING and follows is None:
            follows = Followed(week=term.week_of(on), weekday=on.isoweekday())
        return SchoolDay(date=on, kind=kind, term=term, follows=follows, note=note)

    def _row(self, on: date, grade: int | None) -> Day | None:
        if on not in self._rows:
            return None
        rows = (row for row in self._rows[on] if not row.grades or grade in row.grades)
        return min(rows, key=lambda row: (not row.grades, len(row.grades), row.id), default=None)

    def _resolve_periods(self, on: date, grade: int | None) -> tuple[TimedPeriod, ...]:
        day = self.day(on, grade)
        if day.follows is not None:
            weekday = day.follows.weekday
        elif day.kind in (DayKind.EXAM, DayKind.ACTIVITY):
            weekday = on.isoweekday()
        else:
            return ()
        bells = bells_for(self.bells, on, weekday, grade)
        return () if bells is None else _timed(bells, on, self.zone)


def _kind_by_weekday(on: date, term: Term | None) -> DayKind:
    if on.isoweekday() in (6, 7):
        return DayKind.WEEKEND
    return DayKind.BREAK if term is None else DayKind.TEACHING


def _timed(bells: BellSchedule, on: date, zone: ZoneInfo) -> tuple[TimedPeriod, ...]:
    """The periods in absolute time, without those that a change of the clocks swallows."""
    timed = []
    for period in bells.periods:
        starts = datetime.combine(on, period.starts, zone).astimezone(UTC)
        ends = datetime.combine(on, period.ends, zone).astimezone(UTC)
        if starts < ends:
            timed.append(TimedPeriod(Slot(starts, ends), period))
    return tuple(sorted(timed, key=lambda timed_period: timed_period.slot))
