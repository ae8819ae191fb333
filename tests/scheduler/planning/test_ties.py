"""A chain that is booked stays whole, whoever moves one of it and however."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from scheduler import planning
from scheduler.booking.alternatives import suggest_for_change
from scheduler.booking.proposals import propose_move
from scheduler.booking.series_cancelling import cancel_series
from scheduler.booking.series_changes import SeriesChange, change_series
from scheduler.booking.single import SessionChange, cancel, change
from scheduler.booking.swaps import Exchange, SwapWish, swap
from scheduler.disruptions.making_up import MakeUp, make_up, make_up_places
from scheduler.disruptions.outages import Remedy
from scheduler.errors import ClashError
from scheduler.model import Request, RequestId, Session
from scheduler.placing import booking_of
from scheduler.planning import AcceptedMoves
from scheduler.store import Transaction
from tests.builders import SHANGHAI, at
from tests.scheduler.allocation.terms import FIRST_TUESDAY
from tests.scheduler.desk import Desk, a_booking, weekly
from tests.scheduler.planning.test_chains import THURSDAY, on_weekdays, planned

MONDAY, WEDNESDAY = FIRST_TUESDAY - timedelta(days=1), FIRST_TUESDAY + timedelta(days=1)


async def a_booked_chain(desk: Desk) -> dict[str, list[Session]]:
    """Preparation on Tuesdays, lesson on Thursdays, review on Fridays of weeks 2 to 4."""
    plan = await planned(desk, *on_weekdays(2, 4, 5))
    result = await desk.do(planning.publish, plan.id, plan.revision)
    assert result.refused == ()
    return {each.series.title.removeprefix("课 "): list(each.booked) for each in result.booked}


def to(day: Any, starts: str = "15:50") -> SessionChange:
    return SessionChange(slot=at(starts, on=day))


def is_chain(refusal: pytest.ExceptionInfo[ClashError]) -> bool:
    return {each.rule for each in refusal.value.conflicts} == {"chain"}


Way = Callable[[Desk, Session], Awaitable[object]]


async def by_hand(desk: Desk, lesson: Session) -> None:
    await desk.do(change, lesson.id, to(WEDNESDAY, "14:00"), lesson.revision)


async def by_proposal(desk: Desk, lesson: Session) -> None:
    await desk.do(propose_move, lesson.id, to(WEDNESDAY, "14:00"), lesson.revision)


async def by_swap(desk: Desk, lesson: Session) -> None:
    slot = at("14:00", on=WEDNESDAY)
    other = await desk.book(a_booking(slot=slot, title="另一节"))
    wish = SwapWish(other=other.id, other_revision=other.revision, what=Exchange.TIMES)
    await desk.do(swap, lesson.id, wish, lesson.revision)


async def by_repair(desk: Desk, lesson: Session) -> None:
    await desk.do(planning.accept_moves, AcceptedMoves(moves=(a_move(lesson, WEDNESDAY),)))


def a_move(session: Session, day: Any) -> Remedy:
    booking = booking_of(session)
    starts = session.slot.starts.astimezone(SHANGHAI)
    return Remedy(
        session=session.id,
        revision=session.revision,
        slot=at("14:00" if session.title == "课 lesson" else f"{starts:%H:%M}", on=day),
        sites=booking.sites,
        link_pool=booking.link_pool,
    )


@pytest.mark.parametrize("way", [by_hand, by_proposal, by_swap, by_repair])
async def test_a_lesson_does_not_leave_its_preparation(each_desk: Desk, way: Way) -> None:
    chain = await a_booked_chain(each_desk)
    lesson = chain["lesson"][0]
    with pytest.raises(ClashError) as refusal:
        await way(each_desk, lesson)
    assert is_chain(refusal)
    assert await each_desk.session(lesson) == lesson


async def test_both_move_together(desk: Desk) -> None:
    chain = await a_booked_chain(desk)
    prep, lesson = chain["prep"][0], chain["lesson"][0]
    moves = (a_move(lesson, WEDNESDAY), a_move(prep, MONDAY))
    await desk.do(planning.accept_moves, AcceptedMoves(moves=moves))
    assert (await desk.session(lesson)).slot == at("14:00", on=WEDNESDAY)


async def test_another_time_of_the_day_and_another_day_that_suits_are_free(desk: Desk) -> None:
    review = (await a_booked_chain(desk))["review"][0]
    sunday = THURSDAY + timedelta(days=3)
    moved = await desk.do(change, review.id, to(THURSDAY, "16:50"), review.revision)
    with pytest.raises(ClashError):
        await desk.do(change, review.id, to(sunday + timedelta(days=1)), moved.revision)


async def test_alternatives_suit_the_chain(desk: Desk) -> None:
    lesson = (await a_booked_chain(desk))["lesson"][0]
    find = await desk.read(suggest_for_change, lesson.id, to(WEDNESDAY, "14:00"))
    dates = {each.slot.starts.date() for each in find()}
    assert dates
    assert not dates & {MONDAY, FIRST_TUESDAY, WEDNESDAY}


async def test_who_has_lost_its_partner_is_free(desk: Desk) -> None:
    chain = await a_booked_chain(desk)
    prep, lesson, review = (chain[each][0] for each in ("prep", "lesson", "review"))
    for each in (prep, review):
        await desk.do(cancel, each.id, each.revision, reason="教师请假")
    moved = await desk.do(change, lesson.id, to(WEDNESDAY, "14:00"), lesson.revision)
    assert moved.slot == at("14:00", on=WEDNESDAY)


async def test_a_series_does_not_leave_its_chain_and_takes_it_along_when_it_is_split(
    desk: Desk,
) -> None:
    chain = await a_booked_chain(desk)
    lesson = chain["lesson"][1]
    assert lesson.series is not None
    from_date = THURSDAY + timedelta(days=4)

    async def shift(weekday: int, starts: str) -> Any:
        wish = SeriesChange(from_date=from_date, weekly=weekly(weekday, starts, "2-4"))
        return await desk.do(change_series, lesson.series, wish, 1)

    with pytest.raises(ClashError) as refusal:
        await shift(3, "14:00")
    assert is_chain(refusal)
    booked = await shift(4, "16:10")
    assert booked.series.split_from == lesson.series
    stored = await desk.read(Transaction.get, Request, RequestId("lesson"))
    assert stored.record.series == (lesson.series, booked.series.id)
    first = booked.booked[0]
    wednesday = FIRST_TUESDAY + timedelta(days=8)
    with pytest.raises(ClashError) as again:
        await desk.do(change, first.id, to(wednesday, "14:00"), first.revision)
    assert is_chain(again)


async def test_who_is_left_alone_by_a_cancellation_is_told(each_desk: Desk) -> None:
    chain = await a_booked_chain(each_desk)
    lesson = chain["lesson"][0]
    await each_desk.do(cancel, lesson.id, lesson.revision, reason="停电")
    told = [each for each in await each_desk.notices() if ":alone:" in each.key]
    assert {(each.session, each.school) for each in told} == {
        (each.id, site.school)
        for each in (chain["prep"][0], chain["review"][0])
        for site in each.sites
    }
    (sentence, *_) = (each.sentence for each in told if each.session == chain["review"][0].id)
    assert sentence.zh.startswith("9月11日（周五）")
    assert "“课 review”要配合的“课 lesson”（9月10日（周四）" in sentence.zh


async def test_a_whole_chain_that_is_cancelled_leaves_nobody_alone(desk: Desk) -> None:
    chain = await a_booked_chain(desk)
    for part in ("review", "lesson", "prep"):
        first = chain[part][0]
        await desk.do(cancel_series, first.series, first.series_date, 1, reason="停课")
    alone = {each.session for each in await desk.notices() if ":alone:" in each.key}
    assert alone == {each.id for part in ("lesson", "prep") for each in chain[part]}


async def test_a_lesson_is_made_up_for_where_its_chain_allows(desk: Desk) -> None:
    lesson = (await a_booked_chain(desk))["lesson"][0]
    await desk.do(cancel, lesson.id, lesson.revision, reason="停电")
    wish = MakeUp(slot=at("14:00", on=WEDNESDAY), reason="补课")
    with pytest.raises(ClashError) as refusal:
        await desk.do(make_up, lesson.id, wish)
    assert is_chain(refusal)
    find = await desk.read(make_up_places, lesson.id)
    places = find()
    assert places
    # Its own review is on the Friday; the next ones to suit are those of the weeks after.
    days = {(each.slot.starts.astimezone(SHANGHAI).date() - FIRST_TUESDAY).days for each in places}
    assert days <= {3, 7, 8, 9, 10, 14, 15, 16, 17}
    made = await desk.do(make_up, lesson.id, MakeUp(slot=places[0].slot, reason="补课"))
    assert made.slot == places[0].slot
