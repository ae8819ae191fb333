"""Annealing: every answer on the way is sound and complete, and the best is never lost."""

from time import monotonic

import pytest

from scheduler.allocation.weekly.annealing import Annealing
from scheduler.allocation.weekly.constraints import chains_stay_whole, one_team_all_week
from scheduler.allocation.weekly.crew import Crew
from scheduler.allocation.weekly.greedy import better, fit_greedily
from scheduler.allocation.weekly.problem import WeeklyAnswer, WeeklyProblem, missed
from scheduler.allocation.weekly.timeline import Timeline
from tests.scheduler.allocation.weekly.test_constraints import REFUSED
from tests.scheduler.allocation.weekly.weeks import (
    a_crowded_week,
    a_week,
    best_by_brute_force,
    faults_of,
    is_complete,
    with_chains,
    with_offers,
)

STAYS = (chains_stay_whole, one_team_all_week)
"""What annealing leaves where it is."""
NOTHING = WeeklyAnswer(chosen=(), unplaced=(), cost=0)


def annealed(
    problem: WeeklyProblem, start: WeeklyAnswer | None = None, *, moves: int = 40_000, seed: int = 1
) -> WeeklyAnswer:
    timeline = Timeline(problem)
    if start is None:
        start = fit_greedily(problem, timeline)
    with Crew() as crew:
        return Annealing(problem, timeline, start, seed=seed).run(
            moves=moves,
            ends=monotonic() + 3600,
            is_over=lambda: False,
            tell=lambda _: None,
            crew=crew,
        )


def nothing_placed(problem: WeeklyProblem) -> WeeklyAnswer:
    return WeeklyAnswer(chosen=(), unplaced=tuple(range(len(problem.activities))), cost=0)


def test_crowded_weeks_are_answered_soundly_completely_and_nearly_always_best() -> None:
    dearer = 0
    for seed in range(30):
        problem = a_crowded_week(seed)
        answer = annealed(problem, nothing_placed(problem))
        assert faults_of(problem, answer.chosen) == []
        assert is_complete(problem, answer)
        left_out, cost = best_by_brute_force(problem)
        assert missed(problem, answer.unplaced) == left_out
        dearer += answer.cost > cost
    assert dearer <= 2


@pytest.mark.parametrize("seed", range(20))
def test_annealing_is_sound_and_complete_and_no_worse_than_its_start(seed: int) -> None:
    problem = a_crowded_week(seed, activities=14, places=5)
    start = fit_greedily(problem, Timeline(problem))
    answer = annealed(problem, start)
    assert faults_of(problem, answer.chosen) == []
    assert is_complete(problem, answer)
    assert answer == start or better(problem, start, answer) is answer


@pytest.mark.parametrize("seed", range(20))
def test_annealing_keeps_to_offers(seed: int) -> None:
    problem = with_offers(a_crowded_week(seed, activities=14, places=5), seed)
    start = fit_greedily(problem, Timeline(problem))
    answer = annealed(problem, start)
    assert faults_of(problem, answer.chosen) == []
    assert is_complete(problem, answer)
    assert answer == start or better(problem, start, answer) is answer


@pytest.mark.parametrize("seed", range(10))
def test_annealing_leaves_chains_where_they_are(seed: int) -> None:
    problem = with_chains(a_crowded_week(seed, activities=14, places=5), seed)
    start = fit_greedily(problem, Timeline(problem))
    answer = annealed(problem, start)
    assert faults_of(problem, answer.chosen) == []
    assert is_complete(problem, answer)
    (chain,) = problem.chains
    before, after = (
        [each for each in found.chosen if problem.places[each.place].activity in chain.activities]
        for found in (start, answer)
    )
    assert before == after


@pytest.mark.parametrize(
    ("problem", "used"),
    [example for constraint, example in REFUSED.items() if constraint not in STAYS],
)
def test_annealing_keeps_every_constraint(problem: WeeklyProblem, used: tuple[int, ...]) -> None:
    answer = annealed(problem, nothing_placed(problem), moves=20_000)
    assert faults_of(problem, answer.chosen) == []
    assert {each.place for each in answer.chosen} not in (set(), set(used))


def test_the_same_seed_and_moves_give_the_same_answer() -> None:
    problem = a_crowded_week(7, activities=40, places=8)
    assert annealed(problem, seed=3) == annealed(problem, seed=3)


def test_more_moves_are_no_worse_at_the_median_of_three_seeds() -> None:
    problem = a_crowded_week(7, activities=40, places=8)
    ranks = [
        sorted(
            (missed(problem, answer.unplaced), answer.cost)
            for answer in (annealed(problem, moves=moves, seed=seed) for seed in (1, 2, 3))
        )[1]
        for moves in (20_000, 100_000, 400_000)
    ]
    assert ranks == sorted(ranks, reverse=True)


def test_nothing_to_anneal_is_an_answer() -> None:
    assert annealed(a_week(), NOTHING) == NOTHING


def test_what_has_no_place_is_left_out() -> None:
    problem = a_week([], [])
    assert annealed(problem, nothing_placed(problem)) == nothing_placed(problem)
