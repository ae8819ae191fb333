"""Each constraint by itself: what it refuses, and what it leaves alone."""

from typing import Final

import pytest
from ortools.sat.python.cp_model import OPTIMAL, CpModel, CpSolver

from scheduler.allocation.weekly.choices import choices
from scheduler.allocation.weekly.constraints import (
    CONSTRAINTS,
    Constraint,
    chains_stay_whole,
    held_as_often_as_wished,
    links_suffice,
    on_different_days,
    one_team_all_week,
    people_are_in_one_place,
    people_have_time_to_travel,
    quotas_are_kept,
    rooms_suffice,
)
from scheduler.allocation.weekly.problem import (
    Chain,
    Link,
    LinkUse,
    Load,
    Presence,
    Quota,
    RoomNeed,
    Way,
    WeeklyProblem,
)
from scheduler.allocation.weekly.timeline import Timeline
from tests.scheduler.allocation.weekly.weeks import EVEN_WEEKS, ODD_WEEKS, a_place, a_week


def allows(constraint: Constraint, problem: WeeklyProblem, *used: int) -> bool:
    """Whether exactly these places may be used, as far as this constraint goes."""
    model = CpModel()
    made = choices(model, problem)
    constraint(model, problem, Timeline(problem), made)
    for number, variable in enumerate(made.used):
        model.add(variable == (number in used))
    return CpSolver().solve(model) == OPTIMAL


ONE, SAME = Presence(1), RoomNeed(0, 0b1)
TWICE = a_week((2, [a_place(day=1), a_place(day=2, dates=1 << 9), a_place(700, day=1)]))
MEETING = a_week([a_place(600, people=(ONE,))], [a_place(630, people=(ONE,))])
AWAY = a_week(
    [a_place(600, people=(Presence(1, site=1),))],
    [a_place(660, people=(Presence(1, site=2),))],
    travel=30,
)
ONE_ROOM = a_week([a_place(600, needs=(SAME,))], [a_place(639, needs=(SAME,))], buffers=((0,),))
ONE_LINK = a_week(
    [a_place(600, links=(LinkUse(0),))], [a_place(639, links=(LinkUse(0),))], links=(Link(1),)
)

CHAIN = a_week(
    [a_place(600), a_place(700)],
    [a_place(600), a_place(700)],
    chains=(Chain((0, 1), (Way((frozenset({0}), frozenset({3}))),)),),
)

TEAMS = a_week(
    (
        2,
        [
            a_place(day=1, team=1),
            a_place(day=2, dates=1 << 9, team=2),
            a_place(day=3, dates=1 << 10, team=1),
        ],
    )
)
OFFER = a_week([a_place(600)], [a_place(700)], [a_place(800)], quotas=(Quota((0, 1), 1),))

REFUSED: Final[dict[Constraint, tuple[WeeklyProblem, tuple[int, ...]]]] = {
    held_as_often_as_wished: (TWICE, (0,)),
    on_different_days: (TWICE, (0, 2)),
    one_team_all_week: (TEAMS, (0, 1)),
    quotas_are_kept: (OFFER, (0, 1)),
    people_are_in_one_place: (MEETING, (0, 1)),
    people_have_time_to_travel: (AWAY, (0, 1)),
    rooms_suffice: (ONE_ROOM, (0, 1)),
    links_suffice: (ONE_LINK, (0, 1)),
    chains_stay_whole: (CHAIN, (0, 2)),
}


def test_every_constraint_has_an_example() -> None:
    assert set(REFUSED) == set(CONSTRAINTS)


@pytest.mark.parametrize("constraint", CONSTRAINTS)
def test_a_constraint_refuses_its_example_and_no_other_does(constraint: Constraint) -> None:
    problem, used = REFUSED[constraint]
    assert [each for each in CONSTRAINTS if not allows(each, problem, *used)] == [constraint]


def test_twice_on_two_days_and_not_at_all_are_both_fine() -> None:
    for constraint in CONSTRAINTS:
        assert allows(constraint, TWICE, 0, 1)
        assert allows(constraint, TWICE)


def test_one_team_serves_all_week_and_a_quota_is_used_up() -> None:
    assert allows(one_team_all_week, TEAMS, 0, 2)
    assert allows(quotas_are_kept, OFFER, 0, 2)
    assert allows(quotas_are_kept, OFFER, 1, 2)


def test_a_chain_is_held_whole_in_one_of_its_ways_or_not_at_all() -> None:
    assert allows(chains_stay_whole, CHAIN, 0, 3)
    assert allows(chains_stay_whole, CHAIN)
    assert not allows(chains_stay_whole, CHAIN, 0)
    assert not allows(chains_stay_whole, CHAIN, 1, 3)


def test_one_after_the_other_is_fine_for_a_person() -> None:
    problem = a_week([a_place(600, people=(ONE,))], [a_place(640, people=(ONE,))])
    assert allows(people_are_in_one_place, problem, 0, 1)


def test_odd_and_even_weeks_never_meet() -> None:
    problem = a_week(
        [a_place(dates=ODD_WEEKS, people=(ONE,), needs=(SAME,), links=(LinkUse(0),))],
        [a_place(dates=EVEN_WEEKS, people=(ONE,), needs=(SAME,), links=(LinkUse(0),))],
        buffers=((0,),),
        links=(Link(1),),
    )
    assert all(allows(constraint, problem, 0, 1) for constraint in CONSTRAINTS)


def test_the_way_takes_its_time_and_no_more() -> None:
    problem = a_week(
        [a_place(600, people=(Presence(1, site=1),))],
        [a_place(670, people=(Presence(1, site=2),))],
        [a_place(640, people=(Presence(1, site=1),))],
        travel=30,
    )
    assert allows(people_have_time_to_travel, problem, 0, 1)
    assert allows(people_have_time_to_travel, problem, 0, 2)
    assert not allows(people_have_time_to_travel, problem, 1, 2)


def test_another_company_waits_for_the_buffer_and_the_same_does_not() -> None:
    ours, theirs = RoomNeed(0, 0b1, company=1), RoomNeed(0, 0b1, company=2)
    problem = a_week(
        [a_place(600, needs=(ours,))],
        [a_place(640, needs=(ours,))],
        [a_place(640, needs=(theirs,))],
        [a_place(650, needs=(theirs,))],
        buffers=((10,),),
    )
    assert allows(rooms_suffice, problem, 0, 1)
    assert not allows(rooms_suffice, problem, 0, 2)
    assert allows(rooms_suffice, problem, 0, 3)


def test_rooms_are_counted_for_every_union_of_what_would_do() -> None:
    needs = [
        (RoomNeed(0, 0b001),),
        (RoomNeed(0, 0b010),),
        (RoomNeed(0, 0b011),),
        (RoomNeed(0, 0b111),),
    ]
    problem = a_week(*([a_place(needs=need)] for need in needs), buffers=((0, 0, 0),))
    assert not allows(rooms_suffice, problem, 0, 1, 2)
    assert allows(rooms_suffice, problem, 0, 1, 3)


def test_a_link_counts_what_is_booked_on_it() -> None:
    problem = a_week(
        [a_place(600, links=(LinkUse(0, 2),))],
        [a_place(600, dates=1 << 7, links=(LinkUse(0, 2),))],
        links=(Link(3, (Load(0b1, 630, 700, 2),)),),
    )
    assert not allows(links_suffice, problem, 0)
    assert allows(links_suffice, problem, 1)
