"""E41: a teacher on leave is replaced by one of the subject or a recording."""

from dataclasses import replace

import pytest

from calendars.bells import SchoolId
from scheduler.booking.proposals import propose_move
from scheduler.booking.single import SessionChange, change
from scheduler.booking.swaps import Exchange, SwapWish, swap
from scheduler.checking.database import check
from scheduler.disruptions.recordings import ShowRecording, show_recording
from scheduler.disruptions.substituting import Substitution, substitute
from scheduler.errors import InvalidWishError, StateError
from scheduler.members import TeacherId
from scheduler.model import (
    AdjustmentKind,
    Form,
    Kind,
    OutcomeKind,
    Session,
    SessionState,
    SiteState,
)
from scheduler.outcomes import HowItWent, record
from scheduler.placing import wish_of
from scheduler.store import Transaction
from tests.builders import a_teacher, at, some_books
from tests.scheduler.conftest import Open
from tests.scheduler.desk import Desk, a_booking, a_wish, coordinator_of
from tests.scheduler.test_adjustments import agreed

TF1, JS = SchoolId("TF1"), SchoolId("JS")
SHOWN = ShowRecording(reason="主讲病假", supervisor=TeacherId("TF1-T3"))


async def shown(desk: Desk, session: Session, wish: ShowRecording = SHOWN) -> Session:
    return await desk.do(
        show_recording, session.id, wish, session.revision, by=coordinator_of("TF1")
    )


async def test_e41_a_recording_takes_the_place_of_a_teacher_on_leave(each_desk: Desk) -> None:
    session = await agreed(each_desk)
    after = await shown(each_desk, session)
    assert (after.form, after.state, after.slot) == (
        Form.RECORDED,
        SessionState.CONFIRMED,
        session.slot,
    )
    assert [site.teacher for site in after.sites] == ["TF1-T3", "JS-T1"]
    assert {site.state for site in after.sites} == {SiteState.CONFIRMED}
    (made,) = await each_desk.read(Transaction.adjustments)
    assert (made.kind, made.reason) == (AdjustmentKind.RECORDING, "主讲病假")
    free = await each_desk.book(
        a_booking(
            kind=Kind.JOINT_RESEARCH,
            link_pool=None,
            sites=(a_wish("TF1", room="TF1-R2", teacher="TF1-T1", class_groups=()),),
        )
    )
    assert free.lead.teacher == "TF1-T1"
    assert await each_desk.read(check) == ()


async def test_the_class_that_watches_at_the_lead_school_is_looked_after(desk: Desk) -> None:
    session = await agreed(desk)
    with pytest.raises(InvalidWishError, match="supervisor") as refused:
        await shown(desk, session, replace(SHOWN, supervisor=None))
    assert refused.value.pointer == "/supervisor"
    with pytest.raises(InvalidWishError, match="reason"):
        await shown(desk, session, replace(SHOWN, reason=" "))


async def test_only_a_lesson_that_is_led_live_becomes_a_recording(desk: Desk) -> None:
    meeting = await desk.book(
        a_booking(kind=Kind.JOINT_RESEARCH, link_pool=None, sites=(a_wish("TF1", class_groups=()),))
    )
    with pytest.raises(StateError, match="led live"):
        await shown(desk, meeting)
    lesson = await shown(desk, await agreed(desk, slot=at("16:10")))
    with pytest.raises(StateError, match="led live"):
        await shown(desk, lesson)


async def test_e41_whoever_supervises_a_recording_need_not_teach_the_subject(
    open_desk: Open,
) -> None:
    staff = {
        each.id: each
        for each in (a_teacher("TF1", 1), *(a_teacher("TF1", no, subjects=()) for no in (2, 3)))
    }
    desk = await open_desk(*some_books(TF1={"teachers": staff}))
    after = await shown(desk, await agreed(desk))
    assert after.lead.teacher == "TF1-T3"


async def test_e41_nobody_unqualified_takes_the_lead_by_another_way(open_desk: Open) -> None:
    sports = a_teacher("TF1", 2, subjects=("体育",))
    staff = {each.id: each for each in (a_teacher("TF1", 1), sports, a_teacher("TF1", 3))}
    desk = await open_desk(*some_books(TF1={"teachers": staff}))
    session = await agreed(desk)
    lead, other = (wish_of(site) for site in session.sites)
    wish = SessionChange(sites=(replace(lead, teacher=sports.id), other))
    for use_case in (change, propose_move):
        with pytest.raises(InvalidWishError, match="does not teach 音乐") as refused:
            await desk.do(use_case, session.id, wish, session.revision)
        assert refused.value.pointer == "/sites/0/teacher"
    talk = await desk.book(
        a_booking(
            kind=Kind.JOINT_RESEARCH,
            subject=None,
            link_pool=None,
            slot=at("16:10"),
            sites=(a_wish("TF1", teacher=sports.id, class_groups=()),),
        )
    )
    teachers = SwapWish(other=talk.id, other_revision=1, what=Exchange.TEACHERS)
    with pytest.raises(InvalidWishError, match="does not teach 音乐"):
        await desk.do(swap, session.id, teachers, session.revision)
    assert await desk.session(session) == session


async def test_e41_the_hours_go_to_who_taught(desk: Desk) -> None:
    session = await agreed(desk)
    wish = Substitution(school=TF1, teacher=TeacherId("TF1-T2"), reason="病假")
    after = await desk.do(substitute, session.id, wish, session.revision, by=coordinator_of("TF1"))
    went = HowItWent(session=session.id, school=TF1, outcome=OutcomeKind.DELIVERED)
    assert (await desk.do(record, went, now=after.slot.ends)).taught_by == "TF1-T2"
