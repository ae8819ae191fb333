"""A first answer without search: the most constrained first, each at its cheapest free place."""

from collections.abc import Iterable, Sequence
from typing import Final

from scheduler.allocation.occupancy import Occupancy
from scheduler.allocation.timeline import Timeline
from scheduler.allocation.weekly import (
    Chosen,
    WeeklyAnswer,
    WeeklyProblem,
    cost_of,
    missed,
)

ROUNDS: Final = 8
"""How often those left out move to the front for another try."""


def fit_greedily(problem: WeeklyProblem, timeline: Timeline) -> WeeklyAnswer:
    """The best of a few rounds; what a round left out goes first in the next."""
    order = sorted(
        range(len(problem.activities)),
        key=lambda number: (len(problem.activities[number].places), number),
    )
    best = complete(problem, timeline, (), order)
    left_out = best.unplaced
    for _ in range(ROUNDS):
        if not left_out:
            break
        order = [*left_out, *(number for number in order if number not in set(left_out))]
        answer = complete(problem, timeline, (), order)
        left_out = answer.unplaced
        best = better(problem, best, answer)
    return best


def better(problem: WeeklyProblem, one: WeeklyAnswer, other: WeeklyAnswer) -> WeeklyAnswer:
    """Whichever leaves out less, then costs less; the first of two equals."""
    ranks = [(missed(problem, each.unplaced), each.cost) for each in (one, other)]
    return other if ranks[1] < ranks[0] else one


def complete(
    problem: WeeklyProblem,
    timeline: Timeline,
    kept: Iterable[Chosen],
    order: Sequence[int],
) -> WeeklyAnswer:
    """Keep what is `kept`, then place the activities of `order` one after the other."""
    fit = _Fit(problem, timeline)
    for chosen in kept:
        fit.take(chosen)
    return _finished(problem, fit, order)


def _finished(problem: WeeklyProblem, fit: "_Fit", order: Sequence[int]) -> WeeklyAnswer:
    unplaced = tuple(sorted(number for number in order if not fit.place(number)))
    return WeeklyAnswer(
        chosen=tuple(sorted(fit.chosen)),
        unplaced=unplaced,
        cost=cost_of(problem, {chosen.place for chosen in fit.chosen}),
    )


def resume(problem: WeeklyProblem, timeline: Timeline, start: Sequence[Chosen]) -> WeeklyAnswer:
    """Take up an earlier answer: what still fits stays, the rest is placed anew."""
    held: dict[int, list[Chosen]] = {}
    for chosen in start:
        held.setdefault(problem.places[chosen.place].activity, []).append(chosen)
    fit = _Fit(problem, timeline)
    left = [
        number
        for number, activity in enumerate(problem.activities)
        if len(held.get(number, ())) != activity.times or not fit.take_if_free(held[number])
    ]
    return _finished(problem, fit, left)


class _Fit:
    """An answer in the making."""

    def __init__(self, problem: WeeklyProblem, timeline: Timeline) -> None:
        self.chosen: list[Chosen] = []
        self._problem = problem
        self._occupancy = Occupancy(problem, timeline)
        self._left = [allowance.free for allowance in problem.allowances]
        self._allowances_of: dict[int, list[int]] = {}
        for number, allowance in enumerate(problem.allowances):
            for place in allowance.places:
                self._allowances_of.setdefault(place, []).append(number)

    def place(self, number: int) -> bool:
        """Hold the activity as often as wished, at its cheapest places, or not at all."""
        activity = self._problem.activities[number]
        found: list[Chosen] = []
        days: set[int] = set()
        for place in sorted(activity.places, key=lambda place: (self._cost(place), place)):
            if len(found) == activity.times:
                break
            if self._problem.places[place].day in days:
                continue
            rooms = self._occupancy.rooms_for(self._problem.places[place])
            if rooms is not None:
                found.append(Chosen(place, rooms))
                days.add(self._problem.places[place].day)
        if len(found) < activity.times:
            return False
        for chosen in found:
            self.take(chosen)
        return True

    def take_if_free(self, held: Sequence[Chosen]) -> bool:
        """Hold an activity where it was, unless one of its places or rooms is taken."""
        if not all(
            self._occupancy.fits(self._problem.places[chosen.place], chosen.rooms)
            for chosen in held
        ):
            return False
        for chosen in held:
            self.take(chosen)
        return True

    def take(self, chosen: Chosen) -> None:
        self.chosen.append(chosen)
        self._occupancy.take(self._problem.places[chosen.place], chosen.rooms)
        for number in self._allowances_of.get(chosen.place, ()):
            self._left[number] -= 1

    def _cost(self, place: int) -> int:
        return self._problem.places[place].cost + sum(
            self._problem.allowances[number].points
            for number in self._allowances_of.get(place, ())
            if self._left[number] <= 0
        )
