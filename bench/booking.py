"""How long does one booking take, and how long are alternatives to a refused one?

Books the example alliance's requests week by week on SQLite, as one process would: each wish at
first at a fixed time, and where rules say no at the first alternative. Prints the median of
`store.write(book)`, as a ratio to the same rows written by bare aiosqlite, and the alternatives'
median and worst. Run: `.venv/bin/python bench/booking.py [WEEKS]`.
"""

import asyncio
import sys
import tempfile
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from zoneinfo import ZoneInfo

import aiosqlite

from calendars.slots import Slot
from scheduler.booking.alternatives import suggest
from scheduler.booking.single import book
from scheduler.errors import ClashError
from scheduler.exchange.load import import_files
from scheduler.members import ClassGroupId, TeacherId, Timetable
from scheduler.model import Actor, ActorRole, Alternative, Booking, Request, Session, SiteWish
from scheduler.placing import agenda_of, wish_of
from scheduler.store import Store, Transaction

EXAMPLE = Path(__file__).parent.parent / "examples" / "fourth-alliance"
OFFICE = Actor(name="bench", role=ActorRole.ALLIANCE_ADMIN)
NOW = datetime(2026, 8, 20, 1, 0, tzinfo=UTC)
FIRST_TUESDAY = datetime(2026, 9, 8, 10, 35, tzinfo=ZoneInfo("Asia/Shanghai"))


@dataclass
class Times:
    """Milliseconds."""

    booked: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    suggested: list[float] = field(default_factory=list)
    without: int = 0


async def attempt(store: Store, booking: Booking, times: list[float]) -> Session:
    async def wish(transaction: Transaction) -> Session:
        return await book(transaction, booking)

    started = perf_counter()
    session = await store.write(wish, actor=OFFICE, now=NOW)
    times.append(1000 * (perf_counter() - started))
    return session


async def alternatives(store: Store, booking: Booking, times: Times) -> tuple[Alternative, ...]:
    started = perf_counter()
    async with store.read(now=NOW) as transaction:
        found = await suggest(transaction, booking)
    times.suggested.append(1000 * (perf_counter() - started))
    return found


async def place(store: Store, booking: Booking, times: Times) -> None:
    started = perf_counter()
    try:
        await attempt(store, booking, times.booked)
    except ClashError:
        times.refused.append(1000 * (perf_counter() - started))
        found = await alternatives(store, booking, times)
        if not found:
            times.without += 1
            return
        instead = Booking(
            **agenda_of(booking), slot=found[0].slot, sites=found[0].sites, pinned=False
        )
        await attempt(store, instead, times.booked)


def with_assistant(site: SiteWish, assistants: dict[ClassGroupId, TeacherId]) -> SiteWish:
    """The site with somebody beside its class: a teacher who knows it."""
    if site.teacher is not None or not site.class_groups:
        return site
    return replace(site, teacher=assistants[site.class_groups[0]])


def bookings_of(
    requests: list[Request], assistants: dict[ClassGroupId, TeacherId], weeks: int
) -> list[Booking]:
    return [
        Booking(
            **agenda_of(request),
            slot=Slot.lasting(FIRST_TUESDAY + timedelta(weeks=week), request.minutes),
            sites=tuple(with_assistant(wish_of(site), assistants) for site in request.sites),
        )
        for week in range(weeks)
        for request in requests
    ]


async def rows_of(file: Path) -> dict[str, int]:
    async with aiosqlite.connect(file) as connection:
        tables = await connection.execute_fetchall(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        )
        return {
            name: next(iter(await connection.execute_fetchall(f'SELECT count(*) FROM "{name}"')))[0]  # noqa: S608 - names come from the schema
            for (name,) in tables
        }


async def bare_write(folder: Path, rows: int, times: int) -> float:
    """The median of writing as many rows of 400 bytes durably, without anything around it."""
    taken = []
    async with aiosqlite.connect(folder / "bare.db", isolation_level=None) as connection:
        await connection.execute("PRAGMA journal_mode = WAL")
        await connection.execute("PRAGMA synchronous = FULL")
        await connection.execute("CREATE TABLE bare (id INTEGER PRIMARY KEY, body TEXT)")
        body = [("x" * 400,)] * rows
        for _ in range(times):
            started = perf_counter()
            await connection.execute("BEGIN IMMEDIATE")
            await connection.executemany("INSERT INTO bare (body) VALUES (?)", body)
            await connection.execute("COMMIT")
            taken.append(1000 * (perf_counter() - started))
    return median(taken)


async def main(weeks: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = await Store.open(f"sqlite+aiosqlite:///{folder / 'bench.db'}")
        files = {file.name: file.read_bytes() for file in EXAMPLE.glob("*.csv")}

        async def imported(transaction: Transaction) -> None:
            await import_files(transaction, files)

        await store.write(imported, actor=OFFICE, now=NOW)
        async with store.read(now=NOW) as transaction:
            timetables = [each.record for each in await transaction.list(Timetable, limit=1000)]
            assistants = {
                timetable.class_group: lesson.teacher
                for timetable in timetables
                for lesson in timetable.lessons
                if lesson.teacher is not None
            }
            requests = [each.record for each in await transaction.list(Request, limit=1000)]
        before, times = await rows_of(folder / "bench.db"), Times()
        for booking in bookings_of(requests, assistants, weeks):
            await place(store, booking, times)
        after = await rows_of(folder / "bench.db")
        await store.close()
        rows = round((sum(after.values()) - sum(before.values())) / len(times.booked))
        bare = await bare_write(folder, rows, len(times.booked))
    report(times, rows, bare)


def report(times: Times, rows: int, bare: float) -> None:
    p50 = median(times.booked)
    print(f"booked {len(times.booked)} sessions, {rows} rows each; {times.without} found no place")
    print(
        f"store.write(book)    p50 {p50:6.1f} ms   p95 {quantiles(times.booked, n=20)[-1]:6.1f} ms"
    )
    print(f"the same rows, bare  p50 {bare:6.1f} ms   ratio {p50 / bare:.1f}")
    print(f"a refusal            p50 {median(times.refused):6.1f} ms   of {len(times.refused)}")
    print(
        f"alternatives         p50 {median(times.suggested):6.1f} ms   "
        f"worst {max(times.suggested):6.1f} ms"
    )


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 8))
