"""What is asked all day takes no longer when the ledger has grown: nothing reads all of it.

What counts is how much is read, not how long that takes: steps of SQLite's machine, rows of
PostgreSQL's plans.
"""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest
from sqlalchemy import Connection, event, insert, text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.util import await_only

from calendars.slots import Slot
from scheduler.booking.single import SessionChange, cancel, change
from scheduler.jobs import JOBS
from scheduler.members import StudioId
from scheduler.model import Resource, ResourceKind, SeriesId, SessionId, SessionState
from scheduler.store import Store, Transaction, tables
from scheduler.store.audit import write_audit
from scheduler.store.claims import claims_of
from scheduler.store.engines import Engine, open_engine
from scheduler.store.sessions import columns_of
from scheduler.store.showing import sessions_to_show
from tests.builders import NOW, a_session, some_books
from tests.scheduler.desk import Desk, a_booking, records_of

SESSIONS: Final = 2_000
A_WEEK: Final = timedelta(days=7)
ROOM: Final = Resource(ResourceKind.ROOM, "TF1-R1")
SLOT: Final = a_session().slot
STATEMENTS: Final = ("SELECT", "INSERT", "UPDATE", "DELETE")
SCANS: Final = ("Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Heap Scan")


def later(weeks: int) -> Slot:
    return Slot(SLOT.starts + weeks * A_WEEK, SLOT.ends + weeks * A_WEEK)


class Readings:
    """How much each statement reads: steps on SQLite, rows on PostgreSQL."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._asked: dict[str, Any] = {}
        self._steps: dict[str, int] = {}
        event.listen(engine.sync_engine, "before_cursor_execute", self._note)

    def _note(self, connection: Connection, *about: Any) -> None:
        _, statement, values, _, is_for_many = about
        if not statement.startswith(STATEMENTS):
            return
        self._asked[statement] = values[0] if is_for_many else values
        if self._engine.name == "sqlite":
            self._steps[statement] = 0

            def count() -> int:
                self._steps[statement] += 1
                return 0

            driver: Any = connection.connection.driver_connection
            await_only(driver.set_progress_handler(count, 1))

    async def too_many(self) -> dict[str, int]:
        """The statements since that read about as much as there are sessions, or more."""
        read = self._steps if self._engine.name == "sqlite" else await self._rows()
        self._asked, self._steps = {}, {}
        return {statement: count for statement, count in read.items() if count >= SESSIONS}

    async def _rows(self) -> dict[str, int]:
        rows = {}
        async with self._engine.connect() as connection:
            for statement, values in self._asked.copy().items():
                if not statement.startswith("INSERT"):
                    explain = f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}"
                    found = await connection.exec_driver_sql(explain, values)
                    (told,) = found.scalar_one()
                    rows[statement] = read_by(told["Plan"])
        return rows


def read_by(node: dict[str, Any]) -> int:
    """The rows that a step of a PostgreSQL plan has looked at, and those before it."""
    below = sum(map(read_by, node.get("Plans", ())))
    if node["Node Type"] not in SCANS:
        return below
    removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return below + int(node["Actual Loops"] * (node["Actual Rows"] + removed))


async def fill(transaction: Transaction) -> None:
    """The session of the builders on each of so many days before, ten of them a series."""
    sample = a_session()
    series = [SeriesId(f"series-{no}") for no in range(SESSIONS // 10)]
    await transaction.run(
        insert(tables.series), [{"id": each, "revision": 1, "body": "{}"} for each in series]
    )
    earlier = [
        replace(
            sample,
            id=SessionId(f"old-{no}"),
            series=series[no // 10],
            slot=Slot(SLOT.starts - timedelta(days=no + 1), SLOT.ends - timedelta(days=no + 1)),
        )
        for no in range(SESSIONS)
    ]
    await transaction.run(insert(tables.sessions), [columns_of(each) for each in earlier])
    claims = [claim for each in earlier for claim in await claims_of(transaction, each)]
    await transaction.run(insert(tables.claims), claims)
    for each in earlier:
        await write_audit(transaction, "create", ("sessions", each.id))


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[Engine]:
    opened = open_engine(database_url)
    yield opened
    await opened.engine.dispose()


@pytest.fixture
async def desk(engine: Engine) -> Desk:
    """A desk whose ledger is full of what is over."""
    desk = Desk(Store(engine))
    await desk.do(Transaction.put_many, records_of(*some_books()))
    await desk.do(fill)
    if engine.file is None:  # PostgreSQL counts its rows by itself, but not at once
        async with engine.engine.begin() as connection:
            await connection.execute(text("ANALYZE"))
    return desk


LISTS: Final[tuple[dict[str, Any], ...]] = (
    {},
    {"after": "old-500"},
    {"states": (SessionState.HELD,)},
    {"states": (SessionState.CONFIRMED,)},
    {"within": later(0)},
    {"within": later(0), "states": (SessionState.CONFIRMED,)},
    {"within": later(0), "resource": ROOM},
    {"series": SeriesId("series-1")},
)


async def show(desk: Desk) -> None:
    for wanted in LISTS:
        await desk.read(Transaction.sessions, **wanted, limit=20)
    for about in (None, StudioId("a-studio")):
        shown = await desk.read(sessions_to_show, about, later(0))
        await desk.read(sessions_to_show, about, later(0), shown)


async def change_much(desk: Desk) -> None:
    session = await desk.book()
    wish = SessionChange(slot=later(1))
    session = await desk.do(change, session.id, wish, session.revision)
    await desk.do(cancel, session.id, session.revision, reason="Snow")
    await desk.book(a_booking(slot=later(2)))


async def do_what_is_due(desk: Desk) -> None:
    for job in JOBS:
        await job.work(desk.store, lambda: NOW)


async def test_what_is_asked_all_day_reads_no_more_of_a_long_ledger(
    desk: Desk, engine: Engine
) -> None:
    readings = Readings(engine.engine)
    for ask in (show, change_much, do_what_is_due):
        await ask(desk)
    assert await readings.too_many() == {}
