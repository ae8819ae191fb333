"""Whatever happens to the ledger, every feed says it, and changes a byte only if it must."""

import asyncio
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Self, cast

from aiohttp.test_utils import TestClient, TestServer
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as some

from scheduler.errors import ClashError, InvalidWishError, SchedulerError, StateError
from scheduler.feeds import SubscriptionWish
from scheduler.http.app import make_app
from scheduler.http.at_hand import answer_polls_first
from scheduler.jobs import Job, expire_holds, forgetting
from scheduler.model import Scope
from scheduler.store import Store
from tests.builders import NOW
from tests.conftest import PostgresqlServer, a_copy_of
from tests.scheduler.feeding import opened, settle, write
from tests.scheduler.feeds.follower import Follower
from tests.scheduler.feeds.happenings import VERBS as USUAL
from tests.scheduler.feeds.happenings import UseCase
from tests.scheduler.feeds.mishaps import VERBS as RARE
from tests.scheduler.feeds.mishaps import Mishaps
from tests.scheduler.feeds.telling import Ledger, Telling, by_series, next_end, one_by_one

WISHES = (
    SubscriptionWish(scope=Scope.TEACHER, subject_id="TF1-T1", owner="a"),
    SubscriptionWish(scope=Scope.SCHOOL, subject_id="JS", language="en", owner="b"),
    SubscriptionWish(scope=Scope.ROOM, subject_id="CB-R1", owner="c"),
    SubscriptionWish(scope=Scope.CLASS_GROUP, subject_id="JS-C1", owner="d"),
    SubscriptionWish(scope=Scope.SUBJECT, subject_id="TF1", subject="音乐", owner="e"),
    SubscriptionWish(scope=Scope.ALLIANCE, owner="f"),
)
OFTEN = ("book a series", "book a series", "wait", "wait", "see something end", "run jobs")
verbs = some.sampled_from((*USUAL, *RARE, *OFTEN))
steps = some.lists(some.tuples(verbs, some.integers(0, 9999)), min_size=8, max_size=12)


@dataclass
class Calendar:
    """What a calendar has to tell, and who follows it in both its forms."""

    telling: Telling
    singles: Follower
    series: Follower


@dataclass
class World:
    """A ledger and two services that publish it."""

    store: Store
    now: datetime = NOW
    clients: list[TestClient[Any, Any]] = field(default_factory=list)
    calendars: list[Calendar] = field(default_factory=list)

    @classmethod
    async def begin(cls, url: str, stack: AsyncExitStack) -> Self:
        stores = [await Store.open(url) for _ in range(2)]
        world = cls(stores[0])
        for store in stores:
            stack.push_async_callback(store.close)
            app = make_app(store, clock=lambda: world.now, address="https://lianke.example")
            server = TestServer(app)
            world.clients.append(await stack.enter_async_context(TestClient(server)))
            answer_polls_first(cast("Any", server.runner))
        await settle(world.store)
        for wish in WISHES:
            path = f"/feeds/{await opened(world.store, wish)}.ics"
            world.calendars.append(
                Calendar(Telling(wish), Follower(f"{path}?expand=1"), Follower(path))
            )
        return world

    async def ledger(self) -> Ledger:
        async with self.store.read(now=self.now) as transaction:
            sessions = await transaction.sessions(limit=None)
            # Also those that have lost every session, for these may still be seen to have gone.
            series = {each.id: each for each in await transaction.all_series()}
        # Their ids are drawn at random: chance must choose among them in the same order each time.
        return Ledger(sorted(sessions, key=lambda each: (each.created_at, each.slot)), series)

    async def names(self) -> dict[str, str]:
        """What everything that calendars name is called now, by id."""
        async with self.store.read(now=self.now) as transaction:
            books = await transaction.books()
        found: dict[str, str] = {}
        for book in books.values():
            found[book.school.id] = book.school.name
            found |= {str(each.id): each.name for each in book.rooms.values()}
            found |= {str(each.id): each.name for each in book.teachers.values()}
            found |= {str(each.id): each.name for each in book.class_groups.values()}
        return found

    async def do(self, verb: str, number: int, turn: int) -> None:
        """One step; what a rule forbids is not done."""
        self.now += timedelta(minutes=1)
        chance, before = Random(number), await self.ledger()
        if verb == "wait":
            self.now += timedelta(hours=chance.choice((5, 30, 100, 300, 600)))
        elif verb == "see something end":
            departed = (each.telling.departed.values() for each in self.calendars)
            sessions = (*before.sessions, *(one for each in departed for one in each))
            if end := next_end(sessions, self.now):
                self.now = end - timedelta(seconds=1)
                await self.check(turn)
                self.now = end
        elif verb == "run jobs":
            for job in (
                Job(expire_holds, seconds=60),
                forgetting(audit_days=3650, notice_days=3650),
            ):
                await job.work(self.store, lambda: self.now)
        elif use_case := Mishaps(before.sessions, self.now, chance).use_case(verb):
            await self._try(use_case)
        after = await self.ledger()
        for calendar in self.calendars:
            calendar.telling.follow(before, after, self.now)

    async def _try(self, use_case: UseCase) -> None:
        try:
            await write(self.store, use_case, self.now)
        except SchedulerError as error:
            assert isinstance(error, (ClashError, InvalidWishError, StateError)), error  # noqa: PT017 - or raise

    async def check(self, turn: int) -> None:
        """Every calendar in both forms, each time from the other service."""
        ledger, names, now = await self.ledger(), await self.names(), self.now
        for no, calendar in enumerate(self.calendars):
            client = self.clients[(turn + no) % 2]
            telling = calendar.telling
            shown = telling.shown(ledger, now)
            content = telling.content(shown, names, now)
            await calendar.singles.poll(client, content, one_by_one(shown, now))
            content = (content, telling.changes(ledger, shown, now))
            await calendar.series.poll(client, content, by_series(shown, ledger, now))


@settings(
    deadline=None,
    max_examples=3,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # shrinking takes minutes
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.function_scoped_fixture,  # what is copied for each example
    ],
)
@given(acts=steps)
def test_every_feed_follows_the_ledger(
    migrated: Path | PostgresqlServer, acts: list[tuple[str, int]]
) -> None:
    async def play(folder: Path) -> None:
        async with AsyncExitStack() as stack:
            url = await stack.enter_async_context(a_copy_of(migrated, folder))
            world = await World.begin(url, stack)
            first = acts[0][1]
            some_to_change = [("book a series", first), ("book a series", first + 1)]
            for turn, (verb, number) in enumerate([*some_to_change, *acts]):
                await world.do(verb, number, turn)
                await world.check(turn)

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(play(Path(folder)))
