"""A weekly need waits for all its dates at once, and a skipped date is not given up in silence."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from calendars.bells import SchoolId
from calendars.text import InvalidValueError
from scheduler.booking.consent import confirm_series, decline_series, expire_holds
from scheduler.booking.series import SeriesBooked, book_series
from scheduler.booking.series_cancelling import cancel_series
from scheduler.booking.series_changes import SeriesChange, change_series
from scheduler.booking.single import cancel
from scheduler.booking.waiting import leave
from scheduler.booking.waiting_settled import REST, settle_waiting
from scheduler.checking.database import check
from scheduler.errors import InvalidWishError, StateError
from scheduler.model import (
    Session,
    SessionState,
    SiteState,
    WaitingState,
    WaitingWish,
    WhenImpossible,
)
from scheduler.store import Transaction
from tests.builders import NOW, TUESDAY, a_term, at
from tests.scheduler.booking.queueing import (
    look,
    state_of,
    turns_at,
    wait_for,
    wait_for_series,
)
from tests.scheduler.desk import Desk, a_booking, a_series, coordinator_of, weekly

TF1, JS = SchoolId("TF1"), SchoolId("JS")
DATES = [date(2026, 9, day) for day in (1, 8, 15, 22)]


async def _taken(desk: Desk, on: date = TUESDAY) -> Session:
    return await desk.book(a_booking(slot=at("14:00", on=on)))


async def _free(desk: Desk, taken: Session) -> None:
    await desk.do(cancel, taken.id, taken.revision, reason="停电")


async def test_all_dates_of_a_weekly_need_are_held_once_the_last_of_them_is_free(
    each_desk: Desk,
) -> None:
    taken = [await _taken(each_desk, on) for on in DATES[1:3]]
    waiting = await wait_for_series(each_desk)
    await _free(each_desk, taken[0])
    assert await look(each_desk) == []
    (turn,) = await turns_at(each_desk)
    assert {session for each in turn.reasons for session in each.sessions} == {taken[1].id}
    await _free(each_desk, taken[1])
    offer = await look(each_desk)
    stored = await each_desk.read(Transaction.waiting, waiting.id)
    assert [each.series_date for each in offer] == DATES
    assert {each.series for each in offer} == {stored.series}
    assert {each.state for each in offer} == {SessionState.HELD}
    assert all(each.hold_expires_at for each in offer)
    assert stored.state is WaitingState.OFFERED
    assert await look(each_desk) == []
    assert await each_desk.read(check) == ()
    told = [each.sentence.zh for each in await each_desk.notices() if each.school == TF1]
    opening = "候补到位：“三年级音乐”9月1日（周二）至9月22日（周二）全部4次已有空位"
    assert any(sentence.startswith(opening) for sentence in told)
    for school in (TF1, JS):
        await each_desk.do(confirm_series, stored.series, school)
    await each_desk.do(settle_waiting)
    assert await state_of(each_desk, waiting) is WaitingState.TAKEN


async def test_one_no_to_a_series_frees_all_dates_for_the_next_in_line(each_desk: Desk) -> None:
    taken = await _taken(each_desk)
    first = await wait_for_series(each_desk, title="第一")
    await wait_for_series(each_desk, title="第二", now=NOW + timedelta(hours=1))
    await _free(each_desk, taken)
    offer = await look(each_desk)
    assert {each.title for each in offer} == {"第一"}
    declined = await each_desk.do(
        decline_series, offer[0].series, TF1, reason="改在校内上", by=coordinator_of("TF1")
    )
    assert [each.state for each in declined] == [SessionState.CANCELLED] * 4
    assert {each.title for each in await look(each_desk)} == {"第二"}
    assert await state_of(each_desk, first) is WaitingState.DECLINED
    assert await each_desk.read(check) == ()


async def test_one_no_leaves_the_dates_that_the_school_has_agreed_to(desk: Desk) -> None:
    booked = await desk.do(book_series, a_series(), by=coordinator_of("TF1"))
    assert {each.sites[0].state for each in booked.booked} == {SiteState.CONFIRMED}
    with pytest.raises(StateError, match=r"any more \(TF1 教导处 has answered\)"):
        await desk.do(decline_series, booked.series.id, TF1, reason="考试")
    with pytest.raises(InvalidWishError, match="reason"):
        await desk.do(decline_series, booked.series.id, JS, reason=" ")


async def test_an_offer_of_a_series_that_nobody_answers_goes_to_the_next(desk: Desk) -> None:
    taken = await _taken(desk)
    first = await wait_for_series(desk, title="第一")
    await wait_for(desk, title="第二")
    await _free(desk, taken)
    offer = await look(desk)
    assert len(offer) == 4
    late = max(each.hold_expires_at or NOW for each in offer)
    (second,) = await look(desk, late)
    assert second.title == "第二"
    assert await state_of(desk, first) is WaitingState.LAPSED
    await desk.do(expire_holds, now=late)
    assert await desk.read(check, now=late) == ()


async def test_another_pattern_that_would_do_is_offered_when_it_is_free_first(desk: Desk) -> None:
    await _taken(desk)
    on_friday = await desk.book(a_booking(slot=at("14:00", on=date(2026, 9, 11))))
    other = weekly(weekday=5)
    waiting = await wait_for_series(desk, also_weekly=(other,))
    await _free(desk, on_friday)
    offer = await look(desk)
    assert [each.series_date for each in offer] == [on + timedelta(days=3) for on in DATES]
    stored = await desk.read(Transaction.waiting, waiting.id)
    assert (await desk.read(Transaction.series, stored.series)).weekly == other


async def test_a_weekly_need_is_left_with_the_dates_to_come_until_the_last_has_gone(
    desk: Desk,
) -> None:
    taken = await _taken(desk, DATES[2])
    waiting = await wait_for_series(desk)
    await _free(desk, taken)
    begun = at("14:00", on=DATES[1]).starts
    offer = await look(desk, begun + timedelta(minutes=1))
    assert [each.series_date for each in offer] == DATES[2:]
    assert await state_of(desk, waiting) is WaitingState.OFFERED


async def test_a_weekly_need_without_dates_to_come_passes_and_is_told(desk: Desk) -> None:
    await _taken(desk, DATES[3])
    waiting = await wait_for_series(desk)
    assert await look(desk, at("14:00", on=DATES[3]).starts + timedelta(minutes=1)) == []
    assert await state_of(desk, waiting) is WaitingState.PASSED
    told = [each.sentence.en for each in await desk.notices()]
    assert any("“三年级音乐” (every Tuesday 14:00)" in sentence for sentence in told)


async def test_a_weekly_need_passes_when_its_term_is_shortened(desk: Desk) -> None:
    await _taken(desk)
    waiting = await wait_for_series(desk, weekly=weekly(weeks="1-12"))
    term = await desk.read(Transaction.get, type(a_term()), "TF1-2026-1")
    shorter = replace(term.record, last_day=date(2026, 10, 16))
    await desk.do(Transaction.put, shorter, revision=term.revision)
    assert (await turns_at(desk))[0].reasons == ()
    assert await look(desk) == []
    assert await state_of(desk, waiting) is WaitingState.PASSED


async def test_a_series_comes_before_a_single_date_and_a_big_one_blocks_no_small_one(
    desk: Desk,
) -> None:
    taken = await _taken(desk)
    await _taken(desk, DATES[2])
    single = await wait_for(desk)
    all_term = await wait_for_series(desk, now=NOW + timedelta(hours=1))
    assert [each.waiting.id for each in await turns_at(desk)] == [all_term.id, single.id]
    await _free(desk, taken)
    (offer,) = await look(desk)
    assert offer.series is None
    assert await state_of(desk, all_term) is WaitingState.WAITING


async def test_nobody_waits_for_a_series_that_can_be_booked_or_never_held(desk: Desk) -> None:
    with pytest.raises(StateError, match="can be booked right now"):
        await wait_for_series(desk)
    with pytest.raises(InvalidWishError, match="no date"):
        await wait_for_series(desk, weekly=weekly(weekday=7))


async def test_a_wish_is_for_a_booking_or_a_series_with_times_of_its_own() -> None:
    for wrong in (
        {},
        {"booking": a_booking(), "series_booking": a_series()},
        {"booking": a_booking(), "also_weekly": (weekly(5),)},
        {"series_booking": a_series(), "also_at": (at("16:10"),)},
        {"series_booking": a_series(), "also_weekly": (weekly(),)},
        {"series_booking": a_series(when_impossible=WhenImpossible.SKIP)},
    ):
        with pytest.raises(InvalidValueError):
            WaitingWish(**wrong)


async def test_what_a_series_waits_with_stays_until_it_leaves(desk: Desk) -> None:
    await _taken(desk)
    waiting = await wait_for_series(desk, weekly=weekly(starts="14:00", weeks="2"))
    term = await desk.read(Transaction.get, type(a_term()), "TF1-2026-1")
    with pytest.raises(StateError, match="TF1-2026-1"):
        await desk.do(Transaction.delete, type(a_term()), "TF1-2026-1", revision=term.revision)
    await desk.do(leave, waiting.id, 1)
    await desk.do(Transaction.delete, type(a_term()), "TF1-2026-1", revision=term.revision)


async def _skipping(desk: Desk, on: date = TUESDAY) -> tuple[Session, SeriesBooked]:
    """A series that had to skip a date, which is taken."""
    taken = await _taken(desk, on)
    booked = await desk.do(book_series, a_series(when_impossible=WhenImpossible.SKIP))
    assert [each.date for each in booked.skipped] == [on]
    return taken, booked


async def test_a_skipped_date_that_nobody_answered_for_rests_and_is_offered_again(
    each_desk: Desk,
) -> None:
    taken, booked = await _skipping(each_desk, DATES[3])
    await _free(each_desk, taken)
    now, rests = NOW, []
    for lapses in (1, 2):
        (offer,) = await look(each_desk, now)
        assert (offer.series, offer.series_date) == (booked.series.id, DATES[3])
        now = offer.hold_expires_at or NOW
        await each_desk.do(expire_holds, now=now)
        assert await look(each_desk, now) == []
        (turn,) = await turns_at(each_desk, now)
        assert (turn.waiting.lapses, turn.waiting.session) == (lapses, None)
        rests.append((turn.waiting.rests_until or now) - now)
        assert await look(each_desk, now + rests[-1] - timedelta(seconds=1)) == []
        now += rests[-1]
    assert rests == [REST, 2 * REST]
    (offer,) = await look(each_desk, now)
    assert offer.series_date == DATES[3]
    assert await each_desk.read(check, now=now) == ()


async def test_while_a_skipped_date_rests_anybody_may_book_the_place(desk: Desk) -> None:
    taken, _ = await _skipping(desk)
    await _free(desk, taken)
    (offer,) = await look(desk)
    now = offer.hold_expires_at or NOW
    assert await look(desk, now) == []
    await desk.book(now=now)
    (turn,) = await turns_at(desk, now)
    assert turn.reasons


async def test_whoever_let_an_offer_lapse_comes_after_all_who_have_not(desk: Desk) -> None:
    taken, _ = await _skipping(desk)
    await _free(desk, taken)
    (offer,) = await look(desk)
    now = offer.hold_expires_at or NOW
    assert await look(desk, now) == []
    another = await desk.book(now=now)
    await wait_for(desk, title="单次", now=now)
    now += REST
    assert [each.waiting.lapses for each in await turns_at(desk, now)] == [0, 1]
    await desk.do(cancel, another.id, 1, reason="停电", now=now)
    assert [each.title for each in await look(desk, now)] == ["单次"]


async def test_a_skipped_date_whose_time_has_come_is_offered_no_more(desk: Desk) -> None:
    taken, _ = await _skipping(desk)
    await _free(desk, taken)
    await look(desk)
    (waiting,) = await desk.read(Transaction.waiting_list, states=(WaitingState.OFFERED,))
    now = at("14:00").starts
    assert await look(desk, now) == []
    assert await look(desk, now) == []
    assert await state_of(desk, waiting) is WaitingState.PASSED


async def test_a_date_on_offer_is_wanted_no_more_when_its_series_ends(desk: Desk) -> None:
    taken, booked = await _skipping(desk)
    await _free(desk, taken)
    (offer,) = await look(desk)
    (waiting,) = await desk.read(Transaction.waiting_list, states=(WaitingState.OFFERED,))
    await desk.do(cancel_series, booked.series.id, DATES[0], 1, reason="学期调整")
    assert (await desk.session(offer)).state is SessionState.CANCELLED
    assert await state_of(desk, waiting) is WaitingState.LEFT
    assert await look(desk) == []


async def test_a_date_that_was_taken_up_goes_where_its_series_goes(desk: Desk) -> None:
    taken, booked = await _skipping(desk, DATES[2])
    await _free(desk, taken)
    (offer,) = await look(desk)
    for school in (TF1, JS):
        await desk.do(confirm_series, booked.series.id, school)
    await desk.do(settle_waiting)
    wish = SeriesChange(from_date=DATES[1], weekly=weekly(weekday=3))
    later = await desk.do(change_series, booked.series.id, wish, 1)
    moved = await desk.session(offer)
    assert moved.series == later.series.id != booked.series.id
    assert await desk.read(check) == ()
