"""Activities that can never be in each other's way are problems of their own."""

from collections import defaultdict
from collections.abc import Hashable, Iterator

from scheduler.allocation.weekly.board import ample_links
from scheduler.allocation.weekly.problem import WeeklyProblem


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
