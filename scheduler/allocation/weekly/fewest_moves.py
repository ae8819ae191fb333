"""An answer that no longer holds, changed so that it disturbs as little as possible.

What still fits stays if it can. Whoever lost a place or a room may change, and so may all who need
a room of the schools where that happened; then whoever is in the way of what these would choose if
they were alone. Once nobody is, or that would disturb as much, nothing disturbs less.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from threading import Event
from time import monotonic
from typing import Final

from scheduler.allocation.weekly.changes import Change, by_rooms
from scheduler.allocation.weekly.greedy import resume
from scheduler.allocation.weekly.occupancy import Occupancy
from scheduler.allocation.weekly.problem import (
    Chosen,
    WeeklyAnswer,
    WeeklyProblem,
    answer_of,
    missed,
)
from scheduler.allocation.weekly.report import highest_cost
from scheduler.allocation.weekly.solve import solve_weekly
from scheduler.allocation.weekly.timeline import Timeline
from scheduler.allocation.weekly.whole import Found, Whole
from scheduler.allocation.weekly.windows import Window, window

EFFORT: Final = 5.0
"""The solver's own seconds for a neighbourhood, and again for the proof."""
MOST_FREE: Final = 400
"""As soon as more activities than this would be free, all are."""


@dataclass(frozen=True, slots=True)
class Repaired:
    """The new answer and what it disturbs, in points.

    No answer that leaves out as little disturbs less than `least`; None where nothing was proven.
    """

    answer: WeeklyAnswer
    points: int
    least: int | None


def repair_weekly(
    problem: WeeklyProblem,
    before: Sequence[Chosen],
    changes: Sequence[Change],
    *,
    seconds: float,
    seed: int,
) -> Repaired:
    """Place as much as possible, then disturb as little as possible, then as cheap as possible.

    `changes` say for each place what it disturbs to be there instead of where things were `before`.
    """
    repairing = _Repairing(problem, changes, seed=seed, ends=monotonic() + seconds)
    start = repairing.begin(before)
    best, least, is_best = repairing.near(start, _neighbours(problem, before, start))
    if not is_best:
        best, proven = repairing.set_all_free(best)
        least = max((each for each in (least, proven) if each is not None), default=None)
    points = repairing.points_of(best.chosen)
    # A choice of rooms that was not looked at may disturb less than those that were.
    return Repaired(best, points, None if least is None else min(least, points))


@dataclass(frozen=True, slots=True)
class _Alone:
    """Where some would be if there were nobody else, and what they must leave out and disturb.

    No answer that leaves out as little as the best one known disturbs less than `least`.
    """

    chosen: tuple[Chosen, ...]
    missed: int
    least: int | None


class _Repairing:
    """What the steps of one repair share."""

    def __init__(
        self, problem: WeeklyProblem, changes: Sequence[Change], *, seed: int, ends: float
    ) -> None:
        self._problem = problem
        self._changes = changes
        self._seed = seed
        self._ends = ends
        self._timeline = Timeline(problem)
        self._price = 1 + highest_cost(problem)
        """More than all places together cost, so that a point always weighs more."""

    def begin(self, before: Sequence[Chosen]) -> WeeklyAnswer:
        """Whatever still fits, and the others where that disturbs least."""
        priced = replace(
            self._problem,
            places=tuple(
                replace(place, cost=place.cost + self._price * change.points)
                for place, change in zip(self._problem.places, self._changes, strict=True)
            ),
        )
        return answer_of(self._problem, resume(priced, self._timeline, before).chosen)

    def near(self, start: WeeklyAnswer, free: set[int]) -> tuple[WeeklyAnswer, int | None, bool]:
        """The best answer if these and whoever is in their way may change, and what is proven."""
        best = self._set_free(start, free)
        least: int | None = None
        while len(free) <= MOST_FREE:
            alone = self._beside_nobody(best, free)
            if (least := alone.least) is None:
                break
            if (alone.missed, least) >= self._rank(best)[:2]:
                return best, least, True
            crowd = self._in_the_way(best, free, alone.chosen)
            if not crowd:
                best = self._beside_the_others(best, free, alone.chosen)
                return best, least, (alone.missed, least) >= self._rank(best)[:2]
            free |= crowd
        return best, least, False

    def _set_free(self, start: WeeklyAnswer, free: Collection[int]) -> WeeklyAnswer:
        """The least disturbance if only these activities may change; never worse than the start."""
        part = window(self._problem, self._timeline, start, free)
        _, found, chosen = self._search(part, part.part(start))
        rival = part.whole(self._problem, replace(found.answer, chosen=chosen))
        return min(start, rival, key=self._rank)

    def _beside_nobody(self, best: WeeklyAnswer, free: Collection[int]) -> _Alone:
        """What must be disturbed even if nobody but these were there: no answer disturbs less."""
        part = window(self._problem, self._timeline, answer_of(self._problem, ()), free)
        whole, found, chosen = self._search(part, part.part(best))
        left_out = missed(part.problem, found.answer.unplaced)
        if found.least is None:
            return _Alone((), left_out, None)
        given_up = whole.weight * missed(self._problem, best.unplaced)
        least = max(0, found.least - given_up) // self._price
        at = (Chosen(part.places[each.place], each.rooms) for each in chosen)
        return _Alone(tuple(at), left_out, least)

    def _in_the_way(
        self, best: WeeklyAnswer, free: Collection[int], alone: Sequence[Chosen]
    ) -> set[int]:
        """Those who would have to give way to that."""
        places, occupancy = self._problem.places, Occupancy(self._problem, self._timeline)
        for each in alone:
            occupancy.take(places[each.place], each.rooms)
        found: set[int] = set()
        for each in best.chosen:
            place = places[each.place]
            if place.activity in free:
                continue
            if occupancy.fits(place, each.rooms):
                occupancy.take(place, each.rooms)
            else:
                found.add(place.activity)
        return found

    def _beside_the_others(
        self, best: WeeklyAnswer, free: Collection[int], alone: Sequence[Chosen]
    ) -> WeeklyAnswer:
        """All where they are but the free ones: these where they would be if they were alone."""
        places = self._problem.places
        kept = [each for each in best.chosen if places[each.place].activity not in free]
        return min(best, answer_of(self._problem, (*kept, *alone)), key=self._rank)

    def set_all_free(self, best: WeeklyAnswer) -> tuple[WeeklyAnswer, int | None]:
        """The least disturbance if everybody may change, and what is proven of it."""
        expanded = by_rooms(self._problem, self._changes, self._price)
        found = solve_weekly(
            expanded.problem,
            seconds=max(0, self._ends - monotonic()),
            seed=self._seed,
            start=expanded.part(best).chosen,
        )
        rival = answer_of(self._problem, expanded.whole(found))
        proven = None if found.bound is None else found.bound // self._price
        return min(best, rival, key=self._rank), proven

    def points_of(self, chosen: Iterable[Chosen]) -> int:
        return sum(self._changes[each.place].with_rooms(each.rooms) for each in chosen)

    def _search(self, part: Window, start: WeeklyAnswer) -> tuple[Whole, Found, tuple[Chosen, ...]]:
        """The best answer to a part, its rooms chosen one by one."""
        changes = [self._changes[number] for number in part.places]
        expanded = by_rooms(part.problem, changes, self._price)
        whole = Whole(expanded.problem, Timeline(expanded.problem), seed=self._seed, stop=Event())
        found = whole.search(expanded.part(start), ends=self._ends, effort=EFFORT)
        return whole, found, expanded.whole(found.answer)

    def _rank(self, answer: WeeklyAnswer) -> tuple[int, int, int]:
        points = self.points_of(answer.chosen)
        return missed(self._problem, answer.unplaced), points, answer.cost


def _neighbours(problem: WeeklyProblem, before: Sequence[Chosen], start: WeeklyAnswer) -> set[int]:
    """Who is not as it was, and all who need a room of a school in which one was lost."""
    stayed = set(start.chosen)
    held = {problem.places[each.place].activity for each in before if each in stayed}
    had = {problem.places[each.place].activity for each in before}
    displaced = set(range(len(problem.activities))) - held
    schools = {
        need.school
        for number in displaced - had
        for place in problem.activities[number].places
        for need in problem.places[place].needs
    }
    for each in before:
        place = problem.places[each.place]
        if place.activity in displaced:
            rooms = zip(place.needs, each.rooms, strict=True)
            lost = [need.school for need, room in rooms if not need.rooms >> room & 1]
            schools.update(lost or (need.school for need in place.needs))
    near = (
        place.activity
        for place in problem.places
        if any(need.school in schools for need in place.needs)
    )
    return displaced | had & {*near}
