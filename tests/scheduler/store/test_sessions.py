"""Sessions come back as they went in and change one revision at a time."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from calendars.bells import SchoolId
from calendars.series import Weekly
from scheduler.errors import NotFoundError, StaleError, StateError
from scheduler.members import Studio, StudioId
from scheduler.model import (
    Resource,
    ResourceKind,
    Role,
    Series,
    SeriesId,
    SessionId,
    SessionState,
    SiteWish,
)
from scheduler.store import Transaction
from tests.builders import NOW, a_room, a_session, a_site, a_teacher, at, wall
from tests.scheduler.store.desk import Desk

WEEKLY = Weekly(weekday=2, starts=wall("14:00"), minutes=40)


def a_series(id: str = "r1") -> Series:
    return Series(
        id=SeriesId(id),
        title="三年级音乐",
        term="TF1-2026-1",
        weekly=WEEKLY,
        sites=(SiteWish(school=SchoolId("TF1"), role=Role.LEAD, room=a_room().id),),
        created_at=NOW,
        changed_at=NOW,
    )


async def test_a_session_comes_back_as_it_went_in(desk: Desk) -> None:
    held = replace(
        a_session(),
        state=SessionState.HELD,
        hold_expires_at=NOW + timedelta(hours=48),
        note="请带口琴。\n第二行",
        join_url="https://bridge.example/1",
    )
    await desk.add(held)
    async with desk.read() as transaction:
        assert await transaction.session(held.id) == held


async def test_an_unknown_session_is_not_found(desk: Desk) -> None:
    async with desk.read() as transaction:
        with pytest.raises(NotFoundError):
            await transaction.session(SessionId("s9"))


async def test_a_taken_id_is_refused(desk: Desk) -> None:
    await desk.add(a_session())
    with pytest.raises(StateError):
        await desk.add(a_session(slot=at("9:00")))


async def test_a_session_on_an_unknown_resource_is_refused(desk: Desk) -> None:
    with pytest.raises(NotFoundError):
        await desk.add(a_session(sites=(a_site(room="R9"),)))
    async with desk.read() as transaction:
        assert await transaction.sessions() == ()


async def test_sessions_are_listed_by_id_from_a_cursor(desk: Desk) -> None:
    for week, name in enumerate(("b", "A", "c", "a")):
        await desk.add(a_session(name, at("14:00").moved(week * 7 * 24 * 60)))
    async with desk.read() as transaction:
        first = await transaction.sessions(limit=2)
        rest = await transaction.sessions(after=first[-1].id)
    assert [each.id for each in (*first, *rest)] == ["A", "a", "b", "c"]


async def test_sessions_are_found_by_resource_time_state_and_series(desk: Desk) -> None:
    morning, noon = at("9:00"), at("14:00")
    lonely = a_session("s1", morning, sites=(a_site("CB"),), link_pool=None)
    weekly = a_session("s2", noon, series=SeriesId("r1"), series_date=date(2026, 9, 8))

    async def add(transaction: Transaction) -> None:
        await transaction.add_series(a_series())
        await transaction.add_session(lonely)
        await transaction.add_session(weekly)

    await desk.write(add)
    cancelled = replace(lonely, state=SessionState.CANCELLED, revision=2)
    await desk.replace(lonely, cancelled)
    async with desk.read() as transaction:
        for kind, name, found in (
            (ResourceKind.SCHOOL, "JS", [weekly]),
            (ResourceKind.ROOM, "CB-R1", [cancelled]),
            (ResourceKind.LINK_POOL, "bridge", [weekly]),
            (ResourceKind.TEACHER, "JS-T2", []),
        ):
            assert list(await transaction.sessions(resource=Resource(kind, name))) == found
        assert await transaction.sessions(within=morning.moved(39)) == (cancelled,)
        assert await transaction.sessions(within=morning.moved(40)) == ()
        assert await transaction.sessions(states=(SessionState.CONFIRMED,)) == (weekly,)
        assert await transaction.sessions(series=SeriesId("r1"), limit=None) == (weekly,)


async def test_a_change_is_one_revision_later_and_only_of_the_current_one(desk: Desk) -> None:
    before = a_session()
    await desk.add(before)
    after = replace(before, title="四年级音乐", revision=2)
    await desk.replace(before, after)
    with pytest.raises(StaleError):
        await desk.replace(before, replace(before, title="五年级音乐"))
    with pytest.raises(NotFoundError):
        await desk.replace(replace(before, id=SessionId("s9")), before)
    async with desk.read() as transaction:
        assert await transaction.session(before.id) == after


async def test_due_holds_are_those_whose_time_has_come(desk: Desk) -> None:
    held = replace(a_session(), state=SessionState.HELD, hold_expires_at=NOW + timedelta(hours=1))
    await desk.add(held, a_session("s2", at("9:00")))
    async with desk.read(now=NOW + timedelta(minutes=59)) as transaction:
        assert await transaction.due_holds() == ()
    async with desk.read(now=NOW + timedelta(hours=1)) as transaction:
        assert await transaction.due_holds() == (held,)


async def test_a_situation_holds_the_schools_and_what_is_near(desk: Desk) -> None:
    judged = a_session("s1", at("14:00"))
    near = a_session("s2", at("9:00"), sites=(a_site("TF1"),), link_pool=None)
    same_bridge = a_session("s3", at("14:00").moved(60 * 24), sites=(a_site("CB"),))
    await desk.add(
        near,
        same_bridge,
        a_session("s4", at("9:00").moved(60 * 24 * 2), sites=(a_site("TF1"),), link_pool=None),
        a_session("s5", at("9:00"), sites=(a_site("CB"),), link_pool=None),
    )
    async with desk.read() as transaction:
        situation = await transaction.situation([judged])
    assert set(situation.schools) == {"TF1", "JS"}
    assert situation.sessions == (near, same_bridge)


async def test_a_situation_knows_every_school_of_its_teachers(desk: Desk) -> None:
    guest = a_teacher("CB", 1, also_at=("JS",))
    await desk.put(guest)
    session = a_session(sites=(a_site("TF1", teacher=guest.id),))
    async with desk.read() as transaction:
        assert set((await transaction.situation([session])).schools) == {"TF1", "CB", "JS"}


async def test_a_hold_that_ran_out_is_in_no_situation(desk: Desk) -> None:
    held = replace(a_session(), state=SessionState.HELD, hold_expires_at=NOW + timedelta(hours=1))
    await desk.add(held)
    other = a_session("s2")
    async with desk.read(now=NOW + timedelta(minutes=59)) as transaction:
        assert (await transaction.situation([other])).sessions == (held,)
    async with desk.read(now=NOW + timedelta(hours=1)) as transaction:
        assert (await transaction.situation([other])).sessions == ()


async def test_a_series_is_kept_by_revision(desk: Desk) -> None:
    series = a_series()
    await desk.write(lambda transaction: transaction.add_series(series))
    later = replace(series, title="四年级音乐", revision=2)
    await desk.write(lambda transaction: transaction.replace_series(series, later))
    for error, use_case in (
        (StateError, lambda transaction: transaction.add_series(series)),
        (StaleError, lambda transaction: transaction.replace_series(series, later)),
        (NotFoundError, lambda transaction: transaction.series(SeriesId("r9"))),
    ):
        with pytest.raises(error):
            await desk.write(use_case)
    async with desk.read() as transaction:
        assert await transaction.series(series.id) == later
        assert await transaction.all_series() == (later,)
        assert await transaction.all_series(after="r1") == ()


async def test_a_studio_in_use_cannot_be_deleted(desk: Desk) -> None:
    studio = Studio(id=StudioId("st"), name="名师", head=a_teacher().id, members=())
    await desk.put(studio)
    session = a_session(studio=studio.id, sites=(a_site(role=Role.LEAD),))
    await desk.add(session)
    with pytest.raises(StateError, match="session s1"):
        await desk.write(lambda transaction: transaction.delete(Studio, "st", revision=1))
    await desk.replace(session, replace(session, studio=None))
    await desk.write(lambda transaction: transaction.delete(Studio, "st", revision=1))
