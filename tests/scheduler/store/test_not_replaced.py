"""SQLite's REPLACE, typed by hand, removes no row of any table past the guards of DELETE.

PostgreSQL has no such statement; its `ON CONFLICT DO UPDATE` meets the guards of UPDATE.
"""

import shutil
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import (
    Boolean,
    Column,
    Date,
    Integer,
    LargeBinary,
    Numeric,
    String,
    Table,
    UniqueConstraint,
    insert,
    text,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from scheduler.store import tables

REFUSED: Final = "there is such a row already|append-only|must follow"
UNTOUCHED: Final = {"audit", "audit_anchors"}
"""Whose rows never change at all: see the tests of the audit's chain."""
TABLES: Final = [table for name, table in tables.metadata.tables.items() if name not in UNTOUCHED]


def a_value(column: Column[Any], place: int, no: int) -> object:
    """A value like no other row's; what comes later in a row is later."""
    many = 100 * no + place
    if isinstance(column.type, Boolean):
        return False
    if isinstance(column.type, Integer | Numeric):
        return many
    if isinstance(column.type, LargeBinary):
        return str(many).encode()
    if isinstance(column.type, String):
        return str(many)
    if isinstance(column.type, Date):
        return date(2026, 9, 1) + timedelta(days=many)
    return datetime(2026, 9, 1, tzinfo=UTC) + timedelta(days=many)


@pytest.fixture
async def typed(migrated_file: Path, tmp_path: Path) -> AsyncIterator[AsyncConnection]:
    """A database in which somebody types; nothing is kept from being made up."""
    file = tmp_path / "typed.sqlite"
    shutil.copy(migrated_file, file)
    engine = create_async_engine(f"sqlite+aiosqlite:///{file}")
    async with engine.connect() as connection:
        yield connection
    await engine.dispose()


async def rows_of(typed: AsyncConnection, table: Table) -> list[Any]:
    return list((await typed.execute(text(f"SELECT rowid, * FROM {table} ORDER BY rowid"))).all())  # noqa: S608 - names of ours


async def with_two_rows(typed: AsyncConnection, table: Table) -> list[Any]:
    for no in (1, 2):
        values = {each.name: a_value(each, place, no) for place, each in enumerate(table.columns)}
        await typed.execute(insert(table).values(values))
    return await rows_of(typed, table)


def statements(table: Table) -> list[str]:
    """The last row copied, and its keys and rowid given to the first row."""
    columns = ", ".join(f'"{each.name}"' for each in table.columns)
    last = f"FROM {table} ORDER BY rowid DESC LIMIT 1"
    copied = f"INTO {table} ({columns}) SELECT {columns} {last}"
    keys = [["rowid"], [each.name for each in table.primary_key.columns]]
    keys += [
        [each.name for each in one.columns]
        for one in table.constraints
        if isinstance(one, UniqueConstraint) and table is not tables.notices
    ]
    changed = [", ".join(f'"{name}" = (SELECT "{name}" {last})' for name in key) for key in keys]
    first = f"WHERE rowid = (SELECT min(rowid) FROM {table})"  # noqa: S608 - names of ours
    return [
        f"INSERT OR REPLACE {copied}",
        f"REPLACE {copied}",
        *(f"UPDATE OR REPLACE {table} SET {each} {first}" for each in changed),  # noqa: S608 - names of ours
    ]


@pytest.mark.parametrize("table", TABLES, ids=str)
async def test_no_row_is_replaced_by_hand(typed: AsyncConnection, table: Table) -> None:
    rows = await with_two_rows(typed, table)
    assert len(rows) >= 2
    for statement in statements(table):
        with pytest.raises(DBAPIError, match=REFUSED):
            await typed.execute(text(statement))
        assert await rows_of(typed, table) == rows, statement


async def test_no_row_is_replaced_by_its_number(typed: AsyncConnection) -> None:
    rows = await with_two_rows(typed, tables.series)
    number = rows[0].rowid
    with pytest.raises(DBAPIError, match=REFUSED):
        await typed.execute(
            text("REPLACE INTO series (rowid, id, revision, body) VALUES (:number, 'new', 1, '')"),
            {"number": number},
        )
    assert await rows_of(typed, tables.series) == rows


@pytest.mark.parametrize("verb", ["INSERT OR REPLACE", "INSERT", "INSERT OR FAIL"])
async def test_a_notice_that_is_known_by_its_key_stays_as_it_was(
    typed: AsyncConnection, verb: str
) -> None:
    rows = await with_two_rows(typed, tables.notices)
    names = "key, school, teacher, created_at, routed, sent_at, body"
    await typed.execute(
        text(f"{verb} INTO notices (id, {names}) SELECT 'new', {names} FROM notices")  # noqa: S608 - names of ours
    )
    await typed.execute(text("UPDATE OR REPLACE notices SET key = (SELECT max(key) FROM notices)"))
    assert await rows_of(typed, tables.notices) == rows
