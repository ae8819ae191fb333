"""Desks: TF1, JS and CB on a real store. SQLite where one engine will do, for it opens at once."""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from scheduler.schools import SchoolBook
from scheduler.store import Store, Transaction
from tests.builders import some_books
from tests.conftest import KEYRING
from tests.scheduler.desk import Desk, records_of

Open = Callable[..., Awaitable[Desk]]


async def settled(desk: Desk, *books: SchoolBook, **options: Any) -> Desk:
    """The desk after these schools have told everything they know."""
    await desk.do(Transaction.put_many, records_of(*(books or some_books()), **options))
    return desk


@pytest.fixture
async def sqlite_store(migrated_file: Path, tmp_path: Path) -> AsyncIterator[Store]:
    file = tmp_path / "desk.sqlite"
    shutil.copy(migrated_file, file)
    opened = await Store.open(f"sqlite+aiosqlite:///{file}", keyring=KEYRING)
    yield opened
    await opened.close()


@pytest.fixture
def open_desk(sqlite_store: Store) -> Open:
    """A desk of an alliance of these schools: `await open_desk(*some_books(...), alliance=...)`."""
    return lambda *books, **options: settled(Desk(sqlite_store), *books, **options)


@pytest.fixture
async def desk(open_desk: Open) -> Desk:
    return await open_desk()


@pytest.fixture
async def each_desk(store: Store) -> Desk:
    """A desk on each engine, for what locks and constraints have a say in."""
    return await settled(Desk(store))
