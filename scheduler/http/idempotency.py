"""A request with an Idempotency-Key is done once; whoever sends it again gets the same answer."""

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import msgspec
from aiohttp import web

from calendars.text import Text
from scheduler.http.answers import Answer
from scheduler.http.bodies import body_of
from scheduler.http.calls import bearer_token
from scheduler.http.faults import Fault, FaultyRequestError, printable, shown
from scheduler.http.routes import AnyRoute
from scheduler.http.sealing import seal, unseal
from scheduler.store import Transaction

IDEMPOTENCY_KEY: Final = "Idempotency-Key"
_KEY: Final = re.compile(r"[\x21-\x7e]{1,200}")


@dataclass(frozen=True, slots=True)
class Once:
    """What a request is known by. With `token` its answer is a secret, sealed with that token."""

    key: str
    fingerprint: bytes
    token: str | None

    async def recall(self, transaction: Transaction) -> Answer | None:
        """The answer it got before, if any; `ReusedKeyError` if the key was another request's."""
        kept = await transaction.remembered(self.key, self.fingerprint)
        if kept is None:
            return None
        plain = kept if self.token is None else unseal(kept, self.token)
        return msgspec.json.decode(plain, type=Answer)

    async def keep(self, transaction: Transaction, answer: Answer) -> None:
        """Remember the answer in the transaction that it acknowledges."""
        plain = msgspec.json.encode(answer)
        kept = plain if self.token is None else seal(plain, self.token)
        await transaction.remember(self.key, self.fingerprint, kept)


async def once_of(request: web.Request, route: AnyRoute) -> Once | None:
    """What the request is known by; None if its sender does not ask to be remembered.

    The same are method, address and body; the language and If-Match may differ.
    """
    key = request.headers.get(IDEMPOTENCY_KEY)
    if key is None:
        return None
    if not _KEY.fullmatch(key):
        detail = Text(
            "应为 1 到 200 个可见的 ASCII 字符。", "Expected 1 to 200 visible ASCII characters."
        )
        fault = Fault(pointer=IDEMPOTENCY_KEY, value=shown(printable(key)), detail=detail)
        raise FaultyRequestError((fault,))
    address = f"{request.method} {request.rel_url.raw_path_qs}\n".encode()
    fingerprint = sha256(address + await body_of(request)).digest()
    return Once(key, fingerprint, bearer_token(request) if route.tells_secret else None)
