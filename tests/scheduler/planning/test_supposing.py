"""What if: another room or link, asked without touching anything, answered with what it wins."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import time
from typing import Any

import pytest

from scheduler import planning
from scheduler.errors import InvalidWishError, StateError
from scheduler.members import LinkPoolId, Room
from scheduler.model import Plan, PlanState, Request, Role, Supposed
from scheduler.planning import PlanWish
from scheduler.schools import SchoolBook
from scheduler.store import Transaction
from tests.builders import NOW, a_room, some_books
from tests.scheduler.allocation.terms import a_request, a_request_site
from tests.scheduler.conftest import Open
from tests.scheduler.desk import Desk

AT_TWO: dict[str, Any] = {"weekdays": (2,), "earliest": time(14), "latest": time(14, 40)}


def one_room_each() -> Sequence[SchoolBook]:
    rooms = {school: a_room(school) for school in ("TF1", "JS")}
    return some_books(**{school: {"rooms": {room.id: room}} for school, room in rooms.items()})


def rivals() -> tuple[Request, Request]:
    others = (a_request_site("TF1", no=2), a_request_site("JS", Role.LISTEN, no=2))
    return a_request("r1", **AT_TWO), a_request("r2", *others, **AT_TWO)


async def solved(desk: Desk, supposing: Supposed | None = None) -> Plan:
    wish = PlanWish(seconds=5, supposing=supposing)
    await desk.do(planning.request_plan, wish)
    plan = await planning.solve_next(desk.store, clock=lambda: NOW)
    assert plan is not None
    assert plan.state is PlanState.READY
    return plan


async def rooms_of(desk: Desk) -> list[str]:
    return [stored.record.id for stored in await desk.read(Transaction.list, Room)]


async def test_two_more_rooms_would_place_one_request_more(open_desk: Open) -> None:
    desk = await open_desk(*one_room_each())
    await desk.do(Transaction.put_many, rivals())
    before, stored = await solved(desk), await rooms_of(desk)
    more = tuple(a_room(school, no=2) for school in ("TF1", "JS"))
    supposed = await solved(desk, Supposed(rooms=more))
    comparison = await desk.read(planning.compare, supposed.id, before.id)
    assert comparison.gained == (before.unplaced[0].request,)
    assert (comparison.lost, comparison.moved) == ((), ())
    assert (comparison.cost, comparison.other_cost) == (supposed.cost, before.cost)
    assert comparison.sentence.en.startswith("1 more requests are placed, 0 fewer")
    assert await rooms_of(desk) == stored
    again = await solved(desk)
    assert [each.request for each in again.unplaced] == [each.request for each in before.unplaced]


async def test_a_request_and_a_link_are_supposed_like_rooms(each_desk: Desk) -> None:
    first, second = rivals()
    await each_desk.do(Transaction.put_many, (first,))
    pool = (await each_desk.read(Transaction.alliance)).link_pools[LinkPoolId("bridge")]
    narrow = await solved(
        each_desk, Supposed(requests=(second,), link_pools=(replace(pool, sessions=1),))
    )
    wide = await solved(each_desk, Supposed(requests=(second,)))
    assert (len(narrow.placements), len(wide.placements)) == (1, 2)
    comparison = await each_desk.read(planning.compare, narrow.id, wide.id)
    assert len(comparison.lost) == 1


async def test_what_is_only_supposed_is_not_published(desk: Desk) -> None:
    await desk.do(Transaction.put_many, rivals())
    plan = await solved(desk, Supposed())
    with pytest.raises(StateError, match="only supposes"):
        await desk.do(planning.publish, plan.id, plan.revision)
    with pytest.raises(StateError, match="only supposes"):
        await desk.read(planning.changes, plan.id)
    with pytest.raises(StateError, match="only supposes"):
        await desk.read(planning.explain_request, plan.id, plan.placements[0].request)


async def test_what_is_supposed_must_be_possible(desk: Desk) -> None:
    nowhere = a_room("NO1")
    with pytest.raises(InvalidWishError, match="NO1"):
        await desk.do(planning.request_plan, PlanWish(supposing=Supposed(rooms=(nowhere,))))


async def test_only_solved_plans_are_compared(desk: Desk) -> None:
    waiting = await desk.do(planning.request_plan, PlanWish())
    with pytest.raises(StateError, match="no result yet"):
        await desk.read(planning.compare, waiting.id, waiting.id)
