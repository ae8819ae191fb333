"""Where a session that cannot stay could go: another room, another time, another date. Pure."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import partial
from itertools import chain, islice
from typing import Final

from calendars.slots import Slot
from calendars.text import Text
from scheduler.booking.alternatives import Search, moved_to
from scheduler.booking.candidates import in_any_room
from scheduler.booking.differences import difference
from scheduler.conflicts import find_conflicts
from scheduler.conflicts.rooms import tiers_for
from scheduler.members import LinkPoolId
from scheduler.model import (
    Booking,
    Conflict,
    Place,
    Session,
    SessionId,
    SiteWish,
)
from scheduler.placing import POSTPONED_AT_MOST_DAYS, booking_of, draft, wish_of
from scheduler.schools import Situation

_NEW: Final = SessionId("new")
_JUDGED_AT_MOST: Final = 150
"""Candidates for one session, so that a page of many is there within a second or so."""
_DAY_MINUTES: Final = 24 * 60
_SWAPS: Final = 20
"""Places that need a timetable swap, tried where no other is free."""


class Way(StrEnum):
    """What a replacement changes, in the order in which they are made."""

    ROOM = "room"
    TIME = "time"
    POSTPONE = "postpone"
    BACK = "back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """A place that no rule forbids at the moment of asking, and what it changes."""

    way: Way
    slot: Slot
    sites: tuple[SiteWish, ...]
    link_pool: LinkPoolId | None
    changes: Text
    min_effective_minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Disrupted:
    """A session that cannot be as it was, why, and where it could go.

    Without replacements it stays listed, and a person decides: `obstacles` are what is in the way
    of any other room at its own time.
    """

    session: Session
    conflicts: tuple[Conflict, ...]
    replacements: tuple[Replacement, ...]
    obstacles: tuple[Conflict, ...] = ()


def replacements_for(
    session: Session, situation: Situation, *, now: datetime, links: Sequence[LinkPoolId] = ()
) -> tuple[Replacement, ...]:
    """The best place of each sort: other rooms (or links), another time of the day, a later date.

    `links` are the link pools that would do. What the session itself uses counts as free.
    """
    wanted = booking_of(session)
    search = Search(wanted, situation, now, session, most=_JUDGED_AT_MOST)
    day = search.candidates.day
    same_time = chain(
        (replace(wanted, link_pool=link) for link in links),
        search.candidates.at_the_same_time(),
    )
    ways = (
        (Way.ROOM, same_time),
        (Way.TIME, _times(search, [day], links)),
        (Way.POSTPONE, _times(search, _dates_after(day), links)),
    )
    found = ((way, _first(search, candidates)) for way, candidates in ways)
    return tuple(
        _replacement(way, wanted, place, situation) for way, place in found if place is not None
    )


def later_place(
    wanted: Booking,
    situation: Situation,
    dates: Sequence[date],
    *,
    now: datetime,
    instead_of: Session,
) -> Replacement | None:
    """The best place for what a session missed, on the first of these dates that has one."""
    search = Search(
        wanted, situation, now, None, refused=False, most=_JUDGED_AT_MOST, instead_of=instead_of
    )
    place = _first(search, _times(search, dates, ()))
    return None if place is None else _replacement(Way.POSTPONE, wanted, place, situation)


def way_back(
    session: Session, original: Place, situation: Situation, *, now: datetime
) -> tuple[tuple[Replacement, ...], tuple[Conflict, ...]]:
    """The place a session once had, if it is free and allowed now; else what is in the way.

    A session that was cancelled is to be booked anew (H14).
    """
    published = session if session.is_live(now) else None
    own = session.id if published is not None else _NEW
    place = draft(booking_at(session, original), situation, id=own, now=now)
    if conflicts := find_conflicts(place, situation, now=now, published=published):
        return (), conflicts
    return (_replacement(Way.BACK, booking_of(session), place, situation),), ()


def booking_at(session: Session, place: Place) -> Booking:
    """The session as it was held at a place; periods are found again."""
    return replace(
        booking_of(session),
        slot=place.slot,
        sites=tuple(replace(site, period=None) for site in place.sites),
        link_pool=place.link_pool,
    )


def obstacles_to(session: Session, situation: Situation, *, now: datetime) -> tuple[Conflict, ...]:
    """What is in the way of the session at its own time, whatever rooms it takes."""
    anywhere = draft(in_any_room(booking_of(session)), situation, id=session.id, now=now)
    return find_conflicts(anywhere, situation, now=now, published=session)


def with_place(session: Session, replacement: Replacement, situation: Situation) -> Situation:
    """The situation once the session has gone where the replacement says."""
    moved = moved_to(session, replacement.slot, replacement.sites, replacement.link_pool)
    others = tuple(each for each in situation.sessions if each.id != session.id)
    return replace(situation, sessions=(*others, moved))


def _dates_after(day: date) -> list[date]:
    return [day + timedelta(days=no) for no in range(1, POSTPONED_AT_MOST_DAYS + 1)]


def _times(search: Search, dates: Iterable[date], links: Sequence[LinkPoolId]) -> Iterator[Booking]:
    for on in dates:
        day = Slot.lasting(datetime.combine(on, time(), search.candidates.zone), _DAY_MINUTES)
        if not _has_rooms(search.wanted, search.situation, partial(_lasts_all, day)):
            continue
        for candidate in search.candidates.times_on(on):
            yield candidate
            yield from (replace(candidate, link_pool=link) for link in links)


def _first(search: Search, candidates: Iterable[Booking]) -> Session | None:
    """The first place that no rule forbids; failing that, one for which a lesson is swapped."""
    known = len(search.need_swaps)
    places = (
        search.placed(each)
        for each in candidates
        if _has_rooms(each, search.situation, each.slot.overlaps)
    )
    if (found := next((each for each in places if each is not None), None)) is not None:
        return found
    swaps = islice(search.need_swaps[known:], _SWAPS)
    return next((each for each in map(search.placed, swaps) if each is not None), None)


def _lasts_all(day: Slot, outage: Slot) -> bool:
    return outage.contains(day)


def _has_rooms(booking: Booking, situation: Situation, is_lost: Callable[[Slot], bool]) -> bool:
    """Whether each school has a room that suits its part and is not out of order when it matters.

    Looked at before all rules are asked: in a long outage most places fail by this alone.
    """
    schools = situation.schools
    return all(
        any(
            room.tier in tiers_for(site.role, booking.kind)
            and not any(
                outage.room == room.id and is_lost(outage.slot)
                for outage in schools[site.school].outages
            )
            for room in schools[site.school].rooms.values()
        )
        for site in booking.sites
        if site.room is not None
    )


def _replacement(way: Way, wanted: Booking, place: Session, situation: Situation) -> Replacement:
    return Replacement(
        way=way,
        slot=place.slot,
        sites=tuple(wish_of(site) for site in place.sites),
        link_pool=place.link_pool,
        changes=difference(wanted, place, situation),
        min_effective_minutes=min(site.effective_minutes for site in place.sites),
    )
