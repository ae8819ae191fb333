"""Booking a weekly series over a term, and finding another weekday or time for all its dates."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from uuid import uuid4
from zoneinfo import ZoneInfo

from calendars.series import Occurrence
from calendars.terms import Term
from calendars.text import Text
from scheduler.booking import series_notices as notices
from scheduler.booking.alternatives import FindAlternatives, situation_around
from scheduler.booking.expiring_links import outlived
from scheduler.booking.revisions import to_lock
from scheduler.booking.series_alternatives import alternatives_for_series
from scheduler.booking.series_dates import (
    Placed,
    ReplacedDate,
    SkippedDate,
    WantedDate,
    dates_of,
    lost_dates,
    place_dates,
    upcoming,
)
from scheduler.booking.series_waiting import watch_dates
from scheduler.errors import ClashError, InvalidWishError, told_at
from scheduler.model import (
    Agenda,
    Booking,
    Role,
    Series,
    SeriesBooking,
    SeriesId,
    Session,
    SessionId,
    SiteWish,
    WhenImpossible,
)
from scheduler.placing import agenda_of, outlines
from scheduler.schools import AllianceBook, Situation
from scheduler.store import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesBooked:
    """Exactly what became of a series: what is booked, what is not held and why, what was moved.

    `notes` are what should be known of it: a link that it outlives (E34).
    """

    series: Series
    booked: tuple[Session, ...]
    skipped: tuple[SkippedDate, ...] = ()
    replaced: tuple[ReplacedDate, ...] = ()
    notes: tuple[Text, ...] = ()


async def book_series(transaction: Transaction, wish: SeriesBooking) -> SeriesBooked:
    """Book every date of a term-long series as one unit.

    Dates in the past and dates on which a school is closed are left out and listed. For dates that
    rules forbid the wish chooses: refuse all (`ClashError` naming every such date), skip them, or
    take the best alternative. Nothing bookable at all is refused, too.
    """
    await transaction.require(wish)
    term = await term_of_lead(transaction, wish.term, wish.sites)
    books = await transaction.books([site.school for site in wish.sites])
    with told_at("weekly"):
        found = dates_of(wish.weekly, term, wish.sites, books)
    wanted = wanted_dates(upcoming(found, transaction.now), wish, wish.sites, pinned=wish.pinned)
    lost = tuple(lost_dates(found, transaction.now))
    _require_dates(wanted, lost)
    series = new_series(wish, transaction.now)
    situation = await lock_and_look(transaction, wanted, wish.when_impossible)
    placed = place_dates(
        wanted,
        situation,
        series=series.id,
        when_impossible=wish.when_impossible,
        actor=transaction.actor,
        now=transaction.now,
    )
    require_placed(placed, wish.when_impossible)
    await store_series(transaction, series, placed.sessions)
    await watch_dates(transaction, series, (each.date for each in placed.skipped), books)
    return answer(series, placed, lost, situation.alliance)


def new_series(wish: SeriesBooking, now: datetime) -> Series:
    """The series that a wish asks for."""
    return Series(
        **agenda_of(wish),
        id=SeriesId(uuid4().hex),
        term=wish.term,
        weekly=wish.weekly,
        sites=wish.sites,
        pinned=wish.pinned,
        created_at=now,
        changed_at=now,
    )


async def store_series(
    transaction: Transaction, series: Series, sessions: Sequence[Session]
) -> None:
    """Write a new series with its sessions, and tell everybody."""
    await transaction.add_series(series)
    await transaction.add_sessions(sessions)
    books = await transaction.books([site.school for site in series.sites])
    await transaction.add_notices(notices.booked(series, sessions, books, transaction.now))


async def suggest_for_series(transaction: Transaction, wish: SeriesBooking) -> FindAlternatives:
    """Other weekdays and times that hold all dates of a refused series; ask in a fresh read."""
    term = await term_of_lead(transaction, wish.term, wish.sites)
    books = await transaction.books([site.school for site in wish.sites])
    found = upcoming(dates_of(wish.weekly, term, wish.sites, books), transaction.now)
    wanted = wanted_dates(found, wish, wish.sites, pinned=wish.pinned)
    situation = await situation_around(transaction, *(each.booking for each in wanted))
    return partial(alternatives_for_series, wish, term, situation, now=transaction.now)


async def term_of_lead(transaction: Transaction, term: str, sites: Sequence[SiteWish]) -> Term:
    """The term, which must be the lead school's own: its weeks are what the pattern counts."""
    record = (await transaction.get(Term, term)).record
    lead = next(site.school for site in sites if site.role is Role.LEAD)
    if record.school != lead:
        raise InvalidWishError(
            f"学期 {term} 属于学校 {record.school}，系列须用主讲学校 {lead} 的学期。",
            f"Term {term} is school {record.school}'s; a series counts by its lead school {lead}.",
            pointer="/term",
            value=term,
        )
    return record


def wanted_dates(
    found: Sequence[Occurrence], agenda: Agenda, sites: tuple[SiteWish, ...], *, pinned: bool
) -> list[WantedDate]:
    """A new session wanted on each of these dates."""
    return [
        WantedDate(
            date=occurrence.date,
            id=SessionId(uuid4().hex),
            booking=Booking(**agenda_of(agenda), slot=occurrence.slot, sites=sites, pinned=pinned),
        )
        for occurrence in found
    ]


async def lock_and_look(
    transaction: Transaction,
    wanted: Sequence[WantedDate],
    when_impossible: WhenImpossible,
    *,
    before: Sequence[Session] = (),
) -> Situation:
    """Lock all that the dates could use and load what decides about them.

    With `alternative` that is the whole week of each.
    """
    books = await transaction.books({site.school for each in wanted for site in each.booking.sites})
    sketches = [
        sketch
        for each in wanted
        for sketch in outlines(each.booking, books, id=each.id, now=transaction.now)
    ]
    await transaction.lock(to_lock([*sketches, *before]))
    if when_impossible is WhenImpossible.ALTERNATIVE:
        return await situation_around(transaction, *(each.booking for each in wanted))
    return await transaction.situation([*sketches, *before])


def require_placed(placed: Placed, when_impossible: WhenImpossible) -> None:
    """`ClashError` with all conflicts if any date may refuse the whole, or none has a place."""
    if placed.conflicts and (when_impossible is WhenImpossible.REFUSE or not placed.sessions):
        raise ClashError(placed.conflicts)


def answer(
    series: Series, placed: Placed, lost: tuple[SkippedDate, ...], alliance: AllianceBook
) -> SeriesBooked:
    """What became of the series, by date."""
    zone = ZoneInfo(alliance.alliance.zone)
    return SeriesBooked(
        series=series,
        booked=tuple(placed.sessions),
        skipped=tuple(sorted((*lost, *placed.skipped), key=_date)),
        replaced=tuple(placed.replaced),
        notes=outlived(placed.sessions, alliance.link_pools, zone),
    )


def _date(skipped: SkippedDate) -> date:
    return skipped.date


def _require_dates(wanted: Sequence[WantedDate], lost: Sequence[SkippedDate]) -> None:
    if not wanted:
        why_zh = "".join(each.reason.zh for each in lost)
        why_en = " ".join(each.reason.en for each in lost)
        raise InvalidWishError(
            f"这个系列没有可以上课的日期。{why_zh}",
            f"The series has no date on which it could be held. {why_en}".strip(),
            pointer="/weekly",
        )
