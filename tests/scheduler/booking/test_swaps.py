"""Two sessions exchange times, rooms or teachers: both or neither."""

import pytest

from scheduler.booking.alternatives_for_several import suggest_for_swap
from scheduler.booking.series import book_series
from scheduler.booking.single import SessionChange, cancel, change
from scheduler.booking.swaps import Exchange, SwapWish, swap
from scheduler.checking.database import check
from scheduler.errors import ClashError, InvalidWishError, StaleError, StateError
from scheduler.model import Role, Session, SessionState, SiteState
from scheduler.store import Transaction
from tests.builders import an_outage, at, some_books
from tests.scheduler.conftest import Open
from tests.scheduler.desk import Desk, a_booking, a_series, a_wish, open_all_day

MUSIC = at("14:00")
ART = at("16:10")


async def _pair(desk: Desk) -> tuple[Session, Session]:
    """Two lessons of the same people, in the fifth period and after school."""
    music = await desk.book(a_booking(title="音乐"))
    art = await desk.book(a_booking(title="美术", slot=ART))
    return music, art


def _with(other: Session, what: Exchange = Exchange.TIMES, **fields: object) -> SwapWish:
    return SwapWish(**{"other": other.id, "other_revision": other.revision, "what": what} | fields)  # type: ignore[arg-type]  # any field may be named


async def test_two_sessions_of_the_same_people_swap_their_times(each_desk: Desk) -> None:
    music, art = await _pair(each_desk)
    swapped = await each_desk.do(swap, music.id, _with(art, reason="主讲外出"), 1)
    first, second = swapped.sessions
    assert (first.id, first.slot, second.id, second.slot) == (music.id, ART, art.id, MUSIC)
    assert {first.revision, second.revision} == {2}
    assert {first.sequence, second.sequence} == {1}
    assert {first.reason, second.reason} == {"主讲外出"}
    assert (await each_desk.session(music), await each_desk.session(art)) == swapped.sessions
    assert await each_desk.read(check) == ()


async def test_a_swap_is_told_with_its_partner(desk: Desk) -> None:
    music, art = await _pair(desk)
    before = {notice.id for notice in await desk.notices()}
    await desk.do(swap, music.id, _with(art), 1)
    told = [notice for notice in await desk.notices() if notice.id not in before]
    assert {(notice.school, notice.session) for notice in told} == {
        (school, session.id) for school in ("TF1", "JS") for session in (music, art)
    }
    assert {notice.sentence.zh.split("。")[-2] for notice in told} == {
        "与“音乐”互换",
        "与“美术”互换",
    }


async def test_rooms_are_swapped_at_the_schools_that_take_part_in_both(each_desk: Desk) -> None:
    music = await each_desk.book()
    art = await each_desk.book(
        a_booking(
            title="美术",
            sites=(a_wish("TF1", room="TF1-R2", teacher="TF1-T2", class_groups=("TF1-C2",)),),
            form="dual_teacher",
            link_pool=None,
        )
    )
    swapped = await each_desk.do(swap, music.id, _with(art, Exchange.ROOMS), 1)
    assert [[site.room for site in each.sites] for each in swapped.sessions] == [
        ["TF1-R2", "JS-R1"],
        ["TF1-R1"],
    ]
    assert {each.slot for each in swapped.sessions} == {MUSIC}
    assert await each_desk.read(check) == ()


async def test_e43_teachers_are_swapped_and_their_rooms_and_classes_stay(each_desk: Desk) -> None:
    music = await each_desk.book()
    other = (
        a_wish("TF1", teacher="TF1-T2", class_groups=()),
        a_wish("JS", Role.OBSERVE, teacher=None, class_groups=()),
    )
    talk = await each_desk.book(a_booking(kind="joint_research", slot=ART, sites=other))
    swapped = await each_desk.do(swap, music.id, _with(talk, Exchange.TEACHERS), 1)
    assert [[site.teacher for site in each.sites] for each in swapped.sessions] == [
        ["TF1-T2", "JS-T1"],
        ["TF1-T1", None],
    ]
    # JS keeps its part of the lesson as it was, so nobody there is asked again.
    assert [each.sites[1].state for each in swapped.sessions] == [SiteState.HELD, SiteState.HELD]
    assert await each_desk.read(check) == ()


async def test_dates_of_a_series_stay_exceptions_of_it_when_they_are_swapped(desk: Desk) -> None:
    booked = await desk.do(book_series, a_series())
    second, third = booked.booked[1:3]
    swapped = await desk.do(swap, second.id, _with(third), 1)
    assert [(each.series, each.series_date) for each in swapped.sessions] == [
        (booked.series.id, second.series_date),
        (booked.series.id, third.series_date),
    ]
    assert swapped.sessions[0].slot == third.slot
    assert await desk.read(check) == ()


async def test_everything_in_the_way_of_either_is_told_and_neither_moves(each_desk: Desk) -> None:
    music, art = await _pair(each_desk)
    blocked = an_outage(at("16:00", 60), id="o1", room="TF1-R1")
    shut = an_outage(at("13:50", 60), id="o2", room="JS-R1")
    await each_desk.do(Transaction.put_many, [blocked, shut])
    with pytest.raises(ClashError) as refusal:
        await each_desk.do(swap, music.id, _with(art), 1)
    assert [conflict.rule for conflict in refusal.value.conflicts] == ["H9", "H9"]
    assert (await each_desk.session(music), await each_desk.session(art)) == (music, art)
    instead = (await each_desk.read(suggest_for_swap, music.id, _with(art)))()
    assert [each.session for each in instead] == [music.id] * 5 + [art.id] * 5
    for best, before in ((instead[0], music), (instead[5], art)):
        moved = SessionChange(slot=best.slot, sites=best.sites)
        assert (await each_desk.do(change, before.id, moved, 1)).slot == best.slot


async def test_neither_may_have_changed_since_it_was_read(desk: Desk) -> None:
    music, art = await _pair(desk)
    await desk.do(change, art.id, SessionChange(title="书法"), 1)
    with pytest.raises(StaleError):
        await desk.do(swap, music.id, _with(art), 1)
    with pytest.raises(StaleError):
        await desk.do(swap, art.id, _with(music), 1)


async def test_what_is_cancelled_swaps_no_more(desk: Desk) -> None:
    music, art = await _pair(desk)
    gone = await desk.do(cancel, art.id, 1, reason="停电")
    assert gone.state is SessionState.CANCELLED
    with pytest.raises(StateError):
        await desk.do(swap, music.id, _with(gone), 1)


async def test_nobody_swaps_into_the_past(open_desk: Open) -> None:
    desk = await open_desk(
        *some_books(**{name: {"open_slots": (open_all_day(name),)} for name in ("TF1", "JS")})
    )
    music, art = await _pair(desk)
    with pytest.raises(InvalidWishError) as refused:
        await desk.do(swap, music.id, _with(art), 1, now=at("14:10").starts)
    assert refused.value.pointer == "/what"


async def test_a_swap_that_changes_nothing_is_not_meant(desk: Desk) -> None:
    music, art = await _pair(desk)
    for wish, pointer in (
        (_with(music), "/other"),
        (_with(art, Exchange.ROOMS), "/what"),
        (_with(art, Exchange.TEACHERS), "/what"),
    ):
        with pytest.raises(InvalidWishError) as refused:
            await desk.do(swap, music.id, wish, 1)
        assert refused.value.pointer == pointer
