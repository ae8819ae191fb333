"""Requests that go together: placed whole, every real date as far from its partner as wished."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, time, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendars.days import DayKind
from calendars.text import InvalidValueError
from scheduler.allocation.chains import Tie, suiting
from scheduler.allocation.problem import Companion, Problem
from scheduler.allocation.repairing import repair
from scheduler.allocation.result import Allocation
from scheduler.allocation.weights import WEIGHTS
from scheduler.members import Preference, RoomId
from scheduler.model import (
    After,
    Kind,
    Placement,
    Request,
    RequestId,
    RequestState,
    Role,
    SeriesId,
    Session,
)
from tests.builders import (
    SHANGHAI,
    a_day,
    a_room,
    a_session,
    a_site,
    an_outage,
    at,
    school_time,
    some_books,
)
from tests.scheduler.allocation.terms import (
    FIRST_TUESDAY,
    a_crowded_term,
    a_meeting,
    a_problem,
    a_request,
    a_request_site,
    allocated,
    faults_of,
    is_complete,
)

AFTERNOON: dict[str, Any] = {"earliest": time(14), "latest": time(15)}


def after(request: str, at_least: int = 2, at_most: int = 7) -> After:
    return After(request=RequestId(request), at_least_days=at_least, at_most_days=at_most)


def a_chain(**lesson: Any) -> tuple[Request, Request, Request]:
    """Prepared at least two days before the lesson, reviewed within three days after it."""
    return (
        a_meeting("prep", kind=Kind.LESSON_PREP, **AFTERNOON),
        a_request("lesson", **AFTERNOON | {"after": (after("prep"),)} | lesson),
        a_meeting("review", kind=Kind.LESSON_REVIEW, after=(after("lesson", 0, 3),), **AFTERNOON),
    )


def placed(allocation: Allocation) -> dict[str, Placement]:
    return {placement.request: placement for placement in allocation.placements}


def lonely(requests: Iterable[Request], allocation: Allocation) -> list[tuple[str, date]]:
    """Dates of a plan that lack the partner that they are wanted with."""
    dates = {request: each.dates for request, each in placed(allocation).items()}
    found: list[tuple[str, date]] = []
    for request in requests:
        for each in request.after:
            for one, other, sign in (
                (request.id, each.request, -1),
                (each.request, request.id, 1),
            ):
                found += [
                    (one, on)
                    for on in dates.get(one, ())
                    if not any(
                        each.at_least_days <= sign * (there - on).days <= each.at_most_days
                        for there in dates.get(other, ())
                    )
                ]
    return found


def test_a_research_chain_is_placed_on_dates_that_suit() -> None:
    problem = a_problem(*a_chain())
    allocation = allocated(problem)
    assert allocation.unplaced == ()
    assert lonely(problem.requests, allocation) == []
    assert faults_of(problem, allocation) == []
    on = placed(allocation)
    for prep, lesson, review in zip(
        *(on[name].dates for name in ("prep", "lesson", "review")), strict=True
    ):
        assert (lesson - prep).days >= 2
        assert 0 <= (review - lesson).days <= 3


def test_without_its_tie_the_lesson_would_be_elsewhere() -> None:
    wish: dict[str, Any] = {"weekdays": (1, 4), "preferred_weekdays": (1,)}
    free = replace(a_chain(**wish)[1], after=())
    assert allocated(a_problem(free)).placements[0].weekly.weekday == 1
    prep, lesson, _ = a_chain(**wish)
    prep = replace(prep, weekdays=(2,))
    lesson = replace(lesson, after=(after("prep", 2, 5),))
    tied = placed(allocated(a_problem(prep, lesson)))
    assert tied["lesson"].weekly.weekday == 4


def test_a_holiday_of_one_takes_the_date_of_all_and_costs_for_each() -> None:
    holiday = a_day(FIRST_TUESDAY + timedelta(weeks=1), DayKind.HOLIDAY)
    prep, lesson, review = (
        replace(each, weekdays=(weekday,), weeks="2-7")
        for each, weekday in zip(a_chain(), (2, 4, 5), strict=True)
    )
    books = some_books(TF1={"time": school_time("TF1", days=[holiday])})
    problem = a_problem(prep, lesson, review, books=books)
    allocation = allocated(problem)
    on = placed(allocation)
    assert on["lesson"].dates == tuple(
        FIRST_TUESDAY + timedelta(days=2, weeks=week) for week in (0, 2, 3, 4, 5)
    )
    assert on["lesson"].skipped == (FIRST_TUESDAY + timedelta(days=2, weeks=1),)
    assert on["review"].skipped == (FIRST_TUESDAY + timedelta(days=3, weeks=1),)
    assert lonely(problem.requests, allocation) == []
    charged = [
        (cost.preference, cost.points) for cost in on["lesson"].costs if cost.preference == "S7"
    ]
    assert charged == [(Preference.S7, WEIGHTS[Preference.S7])]
    points = [cost.points for each in allocation.placements for cost in each.costs]
    assert sum(points) == allocation.cost == allocation.bound
    balance = {str(each.school): each for each in allocation.balance}
    assert balance["TF1"].leads == 15


def test_a_chain_of_which_one_has_no_place_is_left_out_whole() -> None:
    prep, lesson, review = a_chain(earliest=time(12, 20), latest=time(13, 20))
    allocation = allocated(a_problem(prep, lesson, review))
    assert allocation.placements == ()
    reasons = {
        str(each.request): [reason.en for reason in each.reasons] for each in allocation.unplaced
    }
    assert reasons["prep"] == reasons["review"] == ["It goes with 课 lesson, which has no place."]
    assert not any("goes with" in reason for reason in reasons["lesson"])


def test_dates_that_never_suit_each_other_are_the_reason() -> None:
    prep, lesson, review = a_chain(weekdays=(2,))
    prep = replace(prep, weekdays=(1,))
    allocation = allocated(a_problem(prep, lesson, review))
    assert [each.request for each in allocation.unplaced] == ["prep", "lesson", "review"]
    for each in allocation.unplaced:
        (reason,) = each.reasons
        assert reason.en == (
            "课 lesson is wanted 2 to 7 days after 课 prep, and of the dates they could have too "
            "few suit each other."
        )


def test_places_that_take_each_others_people_are_the_reason() -> None:
    one = a_request("r1", weekdays=(2,), earliest=time(14), latest=time(14, 40))
    other = replace(one, id=RequestId("r2"), after=(after("r1", 0, 0),))
    allocation = allocated(a_problem(one, other))
    assert allocation.placements == ()
    (reason,) = allocation.unplaced[0].reasons
    assert "together they take each other's people" in reason.en


def test_a_chain_of_seven_is_too_long_and_says_so() -> None:
    names = [f"r{number}" for number in range(7)]
    chain = [
        a_meeting(name, after=(after(before, 0, 7),) if before else ())
        for before, name in zip([None, *names], names, strict=False)
    ]
    found = allocated(a_problem(*chain))
    assert found.placements == ()
    (reason,) = {each.reasons for each in found.unplaced}
    assert "7 requests go together, and at most 6" in reason[0].en


def test_what_goes_with_something_that_is_not_planned_has_no_place() -> None:
    lesson = a_request("lesson", after=(after("prep"),))
    (unplaced,) = allocated(a_problem(lesson)).unplaced
    (reason,) = unplaced.reasons
    assert reason.en == "The request prep that it goes with is neither planned now nor placed."


def test_what_is_held_twice_a_week_goes_with_nothing() -> None:
    prep, lesson, _ = a_chain()
    allocation = allocated(a_problem(replace(prep, per_week=2), lesson))
    assert allocation.placements == ()
    (reason,) = allocation.unplaced[0].reasons
    assert "is wanted 2 times a week; what goes with others is held once" in reason.en


@pytest.mark.parametrize("earlier", [True, False])
def test_what_is_placed_already_is_gone_with(earlier: bool) -> None:  # noqa: FBT001 - a case
    prep, lesson, _ = a_chain()
    held = prep if earlier else lesson
    dates = frozenset(FIRST_TUESDAY + timedelta(days=1, weeks=week) for week in range(3))
    problem = replace(a_problem(lesson if earlier else prep), companions=(Companion(held, dates),))
    (placement,) = allocated(problem).placements
    assert placement.weekly.weekday in ((5,) if earlier else (1,))
    none = replace(problem, companions=(Companion(held, frozenset()),))
    assert allocated(none).placements == ()


def test_what_the_rulebook_refuses_takes_its_chain_along() -> None:
    # A kit that two schools share: the weekly problem counts rooms by school.
    kits = {
        school: {"rooms": {room.id: room for room in (a_room(school, kit="kit-1"),)}}
        for school in ("TF1", "WA")
    }
    at_two: dict[str, Any] = {"weekdays": (2,), "earliest": time(14), "latest": time(14, 40)}
    second = a_request("r2", a_request_site("WA"), a_request_site("QB", Role.LISTEN), **at_two)
    third = a_meeting("r3", "JS", "CB", weekdays=(3,), after=(after("r2", 0),))
    problem = a_problem(a_request("r1", **at_two), second, third, books=some_books(**kits, QB={}))
    allocation = allocated(problem)
    assert [placement.request for placement in allocation.placements] == ["r1"]
    assert is_complete(problem, allocation)


@pytest.mark.parametrize("seed", range(8))
def test_chains_in_crowded_terms_are_whole_sound_and_complete(seed: int) -> None:
    problem = with_ties(a_crowded_term(seed), seed)
    allocation = allocated(problem)
    assert lonely(problem.requests, allocation) == []
    assert faults_of(problem, allocation) == []
    assert is_complete(problem, allocation)
    on = placed(allocation)
    for request in problem.requests:
        assert all((each.request in on) == (request.id in on) for each in request.after)
    points = [cost.points for each in allocation.placements for cost in each.costs]
    assert sum(points) == allocation.cost == allocation.bound


def with_ties(problem: Problem, seed: int) -> Problem:
    """Some of the wishes follow another one."""
    random = Random(seed)
    requests = list(problem.requests)
    for number in random.sample(range(1, len(requests)), 3):
        earlier = requests[random.randrange(number)]
        at_least = random.choice((0, 1))
        requests[number] = replace(
            requests[number],
            weekdays=(1, 2, 3),
            after=(after(earlier.id, at_least, at_least + random.choice((1, 7))),),
        )
    return replace(problem, requests=tuple(requests))


def by_hand(dates: Mapping[RequestId, Sequence[date]], ties: Sequence[Tie]) -> dict[str, set[date]]:
    """The same as `suiting`, one date after the other."""
    left = {request: set(each) for request, each in dates.items()}
    while True:
        lone = [
            (request, on)
            for tie in ties
            for request, other, sign in (
                (tie.later, tie.earlier, -1),
                (tie.earlier, tie.later, 1),
            )
            for on in left[request]
            if not any(
                tie.at_least_days <= sign * (there - on).days <= tie.at_most_days
                for there in left[other]
            )
        ]
        if not lone:
            return {str(request): each for request, each in left.items()}
        for request, on in lone:
            left[request].discard(on)


DATES = st.lists(
    st.integers(0, 40).map(lambda days: FIRST_TUESDAY + timedelta(days)), max_size=8, unique=True
)


@given(
    st.fixed_dictionaries({RequestId(name): DATES for name in "abc"}),
    st.lists(
        st.tuples(st.sampled_from(("ab", "bc", "ac")), st.integers(0, 5), st.integers(0, 9)),
        max_size=3,
    ),
)
def test_dates_without_partners_fall_away_as_by_hand(
    dates: dict[RequestId, list[date]], wished: list[tuple[str, int, int]]
) -> None:
    ties = [
        Tie(RequestId(pair[0]), RequestId(pair[1]), least, least + more)
        for pair, least, more in wished
    ]
    found = {str(request): set(each) for request, each in suiting(dates, ties).items()}
    assert found == by_hand(dates, ties)


def test_an_impossible_distance_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="At least 4 and at most 3 days"):
        after("prep", 4, 3)


def test_a_request_comes_after_others_once_each() -> None:
    for wrong in (("r1",), ("r2", "r2")):
        with pytest.raises(InvalidValueError, match="each once, and never the request itself"):
            a_request("r1", after=tuple(after(each) for each in wrong))
    with pytest.raises(InvalidValueError, match="held once a week"):
        a_request("r1", per_week=2, after=(after("r2"),))


def test_a_listening_site_of_a_chain_may_be_another_school() -> None:
    prep = a_meeting("prep", "JS", "CB", **AFTERNOON)
    lesson = a_request(
        "lesson",
        a_request_site("TF1", no=2),
        a_request_site("JS", Role.LISTEN),
        after=(after("prep"),),
    )
    allocation = allocated(a_problem(prep, lesson))
    assert allocation.unplaced == ()
    assert lonely((prep, lesson), allocation) == []


def held_on(request: Request, session: Session) -> tuple[Companion, Session]:
    """The session as the one that the request is placed by."""
    placed_by = SeriesId(f"series of {request.id}")
    placed_request = replace(request, state=RequestState.PLACED, series=(placed_by,))
    dates = frozenset((session.slot.starts.astimezone(SHANGHAI).date(),))
    return Companion(placed_request, dates), replace(session, series=placed_by)


@pytest.mark.parametrize(
    ("at_least", "with_review", "postponed_to"),
    [(0, False, 9), (1, False, None), (0, True, None)],
)
def test_a_lesson_is_not_postponed_away_from_its_review(
    at_least: int,
    with_review: bool,  # noqa: FBT001 - a case
    postponed_to: int | None,
) -> None:
    ask = a_request("lesson")
    review = a_request("review", after=(after("lesson", at_least, 3),))
    lesson_held, lesson = held_on(ask, a_session("lesson", at("14:00")))
    review_held, review_there = held_on(
        review,
        a_session(
            "review",
            at("16:10", on=FIRST_TUESDAY + timedelta(days=1)),
            sites=(a_site("TF1", room=RoomId("TF1-R2")), a_site("JS", Role.LISTEN)),
        ),
    )
    out = an_outage(at("8:00", 600), room=RoomId("TF1-R1"))
    room = a_room("TF1", 1)
    books = some_books(TF1={"rooms": {room.id: room}, "outages": (out,)})
    problem = replace(
        a_problem(books=books, sessions=(lesson, review_there)),
        companions=(lesson_held, review_held),
    )
    hit = (lesson, review_there) if with_review else (lesson,)
    found = repair(hit, (), problem, seconds=5)
    moved = {each.session: each.after.slot.starts.day for each in found.moves}
    assert moved.get(lesson.id) == postponed_to
    assert (lesson.id in found.stuck) == (postponed_to is None)
