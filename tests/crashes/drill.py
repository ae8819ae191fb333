"""A service of several processes that people use and that is killed; robots and mail are real."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, Final

from scheduler.members import Alliance, AllianceId
from scheduler.model import ChannelKind
from scheduler.store import Store
from tests.builders import NOW, a_notice, an_alliance, some_books
from tests.crashes.load import Load
from tests.crashes.wishes import SCHOOLS
from tests.scheduler.delivery.postoffice import PostOffice, open_post_office
from tests.scheduler.delivery.vendors import FeishuServer, Vendor, open_vendor
from tests.scheduler.desk import OFFICE, coordinator_of, records_of
from tests.services import PATIENCE, Service, a_service, clients, settle

PEOPLE: Final = 6
A_CUT: Final = timedelta(minutes=30)
"""How long nothing runs after everything was killed at once: holds run out, messages are due."""
LONG_AGO: Final = NOW - timedelta(days=800)
OLD_NOTICES: Final = 2_000
A_MOMENT: Final = 0.02
"""Seconds in which those who were connected to a process notice that it is gone."""
WATCHED: Final = SCHOOLS[1]
"""The school whose coordinator is told by mail."""


@dataclass
class Drill:
    """The processes, the people who use them, and whom they tell."""

    services: Sequence[Service]
    load: Load
    robot: Vendor
    post: PostOffice
    began: float = field(default_factory=time.monotonic)
    jumped: timedelta = timedelta()
    killed: Service | None = None
    work: "asyncio.Future[list[None]]" = field(init=False)

    @property
    def now(self) -> datetime:
        """The clock that all processes go by."""
        return NOW + self.jumped + timedelta(seconds=time.monotonic() - self.began)

    def start(self, service: Service) -> None:
        service.settings = replace(service.settings, clock_starts_at=self.now)
        service.start()

    async def kill_one(self, dice: Random) -> None:
        """Kill a process; the others answer on before it starts again."""
        self.killed = dice.choice(self.services)
        self.killed.kill()
        await asyncio.sleep(A_MOMENT)
        if len(self.services) > 1:
            await self.some_answers(1)
        self.start(self.killed)
        self.killed = None

    async def cut_power(self) -> None:
        """Kill all processes; they start again some time later, all at once."""
        for each in self.services:
            each.kill()
        await asyncio.sleep(A_MOMENT)
        self.jumped += A_CUT
        for each in self.services:
            self.start(each)

    async def some_answers(self, many: int) -> None:
        """Let people work until so many more were answered, however slow the machine is."""
        enough = len(self.load.answers) + many
        deadline = time.monotonic() + 2 * PATIENCE
        while len(self.load.answers) < enough:
            assert time.monotonic() < deadline
            self._start_again()
            if self.work.done():
                self.work.result()
            await asyncio.sleep(0.001)

    def _start_again(self) -> None:
        """As systemd does with those that ended by themselves: the database was away."""
        for each in self.services:
            if each is not self.killed and not each.process.is_alive():
                assert "The database cannot be used" in each.log.read_text()
                self.start(each)

    async def finish(self) -> None:
        """Let people have their last answers; hours later, what is left is delivered."""
        self.load.stop.set()
        await asyncio.wait_for(self.work, PATIENCE)
        self.jumped += 10 * A_CUT
        await self.cut_power()
        await asyncio.gather(*(each.ready() for each in self.services))


@asynccontextmanager
async def a_drill(
    database: str, folder: Path, *, processes: int, seed: int
) -> AsyncIterator[Drill]:
    """People at work; in the end nobody is."""
    alliance = an_alliance(alliance=Alliance(id=AllianceId("demo"), name="示意联盟", hold_hours=2))
    books = some_books(**{school: {} for school in SCHOOLS})
    people = {"office": OFFICE, **{school: coordinator_of(school) for school in SCHOOLS}}
    tokens = await settle(database, records_of(*books, alliance=alliance), people, now=LONG_AGO)
    await _tell_long_ago(database)
    minutes = count()
    robot = FeishuServer(lambda: NOW + timedelta(minutes=next(minutes)))
    async with AsyncExitStack() as opened:
        await opened.enter_async_context(open_vendor(robot))
        post = await opened.enter_async_context(open_post_office())
        settings: dict[str, Any] = {
            "secret_key": "k" * 32,
            "robot_hosts": robot.place,
            "smtp_host": "127.0.0.1",
            "smtp_port": post.port,
            "smtp_from": "lianke@example.cn",
            "smtp_starttls": False,
        }
        services = [a_service(database, folder, **settings) for _ in range(processes)]
        voices = await opened.enter_async_context(clients(services, tokens))
        away = database.startswith("postgresql")
        drill = Drill(services, Load(voices, database_may_be_away=away), robot, post)
        try:
            for each in services:
                drill.start(each)
            await asyncio.gather(*(each.ready() for each in services))
            await _set_up_channels(drill)
            dice = [Random(f"{seed} {no}") for no in range(PEOPLE)]
            drill.work = asyncio.gather(*(drill.load.person(each) for each in dice))
            yield drill
        finally:
            if hasattr(drill, "work"):
                drill.work.cancel()
                await asyncio.gather(drill.work, return_exceptions=True)
            for each in services:
                each.kill()


async def _tell_long_ago(database: str) -> None:
    """What each process will forget as soon as it starts, in several parts."""
    told = [
        a_notice(f"old-{no}", teacher="TF1-T1", created_at=LONG_AGO) for no in range(OLD_NOTICES)
    ]
    store = await Store.open(database)
    await store.write(lambda each: each.add_notices(told), actor=OFFICE, now=LONG_AGO)
    await store.close()


async def _set_up_channels(drill: Drill) -> None:
    never_quiet = {"quiet_from": "00:00:00", "quiet_until": "00:00:00"}
    for wish in (
        {"id": "all", "name": "全联盟", "kind": ChannelKind.FEISHU, "address": drill.robot.address},
        {"id": "one", "name": "教导处", "kind": ChannelKind.MAIL, "school": WATCHED}
        | {"address": "office@example.cn"},
    ):
        answer = await drill.load.office("POST", "/channels", wish | never_quiet)
        assert answer.status == 201, answer
