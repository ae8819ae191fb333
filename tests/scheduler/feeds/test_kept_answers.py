"""Exactly when an answer that is kept ready is given again, when it is looked at, and dropped."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from calendars.bells import BellSchedule
from scheduler.errors import NotFoundError
from scheduler.feeds import Feed, Feeds, SubscriptionWish, revoke
from scheduler.members import Studio, StudioId, TeacherId
from scheduler.model import Role, Scope, SessionId, SessionState
from scheduler.store import Store, Transaction
from scheduler.store.codec import decode
from scheduler.tokens import hash_of
from tests.builders import NOW, SHANGHAI, a_block, a_room, a_session, a_site, at
from tests.scheduler.feeding import OFFICE, WISHES, add, change, opened, rename, settle, write
from tests.scheduler.feeds.terms import a_series

LESSON = a_session(sites=(a_site("TF1"), a_site("JS", Role.LISTEN, period=5)))
A_STUDIO = SubscriptionWish(scope=Scope.STUDIO, subject_id="S1", owner="e")
STUDIO = Studio(
    id=StudioId("S1"), name="音乐工作室", head=TeacherId("JS-T1"), members=(TeacherId("JS-T1"),)
)
ELSEWHERE = (a_site("JS", room="JS-R2"), a_site("CB", Role.LISTEN))


@dataclass
class Kept:
    """The calendar of TF1-T1 with one lesson, read before and so at hand."""

    store: Store
    feeds: Feeds
    token: str
    feed: Feed

    async def at_hand(self, now: datetime = NOW) -> Feed | None:
        return await self.feeds.at_hand(self.token, now=now)

    async def read(self, now: datetime = NOW) -> Feed:
        return await self.feeds.read(self.token, now=now)


async def kept_in(store: Store, wish: SubscriptionWish = WISHES[0]) -> Kept:
    token = await opened(store, wish)
    feeds = Feeds(store)
    await feeds.read(token, now=NOW)  # publishes an edition, which is a change to look at
    return Kept(store, feeds, token, await feeds.read(token, now=NOW))


@pytest.fixture
async def kept(store: Store) -> Kept:
    await settle(store)
    await add(store, LESSON)
    return await kept_in(store)


async def test_while_nothing_happens_the_very_same_answer_is_at_hand(kept: Kept) -> None:
    assert await kept.at_hand() is kept.feed
    assert await kept.at_hand(NOW + timedelta(hours=14)) is kept.feed


async def move(store: Store) -> None:
    await change(store, LESSON, replace(LESSON, slot=at("9:00"), sequence=1))


async def rename_its_room(store: Store) -> None:
    await rename(store, a_room("JS"), "JS 大录播室")


async def give_it_to_another(store: Store) -> None:
    """The lesson leaves the calendar, where it goes on being shown as cancelled."""
    sites = (a_site("TF1", teacher="TF1-T2"), LESSON.sites[1])
    await change(store, LESSON, replace(LESSON, sites=sites, sequence=1))


async def let_it_look_on(store: Store) -> None:
    watched = a_site("JS", room="JS-R2", observers=("TF1-T1",))
    await add(store, a_session("s2", at("10:35"), sites=(watched,)))


async def put_one_more_in(store: Store) -> None:
    await add(store, a_session("s2", at("9:00"), sites=(a_site("TF1"),)))


async def note_something_private(store: Store) -> None:
    """What moves the revision of a session and nothing that calendars show."""
    await change(store, LESSON, replace(LESSON, pinned=True))


async def rename_a_room_of_others(store: Store) -> None:
    await rename(store, a_room("CB"), "CB 大录播室")


async def change_its_bells(store: Store) -> None:
    async def put(transaction: Transaction) -> None:
        bells = await transaction.get(BellSchedule, "TF1-bells")
        fewer = replace(bells.record, periods=bells.record.periods[:-1])
        await transaction.put(fewer, revision=bells.revision)

    await write(store, put)


async def add_one_elsewhere(store: Store) -> None:
    await add(store, a_session("s2", at("10:35"), sites=ELSEWHERE))


async def move_it_in_steps(store: Store) -> None:
    """More writes than one, of which the first is not the one to be seen."""
    await add_one_elsewhere(store)
    await move(store)
    await write_down_a_poll(store)


async def open_another_address(store: Store) -> None:
    await opened(store, WISHES[1])


async def take_a_teacher_of_others(store: Store) -> None:
    block = a_block(at("9:00"), "CB", teacher="CB-T1")
    await write(store, lambda transaction: transaction.put(block, revision=None))


async def add_a_series_without_sessions(store: Store) -> None:
    await write(store, lambda transaction: transaction.add_series(a_series()))


async def write_down_a_poll(store: Store) -> None:
    async with store.read(now=NOW) as transaction:
        (found,) = await transaction.subscriptions()
    polls = Feeds(store).polls
    polls.note(found.id, NOW, "vdirsyncer/0")
    await polls.write_down(store, actor=OFFICE, now=NOW)


Happening = Callable[[Store], Awaitable[None]]
IN_SIGHT: tuple[Happening, ...] = (
    move,
    move_it_in_steps,
    rename_its_room,
    give_it_to_another,
    let_it_look_on,
    put_one_more_in,
)
OUT_OF_SIGHT: tuple[Happening, ...] = (
    note_something_private,
    rename_a_room_of_others,
    change_its_bells,
)
ELSEWHERE_ALONE: tuple[Happening, ...] = (
    add_one_elsewhere,
    open_another_address,
    take_a_teacher_of_others,
    add_a_series_without_sessions,
    write_down_a_poll,
)


@pytest.mark.parametrize("happening", IN_SIGHT)
async def test_what_the_reader_sees_drops_the_answer(kept: Kept, happening: Happening) -> None:
    await happening(kept.store)
    assert await kept.at_hand() is None
    after = await kept.read()
    assert after.tag != kept.feed.tag
    assert (after.modified or 0) > (kept.feed.modified or 0)
    assert after.plain == (await Feeds(kept.store).read(kept.token, now=NOW)).plain


@pytest.mark.parametrize("happening", OUT_OF_SIGHT)
async def test_what_the_reader_does_not_see_leaves_the_answer_as_it_is(
    kept: Kept, happening: Happening
) -> None:
    await happening(kept.store)
    assert await kept.at_hand() is None, "It has to be looked at."
    assert await kept.read() is kept.feed
    await kept.read()
    assert await kept.at_hand() is kept.feed


@pytest.mark.parametrize("happening", ELSEWHERE_ALONE)
async def test_what_concerns_others_alone_leaves_the_answer_at_hand(
    kept: Kept, elsewhere: Store, happening: Happening
) -> None:
    await happening(elsewhere)
    assert await kept.at_hand() is kept.feed
    assert (await Feeds(kept.store).read(kept.token, now=NOW)).plain == kept.feed.plain


@pytest.mark.parametrize("wish", [WISHES[3], A_STUDIO])
async def test_calendars_of_no_resource_are_dropped_by_any_session(
    store: Store, wish: SubscriptionWish
) -> None:
    await settle(store)
    await write(store, lambda transaction: transaction.put(STUDIO, revision=None))
    kept = await kept_in(store, wish)
    await write_down_a_poll(store)
    assert await kept.at_hand() is kept.feed
    await add_one_elsewhere(store)
    assert await kept.at_hand() is None


@pytest.fixture
async def elsewhere(database_url: str) -> AsyncIterator[Store]:
    """The store of another process, as it were."""
    store = await Store.open(database_url)
    yield store
    await store.close()


@pytest.mark.parametrize("happening", IN_SIGHT)
async def test_what_another_process_commits_drops_the_answer(
    kept: Kept, elsewhere: Store, happening: Happening
) -> None:
    await happening(elsewhere)
    assert await kept.at_hand() is None
    assert (await kept.read()).tag != kept.feed.tag


async def test_an_address_that_is_revoked_elsewhere_is_closed_at_once(
    kept: Kept, elsewhere: Store
) -> None:
    async with elsewhere.read(now=NOW) as transaction:
        found = await transaction.subscription_opened_by(hash_of(kept.token))
    await write(elsewhere, lambda transaction: revoke(transaction, found.id))
    assert await kept.at_hand() is None
    with pytest.raises(NotFoundError):
        await kept.read()
    assert await kept.at_hand() is None


async def test_an_address_that_expires_is_closed_at_that_second_though_nothing_happens(
    kept: Kept,
) -> None:
    expiry = NOW + timedelta(hours=1)
    async with kept.store.read(now=NOW) as transaction:
        found = await transaction.subscription_opened_by(hash_of(kept.token))
    expiring = replace(found, expires_at=expiry)
    await write(kept.store, lambda transaction: transaction.replace_subscription(found, expiring))
    await kept.read()
    assert await kept.at_hand(expiry - timedelta(seconds=1)) is kept.feed
    assert await kept.at_hand(expiry) is None
    with pytest.raises(NotFoundError):
        await kept.read(expiry)


async def test_an_answer_is_good_until_the_day_of_the_alliance_ends(kept: Kept) -> None:
    midnight = datetime(2026, 8, 21, tzinfo=SHANGHAI)
    assert await kept.at_hand(midnight - timedelta(seconds=1)) is kept.feed
    assert await kept.at_hand(midnight) is None
    assert await kept.read(midnight) is kept.feed


async def test_a_lesson_leaves_with_its_day_once_the_window_has_rolled_on(kept: Kept) -> None:
    day = LESSON.slot.starts.astimezone(SHANGHAI).date()
    gone = datetime.combine(day + timedelta(days=61), datetime.min.time(), SHANGHAI)
    last = gone - timedelta(seconds=1)
    await kept.read(last)
    before = await kept.read(last)
    assert b"UID:s1@" in before.plain
    assert await kept.at_hand(last) is before
    assert await kept.at_hand(gone) is None
    assert b"UID:s1@" not in (await kept.read(gone)).plain


async def test_a_hold_that_runs_out_drops_the_answer_at_that_second(store: Store) -> None:
    await settle(store)
    expiry = NOW + timedelta(hours=1)
    await add(store, replace(LESSON, state=SessionState.HELD, hold_expires_at=expiry))
    kept = await kept_in(store)
    assert await kept.at_hand(expiry - timedelta(seconds=1)) is kept.feed
    assert await kept.at_hand(expiry) is None
    assert (await kept.read(expiry)).tag != kept.feed.tag


async def lessons(store: Store, count: int) -> None:
    await settle(store)
    for no in range(count):
        day = date(2026, 9, 8) + timedelta(days=no)
        await add(store, replace(LESSON, id=SessionId(f"s{no}"), slot=at("14:00", on=day)))


async def test_only_what_has_changed_is_read_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await lessons(store, 4)
    school = SubscriptionWish(scope=Scope.SCHOOL, subject_id="JS", owner="b")
    kept = await kept_in(store, school)
    read: list[str] = []

    def noting(kind: type[Any], body: str) -> Any:
        value = decode(kind, body)
        read.append(value.id)
        return value

    first = replace(LESSON, id=SessionId("s2"), slot=at("14:00", on=date(2026, 9, 10)))
    await change(store, first, replace(first, title="改了", sequence=1))
    for module in ("changed", "codec"):
        monkeypatch.setattr(f"scheduler.store.{module}.decode", noting)
    after = await kept.read()
    assert read == ["s2"]
    assert "改了" in after.plain.decode()


@pytest.mark.parametrize(("many", "at_once"), [(3, 9), (2, 9), (2, 2)])
async def test_however_much_has_changed_it_is_as_if_read_for_the_first_time(
    store: Store, monkeypatch: pytest.MonkeyPatch, many: int, at_once: int
) -> None:
    monkeypatch.setattr("scheduler.store.showing.MANY", many)
    monkeypatch.setattr("scheduler.store.showing.AT_ONCE", at_once)
    await lessons(store, 2)
    kept = await kept_in(store)
    for no in range(2, 5):
        day = date(2026, 9, 8) + timedelta(days=no)
        await add(store, replace(LESSON, id=SessionId(f"s{no}"), slot=at("14:00", on=day)))
    after = await kept.read()
    assert after.plain.count(b"BEGIN:VEVENT") == 5
    assert after.plain == (await Feeds(store).read(kept.token, now=NOW)).plain
