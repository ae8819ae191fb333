"""What is booked already counts where several together are judged: S5, S11, S15 and fair shares."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, time, timedelta

import pytest

from scheduler.allocation.problem import Problem
from scheduler.allocation.together import shares_of
from scheduler.allocation.usual_week import usually
from scheduler.allocation.weights import WEIGHTS
from scheduler.members import ClassGroupId, RoomId, TeacherId, Weight
from scheduler.model import Role, Session
from scheduler.schools import SchoolBook
from tests.builders import (
    a_room,
    a_session,
    a_site,
    a_teacher,
    an_alliance,
    at,
    school_time,
    some_bells,
    some_books,
)
from tests.scheduler.allocation.terms import (
    FIRST_TUESDAY,
    a_problem,
    a_request,
    a_request_site,
    allocated,
    options,
)


def weekly(starts: str, weeks: int = 3, **fields: object) -> tuple[Session, ...]:
    """A lesson that JS and CB have booked on so many Tuesdays from week 2 on."""
    sites = (
        a_site("JS", teacher=TeacherId("JS-T2"), class_groups=(ClassGroupId("JS-C2"),)),
        a_site("CB", Role.LISTEN, teacher=TeacherId("CB-T2"), room=RoomId("CB-R2")),
    )
    return tuple(
        a_session(
            f"booked-{starts}-{week}",
            at(starts, on=FIRST_TUESDAY + timedelta(weeks=week)),
            **{"sites": sites, "link_pool": None} | fields,
        )
        for week in range(weeks)
    )


def free_of(preference: str, problem: Problem) -> list[int]:
    """How many of its options may be used before the preference charges."""
    found = [option for request in problem.requests for option in options(request, problem)]
    return [each.free for each in shares_of(found, problem) if each.preference == preference]


def only(preference: str) -> tuple[Weight, ...]:
    """This preference weighs a lot, all others nothing."""
    return tuple(
        Weight(preference=each, points=50 if each == preference else 0) for each in WEIGHTS
    )


def weekdays(problem: Problem, preference: str) -> list[int]:
    """Where the plan goes if only this preference counts."""
    alliance = an_alliance()
    weighed = replace(
        problem,
        situation=replace(
            problem.situation,
            alliance=replace(
                alliance, alliance=replace(alliance.alliance, weights=only(preference))
            ),
        ),
    )
    return [each.weekly.weekday for each in allocated(weighed).placements]


def busy_js_teacher(most: int = 1) -> Sequence[SchoolBook]:
    teachers = [a_teacher("JS", no, max_sessions_a_day=most) for no in (1, 2)]
    return some_books(JS={"teachers": {each.id: each for each in teachers}})


@pytest.mark.parametrize(("found", "among", "rule"), [(3, 3, 1), (1, 3, 0), (2, 3, 1), (0, 0, 0)])
def test_what_is_so_on_most_dates_is_the_rule(found: int, among: int, rule: int) -> None:
    assert usually(found, among) == rule


def test_a_teachers_day_is_full_of_what_is_booked() -> None:
    """S5"""
    wish = a_request(
        "r1",
        a_request_site("TF1"),
        a_request_site("JS", Role.LISTEN, 2, class_groups=(ClassGroupId("JS-C1"),)),
        weekdays=(2, 3),
    )
    free_day = a_problem(wish, books=busy_js_teacher())
    assert free_of("S5", free_day) == []
    full_day = replace(free_day, situation=replace(free_day.situation, sessions=weekly("10:25")))
    assert free_of("S5", full_day) == [0]
    assert weekdays(full_day, "S5") == [3]
    once = replace(free_day, situation=replace(free_day.situation, sessions=weekly("10:25", 1)))
    assert free_of("S5", once) == []


def few_periods_at_cb(rooms: int) -> Sequence[SchoolBook]:
    few = some_bells("CB", "8:20-9:00 9:10-9:50 10:20-11:00 14:30-15:10", weekdays=(2,))
    return some_books(
        CB={
            "rooms": {room.id: room for room in (a_room("CB", no) for no in range(1, rooms + 1))},
            "time": school_time("CB", bells=[few]),
        }
    )


def test_rooms_that_are_booked_are_not_free_for_urgent_use() -> None:
    """S11"""
    wish = a_request(
        "r1",
        a_request_site("TF1"),
        a_request_site("CB", Role.LISTEN, 1),
        min_minutes=10,
        weekdays=(2,),
    )
    problem = a_problem(wish, books=few_periods_at_cb(1))
    assert free_of("S11", problem) == []
    taken = tuple(each for starts in ("9:10", "10:20") for each in weekly(starts))
    full = replace(problem, situation=replace(problem.situation, sessions=taken))
    assert free_of("S11", full) == [0]
    assert {cost.preference for cost in allocated(full).placements[0].costs} >= {"S11"}


def test_afternoons_that_are_booked_are_shared_out() -> None:
    """S15"""
    wish = a_request(
        "r1",
        a_request_site("TF1"),
        a_request_site("JS", Role.LISTEN, 1),
        weekdays=(3,),
        max_shift_minutes=5,
    )
    problem = a_problem(wish)
    assert free_of("S15", problem) == []
    taken = tuple(each for starts in ("14:00", "14:50") for each in weekly(starts))
    busy = replace(problem, situation=replace(problem.situation, sessions=taken))
    assert free_of("S15", busy) == [0]
    mornings = tuple(each for starts in ("8:25", "10:25") for each in weekly(starts))
    early = replace(problem, situation=replace(problem.situation, sessions=(*taken, *mornings)))
    assert free_of("S15", early) == []


def test_awkward_times_that_are_booked_are_shared_out() -> None:
    """fair"""
    wishes = [
        a_request(f"r{no}", weekdays=(no,), earliest=time(14), max_shift_minutes=5)
        for no in (3, 4, 5)
    ]
    problem = a_problem(*wishes)
    assert free_of("fair", problem) == [1, 1]
    last_lessons = weekly("14:50")
    busy = replace(problem, situation=replace(problem.situation, sessions=last_lessons))
    assert free_of("fair", busy) == [1, 0]
    second_lessons = tuple(
        replace(each, sites=tuple(replace(site, period=2) for site in each.sites))
        for starts in ("9:15", "10:25", "11:15")
        for each in weekly(starts)
    )
    plain = replace(problem, situation=replace(problem.situation, sessions=second_lessons))
    assert free_of("fair", plain) == [1, 2]


def test_booked_sessions_of_other_weeks_do_not_count() -> None:
    wish = a_request("r1", weekdays=(3,), max_shift_minutes=5)
    problem = a_problem(wish)
    late = tuple(
        replace(each, slot=at("14:00", on=date(2026, 11, 3) + timedelta(weeks=week)))
        for week, each in enumerate(weekly("14:00") + weekly("14:50"))
    )
    busy = replace(problem, situation=replace(problem.situation, sessions=late))
    assert free_of("S15", busy) == []
