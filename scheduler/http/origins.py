"""From where a request comes: the reader's own address, also through a reverse proxy."""

from dataclasses import dataclass
from typing import Final

from aiohttp import web


@dataclass(frozen=True, slots=True, kw_only=True)
class Trusted:
    """Whom the operator trusts: hosts where robots may be called, and proxies that are believed."""

    robot_hosts: frozenset[str] = frozenset()
    proxies: frozenset[str] = frozenset()


TRUSTED: Final = web.AppKey("trusted", Trusted)
NOBODY: Final = Trusted()


def origin_of(request: web.Request) -> str:
    """The address of the client, as far as those can be believed who handed the request on."""
    forwarded = request.headers.get("X-Forwarded-For", "")
    return client_of(request.remote or "", forwarded, request.app[TRUSTED].proxies)


def client_of(peer: str, forwarded: str, trusted: frozenset[str]) -> str:
    """The last address of the way here that is not one of our proxies'.

    Each proxy adds whom it heard from at the end of X-Forwarded-For, so what stands before the
    first stranger, seen from here, may be invented.
    """
    way = [part.strip() for part in forwarded.split(",") if part.strip()]
    while peer in trusted and way:
        peer = way.pop()
    return peer[:64]
