"""A change of bells, days or rooms lists the sessions it hits and moves none of them."""

from dataclasses import replace
from datetime import time

from calendars.bells import BellSchedule, SchoolId
from scheduler.disruptions.affected import Affected, sessions_to_judge
from scheduler.members import Outage, OutageId, Teacher
from scheduler.model import SessionState
from scheduler.store import Transaction
from tests.builders import a_room, a_teacher, at, some_bells
from tests.scheduler.desk import Desk, a_booking, a_wish, coordinator_of


async def affected(desk: Desk, school: str | None = None) -> list[Affected]:
    sessions, judge = await desk.read(sessions_to_judge, school=school, after="", limit=100)
    return list(judge(sessions))


async def put(transaction: Transaction, record: BellSchedule | Outage | Teacher) -> None:
    await transaction.put_many([record])


async def ring_later(desk: Desk) -> None:
    """JS begins its fifth lesson at 14:10, ten minutes after TF1."""
    bells = some_bells("JS")
    later = tuple(
        replace(period, starts=time(14, 10), ends=time(14, 45)) if period.no == 5 else period
        for period in bells.periods
    )
    await desk.do(put, replace(bells, periods=later))


async def test_while_nothing_changes_nothing_is_affected(each_desk: Desk) -> None:
    await each_desk.book()
    assert await affected(each_desk) == []


async def test_e21_a_bell_edited_afterwards_lists_what_it_hits_before_and_after(
    each_desk: Desk,
) -> None:
    session = await each_desk.book()
    await ring_later(each_desk)
    (hit,) = await affected(each_desk)
    assert hit.session == session
    assert {conflict.rule for conflict in hit.conflicts} == {"H7", "H13"}
    (minutes,) = (each.sentence for each in hit.conflicts if each.rule == "H13")
    assert "40" in minutes.zh
    assert "30" in minutes.zh
    assert await each_desk.session(session) == session


async def test_an_outage_lists_what_it_hits(desk: Desk) -> None:
    session = await desk.book()
    room = a_room("JS")
    await desk.do(
        put, Outage(id=OutageId("o"), school=room.school, room=room.id, slot=at("13:00", 120))
    )
    (hit,) = await affected(desk, "JS")
    assert (hit.session, [each.rule for each in hit.conflicts]) == (session, ["H9"])
    assert await affected(desk, "CB") == []


async def test_e44_who_has_left_the_school_is_missing_from_what_is_to_come(desk: Desk) -> None:
    session = await desk.book()
    moved = replace(a_teacher("JS", 1), school=SchoolId("CB"))
    await desk.do(put, moved)
    (hit,) = await affected(desk)
    assert hit.session == session
    (missing,) = (each for each in hit.conflicts if each.rule == "H4")
    assert [each.id for each in missing.resources if each.kind == "teacher"] == ["JS-T1"]


async def test_what_has_begun_is_not_judged(desk: Desk) -> None:
    alone = a_booking(sites=(a_wish("TF1"),), link_pool=None)
    session = await desk.book(alone, by=coordinator_of("TF1"))
    assert session.state is SessionState.CONFIRMED
    room = a_room("TF1")
    await desk.do(
        put, Outage(id=OutageId("o"), school=room.school, room=room.id, slot=at("13:00", 120))
    )
    assert [hit.session for hit in await affected(desk)] == [session]
    sessions, judge = await desk.read(
        sessions_to_judge, school=None, after="", limit=100, now=session.slot.starts
    )
    assert (list(sessions), judge(sessions)) == ([session], ())


async def test_a_hold_that_has_run_out_is_not_judged(desk: Desk) -> None:
    session = await desk.book()
    await ring_later(desk)
    assert session.hold_expires_at is not None
    sessions, judge = await desk.read(
        sessions_to_judge, school=None, after="", limit=100, now=session.hold_expires_at
    )
    assert judge(sessions) == ()
