"""The next version migrates the database while this one serves: nothing is lost, and it says so."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Final

import pytest
from aiohttp import ClientSession
from alembic.config import Config
from sqlalchemy import Connection

from scheduler.checking.database import check
from scheduler.errors import StateError
from scheduler.store import Store, migrating
from scheduler.store.engines import open_engine
from tests.builders import NOW, some_books
from tests.crashes.aftermath import require_history
from tests.crashes.load import Load
from tests.crashes.wishes import SCHOOLS
from tests.races.conftest import PROCESSES
from tests.scheduler.desk import OFFICE, coordinator_of, records_of
from tests.services import PATIENCE, a_service, clients, serving, settle

NEXT: Final = '''
"""What a next version might do: columns, a value in every row, an index; and take its time."""
import time
import sqlalchemy as sa
from alembic import op

revision, down_revision = "9999", "{newest}"

def upgrade():
    for table in ("sessions", "claims", "notices"):
        op.add_column(table, sa.Column("remark", sa.String))
        op.execute(f"UPDATE {{table}} SET remark = 'none'")
        time.sleep(0.3)
    op.create_index("ix_claims_remark", "claims", ["remark"])
'''


@contextmanager
def the_next_version(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Meanwhile this program knows a migration more."""
    known = migrating.known_revisions()
    (folder / "next.py").write_text(NEXT.format(newest=known[0]))
    config_of = migrating.migrations

    def with_next(connection: Connection) -> Config:
        config = config_of(connection)
        versions = Path(str(config.get_main_option("script_location"))) / "versions"
        config.set_main_option("path_separator", "newline")
        config.set_main_option("version_locations", f"{versions}\n{folder}")
        return config

    with patch.context() as patched:
        patched.setattr(migrating, "migrations", with_next)
        patched.setattr(migrating, "known_revisions", lambda: ("9999", *known))
        yield


async def upgrade(database: str) -> None:
    """As the process of the next version does when it starts, beside those that serve."""

    async def run() -> None:
        await (await Store.open(database)).close()

    await asyncio.to_thread(lambda: asyncio.run(run()))


async def test_people_go_on_booking_while_the_next_version_migrates(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    books = some_books(**{school: {} for school in SCHOOLS})
    people = {"office": OFFICE, **{school: coordinator_of(school) for school in SCHOOLS}}
    tokens = await settle(database_url, records_of(*books), people)
    count = PROCESSES[database_url.partition("+")[0]]
    services = [a_service(database_url, tmp_path) for _ in range(count)]
    async with serving(*services), clients(services, tokens) as voices:
        load = Load(voices, database_may_be_away=True)
        work = asyncio.gather(*(load.person(Random(no)) for no in range(6)))
        await asyncio.sleep(1)
        before = len(load.done)
        with the_next_version(tmp_path, monkeypatch):
            await upgrade(database_url)
        after = len(load.done)
        await asyncio.sleep(1)
        load.stop.set()
        await asyncio.wait_for(work, PATIENCE)
        assert before < len(load.done) > after
        await require_history(load)
        for service in services:
            async with ClientSession(service.address) as client, client.get("/readyz") as ready:
                assert (ready.status, "another schema" in await ready.text()) == (503, True)
    await require_sound(database_url)
    with pytest.raises(StateError, match="schema 9999"):
        await Store.open(database_url)


async def require_sound(database: str) -> None:
    store = Store(open_engine(database))
    async with store.read(now=NOW) as transaction:
        assert [each for each in await check(transaction) if not each.waits_for_people] == []
    await store.close()
