"""An answer that no longer holds, changed as little as possible.

What still fits stays if it can. Whoever lost a place or a room may move, and so may all who need a
room of the schools where that happened; only if that does not suffice, everybody.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from threading import Event
from time import monotonic
from typing import Final

from scheduler.allocation.greedy import better, resume
from scheduler.allocation.report import highest_cost
from scheduler.allocation.solve import solve_weekly
from scheduler.allocation.timeline import Timeline
from scheduler.allocation.weekly import (
    Chosen,
    WeeklyAnswer,
    WeeklyProblem,
    cost_of,
)
from scheduler.allocation.whole import Whole
from scheduler.allocation.windows import window

EFFORT: Final = 5.0
"""The solver's own seconds for the neighbourhood, and again for the proof."""


@dataclass(frozen=True, slots=True)
class Repair:
    """The new answer, and how many of its places are other ones than before.

    No answer that leaves out as little moves fewer than `fewest`; None where nothing was proven.
    """

    answer: WeeklyAnswer
    moved: int
    fewest: int | None


def repair_weekly(
    problem: WeeklyProblem, before: Sequence[Chosen], *, seconds: float, seed: int
) -> Repair:
    """Place as much as possible, then move as few as possible, then as cheap as possible."""
    ends = monotonic() + seconds
    timeline = Timeline(problem)
    price = 1 + highest_cost(problem)
    priced = _priced(problem, before, price)
    start = resume(priced, timeline, before)
    free = _neighbours(problem, before, start)
    part = window(priced, timeline, start, free)
    found = Whole(part.problem, Timeline(part.problem), seed=seed, stop=Event()).search(
        part.part(start), ends=ends, effort=EFFORT
    )
    best = better(priced, start, part.whole(priced, found.answer))
    fewest = None if best.unplaced else _fewest(priced, free, best, price, seed=seed, ends=ends)
    if fewest is None or moves(problem, best, before) > fewest:
        left = max(0, ends - monotonic())
        best = solve_weekly(priced, seconds=left, seed=seed, start=best.chosen)
        if best.bound is not None:
            fewest = max(fewest or 0, best.bound // price)
    used = {each.place for each in best.chosen}
    answer = replace(best, cost=cost_of(problem, used), bound=None)
    return Repair(answer, moves(problem, best, before), fewest)


def moves(problem: WeeklyProblem, answer: WeeklyAnswer, before: Sequence[Chosen]) -> int:
    """How many places are used, by activities that had some before, that were not used before."""
    stays = {each.place for each in before}
    had = {problem.places[place].activity for place in stays}
    return sum(
        each.place not in stays and problem.places[each.place].activity in had
        for each in answer.chosen
    )


def _priced(problem: WeeklyProblem, before: Sequence[Chosen], price: int) -> WeeklyProblem:
    """Every place of an activity that was held costs the price more, except where it was."""
    stays = {each.place for each in before}
    had = {problem.places[place].activity for place in stays}
    return replace(
        problem,
        places=tuple(
            replace(place, cost=place.cost + price)
            if number not in stays and place.activity in had
            else place
            for number, place in enumerate(problem.places)
        ),
    )


def _neighbours(problem: WeeklyProblem, before: Sequence[Chosen], start: WeeklyAnswer) -> list[int]:
    """Who is not where it was, and all who need a room of a school in which one was lost."""
    stayed = {each.place for each in start.chosen}
    held = {problem.places[each.place].activity for each in before if each.place in stayed}
    displaced = set(range(len(problem.activities))) - held
    schools: set[int] = set()
    for each in before:
        place = problem.places[each.place]
        if place.activity in displaced:
            rooms = zip(place.needs, each.rooms, strict=True)
            lost = [need.school for need, room in rooms if not need.rooms >> room & 1]
            schools.update(lost or (need.school for need in place.needs))
    had = {problem.places[each.place].activity for each in before}
    near = (
        place.activity
        for place in problem.places
        if any(need.school in schools for need in place.needs)
    )
    return sorted({*displaced, *(had & {*near})})


def _fewest(
    priced: WeeklyProblem,
    free: Sequence[int],
    best: WeeklyAnswer,
    price: int,
    *,
    seed: int,
    ends: float,
) -> int | None:
    """How many must move even if nobody else were there: no answer moves fewer."""
    nobody = WeeklyAnswer(chosen=(), unplaced=tuple(range(len(priced.activities))), cost=0)
    alone = window(priced, Timeline(priced), nobody, free)
    whole = Whole(alone.problem, Timeline(alone.problem), seed=seed, stop=Event())
    found = whole.search(alone.part(best), ends=ends, effort=EFFORT)
    return None if found.least is None else found.least // price
