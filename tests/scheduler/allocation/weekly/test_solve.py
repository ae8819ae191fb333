"""Answers to weekly problems: sound, complete, no worse than greedy, and the best there is."""

from threading import Event, Timer
from time import monotonic

import pytest

from scheduler.allocation.weekly.greedy import fit_greedily
from scheduler.allocation.weekly.problem import (
    Chosen,
    Presence,
    RoomNeed,
    WeeklyAnswer,
    WeeklyProblem,
    missed,
)
from scheduler.allocation.weekly.solve import Progress, solve_weekly
from scheduler.allocation.weekly.timeline import Timeline
from tests.scheduler.allocation.weekly.weeks import (
    a_crowded_week,
    a_place,
    a_week,
    best_by_brute_force,
    faults_of,
    is_complete,
    with_chains,
    with_offers,
)


def solved(problem: WeeklyProblem, seed: int = 1) -> WeeklyAnswer:
    return solve_weekly(problem, seconds=30, seed=seed)


@pytest.mark.parametrize("seed", range(60))
def test_crowded_weeks_are_answered_soundly_completely_and_best(seed: int) -> None:
    problem = a_crowded_week(seed)
    answer = solved(problem)
    assert faults_of(problem, answer.chosen) == []
    assert is_complete(problem, answer)
    assert (missed(problem, answer.unplaced), answer.cost) == best_by_brute_force(problem)
    assert answer.bound == answer.cost


@pytest.mark.parametrize("seed", range(60))
def test_chains_are_held_whole_or_not_at_all_and_best(seed: int) -> None:
    problem = with_chains(a_crowded_week(seed), seed)
    answer = solved(problem)
    assert faults_of(problem, answer.chosen) == []
    assert is_complete(problem, answer)
    assert (missed(problem, answer.unplaced), answer.cost) == best_by_brute_force(problem)
    assert answer.bound == answer.cost


@pytest.mark.parametrize("seed", range(60))
def test_offers_are_kept_to_and_used_best(seed: int) -> None:
    problem = with_offers(a_crowded_week(seed), seed)
    answer = solved(problem)
    assert faults_of(problem, answer.chosen) == []
    assert is_complete(problem, answer)
    assert (missed(problem, answer.unplaced), answer.cost) == best_by_brute_force(problem)
    assert answer.bound == answer.cost


@pytest.mark.parametrize("seed", range(10))
def test_offers_are_kept_to_at_every_step_of_a_search(seed: int) -> None:
    week = a_crowded_week(seed, activities=14, places=5)
    problem = with_chains(with_offers(week, seed), seed)
    told: list[Progress] = []
    answer = solve_weekly(problem, seconds=30, seed=1, on_progress=told.append)
    for each in (fit_greedily(problem, Timeline(problem)), answer, *(t.answer for t in told)):
        assert faults_of(problem, each.chosen) == []
        assert is_complete(problem, each)


@pytest.mark.parametrize("seed", range(20))
def test_chains_are_sound_at_every_step_of_a_search(seed: int) -> None:
    problem = with_chains(a_crowded_week(seed, activities=14, places=5), seed)
    told: list[Progress] = []
    answer = solve_weekly(problem, seconds=30, seed=1, on_progress=told.append)
    for each in (fit_greedily(problem, Timeline(problem)), answer, *(t.answer for t in told)):
        assert faults_of(problem, each.chosen) == []
        assert is_complete(problem, each)
    again = solve_weekly(problem, seconds=0, seed=1, start=answer.chosen)
    assert (again.chosen, again.cost) == (answer.chosen, answer.cost)


@pytest.mark.parametrize("seed", range(20))
def test_a_greedy_fit_is_sound_and_complete_and_never_better(seed: int) -> None:
    problem = a_crowded_week(seed, activities=14, places=5)
    greedy = fit_greedily(problem, Timeline(problem))
    assert faults_of(problem, greedy.chosen) == []
    assert is_complete(problem, greedy)
    answer = solved(problem)
    assert faults_of(problem, answer.chosen) == []
    ranks = [(missed(problem, each.unplaced), each.cost) for each in (answer, greedy)]
    assert ranks == sorted(ranks)
    assert answer.bound is not None
    assert answer.bound <= answer.cost


def test_the_same_seed_gives_the_same_answer() -> None:
    problem = a_crowded_week(7, activities=14, places=5)
    assert solved(problem, seed=3) == solved(problem, seed=3)


def test_without_time_the_greedy_answer_stands_and_nothing_is_proven() -> None:
    problem = a_crowded_week(3)
    answer = solve_weekly(problem, seconds=0, seed=1)
    assert answer == fit_greedily(problem, Timeline(problem))
    assert answer.bound is None


def test_nothing_to_place_is_an_answer() -> None:
    assert solved(a_week()) == WeeklyAnswer(chosen=(), unplaced=(), cost=0, bound=0)


def test_participations_come_before_costs() -> None:
    dear = a_place(people=(Presence(1),), cost=500)
    problem = a_week([a_place(people=(Presence(1),)), a_place(700, cost=400)], [dear])
    answer = solved(problem)
    assert answer.unplaced == ()
    assert answer.cost == 900


def test_rooms_that_only_seem_to_suffice_are_found_out() -> None:
    # At any moment two of two rooms are enough, but who changes every week needs a third.
    odd, even, need = 0b01, 0b10, (RoomNeed(0, 0b11),)
    problem = a_week(
        [a_place(600, 60, dates=odd, needs=need)],
        [a_place(630, 60, dates=odd | even, needs=need)],
        [a_place(600, 60, dates=even, needs=need)],
        [a_place(660, 60, dates=odd, needs=need)],
        [a_place(600, 30, dates=even, needs=(RoomNeed(0, 0b01),), cost=1)],
        buffers=((0, 0),),
    )
    answer = solved(problem)
    assert faults_of(problem, answer.chosen) == []
    assert (missed(problem, answer.unplaced), answer.cost) == best_by_brute_force(problem)


def test_a_run_reports_its_start_and_what_it_finds() -> None:
    told: list[Progress] = []
    problem = a_crowded_week(5, activities=14, places=5)
    answer = solve_weekly(problem, seconds=30, seed=1, on_progress=told.append)
    assert told[0].seconds < told[-1].seconds
    assert all(each.placed + each.unplaced == len(problem.activities) for each in told)
    last = told[-1]
    assert (last.unplaced, last.cost) == (len(answer.unplaced), answer.cost)


def test_an_earlier_answer_is_taken_up_and_never_made_worse() -> None:
    problem = a_crowded_week(5, activities=14, places=5)
    best = solved(problem)
    again = solve_weekly(problem, seconds=0, seed=1, start=best.chosen)
    assert (again.chosen, again.unplaced, again.cost) == (best.chosen, best.unplaced, best.cost)
    assert missed(problem, fit_greedily(problem, Timeline(problem)).unplaced) > missed(
        problem, best.unplaced
    )


@pytest.mark.parametrize("seed", range(10))
def test_what_no_longer_fits_of_an_earlier_answer_is_placed_anew(seed: int) -> None:
    problem = a_crowded_week(seed, activities=14, places=5)
    impossible = tuple(
        Chosen(place, tuple(0 for _ in problem.places[place].needs))
        for activity in problem.activities
        for place in activity.places[: activity.times]
    )
    answer = solve_weekly(problem, seconds=0, seed=1, start=impossible)
    assert faults_of(problem, answer.chosen) == []
    assert is_complete(problem, answer)


def test_a_search_ends_soon_after_it_is_asked_to_stop() -> None:
    problem = a_crowded_week(1, activities=120, places=40)
    stop = Event()
    asked_at: list[float] = []

    def ask() -> None:
        asked_at.append(monotonic())
        stop.set()

    asking = Timer(1.0, ask)
    asking.start()
    answer = solve_weekly(problem, seconds=600, seed=1, stop=stop)
    assert monotonic() - asked_at[0] < 60
    assert is_complete(problem, answer)
    asking.join()


def test_a_search_that_is_stopped_before_it_begins_is_the_greedy_fit() -> None:
    problem = a_crowded_week(3)
    stop = Event()
    stop.set()
    answer = solve_weekly(problem, seconds=600, seed=1, stop=stop)
    assert answer == fit_greedily(problem, Timeline(problem))
