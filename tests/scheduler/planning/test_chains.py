"""A chain is explained, shown, published and left out as a whole, whatever happened meanwhile."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from scheduler import planning
from scheduler.booking.single import cancel
from scheduler.booking.waiting import leave
from scheduler.checking.database import check
from scheduler.model import (
    Plan,
    Request,
    RequestId,
    RequestState,
    SessionState,
    WaitingState,
)
from scheduler.planning import Explanation, PlanWish
from scheduler.store import Transaction
from tests.builders import NOW, at
from tests.scheduler.allocation.terms import FIRST_TUESDAY
from tests.scheduler.allocation.test_chains import a_chain
from tests.scheduler.booking.queueing import look
from tests.scheduler.desk import Desk, a_booking

THURSDAY = FIRST_TUESDAY + timedelta(days=2)


async def planned(desk: Desk, *requests: Request) -> Plan:
    await desk.do(Transaction.put_many, requests)
    await desk.do(planning.request_plan, PlanWish(seconds=5))
    plan = await planning.solve_next(desk.store, clock=lambda: NOW)
    assert plan is not None
    return plan


async def explained(desk: Desk, plan: Plan, request: str) -> Explanation:
    explain = await desk.read(planning.explain_request, plan.id, RequestId(request))
    found: Explanation = explain()
    return found


def on_weekdays(*weekdays: int, **lesson: Any) -> list[Request]:
    """Preparation, lesson and review on these weekdays."""
    return [
        replace(
            request,
            weekdays=(weekday,),
            sites=tuple(replace(site, agreed=True) for site in request.sites),
        )
        for request, weekday in zip(a_chain(**lesson), weekdays, strict=True)
    ]


async def state_of(desk: Desk, request: str) -> RequestState:
    stored = await desk.read(Transaction.get, Request, RequestId(request))
    state: RequestState = stored.record.state
    return state


async def test_a_chain_is_published_whole(each_desk: Desk) -> None:
    plan = await planned(each_desk, *on_weekdays(2, 4, 5))
    result = await each_desk.do(planning.publish, plan.id, plan.revision)
    assert result.refused == ()
    held = [[session.series_date for session in each.booked] for each in result.booked]
    weeks = [
        [FIRST_TUESDAY + timedelta(days=day, weeks=no) for no in range(3)] for day in (2, 0, 3)
    ]
    assert held == weeks


async def test_a_date_that_is_lost_meanwhile_is_lost_to_the_whole_chain(desk: Desk) -> None:
    plan = await planned(desk, *on_weekdays(2, 4, 5))
    taken = next(each for each in plan.placements if each.request == "lesson")
    await desk.book(a_booking(slot=at(f"{taken.weekly.starts:%H:%M}", on=THURSDAY)))
    changes = {each.request: each for each in await desk.read(planning.changes, plan.id)}
    prep, lesson, review = (changes[RequestId(name)] for name in ("prep", "lesson", "review"))
    assert len(lesson.dates) == len(prep.dates) == len(review.dates) == 2
    assert (prep.lone_dates, review.lone_dates) == (
        (FIRST_TUESDAY,),
        (FIRST_TUESDAY + timedelta(days=3),),
    )
    assert lesson.lone_dates == ()
    result = await desk.do(planning.publish, plan.id, plan.revision)
    skipped = {each.series.title: each.skipped for each in result.booked}
    assert [each.reason.en for each in skipped["课 prep"]] == [
        f"{FIRST_TUESDAY}: what it goes with is not held then."
    ]
    watched = await desk.read(Transaction.waiting_list)
    assert {(each.title, each.series_date) for each in watched} == {
        ("课 prep", FIRST_TUESDAY),
        ("课 lesson", THURSDAY),
        ("课 review", FIRST_TUESDAY + timedelta(days=3)),
    }


async def test_the_dates_that_a_chain_has_lost_come_back_together(each_desk: Desk) -> None:
    plan = await planned(each_desk, *on_weekdays(2, 4, 5))
    lesson = next(each for each in plan.placements if each.request == "lesson")
    starts = f"{lesson.weekly.starts:%H:%M}"
    taken = await each_desk.book(a_booking(slot=at(starts, on=THURSDAY)))
    await each_desk.do(planning.publish, plan.id, plan.revision)
    assert await look(each_desk) == []
    await each_desk.do(cancel, taken.id, taken.revision, reason="停电")
    offer = await look(each_desk)
    assert [each.title for each in offer] == ["课 prep", "课 lesson", "课 review"]
    assert {each.state for each in offer} == {SessionState.HELD}
    listed = await each_desk.read(Transaction.waiting_list, states=(WaitingState.OFFERED,))
    assert {each.session for each in listed} == {each.id for each in offer}
    assert await each_desk.read(check) == ()


async def test_a_date_whose_partner_cannot_come_back_does_not_come_alone(desk: Desk) -> None:
    plan = await planned(desk, *on_weekdays(2, 4, 5))
    lesson, prep = (
        next(each for each in plan.placements if each.request == name)
        for name in ("lesson", "prep")
    )
    taken = await desk.book(a_booking(slot=at(f"{lesson.weekly.starts:%H:%M}", on=THURSDAY)))
    await desk.do(planning.publish, plan.id, plan.revision)
    await desk.book(a_booking(slot=at(f"{prep.weekly.starts:%H:%M}", on=FIRST_TUESDAY)))
    await desk.do(cancel, taken.id, taken.revision, reason="停电")
    assert await look(desk) == []
    waiting = await desk.read(Transaction.waiting_list)
    preparation = next(each for each in waiting if each.title == "课 prep")
    await desk.do(leave, preparation.id, preparation.revision)
    assert await look(desk) == []


async def test_a_chain_of_which_one_is_no_longer_possible_is_not_booked(desk: Desk) -> None:
    plan = await planned(desk, *on_weekdays(2, 4, 5))
    stored = await desk.read(Transaction.get, Request, RequestId("review"))
    withdrawn = replace(stored.record, state=RequestState.WITHDRAWN)
    await desk.do(Transaction.put, withdrawn, revision=stored.revision)
    result = await desk.do(planning.publish, plan.id, plan.revision)
    assert result.booked == ()
    reasons = {each.placement.request: each.reason.en for each in result.refused}
    assert reasons == {
        "prep": "What it goes with cannot be held, so neither is it.",
        "lesson": "What it goes with cannot be held, so neither is it.",
        "review": "The request is no longer open.",
    }
    assert await state_of(desk, "prep") is RequestState.OPEN


async def test_a_review_asked_for_later_goes_with_the_lesson_that_is_booked(desk: Desk) -> None:
    prep, lesson, review = on_weekdays(2, 4, 5)
    plan = await planned(desk, prep, lesson)
    await desk.do(planning.publish, plan.id, plan.revision)
    anywhere = replace(review, weekdays=(1, 2, 3, 4, 5), preferred_weekdays=(3,))
    again = await planned(desk, anywhere)
    (placement,) = again.placements
    assert placement.weekly.weekday in (4, 5, 7)
    explanation = await explained(desk, again, "review")
    assert {choice.weekly.weekday for choice in explanation.free} <= {4, 5, 7}
    result = await desk.do(planning.publish, again.id, again.revision)
    assert len(result.booked[0].booked) == 3


async def test_a_placed_chain_offers_only_what_suits_its_partners(desk: Desk) -> None:
    prep, lesson, review = on_weekdays(2, 4, 5)
    plan = await planned(desk, prep, replace(lesson, weekdays=(1, 3, 4)), review)
    explanation = await explained(desk, plan, "lesson")
    assert [each.weekly.weekday for each in explanation.placements] == [4]
    assert explanation.points == sum(each.points for each in explanation.placements[0].costs)
    assert {choice.weekly.weekday for choice in explanation.free} <= {4}


async def test_an_explanation_says_if_not_all_was_tried(desk: Desk) -> None:
    plan = await planned(desk, *on_weekdays(1, 2, 5))
    explain = await desk.read(planning.explain_request, plan.id, RequestId("lesson"), seconds=0)
    explanation: Explanation = explain()
    assert len(explanation.reasons) == 1
    assert (explanation.relaxations, explanation.all_tried) == ((), False)
    assert (await explained(desk, plan, "lesson")).all_tried


async def test_more_days_between_are_offered_where_they_would_help(desk: Desk) -> None:
    plan = await planned(desk, *on_weekdays(1, 2, 5))
    explanation = await explained(desk, plan, "lesson")
    (reason,) = explanation.reasons
    assert "2 to 7 days after 课 prep" in reason.en
    told = {each.sentence.en: each for each in explanation.relaxations}
    assert told["it may be held 0 to 14 days after “课 prep”"].best.weekly.weekday == 2
    assert "Thursday would do too" in told
    assert "Monday would do too" not in told
    assert told["Thursday would do too"].best.weekly.weekday == 4
