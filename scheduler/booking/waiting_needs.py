"""What would satisfy a wish that waits: bookings to be held together, all of them or none."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final
from uuid import uuid4

from calendars.bells import SchoolId
from calendars.series import Weekly
from calendars.text import InvalidValueError
from scheduler.booking.places import Wanted, find_places
from scheduler.booking.series import lock_and_look, new_series, term_of_lead, wanted_dates
from scheduler.booking.series_dates import WantedDate, dates_of, place_dates, upcoming
from scheduler.conflicts import find_conflicts
from scheduler.errors import ClashError, InvalidWishError, told_at
from scheduler.model import (
    Actor,
    ActorRole,
    Booking,
    Conflict,
    Role,
    Series,
    SeriesId,
    Session,
    SessionId,
    Waiting,
    WhenImpossible,
)
from scheduler.placing import draft, outlines
from scheduler.schools import SchoolBook, Situation
from scheduler.store import Transaction

_ANY: Final = SeriesId("any")
_OFFICE: Final = Actor(name="lianke", role=ActorRole.ALLIANCE_ADMIN)
"""Whoever only looks: whom the wish may name is asked when a place is offered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One way to satisfy a wish: a booking on one date, or those of a `weekly` pattern."""

    dates: tuple[WantedDate, ...]
    weekly: Weekly | None = None

    def is_past(self, now: datetime) -> bool:
        """Whether its time has come. A pattern is left with the dates to come, while it has any."""
        return not self.dates or self.dates[0].booking.slot.starts <= now

    def sketches(self, books: Mapping[SchoolId, SchoolBook], now: datetime) -> tuple[Session, ...]:
        """Sessions that between them use everything it could."""
        return tuple(
            sketch
            for each in self.dates
            for sketch in outlines(each.booking, books, id=each.id, now=now)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Places for all of a need, and the `series` of which they would be the dates."""

    sessions: tuple[Session, ...]
    series: Series | None
    schools: Mapping[SchoolId, SchoolBook]


async def needs_of(transaction: Transaction, waiting: Waiting) -> tuple[Need, ...]:
    """Everything that would do, best first.

    `InvalidWishError` or `InvalidValueError` if the term does not know the weeks (any more).
    """
    sites = waiting.wish.sites
    books = await transaction.books([site.school for site in sites])
    lead = next(site.school for site in sites if site.role is Role.LEAD)
    if waiting.booking is not None:
        clock = books[lead].time
        bookings = [replace(waiting.booking, slot=slot) for slot in waiting.slots]
        return tuple(Need(dates=(_on(clock.date_of(each.slot.starts), each),)) for each in bookings)
    wish = waiting.series_booking
    assert wish is not None  # noqa: S101 - a wish has one of the two
    with told_at("series_booking"):
        term = await term_of_lead(transaction, wish.term, sites)
    found = {}
    for no, weekly in enumerate(waiting.patterns):
        with told_at(f"also_weekly/{no - 1}" if no else "series_booking/weekly"):
            found[weekly] = dates_of(weekly, term, sites, books)
    return tuple(
        Need(
            weekly=weekly,
            dates=tuple(
                wanted_dates(upcoming(dates, transaction.now), wish, sites, pinned=wish.pinned)
            ),
        )
        for weekly, dates in found.items()
    )


async def needs_to_come(transaction: Transaction, waiting: Waiting) -> tuple[Need, ...]:
    """What would still do, best first: none if its time has passed or its term has changed."""
    try:
        needs = await needs_of(transaction, waiting)
    except (InvalidWishError, InvalidValueError):
        return ()
    return tuple(need for need in needs if not need.is_past(transaction.now))


async def find_all(
    transaction: Transaction, waiting: Waiting, need: Need, *, actor: Actor
) -> Found:
    """Places for all of it, whatever they use locked; `ClashError` with all that is in the way.

    The school that waits has to say yes in any case.
    """
    if need.weekly is None:
        (only,) = need.dates
        wanted = Wanted(id=only.id, booking=only.booking, ask=waiting.school)
        sessions, situation = await find_places(transaction, wanted, actor=actor)
        return Found(sessions=sessions, series=None, schools=situation.schools)
    assert waiting.series_booking is not None  # noqa: S101 - its pattern comes from there
    wish = replace(waiting.series_booking, weekly=need.weekly)
    series = new_series(wish, transaction.now)
    situation = await lock_and_look(transaction, need.dates, WhenImpossible.REFUSE)
    placed = place_dates(
        need.dates,
        situation,
        series=series.id,
        when_impossible=WhenImpossible.REFUSE,
        actor=actor,
        now=transaction.now,
        ask=waiting.school,
    )
    if placed.conflicts:
        raise ClashError(placed.conflicts)
    return Found(sessions=tuple(placed.sessions), series=series, schools=situation.schools)


def in_the_way(need: Need, situation: Situation, now: datetime) -> tuple[Conflict, ...]:
    """Every rule that any part of it would break at this moment. Pure."""
    if need.weekly is None:
        (only,) = need.dates
        session = draft(only.booking, situation, id=only.id, now=now)
        return find_conflicts(session, situation, now=now)
    return place_dates(
        need.dates,
        situation,
        series=_ANY,
        when_impossible=WhenImpossible.REFUSE,
        actor=_OFFICE,
        now=now,
    ).conflicts


def _on(on: date, booking: Booking) -> WantedDate:
    return WantedDate(date=on, id=SessionId(uuid4().hex), booking=booking)
