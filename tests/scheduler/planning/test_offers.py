"""A need and an offer, from the records to booked sessions, and what happens when one changes."""

from dataclasses import replace
from datetime import time
from typing import Any

import pytest

from scheduler import planning
from scheduler.access import require_record_write
from scheduler.errors import ForbiddenError, StateError
from scheduler.members import Offer, OfferId
from scheduler.model import (
    Form,
    Plan,
    PlanState,
    Request,
    RequestId,
    RequestState,
    Role,
    SessionState,
    Supposed,
)
from scheduler.planning import Explanation, PlanWish
from scheduler.planning.taking_up import AGREED_IN_ADVANCE, OFFERED
from scheduler.records import Record
from scheduler.store import Transaction
from tests.builders import NOW
from tests.scheduler.allocation.terms import a_need, an_offer
from tests.scheduler.desk import Desk, coordinator_of

AT_TWO: dict[str, Any] = {"weekdays": (2,), "earliest": time(14), "latest": time(14, 40)}


async def planned(desk: Desk, *records: Record, **wish: Any) -> Plan:
    await desk.do(Transaction.put_many, records)
    await desk.do(planning.request_plan, PlanWish(seconds=5, **wish))
    plan = await planning.solve_next(desk.store, clock=lambda: NOW)
    assert plan is not None
    return plan


async def explained(desk: Desk, plan: Plan, request: str) -> Explanation:
    explain = await desk.read(planning.explain_request, plan.id, RequestId(request))
    found: Explanation = explain()
    return found


async def request_of(desk: Desk, id: str) -> Request:
    request: Request = (await desk.read(Transaction.get, Request, RequestId(id))).record
    return request


async def changed(desk: Desk, **fields: Any) -> None:
    stored = await desk.read(Transaction.get, Offer, OfferId("o1"))
    await desk.do(Transaction.put, replace(stored.record, **fields), revision=stored.revision)


async def test_a_need_is_met_published_and_remembered(each_desk: Desk) -> None:
    plan = await planned(each_desk, an_offer(), a_need(**AT_TWO))
    assert [placement.offer for placement in plan.placements] == ["o1"]
    (change,) = await each_desk.read(planning.changes, plan.id)
    assert (change.offer, len(change.dates)) == ("o1", 3)
    result = await each_desk.do(planning.publish, plan.id, plan.revision)
    (booked,) = result.booked
    assert booked.series.term == "TF1-2026-1"
    assert {session.form for session in booked.booked} == {Form.DEDICATED}
    for session in booked.booked:
        assert session.state is SessionState.CONFIRMED
        lead, listener = session.sites
        assert (lead.school, lead.role, lead.teacher) == ("TF1", Role.LEAD, "TF1-T1")
        assert (lead.answered_by, listener.answered_by) == (OFFERED, AGREED_IN_ADVANCE)
    placed = await request_of(each_desk, "n1")
    assert (placed.state, placed.offer) == (RequestState.PLACED, "o1")
    assert placed.is_need


async def test_a_school_that_has_not_agreed_is_still_asked(desk: Desk) -> None:
    need = a_need(**AT_TWO)
    need = replace(need, sites=tuple(replace(site, agreed=False) for site in need.sites))
    plan = await planned(desk, an_offer(), need)
    (booked,) = (await desk.do(planning.publish, plan.id, plan.revision)).booked
    assert {session.state for session in booked.booked} == {SessionState.HELD}


async def test_an_offer_in_use_is_counted_and_stays(desk: Desk) -> None:
    first = await planned(desk, an_offer(), a_need("n1", **AT_TWO))
    await desk.do(planning.publish, first.id, first.revision)
    second = await planned(desk, a_need("n2", no=2))
    (unplaced,) = second.unplaced
    assert [reason.en for reason in unplaced.reasons] == [
        "The offer of TF1 is for 1 a week, and serves “课 n1” already."
    ]
    with pytest.raises(StateError, match="still used"):
        await desk.do(Transaction.delete, Offer, OfferId("o1"), revision=1)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"schools": ("CB",)}, "The offer of TF1 is not for JS."),
        ({"latest": time(12)}, "The offer of TF1 shares no weekday and time of day with it."),
        ({"earliest": time(14, 50)}, "The offer it counted on has changed."),
        ({"teacher": "TF1-T2"}, "The offer it counted on has changed."),
    ],
)
async def test_an_offer_that_changed_meanwhile_is_not_taken_up(
    desk: Desk, fields: dict[str, Any], reason: str
) -> None:
    plan = await planned(desk, an_offer(), a_need(weekdays=(2,), earliest=time(14)))
    assert f"{plan.placements[0].weekly.starts:%H:%M}" == "14:00"
    await changed(desk, **fields)
    result = await desk.do(planning.publish, plan.id, plan.revision)
    assert result.booked == ()
    assert [refused.reason.en for refused in result.refused] == [reason]
    assert (await request_of(desk, "n1")).state is RequestState.OPEN


async def test_an_offer_that_was_withdrawn_is_not_taken_up(desk: Desk) -> None:
    plan = await planned(desk, an_offer(), a_need(**AT_TWO))
    await desk.do(Transaction.delete, Offer, OfferId("o1"), revision=1)
    (refused,) = (await desk.do(planning.publish, plan.id, plan.revision)).refused
    assert refused.reason.en == "The offer it counted on was withdrawn."


async def test_two_plans_do_not_take_up_more_than_is_offered(desk: Desk) -> None:
    first = await planned(desk, an_offer(), a_need("n1", **AT_TWO))
    stored = await desk.read(Transaction.get, Request, RequestId("n1"))
    withdrawn = replace(stored.record, state=RequestState.WITHDRAWN)
    await desk.do(Transaction.put, withdrawn, revision=stored.revision)
    second = await planned(desk, a_need("n2", no=2, weekdays=(3,)))
    await desk.do(Transaction.put, stored.record, revision=stored.revision + 1)
    await desk.do(planning.publish, first.id, first.revision)
    (refused,) = (await desk.do(planning.publish, second.id, second.revision)).refused
    assert "serves “课 n1” already" in refused.reason.en


async def test_a_met_need_shows_what_other_offers_would_cost(desk: Desk) -> None:
    offers = (an_offer("o1", weekdays=(2,)), an_offer("o2", no=2, weekdays=(4,)))
    need = a_need(preferred_weekdays=(4,), earliest=time(14), latest=time(14, 40))
    plan = await planned(desk, *offers, need)
    explanation = await explained(desk, plan, "n1")
    assert [placement.offer for placement in explanation.placements] == ["o2"]
    assert explanation.points == plan.cost
    other = explanation.free[0]
    assert (other.weekly.weekday, other.sites[0].teacher) == (2, "TF1-T1")
    assert other.points == explanation.points + 6


@pytest.mark.parametrize("published", [False, True])
async def test_an_unmet_need_shows_that_more_of_an_offer_would_help(
    desk: Desk, *, published: bool
) -> None:
    plan = await planned(desk, an_offer(), a_need("n1", **AT_TWO), a_need("n2", no=2, **AT_TWO))
    if published:
        await desk.do(planning.publish, plan.id, plan.revision)
    unmet = plan.unplaced[0].request
    explanation = await explained(desk, plan, unmet)
    assert "a week, and serves" in explanation.reasons[0].en
    told = [each.sentence.en for each in explanation.relaxations]
    assert "the offer of TF1 grows to 2 a week" not in told  # the teacher is taken at that time
    assert any(
        "the offer of TF1 grows to 2 a week" in sentence and "would do too" in sentence
        for sentence in told
    )


async def test_what_if_another_school_offered(desk: Desk) -> None:
    plan = await planned(desk, a_need(**AT_TWO), supposing=Supposed(offers=(an_offer(),)))
    assert (plan.state, plan.unplaced) == (PlanState.READY, ())
    assert await desk.read(Transaction.list, Offer) == ()


def test_an_offer_is_its_schools_own_and_who_serves_is_the_plans() -> None:
    require_record_write(coordinator_of("TF1"), an_offer())
    with pytest.raises(ForbiddenError):
        require_record_write(coordinator_of("JS"), an_offer())
    need = a_need(offer=OfferId("o1"))
    with pytest.raises(ForbiddenError, match="offer"):
        require_record_write(coordinator_of("JS"), need)
