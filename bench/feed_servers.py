"""Those that serve the calendar of a thousand lessons, each in a process of its own.

`python -m bench.feed_servers whole URL` is the service itself; `bare URL TOKEN` the least that
aiohttp can do with the same octets; `radicale FOLDER` Radicale as it comes.
"""

import asyncio
import os
import socket
import sys
from contextlib import closing
from datetime import UTC, datetime

import uvloop
from aiohttp import web

from scheduler.feeds import Feed, Feeds
from scheduler.http.app import make_app
from scheduler.http.at_hand import answer_polls_first
from scheduler.http.logs import configure_logs
from scheduler.store import Store

NOW = datetime(2026, 8, 20, 1, 0, tzinfo=UTC)


async def whole(url: str) -> None:
    """Everything that a request meets in the service."""
    store = await Store.open(url)
    configure_logs()
    await serve(make_app(store, clock=lambda: NOW, address="http://127.0.0.1"))


async def bare(url: str, token: str) -> None:
    """The same octets, the same headers, no question asked."""
    store = await Store.open(url)
    feed = await Feeds(store).read(token, now=NOW)
    await store.close()
    await serve(an_app_of(feed), is_bare=True)


def an_app_of(feed: Feed) -> web.Application:
    tag = f'"{feed.tag}-gzip"'
    headers = {
        "Cache-Control": "private, max-age=0, must-revalidate",
        "ETag": tag,
        "Last-Modified": "Thu, 20 Aug 2026 01:00:00 GMT",
        "Vary": "Accept-Encoding",
    }
    full = headers | {
        "Content-Type": "text/calendar; charset=utf-8",
        "Content-Disposition": f'inline; filename="{feed.filename}"',
        "Content-Encoding": "gzip",
    }

    async def answer(request: web.Request) -> web.Response:
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304, headers=headers)
        return web.Response(body=feed.gzip, headers=full)

    app = web.Application()
    app.router.add_get("/feeds/{token}.ics", answer)
    return app


async def serve(app: web.Application, *, is_bare: bool = False) -> None:
    """Serve on a free port, which is printed, until the parent ends us."""
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    if not is_bare:
        answer_polls_first(runner)
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


def radicale(folder: str) -> None:
    """Radicale with its defaults, but that everybody may read and write."""
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    print(port, flush=True)
    settings = (
        *("--config", "", "--server-hosts", f"127.0.0.1:{port}", "--auth-type", "none"),
        *("--rights-type", "authenticated", "--storage-filesystem-folder", folder),
        *("--logging-level", "error"),
    )
    os.execv(sys.executable, (sys.executable, "-m", "radicale", *settings))  # noqa: S606 - no shell


if __name__ == "__main__":
    match sys.argv[1:]:
        case "whole", url:
            uvloop.run(whole(url))
        case "bare", url, token:
            uvloop.run(bare(url, token))
        case "radicale", folder:
            radicale(folder)
