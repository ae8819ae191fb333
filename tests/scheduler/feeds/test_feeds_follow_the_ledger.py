"""Whatever happens to the ledger, every feed says it, and changes a byte only if it must."""

import logging
import os
import tempfile
from collections import Counter
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Self, cast

from aiohttp.test_utils import TestClient, TestServer

from scheduler.errors import ClashError, InvalidWishError, SchedulerError, StateError
from scheduler.feeds import SubscriptionWish
from scheduler.http.app import make_app
from scheduler.http.at_hand import answer_polls_first
from scheduler.jobs import Job, expire_holds, forgetting
from scheduler.model import Scope
from scheduler.model.readers import AuditFilter
from scheduler.store import Store
from tests.builders import NOW, a_room
from tests.conftest import PostgresqlServer, a_copy_of
from tests.scheduler.feeding import opened, settle, write
from tests.scheduler.feeds.follower import BusyFollower, Follower
from tests.scheduler.feeds.happenings import STUDIO, UseCase
from tests.scheduler.feeds.happenings import VERBS as USUAL
from tests.scheduler.feeds.mishaps import VERBS as RARE
from tests.scheduler.feeds.mishaps import Mishaps
from tests.scheduler.feeds.telling import (
    Ledger,
    Telling,
    busy_times,
    by_series,
    next_end,
    one_by_one,
)

WISHES = (
    SubscriptionWish(scope=Scope.TEACHER, subject_id="TF1-T1", owner="a"),
    SubscriptionWish(scope=Scope.SCHOOL, subject_id="JS", language="en", owner="b"),
    SubscriptionWish(scope=Scope.ROOM, subject_id="CB-R1", owner="c"),
    SubscriptionWish(scope=Scope.CLASS_GROUP, subject_id="JS-C1", owner="d"),
    SubscriptionWish(scope=Scope.SUBJECT, subject_id="TF1", subject="音乐", owner="e"),
    SubscriptionWish(scope=Scope.STUDIO, subject_id=STUDIO.id, owner="f"),
    SubscriptionWish(scope=Scope.ALLIANCE, owner="g"),
)
BUSY_WISHES = (WISHES[0], WISHES[2])
TIMELY = ("wait", "see something end", "run jobs")
DECK = (*USUAL, *RARE, *TIMELY)
NEEDS: Mapping[str, str] = {
    "make up": "cancel",
    "open schools": "close schools",
    "confirm series": "book a series",
    "split": "book a series",
    "hand over": "book a series",
    "retitle": "book a series",
    "cancel series": "book a series",
    "remedy": "break down",
    "mend": "break down",
    "agree": "propose",
    "refuse": "propose",
    "withdraw": "propose",
    "displace": "meet",
    "see something end": "cancel",
}
"""What has to happen before something can, if not a booking."""

TRIES = 12


@dataclass
class Calendar:
    """What a calendar has to tell, and who follows it in both its forms."""

    telling: Telling
    singles: Follower
    series: Follower


@dataclass
class BusyTimes:
    """Whose busy times they are, how long its room is made ready, and who follows them."""

    wish: SubscriptionWish
    buffer: int
    follower: BusyFollower


@dataclass
class World:
    """A ledger and two services that publish it."""

    store: Store
    now: datetime = NOW
    clients: list[TestClient[Any, Any]] = field(default_factory=list)
    calendars: list[Calendar] = field(default_factory=list)
    busy_times: list[BusyTimes] = field(default_factory=list)
    turn: int = 0
    played: Counter[str] = field(default_factory=Counter)

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
        await settle(world.store, STUDIO)
        for wish in WISHES:
            path = f"/feeds/{await opened(world.store, wish)}.ics"
            world.calendars.append(
                Calendar(Telling(wish), Follower(f"{path}?expand=1"), Follower(path))
            )
        for wish in BUSY_WISHES:
            path = f"/freebusy/{await opened(world.store, wish)}.ifb"
            buffer = a_room("CB").buffer_minutes if wish.scope is Scope.ROOM else 0
            world.busy_times.append(BusyTimes(wish, buffer, BusyFollower(path)))
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

    async def play(self, verb: str, chance: Random) -> None:
        """Make it happen, after whatever it needs; the calendars are read after each step."""
        for no in range(1, TRIES + 1):
            if await self.do(verb, chance):
                await self.check()
                self.played[verb] += 1
                return
            if no % 3 == 0 and verb != "book":
                await self.play(NEEDS.get(verb, "book"), chance)
        raise AssertionError(f"{verb!r} was never allowed")

    async def do(self, verb: str, chance: Random) -> bool:
        """One step, and whether anything came of it; what a rule forbids is not done."""
        self.now += timedelta(minutes=1)
        before = await self.ledger()
        if verb == "wait":
            self.now += timedelta(hours=chance.choice((5, 30, 100, 300)))
        elif verb == "see something end":
            departed = (each.telling.departed.values() for each in self.calendars)
            sessions = (*before.sessions, *(one for each in departed for one in each))
            end = next_end(sessions, self.now)
            if end is None:
                return False
            self.now = end - timedelta(seconds=1)
            await self.check()
            self.now = end
        elif verb == "run jobs":
            await self._run_jobs(before)
        elif use_case := Mishaps(before.sessions, self.now, chance).use_case(verb):
            await self._try(use_case)
        after = await self.ledger()
        for calendar in self.calendars:
            calendar.telling.follow(before, after, self.now)
        return verb in ("wait", "see something end") or await self._is_noted()

    async def _run_jobs(self, ledger: Ledger) -> None:
        """After the first hold that is still to come has run out, if there is one."""
        held = [each.hold_expires_at for each in ledger.sessions if each.is_live(self.now)]
        self.now = min((end for end in held if end is not None), default=self.now)
        for job in (Job(expire_holds, seconds=60), forgetting(audit_days=3650, notice_days=3650)):
            await job.work(self.store, lambda: self.now)

    async def _try(self, use_case: UseCase) -> None:
        try:
            await write(self.store, use_case, self.now)
        except SchedulerError as error:
            assert isinstance(error, (ClashError, InvalidWishError, StateError)), error  # noqa: PT017 - or raise

    async def _is_noted(self) -> bool:
        """Whether the audit says that anything was done at this moment."""
        async with self.store.read(now=self.now) as transaction:
            return bool(await transaction.audit(AuditFilter(since=self.now), limit=1))

    async def check(self) -> None:
        """Every calendar in both forms and all busy times, each time from the other service."""
        self.turn += 1
        ledger, names, now = await self.ledger(), await self.names(), self.now
        for no, calendar in enumerate(self.calendars):
            client = self.clients[(self.turn + no) % 2]
            telling = calendar.telling
            shown = telling.shown(ledger, now)
            content = telling.content(shown, names, now)
            await calendar.singles.poll(client, content, one_by_one(shown, now))
            content = (content, telling.changes(ledger, shown, now))
            await calendar.series.poll(client, content, by_series(shown, ledger, now))
        for each in self.busy_times:
            expected = busy_times(each.wish, ledger, now, buffer=each.buffer)
            dates = [(one.id, one.changed_at) for one in ledger.sessions]
            await each.follower.poll(self.clients[self.turn % 2], (expected, dates), expected)


def seeds() -> list[int]:
    """Of one round, or as many as are asked for; CI plays the same ones each time."""
    if seed := os.environ.get("LIANKE_FEED_SEED"):
        return [int(seed)]
    chance = Random(0) if "CI" in os.environ else Random()
    return [chance.randrange(10_000) for _ in range(int(os.environ.get("LIANKE_FEED_ROUNDS", "1")))]


async def play_a_round(url: str, seed: int) -> Counter[str]:
    """Everything that may happen happens, in an order of its own; how often each did."""
    chance = Random(seed)
    async with AsyncExitStack() as stack:
        world = await World.begin(url, stack)
        for verb in ("book a series", "book a series", *chance.sample(DECK, len(DECK))):
            await world.play(verb, chance)
        return world.played


async def test_every_feed_follows_the_ledger_whatever_happens_to_it(
    migrated: Path | PostgresqlServer,
) -> None:
    for seed in seeds():
        logging.getLogger(__name__).warning("LIANKE_FEED_SEED=%d plays this round again", seed)
        with tempfile.TemporaryDirectory() as folder:
            async with a_copy_of(migrated, Path(folder)) as url:
                played = await play_a_round(url, seed)
        assert played.keys() == set(DECK)
