"""Needs met by offers: by whom, when, how often, for whom; and why an unmet one is not."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import time, timedelta
from itertools import product
from random import Random
from typing import Any

import pytest

from calendars.text import InvalidValueError
from scheduler.allocation.problem import Offered, Problem
from scheduler.allocation.result import Allocation
from scheduler.members import Offer, Preference, Teacher, TeacherId, Weight
from scheduler.model import Form, Placement, Request, Role, Session
from tests.builders import a_class, a_session, a_teacher, at, some_books
from tests.scheduler.allocation.terms import (
    FIRST_TUESDAY,
    a_need,
    a_problem,
    a_request,
    a_request_site,
    allocated,
    an_offer,
    faults_of,
    is_complete,
)
from tests.scheduler.allocation.test_preferences import Shared, supporting, weighing

AT_TWO: dict[str, Any] = {"earliest": time(14), "latest": time(14, 40)}


def met(allocation: Allocation) -> dict[str, str | None]:
    return {placement.request: placement.offer for placement in allocation.placements}


def only(allocation: Allocation) -> Placement:
    assert allocation.unplaced == ()
    (placement,) = allocation.placements
    return placement


def why(problem: Problem) -> list[str]:
    """The reasons of the only request of a plan, which has no place."""
    allocation = allocated(problem)
    assert allocation.placements == ()
    (unplaced,) = allocation.unplaced
    return [reason.en for reason in unplaced.reasons]


def test_a_need_is_met_by_an_offer_within_its_times() -> None:
    need = a_need(weekdays=(2, 4), latest=time(12))
    problem = a_problem(need, offers=[an_offer(weekdays=(1, 4), earliest=time(9))])
    allocation = allocated(problem)
    placement = only(allocation)
    assert (placement.offer, placement.weekly.weekday) == ("o1", 4)
    assert time(9) <= placement.weekly.starts <= time(11, 20)
    assert [(site.school, site.role, site.teacher) for site in placement.sites] == [
        ("TF1", Role.LEAD, "TF1-T1"),
        ("JS", Role.LISTEN, "JS-T1"),
    ]
    assert faults_of(problem, allocation) == []
    balance = {str(each.school): each for each in allocation.balance}
    assert (balance["TF1"].leads, balance["JS"].listens) == (3, 3)


def test_a_qualified_teacher_is_chosen_where_the_offer_leaves_it_open() -> None:
    teachers = {
        each.id: each for each in (a_teacher("TF1", 1, subjects=("美术",)), a_teacher("TF1", 2))
    }
    problem = a_problem(
        a_need(), books=some_books(TF1={"teachers": teachers}), offers=[an_offer(teacher=None)]
    )
    assert only(allocated(problem)).sites[0].teacher == "TF1-T2"


def test_what_costs_less_is_taken_of_several_offers() -> None:
    need = a_need(weekdays=(2, 4), preferred_weekdays=(4,))
    offers = [
        an_offer("o1", weekdays=(2,)),
        an_offer("o2", school="CB", weekdays=(2,)),
        an_offer("o3", no=2, weekdays=(4,)),
    ]
    assert met(allocated(a_problem(need, offers=offers))) == {"n1": "o3"}


@pytest.mark.parametrize(("per_week", "placed"), [(1, 1), (2, 2)])
def test_an_offer_serves_no_more_than_it_is_for(per_week: int, placed: int) -> None:
    needs = (a_need("n1"), a_need("n2", no=2))
    problem = a_problem(*needs, offers=[an_offer(per_week=per_week)])
    allocation = allocated(problem)
    assert len(allocation.placements) == placed
    assert is_complete(problem, allocation)
    for each in allocation.unplaced:
        (other,) = (placement.request for placement in allocation.placements)
        assert [reason.en for reason in each.reasons] == [
            f"The offer of TF1 is for 1 a week, and serves “课 {other}” already."
        ]


def test_an_offer_of_weeks_that_the_term_has_not_gives_none_in_it() -> None:
    (unplaced,) = allocated(a_problem(a_need(), offers=(an_offer(weeks="30-40"),))).unplaced
    assert [reason.en for reason in unplaced.reasons] == ["The offer of TF1 leaves out week 2."]


@pytest.mark.parametrize("request_", [a_need(weeks="2-40"), a_request(weeks="2-40")])
def test_weeks_that_the_term_has_not_leave_no_place(request_: Request) -> None:
    (unplaced,) = allocated(a_problem(request_, offers=(an_offer(),))).unplaced
    assert [reason.en for reason in unplaced.reasons] == [
        "The weeks '2-40' are out of range: the weeks are 1-21."
    ]


def test_odd_and_even_weeks_share_an_offer() -> None:
    needs = (a_need("n1", weeks="2-8双"), a_need("n2", no=2, weeks="3-9单"))
    allocation = allocated(a_problem(*needs, offers=[an_offer()]))
    assert allocation.unplaced == ()


def test_what_an_offer_serves_already_counts() -> None:
    offered = Offered(an_offer(), (a_need("n0"),))
    problem = replace(a_problem(a_need()), offers=(offered,))
    assert why(problem) == ["The offer of TF1 is for 1 a week, and serves “课 n0” already."]
    elsewhen = replace(offered, serving=(a_need("n0", weeks="5-9"),))
    assert met(allocated(replace(problem, offers=(elsewhen,)))) == {"n1": "o1"}


def test_twice_a_week_is_served_by_one_offer() -> None:
    need = a_need(per_week=2, weekdays=(2, 4))
    halves = [an_offer("o1", per_week=2, weekdays=(2,)), an_offer("o2", "CB", per_week=2)]
    allocation = allocated(a_problem(need, offers=halves))
    assert [placement.offer for placement in allocation.placements] == ["o2", "o2"]
    apart = [halves[0], an_offer("o2", no=2, per_week=2, weekdays=(4,))]
    (reason,) = why(a_problem(need, offers=apart))
    assert "No offer alone has a place 2 times a week" in reason


@pytest.mark.parametrize(
    ("offer", "reason"),
    [
        ({"school": "JS"}, "The offer of JS is its own: nothing to ask for."),
        ({"grades": (4, 5)}, "The offer of TF1 is for grades 4, 5 only."),
        ({"schools": ("CB",)}, "The offer of TF1 is not for JS."),
        ({"term": "TF1-2027-2"}, "The offer of TF1 is not for the term JS-2026-1."),
        ({"weeks": "2-3"}, "The offer of TF1 leaves out week 4."),
        ({"weekdays": (7,)}, "The offer of TF1 shares no weekday and time of day with it."),
        (
            {"earliest": time(17, 30)},
            "The offer of TF1 shares no weekday and time of day with it.",
        ),
        ({"subject": "美术"}, "No school offers a teacher of 音乐."),
    ],
)
def test_an_offer_that_is_not_for_the_need_is_the_reason(
    offer: dict[str, Any], reason: str
) -> None:
    assert why(a_problem(a_need(), offers=[an_offer(**offer)])) == [reason]


def test_the_grade_of_a_class_counts_where_the_need_names_none() -> None:
    books = some_books(JS={"class_groups": {(group := a_class("JS", grade=5)).id: group}})
    need = a_need(grade=None)
    assert why(a_problem(need, books=books, offers=[an_offer(grades=(3,))])) == [
        "The offer of TF1 is for grades 3 only."
    ]
    problem = a_problem(need, books=books, offers=[an_offer(grades=(5,))])
    assert met(allocated(problem)) == {"n1": "o1"}


def test_every_offer_that_fails_is_a_reason_and_so_is_a_rule() -> None:
    busy = a_request("r1", weekdays=(2,), **AT_TWO)
    offers = [an_offer("o1"), an_offer("o2", "CB", grades=(5,))]
    problem = a_problem(busy, a_need(no=2, weekdays=(2,), **AT_TWO), offers=offers)
    allocation = allocated(problem)
    (unplaced,) = allocation.unplaced
    assert unplaced.request == "n1"
    reasons = " ".join(reason.en for reason in unplaced.reasons)
    assert "The offer of CB is for grades 5 only." in reasons
    assert "H2" in reasons


def test_leading_is_shared_by_those_who_offer() -> None:
    def shares(
        *wishes: Request, supported: str = "WA", sessions: Sequence[Session] = ()
    ) -> list[int]:
        offers = [an_offer("o1", per_week=4), an_offer("o2", "CB", per_week=4)]
        problem = a_problem(*wishes, books=supporting(supported), offers=offers, sessions=sessions)
        return [free for free, _ in Shared(problem).of("S6")]

    needs = [a_need(f"n{no}", weekdays=(no,), min_minutes=20) for no in (1, 2, 3, 4)]
    assert shares(*needs) == [2, 2]
    assert shares(*needs, supported="CB") == [3, 2]
    named = a_request("r1", weekdays=(5,))
    assert shares(*needs, named) == [2, 3]
    led = [
        a_session(f"s{week}", at("16:10", on=FIRST_TUESDAY + timedelta(weeks=week)))
        for week in range(3)
    ]
    assert shares(*needs, sessions=led) == [2, 3]


@pytest.mark.parametrize(("points", "leading"), [(0, {"o1"}), (3, {"o1", "o2"})])
def test_a_plan_lets_both_lead_if_that_is_worth_more(points: int, leading: set[str]) -> None:
    needs = [a_need(f"n{no}", weekdays=(no,), earliest=time(14)) for no in (2, 4)]
    offers = [
        an_offer("o1", per_week=2, latest=time(14, 40)),
        an_offer("o2", "CB", per_week=2, earliest=time(14, 45)),
    ]
    # The last lesson of JS is awkward: 2 points.
    weights = dict.fromkeys(Preference, 0) | {Preference.S3: 2, Preference.S6: points}
    alliance = weighing(*(Weight(preference=each, points=n) for each, n in weights.items()))
    allocation = allocated(a_problem(*needs, offers=offers, alliance=alliance))
    assert set(met(allocation).values()) == leading
    assert allocation.cost == (2 if points else 0)


def served_by_hand(problem: Problem) -> int:
    """The most needs that can be met at one time of day, trying every match."""
    offers = [each.offer for each in problem.offers]
    most = 0
    for match in product([None, *offers], repeat=len(problem.requests)):
        pairs = [(n, o) for n, o in zip(problem.requests, match, strict=True) if o is not None]
        if all(_may_serve(need, offer) for need, offer in pairs) and _are_apart(pairs):
            most = max(most, len(pairs))
    return most


def _may_serve(need: Request, offer: Offer) -> bool:
    return (
        bool({*need.weekdays} & {*offer.weekdays})
        and (not offer.schools or need.school in offer.schools)
        and (not offer.grades or need.grade in offer.grades)
    )


def _are_apart(pairs: list[tuple[Request, Offer]]) -> bool:
    uses = Counter(offer.id for _, offer in pairs)
    if any(uses[offer.id] > offer.per_week for _, offer in pairs):
        return False
    people = [
        (who, need.weekdays[0])
        for need, offer in pairs
        for who in (offer.teacher, need.sites[0].teacher, need.sites[0].class_groups[0])
    ]
    return len(set(people)) == len(people)


@pytest.mark.parametrize("seed", range(12))
def test_as_many_needs_are_met_as_by_trying_every_match(seed: int) -> None:
    random = Random(seed)
    needs = [
        a_need(
            f"n{number}",
            no=random.choice((1, 2)),
            weekdays=(random.choice((2, 3)),),
            link_pool=None,
            **AT_TWO,
        )
        for number in range(4)
    ]
    offers = [
        an_offer(
            f"o{number}",
            no=number + 1,
            per_week=random.choice((1, 2)),
            weekdays=random.choice(((2,), (3,), (2, 3))),
            schools=random.choice(((), ("JS",), ("CB",))),
            grades=random.choice(((), (3,), (4,))),
        )
        for number in range(3)
    ]
    problem = a_problem(*needs, offers=offers)
    allocation = allocated(problem)
    assert faults_of(problem, allocation) == []
    assert is_complete(problem, allocation)
    assert len(allocation.placements) == served_by_hand(problem)
    for placement in allocation.placements:
        need = next(each for each in needs if each.id == placement.request)
        offer = next(each for each in offers if each.id == placement.offer)
        assert _may_serve(need, offer)
        assert placement.sites[0].teacher == offer.teacher


def test_a_need_says_its_subject_and_an_offer_ends_after_it_starts() -> None:
    with pytest.raises(InvalidValueError, match="must say its subject"):
        a_need(subject=None)
    with pytest.raises(InvalidValueError, match="earliest must come before latest"):
        an_offer(earliest=time(12), latest=time(12))


def test_a_lesson_by_two_teachers_stays_one() -> None:
    need = a_need(form=Form.DUAL_TEACHER)
    problem = a_problem(need, offers=[an_offer()])
    allocation = allocated(problem)
    assert only(allocation).offer == "o1"
    assert faults_of(problem, allocation) == []


def test_two_classes_of_two_schools_may_need_the_same() -> None:
    sites = (
        a_request_site("JS", Role.LISTEN, agreed=True),
        a_request_site("CB", Role.LISTEN, agreed=True),
    )
    need = replace(a_need(min_minutes=20), sites=sites)
    problem = a_problem(need, offers=[an_offer()])
    placement = only(allocated(problem))
    assert [site.school for site in placement.sites] == ["TF1", "JS", "CB"]


@pytest.mark.parametrize(
    ("teachers", "reason"),
    [
        ({}, "names a teacher (TF1-T1) who is not at the school any more."),
        (
            {"TF1-T1": a_teacher("TF1", 1, subjects=("美术",))},
            f"names {a_teacher('TF1', 1).name}, who does not teach 音乐 any more.",
        ),
    ],
    ids=["left", "other subject"],
)
def test_a_stored_offer_of_somebody_who_is_no_longer_fit_serves_nobody(
    teachers: dict[TeacherId, Teacher], reason: str
) -> None:
    books = some_books(TF1={"teachers": teachers})
    (sentence,) = why(a_problem(a_need(), offers=[an_offer()], books=books))
    assert sentence.endswith(reason)
