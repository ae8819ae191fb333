"""A first answer without search: the most constrained first, each at its cheapest free place."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

from scheduler.allocation.weekly.occupancy import Occupancy
from scheduler.allocation.weekly.problem import (
    Chain,
    Chosen,
    WeeklyAnswer,
    WeeklyProblem,
    cost_of,
    missed,
    teams_of,
)
from scheduler.allocation.weekly.timeline import Timeline

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
        first = set(left_out)
        order = [*left_out, *(number for number in order if number not in first)]
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
    left: list[int] = []
    for together, chains in _together(problem):
        known = [each for number in together for each in held.get(number, ())]
        if not _is_whole(problem, together, chains, known) or not fit.take_if_free(known):
            left += together
    return _finished(problem, fit, left)


def _together(problem: WeeklyProblem) -> Iterator[tuple[tuple[int, ...], tuple[Chain, ...]]]:
    """The activities, those of a chain at once and with it, in the order of the first."""
    chains = {number: chain for chain in problem.chains for number in chain.activities}
    for number in range(len(problem.activities)):
        if (chain := chains.get(number)) is None:
            yield (number,), ()
        elif number == min(chain.activities):
            yield chain.activities, (chain,)


def _is_whole(
    problem: WeeklyProblem,
    together: Sequence[int],
    chains: Sequence[Chain],
    held: Sequence[Chosen],
) -> bool:
    """Whether each is held as often as wished by one team, and a chain on dates that suit."""
    times = Counter(problem.places[chosen.place].activity for chosen in held)
    used = {chosen.place for chosen in held}
    teams = {(problem.places[place].activity, problem.places[place].team) for place in used}
    return (
        len(teams) == len(together)
        and all(times[number] == problem.activities[number].times for number in together)
        and all(chain.way_in(used) is not None for chain in chains)
    )


class _Fit:
    """An answer in the making."""

    def __init__(self, problem: WeeklyProblem, timeline: Timeline) -> None:
        self.chosen: list[Chosen] = []
        self._problem = problem
        self._occupancy = Occupancy(problem, timeline)
        buffers = (gap for school in problem.buffers for gap in school)
        self._gap = max(problem.travel, max(buffers, default=0))
        self._chains = {number: each for each in problem.chains for number in each.activities}
        self._settled: dict[tuple[int, ...], bool] = {}
        self._open = [quota.most for quota in problem.quotas]
        self._quotas_of: dict[int, list[int]] = {}
        for number, quota in enumerate(problem.quotas):
            for place in quota.places:
                self._quotas_of.setdefault(place, []).append(number)
        self._left = [allowance.free for allowance in problem.allowances]
        self._allowances_of: dict[int, list[int]] = {}
        for number, allowance in enumerate(problem.allowances):
            for place in allowance.places:
                self._allowances_of.setdefault(place, []).append(number)

    def place(self, number: int) -> bool:
        """Hold the activity as often as wished, at its cheapest places, or not at all.

        All of its chain are held with it.
        """
        if (chain := self._chains.get(number)) is not None:
            if chain.activities not in self._settled:
                self._settled[chain.activities] = self._place_chain(chain)
            return self._settled[chain.activities]
        return self._place_alone(number)

    def _place_alone(self, number: int) -> bool:
        activity = self._problem.activities[number]
        ways = [
            found
            for places in teams_of(self._problem, activity)
            if (found := self._pick(places, activity.times)) is not None
        ]
        if not ways:
            return False
        for chosen in min(ways, key=lambda found: sum(self._cost(each.place) for each in found)):
            self.take(chosen)
        return True

    def _pick(self, places: Sequence[int], times: int) -> list[Chosen] | None:
        """So many of the places, the cheapest that are free, on different days."""
        found: list[Chosen] = []
        days: set[int] = set()
        for place in sorted(places, key=lambda place: (self._cost(place), place)):
            if self._problem.places[place].day in days or not self._is_open(place, found):
                continue
            rooms = self._occupancy.rooms_for(self._problem.places[place])
            if rooms is not None:
                found.append(Chosen(place, rooms))
                days.add(self._problem.places[place].day)
                if len(found) == times:
                    return found
        return None

    def _is_open(self, place: int, beside: Sequence[Chosen]) -> bool:
        """Whether every quota leaves room for the place beside others about to be taken."""
        own = self._quotas_of.get(place, [])
        taken = [number for each in beside for number in self._quotas_of.get(each.place, ())]
        return all(
            self._open[number] >= own.count(number) + taken.count(number) for number in set(own)
        )

    def _place_chain(self, chain: Chain) -> bool:
        """Hold all of a chain in its cheapest way at places that do not touch each other."""
        free = {
            place: (self._cost(place), rooms)
            for number in chain.activities
            for place in self._problem.activities[number].places
            if self._is_open(place, ())
            and (rooms := self._occupancy.rooms_for(self._problem.places[place])) is not None
        }
        cheapest: dict[frozenset[int], list[int]] = {}
        best: tuple[int, list[int]] | None = None
        for way in chain.ways:
            picked: list[int] = []
            for places in way.places:
                if places not in cheapest:
                    cheapest[places] = sorted(places & free.keys(), key=lambda p: (free[p][0], p))
                apart = (p for p in cheapest[places] if self._suits(p, picked))
                picked += islice(apart, 1)
            cost = way.cost + sum(free[place][0] for place in picked)
            if len(picked) == len(way.places) and (best is None or cost < best[0]):
                best = cost, picked
        for place in best[1] if best is not None else ():
            self.take(Chosen(place, free[place][1]))
        return best is not None

    def _suits(self, place: int, others: Sequence[int]) -> bool:
        """Whether it is so far from the others that they are surely not in each other's way."""
        places, gap = self._problem.places, self._gap
        beside = [Chosen(other, ()) for other in others]
        return self._is_open(place, beside) and not any(
            places[place].dates & places[other].dates
            and places[place].starts < places[other].ends + gap
            and places[other].starts < places[place].ends + gap
            for other in others
        )

    def take_if_free(self, held: Sequence[Chosen]) -> bool:
        """Hold what was held together where it was, unless a place or room of it is taken."""
        if not all(
            self._occupancy.fits(self._problem.places[chosen.place], chosen.rooms)
            and self._is_open(chosen.place, held[:at])
            for at, chosen in enumerate(held)
        ):
            return False
        for chosen in held:
            self.take(chosen)
        return True

    def take(self, chosen: Chosen) -> None:
        self.chosen.append(chosen)
        self._occupancy.take(self._problem.places[chosen.place], chosen.rooms)
        for number in self._quotas_of.get(chosen.place, ()):
            self._open[number] -= 1
        for number in self._allowances_of.get(chosen.place, ()):
            self._left[number] -= 1

    def _cost(self, place: int) -> int:
        return self._problem.places[place].cost + sum(
            self._problem.allowances[number].points
            for number in self._allowances_of.get(place, ())
            if self._left[number] <= 0
        )
