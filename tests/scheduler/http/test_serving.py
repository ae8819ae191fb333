"""The end of a server: nobody who got through the door is sent away without an answer."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, closing
from functools import wraps
from typing import Any, Final

import pytest
import uvloop
from aiohttp import web

from calendars.text import InvalidValueError
from scheduler.http.app import make_app
from scheduler.http.operations import STOPPING
from scheduler.http.serving import let_in_the_last, listen, serve
from scheduler.store import Store
from scheduler.store.engines import open_engine
from tests.builders import NOW

HOST: Final = "127.0.0.1"
REQUEST: Final = b"GET /healthz HTTP/1.1\r\nHost: lianke\r\n\r\n"


def on_uvloop(claim: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """As the service runs: the loop of asyncio loses who is accepted while a listener closes."""

    @wraps(claim)
    def test() -> None:
        uvloop.run(claim())

    del test.__wrapped__  # pytest would take it for a coroutine
    return test


@asynccontextmanager
async def an_app() -> AsyncIterator[web.Application]:
    store = Store(open_engine("postgresql+asyncpg://lianke@127.0.0.1:1/lianke"))
    yield make_app(store, clock=lambda: NOW, address="https://lianke.example")
    await store.close()


def free_port() -> int:
    with closing(socket.create_server((HOST, 0))) as free:
        port: int = free.getsockname()[1]
        return port


async def status_on(connection: socket.socket) -> bytes:
    connection.settimeout(5)
    return (await asyncio.to_thread(connection.recv, 1000)).partition(b"\r\n")[0]


@on_uvloop
async def test_who_knocks_while_the_door_closes_is_let_in() -> None:
    async with an_app() as app:
        runner, listeners = web.AppRunner(app), listen(HOST, free_port())
        await runner.setup()
        for listener in listeners:
            await web.SockSite(runner, listener).start()
        address = listeners[0].getsockname()
        # No pause from here to the closed door: nobody can have accepted them before.
        knocking = [socket.create_connection(address) for _ in range(20)]
        for connection in knocking:
            connection.sendall(REQUEST)
        await let_in_the_last(runner, listeners)
        assert [await status_on(each) for each in knocking] == [b"HTTP/1.1 200 OK"] * 20
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address)
        for connection in knocking:
            connection.close()
        await runner.cleanup()


@on_uvloop
async def test_what_is_on_its_way_when_the_door_closes_is_answered() -> None:
    async with an_app() as app:
        port = free_port()
        served = asyncio.create_task(serve(app, host=HOST, port=port, drain_seconds=0))
        await asyncio.sleep(0.1)
        with closing(socket.create_connection((HOST, port))) as connection:
            app[STOPPING].set()
            await asyncio.sleep(0.1)
            connection.sendall(REQUEST)
            assert await status_on(connection) == b"HTTP/1.1 200 OK"
        await served


async def test_a_body_that_only_says_it_is_compressed_upsets_nobody(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with an_app() as app:
        port = free_port()
        served = asyncio.create_task(serve(app, host=HOST, port=port, drain_seconds=0))
        await asyncio.sleep(0.1)
        with closing(socket.create_connection((HOST, port))) as connection:
            connection.sendall(
                b"POST /healthz HTTP/1.1\r\nHost: lianke\r\nContent-Encoding: gzip\r\n"
                b"Content-Length: 8\r\n\r\nno gzip!"
            )
            assert await status_on(connection) == b"HTTP/1.1 405 Method Not Allowed"
        app[STOPPING].set()
        await served
    assert caplog.messages == []


def test_a_port_that_is_taken_is_named() -> None:
    with closing(socket.create_server((HOST, 0))) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InvalidValueError, match=f"Cannot serve at {HOST}:{port}"):
            listen(HOST, port)
