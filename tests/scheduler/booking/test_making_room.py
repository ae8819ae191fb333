"""Where nothing is free: one other session moves, and both new places are sound; none is missed."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import product
from random import Random
from typing import Any

import pytest

from calendars.bells import SchoolId
from calendars.text import Text
from scheduler.booking.alternatives import alternatives_for
from scheduler.booking.candidates import Candidates, dates_around
from scheduler.booking.making_room import movable_for, with_one_moved
from scheduler.conflicts import find_conflicts
from scheduler.members import ClassGroupId, RoomId, TeacherId
from scheduler.model import (
    Actor,
    ActorRole,
    Alternative,
    Booking,
    FirstMove,
    Form,
    Role,
    Session,
    SessionId,
)
from scheduler.placing import booking_of, draft, wish_of
from scheduler.schools import SchoolBook, Situation
from tests.builders import (
    NOW,
    TUESDAY,
    a_block,
    a_room,
    a_session,
    a_site,
    a_situation,
    at,
    school_time,
    some_bells,
    some_books,
)
from tests.scheduler.desk import a_booking, a_wish, open_all_day

LESSONS = "8:30-9:10 9:25-10:05 10:35-11:15"
TIMES = ("8:30", "9:25", "10:35")
TUESDAYS = (TUESDAY, TUESDAY + timedelta(weeks=1))


def books_of_tuesdays(rooms: int = 1) -> tuple[SchoolBook, ...]:
    """TF1 and JS ring three lessons, on Tuesdays only."""
    return some_books(
        **{
            school: {
                "time": school_time(school, bells=[some_bells(school, LESSONS, weekdays=(2,))]),
                "rooms": {
                    room.id: room for room in (a_room(school, no) for no in range(1, rooms + 1))
                },
            }
            for school in ("TF1", "JS")
        }
    )


def a_lesson_of(no: int, starts: str, on: date = TUESDAY, room: int = 1) -> Session:
    return a_session(
        f"s-{on}-{starts}-{no}-{room}",
        at(starts, on=on),
        title=f"课{no}",
        sites=tuple(
            a_site(
                school,
                role,
                teacher=TeacherId(f"{school}-T{no}"),
                class_groups=(ClassGroupId(f"{school}-C{(no - 1) % 2 + 1}"),),
                room=RoomId(f"{school}-R{room}"),
            )
            for school, role in (("TF1", Role.LEAD), ("JS", Role.LISTEN))
        ),
    )


def wanted(starts: str = "8:30") -> Booking:
    """TF1-T1 and JS-T1 with their first classes, in whatever room."""
    return a_booking(slot=at(starts), sites=(a_wish("TF1"), a_wish("JS", Role.LISTEN)))


def only_at_half_past_eight(*books: SchoolBook) -> list[SchoolBook]:
    """TF1-T1 is busy at all other times."""
    times = [at("9:15", 500), at("8:00", 600, on=TUESDAYS[1])]
    blocks = tuple(
        a_block(slot, "TF1", id=f"b{no}", teacher=TeacherId("TF1-T1"))
        for no, slot in enumerate(times)
    )
    return [replace(each, busy=blocks) if each.school.id == "TF1" else each for each in books]


def asked(
    booking: Booking, sessions: Sequence[Session], books: Sequence[SchoolBook]
) -> tuple[Alternative, ...]:
    situation = a_situation(*sessions, books=books)
    return with_one_moved(booking, situation, sessions, now=NOW)


def test_whoever_can_be_elsewhere_makes_room_for_who_cannot() -> None:
    books = only_at_half_past_eight(*books_of_tuesdays())
    other = a_lesson_of(2, "8:30")
    assert alternatives_for(wanted(), a_situation(other, books=books), now=NOW) == ()
    (found,) = asked(wanted(), [other], books)
    assert (found.slot, [site.room for site in found.sites]) == (at("8:30"), ["TF1-R1", "JS-R1"])
    assert found.first == FirstMove(
        session=other.id,
        revision=1,
        title="课2",
        slot=at("9:25"),
        sites=tuple(replace(wish_of(site), period=2) for site in other.sites),
        asks=(SchoolId("TF1"), SchoolId("JS")),
    )
    assert found.changes == Text(
        "时间不变（9月8日（周二）08:30-09:10）。"
        "前提是“课2”先调整：改到当天 09:25-10:05。须经TF1、JS同意。",
        "Same time (Tue 8 Sep 08:30-09:10). "
        "But first “课2” moves: The same day at 09:25-10:05. TF1, JS must agree.",
    )


def test_schools_whose_open_slots_cover_it_need_not_be_asked() -> None:
    books = [
        replace(each, open_slots=(open_all_day(each.school.id),))
        for each in only_at_half_past_eight(*books_of_tuesdays())
    ]
    (found,) = asked(wanted(), [a_lesson_of(2, "8:30")], books)
    assert found.first is not None
    assert found.first.asks == ()
    assert found.changes.zh.endswith("各校开放时段均已允许。")
    assert found.changes.en.endswith("All schools keep that time open.")


@pytest.mark.parametrize(("school", "through"), [("JS", ()), ("CB", ("TF1", "JS"))])
def test_whoever_may_not_propose_the_move_is_told_who_may(
    school: str, through: tuple[str, ...]
) -> None:
    asker = Actor(name="教导处", role=ActorRole.SCHOOL_COORDINATOR, school=SchoolId(school))
    books = only_at_half_past_eight(*books_of_tuesdays())
    other = a_lesson_of(2, "8:30")
    situation = a_situation(other, books=books)
    (found,) = with_one_moved(wanted(), situation, [other], now=NOW, actor=asker)
    assert found.first is not None
    assert found.first.through == through
    told = "请联系TF1或JS的教导处，或联盟办公室，由其提出。"
    assert found.changes.zh.endswith(told) == bool(through)
    told = "Ask the coordinator of TF1 or JS, or the alliance's office, to propose it."
    assert found.changes.en.endswith(told) == bool(through)


def test_another_room_at_the_same_time_comes_first_for_who_makes_room() -> None:
    books = [
        replace(
            each,
            rooms={
                **each.rooms,
                RoomId(f"{each.school.id}-R2"): a_room(each.school.id, 2, seats=1),
            },
            class_groups={
                key: replace(group, pupils=30 if key.endswith("C1") else 1)
                for key, group in each.class_groups.items()
            },
        )
        for each in only_at_half_past_eight(*books_of_tuesdays())
    ]
    (found,) = asked(wanted(), [a_lesson_of(2, "8:30")], books)
    assert found.first is not None
    assert found.first.slot == at("8:30")
    assert [site.room for site in found.first.sites] == ["TF1-R2", "JS-R2"]


@pytest.mark.parametrize(
    "stays",
    [
        {"pinned": True},
        {"slot": at("8:30", on=NOW.date() - timedelta(days=3))},
    ],
)
def test_pinned_and_past_sessions_make_no_room(stays: dict[str, Any]) -> None:
    other = replace(a_lesson_of(2, "8:30"), **stays)
    situation = a_situation(other)
    assert movable_for(wanted(), situation, now=NOW) == []


def test_no_more_than_one_session_moves() -> None:
    books = only_at_half_past_eight(*books_of_tuesdays())
    tf1, js = a_lesson_of(2, "8:30"), a_lesson_of(3, "8:30")
    apart = [
        replace(tf1, sites=(tf1.sites[0],)),
        replace(js, sites=(replace(js.sites[1], role=Role.LEAD),), id=SessionId("js")),
    ]
    assert asked(wanted(), apart, books) == ()


def sound(alternative: Alternative, booking: Booking, situation: Situation) -> list[str]:
    """What the rulebook says against both moves together."""
    move = alternative.first
    assert move is not None
    (other,) = (each for each in situation.sessions if each.id == move.session)
    rest = [each for each in situation.sessions if each.id != move.session]
    moved = draft(
        replace(booking_of(other), slot=move.slot, sites=move.sites),
        situation,
        id=other.id,
        now=NOW,
    )
    placed = draft(
        replace(booking, slot=alternative.slot, sites=alternative.sites),
        situation,
        id=SessionId("mine"),
        now=NOW,
    )
    together = replace(situation, sessions=(*rest, moved, placed))
    return [
        conflict.sentence.en
        for session, published in ((moved, other), (placed, None))
        for conflict in find_conflicts(session, together, now=NOW, published=published)
    ]


def some_trouble(seed: int) -> tuple[Situation, Booking]:
    """Two mornings of few rooms and teachers, much of it taken."""
    random = Random(seed)
    rooms = random.choice((1, 1, 2))
    books: Sequence[SchoolBook] = books_of_tuesdays(rooms)
    if random.random() < 0.7:
        books = only_at_half_past_eight(*books)
    sessions: list[Session] = []
    for on, starts in product(TUESDAYS, TIMES):
        for room in range(1, rooms + 1):
            new = a_lesson_of(random.choice((1, 2, 3)), starts, on, room)
            situation = a_situation(*sessions, books=books)
            if random.random() < 0.75 and not find_conflicts(new, situation, now=NOW):
                sessions.append(new)
    return a_situation(*sessions, books=books), wanted(random.choice(TIMES))


def places(booking: Booking, situation: Situation) -> Iterator[Booking]:
    """Every time by the bells of the two weeks, in every choice of rooms."""
    hunt = Candidates(booking, situation)
    times = [
        *hunt.at_the_same_time(),
        *(each for on in dates_around(hunt.day) for each in hunt.times_on(on)),
    ]
    for each in times:
        choices = [situation.schools[site.school].rooms for site in each.sites]
        for rooms in product(*choices):
            yield replace(
                each,
                sites=tuple(
                    replace(site, room=room) for site, room in zip(each.sites, rooms, strict=True)
                ),
            )


def is_free_somewhere(booking: Booking, situation: Situation) -> bool:
    """Whether there is a place for which nobody need move."""
    drafts = (
        draft(each, situation, id=SessionId("mine"), now=NOW) for each in places(booking, situation)
    )
    return any(not find_conflicts(each, situation, now=NOW) for each in drafts)


def some_pair_exists(booking: Booking, situation: Situation) -> bool:
    """By trying every place with every other session at each of its places."""
    for other in situation.sessions:
        rest = tuple(each for each in situation.sessions if each.id != other.id)
        without = replace(situation, sessions=rest)
        for mine in places(booking, without):
            placed = draft(mine, without, id=SessionId("mine"), now=NOW)
            if find_conflicts(placed, without, now=NOW):
                continue
            beside = replace(without, sessions=(*rest, placed))
            for theirs in places(booking_of(other), beside):
                moved = draft(theirs, beside, id=other.id, now=NOW)
                if not find_conflicts(moved, beside, now=NOW, published=other):
                    return True
    return False


@pytest.mark.parametrize("seed", range(40))
def test_what_is_told_is_sound_and_nothing_is_missed(seed: int) -> None:
    situation, booking = some_trouble(seed)
    movable = movable_for(booking, situation, now=NOW)
    found = with_one_moved(booking, situation, movable, now=NOW)
    assert [sound(each, booking, situation) for each in found] == [[]] * len(found)
    assert len(movable) == len(situation.sessions)
    if not is_free_somewhere(booking, situation):
        assert bool(found) == some_pair_exists(booking, situation)


def test_what_a_proposal_moves_already_and_what_is_changed_itself_make_no_room() -> None:
    other = a_lesson_of(2, "8:30")
    proposed = replace(other, slot=at("9:25"))
    assert movable_for(wanted(), a_situation(other, proposed), now=NOW) == []
    assert movable_for(wanted(), a_situation(other), now=NOW, published=other) == []
    assert movable_for(wanted(), a_situation(other), now=NOW) == [other]


def a_meeting_of(*teachers: str) -> Booking:
    """Half an hour without a class, from 16:10."""
    sites = tuple(
        a_wish(teacher.split("-")[0], role, teacher=TeacherId(teacher), class_groups=(), room=None)
        for teacher, role in zip(teachers, (Role.LEAD, Role.LISTEN), strict=True)
    )
    return a_booking(slot=at("16:10", 30), sites=sites, form=Form.DEDICATED)


def test_a_day_full_of_times_that_do_not_suit_does_not_hide_the_next_day() -> None:
    """Without a class a meeting may start every ten minutes: more times than are judged."""
    busy_on_tuesday = [at("8:00", 490), at("16:40", 80)]
    busy_else = [at("0:00", 1440, on=TUESDAY + timedelta(days=no)) for no in range(-1, 14) if no]
    busy = {"TF1-T1": busy_on_tuesday, "JS-T2": [*busy_on_tuesday, *busy_else]}
    books = [
        replace(
            each,
            time=school_time(each.school.id, bells=[some_bells(each.school.id, LESSONS)]),
            busy=tuple(
                a_block(slot, each.school.id, id=f"{teacher}-{no}", teacher=TeacherId(teacher))
                for teacher, slots in busy.items()
                for no, slot in enumerate(slots)
                if teacher.startswith(each.school.id)
            ),
        )
        for each in some_books()
    ]
    meeting = draft(
        a_meeting_of("TF1-T1", "CB-T1"), a_situation(books=books), id=SessionId("s"), now=NOW
    )
    (found,) = asked(a_meeting_of("TF1-T1", "JS-T2"), [meeting], books)
    assert found.slot == at("16:10", 30)
    assert found.first is not None
    assert found.first.slot == at("16:10", 30, on=TUESDAY + timedelta(days=-1))
