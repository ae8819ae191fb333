"""The bound by prices: never above what is possible, and near it."""

from threading import Event
from time import monotonic

import pytest

from scheduler.allocation.weekly.crew import Stop
from scheduler.allocation.weekly.prices import least_alone, least_by_prices
from scheduler.allocation.weekly.problem import (
    Link,
    LinkUse,
    Load,
    Presence,
    RoomNeed,
    WeeklyProblem,
    missed,
)
from scheduler.allocation.weekly.report import highest_cost
from scheduler.allocation.weekly.solve import solve_weekly
from tests.scheduler.allocation.weekly.weeks import (
    a_crowded_week,
    a_place,
    a_week,
    best_by_brute_force,
)


def least(problem: WeeklyProblem, goal: int, rounds: int = 300) -> int:
    return least_by_prices(problem, goal, rounds, 60, Stop())


@pytest.mark.parametrize("seed", range(60))
def test_no_answer_to_a_crowded_week_is_below_it(seed: int) -> None:
    problem = a_crowded_week(seed)
    left_out, cost = best_by_brute_force(problem)
    best = cost + (1 + highest_cost(problem)) * left_out
    assert 0 <= least(problem, best) <= best
    assert least(problem, best + 1000) <= best


def test_on_a_larger_week_it_comes_near_to_what_is_proven() -> None:
    problem = a_crowded_week(7, activities=14, places=5)
    answer = solve_weekly(problem, seconds=30, seed=1)
    weight = 1 + highest_cost(problem)
    best = answer.cost + weight * missed(problem, answer.unplaced)
    assert answer.bound == answer.cost
    assert 0.8 * best <= least(problem, best) <= best


SCARCE = {
    "a person": a_week(
        [a_place(people=(Presence(1),)), a_place(700, cost=5)],
        [a_place(people=(Presence(1),)), a_place(700, cost=5)],
    ),
    "a room": a_week(
        [a_place(needs=(RoomNeed(0, 1),)), a_place(700, cost=5)],
        [a_place(needs=(RoomNeed(0, 1, company=1),)), a_place(700, cost=5)],
        buffers=((0,),),
    ),
    "a link": a_week(
        [a_place(links=(LinkUse(0, 2),)), a_place(700, cost=5)],
        [a_place(links=(LinkUse(0, 2),)), a_place(700, cost=5)],
        links=(Link(4, (Load(1, 600, 640, 2),)),),
    ),
}


@pytest.mark.parametrize("problem", SCARCE.values(), ids=SCARCE)
def test_whatever_is_scarce_has_its_price(problem: WeeklyProblem) -> None:
    assert least(problem, 5) == 5


def test_a_company_that_follows_itself_pays_for_one_room() -> None:
    need = (RoomNeed(0, 1, company=1),)
    problem = a_week(
        [a_place(600, needs=need), a_place(800, cost=5)],
        [a_place(640, needs=need), a_place(800, cost=5)],
        buffers=((10,),),
    )
    assert best_by_brute_force(problem) == (0, 0)
    assert least(problem, 10) == 0


def test_what_has_no_place_counts_as_left_out() -> None:
    problem = a_week([], [a_place(cost=3)])
    assert least(problem, 1000) == (1 + highest_cost(problem)) + 3


def test_it_ends_when_asked_to_stop() -> None:
    stop = Event()
    stop.set()
    begun = monotonic()
    problem = a_crowded_week(1)
    assert least_by_prices(problem, 9, 1_000_000, 600, Stop(stop)) == least_alone(problem)
    assert monotonic() - begun < 60


def test_a_term_too_large_for_a_model_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scheduler.allocation.weekly.search.WHOLE_PLACES", 0)
    monkeypatch.setattr("scheduler.allocation.weekly.search.WINDOWS_A_SECOND", 0)
    problem = a_crowded_week(5)
    answer = solve_weekly(problem, seconds=2, seed=1)
    assert answer.bound is not None
    assert answer.bound <= best_by_brute_force(problem)[1]
