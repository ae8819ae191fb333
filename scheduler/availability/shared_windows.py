"""When several schools could meet: on a date, on a weekday of a term, and with which bell moved."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated

from msgspec import Meta

from calendars.bells import SchoolId
from calendars.fields import Grade, Identifier, Line, Weekday, check_year
from calendars.series import SiteTime
from calendars.terms import Term
from calendars.windows import (
    Unlock,
    find_unlocks,
    find_weekly_windows,
    find_windows,
)
from scheduler.availability.narrowing import WeeklyWindowForAll, WindowForAll, taken_from
from scheduler.errors import InvalidWishError
from scheduler.members import RoomId, TeacherId
from scheduler.schools import SchoolBook, unknown_school
from scheduler.store import Transaction

Minutes = Annotated[int, Meta(ge=5, le=240, description="Length of the lesson.")]
Shift = Annotated[int, Meta(ge=0, le=30, description="How far a school may move one period.")]
SomeSchools = Annotated[tuple[SchoolId, ...], Meta(min_length=1, max_length=40)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """Who would meet: classes of one `grade` (open: whatever the bells of all grades say)."""

    schools: SomeSchools
    grade: Grade | None = None
    minutes: Minutes = 40
    min_minutes: Minutes = 30
    max_shift_minutes: Shift = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class WithPeople(Together):
    """Whom and what it takes: a window is left out where one of them is taken."""

    teachers: Annotated[tuple[TeacherId, ...], Meta(max_length=40)] = ()
    rooms: Annotated[tuple[RoomId, ...], Meta(max_length=40)] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDate(WithPeople):
    """The windows of one date. They begin with a period of the `lead`, which shifts nothing."""

    date: date
    lead: SchoolId | None = None

    def __post_init__(self) -> None:
        check_year(self.date)


@dataclass(frozen=True, slots=True, kw_only=True)
class OnWeekday(WithPeople):
    """The windows of a weekday in the weeks of a term, whose school leads and gives the dates.

    With `keep_lead` they begin with a period of that school, which shifts nothing.
    """

    term: Identifier
    weekday: Weekday
    weeks: Line = "全"
    keep_lead: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class InWeekOf(Together):
    """The bell shifts that unlock most full windows from Monday to Friday of the week of `date`.

    Each school (or `lead`) teaches each of its lessons to every choice of `listeners` others.
    Who is taken in that week does not count: bells are moved for a term, and for all lessons.
    """

    date: date
    lead: SchoolId | None = None
    listeners: Annotated[int, Meta(ge=1, le=5)] = 1

    def __post_init__(self) -> None:
        check_year(self.date)


async def windows_on_date(
    transaction: Transaction, wish: OnDate
) -> Callable[[], tuple[WindowForAll, ...]]:
    """How to find every window of the date, best first; slow enough to be done elsewhere."""
    books = await _books(transaction, wish)
    _require_among(wish.lead, books)
    days = {school: book.time.periods(wish.date, wish.grade) for school, book in books.items()}
    on = wish.date
    taken = await taken_from(transaction, wish.teachers, wish.rooms, (on, on))

    def found() -> tuple[WindowForAll, ...]:
        windows = find_windows(
            days,
            minutes=wish.minutes,
            min_minutes=wish.min_minutes,
            max_shift_minutes=wish.max_shift_minutes,
            lead=wish.lead,
            occupied=taken.hard,
        )
        return tuple(map(taken.marked, windows))

    return found


async def windows_on_weekday(
    transaction: Transaction, wish: OnWeekday
) -> Callable[[], tuple[WeeklyWindowForAll, ...]]:
    """How to find every window of the weekday, the one that holds on most dates first."""
    books = await _books(transaction, wish)
    term = (await transaction.get(Term, wish.term)).record
    _require_among(term.school, books)
    grades = () if wish.grade is None else (wish.grade,)
    sites = {
        school: SiteTime(school=school, name=book.school.name, time=book.time, grades=grades)
        for school, book in books.items()
    }
    lead = sites.pop(term.school)
    days = (term.first_day, term.last_day)
    taken = await taken_from(transaction, wish.teachers, wish.rooms, days)

    def found() -> tuple[WeeklyWindowForAll, ...]:
        windows = find_weekly_windows(
            wish.weekday,
            term,
            (lead, *sites.values()),
            weeks=wish.weeks,
            minutes=wish.minutes,
            min_minutes=wish.min_minutes,
            max_shift_minutes=wish.max_shift_minutes,
            keep_lead=wish.keep_lead,
            occupied=taken.hard,
        )
        return tuple(taken.marked_weekly(each, lead.time.zone) for each in windows)

    return found


async def unlocking_shifts(
    transaction: Transaction, wish: InWeekOf
) -> Callable[[], tuple[Unlock, ...]]:
    """How to find the shifts of one lesson that bring more full windows than they cost."""
    books = await _books(transaction, wish)
    _require_among(wish.lead, books)
    monday = wish.date - timedelta(days=wish.date.weekday())
    days = [
        {school: book.time.periods(on, wish.grade) for school, book in books.items()}
        for on in (monday + timedelta(days=number) for number in range(5))
    ]
    names = {school: book.school.name for school, book in books.items()}
    return lambda: find_unlocks(
        days,
        wish.listeners,
        minutes=wish.minutes,
        max_shift_minutes=wish.max_shift_minutes,
        lead=wish.lead,
        names=names,
    )


async def _books(transaction: Transaction, wish: Together) -> dict[SchoolId, SchoolBook]:
    """The books of all schools wished, in that order, or `InvalidWishError` naming one unknown."""
    named = dict.fromkeys(wish.schools)
    known = await transaction.books()
    for school in named:
        if school not in known:
            raise unknown_school(school, pointer="?schools")
    return {school: known[school] for school in named}


def _require_among(lead: SchoolId | None, books: dict[SchoolId, SchoolBook]) -> None:
    if lead is not None and lead not in books:
        raise InvalidWishError(
            f"主讲学校 {lead} 须在 schools 之中。",
            f"The leading school {lead} must be among the schools.",
            pointer="?schools",
            value=lead,
        )
