"""Soft cost and `fair` together, as the format's checker adds them, and as by brute force."""

import json
from itertools import product
from math import ceil
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bench import jcs
from bench.fair import Schools, with_fair
from scheduler.allocation.weekly.greedy import fit_greedily
from scheduler.allocation.weekly.problem import Quota
from scheduler.allocation.weekly.solve import solve_weekly
from scheduler.allocation.weekly.timeline import Timeline
from tests.bench.test_jcs import WEEKS, a_part, a_session, an_instance
from tests.scheduler.allocation.weekly.weeks import a_place, a_week, faults_of, has_rooms


def a_term(seed: int) -> dict[str, Any]:
    """Four lessons of three schools, of which the first leads most."""
    random = Random(seed)
    bells = [[[480, 520], [530, 570]], [[485, 525], [535, 575]], [[500, 540], [545, 585]]]
    rooms = [{"id": "r0", "cap": 40, "host": True}]
    schools = [{"id": f"s{no}", "bells": each, "rooms": rooms} for no, each in enumerate(bells)]
    sessions = []
    for number in range(4):
        lead, other = random.choice(((0, 1), (0, 2), (0, 1), (1, 2)))
        parts = [a_part(f"s{lead}", "lead", number), a_part(f"s{other}", "join", number)]
        days = [random.randrange(2)]
        sessions.append(a_session(number, weeks=WEEKS, pref_days=days, parts=parts))
    return an_instance(*sessions, schools=schools)


def points_of(raw: dict[str, Any], starts: tuple[int, ...]) -> int:
    """`fair` by the words of the format, session by session."""
    borne: dict[str, list[int]] = {}
    for session, begins in zip(raw["sessions"], starts, strict=True):
        for part in session["parts"]:
            bells = next(each["bells"] for each in raw["schools"] if each["id"] == part["school"])
            cut = sum(bell < begins + 40 and over > begins for bell, over in bells)
            late = 0 if begins in [bell for bell, _ in bells] else 3
            points = late if part["role"] == "lead" else 2 * max(0, cut - 1)
            borne.setdefault(part["school"], []).append(points)
    return max(
        (ceil(10 * sum(each) / len(each)) for each in borne.values() if len(each) > 2), default=0
    )


@pytest.mark.parametrize("seed", [0, 1, 8, 11, 18, 21, 24, 39])
def test_both_together_are_as_low_as_by_brute_force(seed: int) -> None:
    raw = a_term(seed)
    problem = jcs.state(raw)
    schools = Schools.of(raw, jcs.burdens_by_place(raw, problem))
    answer = solve_weekly(problem, seconds=20, seed=1)
    best, least = with_fair(problem, answer, schools, seconds=20, seed=1)
    starts = tuple(problem.places[each.place].starts for each in sorted(best.chosen))
    assert (faults_of(problem, best.chosen), best.unplaced) == ([], ())
    assert schools.fair(best) == points_of(raw, starts)
    scores = [
        sum(problem.places[place].cost for place in used)
        + points_of(raw, tuple(problem.places[place].starts for place in used))
        for used in product(*(each.places for each in problem.activities))
        if has_rooms(problem, used)
    ]
    assert (best.cost + schools.fair(best), least) == (min(scores), min(scores))


def test_what_is_named_twice_in_a_quota_counts_twice() -> None:
    either = [a_place(starts=660), a_place(starts=800, cost=5)]
    problem = a_week([a_place()], either, quotas=(Quota((0, 0, 1, 1), 3),))
    for answer in (
        fit_greedily(problem, Timeline(problem)),
        solve_weekly(problem, seconds=5, seed=1),
    ):
        assert ([each.place for each in answer.chosen], answer.cost) == ([0, 2], 5)


def test_the_bench_writes_the_answer_that_is_best_by_both(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:

    instance, out = tmp_path / "instance.json", tmp_path / "solution.json"
    instance.write_text(json.dumps(a_term(1)))
    jcs.main([str(instance), "--seconds", "20", "--out", str(out), "--fair"])
    score, soft = capsys.readouterr().out.splitlines()[-3:-1]
    assert score.split()[1] == score.split()[-1]
    assert int(score.split()[1]) == int(soft.split()[1]) + int(soft.split()[3])
