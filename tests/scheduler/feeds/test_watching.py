"""Looks at the database: shared by those who came before, and never taken for one that was not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime

import pytest

from scheduler.feeds.watching import Watch
from scheduler.model import Resource, ResourceKind, Role, SessionId
from scheduler.store import Store, Transaction
from tests.builders import NOW, a_room, a_session, a_site, at
from tests.scheduler.feeding import WISHES, add, change, opened, rename, settle, write

LESSON = a_session(sites=(a_site("TF1"), a_site("JS", Role.LISTEN)))
TEACHER = Resource(ResourceKind.TEACHER, "TF1-T1")
STRANGER = Resource(ResourceKind.TEACHER, "CB-T2")


class Counted(Store):
    """A store that counts those who have read, and lets them fail or wait when it is told to."""

    reads = 0
    fails = False
    has_read: asyncio.Event
    may_go: asyncio.Event

    @asynccontextmanager
    async def read(self, *, now: datetime) -> AsyncIterator[Transaction]:
        if self.fails:
            raise OSError("Nobody answers.")
        async with super().read(now=now) as transaction:
            yield transaction
        self.reads += 1
        self.has_read.set()
        await self.may_go.wait()


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Counted]:
    opened = await Counted.open(database_url)
    assert isinstance(opened, Counted)
    opened.has_read, opened.may_go = asyncio.Event(), asyncio.Event()
    opened.may_go.set()
    await settle(opened)
    await add(opened, LESSON)
    yield opened
    await opened.close()


async def touched(watch: Watch, since: int) -> tuple[bool, bool, bool]:
    """Whether the teacher, a stranger and anybody at all were touched."""
    await watch.look(NOW)
    return (
        watch.has_touched("s", TEACHER, since),
        watch.has_touched("s", STRANGER, since),
        watch.has_touched("s", None, since),
    )


async def move(store: Store) -> None:
    await change(store, LESSON, replace(LESSON, slot=at("9:00"), sequence=1))


async def test_a_look_is_taken_once_for_all_who_came_before_it(store: Counted) -> None:
    watch = Watch(store)
    first = await watch.look(NOW)
    await move(store)
    store.reads = 0
    found = await asyncio.gather(*(watch.look(NOW) for _ in range(20)))
    assert (set(found), store.reads) == ({first + 1}, 1)
    assert await watch.look(NOW) == first + 1
    assert store.reads == 1, "Nothing was committed since."


async def test_who_comes_while_a_look_is_taken_waits_for_the_next(store: Counted) -> None:
    watch = Watch(store)
    first = await watch.look(NOW)
    await add(store, a_session("s2", at("9:00"), sites=(a_site("CB", teacher="CB-T2"),)))
    store.has_read.clear()
    store.may_go.clear()
    early = asyncio.create_task(watch.look(NOW))
    await store.has_read.wait()
    await move(store)
    late = asyncio.create_task(watch.look(NOW))
    await asyncio.sleep(0.05)
    store.may_go.set()
    assert await early < await late
    assert watch.has_touched("s", TEACHER, first)


async def test_a_look_that_fails_or_is_given_up_has_not_been(store: Counted) -> None:
    watch = Watch(store)
    first = await watch.look(NOW)
    await move(store)
    store.fails = True
    with pytest.raises(OSError, match="Nobody answers"):
        await watch.look(NOW)
    store.fails = False
    store.has_read.clear()
    store.may_go.clear()
    given_up, waiting = (asyncio.create_task(watch.look(NOW)) for _ in range(2))
    await store.has_read.wait()
    given_up.cancel()
    store.may_go.set()
    await waiting
    assert watch.has_touched("s", TEACHER, first)


async def test_what_was_read_after_a_look_is_not_touched_by_what_that_look_found(
    store: Counted,
) -> None:
    watch = Watch(store)
    before = await watch.look(NOW)
    await move(store)
    after = await watch.look(NOW)
    assert await touched(watch, before) == (True, False, True)
    assert await touched(watch, after) == (False, False, False)


async def test_so_much_at_once_touches_everything(store: Counted) -> None:
    watch = Watch(store)
    for many, everything in ((50, False), (51, True)):
        since = await watch.look(NOW)

        async def add_many(transaction: Transaction, many: int = many) -> None:
            for no in range(many):
                name = f"{many}-{no}"
                await transaction.add_session(
                    replace(a_session(name), state=LESSON.state.CANCELLED, id=SessionId(name))
                )

        await write(store, add_many)
        assert await touched(watch, since) == (True, everything, True)


async def test_what_names_others_touches_everything(store: Counted) -> None:
    watch = Watch(store)
    since = await watch.look(NOW)
    await rename(store, a_room("CB"), "CB 大录播室")
    assert await touched(watch, since) == (True, True, True)


async def test_an_address_is_touched_alone(store: Counted) -> None:
    watch = Watch(store)
    since = await watch.look(NOW)
    await opened(store, WISHES[0])
    async with store.read(now=NOW) as transaction:
        (found,) = await transaction.subscriptions()
    assert await touched(watch, since) == (False, False, False)
    assert watch.has_touched(found.id, STRANGER, since)


async def test_an_older_database_put_in_place_of_this_one_touches_everything(
    store: Counted,
) -> None:
    async with store.read(now=NOW) as transaction:
        ends = dict((await transaction.touched_since(None)).ends)
        further = {**ends, 0: ends[0] + 1}
        other = {**ends, 0: ends[0] - 1, 1: ends[1] + 1}
        assert [
            (await transaction.touched_since(known)).everything
            for known in (None, further, other, ends)
        ] == [True, True, True, False]


async def test_only_so_many_are_told_apart(store: Counted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scheduler.feeds.watching.MOST_KNOWN", 3)
    watch = Watch(store)
    since = await watch.look(NOW)
    await move(store)
    assert await touched(watch, since) == (True, True, True)
    assert await touched(watch, await watch.look(NOW)) == (False, False, False)
