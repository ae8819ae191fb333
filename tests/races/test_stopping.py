"""Told to stop, the service answers what it has accepted, hands back what it is at, and ends."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest
from aiohttp import ClientConnectorError, ClientError, ClientSession, TCPConnector

from scheduler.exchange import import_files
from scheduler.store import Store
from tests.builders import NOW
from tests.races.conftest import Alliance
from tests.races.test_races import contested, on_day
from tests.scheduler.desk import OFFICE
from tests.services import PATIENCE, Client, Service, a_service, clients, serving, settle

EXAMPLE: Final = Path(__file__).parents[2] / "examples" / "fourth-alliance"
SOON: Final = 45.0
"""Seconds in which a service that is told to stop has ended, with requests under way."""


@dataclass
class Told:
    """What clients were told until nobody listened any more."""

    answers: list[Any] = field(default_factory=list)
    refused: int = 0
    broken: list[ClientError] = field(default_factory=list)


async def ask_until_refused(client: Client, told: Told, dice: Random) -> None:
    while True:
        try:
            told.answers.append(await client("POST", "/sessions", contested(dice)))
        except ClientConnectorError:
            told.refused += 1
            return
        except ClientError as error:
            told.broken.append(error)
            return


@pytest.mark.parametrize("keep_alive", [True, False])
async def test_whoever_was_accepted_has_an_answer_and_everybody_else_is_refused(
    alliance: Alliance, *, keep_alive: bool
) -> None:
    dice, told, service = Random(1), Told(), alliance.services[0]
    connector = TCPConnector(limit=0, force_close=not keep_alive)
    async with ClientSession(connector=connector) as connections:
        client = Client(connections, (service,), alliance.office.token)
        asking = [
            asyncio.create_task(ask_until_refused(client, told, Random(no))) for no in range(40)
        ]
        await asyncio.sleep(1 + dice.random())
        started = time.monotonic()
        assert await service.stop() == 0
        assert time.monotonic() - started < SOON
        await asyncio.gather(*asking)
    assert (told.broken, told.refused) == ([], 40)
    assert {answer.status for answer in told.answers} == {201, 409}
    await restarted(service)
    kept = await alliance.sessions(service)
    assert kept.keys() == {each.body["id"] for each in told.answers if each.status == 201}
    assert await alliance.findings() == ()


async def restarted(service: Service) -> None:
    service.start()
    await service.ready()


async def test_it_says_that_it_stops_before_it_does(alliance: Alliance) -> None:
    service = alliance.services[0]
    async with ClientSession(service.address) as client:
        assert service.process.pid is not None
        os.kill(service.process.pid, signal.SIGTERM)
        await asyncio.sleep(0.2)
        async with client.get("/readyz") as ready:
            assert (ready.status, (await ready.json())["reason"]) == (503, "stopping")
            assert ready.headers["Connection"] == "close"
        async with client.get("/healthz") as alive:
            assert alive.status == 200
    booked = await alliance.office("POST", "/sessions", on_day(0), by=service)
    assert booked.status == 201
    await asyncio.to_thread(service.process.join, PATIENCE)
    assert service.process.exitcode == 0


async def test_a_second_signal_ends_it_at_once(database_url: str, tmp_path: Path) -> None:
    service = a_service(database_url, tmp_path, drain_seconds=60)
    async with serving(service):
        assert service.process.pid is not None
        os.kill(service.process.pid, signal.SIGTERM)
        await asyncio.sleep(0.3)
        assert service.process.is_alive()
        assert await service.stop() == -signal.SIGTERM


@pytest.fixture
async def example(database_url: str, tmp_path: Path) -> AsyncIterator[tuple[Client, Service]]:
    """The example alliance with its requests for a term, served."""
    store = await Store.open(database_url)
    files = {path.name: path.read_bytes() for path in EXAMPLE.glob("*.csv")}
    await store.write(lambda each: import_files(each, files), actor=OFFICE, now=NOW)
    await store.close()
    tokens = await settle(database_url, [], {"office": OFFICE})
    service = a_service(database_url, tmp_path)
    async with serving(service), clients([service], tokens) as people:
        yield people["office"], service


async def test_a_search_that_is_interrupted_is_taken_up_by_the_next_process(
    example: tuple[Client, Service],
) -> None:
    office, service = example
    plan = (await office("POST", "/plans", {"seconds": 20})).body["id"]
    await until(office, plan, "solving")
    started = time.monotonic()
    assert await service.stop() == 0
    assert time.monotonic() - started < SOON
    # Later than any search that was not handed back is taken to be alive.
    service.settings = replace(service.settings, clock_starts_at=NOW + timedelta(minutes=5))
    await restarted(service)
    await until(office, plan, "ready")


async def test_a_search_whose_process_is_killed_is_taken_up_when_its_lease_is_over(
    example: tuple[Client, Service],
) -> None:
    """Killed, it hands nothing back: another process lets the plan be for a minute."""
    office, service = example
    plan = (await office("POST", "/plans", {"seconds": 10})).body["id"]
    await until(office, plan, "solving")
    await asyncio.sleep(1)
    for later, state in ((timedelta(seconds=10), "solving"), (timedelta(minutes=5), "ready")):
        service.kill()
        service.settings = replace(service.settings, clock_starts_at=NOW + later)
        await restarted(service)
        await asyncio.sleep(3)
        await until(office, plan, state)
    assert (await office("GET", f"/plans/{plan}")).body["placements"]


async def until(office: Client, plan: str, state: str) -> None:
    deadline = time.monotonic() + 2 * PATIENCE
    while (await office("GET", f"/plans/{plan}")).body["state"] != state:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
