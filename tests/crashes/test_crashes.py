"""Killed at random moments under load: what was acknowledged is there, whole, and told."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Final
from uuid import uuid4

import pytest

from scheduler.checking.database import check
from scheduler.model import ChannelKind
from scheduler.store import Store
from tests.builders import NOW, some_books
from tests.conftest import PostgresqlServer
from tests.crashes.load import SCHOOLS, Person, everything_told
from tests.crashes.postgresql import CrashingPostgresql
from tests.scheduler.delivery.vendors import FeishuServer, Vendor, open_vendor
from tests.scheduler.desk import OFFICE, records_of
from tests.services import PATIENCE, Service, a_service, clients, settle

ROUNDS: Final = 50
PEOPLE: Final = 6
A_ROUND: Final = timedelta(minutes=2)
"""How much later each process believes to start: messages wait a minute for others to join them."""


@dataclass
class Drill:
    """A service that people use, with a group robot that is told of everything."""

    service: Service
    people: list[Person]
    robot: Vendor
    stop: asyncio.Event
    work: asyncio.Future[list[None]] = field(init=False)
    rounds: int = 0

    async def start(self) -> None:
        """Start a process, some minutes after the last one."""
        later = NOW + A_ROUND * self.rounds
        self.service.settings = replace(self.service.settings, clock_starts_at=later)
        self.rounds += 1
        self.service.start()
        await self.service.ready()

    async def some_answers(self, dice: Random) -> None:
        """Let people work for a random while, however slow the machine is."""
        enough = self.answered + dice.randint(1, 12)
        deadline = time.monotonic() + PATIENCE
        while self.answered < enough:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.001)
        await asyncio.sleep(dice.uniform(0, 0.05))

    @property
    def answered(self) -> int:
        return sum(person.answered for person in self.people)

    async def finish(self) -> None:
        """Let people have their last answers; then a last process delivers what is left."""
        self.stop.set()
        await asyncio.wait_for(self.work, PATIENCE)
        assert sum(person.interrupted for person in self.people) > ROUNDS
        self.service.kill()
        self.rounds += 10
        await self.start()


@asynccontextmanager
async def a_drill(database: str, folder: Path) -> AsyncIterator[Drill]:
    """People at work; in the end all of them have their answers."""
    books = some_books(**{school: {} for school in SCHOOLS})
    tokens = await settle(database, records_of(*books), {"office": OFFICE})
    minutes = count()
    robot = FeishuServer(lambda: NOW + timedelta(minutes=next(minutes)))
    async with open_vendor(robot):
        service = a_service(database, folder, secret_key="k" * 32, robot_hosts=robot.place)
        drill = Drill(service, [], robot, asyncio.Event())
        async with clients([service], tokens) as callers:
            await drill.start()
            wish = {"id": "all", "name": "全联盟", "kind": ChannelKind.FEISHU}
            wish |= {"address": robot.address, "quiet_from": "00:00:00", "quiet_until": "00:00:00"}
            assert (await callers["office"]("POST", "/channels", wish)).status == 201
            drill.people = [Person(no, callers["office"]) for no in range(PEOPLE)]
            drill.work = asyncio.gather(*(each.work(drill.stop) for each in drill.people))
            try:
                yield drill
            finally:
                drill.work.cancel()
                await asyncio.wait([drill.work])
                service.kill()


async def require_whole(drill: Drill, database: str) -> None:
    """The ledger is what people were last told, `lianke check` finds nothing, all is delivered."""
    told = everything_told(drill.people)
    sessions = await drill.people[0].client.everything("/sessions")
    assert {each["id"]: each for each in sessions} == told
    assert drill.answered > ROUNDS
    store = await Store.open(database)
    async with store.read(now=NOW) as transaction:
        assert await check(transaction) == ()
    await store.close()


async def require_delivered(drill: Drill) -> None:
    """The robot has been told of every session, and nothing waits to be told."""
    office = drill.people[0].client
    concerns = {each["id"]: each["session"] for each in await office.everything("/notices")}
    async with asyncio.timeout(2 * PATIENCE):
        while True:
            messages = await office.everything("/messages")
            told = {concerns[notice] for each in messages for notice in each["notices"]}
            if told == {*everything_told(drill.people)} and {*map(state_of, messages)} == {"sent"}:
                break
            await asyncio.sleep(0.5)
    assert len(drill.robot.told) >= len(messages) > 0


def state_of(message: dict[str, str]) -> str:
    return message["state"]


async def test_a_service_killed_fifty_times_loses_nothing_and_does_nothing_twice(
    database_url: str, tmp_path: Path
) -> None:
    dice = Random(50)
    async with a_drill(database_url, tmp_path) as drill:
        for _ in range(ROUNDS):
            await drill.some_answers(dice)
            drill.service.kill()
            await drill.start()
        await drill.finish()
        await require_whole(drill, database_url)
        await require_delivered(drill)


@pytest.fixture
def crashing(postgresql_server: PostgresqlServer) -> Iterator[CrashingPostgresql]:  # noqa: ARG001 - it has made the folder of sockets
    with TemporaryDirectory(prefix="lianke-crash-") as folder:
        Path(folder).chmod(0o755)
        server = CrashingPostgresql.start_in(Path(folder) / "data")
        try:
            yield server
        finally:
            server.stop()


async def test_a_postgresql_killed_fifty_times_loses_nothing_and_the_service_goes_on(
    crashing: CrashingPostgresql, tmp_path: Path
) -> None:
    dice, name = Random(51), f"crash_{uuid4().hex}"
    await crashing.at.run(f"CREATE DATABASE {name}")
    database = crashing.at.url_of(name)
    async with a_drill(database, tmp_path) as drill:
        for number in range(ROUNDS):
            await drill.some_answers(dice)
            if number % 5:
                await crashing.kill_one(dice)
            else:
                await crashing.kill_all()
        assert drill.service.process.is_alive()
        await drill.finish()
        await require_whole(drill, database)
        await require_delivered(drill)
