"""What is published, put right with the least disturbance: sound, minimal, no more than that."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import product
from random import Random
from typing import Any, Final

import pytest

from scheduler.allocation.disturbance import OTHER_ROOM, OTHER_TIME
from scheduler.allocation.problem import Problem
from scheduler.allocation.repairing import Repair, repair
from scheduler.conflicts import find_conflicts
from scheduler.members import ClassGroupId, Room, RoomId, TeacherId
from scheduler.model import Kind, Role, Session, SessionId, SiteWish
from scheduler.placing import booking_of, draft, near
from scheduler.schools import SchoolBook
from tests.builders import (
    NOW,
    TUESDAY,
    a_pool,
    a_room,
    a_session,
    a_site,
    an_alliance,
    an_outage,
    at,
    some_books,
)
from tests.scheduler.allocation.terms import a_problem

TOLD: Final = 2 * 4
"""Two weeks' notice for two teachers and two classes."""
ONE_ROOM: Final = 2 * 2 * OTHER_ROOM
"""A teacher and a class find another room at their school."""


def a_lesson_of(no: int, starts: str = "14:00", room: int = 1, **fields: Any) -> Session:
    """TF1's class for JS's class, each with the teacher of its number, in rooms of one number."""
    sites = tuple(
        a_site(
            school,
            role,
            teacher=TeacherId(f"{school}-T{no}"),
            class_groups=(ClassGroupId(f"{school}-C{no}"),),
            room=RoomId(f"{school}-R{room}"),
        )
        for school, role in (("TF1", Role.LEAD), ("JS", Role.LISTEN))
    )
    return a_session(f"s{no}-{starts}", at(starts), sites=sites, **fields)


def rooms_at(school: str, count: int) -> list[Room]:
    return [a_room(school, no) for no in range(1, count + 1)]


def with_rooms(count: int, *out: str) -> tuple[SchoolBook, ...]:
    """TF1 and JS with so many rooms, of which some are out of order on Tuesday."""
    return some_books(
        **{
            school: {
                "rooms": {
                    room.id: room for no in range(1, count + 1) for room in (a_room(school, no),)
                },
                "outages": tuple(
                    an_outage(at("8:00", 600), room=RoomId(room), id=f"out-{room}")
                    for room in out
                    if room.startswith(school)
                ),
            }
            for school in ("TF1", "JS")
        }
    )


def repaired(*sessions: Session, books: Sequence[SchoolBook]) -> Repair:
    problem = a_problem(books=books, sessions=sessions)
    broken = broken_of(problem)
    rest = [each for each in sessions if each not in broken]
    return repair(broken, rest, problem, seconds=5)


def broken_of(problem: Problem) -> list[Session]:
    return [
        each
        for each in problem.situation.sessions
        if find_conflicts(each, near(problem.situation, each.slot.starts.date()), now=NOW)
    ]


def after(sessions: Sequence[Session], found: Repair, books: Sequence[SchoolBook]) -> list[Session]:
    """The sessions once every move is made."""
    moves = {move.session: move.after for move in found.moves}
    situation = a_problem(books=books).situation
    return [
        draft(
            replace(booking_of(each), slot=moves[each.id].slot, sites=moves[each.id].sites),
            situation,
            id=each.id,
            now=NOW,
        )
        if each.id in moves
        else each
        for each in sessions
        if each.id not in found.stuck
    ]


def rooms_of(sites: Sequence[SiteWish]) -> list[str | None]:
    return [site.room for site in sites]


def test_nothing_broken_is_nothing_to_do() -> None:
    found = repaired(a_lesson_of(1), books=with_rooms(2))
    assert found == Repair(moves=(), stuck=(), points=0, bound=0)


def test_another_room_disturbs_least_and_only_where_it_must() -> None:
    found = repaired(a_lesson_of(1), books=with_rooms(2, "TF1-R1"))
    (move,) = found.moves
    assert (move.session, move.before.slot) == ("s1-14:00", move.after.slot)
    assert rooms_of(move.after.sites) == ["TF1-R2", "JS-R1"]
    assert found.points == found.bound == move.points == ONE_ROOM


def test_without_another_room_the_time_moves() -> None:
    found = repaired(a_lesson_of(1), books=with_rooms(1))
    assert found.moves == ()
    broken = [
        replace(book, outages=(an_outage(at("13:30", 80), room=RoomId("TF1-R1")),))
        if book.school.id == "TF1"
        else book
        for book in with_rooms(1)
    ]
    (move,) = repaired(a_lesson_of(1), books=broken).moves
    assert move.after.slot.starts.date() == move.before.slot.starts.date()
    assert not move.after.slot.overlaps(at("13:30", 80))
    assert move.points >= TOLD * OTHER_TIME


def test_without_a_place_that_day_it_is_postponed() -> None:
    books = with_rooms(1, "TF1-R1")
    found = repaired(a_lesson_of(1), books=books)
    (move,) = found.moves
    days = (move.after.slot.starts.date() - TUESDAY).days
    assert 1 <= days <= 14
    (moved,) = after((a_lesson_of(1),), found, books)
    assert find_conflicts(moved, a_problem(books=books).situation, now=NOW) == ()


def test_a_session_beside_it_makes_room_where_that_disturbs_less() -> None:
    small, large = a_room("TF1", 1, seats=10), a_room("TF1", 2, seats=60)
    books: Sequence[SchoolBook] = [
        replace(
            book,
            rooms={small.id: small, large.id: large},
            outages=(an_outage(at("8:00", 600), room=RoomId("TF1-R3")),),
        )
        if book.school.id == "TF1"
        else book
        for book in with_rooms(3)
    ]
    third = a_room("TF1", 3, seats=60)
    books = [
        replace(book, rooms={**book.rooms, third.id: third}) if book.school.id == "TF1" else book
        for book in books
    ]
    hit = a_lesson_of(1, room=3)
    meeting = a_session(
        "meeting",
        at("14:00"),
        kind=Kind.JOINT_RESEARCH,
        sites=(
            a_site("TF1", teacher=TeacherId("TF1-T2"), class_groups=(), room=large.id),
            a_site(
                "JS",
                Role.LISTEN,
                teacher=TeacherId("JS-T2"),
                class_groups=(),
                room=RoomId("JS-R2"),
            ),
        ),
    )
    found = repaired(hit, meeting, books=books)
    assert {move.session: rooms_of(move.after.sites)[0] for move in found.moves} == {
        hit.id: large.id,
        "meeting": small.id,
    }
    pinned = repaired(hit, replace(meeting, pinned=True), books=books)
    assert [move.session for move in pinned.moves] == [hit.id]
    assert pinned.points > found.points


def test_e57_a_pinned_session_waits_for_a_person() -> None:
    found = repaired(a_lesson_of(1, pinned=True), books=with_rooms(2, "TF1-R1"))
    assert (found.moves, found.stuck) == ((), ("s1-14:00",))


def test_who_cannot_come_at_all_is_stuck_and_nobody_else_falls_for_it() -> None:
    gone = replace(
        a_lesson_of(1),
        sites=(a_site("TF1", teacher=TeacherId("nobody")), a_site("JS", Role.LISTEN)),
    )
    other = a_lesson_of(2, room=2)
    found = repaired(gone, other, books=with_rooms(2))
    assert (found.moves, found.stuck) == ((), (gone.id,))


def test_short_notice_weighs_more() -> None:
    soon = repaired(a_lesson_of(1), books=with_rooms(2, "TF1-R1"))
    problem = a_problem(books=with_rooms(2, "TF1-R1"), sessions=(a_lesson_of(1),))
    tomorrow = replace(problem, now=at("8:00", on=TUESDAY - timedelta(days=1)).starts)
    urgent = repair(broken_of(tomorrow), [], tomorrow, seconds=5)
    assert urgent.points > soon.points


def some_trouble(seed: int) -> tuple[list[Session], tuple[SchoolBook, ...]]:
    """Several lessons of one morning in two or three rooms, one or two of them out of order."""
    random = Random(seed)
    rooms = random.randint(2, 3)
    sessions = [
        a_lesson_of(no, starts, room)
        for starts in ("14:00", "14:55")
        for no, room in enumerate(random.sample(range(1, rooms + 1), random.randint(1, 2)), start=1)
    ]
    out = random.sample([f"{school}-R{no}" for school in ("TF1", "JS") for no in (1, 2)], 1)
    return sessions, with_rooms(rooms, *out)


@pytest.mark.parametrize("seed", range(12))
def test_repairs_are_sound_and_no_cheaper_one_by_rooms_exists(seed: int) -> None:
    sessions, books = some_trouble(seed)
    found = repaired(*sessions, books=books)
    moved = after(sessions, found, books)
    situation = a_problem(books=books, sessions=moved).situation
    assert [find_conflicts(each, situation, now=NOW) for each in moved] == [()] * len(moved)
    assert found.points == found.bound
    cheapest = fewest_room_changes(sessions, books)
    if cheapest is not None and cheapest * ONE_ROOM < TOLD * OTHER_TIME:
        assert found.stuck == ()
        assert found.points == cheapest * ONE_ROOM


def fewest_room_changes(sessions: Sequence[Session], books: Sequence[SchoolBook]) -> int | None:
    """By trying every way to hand out the rooms at the times as they are; None if none will do."""
    rooms = {book.school.id: list(book.rooms) for book in books}
    choices = [
        list(product(rooms[each.sites[0].school], rooms[each.sites[1].school])) for each in sessions
    ]
    best = None
    for chosen in product(*choices):
        tried = [
            replace(
                each,
                sites=tuple(
                    replace(site, room=room) for site, room in zip(each.sites, pair, strict=True)
                ),
            )
            for each, pair in zip(sessions, chosen, strict=True)
        ]
        changed = sum(
            site.room != room
            for each, pair in zip(sessions, chosen, strict=True)
            for site, room in zip(each.sites, pair, strict=True)
        )
        if best is not None and changed >= best:
            continue
        situation = a_problem(books=books, sessions=tried).situation
        if all(not find_conflicts(each, situation, now=NOW) for each in tried):
            best = changed
    return best


def test_rooms_of_schools_where_nothing_happened_stay_when_the_time_moves() -> None:
    books = with_rooms(3, "TF1-R1", "TF1-R2", "TF1-R3")
    (move,) = repaired(a_lesson_of(1, room=2), books=books).moves
    assert move.after.slot != move.before.slot
    assert rooms_of(move.after.sites) == ["TF1-R2", "JS-R2"]


def test_a_link_that_became_narrower_moves_as_few_as_possible() -> None:
    alliance = an_alliance()
    narrow = replace(alliance, link_pools={a_pool().id: a_pool(sessions=1)})
    sessions = (a_lesson_of(1), a_lesson_of(2, room=2))
    problem = a_problem(books=with_rooms(2), sessions=sessions, alliance=narrow)
    found = repair(broken_of(problem), [], problem, seconds=5)
    assert len(found.moves) == 1
    assert found.stuck == ()
    assert SessionId(found.moves[0].session) in {each.id for each in sessions}
