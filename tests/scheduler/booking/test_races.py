"""Many people at once: exactly one wins what only one can have, on both engines."""

import asyncio
from collections.abc import Awaitable
from typing import Any

from calendars.bells import SchoolId
from scheduler.booking.bumps import BumpWish, NewPlace, bump
from scheduler.booking.consent import (
    confirm,
    confirm_series,
    decline,
    decline_series,
    expire_holds,
)
from scheduler.booking.proposals import answer_proposal, propose_move
from scheduler.booking.series import book_series
from scheduler.booking.single import SessionChange, cancel, change
from scheduler.booking.swaps import Exchange, SwapWish, swap
from scheduler.checking.database import check
from scheduler.errors import ClashError, StaleError, StateError
from scheduler.model import Kind, Proposal, Role, Session, SessionState
from scheduler.store import Transaction
from tests.builders import at
from tests.scheduler.desk import Desk, a_booking, a_series, a_wish, coordinator_of


async def _together(*runs: Awaitable[Any]) -> tuple[list[Any], list[BaseException]]:
    """What each of these brought, and what it raised."""
    ended = await asyncio.gather(*runs, return_exceptions=True)
    won = [each for each in ended if not isinstance(each, BaseException)]
    lost = [each for each in ended if isinstance(each, BaseException)]
    return won, lost


async def test_e26_of_twenty_who_book_the_last_common_slot_one_wins(each_desk: Desk) -> None:
    won, lost = await _together(*(each_desk.book() for _ in range(20)))
    assert len(won) == 1
    assert {type(each) for each in lost} == {ClashError}
    assert await each_desk.read(Transaction.sessions) == tuple(won)


async def test_two_schools_that_book_one_teacher_do_not_both_get_her(each_desk: Desk) -> None:
    at_home = a_wish("TF1", class_groups=())
    away = a_wish("JS", Role.LEAD, teacher="TF1-T1", class_groups=())
    bookings = [
        a_booking(sites=(site,), kind=Kind.JOINT_RESEARCH, link_pool=None)
        for site in (at_home, away)
    ] * 8
    won, lost = await _together(*(each_desk.book(booking) for booking in bookings))
    assert len(won) == 1
    assert {type(each) for each in lost} == {ClashError}


async def test_opposite_orders_of_the_same_schools_do_not_deadlock(each_desk: Desk) -> None:
    there = (a_wish("TF1"), a_wish("JS", Role.LISTEN))
    back = (a_wish("JS", Role.LEAD), a_wish("TF1", Role.LISTEN))
    bookings = [a_booking(sites=there), a_booking(sites=back)] * 8
    won, lost = await _together(*(each_desk.book(booking) for booking in bookings))
    assert len(won) == 1
    assert {type(each) for each in lost} == {ClashError}


async def test_two_open_rooms_go_to_two_sessions_and_no_third(each_desk: Desk) -> None:
    def by(no: int) -> Awaitable[Session]:
        site = a_wish(room=None, teacher=f"TF1-T{no}", class_groups=())
        return each_desk.book(a_booking(sites=(site,), form="dedicated", link_pool=None))

    won, lost = await _together(*(by(no) for no in (1, 2, 3)))
    assert sorted(str(session.lead.room) for session in won) == ["TF1-R1", "TF1-R2"]
    assert [type(each) for each in lost] == [ClashError]


async def test_of_two_links_three_concurrent_sessions_get_two(each_desk: Desk) -> None:
    def at_school(school: str) -> Awaitable[Session]:
        site = a_wish(school, Role.LEAD, class_groups=())
        return each_desk.book(a_booking(sites=(site,), form="dedicated"))

    won, lost = await _together(*(at_school(school) for school in ("TF1", "JS", "CB")))
    assert len(won) == 2
    assert [
        [conflict.rule for conflict in each.conflicts]
        for each in lost
        if isinstance(each, ClashError)
    ] == [["H6"]]


async def test_a_move_and_a_booking_to_one_place_do_not_both_succeed(each_desk: Desk) -> None:
    session = await each_desk.book(a_booking(slot=at("16:10")))
    move = each_desk.do(change, session.id, SessionChange(slot=at("14:00")), 1)
    won, lost = await _together(move, *(each_desk.book() for _ in range(5)))
    assert len(won) == 1
    assert {type(each) for each in lost} == {ClashError}


async def test_of_two_sessions_that_move_to_one_place_one_does(each_desk: Desk) -> None:
    late = await each_desk.book(a_booking(slot=at("16:50")))
    evening = await each_desk.book(a_booking(slot=at("16:10")))
    won, lost = await _together(
        *(
            each_desk.do(change, each.id, SessionChange(slot=at("14:00")), 1)
            for each in (late, evening) * 4
        )
    )
    assert len(won) == 1
    assert {type(each) for each in lost} <= {ClashError, StaleError}
    assert await each_desk.read(check) == ()


async def test_a_swap_and_a_cancellation_at_once_leave_one_of_them(each_desk: Desk) -> None:
    music = await each_desk.book()
    art = await each_desk.book(a_booking(slot=at("16:10")))
    wish = SwapWish(other=art.id, other_revision=1, what=Exchange.TIMES)
    swaps = [each_desk.do(swap, music.id, wish, 1) for _ in range(3)]
    cancels = [each_desk.do(cancel, art.id, 1, reason="停电") for _ in range(3)]
    won, lost = await _together(*swaps, *cancels)
    assert len(won) == 1
    assert {type(each) for each in lost} <= {StaleError, StateError}
    assert await each_desk.read(check) == ()


async def test_swaps_in_opposite_directions_do_not_deadlock(each_desk: Desk) -> None:
    music = await each_desk.book()
    art = await each_desk.book(a_booking(slot=at("16:10")))
    won, lost = await _together(
        *(
            each_desk.do(
                swap, one.id, SwapWish(other=two.id, other_revision=1, what=Exchange.TIMES), 1
            )
            for one, two in ((music, art), (art, music)) * 4
        )
    )
    assert len(won) == 1
    assert {type(each) for each in lost} == {StaleError}
    assert await each_desk.read(check) == ()


async def test_two_who_confirm_the_same_revision_are_one_who_does_and_one_who_is_told(
    each_desk: Desk,
) -> None:
    session = await each_desk.book()
    won, lost = await _together(
        *(
            each_desk.do(confirm, session.id, SchoolId(name), 1, by=coordinator_of(name))
            for name in ("TF1", "JS") * 3
        )
    )
    assert len(won) == 1
    assert {type(each) for each in lost} == {StaleError}
    assert await each_desk.session(session) == won[0]


async def test_a_bump_and_bookings_of_its_places_leave_nothing_double(each_desk: Desk) -> None:
    alone = (a_wish("TF1", class_groups=()),)
    meeting = await each_desk.book(
        a_booking(kind=Kind.JOINT_RESEARCH, sites=alone, link_pool=None), by=coordinator_of("TF1")
    )
    place = NewPlace(session=meeting.id, revision=1, slot=at("16:10"))
    wish = BumpWish(booking=a_booking(), displaced=(place,), reason="评估课")
    bumps = [each_desk.do(bump, wish, by=coordinator_of("TF1")) for _ in range(2)]
    bookings = [each_desk.book(a_booking(slot=at("16:10"))) for _ in range(4)]
    won, lost = await _together(*bumps, *bookings)
    rivals = [each for each in won if isinstance(each, Proposal)]
    assert len(won) == max(1, len(rivals))
    assert {type(each) for each in lost} <= {ClashError}
    # Rivals for the same place can all be asked about; one of them gets it.
    answers = [
        each_desk.do(answer_proposal, each.id, SchoolId("JS"), 1, agrees=True) for each in rivals
    ]
    won, lost = await _together(*answers)
    assert len(won) == min(1, len(rivals))
    assert {type(each) for each in lost} <= {StateError, StaleError, ClashError}
    assert await each_desk.read(check) == ()


async def test_the_last_yes_to_a_proposal_and_a_move_of_its_session_are_one_of_both(
    each_desk: Desk,
) -> None:
    session = await each_desk.book(by=coordinator_of("TF1"))
    asked = await each_desk.do(
        propose_move, session.id, SessionChange(slot=at("16:10")), 1, by=coordinator_of("JS")
    )
    yes = [
        each_desk.do(
            answer_proposal, asked.id, SchoolId("TF1"), 1, agrees=True, by=coordinator_of("TF1")
        )
        for _ in range(3)
    ]
    moves = [each_desk.do(change, session.id, SessionChange(slot=at("16:50")), 1) for _ in range(3)]
    won, lost = await _together(*yes, *moves)
    assert len(won) == 1
    assert {type(each) for each in lost} <= {StaleError, StateError}
    assert await each_desk.read(check) == ()


async def test_the_last_yes_finds_out_that_a_move_was_made_while_it_waited(
    each_desk: Desk,
) -> None:
    session = await each_desk.book(by=coordinator_of("TF1"))
    wish = SessionChange(slot=at("16:10"))
    asked = await each_desk.do(propose_move, session.id, wish, 1, by=coordinator_of("JS"))
    has_moved = asyncio.Event()

    async def move_slowly(transaction: Transaction) -> Session:
        moved = await change(transaction, session.id, SessionChange(slot=at("16:50")), 1)
        has_moved.set()
        await asyncio.sleep(0.5)
        return moved

    async def say_yes() -> Proposal:
        await has_moved.wait()
        return await each_desk.do(
            answer_proposal, asked.id, SchoolId("TF1"), 1, agrees=True, by=coordinator_of("TF1")
        )

    won, lost = await _together(each_desk.do(move_slowly), say_yes())
    assert won == [await each_desk.session(session)]
    assert {type(each) for each in lost} <= {StaleError, StateError}


async def test_yes_no_and_cancel_at_once_leave_one_answer(each_desk: Desk) -> None:
    session = await each_desk.book(by=coordinator_of("TF1"))
    js, head = SchoolId("JS"), coordinator_of("JS")
    won, lost = await _together(
        each_desk.do(confirm, session.id, js, 1, by=head),
        each_desk.do(decline, session.id, js, 1, reason="考试", by=head),
        each_desk.do(cancel, session.id, 1, reason="停电"),
    )
    assert len(won) == 1
    assert {type(each) for each in lost} <= {StaleError, StateError}
    assert await each_desk.session(session) == won[0]


async def test_holds_that_two_jobs_find_expire_once(each_desk: Desk) -> None:
    session = await each_desk.book()
    runs = [each_desk.do(expire_holds, now=session.slot.starts) for _ in range(2)]
    won, lost = await _together(*runs)
    assert sum(len(expired) for expired in won) == 1
    assert {type(each) for each in lost} <= {StaleError}
    assert (await each_desk.session(session)).state is SessionState.EXPIRED


async def test_of_those_who_answer_for_a_series_at_once_one_is_heard(each_desk: Desk) -> None:
    series = (await each_desk.do(book_series, a_series(), by=coordinator_of("TF1"))).series.id
    js = SchoolId("JS")
    voices = (
        each_desk.do(confirm_series, series, js),
        each_desk.do(decline_series, series, js, reason="考试"),
    )
    again = (
        each_desk.do(decline_series, series, js, reason="春游"),
        each_desk.do(confirm_series, series, js),
    )
    won, lost = await _together(*voices, *again)
    assert [len(each) for each in won] == [4]
    assert {type(each) for each in lost} == {StateError}
    assert {session.state for session in await each_desk.read(Transaction.sessions)} == {
        won[0][0].state
    }
