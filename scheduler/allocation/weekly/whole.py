"""One model of a whole weekly problem: places, then rooms, then what the rooms have taught."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Thread
from time import monotonic
from typing import Final

from ortools.sat.python.cp_model import (
    FEASIBLE,
    OPTIMAL,
    CpModel,
    CpSolver,
    CpSolverSolutionCallback,
    CpSolverStatus,
    LinearExpr,
)

from scheduler.allocation.weekly.choices import choices
from scheduler.allocation.weekly.constraints import CONSTRAINTS
from scheduler.allocation.weekly.crew import Stop
from scheduler.allocation.weekly.greedy import better, complete
from scheduler.allocation.weekly.problem import (
    WeeklyAnswer,
    WeeklyProblem,
    charged,
    missed,
    with_their_chains,
)
from scheduler.allocation.weekly.report import Report, highest_cost
from scheduler.allocation.weekly.rooms import Handout, hand_out_rooms
from scheduler.allocation.weekly.timeline import Timeline

STOP_LATENCY_SECONDS: Final = 0.1
"""How soon a running search notices that it shall stop."""


@dataclass(frozen=True, slots=True)
class Found:
    """The best answer of a search, and whether it is proven that there is no better one.

    No answer's objective (its cost, and a weight for each participation left out) is below `least`.
    """

    answer: WeeklyAnswer
    least: int | None
    is_best: bool


def search_whole(
    problem: WeeklyProblem,
    start: WeeklyAnswer,
    seed: int,
    seconds: float,
    effort: float,
    stop: Stop,
    report: Report | None = None,
) -> Found:
    """The model of a problem, stated and searched: a task for whoever has time."""
    ends = monotonic() + seconds
    whole = Whole(problem, Timeline(problem), seed=seed, stop=stop, report=report)
    return whole.search(start, ends=ends, effort=effort)


class Whole:
    """The model of a problem, and what it has learnt from earlier searches."""

    def __init__(
        self,
        problem: WeeklyProblem,
        timeline: Timeline,
        *,
        seed: int,
        stop: Event | Stop,
        report: Report | None = None,
    ) -> None:
        self.problem = problem
        self.timeline = timeline
        self._seed = seed
        self._stop = stop
        self._report = report
        self._places_all = False
        self._model = CpModel()
        found = choices(self._model, problem)
        self.used, self.held, self._beyond = found.used, found.held, found.beyond
        self._ways = [way for ways in found.ways for way in ways]
        for constraint in CONSTRAINTS:
            constraint(self._model, problem, timeline, found)
        self.weight = 1 + highest_cost(problem)
        self._minimize()

    def search(self, start: WeeklyAnswer, *, ends: float, effort: float) -> Found:
        """The best answer until `ends`, never worse than the start.

        `effort` bounds each run in the solver's own seconds, which pass alike on every machine.
        """
        best = start
        least: int | None = None
        while not self._stop.is_set() and (left := ends - monotonic()) > 0:
            self._expect_no_worse(best)
            solver = self._solver(left, effort)
            status = self._solve(solver)
            proven = max(0, round(solver.best_objective_bound))
            least = proven if least is None else max(least, proven)
            if self._report is not None:
                self._report.tell_least(least)
            if status not in (OPTIMAL, FEASIBLE):
                break
            used = {number for number, each in enumerate(self.used) if solver.boolean_value(each)}
            handout = hand_out_rooms(self.problem, self.timeline, used)
            best = better(self.problem, best, completed(self.problem, self.timeline, handout))
            if not handout.clashes:
                return Found(best, least, is_best=status == OPTIMAL)
            for clash in handout.clashes:
                self._forbid(clash)
        return Found(best, least, is_best=False)

    def _minimize(self) -> None:
        """First as many participations as possible, then as little cost as possible."""
        problem, model = self.problem, self._model
        for allowance, beyond in zip(problem.allowances, self._beyond, strict=True):
            used = [self.used[place] for place in allowance.places]
            model.add(LinearExpr.sum(used) - allowance.free <= beyond)
        model.minimize(
            LinearExpr.weighted_sum(
                (*self.used, *self._beyond, *self._ways, *self.held),
                (
                    *(place.cost for place in problem.places),
                    *(allowance.points for allowance in problem.allowances),
                    *(way.cost for chain in problem.chains for way in chain.ways),
                    *(-self.weight * activity.weight for activity in problem.activities),
                ),
            )
            + self.weight * sum(activity.weight for activity in problem.activities)
        )

    def _forbid(self, clash: frozenset[int]) -> None:
        """These places can never all be used."""
        self._model.add(
            LinearExpr.sum([self.used[place] for place in sorted(clash)]) <= len(clash) - 1
        )

    def _expect_no_worse(self, start: WeeklyAnswer) -> None:
        """Begin with this answer; where it places all, the best one does so too."""
        if not start.unplaced and not self._places_all:
            self._places_all = True
            for held in self.held:
                self._model.add(held == 1)
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
        taken = [chain.way_in(used) for chain in problem.chains]
        hints = [
            number == way
            for chain, way in zip(problem.chains, taken, strict=True)
            for number in range(len(chain.ways))
        ]
        for variable, hint in zip(self._ways, hints, strict=True):
            model.add_hint(variable, hint)

    def _solver(self, seconds: float, effort: float) -> CpSolver:
        """Set so that 5,000 sessions are proven: measured in bench/README.md."""
        solver = CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.linearization_level = 2
        solver.parameters.cp_model_probing_level = 0
        solver.parameters.symmetry_level = 0
        solver.parameters.max_presolve_iterations = 1
        solver.parameters.random_seed = self._seed
        solver.parameters.max_time_in_seconds = seconds
        solver.parameters.max_deterministic_time = effort
        return solver

    def _solve(self, solver: CpSolver) -> CpSolverStatus:
        telling = None
        if (report := self._report) is not None:
            telling = _Telling(self, report)
            solver.best_bound_callback = lambda bound: report.tell_least(round(bound))
        with _stopped_by(self._stop, solver):
            return solver.solve(self._model, telling)


def completed(problem: WeeklyProblem, timeline: Timeline, handout: Handout) -> WeeklyAnswer:
    """What got its rooms, and for what did not another place, if there is one."""
    got: dict[int, int] = {}
    for chosen in handout.chosen:
        activity = problem.places[chosen.place].activity
        got[activity] = got.get(activity, 0) + 1
    numbers = range(len(problem.activities))
    torn = {number for number in numbers if got.get(number) != problem.activities[number].times}
    rest = with_their_chains(problem, torn)
    kept = [each for each in handout.chosen if problem.places[each.place].activity not in rest]
    return complete(problem, timeline, kept, sorted(rest))


@contextmanager
def _stopped_by(stop: Event | Stop, solver: CpSolver) -> Iterator[None]:
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


class _Telling(CpSolverSolutionCallback):
    """Reports every better solution, and hands out its rooms where that is due."""

    def __init__(self, search: Whole, report: Report) -> None:
        super().__init__()
        self._search = search
        self._report = report

    def on_solution_callback(self) -> None:
        search = self._search
        unplaced = tuple(
            number for number, held in enumerate(search.held) if not self.boolean_value(held)
        )
        beyond = search.weight * missed(search.problem, unplaced)
        self._report.tell_of(unplaced, round(self.objective_value) - beyond)
        if self._report.is_due:
            used = {number for number, used in enumerate(search.used) if self.boolean_value(used)}
            handout = hand_out_rooms(search.problem, search.timeline, used)
            self._report.tell(completed(search.problem, search.timeline, handout))
