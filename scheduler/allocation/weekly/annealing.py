"""Annealing: an answer is changed move by move, ever less willing to become worse on the way.

A move gives a unit another place; up to three others that are in the way settle elsewhere or are
left out. People, rooms, buffers, ways, links and quotas are kept at every step. What a move of one
would tear apart (chains, several times a week by one of several teams) stays where it is.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate
from time import monotonic
from typing import Final, NamedTuple

import numpy as np

from scheduler.allocation.weekly.board import (
    PLACE,
    ROOMS,
    Board,
    Numbers,
    Standing,
    board_of,
    empty_standing,
    first_rooms,
)
from scheduler.allocation.weekly.crew import Crew
from scheduler.allocation.weekly.greedy import better, complete
from scheduler.allocation.weekly.moves import Random, anneal, place_all, scratch_for
from scheduler.allocation.weekly.problem import Chosen, WeeklyAnswer, WeeklyProblem, teams_of
from scheduler.allocation.weekly.timeline import Timeline
from scheduler.allocation.weekly.windows import Window, window

HOT: Final = 0.5
COLD: Final = 0.1
"""Temperatures of the first and the last move, in prices of a second choice."""
MOVES_AT_ONCE: Final = 20_000
"""Between two looks at the clock: some 0.05 s."""
MOVES_OF_A_TASK: Final = 200_000
"""Between two looks at whether to go on: some 0.5 s."""
SECONDS_BETWEEN_REPORTS: Final = 1.0
NEXT_WALK: Final = 0x9E3779B97F4A7C15
"""Added to the seed for each further walk."""


class Walk(NamedTuple):
    """One answer that is being changed, and the best it has been."""

    standing: Standing
    best: Numbers
    energies: Numbers
    """What counts against the present answer and against the best."""
    random: Random

    def copied(self) -> "Walk":
        standing = Standing(*(each.copy() for each in self.standing))
        return Walk(standing, self.best.copy(), self.energies.copy(), self.random.copy())


@dataclass(frozen=True, slots=True)
class Cooling:
    """How the temperature falls: by moves, or by seconds where these run out first."""

    price: float
    moves: int
    seconds: float

    def at(self, made: int, passed: float) -> float:
        progress = max(made / self.moves, passed / self.seconds)
        return float(self.price * HOT * (COLD / HOT) ** progress)


def go_on(
    board: Board, walk: Walk, cooling: Cooling, made: int, target: int, passed: float
) -> Walk:
    """The walk after `target` moves, if time suffices: a task for whoever has time.

    So far `made` moves and `passed` seconds lie behind it.
    """
    begun = monotonic() - passed
    standing, best, energies, random = found = walk.copied()
    scratch = scratch_for(standing)
    while made < target and (passed := monotonic() - begun) < cooling.seconds:
        moves = min(MOVES_AT_ONCE, target - made)
        temperature = cooling.at(made, passed)
        anneal(board, standing, best, energies, scratch, random, moves, temperature)
        made += moves
    return found


def torn_by_moves(problem: WeeklyProblem) -> set[int]:
    """The activities that a move of one alone would tear apart."""
    chained = {number for chain in problem.chains for number in chain.activities}
    return chained | {
        number
        for number, activity in enumerate(problem.activities)
        if len(teams_of(problem, activity)) > 1
    }


class Annealing:
    """A search that begins with an answer and never forgets the best."""

    def __init__(
        self,
        problem: WeeklyProblem,
        timeline: Timeline,
        start: WeeklyAnswer,
        *,
        seed: int,
        walks: int = 1,
    ) -> None:
        self._whole_problem = problem
        self._part: Window | None = None
        if torn := torn_by_moves(problem):
            free = set(range(len(problem.activities))) - torn
            self._part = part = window(problem, timeline, start, free)
            problem, timeline, start = part.problem, Timeline(part.problem), part.part(start)
        self._problem = problem
        self._timeline = timeline
        self._start = start
        self._board = board_of(problem, timeline, seed)
        self._first_rooms = first_rooms(problem)
        self._walks = [self._begun(seed, number) for number in range(walks)]

    def run(
        self,
        *,
        moves: int,
        ends: float,
        is_over: Callable[[], bool],
        tell: Callable[[WeeklyAnswer], None],
        crew: Crew,
    ) -> WeeklyAnswer:
        """The best answer after so many moves of each walk; fewer if the clock runs faster.

        The same number of moves gives the same answer, if all of them were made.
        """
        begun = told = monotonic()
        if not len(self._board.units) or moves <= 0 or begun >= ends:
            return self._with_the_rest(self._start)
        cooling = Cooling(_price_of_a_second_choice(self._problem), moves, ends - begun)
        told_energy, made = self._best.energies[1], 0
        while not is_over() and (now := monotonic()) < ends and made < moves:
            target = min(moves, made + MOVES_OF_A_TASK)
            tasks = [
                crew.start(go_on, self._board, walk, cooling, made, target, now - begun)
                for walk in self._walks
            ]
            if now - told > SECONDS_BETWEEN_REPORTS and self._best.energies[1] < told_energy:
                told, told_energy = now, self._best.energies[1]
                tell(self.answer())
            self._walks = [crew.result(task, ends) for task in tasks]
            made = target
        return self.answer()

    @property
    def _best(self) -> Walk:
        return min(self._walks, key=lambda walk: int(walk.energies[1]))

    def _begun(self, seed: int, number: int) -> Walk:
        standing = empty_standing(self._problem, self._timeline, self._board)
        energy = place_all(self._board, standing, self._table_of(self._start))
        state = (seed * 2 + 88172645463325253 + number * NEXT_WALK) % (1 << 64)
        return Walk(
            standing,
            standing.held.copy(),
            np.array([energy, energy], dtype=np.int64),
            np.array([state], dtype=np.uint64),
        )

    def answer(self) -> WeeklyAnswer:
        """The best so far; what is not held as often as wished gets another try."""
        chosen: dict[int, list[Chosen]] = defaultdict(list)
        best = self._best.best
        for unit in np.flatnonzero(best[:, PLACE] >= 0).tolist():
            number = int(best[unit, PLACE])
            place = self._problem.places[number]
            rooms = tuple(
                int(room) - self._first_rooms[need.school]
                for need, room in zip(place.needs, best[unit, ROOMS:], strict=False)
            )
            chosen[place.activity].append(Chosen(number, rooms))
        kept, rest = [], []
        for number, activity in enumerate(self._problem.activities):
            if len(chosen[number]) == activity.times:
                kept += chosen[number]
            else:
                rest.append(number)
        found = complete(self._problem, self._timeline, kept, rest)
        return self._with_the_rest(better(self._problem, self._start, found))

    def _with_the_rest(self, answer: WeeklyAnswer) -> WeeklyAnswer:
        return answer if self._part is None else self._part.whole(self._whole_problem, answer)

    def _table_of(self, answer: WeeklyAnswer) -> Numbers:
        """The answer by unit, as the compiled code holds it."""
        table = empty_standing(self._problem, self._timeline, self._board).held
        next_unit = [0, *accumulate(each.times for each in self._problem.activities)]
        for chosen in answer.chosen:
            place = self._problem.places[chosen.place]
            unit = next_unit[place.activity]
            next_unit[place.activity] += 1
            table[unit, PLACE] = chosen.place
            for position, (need, room) in enumerate(zip(place.needs, chosen.rooms, strict=True)):
                table[unit, ROOMS + position] = self._first_rooms[need.school] + room
        return table


def _price_of_a_second_choice(problem: WeeklyProblem) -> float:
    """What an activity pays on average for the next cheapest of its places."""
    prices = []
    for activity in problem.activities:
        costs = sorted({problem.places[place].cost for place in activity.places})
        if len(costs) > 1:
            prices.append(costs[1] - costs[0])
    return sum(prices) / len(prices) if prices else 1.0
