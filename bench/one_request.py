"""How fast are the five cheapest free places of one more request found among a term's sessions?

And if there are none: one other session that could move, so that it fits?
"""

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from random import Random
from time import perf_counter_ns, thread_time_ns

from bench import jcs
from scheduler.allocation.weekly.greedy import fit_greedily
from scheduler.allocation.weekly.occupancy import Occupancy
from scheduler.allocation.weekly.one_move import Crowd, OneMove
from scheduler.allocation.weekly.problem import Chosen, WeeklyProblem, bits_of
from scheduler.allocation.weekly.timeline import Timeline

ASKED, SHOWN, COMPARED = 2_000, 5, 200
JUDGED = 3
STEP = 5


def cheapest(problem: WeeklyProblem, occupancy: Occupancy, places: Sequence[int]) -> list[int]:
    """The cheapest places at which everybody, a room for each school and the links are free."""
    by_cost = sorted(places, key=lambda number: (problem.places[number].cost, number))
    free = (each for each in by_cost if occupancy.rooms_for(problem.places[each]) is not None)
    return list(islice(free, SHOWN))


class BruteForce:
    """Everything that is taken, week by week and step by step."""

    def __init__(self, problem: WeeklyProblem, held: Sequence[Chosen]) -> None:
        self._problem = problem
        self._taken: set[tuple[object, int, int]] = set()
        self._load: dict[tuple[int, int, int], int] = defaultdict(int)
        for each in held:
            place = problem.places[each.place]
            rooms = [
                (need.school, room) for need, room in zip(place.needs, each.rooms, strict=True)
            ]
            for moment in self._moments(each.place):
                self._taken.update((presence.person, *moment) for presence in place.people)
                self._taken.update((room, *moment) for room in rooms)
                for use in place.links:
                    self._load[use.link, *moment] += use.amount

    def cheapest(self, places: Sequence[int]) -> list[int]:
        free = filter(self._is_free, places)
        ranked = sorted(free, key=lambda number: (self._problem.places[number].cost, number))
        return ranked[:SHOWN]

    def allows(self, chosen: Chosen) -> bool:
        """Whether the place and these very rooms are free."""
        place, moments = self._problem.places[chosen.place], list(self._moments(chosen.place))
        return self._is_free(chosen.place) and not any(
            ((need.school, room), *moment) in self._taken
            for need, room in zip(place.needs, chosen.rooms, strict=True)
            for moment in moments
        )

    def _is_free(self, number: int) -> bool:
        place, moments = self._problem.places[number], list(self._moments(number))
        return (
            not any(
                (each.person, *moment) in self._taken for each in place.people for moment in moments
            )
            and all(
                self._load[use.link, *moment] + use.amount <= self._problem.links[use.link].capacity
                for use in place.links
                for moment in moments
            )
            and all(
                any(
                    not any(((need.school, room), *moment) in self._taken for moment in moments)
                    for room in bits_of(need.rooms)
                )
                for need in place.needs
            )
        )

    def _moments(self, number: int) -> Iterator[tuple[int, int]]:
        place = self._problem.places[number]
        for date in bits_of(place.dates):
            for minute in range(place.starts, place.ends, STEP):
                yield date, minute


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("instance", type=Path)
    raw = json.loads(parser.parse_args().instance.read_bytes())
    problem = jcs.state(raw)
    timeline = Timeline(problem)
    held = fit_greedily(problem, timeline).chosen
    occupancy = Occupancy(problem, timeline)
    for each in held:
        occupancy.take(problem.places[each.place], each.rooms)
    random = Random(1)  # noqa: S311 - to be repeated
    asked = [random.choice(problem.activities).places for _ in range(ASKED)]
    wall, processor, found = [], [], []
    for places in asked:
        begun, worked = perf_counter_ns(), thread_time_ns()
        found.append(cheapest(problem, occupancy, places))
        processor.append((thread_time_ns() - worked) / 1e6)
        wall.append((perf_counter_ns() - begun) / 1e6)
    blocked = [places for places, free in zip(asked, found, strict=True) if not free]
    told, are_sound = make_room(problem, held, blocked)
    brute = BruteForce(problem, held)
    equal = [brute.cheapest(places) for places in asked[:COMPARED]] == found[:COMPARED]
    print(
        f"{len(held)} sessions loaded, {ASKED} requests, the {SHOWN} cheapest places of each:"
        f" wall {_spread(wall)}, processor {_spread(processor)} [p99 1 ms];"
        f" {COMPARED} compared with a brute force: {'equal' if equal else 'DIFFERENT'}"
    )
    print(told)
    return 0 if equal and are_sound and sorted(wall)[ASKED * 99 // 100] < 1 else 1


def make_room(
    problem: WeeklyProblem, held: Sequence[Chosen], blocked: Sequence[Sequence[int]]
) -> tuple[str, bool]:
    """For each request without a free place the first move of another that gives it one."""
    if not blocked:
        return "Nothing is without a free place: nobody has to move.", True
    crowd = Crowd(problem, Timeline(problem), held)
    processor, moves = [], []
    for places in blocked:
        worked = thread_time_ns()
        moves.append(next(crowd.moves_for(places), None))
        processor.append((thread_time_ns() - worked) / 1e6)
    made = [move for move in moves if move is not None]
    are_sound = all(_is_sound(problem, held, move) for move in made[:JUDGED])
    worst = f"worst {max(processor):.1f} ms"
    return (
        f"{len(blocked)} without a free place, {len(made)} get one by one move:"
        f" processor {_spread(processor)}, {worst};"
        f" {min(JUDGED, len(made))} held to a brute force: {'sound' if are_sound else 'UNSOUND'}"
    ), are_sound


def _is_sound(problem: WeeklyProblem, held: Sequence[Chosen], move: OneMove) -> bool:
    """Whether both have their places to themselves, minute by minute."""
    others = [each for at, each in enumerate(held) if at != move.held]
    return BruteForce(problem, others).allows(move.place) and BruteForce(
        problem, [*others, move.place]
    ).allows(move.to)


def _spread(times: list[float]) -> str:
    ranked = sorted(times)
    return f"median {ranked[len(ranked) // 2]:.2f}, p99 {ranked[len(ranked) * 99 // 100]:.2f} ms"


if __name__ == "__main__":
    sys.exit(main())
