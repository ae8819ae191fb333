"""What a published plan has no place for waits, and is offered the first that takes all of it."""

from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any

import pytest

from calendars.bells import SchoolId
from scheduler import planning
from scheduler.booking.consent import confirm_series, decline_series, expire_holds
from scheduler.booking.single import cancel
from scheduler.booking.waiting import leave, look_at_list
from scheduler.checking.database import check
from scheduler.errors import StateError
from scheduler.model import (
    Request,
    RequestId,
    RequestState,
    Role,
    Session,
    SessionState,
    SiteState,
    Waiting,
    WaitingState,
)
from scheduler.planning import PlanWish, PublishedPlan
from scheduler.planning.freed_places import offer_freed_places
from scheduler.planning.waiting_requests import Tried, join_with_request
from scheduler.store import Transaction
from tests.builders import NOW, at
from tests.scheduler.allocation.terms import (
    FIRST_TUESDAY,
    a_need,
    a_request,
    a_request_site,
    an_offer,
)
from tests.scheduler.booking.queueing import look, state_of, wait_for
from tests.scheduler.desk import OFFICE, Desk, a_booking, coordinator_of
from tests.scheduler.planning.test_chains import THURSDAY, on_weekdays

TF1, JS = SchoolId("TF1"), SchoolId("JS")
AT_TWO: dict[str, Any] = {"weekdays": (2,), "earliest": time(14), "latest": time(14, 40)}
AGREED = (a_request_site("TF1", agreed=True), a_request_site("JS", Role.LISTEN, agreed=True))


async def _taken(desk: Desk, *dates: date) -> list[Session]:
    return [await desk.book(a_booking(slot=at("14:00", on=on))) for on in dates]


async def _free(desk: Desk, *sessions: Session) -> None:
    for session in sessions:
        await desk.do(cancel, session.id, session.revision, reason="停电")


async def published(desk: Desk, *requests: Request) -> PublishedPlan:
    await desk.do(Transaction.put_many, requests)
    await desk.do(planning.request_plan, PlanWish(seconds=5))
    plan = await planning.solve_next(desk.store, clock=lambda: NOW)
    assert plan is not None
    return await desk.do(planning.publish, plan.id, plan.revision)


async def left_out(desk: Desk, *requests: Request) -> tuple[list[Session], Waiting]:
    """What keeps the requests out of the plan, and the wish that waits for that."""
    weeks = [FIRST_TUESDAY + timedelta(weeks=no) for no in range(3)]
    taken = await _taken(desk, *weeks[:2])
    result = await published(desk, *(requests or (a_request("r1", *AGREED, **AT_TWO),)))
    (waiting,) = result.waiting
    return taken, waiting


async def stored(desk: Desk, waiting: Waiting) -> Waiting:
    return await desk.read(Transaction.waiting, waiting.id)


async def request_of(desk: Desk, id: str = "r1") -> Request:
    request: Request = (await desk.read(Transaction.get, Request, RequestId(id))).record
    return request


async def test_what_a_plan_leaves_out_waits_and_its_school_is_told_why(each_desk: Desk) -> None:
    _, waiting = await left_out(each_desk)
    assert (waiting.request, waiting.school, waiting.title) == ("r1", "TF1", "课 r1")
    assert waiting.unplaced != ()
    (told,) = [each for each in await each_desk.notices() if "列入候补" in each.sentence.zh]
    assert told.school == TF1
    assert waiting.unplaced[0].zh in told.sentence.zh
    (turn,) = (await each_desk.read(look_at_list))()
    assert (turn.waiting, turn.position) == (waiting, 1)
    assert await look(each_desk) == []
    assert await state_of(each_desk, waiting) is WaitingState.WAITING


async def test_the_first_place_for_all_of_it_is_held_and_its_school_asked(each_desk: Desk) -> None:
    taken, waiting = await left_out(each_desk)
    await _free(each_desk, taken[0])
    offer = await look(each_desk)
    # A plan may lose a third of the dates, so one that is still taken is no hindrance.
    assert [each.series_date for each in offer] == [
        FIRST_TUESDAY,
        FIRST_TUESDAY + timedelta(weeks=2),
    ]
    for session in offer:
        assert (session.state, session.hold_expires_at is None) == (SessionState.HELD, False)
        assert [site.state for site in session.sites] == [SiteState.HELD, SiteState.CONFIRMED]
    offered = await stored(each_desk, waiting)
    assert (offered.state, offered.offered_requests) == (WaitingState.OFFERED, ("r1",))
    assert (await request_of(each_desk)).state is RequestState.PLACED
    assert await each_desk.read(check) == ()
    told = [each.sentence.zh for each in await each_desk.notices() if each.school == TF1]
    assert any(each.startswith("候补到位：“课 r1”9月8日（周二）至9月22日") for each in told)
    await each_desk.do(confirm_series, offer[0].series, TF1, by=coordinator_of("TF1"))
    assert await look(each_desk) == []
    assert await state_of(each_desk, waiting) is WaitingState.TAKEN
    assert await each_desk.read(check) == ()


@pytest.mark.parametrize("is_declined", [True, False])
async def test_an_offer_that_is_not_taken_leaves_the_request_open(
    each_desk: Desk, *, is_declined: bool
) -> None:
    taken, waiting = await left_out(each_desk)
    await _free(each_desk, *taken)
    offer = await look(each_desk)
    late = NOW
    if is_declined:
        await each_desk.do(decline_series, offer[0].series, TF1, reason="另有安排")
    else:
        late = max(each.hold_expires_at or NOW for each in offer)
        await each_desk.do(expire_holds, now=late)
    await offer_freed_places(each_desk.store, lambda: late, OFFICE)
    became = WaitingState.DECLINED if is_declined else WaitingState.LAPSED
    assert await state_of(each_desk, waiting) is became
    request = await request_of(each_desk)
    assert (request.state, request.series, request.offer) == (RequestState.OPEN, (), None)
    assert await each_desk.read(check, now=late) == ()


async def test_it_comes_in_the_order_of_the_list(desk: Desk) -> None:
    (first, _), waiting = await left_out(desk, a_request("r1", *AGREED, **AT_TWO, weeks="2"))
    single = await wait_for(desk, slot=at("14:00", on=FIRST_TUESDAY), title="单次")
    await _free(desk, first)
    assert [each.title for each in await look(desk)] == ["课 r1"]
    assert await state_of(desk, waiting) is WaitingState.OFFERED
    assert await state_of(desk, single) is WaitingState.WAITING


async def test_whoever_waits_already_keeps_the_place_in_the_list(desk: Desk) -> None:
    _, waiting = await left_out(desk)
    again = await published(desk, await request_of(desk))
    assert again.waiting == ()
    with pytest.raises(StateError, match="waits already"):
        await desk.do(join_with_request, RequestId("r1"))
    assert [each.id for each in await desk.read(Transaction.waiting_list)] == [waiting.id]


async def test_a_plan_that_places_it_later_takes_it_off_the_list(desk: Desk) -> None:
    taken, waiting = await left_out(desk)
    await _free(desk, *taken)
    assert (await published(desk, await request_of(desk))).waiting == ()
    assert await look(desk) == []
    assert await state_of(desk, waiting) is WaitingState.LEFT


async def test_who_withdraws_waits_no_more_and_who_leaves_may_join_again(desk: Desk) -> None:
    _, waiting = await left_out(desk)
    left = await desk.do(leave, waiting.id, waiting.revision, by=coordinator_of("TF1"))
    assert left.state is WaitingState.LEFT
    again = await desk.do(join_with_request, RequestId("r1"), by=coordinator_of("TF1"))
    found = await desk.read(Transaction.get, Request, RequestId("r1"))
    withdrawn = replace(found.record, state=RequestState.WITHDRAWN)
    await desk.do(Transaction.put, withdrawn, revision=found.revision)
    assert await look(desk) == []
    assert await state_of(desk, again) is WaitingState.LEFT
    with pytest.raises(StateError, match="is withdrawn"):
        await desk.do(join_with_request, RequestId("r1"))


async def test_one_with_too_few_dates_left_is_told_that_it_waits_no_more(desk: Desk) -> None:
    _, waiting = await left_out(desk)
    late = at("18:00", on=FIRST_TUESDAY + timedelta(weeks=1)).starts
    await offer_freed_places(desk.store, lambda: late, OFFICE)
    assert await state_of(desk, waiting) is WaitingState.PASSED
    sentences = [each.sentence.zh for each in await desk.notices()]
    assert any("所剩日期已不足以排成系列" in each for each in sentences)


async def test_one_whose_dates_are_over_does_not_even_begin_to_wait(desk: Desk) -> None:
    await desk.do(Transaction.put_many, [a_request("r1", *AGREED, **AT_TWO)])
    late = at("18:00", on=FIRST_TUESDAY + timedelta(weeks=1)).starts
    await desk.do(planning.request_plan, PlanWish(seconds=5), now=late)
    plan = await planning.solve_next(desk.store, clock=lambda: late)
    assert plan is not None
    result = await desk.do(planning.publish, plan.id, plan.revision, now=late)
    assert (len(plan.unplaced), result.waiting) == (1, ())


async def test_a_request_that_waits_is_not_deleted(desk: Desk) -> None:
    _, waiting = await left_out(desk)
    found = await desk.read(Transaction.get, Request, RequestId("r1"))
    with pytest.raises(StateError, match=waiting.id):
        await desk.do(Transaction.delete, Request, RequestId("r1"), revision=found.revision)


async def test_a_chain_waits_once_and_is_offered_whole(each_desk: Desk) -> None:
    thursdays = [THURSDAY + timedelta(weeks=no) for no in range(3)]
    taken = [await each_desk.book(a_booking(slot=at("14:00", on=on))) for on in thursdays]
    lesson = {"earliest": time(14), "latest": time(14, 40)}
    result = await published(each_desk, *on_weekdays(2, 4, 5, **lesson))
    (waiting,) = result.waiting
    assert waiting.request == "lesson"
    with pytest.raises(StateError, match="waits already"):
        await each_desk.do(join_with_request, RequestId("prep"))
    await _free(each_desk, *taken)
    offer = await look(each_desk)
    assert len(offer) == 9
    offered = await stored(each_desk, waiting)
    assert set(offered.offered_requests) == {"prep", "lesson", "review"}
    assert await each_desk.read(check) == ()


async def test_a_need_that_nobody_serves_is_offered_a_new_offer(desk: Desk) -> None:
    result = await published(desk, a_need("n1", **AT_TWO))
    (waiting,) = result.waiting
    assert await look(desk) == []
    await desk.do(Transaction.put, an_offer(), revision=None)
    offer = await look(desk)
    assert len(offer) == 3
    assert (await request_of(desk, "n1")).offer == "o1"
    assert await state_of(desk, waiting) is WaitingState.OFFERED


async def test_nothing_is_sought_again_as_long_as_nothing_changes(desk: Desk) -> None:
    taken, waiting = await left_out(desk)
    tried = Tried()
    await offer_freed_places(desk.store, lambda: NOW, OFFICE, tried)
    looked = tried[waiting.id]
    await offer_freed_places(desk.store, lambda: NOW, OFFICE, tried)
    assert tried[waiting.id] is looked
    await desk.book(a_booking(slot=at("14:00", on=THURSDAY)))
    await offer_freed_places(desk.store, lambda: NOW, OFFICE, tried)
    assert tried[waiting.id] is not looked
    await _free(desk, *taken)
    await offer_freed_places(desk.store, lambda: NOW, OFFICE, tried)
    assert await state_of(desk, waiting) is WaitingState.OFFERED
