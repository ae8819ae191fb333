"""The best answer to a weekly problem: a greedy one, then a search of each part of it."""

from collections.abc import Sequence
from dataclasses import replace
from threading import Event
from time import monotonic

from scheduler.allocation.weekly.crew import OURS, Crew, Hands, Stop
from scheduler.allocation.weekly.parts import Parts
from scheduler.allocation.weekly.problem import Chosen, WeeklyAnswer, WeeklyProblem
from scheduler.allocation.weekly.report import OnProgress, Progress, Report

__all__ = ["OnProgress", "Progress", "solve_weekly"]


def solve_weekly(
    problem: WeeklyProblem,
    *,
    seconds: float,
    seed: int,
    on_progress: OnProgress = lambda _: None,
    start: Sequence[Chosen] = (),
    stop: Event | None = None,
    hands: Hands = OURS,
) -> WeeklyAnswer:
    """The best answer found in `seconds` or until `stop`, never worse than the greedy one.

    Nor is it worse than `start`, an earlier answer of which whatever still fits is kept. The same
    problem, start, seed and width give the same answer whenever the search ends before its time,
    whoever does the work: threads of our own or other `hands`.
    """
    ends = monotonic() + seconds
    parts = Parts(problem, start, seed)
    best = parts.answer()
    report = Report(problem, on_progress, best)
    report.tell(best)
    asked = Stop(stop)
    if seconds > 0 and not asked.is_set():
        with Crew(hands, stop=asked) as crew:
            best = parts.search(report, crew, seconds, ends)
    best = replace(best, bound=report.bound_for(best))
    report.tell(best)
    return best
