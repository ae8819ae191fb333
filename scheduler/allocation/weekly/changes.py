"""What it disturbs to change an answer: another place, and each room that becomes another one."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Final

from scheduler.allocation.weekly.problem import (
    Chosen,
    Place,
    RoomNeed,
    WeeklyAnswer,
    WeeklyProblem,
    cost_of,
)

ALL_CHOICES: Final = 4
"""Up to so many rooms of a place, each choice of those that change is looked at."""
FEW: Final = 2
"""With more rooms, choices of so few, and that all may change."""


@dataclass(frozen=True, slots=True)
class Change:
    """What it disturbs to use a place instead of where its activity was, in points.

    Of its needs, each has the rooms that are no change as a bit set in `own`, and in `rooms` the
    points that any other adds.
    """

    points: int
    own: tuple[int, ...]
    rooms: tuple[int, ...]

    def with_rooms(self, numbers: Sequence[int]) -> int:
        """The points of the place with these rooms."""
        each = zip(self.own, self.rooms, numbers, strict=True)
        return self.points + sum(points for own, points, room in each if not own >> room & 1)


@dataclass(frozen=True, slots=True)
class ByRooms:
    """A problem that has each place once for every choice of rooms that stay.

    `places` are the numbers that its places had.
    """

    problem: WeeklyProblem
    places: tuple[int, ...]

    def part(self, answer: WeeklyAnswer) -> WeeklyAnswer:
        """An answer to the plain problem, told in these places."""
        chosen = tuple(self._cheapest(each) for each in answer.chosen)
        cost = cost_of(self.problem, {each.place for each in chosen})
        return replace(answer, chosen=chosen, cost=cost, bound=None)

    def whole(self, answer: WeeklyAnswer) -> tuple[Chosen, ...]:
        """The way back."""
        return tuple(Chosen(self.places[each.place], each.rooms) for each in answer.chosen)

    def _cheapest(self, chosen: Chosen) -> Chosen:
        fitting = (
            number
            for number, place in enumerate(self.places)
            if place == chosen.place and _has(self.problem.places[number], chosen.rooms)
        )
        return Chosen(
            min(fitting, key=lambda number: self.problem.places[number].cost), chosen.rooms
        )


def _has(place: Place, rooms: Sequence[int]) -> bool:
    return all(need.rooms >> room & 1 for need, room in zip(place.needs, rooms, strict=True))


def by_rooms(problem: WeeklyProblem, changes: Sequence[Change], price: int) -> ByRooms:
    """Every place with its points at this price each, its rooms either its own or others."""
    places: list[Place] = []
    numbers: list[int] = []
    activities = []
    for activity in problem.activities:
        first = len(places)
        for number in activity.places:
            place = problem.places[number]
            for needs, points in _choices(place.needs, changes[number]):
                places.append(replace(place, needs=needs, cost=place.cost + price * points))
                numbers.append(number)
        activities.append(replace(activity, places=range(first, len(places))))
    new: dict[int, list[int]] = {}
    for number, old in enumerate(numbers):
        new.setdefault(old, []).append(number)

    def renumbered(old: Iterable[int]) -> Iterator[int]:
        return (number for each in old for number in new[each])

    stated = replace(
        problem,
        activities=tuple(activities),
        places=tuple(places),
        allowances=tuple(
            replace(each, places=tuple(renumbered(each.places))) for each in problem.allowances
        ),
        quotas=tuple(
            replace(each, places=tuple(renumbered(each.places))) for each in problem.quotas
        ),
        chains=tuple(
            replace(
                chain,
                ways=tuple(
                    replace(way, places=tuple(frozenset(renumbered(each)) for each in way.places))
                    for way in chain.ways
                ),
            )
            for chain in problem.chains
        ),
    )
    return ByRooms(stated, tuple(numbers))


def _choices(
    needs: Sequence[RoomNeed], change: Change
) -> Iterator[tuple[tuple[RoomNeed, ...], int]]:
    """The needs with each choice of those that get another room, and the points of all that."""
    open_ones = [
        position
        for position, (need, own) in enumerate(zip(needs, change.own, strict=True))
        if change.rooms[position] and need.rooms & own and need.rooms & ~own
    ]
    lost = sum(
        points
        for need, own, points in zip(needs, change.own, change.rooms, strict=True)
        if not need.rooms & own
    )
    most = len(open_ones)
    for count in range(most + 1):
        if count <= FEW or most <= ALL_CHOICES or count == most:
            for changed in combinations(open_ones, count):
                yield (
                    tuple(
                        _narrowed(need, change.own[position], is_changed=position in changed)
                        if position in open_ones
                        else need
                        for position, need in enumerate(needs)
                    ),
                    change.points + lost + sum(change.rooms[position] for position in changed),
                )


def _narrowed(need: RoomNeed, own: int, *, is_changed: bool) -> RoomNeed:
    return replace(need, rooms=need.rooms & (~own if is_changed else own))
