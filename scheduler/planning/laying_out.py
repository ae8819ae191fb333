"""A plan held to today's ledger: which of its dates could be booked, and what is in the way."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import groupby
from typing import Final
from uuid import uuid4
from zoneinfo import ZoneInfo

from calendars.bells import SchoolId
from calendars.slots import Slot
from calendars.text import Text
from scheduler.allocation.chains import suiting, ties_of
from scheduler.allocation.offers import as_taught, serving_too, taken_back
from scheduler.allocation.problem import Companion, Offered
from scheduler.booking.revisions import to_lock
from scheduler.booking.series_dates import Placed, WantedDate, place_dates
from scheduler.errors import NotFoundError
from scheduler.model import (
    Actor,
    Booking,
    Conflict,
    Placement,
    Request,
    RequestId,
    RequestState,
    SeriesId,
    SessionId,
    WhenImpossible,
)
from scheduler.placing import agenda_of, outlines
from scheduler.planning.loading import LIVE, companions, every_request, offers
from scheduler.schools import Situation
from scheduler.store import Store, Stored, Transaction


@dataclass(frozen=True, slots=True)
class Laid:
    """A request with its placements as today's ledger takes them, or a `refusal`.

    `lone` are dates left out because what the request goes with is not held then.
    """

    stored: Stored[Request] | None
    placements: tuple[Placement, ...]
    placed: tuple[Placed, ...] = ()
    refusal: Text | None = None
    lone: tuple[date, ...] = ()

    @property
    def request(self) -> RequestId:
        return self.placements[0].request

    @property
    def dates(self) -> frozenset[date]:
        """What would be booked."""
        if self.refusal is not None:
            return frozenset()
        return frozenset(on for each in self.placed for on in dates_of(each))

    @property
    def conflicts(self) -> tuple[Conflict, ...]:
        return tuple(conflict for each in self.placed for conflict in each.conflicts)


_Asked = tuple[Stored[Request] | None, tuple[Placement, ...]]
"""A request as it is stored today, and the plan's placements of it."""


@dataclass(frozen=True, slots=True)
class Grounds:
    """All that a plan is held to when it is published; equal as long as nothing of it changes."""

    asked: tuple[_Asked, ...]
    situation: Situation
    companions: tuple[Companion, ...]
    offers: tuple[Offered, ...]
    zone: ZoneInfo
    now: datetime = field(compare=False)


async def grounds_of(
    transaction: Transaction, placements: Sequence[Placement], *, lock: bool = False
) -> Grounds:
    """What a plan is held to in this state of the ledger; with `lock` nobody can change it."""
    books = await transaction.books()
    zone = ZoneInfo((await transaction.alliance()).alliance.zone)
    asked = tuple(
        [
            (await _stored(transaction, request), tuple(own))
            for request, own in groupby(placements, key=lambda each: each.request)
        ]
    )
    sketches = [
        sketch
        for dates in _all_wanted(asked, zone, transaction.now).values()
        for each in dates
        for sketch in outlines(each.booking, books, id=each.id, now=transaction.now)
    ]
    if lock:
        await transaction.lock(to_lock(sketches))
    situation = await transaction.situation(sketches)
    known = await every_request(transaction)
    is_tied = any(each.after for each in known)
    sessions = await transaction.sessions(states=LIVE, limit=None) if is_tied else ()
    return Grounds(
        asked=asked,
        situation=situation,
        companions=companions(known, sessions, zone, transaction.now),
        offers=await offers(transaction, known),
        zone=zone,
        now=transaction.now,
    )


def _all_wanted(
    asked: Iterable[_Asked], zone: ZoneInfo, now: datetime
) -> dict[Placement, tuple[WantedDate, ...]]:
    return {
        placement: _wanted(stored.record, placement, zone, now)
        for stored, placements in asked
        if stored is not None
        for placement in placements
    }


async def _stored(transaction: Transaction, request: RequestId) -> Stored[Request] | None:
    try:
        return await transaction.get(Request, request)
    except NotFoundError:
        return None


def _wanted(
    request: Request, placement: Placement, zone: ZoneInfo, now: datetime
) -> tuple[WantedDate, ...]:
    """The placement's dates that still lie ahead."""
    slots = {
        on: Slot.lasting(
            datetime.combine(on, placement.weekly.starts, zone), placement.weekly.minutes
        )
        for on in placement.dates
    }
    return tuple(
        WantedDate(
            date=on,
            id=SessionId(uuid4().hex),
            booking=Booking(**agenda_of(as_taught(request)), slot=slot, sites=placement.sites),
        )
        for on, slot in slots.items()
        if slot.starts >= now
    )


@dataclass(frozen=True, slots=True)
class Judged:
    """Placements held to the rules, and to what: still right where that is what there is."""

    grounds: Grounds
    laid: tuple[Laid, ...]


async def judge_placements(
    store: Store,
    placements: Sequence[Placement],
    *,
    actor: Actor,
    now: datetime,
    ask: SchoolId | None = None,
) -> Judged:
    """The placements held to today's ledger before they are booked, while others go on booking."""
    async with store.read(now=now) as transaction:
        grounds = await grounds_of(transaction, placements)
    return Judged(grounds, await asyncio.to_thread(lay_out, grounds, actor, ask=ask))


def lay_out(grounds: Grounds, actor: Actor, *, ask: SchoolId | None = None) -> tuple[Laid, ...]:
    """Every request of the plan held to the rules, each beside those before it.

    Hundreds of dates are judged: a thread's work, best done while no transaction is open. No date
    is booked without those that it goes with: again and again until all suit. The school to `ask`
    has to say yes in any case.
    """
    asked, others = grounds.asked, grounds.companions
    wanted: Mapping[Placement, Sequence[WantedDate]]
    wanted = _all_wanted(asked, grounds.zone, grounds.now)
    ties = ties_of(
        [stored.record for stored, _ in asked if stored] + [each.request for each in others]
    )
    tied = {request for tie in ties for request in (tie.earlier, tie.later)}
    lone: dict[RequestId, set[date]] = defaultdict(set)
    while True:
        laid = tuple(_laid(grounds, wanted, actor, ask))
        dates = {each.request: each.dates for each in laid if each.request in tied}
        suit = suiting(dates, ties, others)
        if all(dates[request] == suit[request] for request in dates):
            return tuple(_without_partners(each, lone, tied) for each in laid)
        for request, held in dates.items():
            lone[request] |= held - suit[request]
        wanted = {
            placement: [each for each in days if each.date not in lone[placement.request]]
            for placement, days in wanted.items()
        }


def _without_partners(
    laid: Laid, lone: Mapping[RequestId, set[date]], tied: Collection[RequestId]
) -> Laid:
    """What is laid, saying what its chain has cost it."""
    if laid.request not in tied:
        return laid
    left_out = tuple(sorted(lone.get(laid.request, ())))
    refusal = laid.refusal
    if refusal is _NO_DATE_LEFT and left_out:
        refusal = _NO_PARTNER
    return replace(laid, lone=left_out, refusal=refusal)


def _laid(
    grounds: Grounds,
    wanted: Mapping[Placement, Sequence[WantedDate]],
    actor: Actor,
    ask: SchoolId | None,
) -> Iterator[Laid]:
    situation, offered = grounds.situation, grounds.offers
    for stored, placements in grounds.asked:
        if stored is None or stored.record.state is not RequestState.OPEN:
            yield Laid(stored, placements, refusal=_NO_LONGER_OPEN)
            continue
        request = stored.record
        gone = taken_back(request, placements[0], offered, situation.schools)
        if gone is not None:
            yield Laid(stored, placements, refusal=gone)
            continue
        placed: list[Placed] = []
        beside = situation
        for placement in placements:
            dates = place_dates(
                wanted[placement],
                beside,
                series=SeriesId(uuid4().hex),
                when_impossible=WhenImpossible.SKIP,
                actor=actor,
                now=grounds.now,
                ask=ask,
            )
            placed.append(dates)
            beside = replace(beside, sessions=(*beside.sessions, *dates.sessions))
        if all(each.sessions for each in placed):
            situation = beside
            offered = serving_too(offered, [(placements[0].offer, request)])
            yield Laid(stored, placements, tuple(placed))
        else:
            yield Laid(stored, placements, tuple(placed), refusal=_NO_DATE_LEFT)


_NO_LONGER_OPEN: Final = Text("需求已不再待排。", "The request is no longer open.")
_NO_DATE_LEFT: Final = Text(
    "求解以后情况有变，没有可排的日期。", "Things have changed: no date of it is possible any more."
)
_NO_PARTNER: Final = Text(
    "与它配套的活动排不上，所以它也不排。", "What it goes with cannot be held, so neither is it."
)


def dates_of(placed: Placed) -> tuple[date, ...]:
    return tuple(
        session.series_date for session in placed.sessions if session.series_date is not None
    )
