"""Annealing: an answer is changed move by move, ever less willing to become worse on the way.

A move gives a unit another place; up to three others that are in the way settle elsewhere or are
left out. People, rooms, buffers, ways and links are kept at every step.
"""

from collections import defaultdict
from collections.abc import Callable
from itertools import accumulate
from time import monotonic
from typing import Final

import numpy as np

from scheduler.allocation.board import (
    PLACE,
    ROOMS,
    Numbers,
    board_of,
    empty_standing,
    first_rooms,
)
from scheduler.allocation.greedy import better, complete
from scheduler.allocation.moves import anneal, place_all, scratch_for
from scheduler.allocation.timeline import Timeline
from scheduler.allocation.weekly import Chosen, WeeklyAnswer, WeeklyProblem

HOT: Final = 0.5
COLD: Final = 0.1
"""Temperatures of the first and the last move, in prices of a second choice."""
MOVES_AT_ONCE: Final = 20_000
"""Between two looks at the clock: some 0.05 s."""
SECONDS_BETWEEN_REPORTS: Final = 1.0


class Annealing:
    """A search that begins with an answer and never forgets the best."""

    def __init__(
        self, problem: WeeklyProblem, timeline: Timeline, start: WeeklyAnswer, *, seed: int
    ) -> None:
        self._problem = problem
        self._timeline = timeline
        self._start = start
        self._board = board_of(problem, timeline, seed)
        self._standing = empty_standing(problem, timeline, self._board)
        self._scratch = scratch_for(self._standing)
        self._random = np.array([seed * 2 + 88172645463325253], dtype=np.uint64)
        self._first_rooms = first_rooms(problem)
        energy = place_all(self._board, self._standing, self._table_of(start))
        self._energies = np.array([energy, energy], dtype=np.int64)
        self._best = self._standing.held.copy()

    def run(
        self,
        *,
        moves: int,
        ends: float,
        is_over: Callable[[], bool],
        tell: Callable[[WeeklyAnswer], None],
    ) -> WeeklyAnswer:
        """The best answer after so many moves; they grow fewer if the clock runs faster.

        The same number of moves gives the same answer, if all of them were made.
        """
        if not len(self._board.units):
            return self._start
        begun = told = monotonic()
        told_energy = self._energies[1]
        scale = _price_of_a_second_choice(self._problem)
        made = 0
        while not is_over() and (now := monotonic()) < ends and made < moves:
            progress = max(made / moves, (now - begun) / (ends - begun))
            temperature = scale * HOT * (COLD / HOT) ** progress
            self._move(MOVES_AT_ONCE, temperature)
            made += MOVES_AT_ONCE
            if now - told > SECONDS_BETWEEN_REPORTS and self._energies[1] < told_energy:
                told, told_energy = now, self._energies[1]
                tell(self.answer())
        return self.answer()

    def answer(self) -> WeeklyAnswer:
        """The best so far; what is not held as often as wished gets another try."""
        chosen: dict[int, list[Chosen]] = defaultdict(list)
        for unit in np.flatnonzero(self._best[:, PLACE] >= 0).tolist():
            number = int(self._best[unit, PLACE])
            place = self._problem.places[number]
            rooms = tuple(
                int(room) - self._first_rooms[need.school]
                for need, room in zip(place.needs, self._best[unit, ROOMS:], strict=False)
            )
            chosen[place.activity].append(Chosen(number, rooms))
        kept, rest = [], []
        for number, activity in enumerate(self._problem.activities):
            if len(chosen[number]) == activity.times:
                kept += chosen[number]
            else:
                rest.append(number)
        found = complete(self._problem, self._timeline, kept, rest)
        return better(self._problem, self._start, found)

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

    def _move(self, moves: int, temperature: float) -> None:
        anneal(
            self._board,
            self._standing,
            self._best,
            self._energies,
            self._scratch,
            self._random,
            moves,
            temperature,
        )


def _price_of_a_second_choice(problem: WeeklyProblem) -> float:
    """What an activity pays on average for the next cheapest of its places."""
    prices = []
    for activity in problem.activities:
        costs = sorted({problem.places[place].cost for place in activity.places})
        if len(costs) > 1:
            prices.append(costs[1] - costs[0])
    return sum(prices) / len(prices) if prices else 1.0
