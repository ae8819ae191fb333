"""The search for the best answer to a weekly problem: greedy, then CP-SAT, then the rooms."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from time import monotonic
from typing import Final

from ortools.sat.python.cp_model import (
    FEASIBLE,
    OPTIMAL,
    CpModel,
    CpSolver,
    CpSolverSolutionCallback,
    IntVar,
    LinearExpr,
)

from scheduler.allocation.choices import choices
from scheduler.allocation.constraints import CONSTRAINTS
from scheduler.allocation.greedy import better, complete, fit_greedily
from scheduler.allocation.rooms import Handout, hand_out_rooms
from scheduler.allocation.timeline import Timeline
from scheduler.allocation.weekly import WeeklyAnswer, WeeklyProblem, charged, missed
from scheduler.allocation.windows import Neighbourhoods, window


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come: activities placed and not, and what the placed ones cost."""

    seconds: float
    placed: int
    unplaced: int
    cost: int


WHOLE_PLACES: Final = 50_000
"""Beyond so many places there is no model of the whole, only of windows."""
SHARE_OF_WHOLE: Final = 0.6
"""Of the time, what the whole model gets before windows of it do."""
WINDOW_SECONDS: Final = 2.0
"""What one window gets, at most."""

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
    report = _Report(problem, on_progress)
    report.tell(best)
    closed = False
    if len(problem.places) <= WHOLE_PLACES and seconds > 0:
        search = _Search(problem, timeline, seed, report)
        best, closed = _search_whole(search, best, ends - seconds * (1 - SHARE_OF_WHOLE))
    if not closed:
        best = _polish(problem, timeline, best, report, seed=seed, ends=ends)
    return best


def _search_whole(search: "_Search", best: WeeklyAnswer, ends: float) -> tuple[WeeklyAnswer, bool]:
    """The best answer until `ends`, its bound, and whether nothing is left to search."""
    problem, timeline = search.problem, search.timeline
    least: int | None = None
    closed = False
    while not closed and (left := ends - monotonic()) > 0:
        used, proven = search.run(best, left)
        least = proven if least is None else max(least, proven)
        if used is None:
            break
        handout = hand_out_rooms(problem, timeline, used)
        best = better(problem, best, _completed(problem, timeline, handout))
        closed = search.is_optimal and not handout.clashes
        if not handout.clashes:
            break
        for clash in handout.clashes:
            search.forbid(clash)
    if least is None:
        return best, closed
    beyond_missing = least - search.weight * missed(problem, best.unplaced)
    return replace(best, bound=max(0, beyond_missing)), closed


def _polish(
    problem: WeeklyProblem,
    timeline: Timeline,
    best: WeeklyAnswer,
    report: "_Report",
    *,
    seed: int,
    ends: float,
) -> WeeklyAnswer:
    """Windows of the answer set free one after the other, until `ends`: each keeps or improves."""
    begun = best
    neighbourhoods = Neighbourhoods(problem, seed)
    while (left := ends - monotonic()) > 0 and not _is_closed(best, begun):
        part = window(problem, timeline, best, neighbourhoods.pick(best))
        search = _Search(part.problem, Timeline(part.problem), seed, None)
        found, _ = _search_whole(search, part.part(best), monotonic() + min(left, WINDOW_SECONDS))
        rival = part.whole(problem, found)
        if better(problem, best, rival) is rival:
            best = rival
            report.tell(best)
    if missed(problem, best.unplaced) < missed(problem, begun.unplaced):
        return replace(best, bound=None)
    return replace(best, bound=begun.bound)


def _is_closed(best: WeeklyAnswer, begun: WeeklyAnswer) -> bool:
    """Whether a bound on answers that leave nothing out is met."""
    return not best.unplaced and not begun.unplaced and best.cost == begun.bound


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
        self, problem: WeeklyProblem, timeline: Timeline, seed: int, report: "_Report | None"
    ) -> None:
        self.problem = problem
        self.timeline = timeline
        self.is_optimal = False
        self._seed = seed
        self._report = report
        self._model = CpModel()
        self._choices = choices(self._model, problem)
        for constraint in CONSTRAINTS:
            constraint(self._model, problem, timeline, self._choices)
        self.weight = 1 + _highest_cost(problem)
        self._minimize()

    def _minimize(self) -> None:
        """First as many participations as possible, then as little cost as possible."""
        problem, model = self.problem, self._model
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
        status = solver.solve(self._model, _Telling(self._report, self._choices.held, self.weight))
        self.is_optimal = status == OPTIMAL
        proven = max(0, round(solver.best_objective_bound))
        if status not in (OPTIMAL, FEASIBLE):
            return None, proven
        return {
            number for number, used in enumerate(self._choices.used) if solver.boolean_value(used)
        }, proven

    def _hint(self, start: WeeklyAnswer) -> None:
        model, problem = self._model, self.problem
        used = {chosen.place for chosen in start.chosen}
        unplaced = set(start.unplaced)
        model.clear_hints()  # type: ignore[no-untyped-call]  # OR-Tools gives it no type
        for number, variable in enumerate(self._choices.used):
            model.add_hint(variable, number in used)
        for number, variable in enumerate(self._choices.held):
            model.add_hint(variable, number not in unplaced)
        for allowance, variable in zip(problem.allowances, self._choices.beyond, strict=True):
            model.add_hint(variable, len(charged(allowance, used)))


class _Report:
    """Passes on what a run has found, with the seconds since its first answer."""

    def __init__(self, problem: WeeklyProblem, on_progress: OnProgress) -> None:
        self._activities = len(problem.activities)
        self._on_progress = on_progress
        self._begun: float | None = None

    def tell(self, answer: WeeklyAnswer) -> None:
        self.tell_of(len(answer.unplaced), answer.cost)

    def tell_of(self, unplaced: int, cost: int) -> None:
        now = monotonic()
        self._begun = now if self._begun is None else self._begun
        placed = self._activities - unplaced
        self._on_progress(Progress(now - self._begun, placed, unplaced, cost))


class _Telling(CpSolverSolutionCallback):
    """Reports every better solution, rooms still to be handed out."""

    def __init__(self, report: _Report | None, held: Sequence[IntVar], weight: int) -> None:
        super().__init__()
        self._report = report
        self._held = held
        self._weight = weight

    def on_solution_callback(self) -> None:
        if self._report is not None:
            unplaced = sum(not self.boolean_value(held) for held in self._held)
            self._report.tell_of(unplaced, round(self.objective_value) % self._weight)


def _highest_cost(problem: WeeklyProblem) -> int:
    """More than any answer can cost."""
    return sum(
        activity.times * max((problem.places[place].cost for place in activity.places), default=0)
        for activity in problem.activities
    ) + sum(
        allowance.points * max(0, len(allowance.places) - allowance.free)
        for allowance in problem.allowances
    )
