"""A server that stops as it should: what was accepted is answered, and nobody is cut off.

Closing a listener resets whoever has connected and was not accepted yet, and closing an idle
connection resets whoever is just about to ask again on it. So the end comes in four steps: say so
(`/readyz` answers 503, every answer asks to close its connection) while still serving; accept
whoever has connected by then; wait a moment for what they are sending; and answer all of it. This
counts on uvloop: asyncio's own loop loses whom it accepts at the moment its listener is closed.
"""

import asyncio
import socket
from collections.abc import Sequence
from typing import Final, cast

from aiohttp import web

from calendars.text import InvalidValueError
from scheduler.http.at_hand import answer_polls_first
from scheduler.http.operations import STOPPING

BACKLOG: Final = 1024
"""How many connections the kernel keeps until they are accepted; the system may allow fewer."""
ON_THEIR_WAY_SECONDS: Final = 0.2
"""How long a request may take from its connection to its first byte, once the end is near."""
ANSWER_SECONDS: Final = 20.0
"""How long the answers to the last requests may take, and no longer."""


async def serve(app: web.Application, *, host: str, port: int, drain_seconds: float) -> None:
    """Serve until `app[STOPPING]` is set and everybody who was let in has an answer.

    For `drain_seconds` after that requests are still let in, so that a proxy which asks `/readyz`
    can turn elsewhere. `InvalidValueError` if the port cannot be had.
    """
    listeners = listen(host, port)
    # A compressed body is refused: nobody unpacks what is not read.
    runner = web.AppRunner(
        app, access_log=None, shutdown_timeout=ANSWER_SECONDS, auto_decompress=False
    )
    await runner.setup()
    answer_polls_first(runner)
    try:
        for listener in listeners:
            await web.SockSite(runner, listener, backlog=BACKLOG).start()
        await app[STOPPING].wait()
        await asyncio.sleep(drain_seconds)
        await let_in_the_last(runner, listeners)
        await asyncio.sleep(ON_THEIR_WAY_SECONDS)
    finally:
        await runner.cleanup()


def listen(host: str, port: int) -> Sequence[socket.socket]:
    """A listener on each address of the host."""
    listeners = []
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, _, _, _, address in dict.fromkeys(found):
            listeners.append(socket.create_server(address, family=family, backlog=BACKLOG))
            listeners[-1].settimeout(0)
    except OSError as error:
        where = f"{host}:{port}"
        raise InvalidValueError(
            f"无法在 {where} 提供服务：{error}；请换一个 LIANKE_HOST 或 LIANKE_PORT。",
            f"Cannot serve at {where}: {error}. Choose another LIANKE_HOST or LIANKE_PORT.",
        ) from error
    return listeners


async def let_in_the_last(runner: web.AppRunner, listeners: Sequence[socket.socket]) -> None:
    """Accept all who have connected and close the door, without a pause between the two."""
    connections = [connection for listener in listeners for connection in _waiting(listener)]
    for site in runner.sites:
        await site.stop()
    loop, server = asyncio.get_running_loop(), cast("web.Server", runner.server)
    for connection in connections:
        await loop.connect_accepted_socket(server, connection)


def _waiting(listener: socket.socket) -> list[socket.socket]:
    found = []
    while True:
        try:
            found.append(listener.accept()[0])
        except BlockingIOError:
            return found
