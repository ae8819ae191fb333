"""What a calendar shows is followed from one reading to the next, as if it were read anew."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from calendars.slots import Slot
from scheduler.members import Studio, StudioId
from scheduler.model import AuditFilter, Resource, ResourceKind, Session, SessionState
from scheduler.store import Shown, Transaction
from scheduler.store.audit_chain import seal
from scheduler.store.codec import MANY
from scheduler.store.showing import Subject
from tests.builders import a_room, a_session, a_site, a_teacher, at
from tests.scheduler.feeds.terms import a_series
from tests.scheduler.store.desk import Desk

ROOM = Resource(ResourceKind.ROOM, a_room("JS").id)
HERE = (a_site("JS"),)
ELSEWHERE = (a_site("CB"),)
STUDIO = StudioId("music")
LESSON = a_session(sites=HERE, link_pool=None)
WITHIN = Slot(LESSON.slot.starts - timedelta(days=10), LESSON.slot.starts + timedelta(days=10))
LONG_AGO = LESSON.slot.moved(-40 * 24 * 60)
FAR_AHEAD = LESSON.slot.moved(40 * 24 * 60)


@dataclass
class Follower:
    """Reads the same calendar again and again, and each time once anew."""

    desk: Desk
    about: Subject = ROOM
    shown: Shown | None = None
    ledger: dict[str, Session] = field(default_factory=dict)

    async def ids(self, within: Slot = WITHIN) -> list[str]:
        async with self.desk.read() as transaction:
            self.shown = await transaction.sessions_to_show(self.about, within, self.shown)
            anew = await transaction.sessions_to_show(self.about, within)
        assert self.shown == anew
        return sorted(self.shown.sessions)

    async def add(self, *sessions: Session) -> None:
        await self.desk.add(*sessions)
        self.ledger |= {each.id: each for each in sessions}

    async def change(self, id: str, **fields: object) -> None:
        before = self.ledger[id]
        after = replace(before, **fields)  # type: ignore[arg-type]  # whichever a test is about
        await self.desk.replace(before, after)
        self.ledger[id] = replace(after, revision=before.revision + 1)


@pytest.fixture
async def follower(desk: Desk) -> Follower:
    follower = Follower(desk)
    await follower.add(LESSON)
    assert await follower.ids() == ["s1"]
    return follower


async def test_whatever_happens_to_a_session_is_followed(follower: Follower) -> None:
    await follower.add(a_session("s2", at("9:00"), sites=HERE, link_pool=None))
    assert await follower.ids() == ["s1", "s2"]
    await follower.change("s2", title="改了")
    assert await follower.ids() == ["s1", "s2"]
    await follower.change("s2", slot=at("10:35"), title="又改了")
    await follower.change("s1", state=SessionState.CANCELLED)
    assert await follower.ids() == ["s1", "s2"]
    await follower.change("s2", sites=ELSEWHERE)
    assert await follower.ids() == ["s1"]
    await follower.change("s2", sites=HERE)
    assert await follower.ids() == ["s1", "s2"]
    await follower.change("s1", slot=FAR_AHEAD)
    assert await follower.ids() == ["s2"]
    await follower.change("s1", slot=LESSON.slot)
    assert await follower.ids() == ["s1", "s2"]


async def test_what_happens_elsewhere_or_at_another_time_stays_there(follower: Follower) -> None:
    await follower.add(
        a_session("s2", at("9:00"), sites=ELSEWHERE, link_pool=None),
        a_session("s3", FAR_AHEAD, sites=HERE, link_pool=None),
    )
    assert await follower.ids() == ["s1"]
    await follower.change("s2", slot=at("10:35"))
    await follower.change("s3", slot=FAR_AHEAD.moved(60))
    assert await follower.ids() == ["s1"]


async def test_other_kinds_of_entries_are_passed_over(follower: Follower) -> None:
    before = follower.shown
    await follower.desk.put(a_teacher("CB", name="新名字"))
    assert await follower.ids() == ["s1"]
    assert before is not None
    assert follower.shown is not None
    assert follower.shown.ends != before.ends


async def test_with_its_first_date_that_comes_near_all_of_a_series_comes(
    follower: Follower,
) -> None:
    series = a_series()
    await follower.desk.write(lambda transaction: transaction.add_series(series))
    of_series = {"series": series.id, "sites": HERE, "link_pool": None}
    await follower.add(
        a_session("old", LONG_AGO, **of_series), a_session("new", FAR_AHEAD, **of_series)
    )
    assert await follower.ids() == ["s1"]
    await follower.change("new", slot=at("9:00"))
    assert await follower.ids() == ["new", "old", "s1"]
    await follower.change("old", slot=LONG_AGO.moved(60))
    await follower.add(a_session("later", FAR_AHEAD, **of_series))
    assert await follower.ids() == ["later", "new", "old", "s1"]


async def test_a_new_day_and_very_many_changes_are_read_from_the_beginning(
    follower: Follower,
) -> None:
    tomorrow, next_to_come = WITHIN.moved(24 * 60), Slot.lasting(WITHIN.ends, 40)
    await follower.add(a_session("s2", next_to_come, sites=HERE, link_pool=None))
    assert await follower.ids() == ["s1"]
    tomorrow = WITHIN.moved(24 * 60)
    assert await follower.ids(tomorrow) == ["s1", "s2"]
    for no in range(MANY + 1):
        await follower.change("s1", title=f"第{no}次")
    assert await follower.ids(tomorrow) == ["s1", "s2"]


@pytest.mark.parametrize(
    ("about", "expected"),
    [
        (None, ["s1", "s2", "s3"]),
        (STUDIO, ["s2"]),
        (ROOM, ["s1"]),
        (Resource(ResourceKind.ROOM, "JS-R2"), ["s3"]),
    ],
)
async def test_every_kind_of_calendar_follows_its_own(
    desk: Desk, about: Subject, expected: list[str]
) -> None:
    head = a_teacher("TF1").id
    await desk.put(Studio(id=STUDIO, name="音乐工作室", head=head, members=(head,)))
    follower = Follower(desk, about)
    await follower.add(LESSON)
    await follower.ids()
    await follower.add(
        a_session("s2", at("9:00"), sites=ELSEWHERE, studio=STUDIO, link_pool=None),
        a_session("s3", at("10:35"), sites=(a_site("JS", room="JS-R2"),), link_pool=None),
    )
    assert await follower.ids() == expected


@pytest.mark.parametrize("migrated", ["postgresql"], indirect=True)
async def test_what_is_committed_late_is_seen_though_its_number_is_lower(desk: Desk) -> None:
    follower = Follower(desk, None)
    written, go_on = asyncio.Event(), asyncio.Event()

    async def dawdle(transaction: Transaction) -> None:
        await transaction.add_session(a_session("slow", sites=ELSEWHERE, link_pool=None))
        await seal(transaction)  # takes the numbers of its entries now
        written.set()
        await go_on.wait()

    slow = asyncio.create_task(desk.write(dawdle))
    await written.wait()
    await desk.add(a_session("quick", sites=HERE, link_pool=None))
    assert await follower.ids() == ["quick"]
    go_on.set()
    await slow
    assert await follower.ids() == ["quick", "slow"]
    async with desk.read() as transaction:
        entries = await transaction.audit(AuditFilter(subject_kind="sessions"))
    assert [each.subject_id for each in entries] == ["slow", "quick"]
