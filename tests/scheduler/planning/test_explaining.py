"""A plan that people can argue with: why here, what is next best, and what would give a place."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import time, timedelta
from typing import Any

import pytest

from scheduler import planning
from scheduler.allocation.weights import WEIGHTS
from scheduler.errors import NotFoundError, StateError
from scheduler.members import LinkPoolId, Preference
from scheduler.model import Plan, Request, RequestId, Role
from scheduler.planning import Explanation, PlanWish
from scheduler.schools import SchoolBook
from scheduler.store import Transaction
from tests.builders import NOW, a_day, a_room, a_teacher, school_time, some_books
from tests.scheduler.allocation.terms import FIRST_TUESDAY, a_request, a_request_site
from tests.scheduler.conftest import Open
from tests.scheduler.desk import Desk

AT_TWO: dict[str, Any] = {"weekdays": (2,), "earliest": time(14), "latest": time(14, 40)}
AGREED = (
    a_request_site("TF1", agreed=True),
    a_request_site("JS", Role.LISTEN, agreed=True),
)


async def planned(desk: Desk, *requests: Request, seconds: int = 5) -> Plan:
    await desk.do(Transaction.put_many, requests)
    await desk.do(planning.request_plan, PlanWish(seconds=seconds))
    plan = await planning.solve_next(desk.store, clock=lambda: NOW)
    assert plan is not None
    return plan


async def explained(desk: Desk, plan: Plan, request: str = "r1") -> Explanation:
    explain = await desk.read(planning.explain_request, plan.id, RequestId(request))
    found: Explanation = explain()
    return found


def told(explanation: Explanation) -> list[str]:
    return [relaxation.sentence.en for relaxation in explanation.relaxations]


def one_room_each() -> Sequence[SchoolBook]:
    rooms = {
        school: {"rooms": {room.id: room}} for school in ("TF1", "JS") for room in (a_room(school),)
    }
    return some_books(**rooms)


async def test_a_placed_request_shows_what_it_pays_and_what_is_next_best(desk: Desk) -> None:
    narrow = {**AT_TWO, "weekdays": (2, 4)}
    plan = await planned(desk, a_request(**narrow, preferred_weekdays=(4,)))
    explanation = await explained(desk, plan)
    (placement,) = explanation.placements
    assert placement == plan.placements[0]
    assert explanation.points == plan.cost == sum(cost.points for cost in placement.costs)
    (next_best, *_) = explanation.free
    assert (next_best.weekly.weekday, next_best.weekly.starts) == (2, placement.weekly.starts)
    assert next_best.points == explanation.points + WEIGHTS[Preference.WISH]
    assert [cost.preference for cost in next_best.costs] == ["wish"]
    assert [choice.points for choice in explanation.free] == sorted(
        choice.points for choice in explanation.free
    )
    assert explanation.taken == explanation.reasons == explanation.relaxations == ()


async def test_a_better_place_that_another_has_is_shown_with_its_holder(open_desk: Open) -> None:
    desk = await open_desk(*one_room_each())
    others = (a_request_site("TF1", no=2), a_request_site("JS", Role.LISTEN, no=2))
    plan = await planned(
        desk,
        a_request(
            "r1", weekdays=(2, 4), preferred_weekdays=(2,), earliest=time(14), latest=time(14, 40)
        ),
        a_request("r2", *others, **AT_TWO),
    )
    explanation = await explained(desk, plan)
    assert [placement.weekly.weekday for placement in explanation.placements] == [4]
    (taken,) = explanation.taken
    assert (taken.choice.weekly.weekday, taken.choice.points) == (
        2,
        explanation.points - WEIGHTS[Preference.WISH],
    )
    assert any("课 r2" in reason.en for reason in taken.reasons)


async def test_what_several_are_charged_together_counts(desk: Desk) -> None:
    wish: dict[str, Any] = {"earliest": time(13), "latest": time(17)}
    plan = await planned(
        desk,
        a_request("r1", weekdays=(2, 4), **wish),
        a_request("r2", weekdays=(2,), **wish),
        a_request("r3", weekdays=(2,), **wish),
    )
    explanation = await explained(desk, plan)
    assert sum(cost.points for each in plan.placements for cost in each.costs) == plan.cost
    on_tuesday = next(choice for choice in explanation.free if choice.weekly.weekday == 2)
    assert Preference.S5 in {cost.preference for cost in on_tuesday.costs}


@pytest.mark.parametrize("published", [False, True])
async def test_an_unplaced_request_shows_what_would_give_it_a_place(
    open_desk: Open, *, published: bool
) -> None:
    desk = await open_desk(*one_room_each())
    others = (
        a_request_site("TF1", no=2, agreed=True),
        a_request_site("JS", Role.LISTEN, no=2, agreed=True),
    )
    plan = await planned(
        desk,
        a_request("r1", **AT_TWO),
        a_request("r2", *others, per_week=1, **AT_TWO, kind="lesson"),
    )
    unplaced = plan.unplaced[0].request
    if published:
        await desk.do(planning.publish, plan.id, plan.revision)
    explanation = await explained(desk, plan, unplaced)
    (reason,) = explanation.reasons
    assert "No room will do" in reason.en
    assert (explanation.placements, explanation.free) == ((), ())
    assert told(explanation)[:2] == ["Monday would do too", "Wednesday would do too"]
    assert "any time from 08:00 to 18:00 would do" in told(explanation)
    wednesday = explanation.relaxations[1]
    assert (wednesday.opens, wednesday.best.weekly.weekday, wednesday.best.weekly.starts) == (
        1,
        3,
        time(14),
    )


async def test_what_a_relaxation_offers_is_placed_once_it_is_granted(open_desk: Open) -> None:
    desk = await open_desk(*one_room_each())
    others = (a_request_site("TF1", no=2), a_request_site("JS", Role.LISTEN, no=2))
    asked = (a_request("r1", **AT_TWO), a_request("r2", *others, **AT_TWO))
    plan = await planned(desk, *asked)
    (unplaced,) = plan.unplaced
    stored = await desk.read(Transaction.get, Request, unplaced.request)
    granted = replace(stored.record, weekdays=(2, 3))
    await desk.do(Transaction.put, granted, revision=stored.revision)
    await desk.do(planning.request_plan, PlanWish(seconds=5))
    again = await planning.solve_next(desk.store, clock=lambda: NOW)
    assert again is not None
    assert again.unplaced == ()


async def test_a_bell_that_moves_is_offered_where_the_bells_share_too_little(desk: Desk) -> None:
    sites = (a_request_site("TF1"), a_request_site("CB", Role.LISTEN))
    request = a_request(
        "r1",
        *sites,
        earliest=time(8),
        latest=time(12),
        weekdays=(2,),
        min_minutes=40,
        max_shift_minutes=0,
    )
    plan = await planned(desk, request)
    explanation = await explained(desk, plan)
    assert [reason.en for reason in explanation.reasons] == [
        "Within the times asked for, the schools' bells share no 40 minutes."
    ]
    moved = [each for each in told(explanation) if " moved period " in each]
    assert moved
    assert "there would be" in moved[0]


async def test_where_one_is_not_enough_two_are_relaxed(open_desk: Open) -> None:
    holidays = [a_day(FIRST_TUESDAY + timedelta(weeks=no)) for no in (0, 1)]
    desk = await open_desk(*some_books(TF1={"time": school_time("TF1", days=holidays)}))
    sites = (a_request_site("TF1"), a_request_site("CB", Role.LISTEN))
    plan = await planned(
        desk, a_request("r1", *sites, **AT_TWO, min_minutes=40, max_shift_minutes=0)
    )
    explanation = await explained(desk, plan)
    assert told(explanation)[0] == (
        "Monday would do too, and any time from 08:00 to 18:00 would do"
    )
    assert all(", and " in sentence for sentence in told(explanation))


@pytest.mark.parametrize(("most", "all_tried"), [(1, False), (10_000, True)])
async def test_pairs_that_are_too_many_to_try_are_not_said_to_be_tried(
    open_desk: Open,
    monkeypatch: pytest.MonkeyPatch,
    most: int,
    all_tried: bool,  # noqa: FBT001 - a column
) -> None:
    monkeypatch.setattr("scheduler.allocation.relaxing.PAIRS_TRIED", most)
    week = [a_day(FIRST_TUESDAY + timedelta(days=no)) for no in range(-1, 4)]
    desk = await open_desk(*some_books(TF1={"time": school_time("TF1", days=week)}))
    asked = a_request("r1", **AT_TWO, weeks="2")  # its school is closed all week: nothing helps
    plan = await planned(desk, asked)
    explain = await desk.read(planning.explain_request, plan.id, asked.id, seconds=600)
    found: Explanation = explain()
    assert (found.relaxations, found.all_tried) == ((), all_tried)


async def test_a_wider_link_is_offered_where_the_link_is_full(open_desk: Open) -> None:
    desk = await open_desk(*some_books())
    pool = (await desk.read(Transaction.alliance)).link_pools[LinkPoolId("bridge")]
    await desk.do(Transaction.put, replace(pool, sessions=1), revision=1)
    others = (a_request_site("TF1", no=2), a_request_site("JS", Role.LISTEN, no=2))
    plan = await planned(desk, a_request("r1", **AT_TWO), a_request("r2", *others, **AT_TWO))
    explanation = await explained(desk, plan, plan.unplaced[0].request)
    assert f"{pool.name} carries one session more" in told(explanation)


async def test_only_what_a_finished_plan_holds_is_explained(desk: Desk) -> None:
    plan = await planned(desk, a_request())
    with pytest.raises(NotFoundError, match="holds no request r9"):
        await explained(desk, plan, "r9")
    waiting = await desk.do(planning.request_plan, PlanWish())
    with pytest.raises(StateError, match="no result yet"):
        await explained(desk, waiting)


async def test_what_is_left_is_explained_once_another_request_is_deleted(desk: Desk) -> None:
    other = (a_request_site("TF1", no=2), a_request_site("JS", Role.LISTEN, no=2))
    plan = await planned(desk, a_request("r1", **AT_TWO), a_request("r2", *other, **AT_TWO))
    await desk.do(Transaction.delete, Request, "r2", revision=1)
    explanation = await explained(desk, plan, "r1")
    assert [each.request for each in explanation.placements] == ["r1"]
    with pytest.raises(NotFoundError):
        await explained(desk, plan, "r2")


async def test_a_booked_series_that_could_move_is_offered_to_move(open_desk: Open) -> None:
    desk = await open_desk(*one_room_each())
    others = (a_request_site("TF1", no=2), a_request_site("JS", Role.LISTEN, no=2))
    series = a_request("r0", *others, **AT_TWO, title="二班音乐")
    first = await planned(desk, series)
    await desk.do(planning.publish, first.id, first.revision)
    plan = await planned(desk, a_request("r1", **AT_TWO))
    assert [each.request for each in plan.unplaced] == ["r1"]
    explanation = await explained(desk, plan)
    (moved,) = [each for each in explanation.relaxations if "二班音乐" in each.sentence.zh]
    assert moved.sentence.en.endswith("(TF1, JS must agree)")
    assert (moved.best.weekly.weekday, moved.best.weekly.starts) == (2, time(14))


async def test_what_the_plan_places_is_not_counted_once_more_as_booked(open_desk: Open) -> None:
    teacher = a_teacher("TF1", 1, max_sessions_a_day=2)
    desk = await open_desk(*some_books(TF1={"teachers": {teacher.id: teacher}}))
    other = a_request("r2", a_request_site("TF1"), a_request_site("CB", Role.LISTEN), weekdays=(2,))
    plan = await planned(desk, a_request("r1", weekdays=(2,)), other)
    assert len(plan.placements) == 2
    explanation = await explained(desk, plan)
    assert Preference.S5 not in {
        cost.preference for choice in explanation.free for cost in choice.costs
    }
