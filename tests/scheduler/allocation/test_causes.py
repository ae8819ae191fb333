"""The reasons given for an unplaced request suffice, and none of them could be left out."""

from datetime import time
from itertools import combinations
from random import Random

import pytest

from calendars.series import Weekly
from calendars.text import Text
from scheduler.allocation.alike import Alike
from scheduler.allocation.causes import Cause, Obstacle, Refusal, smallest_set
from scheduler.allocation.options import Options, options_of
from scheduler.allocation.problem import Problem
from scheduler.allocation.reasons import NO_PLACE_LEFT_UNTRIED, why_impossible
from scheduler.model import Request
from tests.scheduler.allocation.terms import a_crowded_term, a_problem, a_request, allocated


def cause(name: str) -> Cause:
    return Cause(name, Text(name, name))


def a_refusal(weekday: int, *obstacles: tuple[int, str], most_lost: int = 0) -> Refusal:
    """Obstacles such as (2, "ab"): two dates, for which a or b would be enough."""
    return Refusal(
        Weekly(weekday=weekday, starts=time(9), minutes=40),
        most_lost,
        tuple(Obstacle(dates, frozenset(map(cause, names))) for dates, names in obstacles),
    )


def suffices(causes: tuple[Cause, ...], refusals: list[Refusal], times: int) -> bool:
    left = {each.weekly.weekday for each in refusals if dates_lost(each, causes) <= each.most_lost}
    return len(left) < times


def dates_lost(refusal: Refusal, causes: tuple[Cause, ...]) -> int:
    """So many dates these causes alone forbid."""
    return sum(each.dates for each in refusal.obstacles if each.causes & set(causes))


def some_refusals(random: Random) -> list[Refusal]:
    """Each forbidden by all its causes together."""
    found = []
    for _ in range(random.randint(1, 12)):
        obstacles = [
            (random.randint(1, 3), "".join(random.sample("abcdef", random.randint(1, 3))))
            for _ in range(random.randint(1, 3))
        ]
        most_lost = random.randint(0, sum(dates for dates, _ in obstacles) - 1)
        found.append(a_refusal(random.randint(1, 3), *obstacles, most_lost=most_lost))
    return found


@pytest.mark.parametrize("seed", range(60))
def test_the_set_is_sufficient_and_no_smaller_one_is(seed: int) -> None:
    random = Random(seed)
    refusals = some_refusals(random)
    times = random.randint(1, 2)
    found = smallest_set(refusals, times=times)
    assert suffices(found, refusals, times)
    smaller = combinations([cause(name) for name in "abcdef"], max(0, len(found) - 1))
    assert not found or not any(suffices(each, refusals, times) for each in smaller)


def test_of_equal_sets_the_one_that_forbids_most_times_is_told_the_widest_first() -> None:
    refusals = [a_refusal(1, (1, "ab")), a_refusal(1, (1, "bc")), a_refusal(2, (1, "b"))]
    assert smallest_set(refusals, times=1) == (cause("b"),)
    refusals = [a_refusal(1, (1, "x")), a_refusal(1, (1, "y")), a_refusal(2, (1, "y"))]
    assert smallest_set(refusals, times=1) == (cause("y"), cause("x"))


def test_a_weekday_that_stays_open_leaves_one_to_explain() -> None:
    refusals = [a_refusal(1, (1, "a")), a_refusal(2, (1, "b"))]
    assert len(smallest_set(refusals, times=2)) == 1
    assert len(smallest_set(refusals, times=2, open_weekdays=frozenset((3,)))) == 2


def asked_beside_the_others(problem: Problem, request: Request) -> Options:
    return options_of(request, problem, Alike(problem))


def test_a_request_that_is_possible_is_said_to_lack_time() -> None:
    problem = a_problem(a_request())
    (request,) = problem.requests
    found = asked_beside_the_others(problem, request)
    assert why_impossible(request, found, has_term=True) == (NO_PLACE_LEFT_UNTRIED,)


@pytest.mark.parametrize("seed", range(10))
def test_e58_every_unplaced_request_of_a_crowded_term_has_few_reasons(seed: int) -> None:
    problem = a_crowded_term(seed)
    for unplaced in allocated(problem).unplaced:
        assert 1 <= len(unplaced.reasons) <= 6
        assert NO_PLACE_LEFT_UNTRIED not in unplaced.reasons
