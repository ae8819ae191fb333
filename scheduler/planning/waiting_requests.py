"""Requests that wait: put on the list by a plan or by hand, and offered the first place that does.

A request and what goes with it are placed as a plan would place them, but beside everything that is
booked, and whoever waits is asked.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from calendars.slots import Slot
from calendars.text import Text
from scheduler.allocation.alike import Alike
from scheduler.allocation.allocating import allocate
from scheduler.allocation.chains import ties_of
from scheduler.allocation.options import options_of
from scheduler.allocation.problem import Problem, term_of
from scheduler.booking import waiting_notices
from scheduler.booking.waiting_requests import has_dates, put_on_list, request_of
from scheduler.errors import StateError
from scheduler.model import (
    Actor,
    Placement,
    Request,
    RequestId,
    RequestState,
    Session,
    Waiting,
    WaitingId,
    WaitingState,
)
from scheduler.planning.laying_out import Judged, grounds_of, judge_placements, lay_out
from scheduler.planning.loading import every_request, problem_of
from scheduler.planning.taking_up import book_laid
from scheduler.store import Store, Surroundings, Transaction

SEARCH_SECONDS: Final = 5.0
"""For one request, or one chain, beside all that is booked: most need a tenth of one."""
SEED: Final = 1
_BEFORE: Final = timedelta(days=60)
"""How long before it a session may have been held that one to come goes with (`After`)."""


class Tried(dict[WaitingId, Surroundings]):
    """How everything around a request stood when no place was found for it."""


async def join_with_request(transaction: Transaction, id: RequestId) -> Waiting:
    """Let an open request wait; `StateError` if it is not, or waits already with its chain."""
    request = (await transaction.get(Request, id)).record
    if request.state is not RequestState.OPEN:
        raise StateError(
            f"需求“{request.title}”不在待排（{request.state}），不必候补。",
            f"The request “{request.title}” is {request.state}: it waits for no place.",
        )
    chain = {each.id for each in _chain_of(request, await every_request(transaction))}
    if chain & await _waiting_requests(transaction):
        raise StateError(
            f"需求“{request.title}”（或与它配套的需求）已在候补。",
            f"The request “{request.title}”, or one that it goes with, waits already.",
        )
    return await put_on_list(transaction, request)


async def let_wait(
    transaction: Transaction, unplaced: Mapping[RequestId, Sequence[Text]]
) -> tuple[Waiting, ...]:
    """Put on the list what a plan has left out and is open still, each chain once.

    Not what has too few dates left for a series anyhow.
    """
    known, books = await every_request(transaction), await transaction.books()
    waiting, joined = await _waiting_requests(transaction), []
    for request in known:
        if request.id not in unplaced or request.state is not RequestState.OPEN:
            continue
        chain = _chain_of(request, known)
        if not all(has_dates(each, books, transaction.now) for each in chain):
            continue
        if waiting.isdisjoint(each.id for each in chain):
            first = max(chain, key=_has_pupils)
            joined.append(await put_on_list(transaction, first, unplaced[request.id]))
            waiting |= {each.id for each in chain}
    return tuple(joined)


async def offer_to_request(
    store: Store, id: WaitingId, clock: Callable[[], datetime], actor: Actor, tried: Tried
) -> Waiting | None:
    """Hold for the request the best place that takes all of it; None if there is none.

    It is sought and judged before the transaction that books it. As long as everything stands as
    it did when none was found, in `tried`, it is not sought again.
    """
    async with store.read(now=clock()) as transaction:
        waiting = await transaction.waiting(id)
        if waiting.state is not WaitingState.WAITING:
            return None
        request = await request_of(transaction, waiting)
        known = await every_request(transaction)
        chain = _chain_of(request, known)
        around = await transaction.surroundings(_with_partners(chain, known))
        if tried.get(id) == around:
            return None
        problem = await problem_of(transaction, chain, within=await _term(transaction, chain))
    placements = await asyncio.to_thread(_places, problem)
    if placements:
        judged = await judge_placements(
            store, placements, actor=waiting.filer, now=clock(), ask=waiting.school
        )
        offer = partial(_offer, waiting=waiting, judged=judged, placements=placements)
        if (offered := await store.write(offer, actor=actor, now=clock())) is not None:
            return offered
    tried[id] = around
    return None


async def _offer(
    transaction: Transaction, waiting: Waiting, judged: Judged, placements: Sequence[Placement]
) -> Waiting | None:
    """All of it held and everybody told, unless today's ledger has no place for a part of it."""
    before = await transaction.waiting(waiting.id)
    if before != waiting:
        return None
    grounds = await grounds_of(transaction, placements, lock=True)
    laid = judged.laid
    if judged.grounds != grounds:
        laid = await asyncio.to_thread(lay_out, grounds, waiting.filer, ask=waiting.school)
    if any(each.refusal or each.conflicts or each.lone for each in laid):
        return None
    books = await transaction.books()
    sessions: list[Session] = []
    for each in laid:
        assert each.stored is not None  # noqa: S101 - else it were refused
        booked = await book_laid(transaction, each.stored, each, books, ask=waiting.school)
        sessions += (session for series in booked for session in series.booked)
    requests = tuple(each.request for each in laid)
    offered = replace(before, state=WaitingState.OFFERED, offered_requests=requests)
    offered = await transaction.replace_waiting(before, offered)
    sessions.sort(key=lambda each: each.slot)
    told = waiting_notices.offered(offered, sessions, books[waiting.school], transaction.now)
    await transaction.add_notices(told)
    return offered


def _places(problem: Problem) -> tuple[Placement, ...]:
    """Where all of these requests would be held; nothing unless there is a place for each."""
    alike = Alike(problem)
    if not all(options_of(each, problem, alike).found for each in problem.requests):
        return ()
    found = allocate(problem, seconds=SEARCH_SECONDS, seed=SEED)
    return () if found.unplaced else found.placements


def _chain_of(request: Request, known: Iterable[Request]) -> tuple[Request, ...]:
    """The request with all open ones that it goes with, and those that go with them."""
    open_ones = {each.id: each for each in known if each.state is RequestState.OPEN}
    ties, chain = ties_of(open_ones.values()), {request.id}
    while more := {
        one
        for tie in ties
        for one, other in ((tie.earlier, tie.later), (tie.later, tie.earlier))
        if other in chain and one not in chain and one in open_ones
    }:
        chain |= more
    return tuple(each for each in open_ones.values() if each.id in chain)


def _with_partners(chain: Collection[Request], known: Collection[Request]) -> tuple[Request, ...]:
    """The chain, and what is placed already that it goes with."""
    own = {each.id for each in chain}
    named = {
        one
        for tie in ties_of(known)
        for one in (tie.earlier, tie.later)
        if own & {tie.earlier, tie.later}
    }
    return tuple(each for each in known if each.id in own | named)


def _has_pupils(request: Request) -> bool:
    return any(site.class_groups for site in request.sites)


async def _waiting_requests(transaction: Transaction) -> set[RequestId]:
    """Those that are on the list themselves, with all that they go with."""
    listed = await transaction.waiting_list()
    return {each.request for each in listed if each.request is not None}


async def _term(transaction: Transaction, requests: Sequence[Request]) -> Slot:
    """The time in which they could be held, with what they may have to go with before it."""
    books, now = await transaction.books(), transaction.now
    terms = [term for each in requests if (term := term_of(each, books)) is not None]
    last = max((term.last_day for term in terms), default=now.date())
    zone = ZoneInfo((await transaction.alliance()).alliance.zone)
    ends = datetime.combine(last, time(), zone) + timedelta(days=1)
    return Slot(now - _BEFORE, max(ends, now))
