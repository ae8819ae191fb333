"""Where no weekday or time is free for a series: the wished one, if one other series moved first.

Both together pass the rulebook on every date. Nobody is moved by asking. Pure and bounded.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from calendars.bells import SchoolId
from calendars.terms import Term
from calendars.text import Text
from scheduler.access import may_arrange
from scheduler.booking.alternatives import FindAlternatives, situation_around
from scheduler.booking.series import term_of_lead, wanted_dates
from scheduler.booking.series_alternatives import alternatives_for_series
from scheduler.booking.series_dates import WantedDate, dates_of, place_dates, upcoming
from scheduler.model import (
    Actor,
    ActorRole,
    Alternative,
    FirstMove,
    Series,
    SeriesBooking,
    SeriesId,
    Session,
    WhenImpossible,
)
from scheduler.placing import agenda_of, booking_of
from scheduler.schools import Situation
from scheduler.store import Transaction

MOVED_AT_MOST: Final = 4
"""Series in the way, of which each is imagined at another time."""
_NEW: Final = SeriesId("new")
_NOBODY: Final = Actor(name="lianke", role=ActorRole.ALLIANCE_ADMIN)
"""Answers for no school."""


@dataclass(frozen=True, slots=True)
class InTheWay:
    """A series with all that is to come of it, and the term that it counts by."""

    series: Series
    term: Term
    sessions: tuple[Session, ...]


async def suggest_making_room_for_series(
    transaction: Transaction, wish: SeriesBooking, found: Sequence[Alternative], *, actor: Actor
) -> FindAlternatives | None:
    """What would work if another series moved; None if there is a weekday and time as it is."""
    if found:
        return None
    term = await term_of_lead(transaction, wish.term, wish.sites)
    books = await transaction.books([site.school for site in wish.sites])
    dates = upcoming(dates_of(wish.weekly, term, wish.sites, books), transaction.now)
    wanted = wanted_dates(dates, wish, wish.sites, pinned=wish.pinned)
    around = await situation_around(transaction, *(each.booking for each in wanted))
    others = await _in_the_way(transaction, wanted, around)
    sessions = [session for other in others for session in other.sessions]
    situation = await situation_around(
        transaction,
        *(each.booking for each in wanted),
        *map(booking_of, sessions),
        moving=sessions,
    )
    return partial(
        with_one_series_moved, wish, wanted, situation, others, now=transaction.now, actor=actor
    )


async def _in_the_way(
    transaction: Transaction, wanted: Sequence[WantedDate], around: Situation
) -> list[InTheWay]:
    """The series that meet the wished dates, those that meet most of them first.

    Pinned ones stay, and so do those that go with others: they move together, or not at all.
    """
    met: dict[SeriesId, int] = defaultdict(int)
    for session in around.sessions:
        if session.series is not None:
            met[session.series] += any(session.slot.overlaps(each.booking.slot) for each in wanted)
    nearest = sorted((each for each in met if met[each]), key=lambda each: (-met[each], each))
    others, zone = [], ZoneInfo(around.alliance.alliance.zone)
    for series in (await transaction.series_named(nearest[:MOVED_AT_MOST])).values():
        sessions = tuple(
            each
            for each in await transaction.sessions(series=series.id, limit=None)
            if each.is_live(transaction.now) and each.slot.starts > transaction.now
        )
        is_tied = bool(await transaction.ties_of_series([series.id], zone))
        if sessions and not is_tied and not any(each.pinned for each in sessions):
            term = await term_of_lead(transaction, series.term, series.sites)
            others.append(InTheWay(series, term, sessions))
    return others


def with_one_series_moved(
    wish: SeriesBooking,
    wanted: Sequence[WantedDate],
    situation: Situation,
    others: Sequence[InTheWay],
    *,
    now: datetime,
    actor: Actor = _NOBODY,
) -> tuple[Alternative, ...]:
    """The wished weekday and time, once for each series that alone is in its way and can move."""
    return tuple(
        found
        for other in others
        for found in _once_moved(wish, wanted, situation, other, now=now, actor=actor)
    )


def _once_moved(
    wish: SeriesBooking,
    wanted: Sequence[WantedDate],
    situation: Situation,
    other: InTheWay,
    *,
    now: datetime,
    actor: Actor,
) -> Iterator[Alternative]:
    leaving = {each.id for each in other.sessions}
    kept = tuple(each for each in situation.sessions if each.id not in leaving)
    without = replace(situation, sessions=kept)
    placed = place_dates(
        wanted, without, series=_NEW, when_impossible=WhenImpossible.REFUSE, actor=_NOBODY, now=now
    )
    if placed.skipped or not placed.sessions:
        return
    beside = replace(without, sessions=(*kept, *placed.sessions))
    series = other.series
    anew = SeriesBooking(
        **agenda_of(series), term=series.term, weekly=series.weekly, sites=series.sites
    )
    for to in alternatives_for_series(anew, other.term, beside, now=now, limit=1):
        first = FirstMove(
            session=other.sessions[0].id,
            revision=series.revision,
            title=series.title,
            slot=to.slot,
            sites=to.sites,
            series=series.id,
            weekly=to.weekly,
            asks=_asked(other, to, situation, now),
            through=_through(series, actor),
        )
        yield Alternative(
            slot=placed.sessions[0].slot,
            sites=wish.sites,
            weekly=wish.weekly,
            changes=_sentence(to, first, situation),
            min_effective_minutes=min(
                site.effective_minutes for session in placed.sessions for site in session.sites
            ),
            first=first,
        )


def _asked(
    other: InTheWay, to: Alternative, situation: Situation, now: datetime
) -> tuple[SchoolId, ...]:
    """The schools whose open slots do not cover all its new dates."""
    weekly = to.weekly or other.series.weekly
    dates = upcoming(dates_of(weekly, other.term, to.sites, situation.schools), now)
    return tuple(
        site.school
        for site in to.sites
        if not all(
            situation.schools[site.school].open_slot_covering(each.slot, other.series.subject)
            for each in dates
        )
    )


def _through(series: Series, actor: Actor) -> tuple[SchoolId, ...]:
    """The schools of which one has to move it; none where the reader may."""
    schools = tuple(site.school for site in series.sites)
    return () if may_arrange(actor, schools) else schools


def _sentence(to: Alternative, first: FirstMove, situation: Situation) -> Text:
    schools = situation.schools
    names = [schools[school].school.name for school in first.asks]
    own = Text("按原定的星期和时间", "At the weekday and time as wished")
    consent = Text(
        f"须经{'、'.join(names)}同意。" if names else "各校开放时段均已允许。",
        f"{', '.join(names)} must agree." if names else "All schools keep that time open.",
    )
    return Text(
        f"{own.zh}，前提是系列“{first.title}”先调整：{to.changes.zh}{consent.zh}",
        f"{own.en}, if first the series “{first.title}” moves: {to.changes.en} {consent.en}",
    )
