"""What is done to an agreed session is on record: which operation, who, why, before and after."""

from dataclasses import replace
from typing import Any

import pytest

from calendars.bells import SchoolId
from scheduler.adjusting import kind_of
from scheduler.booking.consent import confirm, decline, expire_holds
from scheduler.booking.proposals import answer_proposal
from scheduler.booking.single import SessionChange, cancel, change
from scheduler.booking.swaps import Exchange, SwapWish, swap
from scheduler.members import RoomId, TeacherId
from scheduler.model import (
    Adjustment,
    AdjustmentKind,
    Resource,
    ResourceKind,
    Session,
    SessionState,
    SiteState,
    Tally,
)
from scheduler.store import Transaction
from tests.builders import a_session, a_site, at
from tests.scheduler.desk import Desk, a_booking, a_wish, coordinator_of

JS = SchoolId("JS")


async def agreed(desk: Desk, **fields: Any) -> Session:
    """The lesson of TF1 for JS, to which both have agreed."""
    held = await desk.book(a_booking(**fields), by=coordinator_of("TF1"))
    return await desk.do(confirm, held.id, JS, held.revision, by=coordinator_of("JS"))


async def recorded(desk: Desk, **asked: Any) -> list[Adjustment]:
    return list(await desk.read(Transaction.adjustments, **asked))


async def test_a_move_is_recorded_with_who_why_before_and_after(each_desk: Desk) -> None:
    session = await agreed(each_desk)
    wish = SessionChange(slot=at("16:10"), reason="教研活动")
    moved = await each_desk.do(change, session.id, wish, 2, by=coordinator_of("TF1"))
    (record,) = await recorded(each_desk)
    assert record.before is not None
    assert record.after is not None
    assert (record.kind, record.session, record.reason) == (
        AdjustmentKind.RESCHEDULE,
        session.id,
        "教研活动",
    )
    assert (record.before.slot, record.after.slot) == (session.slot, moved.slot)
    assert (record.asked_by, record.schools) == ("TF1 教导处", ("JS", "TF1"))
    assert record.teachers == ("JS-T1", "TF1-T1")


async def test_a_school_that_agrees_to_a_move_is_noted_with_it(each_desk: Desk) -> None:
    session = await agreed(each_desk)
    moved = await each_desk.do(
        change, session.id, SessionChange(slot=at("16:10")), 2, by=coordinator_of("TF1")
    )
    (record,) = await recorded(each_desk)
    assert [(each.school, each.state) for each in record.approvals] == [
        ("TF1", SiteState.CONFIRMED),
        ("JS", SiteState.HELD),
    ]
    await each_desk.do(confirm, session.id, JS, moved.revision, by=coordinator_of("JS"))
    (record,) = await recorded(each_desk)
    assert [(each.school, each.by) for each in record.approvals] == [
        ("TF1", "TF1 教导处"),
        ("JS", "JS 教导处"),
    ]


async def test_a_hold_that_nobody_agreed_to_leaves_no_record(each_desk: Desk) -> None:
    held = await each_desk.book(by=coordinator_of("TF1"))
    moved = await each_desk.do(change, held.id, SessionChange(slot=at("16:10")), 1)
    await each_desk.do(decline, held.id, JS, moved.revision, reason="考试", by=coordinator_of("JS"))
    assert await recorded(each_desk) == []


async def test_a_moved_session_that_runs_out_is_recorded_as_cancelled(each_desk: Desk) -> None:
    session = await agreed(each_desk)
    moved = await each_desk.do(
        change, session.id, SessionChange(slot=at("16:10")), 2, by=coordinator_of("TF1")
    )
    await each_desk.do(expire_holds, now=moved.slot.starts)
    assert [each.kind for each in await recorded(each_desk)] == [
        AdjustmentKind.RESCHEDULE,
        AdjustmentKind.CANCEL,
    ]


async def test_a_cancellation_is_recorded_with_its_reason_and_leads_nowhere(desk: Desk) -> None:
    session = await agreed(desk)
    await desk.do(cancel, session.id, 2, reason="停电")
    (record,) = await recorded(desk)
    assert (record.kind, record.reason, record.after) == (AdjustmentKind.CANCEL, "停电", None)


async def test_rewording_is_no_operation(desk: Desk) -> None:
    session = await agreed(desk)
    await desk.do(change, session.id, SessionChange(title="四年级音乐"), 2)
    assert await recorded(desk) == []


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"slot": at("16:10")}, AdjustmentKind.RESCHEDULE),
        ({"state": SessionState.CANCELLED}, AdjustmentKind.CANCEL),
        ({"sites": (a_site("TF1"),)}, AdjustmentKind.CANCEL),
        ({"sites": (a_site("TF1", teacher=TeacherId("TF1-T2")), a_site("JS"))}, "substitute"),
        ({"sites": (a_site("TF1", room=RoomId("TF1-R2")), a_site("JS"))}, AdjustmentKind.RELOCATE),
        ({"link_pool": None}, AdjustmentKind.RELOCATE),
        ({"note": "带竖笛"}, None),
        ({"state": SessionState.HELD}, None),
    ],
)
def test_the_difference_tells_the_operation(
    fields: dict[str, object], kind: AdjustmentKind | None
) -> None:
    before = a_session()
    assert kind_of(before, replace(before, **fields)) == kind  # type: ignore[arg-type] # any field


async def test_where_one_school_drops_out_the_record_names_it_alone(desk: Desk) -> None:
    session = await agreed(desk)
    alone = SessionChange(sites=(a_wish("TF1"),), reason="考试")
    await desk.do(change, session.id, alone, 2)
    (record,) = await recorded(desk)
    assert (record.kind, record.schools, record.teachers) == ("cancel", ("JS",), ("JS-T1",))


async def test_operations_are_found_by_whom_they_concern(each_desk: Desk) -> None:
    session = await agreed(each_desk)
    await each_desk.do(cancel, session.id, 2, reason="停电")
    (record,) = await recorded(each_desk)
    for kind, name, found in (
        (ResourceKind.SCHOOL, "JS", [record]),
        (ResourceKind.SCHOOL, "CB", []),
        (ResourceKind.TEACHER, "TF1-T1", [record]),
        (ResourceKind.TEACHER, "TF1-T2", []),
    ):
        assert await recorded(each_desk, parties=[Resource(kind, name)]) == found
    assert await recorded(each_desk, session=session.id) == [record]
    assert await recorded(each_desk, kind=AdjustmentKind.SWAP) == []
    assert await recorded(each_desk, within=at("13:00", 120)) == [record]
    assert await recorded(each_desk, within=at("15:00", 120)) == []


async def test_a_swap_links_both_and_counts_once_for_everybody_in_it(each_desk: Desk) -> None:
    first = await agreed(each_desk)
    second = await each_desk.book(a_booking(slot=at("16:10")), by=coordinator_of("TF1"))
    second = await each_desk.do(confirm, second.id, JS, 1, by=coordinator_of("JS"))

    wish = SwapWish(other=second.id, other_revision=2, what=Exchange.TIMES, reason="研讨")
    asked = await each_desk.do(swap, first.id, wish, 2, by=coordinator_of("TF1"))
    assert (await recorded(each_desk), asked.sessions) == ([], (first, second))
    assert asked.proposal is not None
    await each_desk.do(
        answer_proposal, asked.proposal.id, JS, 1, agrees=True, by=coordinator_of("JS")
    )
    records = await recorded(each_desk)
    assert {each.session: each.linked for each in records} == {
        first.id: (second.id,),
        second.id: (first.id,),
    }
    assert await recorded(each_desk, session=first.id) == records
    tallies = await each_desk.read(Transaction.tally_adjustments, of=ResourceKind.SCHOOL)
    assert tallies == tuple(
        Tally(resource=Resource(ResourceKind.SCHOOL, school), kind=AdjustmentKind.SWAP, count=1)
        for school in ("JS", "TF1")
    )
