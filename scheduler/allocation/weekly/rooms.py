"""Rooms handed out after they were counted: those that could collide together, exactly."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from ortools.sat.python.cp_model import (
    FEASIBLE,
    INFEASIBLE,
    OPTIMAL,
    CpModel,
    CpSolver,
    IntVar,
    LinearExpr,
)

from scheduler.allocation.weekly.crowds import crowds
from scheduler.allocation.weekly.problem import Chosen, RoomNeed, WeeklyProblem, bits_of
from scheduler.allocation.weekly.timeline import Timeline

SEARCH_LIMIT: Final = 1.0
"""Deterministic seconds to place as many of a cluster's needs as possible."""
PROOF_LIMIT: Final = 0.1
"""Deterministic seconds to prove that some needs can never all be met; else it counts as open."""


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
        for wanted in _clusters(problem, timeline, by_school[school]):
            found = _Cluster(problem, timeline, wanted).hand_out()
            rooms |= found
            if len(found) < len(wanted):
                clashes += _smallest_clash(problem, timeline, wanted)
    chosen = []
    for number in used:
        needs = [
            Wanted(number, position, need)
            for position, need in enumerate(problem.places[number].needs)
        ]
        if all(each in rooms for each in needs):
            chosen.append(Chosen(number, tuple(rooms[each] for each in needs)))
    return Handout(tuple(chosen), tuple(clashes))


def _clusters(
    problem: WeeklyProblem, timeline: Timeline, wanted: Sequence[Wanted]
) -> list[list[Wanted]]:
    """Needs of one school that could collide, directly or through others, buffers counted."""
    clusters: list[tuple[int, list[Wanted]]] = []
    for each in wanted:
        place = problem.places[each.place]
        buffer = max(problem.buffers[each.need.school])
        taken = timeline.bits(place.dates, place.starts, place.ends + buffer)
        members = [each]
        apart = []
        for bits, others in clusters:
            if bits & taken:
                taken |= bits
                members = others + members
            else:
                apart.append((bits, others))
        clusters = [*apart, (taken, members)]
    return [members for _, members in clusters]


def _smallest_clash(
    problem: WeeklyProblem, timeline: Timeline, wanted: Sequence[Wanted]
) -> list[frozenset[int]]:
    """Places that provably cannot all get rooms, as few as are easily found; none if unproven."""
    if not _Cluster(problem, timeline, wanted).is_impossible():
        return []
    needed = list(wanted)
    for number in sorted({each.place for each in wanted}):
        fewer = [each for each in needed if each.place != number]
        if _Cluster(problem, timeline, fewer).is_impossible():
            needed = fewer
    return [frozenset(each.place for each in needed)]


class _Cluster:
    """Needs for rooms of one school, met together."""

    def __init__(
        self, problem: WeeklyProblem, timeline: Timeline, wanted: Sequence[Wanted]
    ) -> None:
        self._problem = problem
        self._timeline = timeline
        self._wanted = wanted

    def hand_out(self) -> dict[Wanted, int]:
        """A room for as many needs as possible."""
        quickly = self._first_fit()
        if len(quickly) == len(self._wanted):
            return quickly
        model, gets = self._model()
        for each in self._wanted:
            model.add_at_most_one(gets[each, room] for room in bits_of(each.need.rooms))
        for (each, room), got in gets.items():
            model.add_hint(got, quickly.get(each) == room)
        model.maximize(LinearExpr.sum(list(gets.values())))
        solver = _solver(SEARCH_LIMIT)
        if solver.solve(model) not in (OPTIMAL, FEASIBLE):
            return quickly
        return {each: room for (each, room), got in gets.items() if solver.boolean_value(got)}

    def is_impossible(self) -> bool:
        """Whether it is proven that not every need can be met."""
        if len(self._first_fit()) == len(self._wanted):
            return False
        model, gets = self._model()
        for each in self._wanted:
            model.add_exactly_one(gets[each, room] for room in bits_of(each.need.rooms))
        return bool(_solver(PROOF_LIMIT).solve(model) == INFEASIBLE)

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

    def _model(self) -> tuple[CpModel, dict[tuple[Wanted, int], IntVar]]:
        """One boolean for each need and room, and what cannot share a room."""
        model = CpModel()
        gets = {
            (each, room): model.new_bool_var("")
            for each in self._wanted
            for room in bits_of(each.need.rooms)
        }
        for crowd in self._crowds():
            for room in range(len(self._problem.buffers[crowd[0].need.school])):
                present = [gets[each, room] for each in crowd if (each, room) in gets]
                if len(present) > 1:
                    model.add_at_most_one(present)
        for one, other in combinations(self._wanted, 2):
            for room in bits_of(one.need.rooms & other.need.rooms):
                if self._collide(one, other, room):
                    model.add_at_most_one((gets[one, room], gets[other, room]))
        return model, gets

    def _crowds(self) -> list[list[Wanted]]:
        """The needs that share a moment: said at once, it is much easier to refute."""
        by_place: dict[int, list[Wanted]] = defaultdict(list)
        by_date: dict[int, list[int]] = defaultdict(list)
        for each in self._wanted:
            by_place[each.place].append(each)
        for number in by_place:
            for date in bits_of(self._problem.places[number].dates & self._timeline.dates):
                by_date[date].append(number)
        found = {
            crowd: [each for number in crowd for each in by_place[number]]
            for places in by_date.values()
            for _, crowd in crowds(self._problem, places)
        }
        return list(found.values())

    def _collide(self, one: Wanted, other: Wanted, room: int) -> bool:
        buffer = self._problem.buffers[one.need.school][room]
        distance = 0 if one.need.company == other.need.company else buffer
        first, second = (
            self._timeline.bits(place.dates, place.starts, place.ends + distance)
            for place in (self._problem.places[one.place], self._problem.places[other.place])
        )
        return first & second != 0


def _solver(limit: float) -> CpSolver:
    solver = CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 0
    solver.parameters.max_deterministic_time = limit
    return solver
