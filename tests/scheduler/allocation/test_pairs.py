"""Two runs of one course keep pace (S12): what is charged, and that a plan avoids it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from calendars.days import DayKind
from scheduler.allocation.pairs import Share
from scheduler.allocation.problem import Problem
from scheduler.allocation.together import shares_of
from scheduler.allocation.weights import WEIGHTS
from scheduler.members import Preference, Weight
from scheduler.model import Request, Role
from tests.builders import a_day, an_alliance, school_time, some_books
from tests.scheduler.allocation.terms import (
    FIRST_TUESDAY,
    a_problem,
    a_request,
    a_request_site,
    allocated,
    options,
)

LOST_TUESDAYS = [FIRST_TUESDAY + timedelta(weeks=week) for week in (1, 2)]


def to_js(**fields: Any) -> Request:
    """TF1's teacher of music gives the course to a class of JS, on Tuesdays."""
    return a_request("r1", **{"weeks": "2-9", "weekdays": (2,)} | fields)


def to_cb(**fields: Any) -> Request:
    """The same course for a class of CB, on Tuesdays or Thursdays, rather on Thursdays."""
    sites = (a_request_site("TF1"), a_request_site("CB", Role.LISTEN))
    wishes: dict[str, Any] = {"weeks": "2-9", "weekdays": (2, 4), "preferred_weekdays": (4,)}
    return a_request("r2", *sites, **wishes | fields)


def a_term(*wishes: Request, pace: int | None = None, tuesdays: int = 2) -> Problem:
    """So many Tuesdays are lost to holidays at TF1; `pace` is the weight of S12."""
    days = [a_day(on, DayKind.HOLIDAY) for on in LOST_TUESDAYS[:tuesdays]]
    alliance = an_alliance()
    if pace is not None:
        weights = (Weight(preference=Preference.S12, points=pace),)
        alliance = replace(alliance, alliance=replace(alliance.alliance, weights=weights))
    books = some_books(TF1={"time": school_time("TF1", days=days)})
    return a_problem(*wishes, books=books, alliance=alliance)


def shares(problem: Problem) -> list[Share]:
    found = [option for request in problem.requests for option in options(request, problem)]
    return [each for each in shares_of(found, problem) if each.preference is Preference.S12]


def test_each_lesson_more_than_a_week_apart_is_charged() -> None:
    (share,) = shares(a_term(to_js(), to_cb()))
    # Of r1's six lessons the first is in step, the second in week 5 and not in week 3, as r2's.
    assert (share.free, share.points) == (1, 5 * WEIGHTS[Preference.S12])


def test_a_gap_of_one_week_is_none() -> None:
    assert shares(a_term(to_js(), to_cb(), tuesdays=1)) == []


@pytest.mark.parametrize(
    "other",
    [
        to_cb(subject="美术"),
        to_cb(grade=4),
        to_cb(weeks="3-10"),
        to_cb(per_week=2),
        replace(
            to_cb(),
            sites=(a_request_site("TF1", no=2), a_request_site("CB", Role.LISTEN)),
        ),
    ],
    ids=["subject", "grade", "weeks", "twice a week", "teacher"],
)
def test_only_the_same_course_keeps_pace(other: Request) -> None:
    assert shares(a_term(to_js(), other)) == []


@pytest.mark.parametrize(("pace", "weekday"), [(0, 4), (2, 2), (None, 2)])
def test_a_plan_keeps_pace_if_that_is_worth_more_than_a_wish(
    pace: int | None, weekday: int
) -> None:
    problem = a_term(to_js(), to_cb(), pace=pace)
    quiet = tuple(
        Weight(preference=each, points=0)
        for each in Preference
        if each not in (Preference.S12, Preference.WISH)
    )
    alliance = problem.situation.alliance
    alliance = replace(
        alliance,
        alliance=replace(alliance.alliance, weights=(*quiet, *alliance.alliance.weights)),
    )
    plan = allocated(replace(problem, situation=replace(problem.situation, alliance=alliance)))
    assert {each.request: each.weekly.weekday for each in plan.placements} == {
        "r1": 2,
        "r2": weekday,
    }
    told = [cost for each in plan.placements for cost in each.costs if cost.preference == "S12"]
    assert told == []
