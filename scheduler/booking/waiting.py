"""The waiting list: what cannot be placed waits, and who comes first is offered what frees.

Nobody reports what frees: a look at the list finds whose whole need fits now, whatever made room.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from uuid import uuid4

from calendars.slots import Slot
from scheduler.access import require_sessions_of
from scheduler.booking import notices, waiting_notices
from scheduler.booking.places import Wanted, find_places
from scheduler.booking.priority import turn_of
from scheduler.booking.revisions import require_revision
from scheduler.conflicts import find_conflicts
from scheduler.errors import ClashError, ForbiddenError, StaleError, StateError
from scheduler.model import (
    Actor,
    Booking,
    Conflict,
    Role,
    SessionId,
    SessionState,
    Waiting,
    WaitingId,
    WaitingState,
    WaitingWish,
)
from scheduler.placing import draft, outlines
from scheduler.schools import Situation
from scheduler.store import Store, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A wish on the list, its position (None: it waits no more) and why it does not fit now."""

    waiting: Waiting
    position: int | None
    reasons: tuple[Conflict, ...] = ()


async def join(transaction: Transaction, wish: WaitingWish) -> Waiting:
    """Wait for any of the times; `StateError` if one of them can be booked right now.

    The coordinator's school waits, or for the office that which leads.
    """
    await transaction.require(wish)
    booking, actor = wish.booking, transaction.actor
    lead = next(site.school for site in booking.sites if site.role is Role.LEAD)
    waiting = Waiting(
        booking=booking,
        also_at=wish.also_at,
        id=WaitingId(uuid4().hex),
        school=actor.school or lead,
        filed_by=actor.name,
        filed_as=actor.role,
        filed_at=transaction.now,
    )
    for slot in waiting.slots:
        try:
            await find_places(transaction, _wanted(waiting, slot))
        except ClashError:
            continue
        raise StateError(
            f"{slot.starts.isoformat()} 现在就可以预约，不必候补。",
            f"{slot.starts.isoformat()} can be booked right now: there is no need to wait.",
        )
    await transaction.add_waiting(waiting)
    return waiting


async def leave(transaction: Transaction, id: WaitingId, revision: int) -> Waiting:
    """Take a wish off the list. An offer is answered instead, as any held session is."""
    before = await transaction.waiting(id)
    require_revision(before.revision, revision)
    require_sessions_of(transaction.actor, [before.school])
    if before.state is not WaitingState.WAITING:
        raise StateError(
            f"“{before.booking.title}”已不在候补；如已有暂留的位置，请直接确认或谢绝。",
            f"“{before.booking.title}” waits no more: an offer is confirmed or declined.",
        )
    return await transaction.replace_waiting(before, replace(before, state=WaitingState.LEFT))


async def look_at_list(
    transaction: Transaction, states: Sequence[WaitingState] = (WaitingState.WAITING,)
) -> Callable[[], tuple[Turn, ...]]:
    """What reads the list in its order, with the reasons of this moment; call it in a thread."""
    found = await transaction.waiting_list(states=states)
    if not found:
        return tuple
    books = await transaction.books({site.school for each in found for site in each.booking.sites})
    books |= await transaction.books({each.school for each in found})
    queue = sorted(found, key=lambda each: turn_of(each, books[each.school].school))
    sketches = [
        sketch
        for each in queue
        if each.state is WaitingState.WAITING
        for slot in each.slots
        for sketch in outlines(_at(each, slot), books, id=SessionId(each.id), now=transaction.now)
    ]
    situation = await transaction.situation(sketches)
    return partial(_read, queue, situation, transaction.now)


async def offer_freed_places(store: Store, clock: Callable[[], datetime], actor: Actor) -> None:
    """Offer places to those whose turn it is, after noting what became of earlier offers."""
    async with store.read(now=clock()) as transaction:
        anything = await transaction.waiting_list(
            states=(WaitingState.WAITING, WaitingState.OFFERED)
        )
    if not anything:
        return
    await store.write(settle_waiting, actor=actor, now=clock())
    async with store.read(now=clock()) as transaction:
        read = await look_at_list(transaction)
    for turn in await asyncio.to_thread(read):
        if turn.reasons:
            continue
        offer = partial(offer_place, id=turn.waiting.id)
        # Somebody was quicker, or the filer may not arrange this any more: others go on.
        with suppress(StaleError, ForbiddenError):
            await store.write(offer, actor=actor, now=clock())


async def settle_waiting(transaction: Transaction) -> tuple[Waiting, ...]:
    """Write down what became of offers, and whose time has passed; those that wait no more."""
    settled = []
    for before in await transaction.waiting_list(
        states=(WaitingState.WAITING, WaitingState.OFFERED)
    ):
        state = await _became(transaction, before)
        if state is None:
            continue
        after = await transaction.replace_waiting(before, replace(before, state=state))
        if state is WaitingState.PASSED:
            books = await transaction.books([before.school])
            await transaction.add_notices(
                waiting_notices.passed(after, books[before.school], transaction.now)
            )
        settled.append(after)
    return tuple(settled)


async def offer_place(transaction: Transaction, id: WaitingId) -> Waiting | None:
    """Hold for the wish the first of its times at which all of it fits; None if there is none.

    The school that waits is asked even where it keeps open hours, for it may have made other plans.
    """
    before = await transaction.waiting(id)
    if before.state is not WaitingState.WAITING or await _is_held_otherwise(transaction, before):
        return None
    for slot in before.slots:
        if slot.starts <= transaction.now:
            continue
        try:
            (session,), situation = await find_places(
                transaction, _wanted(before, slot), actor=before.filer
            )
        except ClashError:
            continue
        session = replace(session, series=before.series, series_date=before.series_date)
        await transaction.add_session(session)
        offered = await transaction.replace_waiting(
            before, replace(before, state=WaitingState.OFFERED, session=session.id)
        )
        await transaction.add_notices(
            (
                *waiting_notices.offered(offered, session, situation.schools, transaction.now),
                *notices.booked(session, situation.schools, transaction.now),
            )
        )
        return offered
    return None


def _at(waiting: Waiting, slot: Slot) -> Booking:
    return replace(waiting.booking, slot=slot)


def _wanted(waiting: Waiting, slot: Slot) -> Wanted:
    return Wanted(id=SessionId(uuid4().hex), booking=_at(waiting, slot), ask=waiting.school)


def _read(queue: Sequence[Waiting], situation: Situation, now: datetime) -> tuple[Turn, ...]:
    turns, position = [], 0
    for each in queue:
        if each.state is not WaitingState.WAITING:
            turns.append(Turn(waiting=each, position=None))
            continue
        position += 1
        reasons = _reasons(each, situation, now)
        turns.append(Turn(waiting=each, position=position, reasons=reasons))
    return tuple(turns)


def _reasons(waiting: Waiting, situation: Situation, now: datetime) -> tuple[Conflict, ...]:
    """What is in the way at the best time still to come; nothing if any of the times fits."""
    told: list[tuple[Conflict, ...]] = []
    for slot in waiting.slots:
        if slot.starts > now:
            session = draft(_at(waiting, slot), situation, id=SessionId(waiting.id), now=now)
            told.append(find_conflicts(session, situation, now=now))
    return () if () in told else next(iter(told), ())


async def _became(transaction: Transaction, waiting: Waiting) -> WaitingState | None:
    """What has become of it since; None if it goes on waiting, or waits for an answer."""
    if waiting.session is None:
        if await _is_held_otherwise(transaction, waiting):
            return WaitingState.LEFT
        return WaitingState.PASSED if waiting.is_past(transaction.now) else None
    session = await transaction.session(waiting.session)
    if session.state is SessionState.CONFIRMED:
        return WaitingState.TAKEN
    if session.state is SessionState.CANCELLED:
        return WaitingState.DECLINED
    return None if session.is_live(transaction.now) else WaitingState.LAPSED


async def _is_held_otherwise(transaction: Transaction, waiting: Waiting) -> bool:
    """Whether the date of its series has been given another place meanwhile."""
    if waiting.series is None:
        return False
    return any(
        session.series_date == waiting.series_date and session.is_live(transaction.now)
        for session in await transaction.sessions(
            series=waiting.series, states=(SessionState.HELD, SessionState.CONFIRMED), limit=None
        )
    )
