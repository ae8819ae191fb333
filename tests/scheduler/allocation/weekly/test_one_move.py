"""One more activity, and one that makes room for it: sound, and none is missed."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product

import pytest

from scheduler.allocation.weekly.one_move import Crowd, OneMove
from scheduler.allocation.weekly.problem import (
    Chosen,
    Link,
    LinkUse,
    Presence,
    RoomNeed,
    WeeklyProblem,
    bits_of,
)
from scheduler.allocation.weekly.solve import solve_weekly
from scheduler.allocation.weekly.timeline import Timeline
from tests.scheduler.allocation.weekly.weeks import (
    a_crowded_week,
    a_place,
    a_week,
    faults_of,
)


def found(problem: WeeklyProblem, held: Sequence[Chosen], activity: int) -> list[OneMove]:
    crowd = Crowd(problem, Timeline(problem), held)
    return list(crowd.moves_for(problem.activities[activity].places))


def after(held: Sequence[Chosen], move: OneMove) -> list[Chosen]:
    """What is held once both are done."""
    return [*(move.to if at == move.held else each for at, each in enumerate(held)), move.place]


def with_rooms(problem: WeeklyProblem, numbers: Sequence[int]) -> Iterator[Chosen]:
    for number in numbers:
        needs = problem.places[number].needs
        for rooms in product(*(bits_of(need.rooms) for need in needs)):
            yield Chosen(number, rooms)


def places_made_free(problem: WeeklyProblem, held: Sequence[Chosen], activity: int) -> set[int]:
    """By trying each place with each of those held anywhere else."""
    return {
        mine.place
        for mine in with_rooms(problem, problem.activities[activity].places)
        for at, each in enumerate(held)
        for to in with_rooms(
            problem, problem.activities[problem.places[each.place].activity].places
        )
        if not faults_of(problem, after(held, OneMove(mine, at, to)))
    }


def a_full_week(seed: int) -> tuple[WeeklyProblem, tuple[Chosen, ...]]:
    """All of a week is held that fits, but for its first activity, which is held once a week."""
    week = a_crowded_week(seed, activities=4, schools=3)
    once = replace(week.activities[0], times=1)
    week = replace(week, activities=(once, *week.activities[1:]))
    without = replace(once, places=range(0))
    held = solve_weekly(
        replace(week, activities=(without, *week.activities[1:])), seconds=5, seed=1
    )
    return week, held.chosen


@pytest.mark.parametrize("seed", range(50))
def test_what_is_found_is_sound_and_no_place_is_missed(seed: int) -> None:
    week, held = a_full_week(seed)
    moves = found(week, held, 0)
    assert [faults_of(week, after(held, move)) for move in moves] == [[]] * len(moves)
    free = {
        each.place
        for each in with_rooms(week, week.activities[0].places)
        if not faults_of(week, [*held, each])
    }
    told = {move.place.place for move in moves}
    assert told - free == places_made_free(week, held, 0) - free


def test_the_cheapest_place_comes_first_and_so_does_the_cheapest_way_out() -> None:
    teacher = (Presence(1),)
    problem = a_week(
        [a_place(600, people=teacher, cost=3), a_place(700, people=teacher, cost=1)],
        [a_place(700, people=teacher), a_place(800, cost=4), a_place(900, cost=2)],
        [a_place(600, people=teacher), a_place(1000)],
    )
    moves = found(problem, (Chosen(2, ()), Chosen(5, ())), 0)
    assert moves == [
        OneMove(Chosen(1, ()), 0, Chosen(4, ())),
        OneMove(Chosen(0, ()), 1, Chosen(6, ())),
    ]


def test_whoever_shares_the_last_room_takes_another_one() -> None:
    problem = a_week(
        [a_place(600, needs=(RoomNeed(0, 0b01),))],
        [a_place(600, needs=(RoomNeed(0, 0b11),))],
        buffers=((0, 0),),
    )
    assert found(problem, (Chosen(1, (0,)),), 0) == [OneMove(Chosen(0, (0,)), 0, Chosen(1, (1,)))]


def test_of_a_full_link_somebody_who_takes_enough_goes() -> None:
    small, large = (LinkUse(0, 1),), (LinkUse(0, 2),)
    problem = a_week(
        [a_place(600, links=large)],
        [a_place(600, links=small), a_place(700, links=small)],
        [a_place(600, links=large), a_place(800, links=large)],
        links=(Link(3),),
    )
    held = (Chosen(1, ()), Chosen(3, ()))
    assert found(problem, held, 0) == [OneMove(Chosen(0, ()), 1, Chosen(4, ()))]


def test_two_in_the_way_are_one_too_many() -> None:
    problem = a_week(
        [a_place(600, people=(Presence(1), Presence(2)))],
        [a_place(600, people=(Presence(1),)), a_place(700)],
        [a_place(600, people=(Presence(2),)), a_place(700)],
    )
    assert found(problem, (Chosen(1, ()), Chosen(3, ())), 0) == []
