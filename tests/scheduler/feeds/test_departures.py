"""A session given to other people or another room stays in the old calendar, cancelled."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from icalendar import Calendar

from scheduler.feeds import CANCELLED_IS_SHOWN_FOR, Feed, Feeds
from scheduler.members import Room, RoomId, Teacher, TeacherId
from scheduler.model import Role, SeriesId, Session, SessionState
from scheduler.store import Store, Transaction
from tests.builders import NOW, a_session, a_site
from tests.calendars.ics.byte_rules import faults
from tests.scheduler.feeding import OFFICE, WISHES, add, change, opened, settle, write
from tests.scheduler.feeds.terms import a_series, a_term_of

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Event:
    uid: str
    status: str
    sequence: int
    stamped: datetime | None

    @classmethod
    def of(cls, feed: Feed) -> "list[Event]":
        """What a feed holds, but the event that stands for none."""
        assert faults(feed.plain) == []
        return [
            cls(str(each.uid), str(each["STATUS"]), each.sequence, each.DTSTAMP)
            for each in Calendar.from_ical(feed.plain).events
            if each.summary != "暂无活动"
        ]


@dataclass
class Reading:
    """The store, and the calendar of the teacher TF1-T1."""

    store: Store
    feeds: Feeds
    token: str

    async def events(self, now: datetime = NOW) -> list[Event]:
        return Event.of(await self.feeds.read(self.token, now=now))

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


@pytest.fixture
async def term(store: Store) -> list[Session]:
    """A series of three weeks, the first of them in another room of TF1."""
    await settle(store)
    series = a_series()
    await write(store, lambda transaction: transaction.add_series(series))
    room = (a_site("TF1", room=RoomId("TF1-R2")), a_site("JS", Role.LISTEN))
    sessions = a_term_of(series, 3, {0: {"sites": room}})
    for session in sessions:
        await add(store, session)
    return sessions


async def test_a_calendar_keeps_its_bytes_when_a_series_loses_a_lesson_in_others(
    store: Store, term: list[Session]
) -> None:
    token = await opened(store, replace(WISHES[2], subject_id="TF1-R2"))
    before = await Feeds(store).read(token, now=NOW)
    elsewhere = (a_site("TF1", teacher=TeacherId("TF1-T2")), a_site("JS", Role.LISTEN))
    after = replace(term[1], sites=elsewhere, sequence=1, changed_at=NOW + HOUR)
    await change(store, term[1], after, NOW + HOUR)
    later = await Feeds(store).read(token, now=NOW + HOUR)
    assert (later.plain, later.modified) == (before.plain, before.modified)


async def test_a_series_is_not_older_than_before_once_what_left_it_has_gone(
    store: Store, term: list[Session]
) -> None:
    token, feeds = await opened(store, WISHES[0]), Feeds(store)
    elsewhere = (a_site("TF1", teacher=TeacherId("TF1-T2")), a_site("JS", Role.LISTEN))
    after = replace(term[1], sites=elsewhere, sequence=1, changed_at=NOW + HOUR)
    await change(store, term[1], after, NOW + HOUR)
    for now in (NOW + HOUR, NOW + HOUR + CANCELLED_IS_SHOWN_FOR):
        events = Event.of(await feeds.read(token, now=now))
        assert {each.sequence for each in events} == {3600}


async def test_a_new_weekday_of_a_series_shows_also_where_only_a_dropped_lesson_is_left(
    store: Store, term: list[Session]
) -> None:
    token, feeds = await opened(store, replace(WISHES[2], subject_id="TF1-R2")), Feeds(store)
    dropped = replace(term[0], state=SessionState.CANCELLED, sequence=1, changed_at=NOW)
    await change(store, term[0], dropped)
    told = Event.of(await feeds.read(token, now=NOW))
    series = a_series()
    moved = replace(series, weekly=replace(series.weekly, weekday=3))
    await store.write(
        lambda transaction: transaction.replace_series(series, moved), actor=OFFICE, now=NOW + HOUR
    )
    now_told = Event.of(await feeds.read(token, now=NOW + HOUR))
    names = [each.uid.partition("@")[0] for each in (*told, *now_told)]
    assert names == [f"series-{series.id}", term[0].id]


async def test_dates_that_go_to_another_series_do_not_lower_the_sequence(
    store: Store, term: list[Session]
) -> None:
    token = await opened(store, WISHES[0])
    await write(store, lambda transaction: transaction.add_series(a_series("new")))
    noted = replace(term[2], note="带竖笛", sequence=1, changed_at=NOW + HOUR)
    await change(store, term[2], noted, NOW + HOUR)
    noted = replace(noted, revision=2)
    before = Event.of(await Feeds(store).read(token, now=NOW + HOUR))
    later = NOW + 2 * HOUR
    await change(store, noted, replace(noted, series=SeriesId("new")), later)
    after = Event.of(await Feeds(store).read(token, now=later))
    sequences = [
        {each.sequence for each in events if each.uid.startswith("series-music@")}
        for events in (before, after)
    ]
    assert sequences == [{3600}, {7200}]
