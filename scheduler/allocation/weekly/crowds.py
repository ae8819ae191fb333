"""Who would be where at the same time: the sets of places that the constraints count."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from scheduler.allocation.weekly.problem import RoomNeed, WeeklyProblem, bits_of
from scheduler.allocation.weekly.timeline import Timeline

Need = tuple[int, RoomNeed]
"""A place, by number, and one room that it needs."""

MAX_UNIONS: Final = 64
"""Unions of suitable rooms counted at one moment; more are left to the handing out of rooms."""


def crowds(
    problem: WeeklyProblem, places: Iterable[int], *, buffer: int = 0
) -> Iterator[tuple[int, tuple[int, ...]]]:
    """The largest sets of places that share a moment, with it; `buffer` is added to their ends."""
    present: list[int] = []
    moment = 0
    for number in sorted(places, key=lambda number: (problem.places[number].starts, number)):
        starts = problem.places[number].starts
        staying = [each for each in present if problem.places[each].ends + buffer > starts]
        if len(staying) < len(present):
            yield moment, tuple(present)
        present, moment = [*staying, number], starts
    if present:
        yield moment, tuple(present)


def places_of_people(
    problem: WeeklyProblem, timeline: Timeline
) -> dict[tuple[int, int], list[int]]:
    """The places in which each person would take part on each date."""
    found = defaultdict(list)
    for number, place in enumerate(problem.places):
        for date in bits_of(place.dates & timeline.dates):
            for presence in place.people:
                found[presence.person, date].append(number)
    return found


def travellers(problem: WeeklyProblem, timeline: Timeline) -> Iterator[Sequence[tuple[int, int]]]:
    """For each person and date with several sites: the places, each with the person's site."""
    found = defaultdict(list)
    for number, place in enumerate(problem.places):
        for date in bits_of(place.dates & timeline.dates):
            for presence in place.people:
                found[presence.person, date].append((number, presence.site))
    for sites in found.values():
        if len({site for _, site in sites}) > 1:
            yield sites


def room_needs(problem: WeeklyProblem, timeline: Timeline) -> Iterator[tuple[int, Sequence[Need]]]:
    """For each school and date: the places that need a room there."""
    found = defaultdict(list)
    for number, place in enumerate(problem.places):
        for date in bits_of(place.dates & timeline.dates):
            for need in place.needs:
                found[need.school, date].append((number, need))
    for (school, _), needs in found.items():
        yield school, needs


def moments_of_need(
    problem: WeeklyProblem, school: int, needs: Sequence[Need]
) -> Iterator[tuple[int, int, tuple[Need, ...]]]:
    """Moments at which some rooms may not suffice: the moment, the rooms, who needs one of them.

    A room's buffer is counted as the school's shortest, so nothing possible is excluded.
    """
    by_place = defaultdict(list)
    for number, need in needs:
        by_place[number].append(need)
    for moment, crowd in crowds(problem, by_place, buffer=min(problem.buffers[school])):
        present = [(number, need) for number in crowd for need in by_place[number]]
        for rooms in _unions(need.rooms for _, need in present):
            within = tuple(each for each in present if each[1].rooms | rooms == rooms)
            activities = {problem.places[number].activity for number, _ in within}
            if len(activities) > rooms.bit_count():
                yield moment, rooms, within


def _unions(masks: Iterable[int]) -> list[int]:
    """The different sets and the unions of any of them, the smallest first, up to a limit."""
    found: set[int] = set()
    for mask in sorted(set(masks), key=lambda mask: (mask.bit_count(), mask)):
        if len(found) >= MAX_UNIONS:
            break
        found |= {mask, *(mask | other for other in found)}
    return sorted(found, key=lambda mask: (mask.bit_count(), mask))


def link_uses(
    problem: WeeklyProblem, timeline: Timeline
) -> Iterator[tuple[int, tuple[tuple[int, int], ...]]]:
    """Moments at which a link may not suffice: what is left of it, who would take how much."""
    found = defaultdict(list)
    for number, place in enumerate(problem.places):
        for date in bits_of(place.dates & timeline.dates):
            for use in place.links:
                found[use.link, date].append((number, use.amount))
    for (link, date), uses in found.items():
        loads = [load for load in problem.links[link].loads if load.dates >> date & 1]
        starts = {problem.places[number].starts for number, _ in uses}
        for moment in sorted(starts | {load.starts for load in loads}):
            taken = sum(load.amount for load in loads if load.starts <= moment < load.ends)
            crowd = tuple(
                (number, amount)
                for number, amount in uses
                if problem.places[number].starts <= moment < problem.places[number].ends
            )
            left = max(0, problem.links[link].capacity - taken)
            if sum(amount for _, amount in crowd) > left:
                yield left, crowd
