"""A finished plan is held to the rulebook beside all that could be in its way, and only that."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest

from scheduler.allocation.judging import broken_by
from scheduler.allocation.problem import Problem
from scheduler.allocation.result import sessions_of
from scheduler.allocation.statement import Statement, state
from scheduler.allocation.weekly.problem import Chosen, bits_of
from scheduler.conflicts import find_conflicts
from scheduler.members import LinkPoolId, TeacherId
from scheduler.model import Request, RequestId, Role, Session
from tests.builders import NOW, a_pool, a_room, an_alliance, some_books
from tests.scheduler.allocation.terms import (
    a_crowded_term,
    a_problem,
    a_request,
    a_request_site,
    options,
)


def stated(problem: Problem) -> Statement:
    return state(problem.requests, [options(each, problem) for each in problem.requests], problem)


def with_any_rooms(statement: Statement, place: int, random: Random) -> Chosen:
    needs = statement.weekly.places[place].needs
    return Chosen(place, tuple(random.choice([*bits_of(need.rooms)]) for need in needs))


def broken_beside_everything(
    statement: Statement, chosen: Sequence[Chosen], problem: Problem
) -> set[RequestId]:
    """The same, each session beside all that is booked and found sound."""
    situation, broken = problem.situation, set()
    for each in chosen:
        sessions = sessions_of(statement, (each,))
        if any(find_conflicts(one, situation, now=NOW, automatic=True) for one in sessions):
            broken.add(statement.options[each.place].request.id)
        else:
            situation = replace(situation, sessions=(*situation.sessions, *sessions))
    return broken


@pytest.mark.parametrize("seed", range(6))
def test_a_plan_of_any_places_is_refused_what_the_rulebook_refuses(seed: int) -> None:
    random = Random(seed)
    problem = a_crowded_term(seed)
    statement = stated(problem)
    chosen = [
        with_any_rooms(statement, random.choice(activity.places), random)
        for activity in statement.weekly.activities
        if activity.places
    ]
    booked = sessions_of(statement, chosen[:2])
    beside = replace(problem, situation=replace(problem.situation, sessions=booked))
    broken = broken_by(statement, chosen[2:], beside)
    assert broken == broken_beside_everything(statement, chosen[2:], beside)
    assert broken


def two_requests(**fields: object) -> tuple[Request, Request]:
    """At the same time, of two pairs of schools; the second with what a test is about."""
    first = a_request("r1", weekdays=(2,), weeks="2", link_pool=None)
    sites = (a_request_site("CB"), a_request_site("QB", Role.LISTEN))
    return first, a_request("r2", *sites, weekdays=(2,), weeks="2", link_pool=None, **fields)


def refused(problem: Problem) -> Sequence[RequestId]:
    """Of a plan that holds all of them at the first time that both could have."""
    statement = stated(problem)
    first, second = (
        {statement.options[number].weekly.starts: number for number in activity.places}
        for activity in statement.weekly.activities
    )
    starts = min(first.keys() & second.keys())
    random = Random(1)
    chosen = [with_any_rooms(statement, each[starts], random) for each in (first, second)]
    return sorted(broken_by(statement, chosen, problem))


def test_what_shares_nothing_is_sound_at_the_same_time() -> None:
    assert refused(a_problem(*two_requests(), books=some_books(QB={}))) == []


@pytest.mark.parametrize("many", [1, 2])
def test_a_shared_link_is_judged(many: int) -> None:
    alliance = an_alliance(link_pools={LinkPoolId("bridge"): a_pool(sessions=many)})
    first, second = (replace(each, link_pool=LinkPoolId("bridge")) for each in two_requests())
    problem = a_problem(first, second, books=some_books(QB={}), alliance=alliance)
    assert refused(problem) == (["r2"] if many == 1 else [])


def test_a_shared_room_is_judged() -> None:
    first, second = two_requests()
    other_class = a_request_site("JS", Role.LISTEN, 2)
    second = replace(second, sites=(second.sites[0], other_class))
    only_room = {room.id: room for room in (a_room("JS"),)}
    assert refused(a_problem(first, second, books=some_books(JS={"rooms": only_room}))) == ["r2"]


def test_a_shared_teacher_is_judged() -> None:
    first, second = two_requests()
    guest = replace(second.sites[1], participants=(TeacherId("TF1-T1"),))
    second = replace(second, sites=(second.sites[0], guest))
    assert refused(a_problem(first, second, books=some_books(QB={}))) == ["r2"]


def test_a_kit_that_two_schools_share_is_judged() -> None:
    kept = {
        school: {"rooms": {room.id: room for room in (a_room(school, kit="cart"),)}}
        for school in ("JS", "QB")
    }
    assert refused(a_problem(*two_requests(), books=some_books(**kept))) == ["r2"]


def test_what_is_booked_is_judged_beside_the_plan() -> None:
    problem = a_problem(*two_requests(), books=some_books(QB={}))
    statement = stated(problem)
    (first, _), random = statement.weekly.activities, Random(1)
    held = with_any_rooms(statement, first.places[0], random)
    booked: tuple[Session, ...] = sessions_of(statement, (held,))
    busy = replace(problem, situation=replace(problem.situation, sessions=booked))
    again = replace(
        statement,
        options=tuple(
            replace(each, request=replace(each.request, id=RequestId("again")))
            for each in statement.options
        ),
    )
    assert broken_by(again, [held], busy) == {"again"}
