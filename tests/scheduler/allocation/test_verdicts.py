"""What is asked once for many options holds for each: here the whole rulebook is asked again."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, time
from itertools import product
from random import Random
from typing import Any

import pytest

from calendars.bells import SchoolId
from scheduler.allocation.problem import Problem
from scheduler.allocation.trials import Option
from scheduler.members import Lesson, RoomId, TeacherId
from scheduler.model import Request, Role, SessionId
from tests.builders import a_block, a_lesson, a_room, a_timetable, an_outage, at, some_books
from tests.scheduler.allocation.terms import (
    a_crowded_term,
    a_meeting,
    a_problem,
    allocated,
    made,
    options,
    sessions_of,
    slot_of,
)

SEEDS = (2, 3, 5)
FOURTH_TUESDAY = date(2026, 9, 29)


def a_full_term(seed: int) -> Problem:
    """Requests that leave open who assists, beside all that another plan has booked."""
    random = Random(seed)
    booked = replace(a_crowded_term(seed), requests=a_crowded_term(seed).requests[:3])
    return a_problem(
        *(_with_some_open(each, random) for each in a_crowded_term(seed + 100).requests[:5]),
        a_meeting("m1", "TF1", "CB", weekdays=(2,), weeks="2-8", latest=time(13)),
        books=some_books(**{school: _fields(school) for school in ("TF1", "JS", "CB")}),
        sessions=(
            replace(each, id=SessionId(f"booked-{each.id}"))
            for each in sessions_of(booked, allocated(booked))
        ),
    )


def _with_some_open(request: Request, random: Random) -> Request:
    return replace(
        request,
        weeks="2-8",
        sites=tuple(
            replace(site, teacher=None)
            if site.role is Role.LISTEN and random.random() < 0.7
            else site
            for site in request.sites
        ),
    )


def _in_odd_weeks(school: str) -> Iterator[Lesson]:
    """Each teacher has another class every other week."""
    for weekday, no in product((1, 2), (1, 2, 3)):
        teacher = TeacherId(f"{school}-T{no}")
        yield a_lesson(no, weekday=weekday, teacher=teacher, weeks="1-15单")


def _fields(school: str) -> Mapping[str, Any]:
    """Two rooms with one kit between them, one without that is too small or fails for a day."""
    rooms = (
        a_room(school, 1, kit=f"{school}-cart"),
        a_room(school, 2, kit=f"{school}-cart"),
        a_room(school, 3, seats=10 if school == "JS" else 60, buffer_minutes=0),
    )
    return {
        "rooms": {room.id: room for room in rooms},
        "outages": (an_outage(at("10:00", 120, on=FOURTH_TUESDAY), room=f"{school}-R3"),),
        "timetables": (a_timetable(school, 3, *_in_odd_weeks(school)),),
        "busy": (a_block(at("09:00", 60, on=FOURTH_TUESDAY), school, teacher=f"{school}-T1"),),
    }


def said(problem: Problem, option: Option, rooms: Mapping[SchoolId, RoomId]) -> Iterator[Any]:
    """What the whole rulebook says on each date of its weeks, in these rooms."""
    for on in sorted((*option.dates, *option.lost)):
        sites = tuple(replace(site, room=rooms.get(site.school)) for site in option.sites)
        slot = slot_of(on, option.weekly.starts, option.weekly.minutes)
        session = made(problem.situation, option.request, sites, slot, option.request.id)
        yield on, problem.conflicts_of(session)


def choices(option: Option) -> Iterator[dict[SchoolId, RoomId]]:
    for rooms in product(*option.rooms.values()):
        yield dict(zip(option.rooms, rooms, strict=True))


@pytest.mark.parametrize("seed", SEEDS)
def test_an_option_is_sound_on_each_date_and_in_each_of_its_rooms(seed: int) -> None:
    problem = a_full_term(seed)
    found = [option for each in problem.requests for option in options(each, problem)]
    assert len({option.sites for option in found}) > 4
    for option in found:
        for rooms in choices(option):
            against = {on for on, conflicts in said(problem, option, rooms) if conflicts}
            assert against.isdisjoint(option.dates)
            assert against == {*option.lost}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_room_that_an_option_lacks_is_forbidden_on_one_of_its_dates(seed: int) -> None:
    problem = a_full_term(seed)
    for request in problem.requests:
        for option in options(request, problem):
            first = next(choices(option))
            for school, possible in option.rooms.items():
                for room in {*problem.books[school].rooms} - {*possible}:
                    told = said(problem, option, first | {school: room})
                    assert any(conflicts for on, conflicts in told if on in option.dates)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_draft_of_each_date_is_the_session_in_rooms_that_are_possible(seed: int) -> None:
    problem = a_full_term(seed)
    for request in problem.requests:
        for option in options(request, problem):
            rooms = {school: possible[0] for school, possible in option.rooms.items()}
            sites = tuple(replace(site, room=rooms.get(site.school)) for site in option.sites)
            assert tuple(option.sessions) == tuple(
                replace(
                    made(
                        problem.situation,
                        request,
                        sites,
                        slot_of(on, option.weekly.starts, option.weekly.minutes),
                        request.id,
                    ),
                    series_date=on,
                )
                for on in option.dates
            )
            assert option.sessions[0] == next(iter(option.sessions))
            assert option.sessions[-1:] == tuple(option.sessions)[-1:]
            assert len(option.sessions) == len(option.dates)
