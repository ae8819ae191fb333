"""No plan of a small alliance is better than the one that is found: all plans are looked at.

What each costs is worked out here again, from what the preferences say, for those that several
decide together: S5, S6, S10, S15 and fair shares. The rulebook judges what can be held.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import time
from itertools import combinations, product
from math import ceil, floor
from random import Random
from typing import Any, Final

import pytest

from calendars.bells import SchoolId
from scheduler.allocation.preferences import awkward_at, costs_of
from scheduler.allocation.problem import Problem
from scheduler.allocation.trials import Option
from scheduler.conflicts import find_conflicts
from scheduler.members import Offer, Preference, RoomId, TeacherId, Weight
from scheduler.model import Request, Role, Session, SessionId
from scheduler.schools import SchoolBook
from tests.builders import (
    NOW,
    a_class,
    a_lesson,
    a_room,
    a_session,
    a_site,
    a_teacher,
    a_timetable,
    an_alliance,
    at,
    some_books,
)
from tests.scheduler.allocation.terms import (
    a_need,
    a_problem,
    a_request,
    a_request_site,
    allocated,
    an_offer,
    faults_of,
    is_complete,
    options,
    participations,
)

SCHOOLS: Final = ("TF1", "JS", "CB")
APART: Final = 20
"""Minutes between two sessions of one group that do not follow each other (S10)."""
WEIGHED_HERE: Final = {
    Preference.S5: 7,
    Preference.S6: 3,
    Preference.S10: 2,
    Preference.S15: 4,
    Preference.FAIR: 5,
}
BY_THEMSELVES: Final = {Preference.WISH: 3, Preference.S9: 1}


def some_schools(random: Random) -> list[SchoolBook]:
    """A room or two each; one school is supported; some classes have other lessons."""
    supported = random.choice(SCHOOLS)
    books = some_books(
        **{
            school: {
                "rooms": {
                    each.id: each
                    for no in range(random.choice((1, 1, 2)))
                    for each in (a_room(school, no),)
                },
                "teachers": {
                    each.id: each
                    for no in (1, 2)
                    for each in (
                        a_teacher(school, no, max_sessions_a_day=random.choice((1, 1, 2))),
                    )
                },
                "class_groups": {each.id: each for no in (1, 2) for each in (a_class(school, no),)},
                "timetables": (
                    a_timetable(
                        school,
                        1,
                        *(a_lesson(no, "语文") for no in random.sample(range(1, 7), 2)),
                        *(a_lesson(no, "语文", weekday=3) for no in random.sample(range(1, 7), 2)),
                    ),
                ),
            }
            for school in SCHOOLS
        }
    )
    return [
        replace(book, school=replace(book.school, support_priority=book.school.id == supported))
        for book in books
    ]


def a_wish(random: Random, number: int) -> Request:
    """For one or two of the first weekdays, morning or afternoon; now and then a need."""
    lead, *others = random.sample(SCHOOLS, random.choice((2, 2, 2, 3)))
    wishes: dict[str, Any] = {
        "weeks": "2",
        "weekdays": random.choice(((2,), (3,), (2, 3))),
        "preferred_weekdays": random.choice(((), (2,))),
        "earliest": time(random.choice((8, 10, 13))),
        "latest": time(random.choice((15, 16)), 10),
        "min_minutes": 30,
        "max_shift_minutes": 10,
        "link_pool": None,
    }
    no = random.choice((1, 2))
    if random.random() < 0.5:
        return a_need(f"n{number}", lead, no, **wishes)
    sites = [
        a_request_site(school, Role.LISTEN if at else Role.LEAD, no)
        for at, school in enumerate((lead, *others))
    ]
    return a_request(f"r{number}", *sites, **wishes)


def some_offers(random: Random) -> list[Offer]:
    return [
        an_offer(
            f"o{no}", school, random.choice((1, 2)), per_week=random.choice((1, 2, 2)), weeks="2"
        )
        for no, school in enumerate(random.sample(SCHOOLS, 2))
    ]


def what_is_booked(random: Random, books: Sequence[SchoolBook]) -> list[Session]:
    """Perhaps a lesson after school, which counts among what its schools hold."""
    lead, other = random.sample(books, 2)
    sites = [
        a_site(
            book.school.id,
            role,
            room=next(iter(book.rooms)),
            teacher=TeacherId(f"{book.school.id}-T2"),
            class_groups=(),
        )
        for book, role in ((lead, Role.LEAD), (other, Role.LISTEN))
    ]
    booked = a_session("booked", at("16:20"), sites=tuple(sites), link_pool=None)
    return [booked] if random.random() < 0.5 else []


def an_alliance_of_three(seed: int) -> Problem:
    """Three or four requests of three schools, each with few places."""
    random = Random(seed)
    books = some_schools(random)
    weights = dict.fromkeys(Preference, 0) | WEIGHED_HERE | BY_THEMSELVES
    alliance = an_alliance()
    weighed = replace(
        alliance.alliance,
        weights=tuple(Weight(preference=each, points=no) for each, no in weights.items()),
    )
    return a_problem(
        *(a_wish(random, number) for number in range(random.choice((3, 4, 4)))),
        books=books,
        sessions=what_is_booked(random, books),
        offers=some_offers(random),
        alliance=replace(alliance, alliance=weighed),
    )


@dataclass(frozen=True)
class Pricing:
    """What a plan costs, by the words of the preferences."""

    problem: Problem
    possible: Sequence[Sequence[Option]]

    def of(self, plan: Sequence[Option]) -> int:
        return (
            sum(cost.points for option in plan for cost in costs_of(option, self.problem))
            + WEIGHED_HERE[Preference.S5] * self.beyond_a_day(plan)
            + WEIGHED_HERE[Preference.S6] * self.led_beyond_share(plan)
            + WEIGHED_HERE[Preference.S10] * self.gaps(plan)
            + sum(
                WEIGHED_HERE[Preference.S15] * self.afternoons_beyond_half(plan, school)
                + WEIGHED_HERE[Preference.FAIR] * self.awkward_beyond_share(plan, school)
                for school in SCHOOLS
            )
        )

    def booked(self, school: str) -> int:
        """Sessions that the school has already: all after school, without a class."""
        sessions = self.problem.situation.sessions
        return sum(site.school == school for each in sessions for site in each.sites)

    def wanted(self, school: str) -> int:
        """Requests that could be held with the school, and what it has booked."""
        return self.booked(school) + sum(
            any(site.school == school for option in own for site in option.sites)
            for own in self.possible
        )

    def afternoons_beyond_half(self, plan: Sequence[Option], school: str) -> int:
        held = sum(option.weekly.starts >= time(12) for option in plan if meets_at(school, option))
        return max(0, held - max(0, ceil(self.wanted(school) / 2) - self.booked(school)))

    def awkward_beyond_share(self, plan: Sequence[Option], school: str) -> int:
        supported = self.problem.books[SchoolId(school)].school
        part = 6 if supported.support_priority else 3
        borne = sum(school in awkward_at(option, self.problem) for option in plan)
        return max(0, borne - floor(self.wanted(school) / part))

    def led_beyond_share(self, plan: Sequence[Option]) -> int:
        """What schools with an offer lead by it, beyond their part of what they lead in all."""
        needs = [own for own in self.possible if any(option.offer for option in own)]
        offering = {option.sites[0].school for own in needs for option in own}
        named = Counter(
            own[0].sites[0].school
            for own in self.possible
            if own and own not in needs and own[0].sites[0].school in offering
        )
        named.update(
            each.lead.school
            for each in self.problem.situation.sessions
            if each.lead.school in offering
        )
        parts = {
            school: 1 if self.problem.books[school].school.support_priority else 2
            for school in offering
        }
        duty = len(needs) + sum(named.values())
        led = Counter(option.sites[0].school for option in plan if option.offer)
        return sum(
            max(
                0,
                led[each] - max(0, ceil(duty * parts[each] / sum(parts.values())) - named[each]),
            )
            for each in offering
        )

    def beyond_a_day(self, plan: Sequence[Option]) -> int:
        held = Counter(
            (teacher, option.weekly.weekday)
            for option in plan
            for site in option.sites
            for teacher in site.required_teachers
        )
        booked = Counter(
            (teacher, each.slot.starts.isoweekday())
            for each in self.problem.situation.sessions
            for site in each.sites
            for teacher in site.required_teachers
        )
        beyond = 0
        for (teacher, weekday), times in held.items():
            known = self.problem.situation.teacher(teacher)
            assert known is not None
            beyond += max(0, times - max(0, known.max_sessions_a_day - booked[teacher, weekday]))
        return beyond

    def gaps(self, plan: Sequence[Option]) -> int:
        """Pairs of the same schools and classes on one day with a gap between them."""
        return sum(
            one.weekly.weekday == other.weekly.weekday
            and company(one) == company(other)
            and abs(minutes(one) - minutes(other)) - one.weekly.minutes > APART
            for one, other in combinations(plan, 2)
        )


def meets_at(school: str, option: Option) -> bool:
    return any(site.school == school for site in option.sites)


def company(option: Option) -> object:
    return {(site.school, site.class_groups) for site in option.sites}


def minutes(option: Option) -> int:
    return option.weekly.starts.hour * 60 + option.weekly.starts.minute


def best_of_all(problem: Problem) -> tuple[int, int]:
    """The most participations of any plan that the rulebook allows, and the least cost of one."""
    possible = [options(request, problem) for request in problem.requests]
    pricing = Pricing(problem, possible)
    plans: list[tuple[int, int, int, list[Option]]] = []
    for chosen in product(*((None, *own) for own in possible)):
        plan = [option for option in chosen if option is not None]
        taking_part = sum(len(option.sites) for option in plan)
        plans.append((-taking_part, pricing.of(plan) if plan else 0, len(plans), plan))
    return next(
        (-taking_part, cost)
        for taking_part, cost, _, plan in sorted(plans, key=lambda each: each[:3])
        if can_be_held(plan, problem)
    )


def can_be_held(plan: Sequence[Option], problem: Problem) -> bool:
    """Whether with some rooms the rulebook allows it, and no offer serves too often."""
    served = Counter(option.offer for option in plan if option.offer)
    if any(served[each.offer.id] > each.offer.per_week for each in problem.offers):
        return False
    booked = problem.situation.sessions
    return any(
        not any(
            find_conflicts(session, replace(problem.situation, sessions=(*booked, *held)), now=NOW)
            for session in held
        )
        for held in in_rooms(plan)
    )


def in_rooms(plan: Sequence[Option]) -> Iterator[list[Session]]:
    """The sessions of a plan in all rooms that they could have."""
    needs = [(number, school) for number, each in enumerate(plan) for school in each.rooms]
    for rooms in product(*(plan[number].rooms[school] for number, school in needs)):
        held: dict[tuple[int, str], RoomId] = dict(zip(needs, rooms, strict=True))
        yield [
            replace(
                option.sessions[0],
                id=SessionId(f"planned-{number}"),
                sites=tuple(
                    replace(site, room=held.get((number, site.school)))
                    for site in option.sessions[0].sites
                ),
            )
            for number, option in enumerate(plan)
        ]


@pytest.mark.parametrize("seed", [0, 1, 2, 4, 7, 10, 16, 20, 21, 28, 31, 35, 36, 37, 39])
def test_no_plan_places_more_or_as_much_for_less(seed: int) -> None:
    problem = an_alliance_of_three(seed)
    found = allocated(problem)
    assert faults_of(problem, found) == []
    assert is_complete(problem, found)
    assert (participations(problem, found), found.cost) == best_of_all(problem)
    assert found.bound == found.cost
