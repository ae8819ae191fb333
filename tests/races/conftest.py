"""An alliance of four schools, served by one process on SQLite and by three on PostgreSQL."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pytest

from calendars.bells import SchoolId
from scheduler.checking.database import check
from scheduler.model import Actor, ActorRole
from scheduler.model.findings import Finding
from scheduler.store import Store
from tests.builders import NOW, some_books
from tests.scheduler.desk import OFFICE, coordinator_of, records_of
from tests.services import Client, Service, a_service, clients, serving, settle

PROCESSES: Final = {"sqlite": 1, "postgresql": 3}
SCHOOLS: Final = ("TF1", "JS", "CB", "WA")
PEOPLE: Final[Mapping[str, Actor]] = {
    "office": OFFICE,
    "it": Actor(name="电教", role=ActorRole.IT_SUPPORT, school=SchoolId("TF1")),
    **{school: coordinator_of(school) for school in SCHOOLS},
}


@dataclass(frozen=True)
class Alliance:
    """What a test works with: the processes, the people, and the database behind them."""

    database: str
    services: tuple[Service, ...]
    people: Mapping[str, Client]

    @property
    def office(self) -> Client:
        return self.people["office"]

    async def sessions(self, by: Service) -> dict[str, dict[str, Any]]:
        """Every session as one process tells it."""
        found = await self.office.everything("/sessions", by=by)
        return {each["id"]: each for each in found}

    async def findings(self, now: datetime = NOW) -> tuple[Finding, ...]:
        """What `lianke check` finds."""
        store = await Store.open(self.database)
        async with store.read(now=now) as transaction:
            found = await check(transaction)
        await store.close()
        return found


@pytest.fixture
async def alliance(database_url: str, tmp_path: Path) -> AsyncIterator[Alliance]:
    tokens = await settle(database_url, records_of(*some_books(WA={})), PEOPLE)
    count = PROCESSES[database_url.partition("+")[0]]
    services = tuple(a_service(database_url, tmp_path) for _ in range(count))
    async with serving(*services), clients(services, tokens) as people:
        yield Alliance(database_url, services, people)
