"""A round over the waiting list: what has become free is offered to those whose turn it is."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import TypeVar

from scheduler.booking.waiting import Turn, look_at_list, offer_place
from scheduler.booking.waiting_settled import OPEN, settle_waiting
from scheduler.errors import ForbiddenError, StaleError
from scheduler.model import Actor, Waiting, WaitingId
from scheduler.planning.waiting_requests import Tried, offer_to_request
from scheduler.store import Store

T = TypeVar("T")


async def offer_freed_places(
    store: Store, clock: Callable[[], datetime], actor: Actor, tried: Tried | None = None
) -> None:
    """Offer places to those whose turn it is, after noting what became of earlier offers.

    A wish that cannot be dealt with holds up no other; all that failed is raised at the end. What
    was `tried` in an earlier round for requests is not tried again as long as nothing changes.
    """
    tried = Tried() if tried is None else tried
    async with store.read(now=clock()) as transaction:
        listed = [each.id for each in await transaction.waiting_list(states=OPEN)]
    for gone in tried.keys() - set(listed):
        del tried[gone]

    async def settle(named: Sequence[WaitingId]) -> tuple[Waiting, ...]:
        return await store.write(partial(settle_waiting, named=named), actor=actor, now=clock())

    async def look(named: Sequence[WaitingId]) -> tuple[Turn, ...]:
        async with store.read(now=clock()) as transaction:
            read = await look_at_list(transaction, named=named)
        return await asyncio.to_thread(read)

    failures: list[Exception] = []
    await _all_or_each(settle, listed, failures)
    for turn in await _all_or_each(look, listed, failures):
        if turn.reasons or turn.waiting.rests(clock()):
            continue
        # Somebody was quicker, or the filer may not arrange this any more: others go on.
        try:
            with suppress(StaleError, ForbiddenError):
                if turn.waiting.request is not None:
                    await offer_to_request(store, turn.waiting.id, clock, actor, tried)
                    continue
                offer = partial(offer_place, id=turn.waiting.id)
                await store.write(offer, actor=actor, now=clock())
        except Exception as error:  # noqa: BLE001 - whatever it is, others go on
            failures.append(error)
    if failures:
        raise ExceptionGroup("Some wishes on the waiting list could not be dealt with.", failures)


async def _all_or_each(
    work: Callable[[Sequence[WaitingId]], Awaitable[Sequence[T]]],
    named: Sequence[WaitingId],
    failures: list[Exception],
) -> Sequence[T]:
    """What the work on all of them brings; if it fails, that on each of them, which may fail."""
    if not named:
        return ()
    try:
        return await work(named)
    except Exception as error:  # noqa: BLE001 - whatever it is, it must not stop the others
        if len(named) == 1:
            if not isinstance(error, StaleError):  # another process was quicker
                failures.append(error)
            return ()
    return [found for each in named for found in await _all_or_each(work, [each], failures)]
