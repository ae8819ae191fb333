"""What is asked all day takes no longer when the ledger has grown: nothing reads all of it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest
from sqlalchemy import insert

from calendars.slots import Slot
from scheduler.booking.single import SessionChange, cancel, change
from scheduler.jobs import JOBS, offering_freed_places
from scheduler.members import StudioId
from scheduler.model import Resource, ResourceKind, SeriesId, SessionId, SessionState
from scheduler.store import Store, Transaction, tables
from scheduler.store.audit import write_audit
from scheduler.store.claims import claims_of
from scheduler.store.engines import Engine
from scheduler.store.sessions import columns_of
from scheduler.store.showing import sessions_to_show
from tests.builders import NOW, a_session, some_books
from tests.scheduler.desk import Desk, a_booking, records_of
from tests.scheduler.store.readings import SESSIONS, Readings, analyze

A_WEEK: Final = timedelta(days=7)
ROOM: Final = Resource(ResourceKind.ROOM, "TF1-R1")
SLOT: Final = a_session().slot


def later(weeks: int) -> Slot:
    return Slot(SLOT.starts + weeks * A_WEEK, SLOT.ends + weeks * A_WEEK)


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
async def desk(engine: Engine) -> Desk:
    """A desk whose ledger is full of what is over."""
    desk = Desk(Store(engine))
    await desk.do(Transaction.put_many, records_of(*some_books()))
    await desk.do(fill)
    await analyze(engine)
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
    for job in (*JOBS, offering_freed_places()):
        await job.work(desk.store, lambda: NOW)


async def test_what_is_asked_all_day_reads_no_more_of_a_long_ledger(
    desk: Desk, engine: Engine
) -> None:
    readings = Readings(engine.engine)
    for ask in (show, change_much, do_what_is_due):
        await ask(desk)
    assert await readings.too_many() == {}
