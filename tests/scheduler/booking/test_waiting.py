"""What cannot be placed waits in a defined order and is offered what frees, whatever freed it."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from calendars.bells import SchoolId
from calendars.text import InvalidValueError
from scheduler.booking.consent import confirm, decline, expire_holds
from scheduler.booking.series import book_series
from scheduler.booking.series_cancelling import cancel_series
from scheduler.booking.series_changes import SeriesChange, change_series
from scheduler.booking.single import SessionChange, cancel, change
from scheduler.booking.waiting import leave, offer_place
from scheduler.booking.waiting_settled import settle_waiting
from scheduler.checking.database import check
from scheduler.errors import ForbiddenError, NotFoundError, StaleError, StateError
from scheduler.members import School
from scheduler.model import (
    Kind,
    Role,
    Session,
    SessionState,
    SiteState,
    WaitingState,
    WaitingWish,
    WhenImpossible,
)
from scheduler.planning.freed_places import offer_freed_places
from scheduler.store import Transaction
from tests.builders import NOW, TUESDAY, a_room, an_outage, at, some_books, wall
from tests.scheduler.booking.queueing import look, state_of, turns_at, wait_for, wait_for_series
from tests.scheduler.conftest import Open
from tests.scheduler.desk import (
    OFFICE,
    Desk,
    a_booking,
    a_series,
    a_wish,
    coordinator_of,
    open_all_day,
)

TF1 = SchoolId("TF1")
LATER = at("16:10")


async def test_what_a_cancellation_frees_is_held_for_who_waits(each_desk: Desk) -> None:
    taken = await each_desk.book()
    waiting = await wait_for(each_desk, title="美术")
    assert await look(each_desk) == []
    await each_desk.do(cancel, taken.id, 1, reason="停电")
    (offer,) = await look(each_desk)
    assert (offer.title, offer.slot, offer.state) == ("美术", taken.slot, SessionState.HELD)
    assert offer.hold_expires_at is not None
    assert await look(each_desk) == []
    stored = await each_desk.read(Transaction.waiting, waiting.id)
    assert stored == replace(waiting, state=WaitingState.OFFERED, session=offer.id, revision=2)
    assert await each_desk.read(check) == ()
    told = [each.sentence.zh for each in await each_desk.notices() if each.school == TF1]
    assert any(sentence.startswith("候补到位：“美术”9月8日（周二）14:00") for sentence in told)
    for revision, school in ((1, "TF1"), (2, "JS")):
        await each_desk.do(confirm, offer.id, SchoolId(school), revision)
    await each_desk.do(settle_waiting)
    assert await state_of(each_desk, waiting) is WaitingState.TAKEN


async def _decline(desk: Desk, taken: Session) -> None:
    await desk.do(decline, taken.id, TF1, 1, reason="考试")


async def _move(desk: Desk, taken: Session) -> None:
    await desk.do(change, taken.id, SessionChange(slot=LATER), 1)


@pytest.mark.parametrize("free", [_decline, _move], ids=["decline", "move"])
async def test_whatever_frees_a_place_it_is_offered(desk: Desk, free: Any) -> None:
    taken = await desk.book()
    await wait_for(desk)
    await free(desk, taken)
    (offer,) = await look(desk)
    assert offer.slot == taken.slot


async def test_a_hold_that_ran_out_frees_its_place_for_who_waits(each_desk: Desk) -> None:
    taken = await each_desk.book()
    await wait_for(each_desk)
    assert taken.hold_expires_at is not None
    assert await look(each_desk, taken.hold_expires_at - timedelta(seconds=1)) == []
    (offer,) = await look(each_desk, taken.hold_expires_at)
    assert offer.slot == taken.slot


async def test_an_outage_that_ends_and_a_room_that_is_added_free_places_too(desk: Desk) -> None:
    out = an_outage(at("13:00", 120), room="TF1-R1")
    await desk.do(Transaction.put, out, revision=None)
    first = await wait_for(desk)
    meeting: dict[str, Any] = {"kind": Kind.JOINT_RESEARCH, "link_pool": None}
    await desk.book(
        a_booking(
            sites=(a_wish("TF1", room="TF1-R2", teacher="TF1-T2", class_groups=()),), **meeting
        )
    )
    second = await wait_for(
        desk, sites=(a_wish("TF1", room=None, teacher="TF1-T3", class_groups=()),), **meeting
    )
    await desk.do(Transaction.put, a_room("TF1", 3), revision=None)
    (offer,) = await look(desk)
    assert offer.lead.room == "TF1-R3"
    assert await state_of(desk, second) is WaitingState.OFFERED
    stored = await desk.read(Transaction.list, type(out), limit=1)
    await desk.do(Transaction.delete, type(out), out.id, revision=stored[0].revision)
    (offer,) = await look(desk)
    assert offer.lead.room == "TF1-R1"
    assert await state_of(desk, first) is WaitingState.OFFERED


async def test_lessons_come_before_meetings_then_support_then_who_filed_first(
    open_desk: Open,
) -> None:
    supported = School(id=SchoolId("CB"), name="CB", support_priority=True)
    tf1, js, cb = some_books()
    desk = await open_desk(tf1, js, replace(cb, school=supported))
    await desk.book()
    sites = (a_wish("TF1"), a_wish("CB", Role.LISTEN))
    hour = timedelta(hours=1)
    meeting = await wait_for(
        desk, kind=Kind.JOINT_RESEARCH, sites=(a_wish("TF1", class_groups=()),), link_pool=None
    )
    early = await wait_for(desk, now=NOW + hour)
    late = await wait_for(desk, now=NOW + 2 * hour)
    weak = await wait_for(desk, by="CB", sites=sites, now=NOW + 3 * hour)
    turns = await turns_at(desk)
    assert [each.waiting.id for each in turns] == [weak.id, early.id, late.id, meeting.id]
    assert [each.position for each in turns] == [1, 2, 3, 4]
    assert {conflict.rule for conflict in turns[1].reasons} == {"H1", "H2", "H3"}


async def test_a_big_need_that_is_blocked_does_not_block_a_smaller_one(each_desk: Desk) -> None:
    taken = await each_desk.book()
    elsewhere = await each_desk.book(
        a_booking(
            sites=(a_wish("CB", Role.LEAD, class_groups=()),),
            kind=Kind.JOINT_RESEARCH,
            link_pool=None,
        )
    )
    big = await wait_for(
        each_desk,
        sites=(
            a_wish("TF1"),
            a_wish("JS", Role.LISTEN),
            a_wish("CB", Role.OBSERVE, class_groups=()),
        ),
    )
    small = await wait_for(each_desk, now=NOW + timedelta(hours=1))
    await each_desk.do(cancel, taken.id, 1, reason="停电")
    (offer,) = await look(each_desk)
    assert len(offer.sites) == 2
    assert (await state_of(each_desk, big), await state_of(each_desk, small)) == (
        WaitingState.WAITING,
        WaitingState.OFFERED,
    )
    await each_desk.do(cancel, elsewhere.id, 1, reason="停电")
    await each_desk.do(decline, offer.id, TF1, 1, reason="不需要了")
    (offer,) = await look(each_desk)
    assert len(offer.sites) == 3
    assert await each_desk.read(check) == ()


async def test_an_offer_that_nobody_answers_goes_to_the_next(each_desk: Desk) -> None:
    taken = await each_desk.book()
    first = await wait_for(each_desk, title="第一")
    second = await wait_for(each_desk, title="第二", now=NOW + timedelta(hours=1))
    await each_desk.do(cancel, taken.id, 1, reason="停电")
    (offer,) = await look(each_desk)
    assert (offer.title, offer.hold_expires_at is not None) == ("第一", True)
    late = offer.hold_expires_at or NOW
    await each_desk.do(expire_holds, now=late)
    (offer,) = await look(each_desk, late)
    assert offer.title == "第二"
    assert await state_of(each_desk, first) is WaitingState.LAPSED
    assert await state_of(each_desk, second) is WaitingState.OFFERED
    assert await each_desk.read(check, now=late) == ()


async def test_another_time_that_would_do_is_offered_but_never_one_that_has_come(
    each_desk: Desk,
) -> None:
    first = await each_desk.book()
    second = await each_desk.book(a_booking(slot=LATER))
    waiting = await wait_for(each_desk, also_at=(LATER,))
    for taken in (first, second):
        await each_desk.do(cancel, taken.id, 1, reason="停电")
    just_begun = first.slot.starts + timedelta(minutes=1)
    (offer,) = await look(each_desk, just_begun)
    assert offer.slot == LATER
    assert await state_of(each_desk, waiting) is WaitingState.OFFERED


async def test_a_wish_whose_time_has_come_waits_no_more_and_is_told(desk: Desk) -> None:
    taken = await desk.book()
    waiting = await wait_for(desk)
    await desk.do(cancel, taken.id, 1, reason="停电")
    assert await look(desk, taken.slot.starts) == []
    assert await state_of(desk, waiting) is WaitingState.PASSED
    told = [each.sentence.en for each in await desk.notices()]
    assert any(sentence.startswith("No place was free for “三年级音乐”") for sentence in told)


async def test_the_school_that_waits_is_asked_even_where_it_keeps_open_hours(
    open_desk: Open,
) -> None:
    desk = await open_desk(
        *some_books(**{name: {"open_slots": (open_all_day(name),)} for name in ("TF1", "JS")})
    )
    taken = await desk.book()
    await wait_for(desk)
    await desk.do(cancel, taken.id, 1, reason="停电")
    (offer,) = await look(desk)
    assert [site.state for site in offer.sites] == [SiteState.HELD, SiteState.CONFIRMED]
    confirmed = await desk.do(confirm, offer.id, TF1, 1, by=coordinator_of("TF1"))
    assert confirmed.state is SessionState.CONFIRMED


async def test_nobody_waits_for_what_can_be_booked(desk: Desk) -> None:
    with pytest.raises(StateError, match="can be booked right now"):
        await wait_for(desk)
    await desk.book()
    with pytest.raises(StateError, match="can be booked right now"):
        await wait_for(desk, also_at=(LATER,))


async def test_nobody_waits_for_a_stranger_without_asking_her_school(desk: Desk) -> None:
    await desk.book()
    with pytest.raises(ForbiddenError):
        await wait_for(desk, sites=(a_wish("TF1", participants=("CB-T1",)),), link_pool=None)


async def test_a_wish_is_taken_back_by_its_own_school_while_it_waits(desk: Desk) -> None:
    taken = await desk.book()
    waiting = await wait_for(desk)
    with pytest.raises(ForbiddenError):
        await desk.do(leave, waiting.id, 1, by=coordinator_of("JS"))
    with pytest.raises(StaleError):
        await desk.do(leave, waiting.id, 2, by=coordinator_of("TF1"))
    left = await desk.do(leave, waiting.id, 1, by=coordinator_of("TF1"))
    assert left.state is WaitingState.LEFT
    await desk.do(cancel, taken.id, 1, reason="停电")
    assert await look(desk) == []
    with pytest.raises(StateError, match="waits no more"):
        await desk.do(leave, waiting.id, 2, by=coordinator_of("TF1"))


async def test_what_waits_keeps_what_it_names(desk: Desk) -> None:
    await desk.book(a_booking(sites=(a_wish("TF1"),), link_pool=None, form="dedicated"))
    waiting = await wait_for(desk)
    room = (await desk.read(Transaction.get, type(a_room()), "JS-R1")).revision
    with pytest.raises(StateError, match="JS-R1"):
        await desk.do(Transaction.delete, type(a_room()), "JS-R1", revision=room)
    await desk.do(leave, waiting.id, 1)
    await desk.do(Transaction.delete, type(a_room()), "JS-R1", revision=room)
    assert await desk.read(check) == ()


async def test_a_date_that_a_series_had_to_skip_is_offered_back_to_it(each_desk: Desk) -> None:
    taken = await each_desk.book()
    wish = a_series(when_impossible=WhenImpossible.SKIP)
    booked = await each_desk.do(book_series, wish, by=coordinator_of("TF1"))
    (turn,) = await turns_at(each_desk)
    assert (turn.waiting.series, turn.waiting.series_date) == (
        booked.series.id,
        booked.skipped[0].date,
    )
    await each_desk.do(cancel, taken.id, 1, reason="停电")
    (offer,) = await look(each_desk)
    assert (offer.series, offer.series_date, offer.slot, offer.state) == (
        booked.series.id,
        booked.skipped[0].date,
        taken.slot,
        SessionState.HELD,
    )
    assert await each_desk.read(check) == ()


async def test_a_series_that_ends_or_changes_wants_its_skipped_dates_no_more(desk: Desk) -> None:
    taken = await desk.book()
    wish = a_series(when_impossible=WhenImpossible.SKIP)
    booked = await desk.do(book_series, wish)
    first = booked.booked[0].series_date
    assert first is not None
    later = SeriesChange(from_date=first, weekly=replace(wish.weekly, starts=wall("16:10")))
    moved = await desk.do(change_series, booked.series.id, later, 1)
    assert await turns_at(desk) == ()
    await desk.do(cancel_series, moved.series.id, first, 2, reason="学期调整")
    await desk.do(cancel, taken.id, 1, reason="停电")
    assert await look(desk) == []


async def test_an_earlier_date_is_wanted_still_when_the_series_ends_later(desk: Desk) -> None:
    await desk.book()
    booked = await desk.do(book_series, a_series(when_impossible=WhenImpossible.SKIP))
    last = booked.booked[-1].series_date
    await desk.do(cancel_series, booked.series.id, last, 1, reason="学期调整")
    assert [turn.waiting.series_date for turn in await turns_at(desk)] == [booked.skipped[0].date]


async def test_a_date_that_found_another_place_is_not_offered_twice(desk: Desk) -> None:
    taken = await desk.book()
    booked = await desk.do(book_series, a_series(when_impossible=WhenImpossible.SKIP))
    (turn,) = await turns_at(desk)
    date = booked.skipped[0].date
    elsewhere = await desk.book(a_booking(slot=LATER))
    dated = replace(
        elsewhere, series=booked.series.id, series_date=date, revision=elsewhere.revision + 1
    )
    await desk.do(Transaction.replace_session, elsewhere, dated)
    await desk.do(cancel, taken.id, 1, reason="停电")
    assert await desk.do(offer_place, turn.waiting.id) is None
    assert await look(desk) == []
    assert await state_of(desk, turn.waiting) is WaitingState.LEFT


async def test_two_processes_that_look_at_once_offer_a_place_once(each_desk: Desk) -> None:
    taken = await each_desk.book()
    waiting = [
        await wait_for(each_desk, now=NOW + timedelta(minutes=minutes)) for minutes in range(3)
    ]
    await each_desk.do(cancel, taken.id, 1, reason="停电")
    await asyncio.gather(
        *(offer_freed_places(each_desk.store, lambda: NOW, OFFICE) for _ in range(3)),
        return_exceptions=False,
    )
    sessions = await each_desk.read(Transaction.sessions, states=(SessionState.HELD,))
    assert len(sessions) == 1
    assert [await state_of(each_desk, each) for each in waiting] == [
        WaitingState.OFFERED,
        WaitingState.WAITING,
        WaitingState.WAITING,
    ]
    assert await each_desk.read(check) == ()


async def test_an_offer_and_a_booking_at_once_leave_one_of_them(each_desk: Desk) -> None:
    taken = await each_desk.book()
    waiting = await wait_for(each_desk)
    await each_desk.do(cancel, taken.id, 1, reason="停电")
    await asyncio.gather(
        *(each_desk.do(offer_place, waiting.id) for _ in range(2)),
        *(each_desk.book() for _ in range(3)),
        return_exceptions=True,
    )
    held = await each_desk.read(Transaction.sessions, states=(SessionState.HELD,))
    assert len(held) == 1
    assert await each_desk.read(check) == ()


async def test_a_time_is_named_once_and_is_long_enough() -> None:
    with pytest.raises(InvalidValueError, match="Name each time once"):
        WaitingWish(booking=a_booking(), also_at=(at("14:00"),))
    with pytest.raises(InvalidValueError, match="min_minutes"):
        WaitingWish(booking=a_booking(), also_at=(at("16:10", 20),))


async def test_a_wish_that_cannot_be_dealt_with_holds_up_no_other(each_desk: Desk) -> None:
    series = await each_desk.do(book_series, a_series())
    taken = await each_desk.book(a_booking(slot=at("16:10")))
    broken = await wait_for_series(each_desk)
    assert broken.series_booking is not None
    lost = replace(broken, series_booking=replace(broken.series_booking, term="gone"))
    await each_desk.do(Transaction.replace_waiting, broken, lost)
    sound = await wait_for(each_desk, slot=at("16:10"))
    await each_desk.do(cancel_series, series.series.id, TUESDAY, 1, reason="停电")
    await each_desk.do(cancel, taken.id, 1, reason="停电")
    with pytest.raises(ExceptionGroup) as failed:
        await look(each_desk)
    assert {type(each) for each in failed.value.exceptions} == {NotFoundError}
    assert await state_of(each_desk, broken) is WaitingState.WAITING
    assert await state_of(each_desk, sound) is WaitingState.OFFERED
