"""How long does a booking take over HTTP, against the same rows written by bare aiosqlite?

A server of its own process (`lianke serve` on SQLite, `synchronous = FULL`) books the example
alliance's requests week by week, each where a search has found a place for it. After every answer
the rows it left (session, claims, audit, notices) go into a copy of the database by aiosqlite
alone, one commit for all, so that both feel the same disturbances. Then: bookings while the same
process seeks a plan, refusals with their
alternatives, reading a session, windows of three schools over a term, and the same bookings with
10,000 sessions in the ledger. Run: `.venv/bin/python bench/http_booking.py [WEEKS]`.
"""

import asyncio
import os
import shutil
import socket
import sqlite3
import sys
import tempfile
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import Any
from zoneinfo import ZoneInfo

import aiosqlite
import msgspec
from aiohttp import ClientSession

from calendars.slots import Slot
from scheduler.booking.alternatives import suggest
from scheduler.booking.single import book
from scheduler.errors import ClashError
from scheduler.exchange import import_files
from scheduler.members import ClassGroupId, TeacherId, Timetable
from scheduler.model import Actor, ActorRole, Booking, Request, Session, SiteWish
from scheduler.placing import agenda_of, wish_of
from scheduler.store import Store, Transaction
from scheduler.tokens import issue_token

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "examples" / "fourth-alliance"
OFFICE = Actor(name="bench", role=ActorRole.ALLIANCE_ADMIN)
NOW = datetime(2026, 8, 20, 1, 0, tzinfo=UTC)
FIRST_TUESDAY = datetime(2026, 9, 8, 10, 35, tzinfo=ZoneInfo("Asia/Shanghai"))
LEDGER = 10_000
LONGEST_WAIT_FOR_A_SEARCH = 2.5
"""Seconds until the service takes up a plan that was asked for."""
TABLES = ("sessions", "claims", "audit", "notices")
WINDOWS = "/windows/weekly?schools=TF1,JS,CB&grade=3&term={term}&weekday={weekday}"

Milliseconds = defaultdict[str, list[float]]


def address_of(file: Path) -> str:
    return f"sqlite+aiosqlite:///{file}"


async def imported(file: Path) -> str:
    """The example alliance in a new database, and a token of its office."""
    store = await Store.open(address_of(file))
    files = {path.name: path.read_bytes() for path in EXAMPLE.glob("*.csv")}

    async def fill(transaction: Transaction) -> str:
        await import_files(transaction, files)
        return await issue_token(transaction, OFFICE)

    token = await store.write(fill, actor=OFFICE, now=NOW)
    await store.close()
    return token


async def wishes(store: Store, weeks: int) -> list[Booking]:
    """Every request of the example that says who leads, once a week, all on Tuesday at 10:35."""
    async with store.read(now=NOW) as transaction:
        timetables = [each.record for each in await transaction.list(Timetable, limit=1000)]
        requests = [each.record for each in await transaction.list(Request, limit=1000)]
    assistants = {
        timetable.class_group: lesson.teacher
        for timetable in timetables
        for lesson in timetable.lessons
        if lesson.teacher is not None
    }
    return [
        Booking(
            **agenda_of(request),
            slot=Slot.lasting(FIRST_TUESDAY + timedelta(weeks=week), request.minutes),
            sites=tuple(with_assistant(wish_of(site), assistants) for site in request.sites),
        )
        for week in range(weeks)
        for request in requests
        if not request.is_need
    ]


def with_assistant(site: SiteWish, assistants: Mapping[ClassGroupId, TeacherId]) -> SiteWish:
    """The site with somebody beside its class: a teacher who knows it."""
    if site.teacher is not None or not site.class_groups:
        return site
    return replace(site, teacher=assistants[site.class_groups[0]])


async def bookable(file: Path, weeks: int, times: Milliseconds) -> list[Booking]:
    """Bookings that all fit together, found by booking them without HTTP."""
    store = await Store.open(address_of(file))
    found = []
    for wish in await wishes(store, weeks):
        try:
            await write(store, wish, times["refused by store.write"])
        except ClashError:
            async with store.read(now=NOW) as transaction:
                started = perf_counter()
                places = (await suggest(transaction, wish))()
                times["alternatives in a read"].append(1000 * (perf_counter() - started))
            if not places:
                continue
            wish = replace(wish, slot=places[0].slot, sites=places[0].sites)  # noqa: PLW2901 - moved
            await write(store, wish, times["store.write(book)"])
        found.append(wish)
    await store.close()
    return found


async def write(store: Store, booking: Booking, times: list[float]) -> Session:
    started = perf_counter()
    try:
        return await store.write(
            lambda transaction: book(transaction, booking), actor=OFFICE, now=NOW
        )
    finally:
        times.append(1000 * (perf_counter() - started))


def age(file: Path) -> None:
    """Move the ledger into the past and copy it until it holds `LEDGER` sessions."""
    copy_into_past(file, LEDGER)
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        connection.execute("DELETE FROM claims WHERE session NOT LIKE '%-%'")
        connection.execute("DELETE FROM sessions WHERE id NOT LIKE '%-%'")
        connection.execute("COMMIT")


def copy_into_past(file: Path, ledger: int) -> None:
    """Copy what is booked into earlier half-years, until there are `ledger` copies."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        (booked,) = connection.execute("SELECT count(*) FROM sessions").fetchone()
        for no in range(1, ledger // booked + 2):
            seconds = int(timedelta(weeks=26 * no).total_seconds())
            connection.execute(
                """INSERT INTO sessions
                SELECT :no || '-' || id, NULL, NULL, datetime(starts, :later) || '.000000',
                datetime(ends, :later) || '.000000', state, hold_expires_at, pinned, revision,
                json_set(body, '$.id', :no || '-' || id) FROM sessions WHERE id NOT LIKE '%-%'
                ORDER BY id LIMIT :left""",
                {"no": no, "later": f"-{seconds} seconds", "left": ledger - (no - 1) * booked},
            )
            connection.execute(
                """INSERT INTO claims
                SELECT sessions.id, resource, kind, claims.starts - :seconds,
                claims.ends - :seconds, expires, sites, party, exclusive, live
                FROM claims JOIN sessions ON sessions.id = :no || '-' || claims.session""",
                {"no": no, "seconds": seconds},
            )
        connection.execute("COMMIT")


@asynccontextmanager
async def serving(file: Path, token: str) -> AsyncIterator[tuple[ClientSession, int]]:
    """`lianke serve` in a process of its own, and a client that stays connected."""
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    settings = {
        "LIANKE_DATABASE": address_of(file),
        "LIANKE_PORT": str(port),
        "LIANKE_CLOCK_STARTS_AT": NOW.isoformat(),
    }
    with (file.parent / "log").open("ab") as log:
        server = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "service", "serve", env=os.environ | settings, cwd=ROOT,
            stdout=log, stderr=log,
        )  # fmt: skip
        headers = {"Authorization": f"Bearer {token}", "Accept-Language": "zh-CN"}
        async with ClientSession(f"http://127.0.0.1:{port}", headers=headers) as client:
            await answering(client)
            yield client, server.pid
        server.terminate()
        await server.wait()


def processor_seconds(process: int) -> float:
    """What a process of Linux has used so far, for its own work and the system's."""
    words = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


async def answering(client: ClientSession) -> None:
    while True:
        try:
            async with client.get("/readyz") as answer:
                if answer.ok:
                    return
        except OSError:
            await asyncio.sleep(0.05)


async def ask(
    client: ClientSession, method: str, path: str, body: object, times: list[float]
) -> tuple[int, Any]:
    content = None if body is None else msgspec.json.encode(body)
    headers = {"Content-Type": "application/json"}
    started = perf_counter()
    async with client.request(method, f"/api/v1{path}", data=content, headers=headers) as answer:
        text = await answer.read()
    times.append(1000 * (perf_counter() - started))
    return answer.status, msgspec.json.decode(text)


class Shadow:
    """The rows of a served database, written again by aiosqlite into a copy of what it was."""

    def __init__(self, served: aiosqlite.Connection, bare: aiosqlite.Connection) -> None:
        self._served = served
        self._bare = bare
        self._last = dict.fromkeys(TABLES, 0)

    async def skip(self) -> None:
        """Take what is there as known."""
        for table in TABLES:
            await self._new_rows(table)

    async def _new_rows(self, table: str) -> list[tuple[object, ...]]:
        rows = await self._served.execute_fetchall(
            f"SELECT rowid, * FROM {table} WHERE rowid > {self._last[table]} ORDER BY rowid"  # noqa: S608 - a table's name
        )
        found = [tuple(row) for row in rows]
        self._last[table] = max((int(row[0]) for row in found), default=self._last[table])
        return [row[1:] for row in found]

    async def write(self, times: list[float]) -> int:
        """Write what is new; how many rows that was."""
        rows = {table: await self._new_rows(table) for table in TABLES}
        started = perf_counter()
        await self._bare.execute("BEGIN IMMEDIATE")
        for table, new in rows.items():
            marks = ",".join("?" * len(new[0]))
            await self._bare.executemany(f"INSERT INTO {table} VALUES ({marks})", new)  # noqa: S608 - as above
        await self._bare.execute("COMMIT")
        times.append(1000 * (perf_counter() - started))
        return sum(map(len, rows.values()))


@asynccontextmanager
async def shadow_of(file: Path) -> AsyncIterator[Shadow]:
    copy = file.with_suffix(".bare")
    shutil.copy(file, copy)
    async with (
        aiosqlite.connect(file, isolation_level=None) as served,
        aiosqlite.connect(copy, isolation_level=None) as bare,
    ):
        await bare.execute("PRAGMA journal_mode = WAL")
        await bare.execute("PRAGMA synchronous = FULL")
        await bare.execute("PRAGMA foreign_keys = ON")
        shadow = Shadow(served, bare)
        await shadow.skip()
        yield shadow


async def measure(file: Path, token: str, bookings: Iterable[Booking]) -> tuple[Milliseconds, str]:
    """Milliseconds by what was asked, and what a booking took of the server's processor."""
    times: Milliseconds = defaultdict(list)
    sessions, rows, busy = [], [], 0.0
    async with shadow_of(file) as shadow, serving(file, token) as (client, server):
        for booking in bookings:
            before = processor_seconds(server)
            status, booked = await ask(client, "POST", "/sessions", booking, times["booking"])
            busy += processor_seconds(server) - before
            if status != 201:  # noqa: PLR2004 - Created
                raise RuntimeError(booked)
            sessions.append(booked["id"])
            rows.append(await shadow.write(times["bare"]))
        for booking in bookings:
            status, _ = await ask(client, "POST", "/sessions", booking, times["refusal"])
            if status != 409 or len(times["refusal"]) > 100:  # noqa: PLR2004 - Conflict
                break
        for session in sessions:
            await ask(client, "GET", f"/sessions/{session}", None, times["session"])
        await windows(client, times["windows"])
    return times, (
        f"{len(sessions)} bookings of {median(rows):.0f} rows, "
        f"{1000 * busy / len(sessions):.1f} ms of the server's processor each"
    )


async def measure_beside_a_search(
    file: Path, token: str, bookings: Iterable[Booking]
) -> list[float]:
    """Milliseconds of bookings while the same process states and searches the term's plan."""
    times: list[float] = []
    async with serving(file, token) as (client, _):
        await ask(client, "POST", "/plans", {"seconds": 300}, [])
        await asyncio.sleep(LONGEST_WAIT_FOR_A_SEARCH)
        for booking in bookings:
            await ask(client, "POST", "/sessions", booking, times)
    return times


async def windows(client: ClientSession, times: list[float]) -> None:
    """All five weekdays of a term, the first time and again."""
    _, terms = await ask(client, "GET", "/terms", None, [])
    term = terms["items"][0]["id"]
    for _ in range(10):
        parts: list[float] = []
        for weekday in range(1, 6):
            path = WINDOWS.format(term=term, weekday=weekday)
            status, found = await ask(client, "GET", path, None, parts)
            if status != 200 or not found["items"]:  # noqa: PLR2004 - OK
                raise RuntimeError(found)
        times.append(sum(parts))


def line(name: str, times: list[float], limit: str = "") -> None:
    cuts = quantiles(times, n=100)
    print(
        f"{name:34} p50 {median(times):7.1f} ms   p95 {cuts[94]:7.1f}   p99 {cuts[98]:7.1f}"
        f"   of {len(times):4}   {limit}"
    )


def report(name: str, times: Milliseconds, about: str) -> None:
    print(f"\n{name}: {about}")
    line("POST /sessions", times["booking"], "(wanted: p50 under 15)")
    line("the same rows, bare aiosqlite", times["bare"])
    pairs = zip(times["booking"], times["bare"], strict=True)
    print(
        f"{'ratio of the medians':34} {median(times['booking']) / median(times['bare']):11.1f}"
        f"      median of the ratios {median(ours / bare for ours, bare in pairs):.1f}"
    )
    line("409 with alternatives", times["refusal"])
    line("GET /sessions/{id}", times["session"])
    line("GET /windows/weekly, 5 weekdays", times["windows"], "(wanted: under 50)")
    print(f"{'the same, first time':34} {times['windows'][0]:11.1f} ms")


async def main(weeks: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        fresh, scratch, aged = (Path(name) / f"{each}.db" for each in ("fresh", "scratch", "aged"))
        token = await imported(fresh)
        shutil.copy(fresh, scratch)
        in_process: Milliseconds = defaultdict(list)
        bookings = await bookable(scratch, weeks, in_process)
        print(f"without HTTP: {len(bookings)} wishes found a place")
        for each, times in in_process.items():
            line(each, times)
        beside = Path(name) / "beside.db"
        shutil.copy(fresh, beside)
        shutil.copy(scratch, aged)
        await asyncio.to_thread(age, aged)
        report("an empty ledger", *await measure(fresh, token, bookings))
        print()
        line(
            "POST /sessions beside a search", await measure_beside_a_search(beside, token, bookings)
        )
        report(f"{LEDGER} earlier sessions", *await measure(aged, token, bookings))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 13))
