"""Repairs: sound and complete, and no answer disturbs less; compared with a brute force."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations, product
from random import Random

import pytest

from scheduler.allocation.weekly.changes import ALL_CHOICES, Change, by_rooms
from scheduler.allocation.weekly.fewest_moves import repair_weekly
from scheduler.allocation.weekly.problem import (
    Chain,
    Chosen,
    Presence,
    Quota,
    RoomNeed,
    Way,
    WeeklyProblem,
    bits_of,
    missed,
)
from scheduler.allocation.weekly.solve import solve_weekly
from tests.scheduler.allocation.weekly.weeks import (
    a_crowded_week,
    a_place,
    a_week,
    faults_of,
    is_complete,
)

MOVED, OTHER_ROOM = 5, 1


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


def changes_of(problem: WeeklyProblem, before: Sequence[Chosen]) -> tuple[Change, ...]:
    """Elsewhere than before is worth MOVED, each room that an activity did not have OTHER_ROOM."""
    stays = {each.place: each.rooms for each in before}
    had: dict[tuple[int, int], int] = {}
    for each in before:
        place = problem.places[each.place]
        for need, room in zip(place.needs, each.rooms, strict=True):
            key = (place.activity, need.school)
            had[key] = had.get(key, 0) | 1 << room
    held = {problem.places[number].activity for number in stays}
    found = []
    for number, place in enumerate(problem.places):
        own = [had.get((place.activity, need.school), 0) for need in place.needs]
        if number in stays:
            own = [1 << room for room in stays[number]]
        price = OTHER_ROOM if place.activity in held else 0
        moved = MOVED if place.activity in held and number not in stays else 0
        found.append(Change(moved, tuple(own), (price,) * len(own)))
    return tuple(found)


def least_by_brute_force(problem: WeeklyProblem, changes: Sequence[Change]) -> tuple[int, int]:
    """What must be left out at least, and the least points of that, over all places and rooms."""
    choices = [
        [(), *combinations(activity.places, activity.times)] for activity in problem.activities
    ]
    best = (1 << 30, 0)
    for picked in product(*choices):
        out = missed(problem, tuple(number for number, each in enumerate(picked) if not each))
        used = [place for places in picked for place in places]
        if (out, sum(changes[place].points for place in used)) < best:
            for chosen in product(*(_with_rooms(problem, place) for place in used)):
                points = sum(changes[each.place].with_rooms(each.rooms) for each in chosen)
                if (out, points) < best and not faults_of(problem, chosen):
                    best = (out, points)
    return best


def _with_rooms(problem: WeeklyProblem, number: int) -> list[Chosen]:
    needs = problem.places[number].needs
    return [Chosen(number, rooms) for rooms in product(*(bits_of(need.rooms) for need in needs))]


def repaired_week(
    seed: int, schools: int
) -> tuple[WeeklyProblem, tuple[Chosen, ...], tuple[Change, ...]]:
    """A week in which all that fits is held, and then a room is gone."""
    intact = a_crowded_week(seed, activities=3, schools=schools)
    before = solve_weekly(intact, seconds=30, seed=1).chosen
    random = Random(seed)
    problem = without_room(intact, school=random.randrange(2), room=random.randrange(2))
    return problem, before, changes_of(problem, before)


@pytest.mark.parametrize("schools", [2, 5])
@pytest.mark.parametrize("seed", range(40))
def test_when_a_room_fails_no_answer_disturbs_less(seed: int, schools: int) -> None:
    problem, before, changes = repaired_week(seed, schools)
    repaired = repair_weekly(problem, before, changes, seconds=30, seed=1)
    answer = repaired.answer
    assert faults_of(problem, answer.chosen) == []
    assert is_complete(problem, answer)
    left_out, least = least_by_brute_force(problem, changes)
    assert (missed(problem, answer.unplaced), repaired.points) == (left_out, least)
    assert repaired.least == repaired.points
    assert repaired.points == sum(
        changes[each.place].with_rooms(each.rooms) for each in answer.chosen
    )


@pytest.mark.parametrize("seed", range(5))
def test_without_time_to_search_it_is_sound_and_claims_nothing(seed: int) -> None:
    problem, before, changes = repaired_week(seed, schools=5)
    repaired = repair_weekly(problem, before, changes, seconds=0, seed=1)
    assert faults_of(problem, repaired.answer.chosen) == []
    assert is_complete(problem, repaired.answer)
    assert repaired.least is None


def test_whoever_can_take_another_room_does_not_move() -> None:
    need = (RoomNeed(0, 0b10),)
    problem = a_week([a_place(600, needs=need), a_place(700, needs=need)], buffers=((0, 0),))
    before = (Chosen(0, (0,)),)
    repaired = repair_weekly(problem, before, changes_of(problem, before), seconds=10, seed=1)
    assert repaired.answer.chosen == (Chosen(0, (1,)),)
    assert (repaired.points, repaired.least) == (OTHER_ROOM, OTHER_ROOM)


def test_only_the_room_that_is_gone_becomes_another_one() -> None:
    needs = (RoomNeed(0, 0b10), RoomNeed(1, 0b11))
    problem = a_week([a_place(600, needs=needs)], buffers=((0, 0), (0, 0)))
    before = (Chosen(0, (0, 1)),)
    repaired = repair_weekly(problem, before, changes_of(problem, before), seconds=10, seed=1)
    assert repaired.answer.chosen == (Chosen(0, (1, 1)),)


def test_who_is_hit_by_nothing_keeps_its_room() -> None:
    both, second = (RoomNeed(0, 0b11),), (RoomNeed(0, 0b110),)
    problem = a_week(
        [a_place(600, needs=both)],
        [a_place(600, needs=second)],
        [a_place(700, needs=both)],
        buffers=((0, 0, 0),),
    )
    # The second one's room, the first of the school, is out of the question by now.
    before = (Chosen(0, (1,)), Chosen(1, (0,)), Chosen(2, (1,)))
    repaired = repair_weekly(problem, before, changes_of(problem, before), seconds=10, seed=1)
    assert repaired.answer.chosen == (Chosen(0, (1,)), Chosen(1, (2,)), Chosen(2, (1,)))


def test_two_who_are_not_hit_make_room_where_nothing_else_is_possible() -> None:
    wide, narrow = (RoomNeed(0, 0b110),), (RoomNeed(0, 0b010),)
    problem = a_week([a_place(600, needs=wide)], [a_place(600, needs=narrow)], buffers=((0, 0, 0),))
    before = (Chosen(0, (1,)), Chosen(1, (0,)))
    repaired = repair_weekly(problem, before, changes_of(problem, before), seconds=10, seed=1)
    assert repaired.answer.chosen == (Chosen(0, (2,)), Chosen(1, (1,)))
    assert repaired.points == repaired.least == 2 * OTHER_ROOM


def test_with_rooms_at_many_schools_each_that_need_not_change_is_kept() -> None:
    schools = ALL_CHOICES + 2
    needs = tuple(RoomNeed(school, 0b11 if school else 0b10) for school in range(schools))
    problem = a_week([a_place(600, needs=needs)], buffers=((0, 0),) * schools)
    before = (Chosen(0, (0,) * schools),)
    repaired = repair_weekly(problem, before, changes_of(problem, before), seconds=10, seed=1)
    assert repaired.answer.chosen == (Chosen(0, (1, *(0,) * (schools - 1))),)
    assert repaired.points == repaired.least == OTHER_ROOM


def test_somebody_at_a_school_where_nothing_happened_makes_room_if_nothing_else_will_do() -> None:
    teacher = (Presence(1),)
    hit = [a_place(600, needs=(RoomNeed(0, 0),)), a_place(700, people=teacher)]
    far = [a_place(700, people=teacher, needs=(RoomNeed(1, 1),)), a_place(800)]
    problem = a_week(hit, far, buffers=((0,), (0,)))
    before = (Chosen(0, (0,)), Chosen(2, (0,)))
    repaired = repair_weekly(problem, before, changes_of(problem, before), seconds=10, seed=1)
    assert [each.place for each in repaired.answer.chosen] == [1, 3]
    assert repaired.points == repaired.least == 2 * MOVED


def test_what_was_not_held_before_is_placed_and_disturbs_nobody() -> None:
    problem = a_week([a_place(600)], [a_place(600, cost=3), a_place(700, cost=5)])
    before = (Chosen(0, ()),)
    repaired = repair_weekly(problem, before, changes_of(problem, before), seconds=10, seed=1)
    assert [each.place for each in repaired.answer.chosen] == [0, 1]
    assert (repaired.points, repaired.answer.cost) == (0, 3)


def test_a_repair_leaves_a_dear_place_where_it_is() -> None:
    problem = a_week([a_place(600, cost=50), a_place(700)])
    before = (Chosen(0, ()),)
    repaired = repair_weekly(problem, before, changes_of(problem, before), seconds=10, seed=1)
    assert [each.place for each in repaired.answer.chosen] == [0]


def test_of_moves_that_disturb_alike_the_cheapest_is_made() -> None:
    need = (RoomNeed(0, 0),)
    problem = a_week(
        [a_place(600, needs=need), a_place(700, cost=4), a_place(800, cost=2)], buffers=((0,),)
    )
    before = (Chosen(0, (0,)),)
    repaired = repair_weekly(problem, before, changes_of(problem, before), seconds=10, seed=1)
    assert (repaired.answer.chosen, repaired.answer.cost) == ((Chosen(2, ()),), 2)
    assert repaired.points == MOVED


def test_quotas_and_chains_hold_whichever_rooms_are_chosen() -> None:
    need = (RoomNeed(0, 0b11),)
    problem = a_week(
        [a_place(600, needs=need), a_place(700, needs=need)],
        [a_place(600), a_place(700)],
        buffers=((0, 0),),
        quotas=(Quota((0, 1), 1),),
        chains=(Chain((0, 1), (Way((frozenset({1}), frozenset({3})), cost=2),)),),
    )
    own = Change(0, (0b01,), (1,))
    found = by_rooms(problem, [own, own, Change(0, (), ()), Change(0, (), ())], price=10)
    assert found.places == (0, 0, 1, 1, 2, 3)
    assert found.problem.quotas == (Quota((0, 1, 2, 3), 1),)
    (chain,) = found.problem.chains
    assert chain.ways == (Way((frozenset({2, 3}), frozenset({5})), cost=2),)
