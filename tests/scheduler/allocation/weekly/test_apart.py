"""Schools that never meet are problems of their own, together answered as well as alone."""

from collections.abc import Sequence
from dataclasses import replace
from threading import Event
from typing import Any

import pytest

from scheduler.allocation.weekly.apart import apart, divided
from scheduler.allocation.weekly.problem import (
    Activity,
    Allowance,
    Chain,
    Chosen,
    Link,
    LinkUse,
    Load,
    Place,
    Presence,
    Quota,
    RoomNeed,
    Way,
    WeeklyProblem,
    missed,
)
from scheduler.allocation.weekly.solve import Progress, solve_weekly
from tests.scheduler.allocation.weekly.weeks import (
    a_crowded_week,
    a_place,
    a_week,
    best_by_brute_force,
    faults_of,
    is_complete,
)


def side_by_side(towns: Sequence[WeeklyProblem]) -> WeeklyProblem:
    """Problems as one, in which no town knows of another."""
    activities: list[Activity] = []
    places: list[Place] = []
    buffers: list[tuple[int, ...]] = []
    links: list[Link] = []
    allowances: list[Allowance] = []
    for number, town in enumerate(towns):
        shift, first = 1000 * number, len(places)
        places += [
            replace(
                place,
                activity=place.activity + len(activities),
                people=tuple(replace(who, person=who.person + shift) for who in place.people),
                needs=tuple(
                    replace(need, school=need.school + len(buffers)) for need in place.needs
                ),
                links=tuple(replace(use, link=use.link + len(links)) for use in place.links),
            )
            for place in town.places
        ]
        activities += [
            replace(each, places=range(each.places.start + first, each.places.stop + first))
            for each in town.activities
        ]
        allowances += [
            replace(each, places=tuple(place + first for place in each.places))
            for each in town.allowances
        ]
        buffers += town.buffers
        links += town.links
    return WeeklyProblem(
        activities=tuple(activities),
        places=tuple(places),
        buffers=tuple(buffers),
        links=tuple(links),
        allowances=tuple(allowances),
        travel=towns[0].travel,
    )


@pytest.mark.parametrize("seed", range(10))
def test_towns_side_by_side_are_answered_as_well_as_each_alone(seed: int) -> None:
    towns = [a_crowded_week(3 * seed + number) for number in range(3)]
    problem = side_by_side(towns)
    answer = solve_weekly(problem, seconds=30, seed=1)
    bests = [best_by_brute_force(town) for town in towns]
    assert faults_of(problem, answer.chosen) == []
    assert is_complete(problem, answer)
    assert missed(problem, answer.unplaced) == sum(left_out for left_out, _ in bests)
    assert answer.cost == answer.bound == sum(cost for _, cost in bests)


def test_parts_that_are_not_closed_at_once_share_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scheduler.allocation.weekly.parts.EASY_PLACES", 0)
    towns = [a_crowded_week(number, activities=14, places=5) for number in range(2)]
    problem = side_by_side(towns)
    told: list[Progress] = []
    answer = solve_weekly(problem, seconds=30, seed=1, on_progress=told.append)
    alone = [solve_weekly(town, seconds=30, seed=1) for town in towns]
    assert faults_of(problem, answer.chosen) == []
    assert answer.cost == answer.bound == sum(each.cost for each in alone)
    assert [each.cost for each in told if each.bound is not None][-1] == answer.cost


def test_a_stopped_search_of_parts_keeps_the_greedy_fit_of_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("scheduler.allocation.weekly.parts.EASY_PLACES", 0)
    problem = side_by_side([a_crowded_week(number) for number in range(2)])
    stop = Event()

    def stop_at_once(_: Progress) -> None:
        stop.set()

    answer = solve_weekly(problem, seconds=30, seed=1, on_progress=stop_at_once, stop=stop)
    assert is_complete(problem, answer)
    assert faults_of(problem, answer.chosen) == []


def test_what_is_impossible_is_no_part_and_counts_as_left_out() -> None:
    problem = a_week([a_place(cost=2)], [], [a_place(cost=1)])
    assert apart(problem) == [(0,), (2,)]
    answer = solve_weekly(problem, seconds=30, seed=1)
    assert answer.chosen == (Chosen(0, ()), Chosen(1, ()))
    assert (answer.unplaced, answer.cost, answer.bound) == ((1,), 3, 3)


ALIKE: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a person": ({"people": (Presence(1),)}, {}),
    "a school": ({"needs": (RoomNeed(0, 1),)}, {"buffers": ((0,),)}),
    "a scarce link": ({"links": (LinkUse(0),)}, {"links": (Link(1),)}),
    "an allowance": ({}, {"allowances": (Allowance((0, 1), 1, 1),)}),
}


@pytest.mark.parametrize(("fields", "shared"), ALIKE.values(), ids=ALIKE)
def test_whoever_shares_something_belongs_together(
    fields: dict[str, Any], shared: dict[str, Any]
) -> None:
    problem = a_week([a_place(**fields)], [a_place(**fields)], [a_place()], **shared)
    assert apart(problem) == [(0, 1), (2,)]


def test_a_link_that_suffices_for_all_joins_nobody() -> None:
    use: dict[str, Any] = {"links": (LinkUse(0),)}
    problem = a_week([a_place(**use)], [a_place(**use)], links=(Link(2),))
    assert apart(problem) == [(0,), (1,)]


def test_two_who_never_meet_belong_together_by_way_of_a_third() -> None:
    one, other = Presence(1), Presence(2)
    problem = a_week(
        [a_place(people=(one,))], [a_place(people=(other,))], [a_place(people=(one, other))]
    )
    assert apart(problem) == [(0, 1, 2)]


def test_what_goes_together_is_not_searched_apart() -> None:
    here, there = a_place(people=(Presence(1),)), a_place(people=(Presence(2),))
    tied = Chain((0, 2), (Way((frozenset({0}), frozenset({2})), 4),))
    assert apart(a_week([here], [there])) == [(0,), (1,)]
    problem = a_week([here], [there], [a_place(700, people=(Presence(3),))], chains=(tied,))
    assert apart(problem) == [(0, 2), (1,)]
    assert solve_weekly(problem, seconds=5, seed=1).cost == 4
    shared = a_week([here], [there], quotas=(Quota((0, 1), 1),))
    assert apart(shared) == [(0, 1)]
    nowhere = a_week([here], [there], [], chains=(Chain((0, 2), ()),))
    assert apart(nowhere) == [(0, 2), (1,)]
    answer = solve_weekly(nowhere, seconds=5, seed=1)
    assert (answer.unplaced, answer.bound) == ((0, 2), 0)


def test_an_earlier_answer_to_all_is_taken_up_by_each_part() -> None:
    towns = [a_crowded_week(number) for number in range(3)]
    problem = side_by_side(towns)
    best = solve_weekly(problem, seconds=30, seed=1)
    again = solve_weekly(problem, seconds=0, seed=1, start=best.chosen)
    assert (again.chosen, again.unplaced, again.cost) == (best.chosen, best.unplaced, best.cost)


def test_a_part_knows_its_own_schools_and_scarce_links_only() -> None:
    here, there = RoomNeed(0, 1), RoomNeed(1, 1)
    problem = a_week(
        [a_place(needs=(here,), links=(LinkUse(0), LinkUse(1)))],
        [a_place(needs=(there,), links=(LinkUse(1), LinkUse(2)))],
        buffers=((5,), (10,)),
        links=(Link(0), Link(2), Link(1)),
    )
    one, other = (part.problem for part in divided(problem))
    assert (one.buffers, one.links) == (((5,),), (Link(0),))
    assert (other.buffers, other.links) == (((10,),), ())
    assert (other.places[0].needs, other.places[0].links) == ((RoomNeed(0, 1),), ())


@pytest.mark.parametrize(
    ("loads", "groups"),
    [
        ((Load(0b01, 600, 640), Load(0b10, 600, 640), Load(0b01, 640, 680)), [(0,), (1,)]),
        ((Load(0b01, 600, 640), Load(0b11, 630, 670)), [(0, 1)]),
    ],
)
def test_what_is_booked_on_a_link_at_different_times_is_not_added_up(
    loads: tuple[Load, ...], groups: list[tuple[int, ...]]
) -> None:
    use: dict[str, Any] = {"links": (LinkUse(0),)}
    problem = a_week([a_place(**use)], [a_place(**use)], links=(Link(3, loads),))
    assert apart(problem) == groups


def test_parts_are_left_as_they_are_when_the_time_is_over() -> None:
    problem = side_by_side([a_crowded_week(number) for number in range(3)])
    told: list[Progress] = []
    answer = solve_weekly(problem, seconds=1e-9, seed=1, on_progress=told.append)
    assert is_complete(problem, answer)
    assert answer.chosen == told[0].answer.chosen
