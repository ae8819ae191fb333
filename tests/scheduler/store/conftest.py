"""A store in which an alliance of three schools has settled."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from scheduler.store import Store
from scheduler.store.engines import Engine, open_engine
from tests.scheduler.store.desk import Desk, alliance_records


@pytest.fixture
async def desk(store: Store, database_url: str) -> AsyncIterator[Desk]:
    by_hand = create_async_engine(database_url)
    desk = Desk(store, by_hand)
    await desk.put(*alliance_records())
    yield desk
    await by_hand.dispose()


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[Engine]:
    opened = open_engine(database_url)
    yield opened
    await opened.engine.dispose()
