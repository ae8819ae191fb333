"""An outbox on each engine."""

from collections.abc import AsyncIterator

import pytest

from scheduler.store import Store
from tests.scheduler.delivery.outbox import Outbox, open_outbox


@pytest.fixture
async def outbox(store: Store) -> AsyncIterator[Outbox]:
    async with open_outbox(store) as opened:
        yield opened
