"""A part of an answer set free while the rest stays: a smaller problem, and the way back."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Final

from scheduler.allocation.weekly.greedy import resume
from scheduler.allocation.weekly.occupancy import Occupancy
from scheduler.allocation.weekly.problem import (
    Activity,
    Allowance,
    Chain,
    Chosen,
    Link,
    Load,
    Place,
    Quota,
    RoomNeed,
    Way,
    WeeklyAnswer,
    WeeklyProblem,
    answer_of,
    cost_of,
    with_their_chains,
)
from scheduler.allocation.weekly.timeline import Timeline

SIZE: Final = 200
"""Activities in a window: stated in a second and solved in less where each has twenty places."""


@dataclass(frozen=True, slots=True)
class Window:
    """The problem of the free activities; `activities` and `places` are the numbers they had."""

    problem: WeeklyProblem
    activities: tuple[int, ...]
    places: tuple[int, ...]
    kept: tuple[Chosen, ...]

    def whole(self, problem: WeeklyProblem, answer: WeeklyAnswer) -> WeeklyAnswer:
        """An answer to the window, with all that was kept."""
        moved = (Chosen(self.places[each.place], each.rooms) for each in answer.chosen)
        return answer_of(problem, (*self.kept, *moved))

    def part(self, answer: WeeklyAnswer) -> WeeklyAnswer:
        """What an answer to the whole problem says of the window."""
        numbers = {place: number for number, place in enumerate(self.places)}
        chosen = tuple(
            sorted(
                Chosen(numbers[each.place], each.rooms)
                for each in answer.chosen
                if each.place in numbers
            )
        )
        unplaced = set(answer.unplaced)
        return WeeklyAnswer(
            chosen=chosen,
            unplaced=tuple(n for n, old in enumerate(self.activities) if old in unplaced),
            cost=cost_of(self.problem, {each.place for each in chosen}),
        )


def window(
    problem: WeeklyProblem, timeline: Timeline, answer: WeeklyAnswer, free: Iterable[int]
) -> Window:
    """Only the `free` activities may move, to where the others leave people, rooms and links.

    Those that go together are free together.
    """
    free = sorted(with_their_chains(problem, free))
    freed = set(free)
    kept = tuple(each for each in answer.chosen if problem.places[each.place].activity not in freed)
    occupancy = Occupancy(problem, timeline)
    for each in kept:
        occupancy.take(problem.places[each.place], each.rooms)
    ample = _ample_links(problem, occupancy, free)
    places: list[Place] = []
    numbers: list[int] = []
    activities = []
    for new, old in enumerate(free):
        first = len(places)
        for number in problem.activities[old].places:
            place = problem.places[number]
            rooms = occupancy.free_rooms(place)
            if rooms is not None:
                needs = tuple(map(_narrowed, place.needs, rooms))
                links = tuple(use for use in place.links if use.link not in ample)
                places.append(replace(place, activity=new, needs=needs, links=links))
                numbers.append(number)
        activities.append(replace(problem.activities[old], places=range(first, len(places))))
    return Window(
        problem=WeeklyProblem(
            activities=tuple(activities),
            places=tuple(places),
            buffers=problem.buffers,
            links=tuple(_links(problem, kept, ample)),
            allowances=tuple(_allowances(problem, kept, numbers)),
            quotas=tuple(_quotas(problem, kept, numbers)),
            chains=tuple(_chains(problem, free, numbers)),
            travel=problem.travel,
        ),
        activities=tuple(free),
        places=tuple(numbers),
        kept=kept,
    )


def _narrowed(need: RoomNeed, rooms: int) -> RoomNeed:
    return replace(need, rooms=rooms)


def _ample_links(
    problem: WeeklyProblem, occupancy: Occupancy, free: Sequence[int]
) -> frozenset[int]:
    """Links that suffice even if all the free activities meet at one moment."""
    wished = [0] * len(problem.links)
    for number in free:
        most: dict[int, int] = defaultdict(int)
        for place in problem.activities[number].places:
            for use in problem.places[place].links:
                most[use.link] = max(most[use.link], use.amount)
        for link, amount in most.items():
            wished[link] += amount
    return frozenset(link for link, amount in enumerate(wished) if occupancy.has_left(link, amount))


def _links(problem: WeeklyProblem, kept: Sequence[Chosen], ample: frozenset[int]) -> Iterator[Link]:
    """What is kept is a load; of links that suffice anyway nothing is said."""
    loads: dict[int, list[Load]] = defaultdict(list)
    for each in kept:
        place = problem.places[each.place]
        for use in place.links:
            loads[use.link].append(Load(place.dates, place.starts, place.ends, use.amount))
    for number, link in enumerate(problem.links):
        stays = () if number in ample else (*link.loads, *loads[number])
        yield Link(link.capacity, stays)


def _allowances(
    problem: WeeklyProblem, kept: Sequence[Chosen], numbers: Sequence[int]
) -> Iterator[Allowance]:
    """What is kept has used some of what is free."""
    new = {old: number for number, old in enumerate(numbers)}
    used = {each.place for each in kept}
    for allowance in problem.allowances:
        gone = sum(place in used for place in allowance.places)
        places = tuple(new[place] for place in allowance.places if place in new)
        if places:
            yield Allowance(places, max(0, allowance.free - gone), allowance.points)


def joined(
    problem: WeeklyProblem,
    timeline: Timeline,
    before: WeeklyAnswer,
    one: WeeklyAnswer,
    other: WeeklyAnswer,
) -> WeeklyAnswer:
    """What two windows of an answer have changed, both if they are not in each other's way.

    Where they are, whatever the second would take from the first is placed anew.
    """
    common = frozenset(before.chosen)
    new = frozenset(other.chosen) - common
    moved = (problem.places[each.place].activity for each in new)
    changed = with_their_chains(problem, moved)
    kept = [each for each in one.chosen if problem.places[each.place].activity not in changed]
    again = [each for each in other.chosen if problem.places[each.place].activity in changed]
    return resume(problem, timeline, [*kept, *again])


def _quotas(
    problem: WeeklyProblem, kept: Sequence[Chosen], numbers: Sequence[int]
) -> Iterator[Quota]:
    """What is kept has used some of what is there."""
    new = {old: number for number, old in enumerate(numbers)}
    used = {each.place for each in kept}
    for quota in problem.quotas:
        gone = sum(place in used for place in quota.places)
        places = tuple(new[place] for place in quota.places if place in new)
        if places:
            yield Quota(places, max(0, quota.most - gone))


def _chains(problem: WeeklyProblem, free: Sequence[int], numbers: Sequence[int]) -> Iterator[Chain]:
    """The chains of the free activities, in the ways for which places are left."""
    activities = {old: number for number, old in enumerate(free)}
    new = {old: number for number, old in enumerate(numbers)}
    known: dict[frozenset[int], frozenset[int]] = {}

    def left(places: frozenset[int]) -> frozenset[int]:
        if places not in known:
            known[places] = frozenset(new[place] for place in places if place in new)
        return known[places]

    for chain in problem.chains:
        if chain.activities[0] in activities:
            ways = (Way(tuple(map(left, way.places)), way.cost) for way in chain.ways)
            yield Chain(
                tuple(activities[number] for number in chain.activities),
                tuple(way for way in ways if all(way.places)),
            )


class Neighbourhoods:
    """Activities worth setting free together: such as could gain, and others of their schools."""

    def __init__(self, problem: WeeklyProblem, seed: int) -> None:
        self._problem = problem
        self._random = Random(seed)  # noqa: S311 - to be repeated, not to be secret
        self._schools = [_schools(problem, activity) for activity in problem.activities]
        self._of_school: dict[int, list[int]] = defaultdict(list)
        for number, schools in enumerate(self._schools):
            for school in schools:
                self._of_school[school].append(number)

    def pick(self, answer: WeeklyAnswer) -> set[int]:
        """An activity that is left out or has a cheaper place, and up to SIZE others near it."""
        gaining = self._gaining(answer)
        start = self._random.choice(gaining)
        found = {start, *self._random.sample(gaining, min(len(gaining), SIZE // 7))}
        around = self._schools[start]
        for school in self._random.sample(around, len(around)):
            near = self._of_school[school]
            found.update(self._random.sample(near, min(len(near), max(0, SIZE - len(found)))))
        return found

    def _gaining(self, answer: WeeklyAnswer) -> list[int]:
        costs = {place.activity: 0 for place in self._problem.places}
        for number, activity in enumerate(self._problem.activities):
            own = sorted(self._problem.places[place].cost for place in activity.places)
            costs[number] = sum(own[: activity.times])
        for each in answer.chosen:
            place = self._problem.places[each.place]
            costs[place.activity] -= place.cost
        gaining = [*answer.unplaced, *(number for number, left in costs.items() if left < 0)]
        return gaining or list(range(len(self._problem.activities)))


def _schools(problem: WeeklyProblem, activity: Activity) -> list[int]:
    found = {need.school for place in activity.places for need in problem.places[place].needs}
    return sorted(found)
