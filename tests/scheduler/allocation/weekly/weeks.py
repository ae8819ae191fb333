"""Small weekly problems, and an independent judge of their answers, minute by minute."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations, product
from random import Random
from typing import Any

from scheduler.allocation.weekly.problem import (
    Activity,
    Allowance,
    Chain,
    Chosen,
    Link,
    LinkUse,
    Load,
    Place,
    Presence,
    Quota,
    RoomNeed,
    Way,
    WeeklyAnswer,
    WeeklyProblem,
    bits_of,
    cost_of,
    missed,
)

EVERY_WEEK = 0b1111
ODD_WEEKS = 0b0101
EVEN_WEEKS = 0b1010


def a_place(starts: int = 600, minutes: int = 40, **fields: Any) -> Place:
    """A place of nobody in particular."""
    return Place(
        **dict[str, Any](
            {
                "activity": 0,
                "day": 1,
                "dates": EVERY_WEEK,
                "starts": starts,
                "ends": starts + minutes,
            }
        )
        | fields
    )


def a_week(
    *activities: Sequence[Place] | tuple[int, Sequence[Place]], **fields: Any
) -> WeeklyProblem:
    """A problem of these activities, each given by its places, or by how often and its places."""
    found: list[Activity] = []
    places: list[Place] = []
    for number, each in enumerate(activities):
        times, own = each if isinstance(each, tuple) and isinstance(each[0], int) else (1, each)
        first = len(places)
        for place in own:
            values = {name: getattr(place, name) for name in Place.__slots__}
            places.append(Place(**values | {"activity": number}))
        found.append(Activity(range(first, len(places)), times=times, weight=times))
    return WeeklyProblem(activities=tuple(found), places=tuple(places), **fields)


def faults_of(problem: WeeklyProblem, chosen: Sequence[Chosen]) -> list[str]:
    """Everything that is wrong with an answer's places and rooms."""
    faults = [*_times(problem, chosen), *_torn(problem, chosen), *_over_quota(problem, chosen)]
    for one, other in combinations(chosen, 2):
        faults += _clashes(problem, one, other)
    for each in chosen:
        needs = problem.places[each.place].needs
        faults += [
            f"room {room} does not do"
            for need, room in zip(needs, each.rooms, strict=True)
            if not need.rooms >> room & 1
        ]
    return [*faults, *_overuse(problem, chosen)]


def _times(problem: WeeklyProblem, chosen: Sequence[Chosen]) -> Iterator[str]:
    by_activity: dict[int, list[Place]] = {}
    for each in chosen:
        place = problem.places[each.place]
        by_activity.setdefault(place.activity, []).append(place)
    for number, places in by_activity.items():
        if len(places) != problem.activities[number].times:
            yield f"activity {number} is held {len(places)} times"
        if len({place.day for place in places}) != len(places):
            yield f"activity {number} is held twice on a day"
        if len({place.team for place in places}) > 1:
            yield f"activity {number} has several teams"


def _over_quota(problem: WeeklyProblem, chosen: Sequence[Chosen]) -> Iterator[str]:
    for quota in problem.quotas:
        used = [each.place for each in chosen if each.place in quota.places]
        if len(used) > quota.most:
            yield f"{used} are more than {quota.most}"


def _torn(problem: WeeklyProblem, chosen: Sequence[Chosen]) -> Iterator[str]:
    for chain in problem.chains:
        used = [
            each.place for each in chosen if problem.places[each.place].activity in chain.activities
        ]
        suits = any(
            all(any(place in places for place in used) for places in way.places)
            for way in chain.ways
        )
        if used and not suits:
            yield f"the chain of {chain.activities} is torn by {used}"


def _clashes(problem: WeeklyProblem, one: Chosen, other: Chosen) -> Iterator[str]:
    first, second = problem.places[one.place], problem.places[other.place]
    if not first.dates & second.dates:
        return
    apart = max(first.starts - second.ends, second.starts - first.ends)
    for here, there in product(first.people, second.people):
        distance = 0 if here.site == there.site else problem.travel
        if here.person == there.person and apart < distance:
            yield f"person {here.person} is in {one.place} and {other.place}"
    for (need, room), (taken, their_room) in product(
        zip(first.needs, one.rooms, strict=True), zip(second.needs, other.rooms, strict=True)
    ):
        if (need.school, room) == (taken.school, their_room):
            buffer = problem.buffers[need.school][room]
            if apart < (0 if need.company == taken.company else buffer):
                yield f"room {room} is taken by {one.place} and {other.place}"


def _overuse(problem: WeeklyProblem, chosen: Sequence[Chosen]) -> Iterator[str]:
    used: Counter[tuple[int, int, int]] = Counter()
    for each in chosen:
        place = problem.places[each.place]
        for use in place.links:
            for date, minute in _moments(place):
                used[use.link, date, minute] += use.amount
    for (number, date, minute), amount in used.items():
        loads = [load for load in problem.links[number].loads if (date, minute) in _moments(load)]
        if amount + sum(load.amount for load in loads) > problem.links[number].capacity:
            yield f"link {number} carries too much on {date} at {minute}"


def _moments(stretch: Place | Load) -> list[tuple[int, int]]:
    """Every fifth minute of a stretch, on each of its dates."""
    return list(product(bits_of(stretch.dates), range(stretch.starts, stretch.ends, 5)))


def is_complete(problem: WeeklyProblem, answer: WeeklyAnswer) -> bool:
    """Whether every activity is either placed or named unplaced."""
    placed = {problem.places[each.place].activity for each in answer.chosen}
    return sorted((*placed, *answer.unplaced)) == list(range(len(problem.activities)))


def best_by_brute_force(problem: WeeklyProblem) -> tuple[int, int]:
    """The least that must be left out, and the least cost of doing so."""
    left_out, _, cost = best_change_by_brute_force(problem, frozenset())
    return left_out, cost


def best_change_by_brute_force(
    problem: WeeklyProblem, before: frozenset[int]
) -> tuple[int, int, int]:
    """The least that must be left out, then moved of what was held before, then the least cost."""
    had = {problem.places[place].activity for place in before}
    choices = [
        [(), *combinations(activity.places, activity.times)] for activity in problem.activities
    ]
    ranked = []
    for picked in product(*choices):
        used = [place for places in picked for place in places]
        unplaced = tuple(number for number, places in enumerate(picked) if not places)
        moved = sum(place not in before and problem.places[place].activity in had for place in used)
        ranked.append((missed(problem, unplaced), moved, cost_of(problem, set(used)), used))
    return next(
        (out, moved, cost) for out, moved, cost, used in sorted(ranked) if has_rooms(problem, used)
    )


def has_rooms(problem: WeeklyProblem, used: Sequence[int]) -> bool:
    choices = [
        [
            Chosen(number, rooms)
            for rooms in product(*(bits_of(need.rooms) for need in problem.places[number].needs))
        ]
        for number in used
    ]
    # Most sets of places fail already in pairs: that needs no rooms to be tried.
    if any(
        all(any(_clashes(problem, one, other)) for one in first for other in second)
        for first, second in combinations(choices, 2)
    ):
        return False
    return any(not faults_of(problem, chosen) for chosen in product(*choices))


def with_offers(problem: WeeklyProblem, seed: int) -> WeeklyProblem:
    """The same where each place is served by one of two teams, each of which has a quota."""
    random = Random(seed)
    places = tuple(
        Place(
            **{name: getattr(place, name) for name in Place.__slots__}
            | {"team": random.randrange(2)}
        )
        for place in problem.places
    )
    quotas = tuple(
        Quota(
            tuple(number for number, place in enumerate(places) if place.team == team),
            random.randrange(1, 4),
        )
        for team in range(2)
    )
    return WeeklyProblem(
        **{name: getattr(problem, name) for name in WeeklyProblem.__slots__}
        | {"places": places, "quotas": quotas}
    )


def with_chains(problem: WeeklyProblem, seed: int) -> WeeklyProblem:
    """The same with two or three of its activities in a chain, where some places suit each other.

    The places of each fall into sets, as if those of a set had the same dates.
    """
    random = Random(seed)
    single = [number for number, each in enumerate(problem.activities) if each.times == 1]
    linked = random.sample(single, min(len(single), random.choice((2, 3))))
    if not linked:
        return problem
    sets = []
    for number in linked:
        places = list(problem.activities[number].places)
        cut = random.randrange(len(places) + 1)
        sets.append([frozenset(part) for part in (places[:cut], places[cut:]) if part])
    ways = [Way(tuple(way), random.randrange(9)) for way in product(*sets) if random.random() < 0.6]
    return WeeklyProblem(
        **{name: getattr(problem, name) for name in WeeklyProblem.__slots__}
        | {"chains": (Chain(tuple(linked), tuple(ways)),)}
    )


def a_crowded_week(
    seed: int, activities: int = 4, places: int = 2, schools: int = 2
) -> WeeklyProblem:
    """Few times of day, two teachers, two schools each, a narrow link: almost all collides."""
    random = Random(seed)
    found = []
    for _ in range(activities):
        teacher, company = random.randrange(2), random.randrange(2)
        times = random.choice((1, 1, 1, 2))
        weeks = random.choice((EVERY_WEEK, EVERY_WEEK, ODD_WEEKS, EVEN_WEEKS))
        own = []
        met = range(2) if schools == 2 else sorted(random.sample(range(schools), 2))
        for _ in range(places + times):
            day = random.randrange(2)
            own.append(
                a_place(
                    600 + 25 * random.randrange(4),
                    day=day,
                    dates=weeks << 4 * day,
                    people=(Presence(teacher, random.randrange(2)), Presence(10 + company)),
                    needs=tuple(
                        RoomNeed(school, random.choice((1, 2, 3)), company) for school in met
                    ),
                    links=(LinkUse(0), LinkUse(1, random.choice((2, 3)))),
                    cost=random.randrange(9),
                )
            )
        found.append((times, own))
    week = a_week(
        *found,
        buffers=((10, 0), *((10, 10),) * (schools - 1)),
        links=(
            Link(2, (Load(0b11, 600, 630),)),
            Link(5),
        ),
        travel=30,
    )
    numbers = range(len(week.places))
    allowances = tuple(
        Allowance(
            tuple(sorted(random.sample(numbers, 4))), random.randrange(2), random.randrange(9)
        )
        for _ in range(3)
    )
    return WeeklyProblem(
        **{name: getattr(week, name) for name in WeeklyProblem.__slots__}
        | {"allowances": allowances}
    )
