"""The search for the best answer to a weekly problem: greedy, then two at once, then windows."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from threading import Event
from time import monotonic
from typing import Final

from scheduler.allocation.greedy import better, fit_greedily, resume
from scheduler.allocation.report import OnProgress, Progress, Report
from scheduler.allocation.timeline import Timeline
from scheduler.allocation.weekly import Chosen, WeeklyAnswer, WeeklyProblem
from scheduler.allocation.whole import Found, search_whole
from scheduler.allocation.windows import Neighbourhoods, window

__all__ = ["OnProgress", "Progress", "solve_weekly"]

WHOLE_PLACES: Final = 50_000
"""Beyond so many places there is no model of the whole."""
SHARE_OF_WINDOWS: Final = 0.3
"""Of the time, what windows get at the end."""
WHOLE_ALONE_SECONDS: Final = 3.0
"""What the model of the whole gets before the annealing sets in: most terms are closed by then."""
MOVES_A_SECOND: Final = 250_000
"""Of annealing, planned: so few that a machine of today makes them all."""
WINDOW_SECONDS: Final = 2.0
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
        best = run.search(best, ends - seconds * SHARE_OF_WINDOWS)
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

    def search(self, best: WeeklyAnswer, ends: float) -> WeeklyAnswer:
        """One model of the whole and annealing side by side, until `ends` or one is proven best."""
        if len(self._problem.places) > WHOLE_PLACES:
            return self._anneal(best, ends)
        with ThreadPoolExecutor(1) as pool:
            whole = pool.submit(self._search_whole, best, ends)
            wait([whole], min(WHOLE_ALONE_SECONDS, ends - monotonic()))
            annealed = best if whole.done() else self._anneal(best, ends)
            found = whole.result()
        if found.is_best:
            return found.answer
        return better(self._problem, found.answer, annealed)

    def _search_whole(self, best: WeeklyAnswer, ends: float) -> Found:
        found = search_whole(
            self._problem,
            self._timeline,
            best,
            seed=self._seed,
            ends=ends,
            stop=self._stop,
            report=self._report,
        )
        if found.is_best:
            self._closed.set()
        return found

    def _anneal(self, best: WeeklyAnswer, ends: float) -> WeeklyAnswer:
        # To load the compiled code takes a while, which a quickly closed term need not wait for.
        from scheduler.allocation.annealing import Annealing  # noqa: PLC0415

        moves = round((ends - monotonic()) * MOVES_A_SECOND)
        return Annealing(self._problem, self._timeline, best, seed=self._seed).run(
            moves=moves,
            ends=ends,
            is_over=lambda: self._stop.is_set() or self._closed.is_set(),
            tell=self._report.tell,
        )

    def polish(self, best: WeeklyAnswer, ends: float) -> WeeklyAnswer:
        """Windows of the answer set free one after the other: each keeps or improves."""
        problem = self._problem
        neighbourhoods = Neighbourhoods(problem, self._seed)
        while not self._is_over(best) and (left := ends - monotonic()) > 0:
            part = window(problem, self._timeline, best, neighbourhoods.pick(best))
            found = search_whole(
                part.problem,
                Timeline(part.problem),
                part.part(best),
                seed=self._seed,
                ends=monotonic() + min(left, WINDOW_SECONDS),
                stop=self._stop,
            )
            rival = part.whole(problem, found.answer)
            if better(problem, best, rival) is rival:
                best = rival
                self._report.tell(best)
        return best

    def _is_over(self, best: WeeklyAnswer) -> bool:
        """Whether a better answer is proven impossible, or no longer wanted."""
        is_closed = self._closed.is_set() or best.cost == self._report.bound_for(best)
        return is_closed or self._stop.is_set()
