"""The search for the best answer to a weekly problem: greedy, then CP-SAT, then the rooms."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from threading import Event, Thread
from time import monotonic
from typing import Final

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
from scheduler.allocation.greedy import better, complete, fit_greedily, resume
from scheduler.allocation.rooms import Handout, hand_out_rooms
from scheduler.allocation.timeline import Timeline
from scheduler.allocation.weekly import Chosen, WeeklyAnswer, WeeklyProblem, charged, missed
from scheduler.allocation.windows import Neighbourhoods, window


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


WHOLE_PLACES: Final = 50_000
"""Beyond so many places there is no model of the whole, only of windows."""
SHARE_OF_WHOLE: Final = 0.6
"""Of the time, what the whole model gets before windows of it do."""
WINDOW_SECONDS: Final = 2.0
"""What one window gets, at most."""
SECONDS_BETWEEN_ANSWERS: Final = 5.0
"""How old a kept answer may grow while the whole model finds better ones."""
STOP_LATENCY_SECONDS: Final = 0.1
"""How soon a running search notices that it shall stop."""

OnProgress = Callable[[Progress], None]


def solve_weekly(
    problem: WeeklyProblem,
    *,
    seconds: float,
    seed: int,
    on_progress: OnProgress = lambda _: None,
    start: Sequence[Chosen] = (),
    stop: Event | None = None,
) -> WeeklyAnswer:
    """The best answer found in `seconds` or until `stop`, never worse than the greedy one.

    Nor is it worse than `start`, an earlier answer of which whatever still fits is kept. The same
    problem, start and seed give the same answer whenever the search ends before its time.
    """
    ends = monotonic() + seconds
    stop = stop or Event()
    timeline = Timeline(problem)
    best = fit_greedily(problem, timeline)
    if start:
        best = better(problem, best, resume(problem, timeline, start))
    report = _Report(problem, on_progress, best)
    report.tell(best)
    closed = False
    if len(problem.places) <= WHOLE_PLACES and seconds > 0 and not stop.is_set():
        search = _Search(problem, timeline, seed, report, stop)
        best, closed = _search_whole(search, best, ends - seconds * (1 - SHARE_OF_WHOLE))
    if not closed:
        best = _polish(problem, timeline, best, report, seed=seed, ends=ends, stop=stop)
    report.tell(best)
    return best


def _search_whole(search: "_Search", best: WeeklyAnswer, ends: float) -> tuple[WeeklyAnswer, bool]:
    """The best answer until `ends`, its bound, and whether nothing is left to search."""
    problem, timeline = search.problem, search.timeline
    least: int | None = None
    closed = False
    while not closed and not search.stop.is_set() and (left := ends - monotonic()) > 0:
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
    stop: Event,
) -> WeeklyAnswer:
    """Windows of the answer set free one after the other, until `ends`: each keeps or improves."""
    begun = best
    neighbourhoods = Neighbourhoods(problem, seed)
    while not stop.is_set() and (left := ends - monotonic()) > 0 and not _is_closed(best, begun):
        part = window(problem, timeline, best, neighbourhoods.pick(best))
        search = _Search(part.problem, Timeline(part.problem), seed, None, stop)
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
        self,
        problem: WeeklyProblem,
        timeline: Timeline,
        seed: int,
        report: "_Report | None",
        stop: Event,
    ) -> None:
        self.stop = stop
        self.problem = problem
        self.timeline = timeline
        self.is_optimal = False
        self._seed = seed
        self._report = report
        self._model = CpModel()
        found = choices(self._model, problem)
        self.used, self.held, self._beyond = found.used, found.held, found.beyond
        for constraint in CONSTRAINTS:
            constraint(self._model, problem, timeline, found)
        self.weight = 1 + _highest_cost(problem)
        self._minimize()

    def _minimize(self) -> None:
        """First as many participations as possible, then as little cost as possible."""
        problem, model = self.problem, self._model
        for allowance, beyond in zip(problem.allowances, self._beyond, strict=True):
            used = [self.used[place] for place in allowance.places]
            model.add(LinearExpr.sum(used) - allowance.free <= beyond)
        model.minimize(
            LinearExpr.weighted_sum(
                (*self.used, *self._beyond, *self.held),
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
            LinearExpr.sum([self.used[place] for place in sorted(clash)]) <= len(clash) - 1
        )

    def run(self, start: WeeklyAnswer, seconds: float) -> tuple[set[int] | None, int]:
        """The places of the best answer found (None if none was) and the least objective proven."""
        self._hint(start)
        solver = CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.linearization_level = 2
        solver.parameters.random_seed = self._seed
        solver.parameters.max_time_in_seconds = seconds
        with _stopped_by(self.stop, solver):
            status = solver.solve(
                self._model, None if self._report is None else _Telling(self, self._report)
            )
        self.is_optimal = status == OPTIMAL
        proven = max(0, round(solver.best_objective_bound))
        if status not in (OPTIMAL, FEASIBLE):
            return None, proven
        return {
            number for number, used in enumerate(self.used) if solver.boolean_value(used)
        }, proven

    def _hint(self, start: WeeklyAnswer) -> None:
        model, problem = self._model, self.problem
        used = {chosen.place for chosen in start.chosen}
        unplaced = set(start.unplaced)
        model.clear_hints()  # type: ignore[no-untyped-call]  # OR-Tools gives it no type
        for number, variable in enumerate(self.used):
            model.add_hint(variable, number in used)
        for number, variable in enumerate(self.held):
            model.add_hint(variable, number not in unplaced)
        for allowance, variable in zip(problem.allowances, self._beyond, strict=True):
            model.add_hint(variable, len(charged(allowance, used)))


@contextmanager
def _stopped_by(stop: Event, solver: CpSolver) -> Iterator[None]:
    """Meanwhile the solver comes back early if somebody asks to stop."""
    done = Event()

    def watch() -> None:
        while not done.wait(STOP_LATENCY_SECONDS):
            if stop.is_set():
                solver.stop_search()

    watching = Thread(target=watch)
    watching.start()
    try:
        yield
    finally:
        done.set()
        watching.join()


class _Report:
    """Passes on what a run has found, with the seconds since its first answer."""

    def __init__(
        self, problem: WeeklyProblem, on_progress: OnProgress, first: WeeklyAnswer
    ) -> None:
        self._problem = problem
        self._on_progress = on_progress
        self._begun = self._kept_at = monotonic()
        self._best = first

    @property
    def is_due(self) -> bool:
        """Whether the answer that is kept has grown old."""
        return monotonic() - self._kept_at > SECONDS_BETWEEN_ANSWERS

    def tell(self, answer: WeeklyAnswer, bound: int | None = None) -> None:
        self._best = better(self._problem, self._best, answer)
        self._kept_at = monotonic()
        self.tell_of(
            len(self._best.unplaced), self._best.cost, answer.bound if bound is None else bound
        )

    def tell_of(self, unplaced: int, cost: int, bound: int | None) -> None:
        placed = len(self._problem.activities) - unplaced
        seconds = monotonic() - self._begun
        self._on_progress(Progress(seconds, placed, unplaced, cost, bound, self._best))


class _Telling(CpSolverSolutionCallback):
    """Reports every better solution, and hands out its rooms where that is due."""

    def __init__(self, search: "_Search", report: _Report) -> None:
        super().__init__()
        self._search = search
        self._report = report

    def on_solution_callback(self) -> None:
        search = self._search
        unplaced = tuple(
            number for number, held in enumerate(search.held) if not self.boolean_value(held)
        )
        beyond = search.weight * missed(search.problem, unplaced)
        bound = max(0, round(self.best_objective_bound) - beyond)
        self._report.tell_of(len(unplaced), round(self.objective_value) - beyond, bound)
        if self._report.is_due:
            used = {number for number, used in enumerate(search.used) if self.boolean_value(used)}
            handout = hand_out_rooms(search.problem, search.timeline, used)
            self._report.tell(_completed(search.problem, search.timeline, handout), bound)


def _highest_cost(problem: WeeklyProblem) -> int:
    """More than any answer can cost."""
    return sum(
        activity.times * max((problem.places[place].cost for place in activity.places), default=0)
        for activity in problem.activities
    ) + sum(
        allowance.points * max(0, len(allowance.places) - allowance.free)
        for allowance in problem.allowances
    )
