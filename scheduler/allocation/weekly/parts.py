"""What can never be in each other's way is searched apart, several parts at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from time import monotonic

from scheduler.allocation.weekly.apart import apart
from scheduler.allocation.weekly.crew import Crew
from scheduler.allocation.weekly.problem import (
    WeeklyAnswer,
    WeeklyProblem,
    answer_of,
    missed,
)
from scheduler.allocation.weekly.report import Progress, Report
from scheduler.allocation.weekly.search import EASY_PLACES, QUICK_EFFORT, Run
from scheduler.allocation.weekly.timeline import Timeline
from scheduler.allocation.weekly.whole import search_whole
from scheduler.allocation.weekly.windows import window

NOTHING = WeeklyAnswer(chosen=(), unplaced=(), cost=0)


class Parts:
    """The parts of a problem with their answers, and what is known of all of them together."""

    def __init__(
        self,
        problem: WeeklyProblem,
        timeline: Timeline,
        best: WeeklyAnswer,
        seed: int,
        report: Report,
        crew: Crew,
    ) -> None:
        self._problem = problem
        self._timeline = timeline
        self._best = best
        self._seed = seed
        self._report = report
        self._crew = crew
        self._lock = Lock()
        groups = apart(problem)
        self._windows = [window(problem, timeline, NOTHING, group) for group in groups]
        self._answers = [each.part(best) for each in self._windows]
        self._reports = [
            Report(each.problem, self._hearing(number), self._answers[number])
            for number, each in enumerate(self._windows)
        ]
        grouped = {number for group in groups for number in group}
        impossible = (n for n in range(len(problem.activities)) if n not in grouped)
        self._impossible = missed(problem, tuple(impossible))

    def search(self, seconds: float, ends: float) -> WeeklyAnswer:
        """The best answer that work planned for `seconds` finds, at the latest at `ends`.

        Easy parts come first; each of the others then gets time by its size.
        """
        if len(self._windows) <= 1:
            run = Run(self._problem, self._timeline, self._seed, self._report, self._crew)
            return run.answer(self._best, seconds, ends)
        self._close_easy_ones(ends)
        left = [number for number in range(len(self._windows)) if not self._is_closed(number)]
        sizes = {number: len(self._windows[number].problem.places) for number in left}
        at_once = max(1, self._crew.width // 2)
        with ThreadPoolExecutor(at_once) as pool:
            searches = [
                pool.submit(
                    self._search_one, number, seconds * min(1, at_once * size / sum(sizes.values()))
                )
                for number, size in sizes.items()
            ]
        for each in searches:
            each.result()
        return self._whole()

    def _close_easy_ones(self, ends: float) -> None:
        tasks = {
            number: self._crew.start(
                search_whole,
                part.problem,
                self._answers[number],
                self._seed,
                ends - monotonic(),
                QUICK_EFFORT,
                self._crew.stop,
            )
            for number, part in enumerate(self._windows)
            if len(part.problem.places) <= EASY_PLACES
        }
        for number, task in tasks.items():
            found = self._crew.result(task, ends)
            if found.least is not None:
                self._reports[number].tell_least(found.least)
            self._reports[number].tell(found.answer)

    def _search_one(self, number: int, seconds: float) -> None:
        if self._crew.stop.is_set():
            return
        part, report = self._windows[number].problem, self._reports[number]
        run = Run(part, Timeline(part), self._seed, report, self._crew)
        report.tell(run.answer(self._answers[number], seconds, monotonic() + seconds))

    def _is_closed(self, number: int) -> bool:
        return self._answers[number].cost == self._reports[number].bound_for(self._answers[number])

    def _hearing(self, number: int) -> Callable[[Progress], None]:
        def hear(progress: Progress) -> None:
            with self._lock:
                is_new = progress.answer is not self._answers[number]
                self._answers[number] = progress.answer
                whole = self._whole() if is_new else None
                least = self._least()
            self._report.tell_least(least)
            if whole is not None:
                self._report.tell(whole)

        return hear

    def _whole(self) -> WeeklyAnswer:
        """The answers of all parts as one."""
        return answer_of(
            self._problem,
            (
                each
                for part, answer in zip(self._windows, self._answers, strict=True)
                for each in part.whole(self._problem, answer).chosen
            ),
        )

    def _least(self) -> int:
        """What no answer's objective is below: in each part so many left out, and so much cost."""
        left_out, cost = self._impossible, 0
        for report in self._reports:
            least = divmod(report.least or 0, report.weight)
            left_out, cost = left_out + least[0], cost + least[1]
        return self._report.weight * left_out + cost
