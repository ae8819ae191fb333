"""The day tables as they are resolved, and their first rows from what packages know of China."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Final
from uuid import uuid4

from calendars.bells import PeriodKind, SchoolId
from calendars.days import (
    Day,
    DayKind,
    Followed,
    dates,
    known_completely,
    seed_days,
    unknown_year_warning,
)
from calendars.fields import Grade, check_year
from calendars.slots import Slot
from calendars.terms import Term
from calendars.text import InvalidValueError, Text
from scheduler.access import require_record_write
from scheduler.errors import InvalidWishError
from scheduler.model import Resource, ResourceKind
from scheduler.schools import SchoolBook, unknown_school
from scheduler.store import Transaction

MOST_DAYS: Final = 1500
"""Dates times schools that one answer may hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRange:
    """Which dates, `last_day` included, at which school (open: all), for the classes of a `grade`.

    Left open, the first is today and the last the first.
    """

    school: SchoolId | None = None
    first_day: date | None = None
    last_day: date | None = None
    grade: Grade | None = None

    def __post_init__(self) -> None:
        for name in ("first_day", "last_day"):
            if (day := getattr(self, name)) is not None:
                check_year(day, field=name)
        if self.first_day and self.last_day and self.first_day > self.last_day:
            raise InvalidValueError(
                f"last_day {self.last_day} 早于 first_day {self.first_day}。",
                f"last_day {self.last_day} comes before first_day {self.first_day}.",
                field="last_day",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class RingingPeriod:
    """A period of one date with its absolute slot; lessons have a number."""

    kind: PeriodKind
    no: int | None
    slot: Slot


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedDay:
    """What a date is at a school: `week` is its own in the `term`, `follows` what is taught.

    `is_unmapped`: a make-up day of which nobody has said which weekday it follows (E02).
    """

    school: SchoolId
    date: date
    kind: DayKind
    term: str | None
    week: int | None
    follows: Followed | None
    is_unmapped: bool
    note: str
    periods: tuple[RingingPeriod, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeededDays:
    """The rows that were added, how many the school had already, and what no package knows."""

    added: tuple[Day, ...]
    kept: int
    warnings: tuple[Text, ...]


async def resolved_days(
    transaction: Transaction, wish: DayRange
) -> Callable[[], tuple[ResolvedDay, ...]]:
    """How to resolve the dates, by date and then by school; slow enough to be done elsewhere."""
    books = await transaction.books(None if wish.school is None else [wish.school])
    if wish.school is not None and not books:
        raise unknown_school(wish.school)
    now = transaction.now
    schools = [book for _, book in sorted(books.items())]
    today = min((book.time.date_of(now) for book in schools), default=now.date())
    first = wish.first_day or min(today, wish.last_day or today)
    last = wish.last_day or first
    _require_few((last - first).days + 1, len(schools))
    return lambda: tuple(
        _resolved(book, on, wish.grade) for on in dates(first, last) for book in schools
    )


def _require_few(days: int, schools: int) -> None:
    if days * schools > MOST_DAYS:
        raise InvalidWishError(
            f"一次最多查询 {MOST_DAYS} 个校日，而不是 {schools} 所学校 × {days} 天。",
            f"At most {MOST_DAYS} days of schools are answered at once, not {schools} schools "
            f"times {days} days.",
            pointer="?last_day",
            value=days,
        )


def _resolved(book: SchoolBook, on: date, grade: int | None) -> ResolvedDay:
    day = book.time.day(on, grade)
    return ResolvedDay(
        school=book.school.id,
        date=on,
        kind=day.kind,
        term=None if day.term is None else day.term.id,
        week=None if day.term is None else day.term.week_of(on),
        follows=day.follows,
        is_unmapped=day.is_unmapped,
        note=day.note,
        periods=tuple(
            RingingPeriod(kind=timed.period.kind, no=timed.period.no, slot=timed.slot)
            for timed in book.time.periods(on, grade)
        ),
    )


async def seed_term(transaction: Transaction, id: str) -> SeededDays:
    """Give a school the holidays and make-up days of a term that its day table does not have yet.

    A date that has a row for all grades keeps it, whatever it says. Which weekday a make-up day
    follows is still for the school to say (E02).
    """
    term = (await transaction.get(Term, id)).record
    require_record_write(transaction.actor, term, before=term)
    await transaction.lock([Resource(ResourceKind.SCHOOL, term.school)])
    books = await transaction.books()
    told = {row.date for row in books[term.school].time.days if not row.grades}
    taken = {row.id for book in books.values() for row in book.time.days}
    seed = seed_days(term)
    added = tuple(
        replace(row, id=uuid4().hex) if row.id in taken else row
        for row in seed
        if row.date not in told
    )
    await transaction.put_many(added)
    years = range(term.first_day.year, term.last_day.year + 1)
    return SeededDays(
        added=added,
        kept=len(seed) - len(added),
        warnings=tuple(
            unknown_year_warning(year)
            for year in years
            if not term.days_confirmed and not known_completely(year)
        ),
    )
