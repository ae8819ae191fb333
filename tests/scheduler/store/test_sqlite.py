"""Connections to an embedded database."""

import sqlite3
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from scheduler.store.sqlite import ROWS_AT_ONCE, Connection, connect

MANY = 2 * ROWS_AT_ONCE + 1
NUMBERS = text(
    "WITH RECURSIVE counted(no) AS (SELECT 1 UNION ALL SELECT no + 1 FROM counted "
    "WHERE no < :many) SELECT no FROM counted"
).bindparams(many=MANY)
ALL_NUMBERS = list(range(1, MANY + 1))


class CountingConnection(Connection):
    """A connection that counts how often somebody goes to its thread."""

    trips = 0

    async def _execute(self, *args: Any, **options: Any) -> Any:
        self.trips += 1
        return await super()._execute(*args, **options)  # type: ignore[no-untyped-call]  # its own


@pytest.fixture
def engine(tmp_path: Path) -> AsyncEngine:
    file = tmp_path / "numbers.db"
    return create_async_engine(
        f"sqlite+aiosqlite:///{file}", connect_args={"async_creator_fn": connect}
    )


async def test_a_statement_and_its_rows_are_one_trip_to_the_thread(tmp_path: Path) -> None:
    connection = CountingConnection(partial(sqlite3.connect, tmp_path / "numbers.db"), 1)
    async with connection:
        async with connection.cursor() as cursor:
            await cursor.execute("SELECT 1 UNION SELECT 2")
            assert list(await cursor.fetchall()) == [(1,), (2,)]
        assert connection.trips == 1


async def test_rows_of_a_trip_too_many_are_fetched_all_the_same(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        assert list((await connection.execute(NUMBERS)).scalars()) == ALL_NUMBERS
    await engine.dispose()


@pytest.mark.parametrize("size", [7, ROWS_AT_ONCE, MANY])
async def test_rows_come_in_parts_to_whoever_streams_them(engine: AsyncEngine, size: int) -> None:
    async with engine.connect() as connection:
        streamed = await connection.stream(NUMBERS)
        parts = [[row.no for row in part] async for part in streamed.partitions(size)]
    await engine.dispose()
    assert [no for part in parts for no in part] == ALL_NUMBERS
    assert max(map(len, parts)) <= size


async def test_whoever_stops_reading_leaves_a_connection_that_works(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        streamed = await connection.stream(NUMBERS)
        assert [row.no for row in await streamed.fetchmany(2)] == [1, 2]
        await streamed.close()
        await connection.execute(text("CREATE TABLE numbers (no INTEGER)"))
        await connection.execute(text("INSERT INTO numbers VALUES (:no)"), [{"no": 3}, {"no": 4}])
        found = await connection.execute(text("SELECT no FROM numbers"))
        assert list(found.scalars()) == [3, 4]
    await engine.dispose()


async def test_a_statement_that_fails_leaves_a_connection_that_works(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        with pytest.raises(OperationalError, match="no such table: nowhere"):
            await connection.execute(text("SELECT * FROM nowhere"))
        assert (await connection.execute(text("SELECT 1"))).scalar() == 1
    await engine.dispose()
