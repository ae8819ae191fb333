"""Fetching a calendar from a server that may be anything: bounded, and never from within.

The names of every hop are looked up here, and the connection goes to the addresses that were
looked at: there is no moment at which a name could come to mean another.
"""

import asyncio
from dataclasses import dataclass
from socket import AF_UNSPEC, AddressFamily
from types import TracebackType
from typing import Final, Self

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from calendars.ics.reading import MAX_OCTETS, Refusal, UnreadableCalendarError
from calendars.text import Text
from scheduler.imports.addresses import (
    Allowed,
    RefusedAddressError,
    is_public,
    read_address,
    refused_host,
)
from scheduler.imports.unpacking import OddCodingError, TooLargeError, Unpacked

MAX_REDIRECTS: Final = 5
SECONDS: Final = 20.0

_REDIRECTS: Final = {301, 302, 303, 307, 308}
_NOT_MODIFIED: Final = 304
_OK: Final = 200
_PIECE: Final = 65_536
_HEADERS: Final = {
    "Accept": "text/calendar, text/plain;q=0.5, */*;q=0.1",
    "Accept-Encoding": "gzip, deflate, br",
    "User-Agent": "Lianke calendar reader",
}


class FetchError(Exception):
    """A calendar could not be fetched; the sentence names neither address nor secret."""

    def __init__(self, sentence: Text) -> None:
        super().__init__(sentence.en)
        self.sentence = sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the server called the calendar that was read last."""

    etag: str = ""
    modified: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A calendar as it came, uncompressed; `octets` is None where it has not changed."""

    octets: bytes | None
    etag: str = ""
    modified: str = ""


class PublicResolver(AbstractResolver):
    """Looks names up and keeps only public addresses, unless the host was allowed by name."""

    def __init__(self, looked_up: AbstractResolver, allowed: Allowed) -> None:
        self._looked_up = looked_up
        self._allowed = allowed

    async def resolve(
        self, host: str, port: int = 0, family: AddressFamily = AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses that may be called; `RefusedAddressError` if one may not."""
        found = await self._looked_up.resolve(host, port, family)
        if URL.build(scheme="http", host=host, port=port) in self._allowed:
            return found
        if not all(is_public(each["host"]) for each in found):
            raise refused_host()
        return found

    async def close(self) -> None:
        """Let go of the resolver behind this one."""
        await self._looked_up.close()


class CalendarFetcher:
    """Fetches calendars; knows no cookies, sends no credentials and follows its own redirects."""

    def __init__(
        self,
        allowed: Allowed,
        *,
        resolver: AbstractResolver | None = None,
        seconds: float = SECONDS,
    ) -> None:
        self._allowed = allowed
        self._resolver = PublicResolver(resolver or aiohttp.ThreadedResolver(), allowed)
        self._seconds = seconds
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(
            resolver=self._resolver, use_dns_cache=False, limit=20, force_close=True
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            headers=_HEADERS,
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def fetch(self, address: str, known: Known | None = None) -> Fetched:
        """The calendar at the address, or `FetchError`, or `UnreadableCalendarError` if too large.

        With `known` a server may answer that nothing has changed.
        """
        try:
            async with asyncio.timeout(self._seconds):
                return await self._follow(read_address(address, self._allowed), known)
        except TimeoutError:
            raise FetchError(_TOO_SLOW) from None
        except RefusedAddressError as error:
            raise FetchError(error.text) from None
        except OddCodingError:
            raise FetchError(_ODD_CODING) from None
        except TooLargeError:
            raise UnreadableCalendarError(Refusal.TOO_LARGE) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise FetchError(_unreachable(error)) from None

    async def _follow(self, url: URL, known: Known | None) -> Fetched:
        headers = {}
        if known is not None:
            headers = {"If-None-Match": known.etag, "If-Modified-Since": known.modified}
        sent = {name: value for name, value in headers.items() if value}
        assert self._session is not None  # noqa: S101 - fetched from within `async with`
        for _ in range(MAX_REDIRECTS + 1):
            async with self._session.get(url, allow_redirects=False, headers=sent) as answer:
                if answer.status not in _REDIRECTS:
                    return await _taken(answer)
                url = _next(url, answer.headers.get("Location", ""), self._allowed)
        raise FetchError(
            Text(
                f"地址转来转去，超过 {MAX_REDIRECTS} 次。",
                f"The address redirects more than {MAX_REDIRECTS} times.",
            )
        )


_ODD_CODING: Final = Text(
    "对方服务器的压缩内容无法解开。", "What the server sent compressed cannot be unpacked."
)
_TOO_SLOW: Final = Text("对方服务器太慢，没有读完。", "The server is too slow: it was given up.")


def _next(url: URL, location: str, allowed: Allowed) -> URL:
    if not location:
        raise FetchError(Text("转向没有给出地址。", "A redirect leads nowhere."))
    return read_address(str(url.join(URL(location))), allowed)


def _unreachable(error: Exception) -> Text:
    for cause in (error, error.__cause__, getattr(error, "os_error", None)):
        if isinstance(cause, RefusedAddressError):
            return cause.text
    name = type(error).__name__
    return Text(f"无法连接对方服务器（{name}）。", f"The server cannot be reached ({name}).")


async def _taken(answer: aiohttp.ClientResponse) -> Fetched:
    named = {
        "etag": answer.headers.get("ETag", "")[:200],
        "modified": answer.headers.get("Last-Modified", "")[:100],
    }
    if answer.status == _NOT_MODIFIED:
        return Fetched(octets=None, **named)
    if answer.status != _OK:
        raise FetchError(
            Text(
                f"对方服务器的应答是 HTTP {answer.status}。",
                f"The server answered HTTP {answer.status}.",
            )
        )
    unpacked = Unpacked(answer.headers.get("Content-Encoding", ""), MAX_OCTETS)
    async for piece in answer.content.iter_chunked(_PIECE):
        unpacked.add(piece)
    return Fetched(octets=unpacked.octets, **named)
