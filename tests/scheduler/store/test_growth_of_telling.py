"""What was told or noted before is not read again: only what waits, and what is too old."""

from datetime import timedelta
from typing import Final

import pytest
from sqlalchemy import insert

from scheduler.jobs import forgetting
from scheduler.store import Store, Transaction, tables
from scheduler.store.engines import Engine
from tests.builders import NOW
from tests.scheduler.desk import Desk
from tests.scheduler.store.readings import SESSIONS, Readings, analyze

CHAINS: Final = 8


async def fill(transaction: Transaction) -> None:
    """So many notices that nobody waits for, and entries of the audit that nothing may forget."""
    told = [
        {
            "id": f"n{no}", "key": f"k{no}", "school": "JS", "teacher": None, "created_at": NOW,
            "routed": True, "sent_at": NOW, "body": "{}",
        }
        for no in range(SESSIONS)
    ]  # fmt: skip
    await transaction.run(insert(tables.notices), told)
    heads = [{"chain": no, "position": 0, "hash": b""} for no in range(CHAINS)]
    await transaction.run(insert(tables.audit_heads), heads)
    blank = dict.fromkeys(
        ("actor", "role", "origin", "request", "action", "subject_kind", "subject_id", "reason"), ""
    )
    entries = [
        blank | {"at": NOW, "chain": no % CHAINS, "position": no // CHAINS + 1, "hash": b""}
        for no in range(CHAINS * SESSIONS)
    ]
    await transaction.run(insert(tables.audit), entries)


@pytest.fixture
async def desk(engine: Engine) -> Desk:
    """A desk at which much has been told."""
    desk = Desk(Store(engine))
    await desk.do(fill)
    await analyze(engine)
    return desk


async def test_what_waits_to_be_told_is_counted_without_what_was_told(
    desk: Desk, engine: Engine
) -> None:
    readings = Readings(engine.engine)
    assert (await desk.read(Transaction.backlog)).notices == 0
    assert await readings.too_many() == {}


async def test_what_may_not_be_forgotten_is_not_read_every_hour(desk: Desk, engine: Engine) -> None:
    readings = Readings(engine.engine)
    forget = forgetting(audit_days=180, notice_days=365).work
    await forget(desk.store, lambda: NOW + timedelta(hours=1))
    assert await readings.too_many() == {}
