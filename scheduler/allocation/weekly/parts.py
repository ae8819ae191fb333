"""What can never be in each other's way is searched apart, several parts at once."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from threading import Lock
from time import monotonic

from scheduler.allocation.weekly.apart import divided
from scheduler.allocation.weekly.crew import Crew
from scheduler.allocation.weekly.greedy import better, fit_greedily, resume
from scheduler.allocation.weekly.problem import Chosen, WeeklyAnswer, WeeklyProblem, missed
from scheduler.allocation.weekly.report import Progress, Report
from scheduler.allocation.weekly.search import EASY_PLACES, QUICK_EFFORT, Run
from scheduler.allocation.weekly.timeline import Timeline
from scheduler.allocation.weekly.whole import search_whole
from scheduler.allocation.weekly.windows import Window


class Parts:
    """The parts of a problem with their answers, and what is known of all of them together."""

    def __init__(self, problem: WeeklyProblem, start: Sequence[Chosen], seed: int) -> None:
        self._problem = problem
        self._seed = seed
        self._lock = Lock()
        self._parts = divided(problem)
        self._timelines = [Timeline(part.problem) for part in self._parts]
        self._answers = list(
            map(_first_answer, self._parts, self._timelines, _shared_out(start, self._parts))
        )
        self._held = list(map(_in_the_whole, self._parts, self._answers))
        grouped = {number for part in self._parts for number in part.activities}
        every = range(len(problem.activities))
        self._nowhere = tuple(number for number in every if number not in grouped)
        self._reports: list[Report] = []

    def answer(self) -> WeeklyAnswer:
        """The answers of all parts as one."""
        left_out = (
            part.activities[number]
            for part, answer in zip(self._parts, self._answers, strict=True)
            for number in answer.unplaced
        )
        return WeeklyAnswer(
            chosen=tuple(sorted(chain.from_iterable(self._held))),
            unplaced=tuple(sorted((*self._nowhere, *left_out))),
            cost=sum(answer.cost for answer in self._answers),
        )

    def search(self, report: Report, crew: Crew, seconds: float, ends: float) -> WeeklyAnswer:
        """The best answer that work planned for `seconds` finds, at the latest at `ends`."""
        if len(self._parts) == 1:
            run = Run(self._problem, self._timelines[0], self._seed, report, crew)
            return run.answer(self._answers[0], seconds, ends)
        self._reports = [
            Report(part.problem, self._hearing(number, report), answer)
            for number, (part, answer) in enumerate(zip(self._parts, self._answers, strict=True))
        ]
        self._close_easy_ones(crew, ends)
        left = [number for number in range(len(self._parts)) if not self._is_closed(number)]
        sizes = {number: len(self._parts[number].places) for number in left}
        at_once = max(1, crew.width // 2)

        def search_one(number: int) -> None:
            share = seconds * min(1, at_once * sizes[number] / sum(sizes.values()))
            self._search_one(number, crew, share, min(ends, monotonic() + share))

        with ThreadPoolExecutor(at_once) as pool:
            list(pool.map(search_one, left))
        return self.answer()

    def _close_easy_ones(self, crew: Crew, ends: float) -> None:
        """Each gets the solver's own seconds in which most are closed, as long as there is time."""

        def close(number: int) -> None:
            problem, seconds = self._parts[number].problem, ends - monotonic()
            if crew.stop.is_set() or seconds <= 0:
                return
            start, stop = self._answers[number], crew.stop
            task = crew.start(search_whole, problem, start, self._seed, seconds, QUICK_EFFORT, stop)
            found = crew.result(task, ends)
            if found.least is not None:
                self._reports[number].tell_least(found.least)
            self._reports[number].tell(found.answer)

        easy = [n for n, part in enumerate(self._parts) if len(part.places) <= EASY_PLACES]
        with ThreadPoolExecutor(crew.width) as pool:
            list(pool.map(close, easy))

    def _search_one(self, number: int, crew: Crew, seconds: float, ends: float) -> None:
        if crew.stop.is_set():
            return
        problem, report = self._parts[number].problem, self._reports[number]
        run = Run(problem, self._timelines[number], self._seed, report, crew)
        report.tell(run.answer(self._answers[number], seconds, ends))

    def _is_closed(self, number: int) -> bool:
        return self._answers[number].cost == self._reports[number].bound_for(self._answers[number])

    def _hearing(self, number: int, report: Report) -> Callable[[Progress], None]:
        def hear(progress: Progress) -> None:
            with self._lock:
                is_new = progress.answer is not self._answers[number]
                if is_new:
                    self._answers[number] = progress.answer
                    self._held[number] = _in_the_whole(self._parts[number], progress.answer)
                whole = self.answer() if is_new else None
                least = self._least(report)
            report.tell_least(least)
            if whole is not None:
                report.tell(whole)

        return hear

    def _least(self, whole: Report) -> int:
        """What no answer's objective is below: in each part so many left out, and so much cost."""
        left_out, cost = missed(self._problem, self._nowhere), 0
        for report in self._reports:
            least = divmod(report.least or 0, report.weight)
            left_out, cost = left_out + least[0], cost + least[1]
        return whole.weight * left_out + cost


def _shared_out(start: Sequence[Chosen], parts: Sequence[Window]) -> list[list[Chosen]]:
    """An earlier answer to the whole as answers to its parts."""
    places = {
        old: (part, new) for part, each in enumerate(parts) for new, old in enumerate(each.places)
    }
    found: list[list[Chosen]] = [[] for _ in parts]
    for chosen in start:
        part, place = places[chosen.place]
        found[part].append(Chosen(place, chosen.rooms))
    return found


def _first_answer(part: Window, timeline: Timeline, start: Sequence[Chosen]) -> WeeklyAnswer:
    """A greedy one, or what still fits of the earlier one if that is better."""
    best = fit_greedily(part.problem, timeline)
    if start:
        best = better(part.problem, best, resume(part.problem, timeline, start))
    return best


def _in_the_whole(part: Window, answer: WeeklyAnswer) -> list[Chosen]:
    return [Chosen(part.places[each.place], each.rooms) for each in answer.chosen]
