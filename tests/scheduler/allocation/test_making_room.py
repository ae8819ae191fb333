"""An urgent request without a free place: who moves for it, as little as can be, none pinned."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from random import Random
from typing import Any, Final

import pytest

from scheduler.allocation.disturbance import OTHER_ROOM, OTHER_TIME
from scheduler.allocation.repairing import Repair, make_room
from scheduler.conflicts import find_conflicts
from scheduler.members import ClassGroupId, RoomId, TeacherId
from scheduler.model import Booking, Request, Role, Session, SessionId
from scheduler.placing import agenda_of, booking_of, draft
from scheduler.schools import SchoolBook
from tests.builders import (
    NOW,
    TUESDAY,
    a_class,
    a_room,
    a_session,
    a_site,
    a_teacher,
    at,
    school_time,
    some_bells,
    some_books,
    wall,
)
from tests.scheduler.allocation.terms import a_problem, a_request, a_request_site

BELLS: Final = "14:00-14:40 14:55-15:35 15:50-16:30"
ENDS: Final = {"14:00": "14:40", "14:55": "15:35", "15:50": "16:30"}
STARTS: Final = tuple(ENDS)
NOTICE, PEOPLE = 2, 2
"""Two weeks' notice; a teacher and a class at each of two schools."""
SCHOOLS: Final = (("TF1", Role.LEAD), ("JS", Role.LISTEN))


def books(rooms: int = 2) -> tuple[SchoolBook, ...]:
    """TF1 and JS with three lessons in the afternoon and nothing else."""
    return some_books(
        **{
            school: {
                "time": school_time(school, bells=[some_bells(school, BELLS)]),
                "rooms": {each.id: each for no in range(rooms) for each in (a_room(school, no),)},
                "teachers": {each.id: each for no in range(6) for each in (a_teacher(school, no),)},
                "class_groups": {
                    each.id: each for no in range(6) for each in (a_class(school, no),)
                },
            }
            for school, _ in SCHOOLS
        }
    )


def a_lesson(no: int, starts: str, room: int = 0, **fields: Any) -> Session:
    """The teacher and the class of one number, in the rooms of one number, at both schools."""
    sites = tuple(
        a_site(
            school,
            role,
            teacher=TeacherId(f"{school}-T{no}"),
            class_groups=(ClassGroupId(f"{school}-C{no}"),),
            room=RoomId(f"{school}-R{room}"),
        )
        for school, role in SCHOOLS
    )
    return a_session(f"s{no}-{starts}", at(starts), sites=sites, **fields)


def urgent(no: int = 5, **fields: Any) -> Request:
    """The Tuesday of week 2, for the teachers and classes of that number."""
    sites = tuple(a_request_site(school, role, no) for school, role in SCHOOLS)
    return a_request(
        "urgent", *sites, **{"weeks": "2", "weekdays": (2,), "link_pool": None} | fields
    )


def at_one_time(starts: str, **fields: Any) -> Request:
    return urgent(earliest=wall(starts), latest=wall(ENDS[starts]), **fields)


def made(request: Request, *sessions: Session, rooms: int = 2) -> Repair:
    problem = a_problem(request, books=books(rooms), sessions=sessions)
    return make_room(request, sessions, problem, seconds=5)


def test_where_there_is_a_place_nobody_moves() -> None:
    found = made(urgent(), a_lesson(1, "14:00", 0))
    assert (found.moves, found.points, found.bound) == ((), 0, 0)
    (placement,) = found.placements
    assert placement.dates == (TUESDAY,)


def test_several_sessions_move_where_one_would_not_do() -> None:
    """14:00 is wanted. Who is there can only go to 14:55, whence another must leave first."""
    sessions = (a_lesson(1, "14:00"), a_lesson(2, "14:55"))
    away = replace(a_lesson(1, "15:50"), pinned=True)
    other_room = replace(
        away,
        sites=tuple(replace(site, room=RoomId(f"{site.school}-R1")) for site in away.sites),
    )
    only_first_rooms = replace(
        at_one_time("14:00"),
        sites=tuple(replace(site, room=RoomId(f"{site.school}-R0")) for site in urgent().sites),
    )
    busy = [
        replace(a_lesson(no, starts, 1), pinned=True) for no, starts in ((3, "14:00"), (4, "14:55"))
    ]
    found = made(only_first_rooms, *sessions, other_room, *busy)
    assert {move.session: f"{hour(move)}" for move in found.moves} == {
        "s1-14:00": "14:55",
        "s2-14:55": "15:50",
    }
    assert found.points == found.bound == 2 * OTHER_TIME * NOTICE * 2 * PEOPLE
    assert is_sound(only_first_rooms, (*sessions, other_room, *busy), found)


def hour(move: Any) -> str:
    return f"{move.after.slot.starts.astimezone(school_time().zone):%H:%M}"


def test_a_request_that_has_no_place_even_so_moves_nobody() -> None:
    pinned = tuple(replace(a_lesson(no, "14:00", no), pinned=True) for no in (0, 1))
    found = made(at_one_time("14:00"), *pinned, a_lesson(2, "14:55"))
    assert found == Repair(moves=(), stuck=(), points=0, bound=None)


def test_another_date_is_looked_at_where_the_day_is_full() -> None:
    sessions = tuple(a_lesson(no, starts) for no, starts in enumerate(STARTS))
    found = made(urgent(), *sessions, rooms=1)
    (move,) = found.moves
    assert 1 <= (move.after.slot.starts.date() - TUESDAY).days <= 14


def test_the_cheapest_place_of_those_that_disturb_as_little_is_taken() -> None:
    found = made(urgent())
    assert [f"{each.weekly.starts:%H:%M}" for each in found.placements] == ["14:55"]  # S3


@pytest.mark.parametrize("seed", range(16))
def test_as_little_moves_as_every_way_to_do_it_shows(seed: int) -> None:
    request, sessions = some_afternoon(Random(seed))
    found = made(request, *sessions)
    least = least_points(request, sessions)
    if least is None:  # only another date may help
        assert not found.placements or any(is_on_another_date(move) for move in found.moves)
    else:
        assert found.points == found.bound == least
        assert is_sound(request, sessions, found)


def is_on_another_date(move: Any) -> bool:
    return bool(move.after.slot.starts.date() != move.before.slot.starts.date())


def some_afternoon(random: Random) -> tuple[Request, list[Session]]:
    """Two rooms, three lessons, most of them taken; some are pinned."""
    sessions = []
    for starts in STARTS:
        people = random.sample(range(5), 2)
        for room, no in enumerate(people[: random.choice((1, 2))]):
            sessions.append(a_lesson(no, starts, room, pinned=random.random() < 0.15))
    wanted = random.choice(
        (at_one_time("14:00"), at_one_time("14:55"), urgent(random.choice((4, 5))))
    )
    return wanted, sessions


Held = tuple[str, tuple[int, ...]]
"""A start, and the room at each school."""


def ways(session: Session) -> Iterator[tuple[int, Held]]:
    """Everywhere a session could be that afternoon, with what it disturbs."""
    own = f"{session.slot.starts.astimezone(school_time().zone):%H:%M}"
    had = tuple(int(str(site.room)[-1]) for site in session.sites)
    for starts, rooms in product(STARTS, product((0, 1), repeat=2)):
        others = sum(room != before for room, before in zip(rooms, had, strict=True))
        if starts == own:
            points = others * OTHER_ROOM * NOTICE * PEOPLE
        else:
            points = OTHER_TIME * NOTICE * 2 * PEOPLE + others
        if not session.pinned or not points:
            yield points, (starts, rooms)


def least_points(request: Request, sessions: Sequence[Session]) -> int | None:
    """By trying every place of everybody that afternoon; the rulebook judges."""
    wanted = [
        (starts, rooms)
        for starts, rooms in product(STARTS, product((0, 1), repeat=2))
        if request.earliest <= wall(starts) and wall(ENDS[starts]) <= request.latest
    ]
    possible = (
        points
        for points, held in arrangements(sessions)
        if any(
            is_possible([*map(moved_to, sessions, held), as_session(request, where)])
            for where in wanted
            if not meet_in_a_room([*held, where])
        )
    )
    return next(possible, None)


def arrangements(sessions: Sequence[Session]) -> list[tuple[int, list[Held]]]:
    """Every way to hold them in rooms of their own, those that disturb least first."""
    found: list[tuple[int, list[Held]]] = [(0, [])]
    for session in sessions:
        found = [
            (before + points, [*held, where])
            for before, held in found
            for points, where in ways(session)
            if not meet_in_a_room([*held, where])
        ]
    return sorted(found, key=lambda each: each[0])


def meet_in_a_room(held: Sequence[Held]) -> bool:
    taken = {(starts, school, room) for starts, rooms in held for school, room in enumerate(rooms)}
    return len(taken) < 2 * len(held)


def moved_to(session: Session, where: Held) -> Session:
    starts, rooms = where
    booking = booking_of(session)
    sites = tuple(
        replace(site, room=RoomId(f"{site.school}-R{room}"))
        for site, room in zip(booking.sites, rooms, strict=True)
    )
    wanted = replace(booking, slot=at(starts), sites=sites)
    return draft(wanted, a_problem(books=books()).situation, id=session.id, now=NOW)


def as_session(request: Request, where: Held) -> Session:
    booking = Booking(**agenda_of(request), slot=at(where[0]), sites=request.sites)
    named = draft(booking, a_problem(books=books()).situation, id=SessionId("urgent"), now=NOW)
    return moved_to(named, where)


def is_possible(sessions: Sequence[Session]) -> bool:
    situation = a_problem(books=books(), sessions=sessions).situation
    return not any(find_conflicts(each, situation, now=NOW) for each in sessions)


def is_sound(request: Request, sessions: Sequence[Session], found: Repair) -> bool:
    """Whether the rulebook has nothing against all that is held once every move is made."""
    moves = {move.session: move.after for move in found.moves}
    situation = a_problem(books=books()).situation
    after = [
        draft(
            replace(booking_of(each), slot=moves[each.id].slot, sites=moves[each.id].sites),
            situation,
            id=each.id,
            now=NOW,
        )
        if each.id in moves
        else each
        for each in sessions
    ]
    (placement,) = found.placements
    booking = Booking(
        **agenda_of(request), slot=at(f"{placement.weekly.starts:%H:%M}"), sites=placement.sites
    )
    return is_possible([*after, draft(booking, situation, id=SessionId("urgent"), now=NOW)])
