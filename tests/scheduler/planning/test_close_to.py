"""A plan asked for anew, close to one that people have seen (S13)."""

import pytest

from scheduler import planning
from scheduler.allocation.weights import WEIGHTS
from scheduler.errors import InvalidWishError, NotFoundError
from scheduler.members import Preference
from scheduler.model import Plan, PlanId, PlanState, Request, RequestId
from scheduler.planning import PlanWish
from scheduler.store import Transaction
from tests.builders import NOW
from tests.scheduler.allocation.terms import a_request
from tests.scheduler.desk import Desk


async def solved(desk: Desk, close_to: PlanId | None = None) -> Plan:
    await desk.do(planning.request_plan, PlanWish(seconds=5, close_to=close_to))
    plan = await planning.solve_next(desk.store, clock=lambda: NOW)
    assert plan is not None
    assert (plan.state, plan.close_to) == (PlanState.READY, close_to)
    return plan


async def change(desk: Desk, request: Request) -> None:
    stored = await desk.read(Transaction.get, Request, request.id)
    await desk.do(Transaction.put, request, revision=stored.revision)


async def test_a_plan_that_people_have_seen_changes_only_for_a_reason(each_desk: Desk) -> None:
    desk = each_desk
    await desk.do(Transaction.put_many, (a_request(weeks="2-9", weekdays=(2,)),))
    seen = await solved(desk)
    wish = a_request(weeks="2-9", weekdays=(2, 4), preferred_weekdays=(4,))
    await change(desk, wish)
    anew, close = await solved(desk), await solved(desk, close_to=seen.id)
    (before,), (free,), (kept,) = seen.placements, anew.placements, close.placements
    assert (free.weekly.weekday, kept.weekly) == (4, before.weekly)
    explained = await desk.read(planning.explain_request, close.id, wish.id)
    other = next(each for each in explained().free if each.weekly.weekday == 4)
    told = {cost.preference: cost.points for cost in other.costs}
    assert told[Preference.S13] > WEIGHTS[Preference.WISH]


async def test_what_can_no_longer_stay_moves(desk: Desk) -> None:
    await desk.do(Transaction.put_many, (a_request(weekdays=(2,)), a_request("r2", weekdays=(3,))))
    seen = await solved(desk)
    await change(desk, a_request(weekdays=(4,)))
    close = await solved(desk, close_to=seen.id)
    comparison = await desk.read(planning.compare, close.id, seen.id)
    assert (comparison.moved, comparison.gained, comparison.lost) == ((RequestId("r1"),), (), ())


async def test_only_a_solved_plan_can_be_kept_to(desk: Desk) -> None:
    waiting = await desk.do(planning.request_plan, PlanWish())
    with pytest.raises(InvalidWishError, match="it is waiting") as told:
        await desk.do(planning.request_plan, PlanWish(close_to=waiting.id))
    assert (told.value.pointer, told.value.value) == ("/close_to", waiting.id)
    with pytest.raises(NotFoundError, match="No such plan: nowhere"):
        await desk.do(planning.request_plan, PlanWish(close_to=PlanId("nowhere")))
