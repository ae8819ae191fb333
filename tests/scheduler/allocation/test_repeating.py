"""The same wish gives the same plan, in any process; more time gives no worse one."""

import json
import subprocess
import sys
from typing import Any

import pytest

from scheduler.allocation.weekly import search
from scheduler.allocation.weekly.problem import WeeklyProblem, missed
from scheduler.allocation.weekly.solve import solve_weekly
from tests.scheduler.allocation.weekly.weeks import a_crowded_week

PROGRAM = """
import json
from scheduler.allocation.weekly import search
from tests.scheduler.allocation.terms import a_crowded_term, allocated
from tests.scheduler.allocation.weekly.weeks import a_crowded_week
from scheduler.allocation.weekly.solve import solve_weekly
plan = allocated(a_crowded_term(3), seed=5)
search.WHOLE_PLACES, search.MOVES_A_SECOND, search.WINDOWS_A_SECOND = 0, 100, 0.01
answer = solve_weekly(a_crowded_week(7, activities=30, places=6), seconds=600, seed=1)
print(json.dumps([repr(plan), repr(answer)]))
"""

WITHOUT_A_CACHE = """
from numba.core import caching
for kind in (caching.CodeLibraryCacheImpl, caching.CompileResultCacheImpl):
    kind._locator_classes = []
from tests.scheduler.allocation.weekly.test_annealing import annealed
from tests.scheduler.allocation.weekly.weeks import a_crowded_week, is_complete
problem = a_crowded_week(1)
print(is_complete(problem, annealed(problem)))
"""


def printed(program: str, **environment: str) -> Any:
    return subprocess.run(  # noqa: S603 - our own program
        (sys.executable, "-c", program),
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": "/usr/bin:/bin", **environment},
    ).stdout


def test_every_process_finds_the_same_plan_whatever_its_hashes() -> None:
    one, other = (json.loads(printed(PROGRAM, PYTHONHASHSEED=seed)) for seed in ("1", "2"))
    assert one == other


def test_where_nothing_can_be_written_the_moves_are_compiled_each_time() -> None:
    assert printed(WITHOUT_A_CACHE) == "True\n"


@pytest.mark.parametrize(
    ("places", "problem"),
    [
        (0, a_crowded_week(7, activities=40, places=8)),
        (1_000_000, a_crowded_week(5, activities=40, places=8)),
    ],
    ids=["too large for a model", "with a model"],
)
def test_more_time_is_no_worse_at_the_median_of_three_seeds(
    monkeypatch: pytest.MonkeyPatch, places: int, problem: WeeklyProblem
) -> None:
    """Seconds stand for moves, windows and the solver's effort: the clock is far away."""
    monkeypatch.setattr(search, "WHOLE_PLACES", places)
    monkeypatch.setattr(search, "QUICK_EFFORT", 0.0001)
    monkeypatch.setattr(search, "MOVES_A_SECOND", 50)
    monkeypatch.setattr(search, "EFFORT_A_SECOND", 0.0002)
    monkeypatch.setattr(search, "WINDOWS_A_SECOND", 0.005)
    monkeypatch.setattr(search, "WINDOW_EFFORT", 0.01)
    medians = []
    for seconds in (300, 1200, 4800):
        answers = [solve_weekly(problem, seconds=seconds, seed=seed) for seed in (1, 2, 3)]
        ranks = sorted((missed(problem, each.unplaced), each.cost) for each in answers)
        medians.append(ranks[1])
    assert medians == sorted(medians, reverse=True)
