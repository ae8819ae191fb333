"""Whom an outage hits, and who has moved because of it. Nothing moves by itself (E30)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from scheduler.adjusting import place_of
from scheduler.booking.alternatives import situation_around
from scheduler.conflicts import find_conflicts
from scheduler.digests import by_time
from scheduler.disruptions.replacements import (
    Disrupted,
    booking_at,
    obstacles_to,
    replacements_for,
    way_back,
    with_place,
)
from scheduler.members import LinkPoolId, Outage, OutageId
from scheduler.model import Place, Resource, ResourceKind, Session, SessionId, SessionState
from scheduler.placing import booking_of
from scheduler.schools import Situation
from scheduler.store import Transaction

Judge = Callable[[Sequence[Session]], tuple[Disrupted, ...]]


async def hit_by(transaction: Transaction, outage: Outage) -> list[Session]:
    """The live sessions to come that use what is out of order, the soonest first."""
    found = await transaction.sessions(
        resource=out_of_order(outage),
        within=outage.slot,
        states=(SessionState.HELD, SessionState.CONFIRMED),
        limit=None,
    )
    now = transaction.now
    return by_time(each for each in found if each.is_live(now) and each.slot.starts > now)


async def sessions_hit(
    transaction: Transaction, id: OutageId, *, after: str, limit: int
) -> tuple[list[Session], Judge]:
    """A part of the sessions hit, after a key of `key_of`, and what finds places, for a thread.

    Replacements of one part fit together: what one session would take is not offered to the next.
    """
    outage = (await transaction.get(Outage, id)).record
    sessions = _part(await hit_by(transaction, outage), after, limit)
    links = await _other_links(transaction, outage)
    bookings = [
        replace(booking_of(each), link_pool=link or each.link_pool)
        for each in sessions
        for link in (None, *links)
    ]
    now = transaction.now
    situation = await situation_around(transaction, *bookings) if bookings else None

    def judge(some: Sequence[Session]) -> tuple[Disrupted, ...]:
        return tuple(_with_replacements(some, situation, links, now)) if situation else ()

    return sessions, judge


def _with_replacements(
    sessions: Sequence[Session], around: Situation, links: Sequence[LinkPoolId], now: datetime
) -> Iterable[Disrupted]:
    for session in sessions:
        replacements = replacements_for(session, around, now=now, links=links)
        yield Disrupted(
            session=session,
            conflicts=find_conflicts(session, around, now=now),
            replacements=replacements,
            obstacles=() if replacements else obstacles_to(session, around, now=now),
        )
        if replacements:
            around = with_place(session, replacements[0], around)


async def sessions_moved(
    transaction: Transaction, id: OutageId, *, after: str, limit: int
) -> tuple[list[Session], Judge]:
    """A part of the sessions that left their place because of this outage, and the way back.

    The outage may be over or removed by now. What has gone back, was cancelled or has begun is left
    out.
    """
    originals = await original_places(transaction, id)
    if not originals:
        await transaction.get(Outage, id)
    return await away_from(transaction, originals, after=after, limit=limit)


async def away_from(
    transaction: Transaction,
    originals: Mapping[SessionId, Place],
    *,
    after: str = "",
    limit: int | None = None,
) -> tuple[list[Session], Judge]:
    """A part of the sessions that are not where they were, and what looks for the way back."""
    sessions = [await transaction.session(each) for each in originals]
    now = transaction.now
    away = by_time(
        each
        for each in sessions
        if each.is_live(now)
        and min(each.slot.starts, originals[each.id].slot.starts) > now
        and _is_elsewhere(each, originals[each.id])
    )
    part = _part(away, after, limit)
    bookings = [
        booking
        for each in part
        for booking in (booking_of(each), booking_at(each, originals[each.id]))
    ]
    situation = await situation_around(transaction, *bookings) if bookings else None

    def judge(some: Sequence[Session]) -> tuple[Disrupted, ...]:
        if situation is None:
            return ()
        return tuple(_returning(each, originals[each.id], situation, now) for each in some)

    return part, judge


def _returning(session: Session, original: Place, around: Situation, now: datetime) -> Disrupted:
    replacements, obstacles = way_back(session, original, around, now=now)
    return Disrupted(
        session=session,
        conflicts=find_conflicts(session, around, now=now),
        replacements=replacements,
        obstacles=obstacles,
    )


async def original_places(transaction: Transaction, cause: str) -> dict[SessionId, Place]:
    """Where the sessions were that this outage has moved."""
    places: dict[SessionId, Place] = {}
    for each in await transaction.adjustments(cause=cause, limit=None):
        if each.before is not None and each.after is not None:
            places.setdefault(each.session, each.before)
    return places


def out_of_order(outage: Outage) -> Resource:
    """The room or the link pool."""
    if outage.room is not None:
        return Resource(ResourceKind.ROOM, outage.room)
    return Resource(ResourceKind.LINK_POOL, str(outage.link_pool))


def key_of(session: Session) -> str:
    """Sorts sessions by time, for a list's cursor."""
    return f"{session.slot.starts.isoformat()} {session.id}"


def _part(sessions: Sequence[Session], after: str, limit: int | None) -> list[Session]:
    return [each for each in sessions if key_of(each) > after][:limit]


async def _other_links(transaction: Transaction, outage: Outage) -> tuple[LinkPoolId, ...]:
    if outage.link_pool is None:
        return ()
    pools = (await transaction.alliance()).link_pools
    return tuple(pool for pool in sorted(pools) if pool != outage.link_pool)


def _is_elsewhere(session: Session, original: Place) -> bool:
    return _without_periods(place_of(session)) != _without_periods(original)


def _without_periods(place: Place) -> Place:
    return replace(place, sites=tuple(replace(site, period=None) for site in place.sites))
