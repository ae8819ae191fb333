"""Rooms handed out after they were counted: each school's on its own, exactly."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from ortools.sat.python.cp_model import OPTIMAL, CpModel, CpSolver, IntVar

from scheduler.allocation.timeline import Timeline
from scheduler.allocation.weekly import Chosen, RoomNeed, WeeklyProblem, bits_of

PROOF_LIMIT: Final = 5.0
"""Deterministic seconds for one school; far more than a school has ever needed."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A need of a place that is used; `position` says which of its needs."""

    place: int
    position: int
    need: RoomNeed


@dataclass(frozen=True, slots=True)
class Handout:
    """The places that got a room for every need, and sets of places that can never all get one."""

    chosen: tuple[Chosen, ...]
    clashes: tuple[frozenset[int], ...]


def hand_out_rooms(problem: WeeklyProblem, timeline: Timeline, used: Iterable[int]) -> Handout:
    """A room for each need of the used places, the same on all dates, buffers kept."""
    used = sorted(used)
    by_school: dict[int, list[Wanted]] = defaultdict(list)
    for number in used:
        for position, need in enumerate(problem.places[number].needs):
            by_school[need.school].append(Wanted(number, position, need))
    rooms: dict[Wanted, int] = {}
    clashes = []
    for school in sorted(by_school):
        wanted = by_school[school]
        found = _School(problem, timeline, wanted).hand_out()
        rooms |= found
        if len(found) < len(wanted):
            clashes.append(_smallest_clash(problem, timeline, wanted))
    chosen = []
    for number in used:
        needs = [
            Wanted(number, position, need)
            for position, need in enumerate(problem.places[number].needs)
        ]
        if all(each in rooms for each in needs):
            chosen.append(Chosen(number, tuple(rooms[each] for each in needs)))
    return Handout(tuple(chosen), tuple(clashes))


def _smallest_clash(
    problem: WeeklyProblem, timeline: Timeline, wanted: Sequence[Wanted]
) -> frozenset[int]:
    """Places that cannot all get rooms, none of which could be left out of that statement."""
    needed = list(wanted)
    for number in sorted({each.place for each in wanted}):
        fewer = [each for each in needed if each.place != number]
        if len(_School(problem, timeline, fewer).hand_out()) < len(fewer):
            needed = fewer
    return frozenset(each.place for each in needed)


class _School:
    """The needs for rooms of one school."""

    def __init__(
        self, problem: WeeklyProblem, timeline: Timeline, wanted: Sequence[Wanted]
    ) -> None:
        self._problem = problem
        self._timeline = timeline
        self._wanted = wanted

    def hand_out(self) -> dict[Wanted, int]:
        """A room for as many needs as possible."""
        quickly = self._first_fit()
        return quickly if len(quickly) == len(self._wanted) else self._search()

    def _first_fit(self) -> dict[Wanted, int]:
        """Early ones first, those with little choice before others."""
        order = sorted(
            self._wanted,
            key=lambda each: (
                self._problem.places[each.place].starts,
                each.need.rooms.bit_count(),
                each.place,
                each.position,
            ),
        )
        given: dict[int, list[Wanted]] = defaultdict(list)
        found = {}
        for each in order:
            for room in bits_of(each.need.rooms):
                if not any(self._collide(each, other, room) for other in given[room]):
                    given[room].append(each)
                    found[each] = room
                    break
        return found

    def _search(self) -> dict[Wanted, int]:
        """By CP-SAT: one boolean for each need and room."""
        model = CpModel()
        gets: dict[tuple[Wanted, int], IntVar] = {
            (each, room): model.new_bool_var("")
            for each in self._wanted
            for room in bits_of(each.need.rooms)
        }
        for each in self._wanted:
            model.add_at_most_one(gets[each, room] for room in bits_of(each.need.rooms))
        for one, other in combinations(self._wanted, 2):
            for room in bits_of(one.need.rooms & other.need.rooms):
                if self._collide(one, other, room):
                    model.add_at_most_one((gets[one, room], gets[other, room]))
        model.maximize(sum(gets.values()))
        solver = CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = 0
        solver.parameters.max_deterministic_time = PROOF_LIMIT
        if solver.solve(model) != OPTIMAL:
            return self._first_fit()
        return {each: room for (each, room), got in gets.items() if solver.boolean_value(got)}

    def _collide(self, one: Wanted, other: Wanted, room: int) -> bool:
        buffer = self._problem.buffers[one.need.school][room]
        distance = 0 if one.need.company == other.need.company else buffer
        first, second = (
            self._timeline.bits(place.dates, place.starts, place.ends + distance)
            for place in (self._problem.places[one.place], self._problem.places[other.place])
        )
        return first & second != 0
