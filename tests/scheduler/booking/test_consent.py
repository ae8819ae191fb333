"""Schools say yes, say no, or say nothing until the hold runs out."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from calendars.bells import SchoolId
from calendars.text import InvalidValueError
from scheduler.booking.consent import confirm, confirm_series, decline, expire_holds
from scheduler.booking.proposals import propose_move
from scheduler.booking.single import SessionChange, cancel, change
from scheduler.checking.database import check
from scheduler.errors import (
    ClashError,
    ForbiddenError,
    InvalidWishError,
    NotFoundError,
    StaleError,
    StateError,
)
from scheduler.model import (
    Actor,
    ActorRole,
    Booking,
    Kind,
    OnDecline,
    Role,
    Session,
    SessionState,
    SiteState,
)
from scheduler.store import Transaction
from tests.builders import NOW, an_outage, at, some_books
from tests.scheduler.conftest import Open
from tests.scheduler.desk import OFFICE, Desk, a_booking, a_wish, coordinator_of, open_all_day

JS = SchoolId("JS")
TF1 = SchoolId("TF1")
CB = SchoolId("CB")


async def _held_by_js(desk: Desk) -> Session:
    return await desk.book(by=coordinator_of("TF1"))


async def test_the_last_yes_confirms_the_session(each_desk: Desk) -> None:
    session = await each_desk.book()
    half = await each_desk.do(confirm, session.id, TF1, 1, by=coordinator_of("TF1"))
    assert (half.state, half.hold_expires_at) == (SessionState.HELD, session.hold_expires_at)
    assert (half.sequence, half.revision) == (0, 2)
    whole = await each_desk.do(confirm, session.id, JS, 2, by=coordinator_of("JS"))
    assert (whole.state, whole.hold_expires_at) == (SessionState.CONFIRMED, None)
    assert [site.answered_by for site in whole.sites] == ["TF1 教导处", "JS 教导处"]
    assert (whole.sequence, whole.revision) == (1, 3)
    assert await each_desk.session(session) == whole


async def test_a_second_tap_changes_nothing(desk: Desk) -> None:
    session = await _held_by_js(desk)
    once = await desk.do(confirm, session.id, JS, 1, by=coordinator_of("JS"))
    assert await desk.do(confirm, session.id, JS, 2, by=coordinator_of("JS")) == once


async def test_the_rulebook_is_asked_again(desk: Desk) -> None:
    session = await _held_by_js(desk)
    broken = an_outage(at("13:00", 120), school=JS, room="JS-R1")
    await desk.do(Transaction.put, broken, revision=None)
    with pytest.raises(ClashError) as refusal:
        await desk.do(confirm, session.id, JS, 1, by=coordinator_of("JS"))
    assert [conflict.rule for conflict in refusal.value.conflicts] == ["H9"]


@pytest.mark.parametrize(
    "actor",
    [
        coordinator_of("TF1"),
        Actor(name="JS 电教员", role=ActorRole.IT_SUPPORT, school=JS),
        Actor(name="JS-T1", role=ActorRole.TEACHER, school=JS),
    ],
    ids=lambda actor: actor.name,
)
async def test_nobody_else_answers_for_a_school(desk: Desk, actor: Actor) -> None:
    session = await _held_by_js(desk)
    with pytest.raises(ForbiddenError):
        await desk.do(confirm, session.id, JS, 1, by=actor)
    with pytest.raises(ForbiddenError):
        await desk.do(decline, session.id, JS, 1, reason="考试", by=actor)


async def test_the_office_may_note_an_answer_given_by_telephone(desk: Desk) -> None:
    session = await _held_by_js(desk)
    confirmed = await desk.do(confirm, session.id, JS, 1, by=OFFICE)
    assert confirmed.sites[1].answered_by == "联盟办公室"


async def test_a_school_that_takes_no_part_has_no_say(desk: Desk) -> None:
    session = await _held_by_js(desk)
    with pytest.raises(NotFoundError):
        await desk.do(confirm, session.id, CB, 1, by=coordinator_of("CB"))


async def test_an_answer_to_an_old_revision_is_stale(desk: Desk) -> None:
    session = await _held_by_js(desk)
    await desk.do(change, session.id, SessionChange(slot=at("16:10")), 1)
    with pytest.raises(StaleError):
        await desk.do(confirm, session.id, JS, 1, by=coordinator_of("JS"))


async def test_e50_one_no_cancels_the_session_and_frees_everything(each_desk: Desk) -> None:
    sites = (a_wish("TF1"), a_wish("JS", Role.LISTEN), a_wish("CB", Role.OBSERVE, class_groups=()))
    session = await each_desk.book(a_booking(sites=sites))
    with pytest.raises(InvalidWishError):
        await each_desk.do(decline, session.id, CB, 1, reason="", by=coordinator_of("CB"))
    off = await each_desk.do(decline, session.id, CB, 1, reason="考试", by=coordinator_of("CB"))
    assert (off.state, off.reason, off.sequence) == (SessionState.CANCELLED, "考试", 1)
    assert [site.state for site in off.sites] == [
        SiteState.HELD,
        SiteState.HELD,
        SiteState.DECLINED,
    ]
    again = await each_desk.book()
    assert again.state is SessionState.HELD
    told = {notice.sentence.zh for notice in await each_desk.notices()}
    assert "9月8日（周二）14:00-14:40的“三年级音乐”已取消：考试" in told


def _with_cb(**fields: Any) -> Booking:
    """TF1's research with JS and CB, which goes on while two of the three take part."""
    sites = (a_wish("TF1"), a_wish("JS", Role.LISTEN), a_wish("CB", Role.OBSERVE, class_groups=()))
    return a_booking(**{"sites": sites, "on_decline": OnDecline.QUORUM} | fields)


async def test_e50_a_school_that_need_not_be_there_leaves_and_frees_its_part_at_once(
    each_desk: Desk,
) -> None:
    session = await each_desk.book(_with_cb(), by=coordinator_of("TF1"))
    agreed = await each_desk.do(confirm, session.id, JS, 1, by=coordinator_of("JS"))
    left = await each_desk.do(decline, session.id, CB, 2, reason="考试", by=coordinator_of("CB"))
    assert left == replace(
        agreed,
        sites=agreed.sites[:2],
        declined=(CB,),
        state=SessionState.CONFIRMED,
        hold_expires_at=None,
        reason="考试",
        sequence=1,
        revision=3,
    )
    alone = a_wish("CB", Role.LEAD, class_groups=())
    await each_desk.book(a_booking(sites=(alone,), kind=Kind.JOINT_RESEARCH, link_pool=None))
    assert await each_desk.read(check) == ()
    told = {(notice.school, notice.sentence.zh) for notice in await each_desk.notices()}
    assert (CB, "您不再参加9月8日（周二）14:00-14:40的“三年级音乐”。") in told
    assert any(school == JS and "CB谢绝参加：考试" in sentence for school, sentence in told)


@pytest.mark.parametrize(
    ("fields", "school"),
    [({}, TF1), ({"must_have": (CB,)}, CB), ({"quorum": 3}, CB)],
    ids=["the lead", "one that must be there", "one too few"],
)
async def test_without_whom_it_cannot_be_held_it_falls(
    desk: Desk, fields: dict[str, Any], school: SchoolId
) -> None:
    session = await desk.book(_with_cb(**fields))
    off = await desk.do(decline, session.id, school, 1, reason="考试")
    assert (off.state, off.reason) == (SessionState.CANCELLED, "考试")
    assert (await desk.book()).state is SessionState.HELD


async def test_the_last_that_may_leave_leaves_and_the_next_makes_it_fall(desk: Desk) -> None:
    session = await desk.book(_with_cb())
    left = await desk.do(decline, session.id, CB, 1, reason="考试")
    assert (left.state, left.hold_expires_at) == (SessionState.HELD, session.hold_expires_at)
    assert (await desk.do(decline, session.id, JS, 2, reason="春游")).state is (
        SessionState.CANCELLED
    )


async def test_an_exam_week_at_one_school_leaves_a_confirmed_session_to_the_others(
    open_desk: Open,
) -> None:
    """E11."""
    desk = await open_desk(
        *some_books(**{name: {"open_slots": (open_all_day(name),)} for name in ("TF1", "JS", "CB")})
    )
    session = await desk.book(_with_cb())
    assert session.state is SessionState.CONFIRMED
    left = await desk.do(decline, session.id, CB, 1, reason="考试周", by=coordinator_of("CB"))
    assert (left.state, len(left.sites)) == (SessionState.CONFIRMED, 2)
    with pytest.raises(StateError):
        await desk.do(decline, session.id, JS, 2, reason="考试周", by=coordinator_of("JS"))


async def test_a_session_that_would_break_a_rule_without_a_school_falls(desk: Desk) -> None:
    """Back to back without a buffer is for the same participants only (H12)."""
    await desk.book(_with_cb(slot=at("16:10")))
    next_door = await desk.book(_with_cb(slot=at("16:50")))
    off = await desk.do(decline, next_door.id, CB, 1, reason="考试")
    assert off.state is SessionState.CANCELLED


def test_a_quorum_is_made_of_those_who_take_part() -> None:
    with pytest.raises(InvalidValueError, match="more than the 3 schools"):
        _with_cb(quorum=4)
    with pytest.raises(InvalidValueError, match="WA"):
        _with_cb(must_have=(SchoolId("WA"),))


QUORUM = SessionChange(on_decline=OnDecline.QUORUM, must_have=(JS,))


async def test_whoever_booked_it_may_change_what_a_no_does_and_all_are_told(
    each_desk: Desk,
) -> None:
    tf1 = coordinator_of("TF1")
    session = await each_desk.book(_with_cb(on_decline=OnDecline.ALL_REQUIRED), by=tf1)
    agreed = await each_desk.do(confirm, session.id, JS, 1, by=coordinator_of("JS"))
    assert agreed.booked_by == TF1
    changed = await each_desk.do(change, session.id, QUORUM, 2, by=tf1)
    assert changed == replace(agreed, on_decline=OnDecline.QUORUM, must_have=(JS,), revision=3)
    told = {(each.school, each.sentence.zh) for each in await each_desk.notices()}
    rule = "有学校谢绝时，只要还有2所学校（含TF1、JS）就照常进行。"
    assert {school for school, sentence in told if sentence.endswith(rule)} == {"TF1", "JS", "CB"}
    left = await each_desk.do(decline, session.id, CB, 3, reason="考试")
    assert left.state is SessionState.CONFIRMED
    strict = SessionChange(on_decline=OnDecline.ALL_REQUIRED)
    strictly = await each_desk.do(change, session.id, strict, 4)
    assert (strictly.on_decline, strictly.booked_by) == (OnDecline.ALL_REQUIRED, TF1)
    assert await each_desk.read(check) == ()


async def test_nobody_else_changes_what_a_no_does(desk: Desk) -> None:
    by_school = await desk.book(_with_cb(), by=coordinator_of("TF1"))
    with pytest.raises(ForbiddenError, match="TF1"):
        await desk.do(change, by_school.id, QUORUM, 1, by=coordinator_of("JS"))
    with pytest.raises(StaleError):
        await desk.do(change, by_school.id, QUORUM, 2, by=coordinator_of("TF1"))
    by_office = await desk.book(_with_cb(slot=at("16:10")))
    with pytest.raises(ForbiddenError) as refused:
        await desk.do(change, by_office.id, QUORUM, 1, by=coordinator_of("TF1"))
    assert "由预约方（联盟办公室）修改" in refused.value.text.zh
    assert "is for the alliance's office to change" in refused.value.text.en
    with pytest.raises(InvalidWishError, match="change the session"):
        await desk.do(propose_move, by_office.id, QUORUM, 1)


async def test_rules_are_asked_again_when_what_a_no_does_changes(desk: Desk) -> None:
    session = await desk.book(_with_cb())
    with pytest.raises(InvalidValueError, match="more than the 3 schools"):
        await desk.do(change, session.id, SessionChange(quorum=4), 1)
    with pytest.raises(InvalidValueError, match="WA"):
        await desk.do(change, session.id, SessionChange(must_have=(SchoolId("WA"),)), 1)
    await desk.do(Transaction.put, an_outage(session.slot, room="JS-R1"), revision=None)
    with pytest.raises(ClashError) as refused:
        await desk.do(change, session.id, QUORUM, 1)
    assert [each.rule for each in refused.value.conflicts] == ["H9"]


async def test_a_confirmed_session_is_cancelled_and_not_declined(desk: Desk) -> None:
    session = await _held_by_js(desk)
    await desk.do(confirm, session.id, JS, 1, by=coordinator_of("JS"))
    with pytest.raises(StateError):
        await desk.do(decline, session.id, JS, 2, reason="考试", by=coordinator_of("JS"))
    assert (await desk.do(cancel, session.id, 2, reason="考试")).state is SessionState.CANCELLED


async def test_a_hold_that_ran_out_cannot_be_confirmed_or_changed(each_desk: Desk) -> None:
    session = await _held_by_js(each_desk)
    assert session.hold_expires_at is not None
    late = session.hold_expires_at
    with pytest.raises(StateError, match="ran out"):
        await each_desk.do(confirm, session.id, JS, 1, by=coordinator_of("JS"), now=late)
    with pytest.raises(StateError, match="ran out"):
        await each_desk.do(change, session.id, SessionChange(slot=at("16:10")), 1, now=late)
    just_in_time = late - timedelta(seconds=1)
    confirmed = await each_desk.do(
        confirm, session.id, JS, 1, by=coordinator_of("JS"), now=just_in_time
    )
    assert confirmed.state is SessionState.CONFIRMED


async def test_a_hold_that_ran_out_is_free_before_any_job_says_so(each_desk: Desk) -> None:
    session = await _held_by_js(each_desk)
    assert session.hold_expires_at is not None
    with pytest.raises(ClashError):
        await each_desk.book(now=session.hold_expires_at - timedelta(seconds=1))
    again = await each_desk.book(now=session.hold_expires_at)
    assert again.slot == session.slot


async def test_what_ran_out_is_written_down_once_and_told(each_desk: Desk) -> None:
    session = await _held_by_js(each_desk)
    assert session.hold_expires_at is not None
    assert await each_desk.do(expire_holds, now=NOW) == ()
    later = session.hold_expires_at + timedelta(minutes=1)
    before = {notice.id for notice in await each_desk.notices()}
    expired = await each_desk.do(expire_holds, now=later)
    assert expired == (
        replace(
            session,
            state=SessionState.EXPIRED,
            changed_at=session.hold_expires_at,
            sequence=1,
            revision=2,
        ),
    )
    assert await each_desk.do(expire_holds, now=later) == ()
    told = [notice for notice in await each_desk.notices() if notice.id not in before]
    assert {notice.sentence.zh for notice in told} == {
        "9月8日（周二）14:00-14:40的“三年级音乐”无人确认，暂占已到期并释放。"
    }
    with pytest.raises(StateError, match="ran out"):
        await each_desk.do(confirm, session.id, JS, 2, by=coordinator_of("JS"), now=later)


async def test_a_series_without_a_name_has_nothing_to_confirm(desk: Desk) -> None:
    with pytest.raises(NotFoundError):
        await desk.do(confirm_series, "x9", JS, by=coordinator_of("JS"))
