"""A calendar server on this machine that misbehaves in every way, and names that lead to it."""

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from socket import AF_INET, AddressFamily
from typing import Final

import brotli
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.test_utils import TestServer

from scheduler.imports import Allowed, CalendarFetcher, CalendarReader

HOST: Final = "calendar.example.cn"
PLAIN: Final = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:\xe7\x9c\x8b\xe7\x89\x99\r\n"
    b"DTSTART:20260908T060000Z\r\nDTEND:20260908T064000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
"""An event on TUESDAY at 14:00 in Shanghai, with a title that is nobody's business."""
SECRET: Final = "s3cret-path"  # noqa: S105 - leads to this machine only
ENOUGH: Final = 20


class Names(AbstractResolver):
    """Where names lead: to this machine, unless a test says otherwise, call by call."""

    def __init__(self, **addresses: list[str]) -> None:
        self.addresses = {name.replace("_", "."): found for name, found in addresses.items()}
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: AddressFamily = AF_INET
    ) -> list[ResolveResult]:
        self.asked.append(host)
        answers = self.addresses.get(host, ["127.0.0.1"])
        address = answers.pop(0) if len(answers) > 1 else answers[0]
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)
        ]

    async def close(self) -> None:
        pass


@dataclass
class CalendarServer:
    """What it answers with next, and what it was asked."""

    port: int = 0
    octets: bytes = PLAIN
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    names: Names = field(default_factory=Names)
    reader: CalendarReader = field(default_factory=CalendarReader)

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.port}/{SECRET}.ics"

    @property
    def allowed(self) -> Allowed:
        return Allowed(frozenset({f"{HOST}:{self.port}"}))

    def url(self, path: str) -> str:
        return f"http://{HOST}:{self.port}/{path}"

    def fetcher(self, seconds: float = 20) -> CalendarFetcher:
        return CalendarFetcher(self.allowed, resolver=self.names, seconds=seconds)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(dict(request.headers))
        known = request.headers.get("If-None-Match")
        if known is not None and known == self.headers.get("ETag"):
            return web.Response(status=304)
        return web.Response(status=self.status, body=self.octets, headers=self.headers)

    async def lead_on(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(dict(request.headers))
        headers = {"Set-Cookie": "session=1"}
        if "to" in request.query:
            headers["Location"] = request.query["to"]
        return web.Response(status=302, headers=headers)

    async def compress(self, request: web.Request) -> web.StreamResponse:
        coding = request.match_info["coding"]
        packed = PACKED[coding](self.octets)
        if "cut" in request.query:
            packed = packed[:-9]
        return web.Response(body=packed, headers={"Content-Encoding": coding})

    async def go_on(self, request: web.Request) -> web.StreamResponse:
        """For ever, fast; or with `drip` a little at a time."""
        answer = web.StreamResponse()
        await answer.prepare(request)
        while True:
            await answer.write(b"X" if "drip" in request.query else b"X" * 100_000)
            if "drip" in request.query:
                await asyncio.sleep(0.05)


def bomb(packed: Callable[[bytes], bytes]) -> bytes:
    """Little that becomes much."""
    return packed(PLAIN + b"X" * 60_000_000)


PACKED: Final[dict[str, Callable[[bytes], bytes]]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": lambda octets: brotli.compress(octets, quality=1),
    "zstd": lambda octets: octets,
    "identity": lambda octets: octets,
}


@asynccontextmanager
async def open_calendar_server() -> AsyncIterator[CalendarServer]:
    calendars = CalendarServer()
    app = web.Application()
    app.router.add_get("/lead", calendars.lead_on)
    app.router.add_get("/on", calendars.go_on)
    app.router.add_get("/packed/{coding}", calendars.compress)
    app.router.add_get("/{name}", calendars.answer)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    calendars.port = server.port or 0
    try:
        yield calendars
    finally:
        await server.close()
