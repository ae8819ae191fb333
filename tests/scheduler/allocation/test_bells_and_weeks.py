"""What bells, timetables and weeks make of a wish: own lessons, double ones, tactics, patterns."""

from datetime import date, time, timedelta
from typing import Any

import pytest

from calendars.windows import Tactic
from scheduler.allocation.problem import Problem
from scheduler.allocation.result import Allocation
from scheduler.members import TeacherId, Timetable
from scheduler.model import Placement, Role
from tests.builders import a_lesson, a_timetable, some_books
from tests.scheduler.allocation.terms import (
    a_problem,
    a_request,
    a_request_site,
    allocated,
    faults_of,
    options,
)

AFTERNOON: dict[str, Any] = {"weekdays": (2,), "earliest": time(14), "latest": time(15, 40)}
MONDAY_OF_WEEK_1 = date(2026, 8, 31)


def only(problem: Problem, allocation: Allocation) -> Placement:
    assert faults_of(problem, allocation) == []
    assert allocation.unplaced == ()
    (placement,) = allocation.placements
    return placement


def music_in(period: int, school: str = "TF1", **given: Any) -> Timetable:
    """A Tuesday full of mathematics, but for one lesson of music."""
    return a_timetable(
        school,
        1,
        *(
            a_lesson(no, "音乐", **given) if no == period else a_lesson(no, "数学")
            for no in range(1, 7)
        ),
    )


@pytest.mark.parametrize(("period", "starts"), [(5, "14:00"), (6, "14:55")])
def test_a_synchronous_lesson_replaces_the_lead_classs_own_lesson(period: int, starts: str) -> None:
    own = music_in(period, teacher=TeacherId("TF1-T1"))
    books = some_books(TF1={"timetables": (own,)})
    problem = a_problem(a_request(**AFTERNOON), books=books)
    placement = only(problem, allocated(problem))
    assert f"{placement.weekly.starts:%H:%M}" == starts


def test_the_lead_teachers_lesson_with_another_class_is_not_replaced() -> None:
    with_others = a_timetable("TF1", 2, a_lesson(5, "音乐", teacher=TeacherId("TF1-T1")))
    books = some_books(TF1={"timetables": (music_in(5), with_others)})
    (unplaced,) = allocated(a_problem(a_request(**AFTERNOON), books=books)).unplaced
    assert any("H2" in reason.en for reason in unplaced.reasons)


def test_the_listening_class_replaces_its_own_lesson_too() -> None:
    books = some_books(TF1={"timetables": (music_in(5),)}, JS={"timetables": (music_in(4, "JS"),)})
    (unplaced,) = allocated(a_problem(a_request(**AFTERNOON), books=books)).unplaced
    assert any("H3" in reason.en for reason in unplaced.reasons)


def test_a_synchronous_lesson_without_a_lead_class_has_no_place() -> None:
    sites = (a_request_site("TF1", class_groups=()), a_request_site("JS", Role.LISTEN))
    (unplaced,) = allocated(a_problem(a_request("r1", *sites))).unplaced
    assert "needs a class of TF1 with its lead teacher" in unplaced.reasons[0].en


def test_a_double_lesson_takes_two_periods_and_their_break() -> None:
    wish = a_request(minutes=95, min_minutes=75, **AFTERNOON)
    problem = a_problem(wish)
    placement = only(problem, allocated(problem))
    assert (placement.weekly.starts, placement.weekly.minutes) == (time(14), 95)
    (option,) = (each for each in options(wish, problem) if each.weekly == placement.weekly)
    lead, listener = option.sessions[0].sites
    assert (lead.effective_minutes, listener.effective_minutes) == (80, 80)


def test_a_double_lesson_gives_up_both_lessons_or_none() -> None:
    half = a_timetable("TF1", 1, a_lesson(5, "音乐"), a_lesson(6, "数学"))
    books = some_books(TF1={"timetables": (half,)})
    wish = a_request(minutes=95, min_minutes=75, **AFTERNOON)
    (unplaced,) = allocated(a_problem(wish, books=books)).unplaced
    assert any("H3" in reason.en for reason in unplaced.reasons)


@pytest.mark.parametrize(
    ("max_shift", "tactic", "shift", "minutes"),
    [(0, Tactic.TRIM, 0, 35), (10, Tactic.SHIFT_BREAK, 5, 40)],
)
def test_each_site_has_its_tactic_and_its_minutes(
    max_shift: int, tactic: Tactic, shift: int, minutes: int
) -> None:
    wish = a_request(
        weekdays=(2,), earliest=time(8), latest=time(9, 15), max_shift_minutes=max_shift
    )
    problem = a_problem(wish)
    placement = only(problem, allocated(problem))
    assert placement.weekly.starts == time(8, 30)
    lead, listener = placement.sites
    assert (lead.tactic, lead.shift_minutes) == (Tactic.NONE, 0)
    assert (listener.tactic, listener.shift_minutes) == (tactic, shift)
    (option,) = (each for each in options(wish, problem) if each.weekly == placement.weekly)
    assert [site.effective_minutes for site in option.sessions[0].sites] == [40, minutes]


def test_a_chosen_teacher_is_one_who_is_free() -> None:
    taught = a_timetable("JS", 2, a_lesson(5, "音乐", teacher=TeacherId("JS-T1")))
    sites = (a_request_site("TF1"), a_request_site("JS", Role.LISTEN, teacher=None))
    wish = a_request("r1", *sites, **AFTERNOON | {"latest": time(14, 40)})
    problem = a_problem(wish, books=some_books(JS={"timetables": (taught,)}))
    assert only(problem, allocated(problem)).sites[1].teacher == "JS-T2"


@pytest.mark.parametrize(
    ("weeks", "held"),
    [
        ("单", (1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21)),
        ("2-8双", (2, 4, 6, 8)),
        ("3,5,9-10", (3, 5, 9, 10)),
    ],
)
def test_odd_even_and_listed_weeks_are_held_and_no_others(
    weeks: str, held: tuple[int, ...]
) -> None:
    problem = a_problem(a_request(weeks=weeks, **AFTERNOON))
    placement = only(problem, allocated(problem))
    assert placement.dates == tuple(
        MONDAY_OF_WEEK_1 + timedelta(days=1, weeks=week - 1) for week in held
    )


def test_odd_and_even_weeks_share_a_room_and_a_teacher() -> None:
    narrow = AFTERNOON | {"latest": time(14, 40)}
    problem = a_problem(
        a_request("r1", weeks="2-8双", **narrow), a_request("r2", weeks="3-9单", **narrow)
    )
    allocation = allocated(problem)
    assert faults_of(problem, allocation) == []
    assert allocation.unplaced == ()
