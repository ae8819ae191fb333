"""What a run tells while it goes on: its best answer so far, and what is proven."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from time import monotonic
from typing import Final

from scheduler.allocation.weekly.greedy import better
from scheduler.allocation.weekly.problem import WeeklyAnswer, WeeklyProblem, missed

SECONDS_BETWEEN_ANSWERS: Final = 5.0
"""How old a kept answer may grow while the whole model finds better ones."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come: activities placed and not, and what the placed ones cost.

    `bound` is what no answer that leaves out as little can beat, None before anything is proven;
    `answer` is the best one whose rooms are handed out.
    """

    seconds: float
    placed: int
    unplaced: int
    cost: int
    bound: int | None
    answer: WeeklyAnswer


OnProgress = Callable[[Progress], None]


class Report:
    """Passes on what a run has found, with the seconds since its first answer; for any thread."""

    def __init__(
        self, problem: WeeklyProblem, on_progress: OnProgress, first: WeeklyAnswer
    ) -> None:
        self._problem = problem
        self._on_progress = on_progress
        self._begun = self._kept_at = monotonic()
        self._best = first
        self._least: int | None = None
        self._lock = Lock()
        self.weight = 1 + highest_cost(problem)
        """What leaving out one participation counts: more than any answer can cost."""

    def __reduce__(self) -> tuple[Callable[[], None], tuple[()]]:
        """In another process nobody hears it: there is none."""
        return _none, ()

    @property
    def least(self) -> int | None:
        """What no answer's objective is below, as far as that is proven."""
        return self._least

    @property
    def is_due(self) -> bool:
        """Whether the answer that is kept has grown old."""
        return monotonic() - self._kept_at > SECONDS_BETWEEN_ANSWERS

    def tell(self, answer: WeeklyAnswer) -> None:
        """An answer was found; only the best one counts."""
        with self._lock:
            self._best = better(self._problem, self._best, answer)
            self._kept_at = monotonic()
            self._pass_on(len(self._best.unplaced), self._best.cost)

    def tell_of(self, unplaced: tuple[int, ...], cost: int) -> None:
        """An answer was found whose rooms are not handed out yet."""
        with self._lock:
            kept = self._best
            ranks = [(missed(self._problem, unplaced), cost)]
            ranks.append((missed(self._problem, kept.unplaced), kept.cost))
            if ranks[0] < ranks[1]:
                self._pass_on(len(unplaced), cost)

    def tell_least(self, least: int) -> None:
        """No answer has a smaller objective (cost, and `weight` for each that is left out)."""
        with self._lock:
            if self._least is None or least > self._least:
                self._least = least
                self._pass_on(len(self._best.unplaced), self._best.cost)

    def bound_for(self, answer: WeeklyAnswer) -> int | None:
        """What no answer that leaves out as little can beat."""
        if self._least is None:
            return None
        return max(0, self._least - self.weight * missed(self._problem, answer.unplaced))

    def _pass_on(self, unplaced: int, cost: int) -> None:
        placed = len(self._problem.activities) - unplaced
        seconds = monotonic() - self._begun
        bound = self.bound_for(self._best)
        self._on_progress(Progress(seconds, placed, unplaced, cost, bound, self._best))


def _none() -> None:
    return None


def highest_cost(problem: WeeklyProblem) -> int:
    """No answer costs more."""
    return (
        sum(
            activity.times
            * max((problem.places[place].cost for place in activity.places), default=0)
            for activity in problem.activities
        )
        + sum(
            allowance.points * max(0, len(allowance.places) - allowance.free)
            for allowance in problem.allowances
        )
        + sum(max((way.cost for way in chain.ways), default=0) for chain in problem.chains)
    )
