"""What comes first may displace what comes after it, into a valid new place and only there."""

from dataclasses import replace
from typing import Any

import pytest

from calendars.bells import SchoolId
from calendars.slots import Slot
from calendars.text import InvalidValueError
from scheduler.booking.bumps import (
    BumpingMove,
    BumpWish,
    NewPlace,
    bump,
    bump_by_moving,
    suggest_for_bump,
)
from scheduler.booking.proposals import answer_proposal
from scheduler.booking.series import book_series
from scheduler.booking.single import SessionChange, change
from scheduler.checking.database import check
from scheduler.errors import ClashError, InvalidWishError, StaleError, StateError
from scheduler.model import Booking, Kind, ProposalState, Session, SessionState
from scheduler.store import Transaction
from tests.builders import at, some_books
from tests.scheduler.conftest import Open
from tests.scheduler.desk import Desk, a_booking, a_series, a_wish, coordinator_of, open_all_day

TF1 = SchoolId("TF1")
LATER = at("16:10")


def _meeting(**fields: Any) -> Booking:
    """TF1's own research, in the room and with the teacher that the lesson wants."""
    wanted: dict[str, Any] = {"title": "教研", "kind": Kind.JOINT_RESEARCH, "link_pool": None}
    return a_booking(**wanted | {"sites": (a_wish("TF1", class_groups=()),)} | fields)


def _wish(displaced: Session, *, slot: Slot | None = LATER, **fields: Any) -> BumpWish:
    """The lesson of the builders takes the place of that session, which goes to `slot`."""
    place = NewPlace(session=displaced.id, revision=displaced.revision, slot=slot)
    given: dict[str, Any] = {"booking": a_booking(), "displaced": (place,), "reason": "评估课"}
    return BumpWish(**given | fields)


async def _open_desk(open_desk: Open, *schools: str) -> Desk:
    return await open_desk(
        *some_books(**{name: {"open_slots": (open_all_day(name),)} for name in schools})
    )


async def test_a_lesson_displaces_a_meeting_at_once_where_it_has_standing_consent(
    open_desk: Open,
) -> None:
    desk = await _open_desk(open_desk, "TF1", "JS")
    meeting = await desk.book(_meeting())
    done = await desk.do(bump, _wish(meeting))
    lesson, moved = done.places[0].after, await desk.session(meeting)
    assert done.state is ProposalState.ACCEPTED
    assert (moved.slot, moved.state) == (LATER, SessionState.CONFIRMED)
    assert moved.reason == "为“三年级音乐”让位 / made room for “三年级音乐”：评估课"
    assert await desk.read(Transaction.session, lesson.id) == lesson
    assert (lesson.slot, lesson.state) == (meeting.slot, SessionState.CONFIRMED)
    assert await desk.read(check) == ()
    told = {notice.sentence.zh for notice in await desk.notices()}
    assert any(sentence.endswith("为“三年级音乐”让位。原因：评估课。") for sentence in told)
    (record,) = await desk.read(Transaction.adjustments)
    assert (record.session, record.cause) == (meeting.id, lesson.id)


async def test_without_standing_consent_both_wait_for_the_schools(each_desk: Desk) -> None:
    meeting = await each_desk.book(_meeting(), by=coordinator_of("TF1"))
    asked = await each_desk.do(bump, _wish(meeting), by=coordinator_of("JS"))
    assert (asked.state, asked.asked) == (ProposalState.OPEN, (TF1,))
    assert await each_desk.read(Transaction.sessions) == (meeting,)
    assert await each_desk.read(check) == ()
    with pytest.raises(ClashError):
        await each_desk.book(a_booking(slot=LATER))
    done = await each_desk.do(
        answer_proposal, asked.id, TF1, 1, agrees=True, by=coordinator_of("TF1")
    )
    assert {each.slot for each in await each_desk.read(Transaction.sessions)} == {
        meeting.slot,
        LATER,
    }
    assert (await each_desk.session(meeting)).slot == LATER
    assert done.places[0].after.state is SessionState.CONFIRMED
    assert await each_desk.read(check) == ()


async def test_a_declined_bump_displaces_nobody(each_desk: Desk) -> None:
    meeting = await each_desk.book(_meeting())
    asked = await each_desk.do(bump, _wish(meeting), by=coordinator_of("JS"))
    await each_desk.do(answer_proposal, asked.id, TF1, 1, agrees=False, reason="不行")
    assert await each_desk.read(Transaction.sessions) == (meeting,)


async def test_what_does_not_come_after_need_not_make_room(desk: Desk) -> None:
    lesson = await desk.book()
    with pytest.raises(StateError, match="need not make room"):
        await desk.do(bump, _wish(lesson))
    with pytest.raises(StateError, match="need not make room"):
        await desk.do(bump, _wish(lesson, booking=_meeting()))


async def test_a_term_long_lesson_displaces_a_single_one(open_desk: Open) -> None:
    desk = await _open_desk(open_desk, "TF1", "JS")
    series = await desk.do(book_series, a_series())
    single = await desk.book(a_booking(slot=at("16:50")))
    second = next(each for each in series.booked if each.slot == at("14:00"))
    place = NewPlace(session=single.id, revision=1, slot=LATER)
    wish = BumpingMove(slot=at("16:50"), displaced=(place,), reason="评估课")
    with pytest.raises(StaleError):
        await desk.do(bump_by_moving, second.id, wish, 2)
    done = await desk.do(bump_by_moving, second.id, wish, 1)
    assert done.state is ProposalState.ACCEPTED
    assert (await desk.session(second)).slot == at("16:50")
    assert (await desk.session(second)).series == series.series.id
    assert (await desk.session(single)).slot == LATER
    assert await desk.read(check) == ()


async def test_a_pinned_session_is_never_displaced(desk: Desk) -> None:
    meeting = await desk.book(_meeting(pinned=True))
    with pytest.raises(ClashError) as refused:
        await desk.do(bump, _wish(meeting))
    assert [conflict.rule for conflict in refused.value.conflicts] == ["H11"]


async def test_nobody_is_displaced_into_nothing(desk: Desk) -> None:
    meeting = await desk.book(_meeting())
    nowhere = _wish(meeting, slot=None)
    with pytest.raises(ClashError) as refused:
        await desk.do(bump, nowhere)
    assert [conflict.rule for conflict in refused.value.conflicts] == ["bump"]
    instead = (await desk.read(suggest_for_bump, nowhere))()
    assert len(instead) == 5
    for each in instead:
        place = NewPlace(session=meeting.id, revision=1, slot=each.slot, sites=each.sites)
        done = await desk.do(bump, replace(nowhere, displaced=(place,)))
        assert done.state is ProposalState.OPEN


async def test_a_new_place_that_is_no_place_refuses_all(desk: Desk) -> None:
    meeting = await desk.book(_meeting())
    taken = await desk.book(_meeting(title="读书会", slot=LATER))
    with pytest.raises(ClashError) as refused:
        await desk.do(bump, _wish(meeting))
    assert {conflict.sessions for conflict in refused.value.conflicts} == {(taken.id,)}
    assert await desk.session(meeting) == meeting


async def test_a_displaced_session_is_the_one_that_was_read(desk: Desk) -> None:
    meeting = await desk.book(_meeting())
    await desk.do(change, meeting.id, SessionChange(title="读书会"), 1)
    with pytest.raises(StaleError):
        await desk.do(bump, _wish(meeting))


async def test_each_that_goes_is_named_once_and_none_makes_room_for_itself(desk: Desk) -> None:
    meeting = await desk.book(_meeting())
    place = NewPlace(session=meeting.id, revision=1, slot=LATER)
    with pytest.raises(InvalidValueError):
        replace(_wish(meeting), displaced=(place, place))
    wish = BumpingMove(slot=LATER, displaced=(place,), reason="评估课")
    with pytest.raises(InvalidWishError, match="for itself"):
        await desk.do(bump_by_moving, meeting.id, wish, 1)


async def test_each_of_several_that_are_given_no_place_is_told_places_that_fit_together(
    desk: Desk,
) -> None:
    """One is in the room that the lesson wants, the other has its teacher."""
    in_room = await desk.book(
        _meeting(title="备课", sites=(a_wish("TF1", teacher="TF1-T2", class_groups=()),))
    )
    with_teacher = await desk.book(
        _meeting(title="说课", sites=(a_wish("TF1", room="TF1-R2", class_groups=()),))
    )
    both = tuple(NewPlace(session=each.id, revision=1) for each in (in_room, with_teacher))
    wish = replace(_wish(in_room), displaced=both)
    with pytest.raises(ClashError) as refused:
        await desk.do(bump, wish)
    assert [each.sessions for each in refused.value.conflicts] == [
        (in_room.id,),
        (with_teacher.id,),
    ]
    instead = (await desk.read(suggest_for_bump, wish))()
    best = {each.session: each for each in reversed(instead)}
    places = tuple(
        replace(each, slot=best[each.session].slot, sites=best[each.session].sites) for each in both
    )
    done = await desk.do(bump, replace(wish, displaced=places))
    assert done.state is ProposalState.OPEN
    one_place = (places[0], both[1])
    others = (await desk.read(suggest_for_bump, replace(wish, displaced=one_place)))()
    assert {each.session for each in others} == {with_teacher.id}
