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
    LinearExpr,
)

from scheduler.allocation.choices import choices
from scheduler.allocation.constraints import CONSTRAINTS
from scheduler.allocation.greedy import better, complete
from scheduler.allocation.report import Report, highest_cost
from scheduler.allocation.rooms import Handout, hand_out_rooms
from scheduler.allocation.timeline import Timeline
from scheduler.allocation.weekly import WeeklyAnswer, WeeklyProblem, charged, missed

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
    timeline: Timeline,
    start: WeeklyAnswer,
    *,
    seed: int,
    ends: float,
    stop: Event,
    report: Report | None = None,
) -> Found:
    """The best answer that one model finds until `ends`, never worse than the start."""
    best = start
    least: int | None = None
    search = _Search(problem, timeline, seed, report, stop)
    while not stop.is_set() and (left := ends - monotonic()) > 0:
        used, proven = search.run(best, left)
        least = proven if least is None else max(least, proven)
        if report is not None:
            report.tell_least(least)
        if used is None:
            break
        handout = hand_out_rooms(problem, timeline, used)
        best = better(problem, best, _completed(problem, timeline, handout))
        if not handout.clashes:
            return Found(best, least, search.is_optimal)
        for clash in handout.clashes:
            search.forbid(clash)
    return Found(best, least, is_best=False)


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
        report: Report | None,
        stop: Event,
    ) -> None:
        self._stop = stop
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
        self.weight = 1 + highest_cost(problem)
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
        telling = None
        if (report := self._report) is not None:
            telling = _Telling(self, report)
            solver.best_bound_callback = lambda bound: report.tell_least(round(bound))
        with _stopped_by(self._stop, solver):
            status = solver.solve(self._model, telling)
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


class _Telling(CpSolverSolutionCallback):
    """Reports every better solution, and hands out its rooms where that is due."""

    def __init__(self, search: "_Search", report: Report) -> None:
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
            self._report.tell(_completed(search.problem, search.timeline, handout))
