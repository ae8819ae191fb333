"""A plan waits, is taken by one solver, and is kept by revision."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from scheduler.errors import NotFoundError, StaleError, StateError
from scheduler.model import Plan, PlanId, PlanState
from scheduler.store import Transaction
from tests.builders import NOW, a_term
from tests.scheduler.store.desk import Desk


def a_plan(id: str = "p1", minutes: int = 0) -> Plan:
    created = NOW + timedelta(minutes=minutes)
    return Plan(id=PlanId(id), term=a_term().id, created_at=created)


async def test_a_plan_is_kept_by_revision(desk: Desk) -> None:
    plan = a_plan()
    await desk.write(lambda transaction: transaction.add_plan(plan))
    solving = replace(plan, state=PlanState.SOLVING, revision=2)
    await desk.write(lambda transaction: transaction.replace_plan(plan, solving))
    with pytest.raises(StaleError):
        await desk.write(lambda transaction: transaction.replace_plan(plan, solving))
    with pytest.raises(StateError):
        await desk.write(lambda transaction: transaction.add_plan(plan))
    async with desk.read() as transaction:
        assert await transaction.plan(plan.id) == solving
        assert await transaction.plans() == (solving,)
        assert await transaction.plans(after="p1") == ()
        with pytest.raises(NotFoundError):
            await transaction.plan(PlanId("p9"))


async def take(transaction: Transaction) -> str | None:
    plan = await transaction.claim_waiting_plan()
    await asyncio.sleep(0.01)
    if plan is None:
        return None
    await transaction.replace_plan(plan, replace(plan, state=PlanState.SOLVING))
    return plan.id


async def add_two(transaction: Transaction) -> None:
    await transaction.add_plan(a_plan("p1", minutes=5))
    await transaction.add_plan(a_plan("p2"))


async def test_the_plan_that_has_waited_longest_is_taken_first(desk: Desk) -> None:
    await desk.write(add_two)
    assert [await desk.write(take) for _ in range(3)] == ["p2", "p1", None]


async def test_each_waiting_plan_is_taken_by_one_solver(desk: Desk) -> None:
    await desk.write(add_two)
    taken = await asyncio.gather(*(desk.write(take) for _ in range(4)))
    assert sorted(filter(None, taken)) == ["p1", "p2"]
