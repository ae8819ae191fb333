"""Locks and guards each prevent a double booking alone; without both, these very races double-book.

That the last of these tests sees one is what the others, and the races over HTTP, are worth.
"""

import asyncio
import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.ext.asyncio import create_async_engine

from scheduler.checking.database import check
from scheduler.errors import ClashError, UnavailableError
from scheduler.model import Session
from scheduler.model.findings import Check
from scheduler.store import Transaction
from tests.scheduler.desk import Desk

GUARDS: Final = {
    "sqlite": """
        SELECT 'DROP TRIGGER ' || name FROM sqlite_master
        WHERE type = 'trigger' AND tbl_name = 'claims'""",
    "postgresql": """
        SELECT 'DROP TRIGGER ' || tgname || ' ON claims' FROM pg_trigger
        WHERE tgrelid = 'claims'::regclass AND NOT tgisinternal
        UNION ALL SELECT 'ALTER TABLE claims DROP CONSTRAINT ' || conname FROM pg_constraint
        WHERE conrelid = 'claims'::regclass AND contype = 'x'""",
}


@pytest.fixture
async def _without_guards(database_url: str) -> None:
    engine = create_async_engine(database_url)
    async with engine.begin() as connection:
        drops = (await connection.execute(text(GUARDS[engine.dialect.name]))).scalars().all()
        assert len(drops) >= 3
        for drop in drops:
            await connection.execute(text(drop))
    await engine.dispose()


@pytest.fixture
def _without_locks() -> Iterator[None]:
    """No row is locked; SQLite still lets one write after the other."""

    def unlocked(*about: Any) -> tuple[str, Any]:
        _, _, statement, values, _, _ = about
        return re.sub(r" FOR (NO KEY )?UPDATE( SKIP LOCKED)?", "", statement), values

    event.listen(Engine, "before_cursor_execute", unlocked, retval=True)
    yield
    event.remove(Engine, "before_cursor_execute", unlocked)


async def race(desk: Desk, *, in_order: bool = False) -> list[Session]:
    """What twenty who want one place at once have got; who gets nothing is told of a clash.

    Unless they are locked `in_order`, PostgreSQL's guards may let them wait for each other until
    one gives up.
    """
    ended = await asyncio.gather(*(desk.book() for _ in range(20)), return_exceptions=True)
    won = [each for each in ended if isinstance(each, Session)]
    refused = {type(each) for each in ended if not isinstance(each, Session)}
    assert refused - ({UnavailableError} if not in_order else set()) == {ClashError}
    assert await desk.read(Transaction.sessions) == tuple(sorted(won, key=lambda each: each.id))
    return won


@pytest.mark.usefixtures("_without_guards")
async def test_the_locks_alone_let_one_through(each_desk: Desk) -> None:
    assert len(await race(each_desk, in_order=True)) == 1


@pytest.mark.usefixtures("_without_locks")
async def test_the_guards_alone_let_one_through(each_desk: Desk) -> None:
    assert len(await race(each_desk)) == 1
    assert await each_desk.read(check) == ()


@pytest.mark.usefixtures("_without_locks", "_without_guards")
async def test_without_both_postgresql_books_twice_and_the_check_sees_it(
    each_desk: Desk, database_url: str
) -> None:
    won = await race(each_desk)
    found = {each.check for each in await each_desk.read(check)}
    if database_url.startswith("postgresql"):
        assert len(won) > 1
        assert Check.DOUBLE_BOOKING in found
    else:
        # One writer at a time is the lock of SQLite, and cannot be taken away by a query.
        assert len(won) == 1
