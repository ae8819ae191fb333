"""The search for the best answer to a weekly problem: greedy, then two at once, then windows."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event
from time import monotonic
from typing import Final

from scheduler.allocation.greedy import better, fit_greedily, resume
from scheduler.allocation.report import OnProgress, Progress, Report
from scheduler.allocation.timeline import Timeline
from scheduler.allocation.weekly import Chosen, WeeklyAnswer, WeeklyProblem
from scheduler.allocation.whole import Found, Whole
from scheduler.allocation.windows import Neighbourhoods, window

__all__ = ["OnProgress", "Progress", "solve_weekly"]

WHOLE_PLACES: Final = 60_000
"""Beyond so many places there is no model of the whole: it would take more than a gigabyte."""
EASY_PLACES: Final = 30_000
"""Up to so many places the model of the whole is first tried alone."""
QUICK_EFFORT: Final = 1.0
"""The solver's own seconds after which a term is no easy one: most are closed by then."""
EFFORT_A_SECOND: Final = 0.4
"""The solver's own seconds planned for a second: so few that they come before the clock."""
MOVES_A_PLACE: Final = 100
"""Of annealing, before the model of the whole begins again from what they found."""
MOVES_A_SECOND: Final = 200_000
"""Of annealing, planned for a second, likewise."""
SHARE_OF_WINDOWS: Final = 0.25
"""Of the time, what windows get at the end."""
WINDOW_EFFORT: Final = 1.0
WINDOW_SECONDS: Final = 3.0
"""What one window gets, at most."""


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
    report = Report(problem, on_progress, best)
    report.tell(best)
    if seconds > 0 and not stop.is_set():
        run = _Run(problem, timeline, seed, report, stop)
        best = run.search(best, seconds * (1 - SHARE_OF_WINDOWS), ends - seconds * SHARE_OF_WINDOWS)
        best = run.polish(best, ends)
    best = replace(best, bound=report.bound_for(best))
    report.tell(best)
    return best


class _Run:
    """What all steps of one search share."""

    def __init__(
        self, problem: WeeklyProblem, timeline: Timeline, seed: int, report: Report, stop: Event
    ) -> None:
        self._problem = problem
        self._timeline = timeline
        self._seed = seed
        self._report = report
        self._stop = stop
        self._closed = Event()

    def search(self, best: WeeklyAnswer, seconds: float, ends: float) -> WeeklyAnswer:
        """The best answer that work planned for `seconds` finds, at the latest at `ends`.

        Easy terms the model of the whole closes alone. Others it closes only from a good start,
        which a short annealing finds; then both go on side by side.
        """
        planned, places = round(seconds * MOVES_A_SECOND), len(self._problem.places)
        if places > WHOLE_PLACES:
            return self._anneal(best, ends, planned)
        moves = min(planned // 2, MOVES_A_PLACE * places)
        with ThreadPoolExecutor(1) as pool:
            stating = pool.submit(self._whole, self._problem, self._timeline, self._report)
            if places <= EASY_PLACES:
                found = self._search_whole(stating.result(), best, ends, QUICK_EFFORT)
                best = found.answer
                if self._is_over(best):
                    return best
            best = self._anneal(best, ends, moves)
            effort = seconds * EFFORT_A_SECOND
            searching = pool.submit(self._search_whole, stating.result(), best, ends, effort)
            annealed = self._anneal(best, ends, planned - moves)
            found = searching.result()
        return found.answer if found.is_best else better(self._problem, found.answer, annealed)

    def _whole(
        self, problem: WeeklyProblem, timeline: Timeline, report: Report | None = None
    ) -> Whole:
        return Whole(problem, timeline, seed=self._seed, stop=self._stop, report=report)

    def _search_whole(self, whole: Whole, best: WeeklyAnswer, ends: float, effort: float) -> Found:
        found = whole.search(best, ends=ends, effort=effort)
        self._report.tell(found.answer)
        if found.is_best:
            self._closed.set()
        return found

    def _anneal(self, best: WeeklyAnswer, ends: float, moves: int) -> WeeklyAnswer:
        # To load the compiled code takes a while, which a quickly closed term need not wait for.
        from scheduler.allocation.annealing import Annealing  # noqa: PLC0415

        return Annealing(self._problem, self._timeline, best, seed=self._seed).run(
            moves=moves,
            ends=ends,
            is_over=lambda: self._is_over(best),
            tell=self._report.tell,
        )

    def polish(self, best: WeeklyAnswer, ends: float) -> WeeklyAnswer:
        """Windows of the answer set free one after the other: each keeps or improves."""
        problem = self._problem
        neighbourhoods = Neighbourhoods(problem, self._seed)
        while not self._is_over(best) and (left := ends - monotonic()) > 0:
            part = window(problem, self._timeline, best, neighbourhoods.pick(best))
            whole = self._whole(part.problem, Timeline(part.problem))
            window_ends = monotonic() + min(left, WINDOW_SECONDS)
            found = whole.search(part.part(best), ends=window_ends, effort=WINDOW_EFFORT)
            rival = part.whole(problem, found.answer)
            if better(problem, best, rival) is rival:
                best = rival
                self._report.tell(best)
        return best

    def _is_over(self, best: WeeklyAnswer) -> bool:
        """Whether a better answer is proven impossible, or no longer wanted."""
        is_closed = self._closed.is_set() or best.cost == self._report.bound_for(best)
        return is_closed or self._stop.is_set()
