"""How every change is made: one transaction for it, its audit row and its remembered answer."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web

from scheduler.errors import ClashError, SchedulerError
from scheduler.http.answers import Answer
from scheduler.http.calls import CLOCK, STORE, answer_of, authenticate, read_call
from scheduler.http.idempotency import once_of
from scheduler.http.queries import is_dry_run, reason_of
from scheduler.http.routes import AnyRoute, Call
from scheduler.store import Transaction

MARK_OF_DRY_RUN: Final = "Dry-Run"


async def answer_change(request: web.Request, route: AnyRoute) -> Answer:
    """Change something once: the same key and body again get the same answer, byte for byte.

    A dry run answers what would be, says so in a header, and keeps nothing, not even the key.
    Refusals are not remembered: asked again, they may have gone.
    """
    store, now = request.app[STORE], request.app[CLOCK]()
    async with store.read(now=now) as transaction:
        actor = await authenticate(transaction, request)
    dry_run, asked_once = is_dry_run(request), await once_of(request, route)
    reason = reason_of(request)
    once = None if dry_run else asked_once
    call = await read_call(request, route, actor)
    if route.prepare is not None:
        call = replace(call, body=await route.prepare(request.app, call))

    async def change(transaction: Transaction) -> Answer | Callable[[], object]:
        if once is not None and (known := await once.recall(transaction)):
            return known
        value = await route.run(transaction, call)
        if callable(value):
            return value
        answer = answer_of(request, route, value)
        if once is not None:
            await once.keep(transaction, answer)
        return answer

    try:
        answer = await store.write(change, actor=actor, now=now, dry_run=dry_run, reason=reason)
    except SchedulerError as error:
        # The same request, sent twice at once, may have been answered while this one waited.
        if once is not None and (known := await store.write(once.recall, actor=actor, now=now)):
            return known
        if isinstance(error, ClashError):
            raise await _with_alternatives(request, route, call, error) from None
        raise
    if callable(answer):
        answer = answer_of(request, route, await asyncio.to_thread(answer))
    return _marked(answer) if dry_run else answer


async def _with_alternatives(
    request: web.Request, route: AnyRoute, call: Call[Any, Any], clash: ClashError
) -> ClashError:
    """The clash with what would work instead, as things are after the refusal."""
    if route.alternatives is None or clash.alternatives:
        return clash
    store, now = request.app[STORE], request.app[CLOCK]()
    async with store.read(now=now) as transaction:
        find = await route.alternatives(transaction, call)
    found = await asyncio.to_thread(find)
    if route.making_room is not None:
        async with store.read(now=now) as transaction:
            make_room = await route.making_room(transaction, call, found)
        if make_room is not None:
            found = (*await asyncio.to_thread(make_room), *found)
    return ClashError(clash.conflicts, found)


def _marked(answer: Answer) -> Answer:
    # Nothing was stored, so there is no address and no state to name.
    headers = {
        name: value for name, value in answer.headers.items() if name not in {"Location", "ETag"}
    }
    status = HTTPStatus.OK if answer.body else answer.status
    return replace(answer, status=status, headers=headers | {MARK_OF_DRY_RUN: "true"})
