"""A booked series makes way for a request: what is offered is sound, and pinned ones stay."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, time, timedelta

import pytest

from scheduler.allocation.giving_way import ways
from scheduler.allocation.problem import Companion, Problem
from scheduler.conflicts import find_conflicts
from scheduler.members import ClassGroupId, TeacherId
from scheduler.model import After, RequestId, RequestState, Role, SeriesId, Session
from scheduler.placing import near
from scheduler.schools import SchoolBook
from tests.builders import NOW, a_day, a_room, a_session, a_site, at, school_time, some_books
from tests.scheduler.allocation.terms import FIRST_TUESDAY, a_problem, a_request, options
from tests.scheduler.desk import open_all_day

AT_TWO = a_request("r1", weekdays=(2,), earliest=time(14), latest=time(14, 40))


def one_room_each(**changes: object) -> list[SchoolBook]:
    books = some_books(
        **{
            school: {"rooms": {room.id: room}}
            for school in ("TF1", "JS")
            for room in (a_room(school),)
        }
    )
    return [replace(each, **changes) for each in books]  # type: ignore[arg-type]  # as they are


def a_series(starts: str = "14:00", weeks: int = 3, **fields: object) -> tuple[Session, ...]:
    """TF1's second class for JS's, on Tuesdays from week 2 on, in the only rooms."""
    sites = tuple(
        a_site(
            school,
            role,
            teacher=TeacherId(f"{school}-T2"),
            class_groups=(ClassGroupId(f"{school}-C2"),),
        )
        for school, role in (("TF1", Role.LEAD), ("JS", Role.LISTEN))
    )
    days = [FIRST_TUESDAY + timedelta(weeks=week) for week in range(weeks)]
    known = {"sites": sites, "series": SeriesId("booked"), "title": "二班音乐"} | fields
    return tuple(
        a_session(f"booked-{starts}-{on}", at(starts, on=on), series_date=on, **known)
        for on in days
    )


def asked(sessions: Sequence[Session], books: Sequence[SchoolBook]) -> Problem:
    problem = a_problem(AT_TWO, books=books, sessions=sessions)
    assert options(AT_TWO, problem) == []
    return problem


def test_it_moves_to_where_it_loses_no_date_and_the_request_fits() -> None:
    problem = asked(a_series(), one_room_each())
    (way,) = ways(AT_TWO, problem)
    assert way.sentence.zh.startswith("“二班音乐”改到周")
    assert way.sentence.zh.endswith("（须经TF1、JS同意）")
    moved = way.problem.situation.sessions
    assert len(moved) == 3
    placed = options(AT_TWO, way.problem)[0].sessions
    together = replace(way.problem.situation, sessions=(*moved, *placed))
    assert [
        find_conflicts(each, near(together, each.slot.starts.date()), now=NOW)
        for each in (*moved, *placed)
    ] == [()] * 6


def test_a_series_whose_dates_have_all_been_closed_since_is_left_alone() -> None:
    books = one_room_each()
    closed = school_time(days=[a_day(FIRST_TUESDAY)])
    books[0] = replace(books[0], time=closed)
    assert list(ways(AT_TWO, a_problem(AT_TWO, books=books, sessions=a_series(weeks=1)))) == []


def test_a_series_of_another_term_is_left_alone() -> None:
    later = tuple(
        replace(each, slot=at("14:00", on=on), series_date=on)
        for each, on in zip(
            a_series(), (date(2027, 3, 2 + 7 * week) for week in range(3)), strict=True
        )
    )
    problem = a_problem(AT_TWO, books=one_room_each(), sessions=later)
    assert list(ways(AT_TWO, problem)) == []


def test_schools_that_keep_the_time_open_need_not_be_asked() -> None:
    books = [
        replace(
            each,
            open_slots=tuple(open_all_day(each.school.id, weekday) for weekday in range(1, 6)),
        )
        for each in one_room_each()
    ]
    (way,) = ways(AT_TWO, asked(a_series(), books))
    assert "同意" not in way.sentence.zh
    assert "must agree" not in way.sentence.en


@pytest.mark.parametrize("pinned", [True, False])
def test_a_pinned_series_stays(pinned: bool) -> None:  # noqa: FBT001 - a parameter of the test
    found = list(ways(AT_TWO, asked(a_series(pinned=pinned), one_room_each())))
    assert bool(found) is not pinned


def test_a_series_that_goes_with_another_stays() -> None:
    """Another weekday would tear it from its preparation, and the rulebook would refuse that."""
    booked = a_request("booked", state=RequestState.PLACED, series=(SeriesId("booked"),))
    after = After(request=RequestId("prep"), at_least_days=2)
    companions = (
        Companion(replace(booked, after=(after,)), frozenset()),
        Companion(a_request("prep", state=RequestState.PLACED), frozenset()),
    )
    problem = asked(a_series(), one_room_each())
    assert list(ways(AT_TWO, problem)) != []
    assert list(ways(AT_TWO, replace(problem, companions=companions))) == []


def test_what_is_held_once_is_no_series_that_could_move() -> None:
    problem = asked(tuple(replace(each, series_date=None) for each in a_series()), one_room_each())
    assert list(ways(AT_TWO, problem)) == []


def test_a_series_that_is_not_in_the_way_alone_is_not_offered() -> None:
    third = tuple(
        replace(
            each,
            id=type(each.id)(f"third-{each.id}"),
            series=SeriesId("third"),
            sites=tuple(
                replace(
                    site,
                    teacher=TeacherId(f"{site.school}-T1"),
                    class_groups=(),
                    room=None,
                )
                for site in each.sites
            ),
        )
        for each in a_series()
    )
    assert list(ways(AT_TWO, asked((*a_series(), *third), one_room_each()))) == []
