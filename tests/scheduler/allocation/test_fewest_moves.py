"""Repairs: sound and complete, and no answer moves fewer; compared with a brute force."""

from dataclasses import replace

import pytest

from scheduler.allocation.fewest_moves import repair_weekly
from scheduler.allocation.solve import solve_weekly
from scheduler.allocation.weekly import Chosen, RoomNeed, WeeklyProblem
from tests.scheduler.allocation.weeks import (
    a_crowded_week,
    a_place,
    a_week,
    best_change_by_brute_force,
    faults_of,
    is_complete,
)


def without_room(problem: WeeklyProblem, school: int, room: int) -> WeeklyProblem:
    return replace(
        problem,
        places=tuple(
            replace(
                place,
                needs=tuple(
                    replace(need, rooms=need.rooms & ~(1 << room))
                    if need.school == school
                    else need
                    for need in place.needs
                ),
            )
            for place in problem.places
        ),
    )


@pytest.mark.parametrize("seed", range(40))
def test_when_a_room_fails_no_answer_moves_fewer(seed: int) -> None:
    intact = a_crowded_week(seed)
    before = solve_weekly(intact, seconds=30, seed=1).chosen
    problem = without_room(intact, school=seed % 2, room=0)
    repaired = repair_weekly(problem, before, seconds=30, seed=1)
    answer = repaired.answer
    assert faults_of(problem, answer.chosen) == []
    assert is_complete(problem, answer)
    left_out, moved, cost = best_change_by_brute_force(problem, frozenset(c.place for c in before))
    assert (sum(problem.activities[n].weight for n in answer.unplaced), repaired.moved) == (
        left_out,
        moved,
    )
    assert answer.cost >= cost
    assert repaired.fewest == moved


def test_whoever_can_take_another_room_does_not_move() -> None:
    need = (RoomNeed(0, 0b10),)
    problem = a_week(
        [a_place(600, needs=need), a_place(700, needs=need, cost=0)], buffers=((0, 0),)
    )
    repaired = repair_weekly(problem, (Chosen(0, (0,)),), seconds=10, seed=1)
    assert repaired.answer.chosen == (Chosen(0, (1,)),)
    assert (repaired.moved, repaired.fewest) == (0, 0)


def test_what_was_not_held_before_is_placed_and_counts_as_no_move() -> None:
    problem = a_week([a_place(600)], [a_place(600, cost=3), a_place(700, cost=5)])
    repaired = repair_weekly(problem, (Chosen(0, ()),), seconds=10, seed=1)
    assert [each.place for each in repaired.answer.chosen] == [0, 1]
    assert (repaired.moved, repaired.answer.cost) == (0, 3)


def test_a_repair_leaves_a_dear_place_where_it_is() -> None:
    problem = a_week([a_place(600, cost=50), a_place(700)])
    repaired = repair_weekly(problem, (Chosen(0, ()),), seconds=10, seed=1)
    assert [each.place for each in repaired.answer.chosen] == [0]
