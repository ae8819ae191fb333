"""Windows: what stays is respected, what comes back is sound, and nothing gets worse."""

import pytest

from scheduler.allocation.weekly import search
from scheduler.allocation.weekly.greedy import better, fit_greedily
from scheduler.allocation.weekly.occupancy import LinkLoad
from scheduler.allocation.weekly.problem import missed
from scheduler.allocation.weekly.solve import solve_weekly
from scheduler.allocation.weekly.timeline import Timeline
from scheduler.allocation.weekly.windows import Neighbourhoods, window
from tests.scheduler.allocation.weekly.weeks import (
    a_crowded_week,
    best_by_brute_force,
    faults_of,
    is_complete,
)


@pytest.mark.parametrize("seed", range(20))
def test_an_answer_to_a_window_fits_to_what_was_kept(seed: int) -> None:
    problem = a_crowded_week(seed, activities=14, places=5)
    timeline = Timeline(problem)
    before = fit_greedily(problem, timeline)
    part = window(problem, timeline, before, range(seed % 3, 14, 3))
    assert part.whole(problem, part.part(before)) == before
    found = solve_weekly(part.problem, seconds=30, seed=1)
    whole = part.whole(problem, found)
    assert faults_of(problem, whole.chosen) == []
    assert is_complete(problem, whole)
    assert set(part.kept) <= set(whole.chosen)
    assert better(problem, whole, before) is whole


@pytest.mark.parametrize("seed", range(20))
def test_a_window_of_everything_is_the_problem(seed: int) -> None:
    problem = a_crowded_week(seed)
    timeline = Timeline(problem)
    part = window(problem, timeline, fit_greedily(problem, timeline), range(4))
    whole = part.whole(problem, solve_weekly(part.problem, seconds=30, seed=1))
    assert (missed(problem, whole.unplaced), whole.cost) == best_by_brute_force(problem)


def test_windows_alone_are_sound_and_no_worse_than_greedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "WHOLE_PLACES", 0)
    problem = a_crowded_week(5, activities=14, places=5)
    greedy = fit_greedily(problem, Timeline(problem))
    answer = solve_weekly(problem, seconds=1, seed=1)
    assert faults_of(problem, answer.chosen) == []
    assert is_complete(problem, answer)
    assert better(problem, answer, greedy) is answer
    assert answer.bound is not None
    assert answer.bound <= answer.cost


def test_the_same_seed_picks_the_same_windows() -> None:
    problem = a_crowded_week(5, activities=14, places=5)
    answer = fit_greedily(problem, Timeline(problem))
    one, other = Neighbourhoods(problem, 3), Neighbourhoods(problem, 3)
    assert [one.pick(answer) for _ in range(5)] == [other.pick(answer) for _ in range(5)]


def test_a_link_is_too_full_where_the_amount_goes_beyond_its_capacity() -> None:
    load = LinkLoad(6)
    load.add(0b0111, 3)
    load.add(0b0110, 2)
    load.add(0b0100, 1)
    assert [load.too_full(amount) for amount in range(1, 8)] == [
        0b0100,
        0b0110,
        0b0110,
        0b0111,
        0b0111,
        0b0111,
        -1,
    ]
