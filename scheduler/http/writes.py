"""How every change is made: one transaction for it, its audit row and its remembered answer."""

import re
from dataclasses import replace
from hashlib import sha256
from http import HTTPStatus
from typing import Any, Final

import msgspec
from aiohttp import web

from calendars.text import Text
from scheduler.errors import ClashError
from scheduler.http.answers import Answer
from scheduler.http.bodies import body_of
from scheduler.http.calls import CLOCK, STORE, answer_of, authenticate, bearer_token, read_call
from scheduler.http.faults import Fault, FaultyRequestError, printable, shown
from scheduler.http.queries import is_dry_run
from scheduler.http.routes import AnyRoute, Call
from scheduler.http.sealing import seal, unseal
from scheduler.store import Store, Transaction

IDEMPOTENCY_KEY: Final = "Idempotency-Key"
MARK_OF_DRY_RUN: Final = "Dry-Run"
_KEY: Final = re.compile(r"[\x21-\x7e]{1,200}")


async def answer_change(request: web.Request, route: AnyRoute) -> Answer:
    """Change something once: the same key and body again get the same answer, byte for byte.

    A dry run answers what would be, says so in a header, and keeps nothing, not even the key.
    Refusals are not remembered: asked again, they may have gone.
    """
    store, now = request.app[STORE], request.app[CLOCK]()
    async with store.read(now=now) as transaction:
        actor = await authenticate(transaction, request)
    dry_run, key = is_dry_run(request), _idempotency_key(request)
    call = await read_call(request, route, actor)
    fingerprint, token = await _fingerprint(request), bearer_token(request)

    async def change(transaction: Transaction) -> Answer:
        remembers = key is not None and not dry_run
        if remembers and (kept := await transaction.remembered(key or "", fingerprint)):
            return _recalled(kept, token if route.tells_secret else None)
        answer = answer_of(request, route, await route.run(transaction, call))
        if remembers:
            kept = _kept(answer, token if route.tells_secret else None)
            await transaction.remember(key or "", fingerprint, kept)
        return answer

    try:
        answer = await store.write(change, actor=actor, now=now, dry_run=dry_run)
    except ClashError as clash:
        raise await _with_alternatives(store, route, call, clash, request) from None
    return _marked(answer) if dry_run else answer


def _kept(answer: Answer, token: str | None) -> bytes:
    plain = msgspec.json.encode(answer)
    return plain if token is None else seal(plain, token)


def _recalled(kept: bytes, token: str | None) -> Answer:
    return msgspec.json.decode(kept if token is None else unseal(kept, token), type=Answer)


async def _with_alternatives(
    store: Store,
    route: AnyRoute,
    call: Call[Any, Any],
    clash: ClashError,
    request: web.Request,
) -> ClashError:
    """The clash with what would work instead, as things are after the refusal."""
    if route.alternatives is None or clash.alternatives:
        return clash
    async with store.read(now=request.app[CLOCK]()) as transaction:
        return ClashError(clash.conflicts, await route.alternatives(transaction, call))


def _idempotency_key(request: web.Request) -> str | None:
    key = request.headers.get(IDEMPOTENCY_KEY)
    if key is None or _KEY.fullmatch(key):
        return key
    detail = Text(
        "应为 1 到 200 个可见的 ASCII 字符。", "Expected 1 to 200 visible ASCII characters."
    )
    fault = Fault(pointer=IDEMPOTENCY_KEY, value=shown(printable(key)), detail=detail)
    raise FaultyRequestError((fault,))


async def _fingerprint(request: web.Request) -> bytes:
    """What makes two requests the same: method, address and body, not the language or If-Match."""
    address = f"{request.method} {request.rel_url.raw_path_qs}\n".encode()
    return sha256(address + await body_of(request)).digest()


def _marked(answer: Answer) -> Answer:
    # Nothing was stored, so there is no address and no state to name.
    headers = {
        name: value for name, value in answer.headers.items() if name not in {"Location", "ETag"}
    }
    status = HTTPStatus.OK if answer.body else answer.status
    return replace(answer, status=status, headers=headers | {MARK_OF_DRY_RUN: "true"})
