"""A session given to other people or another room stays in the old calendar, cancelled."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from icalendar import Calendar

from scheduler.feeds import CANCELLED_IS_SHOWN_FOR, Feeds
from scheduler.members import Room, RoomId, Teacher, TeacherId
from scheduler.model import Role, Session
from scheduler.store import Store, Transaction
from tests.builders import NOW, a_session, a_site
from tests.calendars.ics.byte_rules import faults
from tests.scheduler.feeding import WISHES, add, change, opened, settle, write

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Event:
    uid: str
    status: str
    sequence: int
    stamped: datetime | None


@dataclass
class Reading:
    """The store, and the calendar of the teacher TF1-T1."""

    store: Store
    feeds: Feeds
    token: str

    async def events(self, now: datetime = NOW) -> list[Event]:
        feed = await self.feeds.read(self.token, now=now)
        assert faults(feed.plain) == []
        return [
            Event(str(each.uid), str(each["STATUS"]), each.sequence, each.DTSTAMP)
            for each in Calendar.from_ical(feed.plain).events
            if each.summary != "暂无活动"
        ]

    async def given_to(self, session: Session, teacher: str, now: datetime) -> Session:
        sites = (a_site("TF1", teacher=TeacherId(teacher)), a_site("JS", Role.LISTEN))
        after = replace(session, sites=sites, sequence=session.sequence + 1, changed_at=now)
        await change(self.store, session, after, now)
        async with self.store.read(now=now) as transaction:
            return await transaction.session(session.id)


@pytest.fixture
async def reading(store: Store) -> Reading:
    await settle(store)
    return Reading(store, Feeds(store), await opened(store, WISHES[0]))


async def test_a_lesson_taken_over_by_another_is_cancelled_in_the_old_calendar(
    reading: Reading,
) -> None:
    session = a_session()
    await add(reading.store, session)
    (before,) = await reading.events()
    later = NOW + HOUR
    await reading.given_to(session, "TF1-T2", later)
    (after,) = await reading.events(later)
    assert (after.uid, after.status) == (before.uid, "CANCELLED")
    assert after.sequence > before.sequence
    assert (before.stamped, after.stamped) == (NOW, later)


async def test_it_leaves_like_any_cancelled_lesson(reading: Reading) -> None:
    session = a_session()
    await add(reading.store, session)
    await reading.given_to(session, "TF1-T2", NOW)
    almost = NOW + CANCELLED_IS_SHOWN_FOR - HOUR
    assert [each.status for each in await reading.events(almost)] == ["CANCELLED"]
    assert await reading.events(NOW + CANCELLED_IS_SHOWN_FOR) == []
    forgotten = await write(
        reading.store, lambda transaction: Transaction.forget_departures(transaction, NOW)
    )
    assert forgotten == 1


async def test_what_comes_back_is_held_again_and_its_sequence_rises(reading: Reading) -> None:
    session = a_session()
    await add(reading.store, session)
    taken = await reading.given_to(session, "TF1-T2", NOW + HOUR)
    (cancelled,) = await reading.events(NOW + HOUR)
    await reading.given_to(taken, "TF1-T1", NOW + 2 * HOUR)
    (held,) = await reading.events(NOW + 2 * HOUR)
    assert (held.status, held.uid) == ("CONFIRMED", cancelled.uid)
    assert held.sequence > cancelled.sequence


async def test_the_old_calendar_is_told_nothing_of_what_comes_after(reading: Reading) -> None:
    session = a_session()
    await add(reading.store, session)
    taken = await reading.given_to(session, "TF1-T2", NOW)
    told = (await reading.feeds.read(reading.token, now=NOW)).plain
    renamed = replace(taken, title="改了题目", sequence=taken.sequence + 1)
    await change(reading.store, taken, renamed, NOW + HOUR)
    assert (await reading.feeds.read(reading.token, now=NOW + HOUR)).plain == told


async def test_a_room_or_teacher_that_lost_its_lessons_can_be_removed(reading: Reading) -> None:
    session = a_session()
    await add(reading.store, session)
    room = await opened(reading.store, replace(WISHES[2], subject_id="TF1-R1"))
    sites = (
        a_site("TF1", teacher=TeacherId("TF1-T2"), room=RoomId("TF1-R2")),
        a_site("JS", Role.LISTEN),
    )
    await change(reading.store, session, replace(session, sites=sites, sequence=1))
    await write(
        reading.store,
        lambda transaction: transaction.delete(Teacher, TeacherId("TF1-T1"), revision=1),
    )
    assert b"STATUS:CANCELLED" in (await reading.feeds.read(room, now=NOW)).plain
    await write(
        reading.store, lambda transaction: transaction.delete(Room, RoomId("TF1-R1"), revision=1)
    )
