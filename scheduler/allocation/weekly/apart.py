"""Activities that can never be in each other's way are problems of their own."""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from scheduler.allocation.weekly.board import ample_links
from scheduler.allocation.weekly.problem import (
    Activity,
    Allowance,
    Chain,
    LinkUse,
    Place,
    Quota,
    RoomNeed,
    Way,
    WeeklyProblem,
)
from scheduler.allocation.weekly.windows import Window

Counting = TypeVar("Counting", Allowance, Quota)


def divided(problem: WeeklyProblem) -> list[Window]:
    """The problem of each group that `apart` finds, or the whole if there are no two.

    A part knows its own schools and links only, and of links none that suffice anyway.
    """
    groups = apart(problem)
    if len(groups) <= 1:
        every = tuple(range(len(problem.activities)))
        return [Window(problem, every, tuple(range(len(problem.places))), ())]
    part_of = {activity: part for part, group in enumerate(groups) for activity in group}
    allowances = _by_part(problem, problem.allowances, part_of)
    quotas = _by_part(problem, problem.quotas, part_of)
    chains = defaultdict[int, list[Chain]](list)
    for chain in problem.chains:
        chains[part_of[chain.activities[0]]].append(chain)
    ample = ample_links(problem)
    return [
        _Part(problem, group, ample).stated(allowances[part], quotas[part], chains[part])
        for part, group in enumerate(groups)
    ]


def _by_part(
    problem: WeeklyProblem, counting: Sequence[Counting], part_of: Mapping[int, int]
) -> Mapping[int, list[Counting]]:
    """What counts places, by the part to which they belong."""
    found = defaultdict[int, list[Counting]](list)
    for each in counting:
        if each.places:
            found[part_of[problem.places[each.places[0]].activity]].append(each)
    return found


class _Part:
    """A part in the making: each activity, place, school and link of it gets a number there."""

    def __init__(
        self, problem: WeeklyProblem, group: tuple[int, ...], ample: frozenset[int]
    ) -> None:
        self._problem = problem
        self._group = group
        self._ample = ample
        self._schools: dict[int, int] = {}
        self._links: dict[int, int] = {}
        self._needs: dict[RoomNeed, RoomNeed] = {}
        self._numbers = [place for each in group for place in problem.activities[each].places]
        self._new = {old: number for number, old in enumerate(self._numbers)}

    def stated(
        self, allowances: Sequence[Allowance], quotas: Sequence[Quota], chains: Sequence[Chain]
    ) -> Window:
        problem = self._problem
        places: list[Place] = []
        activities: list[Activity] = []
        for number, old in enumerate(self._group):
            activity, first = problem.activities[old], len(places)
            places += [self._place(problem.places[each], number) for each in activity.places]
            activities.append(replace(activity, places=range(first, len(places))))
        return Window(
            problem=WeeklyProblem(
                activities=tuple(activities),
                places=tuple(places),
                buffers=tuple(problem.buffers[school] for school in self._schools),
                links=tuple(problem.links[link] for link in self._links),
                allowances=tuple(
                    replace(each, places=self._renumbered(each.places)) for each in allowances
                ),
                quotas=tuple(
                    replace(each, places=self._renumbered(each.places)) for each in quotas
                ),
                chains=tuple(map(self._chain, chains)),
                travel=problem.travel,
            ),
            activities=self._group,
            places=tuple(self._numbers),
            kept=(),
        )

    def _place(self, place: Place, activity: int) -> Place:
        return replace(
            place,
            activity=activity,
            needs=tuple(map(self._need, place.needs)),
            links=tuple(
                LinkUse(self._links.setdefault(use.link, len(self._links)), use.amount)
                for use in place.links
                if use.link not in self._ample
            ),
        )

    def _need(self, need: RoomNeed) -> RoomNeed:
        if need not in self._needs:
            school = self._schools.setdefault(need.school, len(self._schools))
            self._needs[need] = replace(need, school=school)
        return self._needs[need]

    def _renumbered(self, places: Sequence[int]) -> tuple[int, ...]:
        return tuple(self._new[place] for place in places)

    def _chain(self, chain: Chain) -> Chain:
        new = {old: number for number, old in enumerate(self._group)}
        return Chain(
            tuple(new[activity] for activity in chain.activities),
            tuple(
                Way(tuple(frozenset(self._renumbered([*each])) for each in way.places), way.cost)
                for way in chain.ways
            ),
        )


def apart(problem: WeeklyProblem) -> list[tuple[int, ...]]:
    """Groups of activities that share no person, school, scarce link, allowance, quota or chain.

    Schools that never meet fall apart, unless by way of a third. What has no place is in none,
    unless it is in a chain.
    """
    leaders: dict[Hashable, Hashable] = {}

    def leader_of(member: Hashable) -> Hashable:
        while (leader := leaders.setdefault(member, member)) != member:
            leaders[member] = leaders[leader]
            member = leader
        return member

    for number, shared in _shared(problem):
        leaders[leader_of(shared)] = leader_of(number)
    groups = defaultdict(list)
    chained = {number for chain in problem.chains for number in chain.activities}
    for number, activity in enumerate(problem.activities):
        if activity.places or number in chained:
            groups[leader_of(number)].append(number)
    return sorted(map(tuple, groups.values()))


def _shared(problem: WeeklyProblem) -> Iterator[tuple[int, tuple[str, int]]]:
    """Each activity with all that others may want too."""
    ample = ample_links(problem)
    for place in problem.places:
        for presence in place.people:
            yield place.activity, ("person", presence.person)
        for need in place.needs:
            yield place.activity, ("school", need.school)
        for use in place.links:
            if use.link not in ample:
                yield place.activity, ("link", use.link)
    yield from _counted(problem)
    for number, chain in enumerate(problem.chains):
        for activity in chain.activities:
            yield activity, ("chain", number)


def _counted(problem: WeeklyProblem) -> Iterator[tuple[int, tuple[str, int]]]:
    """Each activity with whatever counts some of its places."""
    for number, allowance in enumerate(problem.allowances):
        for each in allowance.places:
            yield problem.places[each].activity, ("allowance", number)
    for number, quota in enumerate(problem.quotas):
        for each in quota.places:
            yield problem.places[each].activity, ("quota", number)
