"""The search for the best answer to a weekly problem: greedy, then CP-SAT, then the rooms."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic

from ortools.sat.python.cp_model import (
    FEASIBLE,
    OPTIMAL,
    CpModel,
    CpSolver,
    CpSolverSolutionCallback,
    LinearExpr,
)

from scheduler.allocation.choices import choices
from scheduler.allocation.constraints import CONSTRAINTS
from scheduler.allocation.greedy import better, complete, fit_greedily
from scheduler.allocation.rooms import Handout, hand_out_rooms
from scheduler.allocation.timeline import Timeline
from scheduler.allocation.weekly import WeeklyAnswer, WeeklyProblem, charged, missed


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come: activities placed and not, and what the placed ones cost."""

    seconds: float
    placed: int
    unplaced: int
    cost: int


OnProgress = Callable[[Progress], None]


def solve_weekly(
    problem: WeeklyProblem,
    *,
    seconds: float,
    seed: int,
    on_progress: OnProgress = lambda _: None,
) -> WeeklyAnswer:
    """The best answer found in `seconds`, never worse than the greedy one.

    The same problem and seed give the same answer whenever the search ends before its time.
    """
    ends = monotonic() + seconds
    timeline = Timeline(problem)
    best = fit_greedily(problem, timeline)
    search = _Search(problem, timeline, seed, on_progress)
    search.tell(best)
    least: int | None = None
    while (left := ends - monotonic()) > 0:
        used, proven = search.run(best, left)
        least = proven if least is None else max(least, proven)
        if used is None:
            break
        handout = hand_out_rooms(problem, timeline, used)
        best = better(problem, best, _completed(problem, timeline, handout))
        if not handout.clashes:
            break
        for clash in handout.clashes:
            search.forbid(clash)
    if least is None:
        return best
    beyond_missing = least - search.weight * missed(problem, best.unplaced)
    return replace(best, bound=max(0, beyond_missing))


def _completed(problem: WeeklyProblem, timeline: Timeline, handout: Handout) -> WeeklyAnswer:
    """What got its rooms, and for what did not another place, if there is one."""
    got: dict[int, int] = {}
    for chosen in handout.chosen:
        activity = problem.places[chosen.place].activity
        got[activity] = got.get(activity, 0) + 1
    whole = {number for number, times in got.items() if times == problem.activities[number].times}
    kept = [each for each in handout.chosen if problem.places[each.place].activity in whole]
    rest = [number for number in range(len(problem.activities)) if number not in whole]
    return complete(problem, timeline, kept, rest)


class _Search:
    """The model and what it has learnt between two runs."""

    def __init__(
        self, problem: WeeklyProblem, timeline: Timeline, seed: int, on_progress: OnProgress
    ) -> None:
        self._problem = problem
        self._seed = seed
        self._on_progress = on_progress
        self._seconds = 0.0
        self._model = CpModel()
        self._choices = choices(self._model, problem)
        for constraint in CONSTRAINTS:
            constraint(self._model, problem, timeline, self._choices)
        self.weight = 1 + _highest_cost(problem)
        self._minimize()

    def _minimize(self) -> None:
        """First as many participations as possible, then as little cost as possible."""
        problem, model = self._problem, self._model
        for allowance, beyond in zip(problem.allowances, self._choices.beyond, strict=True):
            used = [self._choices.used[place] for place in allowance.places]
            model.add(LinearExpr.sum(used) - allowance.free <= beyond)
        model.minimize(
            LinearExpr.weighted_sum(
                (*self._choices.used, *self._choices.beyond, *self._choices.held),
                (
                    *(place.cost for place in problem.places),
                    *(allowance.points for allowance in problem.allowances),
                    *(-self.weight * activity.weight for activity in problem.activities),
                ),
            )
            + self.weight * sum(activity.weight for activity in problem.activities)
        )

    def forbid(self, clash: frozenset[int]) -> None:
        """These places can never all be used."""
        self._model.add(
            LinearExpr.sum([self._choices.used[place] for place in sorted(clash)]) <= len(clash) - 1
        )

    def run(self, start: WeeklyAnswer, seconds: float) -> tuple[set[int] | None, int]:
        """The places of the best answer found (None if none was) and the least objective proven."""
        self._hint(start)
        solver = CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.linearization_level = 2
        solver.parameters.random_seed = self._seed
        solver.parameters.max_time_in_seconds = seconds
        status = solver.solve(self._model, _Telling(self))
        self._seconds += solver.wall_time
        proven = max(0, round(solver.best_objective_bound))
        if status not in (OPTIMAL, FEASIBLE):
            return None, proven
        return {
            number for number, used in enumerate(self._choices.used) if solver.boolean_value(used)
        }, proven

    def _hint(self, start: WeeklyAnswer) -> None:
        model, problem = self._model, self._problem
        used = {chosen.place for chosen in start.chosen}
        unplaced = set(start.unplaced)
        model.clear_hints()  # type: ignore[no-untyped-call]  # OR-Tools gives it no type
        for number, variable in enumerate(self._choices.used):
            model.add_hint(variable, number in used)
        for number, variable in enumerate(self._choices.held):
            model.add_hint(variable, number not in unplaced)
        for allowance, variable in zip(problem.allowances, self._choices.beyond, strict=True):
            model.add_hint(variable, len(charged(allowance, used)))

    def tell(self, answer: WeeklyAnswer) -> None:
        """Report an answer."""
        unplaced = len(answer.unplaced)
        placed = len(self._problem.activities) - unplaced
        self._on_progress(Progress(self._seconds, placed, unplaced, answer.cost))

    def tell_found(self, solution: CpSolverSolutionCallback) -> None:
        """Report what the solver has just found, rooms still to be handed out."""
        placed = sum(solution.boolean_value(held) for held in self._choices.held)
        self._on_progress(
            Progress(
                self._seconds + solution.wall_time,
                placed,
                len(self._choices.held) - placed,
                round(solution.objective_value) % self.weight,
            )
        )


class _Telling(CpSolverSolutionCallback):
    """Passes every better solution on."""

    def __init__(self, search: _Search) -> None:
        super().__init__()
        self._search = search

    def on_solution_callback(self) -> None:
        self._search.tell_found(self)


def _highest_cost(problem: WeeklyProblem) -> int:
    """More than any answer can cost."""
    return sum(
        activity.times * max((problem.places[place].cost for place in activity.places), default=0)
        for activity in problem.activities
    ) + sum(
        allowance.points * max(0, len(allowance.places) - allowance.free)
        for allowance in problem.allowances
    )
