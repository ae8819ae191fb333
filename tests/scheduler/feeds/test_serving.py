"""Feeds over a real store, on both engines: what the ledger says, and no new byte for nothing."""

import asyncio
import gzip
import shutil
import tempfile
from collections.abc import Awaitable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import brotli
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from scheduler.errors import InvalidWishError, NotFoundError, StateError
from scheduler.feeds import Feed, Feeds, SubscriptionWish, revoke
from scheduler.members import TeacherId
from scheduler.model import AuditFilter, Role, Scope, SessionState, Subscription
from scheduler.store import Edition, Store, Transaction
from scheduler.tokens import hash_of
from tests.builders import NOW, a_room, a_session, a_site, at
from tests.calendars.ics.byte_rules import faults
from tests.scheduler.feeding import WISHES, add, change, opened, rename, settle, write
from tests.scheduler.feeds.terms import a_series, a_term_of


@dataclass
class Served:
    """A store with an alliance, and feeds read from it."""

    store: Store
    feeds: Feeds
    token: str

    async def read(self, now: datetime = NOW) -> Feed:
        return await self.feeds.read(self.token, now=now)


@pytest.fixture
async def served(store: Store) -> Served:
    """The feed of TF1-T1."""
    await settle(store)
    return Served(store, Feeds(store), await opened(store, WISHES[0]))


async def test_only_a_hash_of_the_token_is_stored(served: Served) -> None:
    async with served.store.read(now=NOW) as transaction:
        found = await transaction.subscription_opened_by(hash_of(served.token))
        assert served.token not in repr(await transaction.audit(AuditFilter(subject_id=found.id)))
    assert served.token not in repr(found)
    assert len(served.token) >= 43
    assert found == Subscription(
        id=found.id, scope=Scope.TEACHER, subject_id="TF1-T1", owner="a", created_at=NOW
    )


async def test_a_wrong_and_a_revoked_token_look_alike(served: Served) -> None:
    await served.read()
    async with served.store.read(now=NOW) as transaction:
        found = await transaction.subscription_opened_by(hash_of(served.token))
    revoked = await write(served.store, lambda transaction: revoke(transaction, found.id))
    assert revoked.revoked_at == NOW
    messages = []
    for token in (served.token, "wrong", "", "\udcff"):
        with pytest.raises(NotFoundError) as refused:
            await served.feeds.read(token, now=NOW)
        messages.append(refused.value.text)
    assert len(set(messages)) == 1
    with pytest.raises(StateError):
        await write(served.store, lambda transaction: revoke(transaction, found.id))


@pytest.mark.parametrize(
    "wish",
    [
        SubscriptionWish(scope=Scope.TEACHER, owner="x"),
        SubscriptionWish(scope=Scope.ALLIANCE, subject_id="TF1", owner="x"),
        SubscriptionWish(scope=Scope.ROOM, subject_id="TF1", owner="x"),
    ],
)
async def test_a_calendar_of_nobody_cannot_be_opened(store: Store, wish: SubscriptionWish) -> None:
    await settle(store)
    with pytest.raises(InvalidWishError) as refused:
        await opened(store, wish)
    assert refused.value.pointer == "/subject_id"


async def test_a_feed_is_one_set_of_bytes_in_three_codings(served: Served) -> None:
    await add(served.store, a_session())
    feed = await served.read()
    assert feed.filename == "teacher-TF1-T1.ics"
    assert faults(feed.plain) == []
    assert gzip.decompress(feed.gzip) == brotli.decompress(feed.br) == feed.plain


async def test_an_unchanged_feed_is_the_same_object(served: Served) -> None:
    assert await served.read() is await served.read(NOW + timedelta(hours=1))


async def test_readers_of_the_same_calendar_share_it(served: Served) -> None:
    again = await opened(served.store, replace(WISHES[0], owner="somebody else"))
    assert await served.feeds.read(again, now=NOW) is await served.read()


async def test_a_new_day_alone_gives_no_new_tag(served: Served) -> None:
    await add(served.store, a_session())
    before = await served.read()
    assert await served.read(NOW + timedelta(days=1)) is before


async def test_a_session_of_others_leaves_the_bytes_alone(served: Served) -> None:
    before = await served.read()
    sites = (a_site("JS"), a_site("CB", Role.LISTEN))
    await add(served.store, a_session(sites=sites))
    assert await served.read() is before


async def test_a_change_shows_on_the_next_poll_through_any_process(
    served: Served, database_url: str
) -> None:
    elsewhere = await Store.open(database_url)
    try:
        other = Feeds(elsewhere)
        assert (await other.read(served.token, now=NOW)).tag == (await served.read()).tag
        session = a_session()
        await add(served.store, session)
        assert b"SEQUENCE:0" in (await other.read(served.token, now=NOW)).plain
        moved = replace(session, slot=at("9:00"), sequence=1, revision=2)
        await change(elsewhere, session, moved)
        assert b"SEQUENCE:1" in (await served.read()).plain
    finally:
        await elsewhere.close()


async def test_a_renamed_room_changes_bytes_and_tag_but_no_sequence(served: Served) -> None:
    await add(served.store, a_session())
    before = await served.read()
    await rename(served.store, a_room("JS"), "JS 大录播室")
    after = await served.read()
    assert after.tag != before.tag
    assert "JS 大录播室" in after.plain.decode().replace("\r\n ", "")
    stamps = [line for line in after.plain.split(b"\r\n") if line.startswith((b"SEQ", b"DTSTAMP"))]
    assert stamps == [b"DTSTAMP:20260820T010000Z", b"SEQUENCE:0"]


async def test_a_hold_that_runs_out_is_off_before_any_job_has_run(served: Served) -> None:
    expiry = NOW + timedelta(hours=1)
    await add(served.store, a_session(state=SessionState.HELD, hold_expires_at=expiry))
    assert b"STATUS:TENTATIVE" in (await served.read()).plain
    assert b"STATUS:CANCELLED" in (await served.read(expiry)).plain


@settings(deadline=None, max_examples=15)
@given(
    some.lists(
        some.tuples(some.booleans(), some.booleans(), some.integers(0, 1500)),
        min_size=8,
        max_size=20,
    )
)
def test_a_date_never_hides_a_change_nor_goes_back(
    migrated_file: Path, polls: list[tuple[bool, bool, int]]
) -> None:
    """Two processes, changes and polls less than a second apart, clients that know only dates."""

    def publish(wish: Edition, transaction: Transaction) -> Awaitable[Edition]:
        return transaction.publish("c", wish)

    async def play(file: str) -> None:
        stores = [await Store.open(f"sqlite+aiosqlite:///{file}") for _ in range(2)]
        now, version, told = NOW, 0, NOW - timedelta(days=1)
        held: set[tuple[datetime, int]] = set()
        for elsewhere, is_change, milliseconds in polls:
            now += timedelta(milliseconds=milliseconds)
            version += is_change
            wish = Edition(tag=f"{version}", as_of=now, shown=0, touched=version)
            edition = await write(stores[elsewhere], partial(publish, wish), now)
            feed = Feed("", edition.tag, b"", b"", b"", edition.modified)
            assert all(old == version for date, old in held if feed.is_unchanged_since(date))
            date = datetime.fromtimestamp(feed.last_modified(now) or 0, UTC)
            assert told <= date <= now
            told = date
            held.add((date, version))
        for store in stores:
            await store.close()

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(play(shutil.copy(migrated_file, f"{folder}/lianke.db")))


async def test_feeds_that_nobody_reads_make_room(served: Served) -> None:
    small = Feeds(served.store, max_memory=1)
    other = await opened(served.store, WISHES[3])
    first = await small.read(served.token, now=NOW)
    assert await small.read(served.token, now=NOW) is first
    await small.read(other, now=NOW)
    assert await small.read(served.token, now=NOW) is not first


async def test_many_polls_at_once_write_a_feed_once(served: Served) -> None:
    await add(served.store, a_session())
    feeds = await asyncio.gather(*(served.read() for _ in range(8)))
    assert len({id(feed) for feed in feeds}) == 1


async def test_a_series_that_loses_a_moved_lesson_to_somebody_else_is_not_older_than_before(
    store: Store,
) -> None:
    await settle(store)
    series = a_series()
    await write(store, lambda transaction: transaction.add_series(series))
    sessions = a_term_of(series, 3)
    for session in sessions:
        await add(store, session)
    token = await opened(store, replace(WISHES[0], subject_id="JS-T1"))
    served = Served(store, Feeds(store), token)
    moved_at, given_at = NOW + timedelta(minutes=5), NOW + timedelta(minutes=6)
    moved = replace(sessions[1], slot=at("9:00"), sequence=1, changed_at=moved_at)
    await change(store, sessions[1], moved, moved_at)
    moved = replace(moved, revision=2)
    lead, listening = moved.sites
    others = (lead, replace(listening, teacher=TeacherId("JS-T2")))
    before = sequences_in(await served.read(moved_at))
    given = replace(moved, sites=others, sequence=2, changed_at=given_at)
    await change(store, moved, given, given_at)
    assert (before, sequences_in(await served.read(given_at))) == ({300}, {360})


def sequences_in(feed: Feed) -> set[int]:
    lines = feed.plain.split(b"\r\n")
    return {int(line[9:]) for line in lines if line.startswith(b"SEQUENCE:")}
