"""Twice as many schools that never meet take twice the work: nobody looks at those never met."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import time
from types import FrameType
from typing import Any

import pytest

from scheduler.allocation.alike import Alike
from scheduler.allocation.balance import balance_of
from scheduler.allocation.judging import broken_by
from scheduler.allocation.options import options_of
from scheduler.allocation.problem import Problem
from scheduler.allocation.result import chosen_of, placements_of
from scheduler.allocation.statement import Statement, state
from scheduler.allocation.trials import Option
from scheduler.allocation.weekly.problem import WeeklyAnswer
from scheduler.allocation.weekly.solve import solve_weekly
from scheduler.members import LinkPoolId, RoomId, TeacherId
from scheduler.model import After, Request, RequestId, Role, Session
from tests.builders import a_block, a_pool, a_session, a_site, an_alliance, at, some_books
from tests.scheduler.allocation.terms import (
    FIRST_TUESDAY,
    a_meeting,
    a_need,
    a_problem,
    a_request,
    a_request_site,
    an_offer,
)

FEW, MANY = 5, 10
"""Towns of two schools each."""
MORNING: dict[str, Any] = {"weekdays": (2,), "earliest": time(8), "latest": time(9, 30)}
AFTERNOON: dict[str, Any] = {"weekdays": (2,), "earliest": time(13), "latest": time(16)}


def requests_of(no: int) -> list[Request]:
    """A lesson, a chain of two meetings and a need."""
    here, there, link = f"A{no}", f"B{no}", LinkPoolId(f"bridge-{no}")
    sites = a_request_site(here), a_request_site(there, Role.LISTEN)
    after = After(request=RequestId(f"first-{no}"), at_least_days=0, at_most_days=0)
    return [
        a_request(f"lesson-{no}", *sites, link_pool=link, **AFTERNOON),
        a_meeting(f"first-{no}", here, there, link_pool=link, **MORNING),
        a_meeting(f"then-{no}", here, there, link_pool=link, after=(after,), **AFTERNOON),
        a_need(f"need-{no}", there, 2, link_pool=link, **AFTERNOON),
    ]


def booked_in(no: int) -> list[Session]:
    sites = (
        a_site(f"A{no}", teacher=TeacherId(f"A{no}-T2")),
        a_site(f"B{no}", Role.LISTEN, teacher=TeacherId(f"B{no}-T2"), room=RoomId(f"B{no}-R2")),
    )
    link = LinkPoolId(f"bridge-{no}")
    slot = at("15:00", on=FIRST_TUESDAY)
    return [a_session(f"booked-{no}", slot, sites=sites, link_pool=link)]


@dataclass(frozen=True, kw_only=True)
class Work:
    """What is at hand when a plan is stated, answered and judged."""

    problem: Problem
    options: Sequence[Sequence[Option]]
    statement: Statement
    answer: WeeklyAnswer


def work_of(towns: int) -> Work:
    numbers = range(towns)
    schools = {
        f"{side}{no}": {
            "busy": (
                a_block(at("14:00"), f"{side}{no}", soft=True, teacher=TeacherId(f"{side}{no}-T1")),
            )
        }
        for side in "AB"
        for no in numbers
    }
    problem = a_problem(
        *(request for no in numbers for request in requests_of(no)),
        books=some_books(**schools),
        sessions=[each for no in numbers for each in booked_in(no)],
        offers=[an_offer(f"offer-{no}", f"A{no}", 2, schools=(f"B{no}",)) for no in numbers],
        alliance=an_alliance(
            link_pools={
                LinkPoolId(f"bridge-{no}"): a_pool(id=LinkPoolId(f"bridge-{no}"), sessions=1)
                for no in numbers
            }
        ),
    )
    alike = Alike(problem)
    options = [options_of(each, problem, alike).found for each in problem.requests]
    assert all(options)
    statement = state(problem.requests, options, problem)
    answer = solve_weekly(statement.weekly, seconds=0, seed=1)
    assert len(answer.chosen) == len(problem.requests)
    return Work(problem=problem, options=options, statement=statement, answer=answer)


def as_new(problem: Problem) -> Problem:
    """The same, before anything has been looked up in it."""
    return replace(problem)


STEPS: dict[str, Callable[[Work], object]] = {
    "the statement": lambda work: state(work.problem.requests, work.options, as_new(work.problem)),
    "the first answer": lambda work: solve_weekly(work.statement.weekly, seconds=0, seed=1),
    "an earlier answer": lambda work: solve_weekly(
        work.statement.weekly,
        seconds=0,
        seed=1,
        start=chosen_of(work.statement, placements_of(work.statement, work.answer.chosen)),
    ),
    "the judgement": lambda work: broken_by(
        work.statement, work.answer.chosen, as_new(work.problem)
    ),
    "the balance": lambda work: balance_of(
        [work.statement.options[each.place] for each in work.answer.chosen], work.problem
    ),
}


def lines_run(step: Callable[[Work], object], work: Work) -> int:
    """How many lines of Python it takes, each turn of a loop counted."""
    found = 0

    def count(_: FrameType, event: str, __: object) -> Any:
        nonlocal found
        found += event == "line"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        step(work)
    finally:
        sys.settrace(before)
    return found


@pytest.fixture(scope="module")
def works() -> tuple[Work, Work]:
    return work_of(FEW), work_of(MANY)


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_twice_as_many_towns_take_twice_the_work(
    step: Callable[[Work], object], works: tuple[Work, Work]
) -> None:
    few, many = (lines_run(step, work) for work in works)
    assert many < 2.12 * few
