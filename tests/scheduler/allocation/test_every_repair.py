"""No repair of a small afternoon disturbs less than the one found: all cheaper ones are tried.

Rooms, times of the day and later dates alike; the rulebook judges, and what each change is worth is
worked out here again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import product
from random import Random
from typing import Final, NamedTuple

import pytest

from calendars.days import DayKind
from scheduler.allocation.disturbance import OTHER_DATE, OTHER_ROOM, OTHER_TIME
from scheduler.allocation.repairing import Repair, repair
from scheduler.conflicts import find_conflicts
from scheduler.members import RoomId, TeacherId
from scheduler.model import Session, SessionId
from scheduler.placing import POSTPONED_AT_MOST_DAYS, booking_of, draft
from scheduler.schools import SchoolBook
from tests.builders import (
    NOW,
    TUESDAY,
    a_block,
    a_day,
    an_outage,
    at,
    school_time,
    some_bells,
)
from tests.scheduler.allocation.terms import a_problem
from tests.scheduler.allocation.test_making_room import (
    BELLS,
    NOTICE,
    PEOPLE,
    SCHOOLS,
    STARTS,
    a_lesson,
    books,
)

LEAD, LISTENER = (school for school, _ in SCHOOLS)


class Where(NamedTuple):
    """Days after its own, a start, and the room at each school."""

    ahead: int
    starts: str
    rooms: tuple[int, ...]


def without_room(random: Random) -> list[SchoolBook]:
    """One room is out of order for a lesson or all afternoon."""
    school, room = random.choice((LEAD, LISTENER)), random.randrange(2)
    slot = random.choice((at("14:00"), at("14:55"), at("13:00", 240)))
    out = (an_outage(slot, room=RoomId(f"{school}-R{room}")),)
    return [replace(book, outages=out) if book.school.id == school else book for book in books()]


def without_teacher(random: Random) -> list[SchoolBook]:
    """A teacher is away for two lessons, or for the afternoon."""
    school, no = random.choice((LEAD, LISTENER)), random.randrange(5)
    slot = random.choice((at("14:00", 95), at("14:55", 95), at("13:00", 240)))
    away = (a_block(slot, school, teacher=TeacherId(f"{school}-T{no}")),)
    return [replace(book, busy=away) if book.school.id == school else book for book in books()]


def without_day(random: Random) -> list[SchoolBook]:
    """A school has no lessons that day."""
    school = random.choice((LEAD, LISTENER))
    days = [a_day(TUESDAY, DayKind.SUSPENDED, school=school)]
    time = school_time(school, days=days, bells=[some_bells(school, BELLS)])
    return [replace(book, time=time) if book.school.id == school else book for book in books()]


def some_afternoon(random: Random) -> list[Session]:
    """Two rooms, three lessons, most of them taken; some are pinned."""
    return [
        a_lesson(no, starts, room, pinned=random.random() < 0.15)
        for starts in STARTS
        for room, no in enumerate(random.sample(range(5), random.choice((1, 1, 2))))
    ]


def is_refused(session: Session, sessions: Sequence[Session], after: Sequence[SchoolBook]) -> bool:
    situation = a_problem(books=after, sessions=sessions).situation
    return bool(find_conflicts(session, situation, now=NOW))


def ways(session: Session, *, may_wait: bool) -> list[tuple[int, Where]]:
    """Everywhere it could be, with what it disturbs, the least first."""
    own = f"{session.slot.starts.astimezone(school_time().zone):%H:%M}"
    had = tuple(int(str(site.room)[-1]) for site in session.sites)
    found = []
    for ahead in range(POSTPONED_AT_MOST_DAYS + 1 if may_wait else 1):
        for starts, rooms in product(STARTS, product((0, 1), repeat=2)):
            others = sum(room != before for room, before in zip(rooms, had, strict=True))
            if ahead:
                points = OTHER_DATE * NOTICE * 2 * PEOPLE + ahead + others
            elif starts != own:
                points = OTHER_TIME * NOTICE * 2 * PEOPLE + others
            else:
                points = OTHER_ROOM * NOTICE * PEOPLE * others
            found.append((points, Where(ahead, starts, rooms)))
    return sorted(found)


def arrangements(
    choices: Sequence[Sequence[tuple[int, Where]]], below: int
) -> Iterator[list[Where]]:
    """Every way to hold them in rooms of their own that disturbs less than this."""
    if not choices:
        yield []
        return
    for points, where in choices[0]:
        if points >= below:
            return
        for others in arrangements(choices[1:], below - points):
            if not any(meet_in_a_room(where, other) for other in others):
                yield [where, *others]


def meet_in_a_room(one: Where, other: Where) -> bool:
    return (one.ahead, one.starts) == (other.ahead, other.starts) and any(
        here == there for here, there in zip(one.rooms, other.rooms, strict=True)
    )


def held_at(session: Session, where: Where, after: Sequence[SchoolBook]) -> Session:
    booking = booking_of(session)
    on: date = TUESDAY + timedelta(days=where.ahead)
    sites = tuple(
        replace(site, room=RoomId(f"{site.school}-R{room}"))
        for site, room in zip(booking.sites, where.rooms, strict=True)
    )
    wanted = replace(booking, slot=at(where.starts, on=on), sites=sites)
    return draft(wanted, a_problem(books=after).situation, id=session.id, now=NOW)


def something_cheaper(
    found: Repair,
    free: Sequence[Session],
    stay: Sequence[Session],
    hit: Sequence[SessionId],
    after: Sequence[SchoolBook],
) -> list[Where] | None:
    """A way that disturbs less than the repair and leaves all `free` sessions possible."""
    choices = [
        [
            (points, where)
            for points, where in ways(each, may_wait=each.id in hit)
            if points < found.points and not is_refused(held_at(each, where, after), stay, after)
        ]
        for each in free
    ]
    for tried in arrangements(choices, found.points):
        held = [held_at(each, where, after) for each, where in zip(free, tried, strict=True)]
        if not any(is_refused(each, [*held, *stay], after) for each in held):
            return tried
    return None


def repaired(found: Repair, free: Sequence[Session], after: Sequence[SchoolBook]) -> list[Session]:
    """The sessions once every move is made."""
    moves = {move.session: move.after for move in found.moves}
    situation = a_problem(books=after).situation
    return [
        draft(
            replace(booking_of(each), slot=moves[each.id].slot, sites=moves[each.id].sites),
            situation,
            id=each.id,
            now=NOW,
        )
        if each.id in moves
        else each
        for each in free
    ]


TROUBLES: Final = (without_room, without_teacher, without_day)


@pytest.mark.parametrize("seed", [0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12, 15])
def test_nothing_that_disturbs_less_would_do(seed: int) -> None:
    random = Random(seed)
    sessions, after = some_afternoon(random), TROUBLES[seed % len(TROUBLES)](random)
    broken = [each for each in sessions if is_refused(each, sessions, after)]
    rest = [each for each in sessions if each not in broken]
    found = repair(broken, rest, a_problem(books=after, sessions=sessions), seconds=20)
    free = [each for each in sessions if not each.pinned]
    stay = [each for each in sessions if each.pinned]
    assert found.stuck == tuple(each.id for each in broken if each.pinned)
    assert found.points == found.bound == sum(move.points for move in found.moves)
    held = repaired(found, free, after)
    assert not any(is_refused(each, [*held, *stay], after) for each in held)
    hit = [each.id for each in broken]
    assert something_cheaper(found, free, stay, hit, after) is None
