"""What does a feed of 1,000 events cost: asked again, asked in vain, and after one change?

The service as it is, against a bare aiohttp handler that returns the same prebuilt bytes, in one
run, each in a process of its own on SQLite. Other programs on the machine disturb requests a second
more than processor time, so the ratios are of the server's processor time per request.
"""

import asyncio
import os
import selectors
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter, process_time

import uvloop
from aiohttp import web

sys.path.insert(0, str(Path(__file__).parents[1]))

from calendars.slots import Slot
from scheduler.feeds import Feed, Feeds, SubscriptionWish
from scheduler.http.app import make_app
from scheduler.http.logs import configure_logs
from scheduler.model import Role, Scope, Session
from scheduler.store import Store, Transaction
from tests.builders import a_session, a_site
from tests.scheduler.feeding import change, opened, settle, write

NOW = datetime(2026, 8, 20, 1, 0, tzinfo=UTC)
EVENTS, REQUESTS, WARM_UP, CONNECTIONS, RUNS = 1000, 3000, 200, 4, 9
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Question:
    """One kind of request, as its bytes."""

    name: str
    octets: bytes


def lessons() -> list[Session]:
    """A thousand lessons of JS, four a day."""
    sites = (a_site("TF1"), a_site("JS", Role.LISTEN, period=3, effective_minutes=35))
    return [
        a_session(f"{no:032x}", Slot.lasting(NOW + timedelta(hours=6 * no), 40), sites=sites)
        for no in range(EVENTS)
    ]


async def prepare(url: str) -> str:
    """A database with the thousand lessons; the token of JS's feed."""
    store = await Store.open(url)
    try:
        await settle(store)

        async def add_all(transaction: Transaction) -> None:
            for session in lessons():
                await transaction.add_session(session)

        await write(store, add_all)
        wish = SubscriptionWish(scope=Scope.SCHOOL, subject_id="JS", owner="bench")
        return await opened(store, wish)
    finally:
        await store.close()


async def serve(kind: str, url: str, token: str) -> None:
    """Serve on a free port, which is printed, until the parent ends us."""
    store = await Store.open(url)
    if kind == "whole":
        configure_logs()
        app = make_app(store, clock=lambda: NOW, address="http://127.0.0.1")
    else:
        app = bare(await Feeds(store).read(token, now=NOW))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


def bare(feed: Feed) -> web.Application:
    """The least that aiohttp can do: the same bytes, the same headers, no question asked."""
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


def ask(port: int, request: bytes, times: int) -> float:
    """So many answers over a few connections; the seconds it took."""
    selector = selectors.DefaultSelector()
    connections: dict[int, socket.socket] = {}
    for _ in range(CONNECTIONS):
        connection = socket.create_connection(("127.0.0.1", port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(request)
        selector.register(connection, selectors.EVENT_READ, bytearray())
        connections[connection.fileno()] = connection
    started, sent, done = perf_counter(), CONNECTIONS, 0
    while done < times:
        for key, _ in selector.select():
            connection, received = connections[key.fd], key.data
            received += connection.recv(1 << 20)
            if is_whole(received):
                done += 1
                received.clear()
                if sent < times:
                    sent += 1
                    connection.sendall(request)
    seconds = perf_counter() - started
    selector.close()
    for connection in connections.values():
        connection.close()
    return seconds


def is_whole(received: bytearray) -> bool:
    """Whether an answer has come in full."""
    head, end, body = received.partition(b"\r\n\r\n")
    if not end:
        return False
    if not head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 304")):
        raise ValueError(f"No feed: {head.decode()}")
    at = head.lower().find(b"content-length: ")
    length = int(head[at + 16 :].split(b"\r\n")[0]) if at >= 0 else 0
    return head.startswith(b"HTTP/1.1 304") or len(body) >= length


def processor_seconds(process: int) -> float:
    """What a process has used so far, with all its threads."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def measure(kind: str, url: str, token: str, questions: list[Question]) -> dict[str, float]:
    """Microseconds of processor time per request, for each question; prints what it sees."""
    command = [sys.executable, __file__, kind, url, token]
    with subprocess.Popen(  # noqa: S603 - this very script
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        try:
            port = int(server.stdout.readline()) if server.stdout else 0
            costs = {}
            for question in questions:
                ask(port, question.octets, WARM_UP)
                before = processor_seconds(server.pid)
                seconds = ask(port, question.octets, REQUESTS)
                cost = (processor_seconds(server.pid) - before) / REQUESTS * 1e6
                costs[question.name] = cost
                print(f"  {question.name:<12} {kind:<6} {REQUESTS / seconds:8.0f}/s {cost:7.0f} us")
            return costs
        finally:
            server.kill()


async def rewrite(url: str, token: str) -> None:
    """The first answer, and the next one after one session has changed."""
    store = await Store.open(url)
    try:
        feeds = Feeds(store)
        started = process_time()
        await feeds.read(token, now=NOW)
        print(f"  first answer                 {(process_time() - started) * 1000:7.1f} ms")
        session, costs = lessons()[500], []
        for no in range(RUNS):
            after = replace(session, title=f"{no}", sequence=no + 1)
            await change(store, session, after, NOW)
            session = replace(after, revision=session.revision + 1)
            started = process_time()
            await feeds.read(token, now=NOW)
            costs.append((process_time() - started) * 1000)
        print(f"  after one change (median)    {sorted(costs)[RUNS // 2]:7.1f} ms")
    finally:
        await store.close()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite+aiosqlite:///{folder}/lianke.db"
        token = asyncio.run(prepare(url))
        feed = asyncio.run(read_once(url, token))
        head = f"GET /feeds/{token}.ics HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n"
        questions = [
            Question("gzip", f"{head}\r\n".encode()),
            Question("304", f'{head}If-None-Match: "{feed.tag}-gzip"\r\n\r\n'.encode()),
        ]
        print(f"{EVENTS} events, {len(feed.plain)} octets, {len(feed.gzip)} as gzip")
        print("Answers, and processor time of the server for each:")
        bare_costs = measure("bare", url, token, questions)
        whole_costs = measure("whole", url, token, questions)
        for question in questions:
            ratio = bare_costs[question.name] / whole_costs[question.name]
            print(f"  {question.name:<12} whole path at {ratio:.0%} of bare aiohttp")
        print("Writing it anew, processor time with queries, compression and hash:")
        asyncio.run(rewrite(url, token))


async def read_once(url: str, token: str) -> Feed:
    store = await Store.open(url)
    try:
        return await Feeds(store).read(token, now=NOW)
    finally:
        await store.close()


if __name__ == "__main__":
    if sys.argv[1:]:
        uvloop.run(serve(*sys.argv[1:]))
    else:
        main()
