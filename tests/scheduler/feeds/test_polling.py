"""Who has read a calendar last, noted without anybody waiting for it."""

import asyncio
from datetime import timedelta

import pytest

from scheduler.feeds import Polls, client_of
from scheduler.store import Store
from tests.builders import NOW
from tests.scheduler.feeding import OFFICE, WISHES, opened, settle


@pytest.mark.parametrize(
    ("told", "client"),
    [
        ("Google-Calendar-Importer", "Google-Calendar-Importer"),
        ("iOS/26.1 (23B74) dataaccessd/1.0", "iOS/26 dataaccessd/1"),
        ("Mozilla/5.0 (X11; Linux (x86_64)) Gecko/20100101 Thunderbird/153.0", "Thunderbird/153"),
        ("Microsoft.Exchange/15.20 a/1 b/2 c/3", "Microsoft.Exchange/15 a/1 b/2"),
        ("vdirsyncer/0.21.0", "vdirsyncer/0"),
        ("", ""),
        ("(nothing but a comment", "nothing but a"),
        ("<script>\x00华为 10.0.0.7", "script"),
        ("a" * 500, "a" * 80),
    ],
)
def test_a_client_is_known_by_its_name_and_nothing_else(told: str, client: str) -> None:
    assert client_of(told) == client


async def test_polls_are_written_in_one_go_and_the_latest_counts(store: Store) -> None:
    await settle(store)
    await opened(store, WISHES[0])
    async with store.read(now=NOW) as transaction:
        (subscription,) = await transaction.subscriptions()
    polls = Polls()
    polls.note(subscription.id, NOW, "first")
    polls.note(subscription.id, NOW + timedelta(seconds=1), "second")
    for _ in range(2):
        await polls.write_down(store, actor=OFFICE, now=NOW)
    async with store.read(now=NOW) as transaction:
        found = await transaction.subscription(subscription.id)
    assert (found.client, found.last_polled_at) == ("second", NOW + timedelta(seconds=1))


async def test_polls_that_could_not_be_written_are_kept(store: Store) -> None:
    await settle(store)
    await opened(store, WISHES[0])
    async with store.read(now=NOW) as transaction:
        (subscription,) = await transaction.subscriptions()
    polls = Polls()
    polls.note(subscription.id, NOW, "first")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await polls.write_down(store, actor=OFFICE, now=NOW)
    await polls.write_down(store, actor=OFFICE, now=NOW)
    async with store.read(now=NOW) as transaction:
        assert (await transaction.subscription(subscription.id)).client == "first"
