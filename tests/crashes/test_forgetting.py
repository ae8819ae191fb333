"""Killed while it forgets: what is young stays, what is left can be verified, and it ends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from scheduler.checking.database import check
from scheduler.delivery.gathering import route
from scheduler.store import Store, Transaction
from scheduler.store.audit import write_audit
from tests.builders import NOW, a_notice, some_books
from tests.scheduler.desk import OFFICE, records_of
from tests.services import PATIENCE, a_service, settle

LONG_AGO: Final = NOW - timedelta(days=800)
OLD_NOTICES: Final = 3_000
OLD_ENTRIES: Final = 2_000
"""Several parts of each: a process is killed after the first."""
COUNT_OLD: Final = """
    SELECT (SELECT count(*) FROM notices WHERE created_at < :now) +
        (SELECT count(*) FROM audit WHERE at < :now)"""


async def test_forgetting_that_is_killed_again_and_again_leaves_the_rest_whole(
    database_url: str, tmp_path: Path
) -> None:
    await _write_down_long_ago(database_url)
    await settle(database_url, records_of(*some_books()), {"office": OFFICE})
    service, kills = a_service(database_url, tmp_path), 0
    async with _by_hand(database_url) as engine:
        left, young = await _old_rows(engine), await _young(database_url)
        assert left == OLD_NOTICES + OLD_ENTRIES
        while left:
            service.start()
            left = await _fewer_than(left, engine)
            service.kill()
            kills += 1
            assert await _young(database_url) == young
    assert kills > 1


async def _write_down_long_ago(database: str) -> None:
    """What was told and done then; and two notices of today."""
    old = [a_notice(f"old-{no}", created_at=LONG_AGO) for no in range(OLD_NOTICES)]

    async def long_ago(transaction: Transaction) -> None:
        for no in range(OLD_ENTRIES // 10):
            await write_audit(transaction, "note", ("remarks", str(no)))

    async def tell(transaction: Transaction) -> None:
        await transaction.add_notices([*old, a_notice("young"), a_notice("younger")])

    store = await Store.open(database)
    for _ in range(10):
        await store.write(long_ago, actor=OFFICE, now=LONG_AGO)
    await store.write(tell, actor=OFFICE, now=LONG_AGO)
    while await store.write(route, actor=OFFICE, now=LONG_AGO):
        pass
    await store.close()


async def _young(database: str) -> list[str]:
    """What may not be forgotten, once `lianke check` has found nothing wrong."""
    store = await Store.open(database)
    async with store.read(now=NOW) as transaction:
        assert await check(transaction) == ()
        notices = await transaction.notices(limit=100_000)
        entries = await transaction.audit(limit=100_000)
    await store.close()
    told = [each.id for each in notices if each.created_at >= NOW]
    done = [f"{each.action} {each.subject_id}" for each in entries if each.at >= NOW]
    return [*told, *(each for each in done if not each.startswith("purge"))]


@asynccontextmanager
async def _by_hand(database: str) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(database)
    yield engine
    await engine.dispose()


async def _old_rows(engine: AsyncEngine) -> int:
    now = NOW - timedelta(days=400)
    async with engine.connect() as connection:
        given = now if engine.dialect.name == "postgresql" else now.replace(tzinfo=None)
        return int((await connection.execute(text(COUNT_OLD), {"now": given})).scalar_one())


async def _fewer_than(many: int, engine: AsyncEngine) -> int:
    """How many are left, as soon as some have gone."""
    async with asyncio.timeout(PATIENCE):
        while True:
            if (left := await _old_rows(engine)) < many:
                return left
            await asyncio.sleep(0.001)
