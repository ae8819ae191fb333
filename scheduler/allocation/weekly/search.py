"""One search: a model of the whole, annealing beside it, and windows at the end."""

from math import ceil
from time import monotonic
from typing import Final

from scheduler.allocation.weekly.crew import Crew, Task
from scheduler.allocation.weekly.greedy import better
from scheduler.allocation.weekly.problem import WeeklyAnswer, WeeklyProblem, missed
from scheduler.allocation.weekly.report import Report
from scheduler.allocation.weekly.timeline import Timeline
from scheduler.allocation.weekly.whole import Found, search_whole
from scheduler.allocation.weekly.windows import Neighbourhoods, joined, window

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
PRICE_ROUNDS: Final = 700
"""After which the bound by prices hardly grows."""
WINDOW_EFFORT: Final = 1.0
WINDOW_SECONDS: Final = 3.0
"""What one window gets, at most."""
WINDOWS_A_SECOND: Final = 0.6
"""Planned one after the other for a second of theirs, likewise."""


class Run:
    """What all steps of one search share."""

    def __init__(
        self, problem: WeeklyProblem, timeline: Timeline, seed: int, report: Report, crew: Crew
    ) -> None:
        self._problem = problem
        self._timeline = timeline
        self._seed = seed
        self._report = report
        self._crew = crew
        self._searching: Task[Found] | None = None

    def answer(self, best: WeeklyAnswer, seconds: float, ends: float) -> WeeklyAnswer:
        """The best answer that work planned for `seconds` finds, at the latest at `ends`."""
        windows = SHARE_OF_WINDOWS * (ends - monotonic())
        best = self._search(best, seconds * (1 - SHARE_OF_WINDOWS), ends - windows)
        return self._polish(best, ceil(seconds * SHARE_OF_WINDOWS * WINDOWS_A_SECOND), ends)

    def _search(self, best: WeeklyAnswer, seconds: float, ends: float) -> WeeklyAnswer:
        """What the models and the annealing find.

        Easy terms the model of the whole closes alone. Others it closes only from a good start,
        which a short annealing finds; then both go on side by side.
        """
        planned, places = round(seconds * MOVES_A_SECOND), len(self._problem.places)
        if places > WHOLE_PLACES:
            return self._anneal_and_price(best, ends, planned, walks=max(1, self._crew.width - 1))
        moves = min(planned // 2, MOVES_A_PLACE * places)
        if places <= EASY_PLACES:
            found = self._found(self._start_whole(best, ends, QUICK_EFFORT), ends)
            best = found.answer
            if found.is_best or self._is_over(best):
                return best
        best = self._anneal_and_price(best, ends, moves)
        task = self._start_whole(best, ends, seconds * EFFORT_A_SECOND)
        annealed = self._anneal(best, ends, planned - moves)
        found = self._found(task, ends)
        return found.answer if found.is_best else better(self._problem, found.answer, annealed)

    def _anneal_and_price(
        self, best: WeeklyAnswer, ends: float, moves: int, *, walks: int = 1
    ) -> WeeklyAnswer:
        """Annealing, and beside it a bound by prices."""
        from scheduler.allocation.weekly.prices import least_by_prices  # noqa: PLC0415 - as below

        weight, stop = self._report.weight, self._crew.stop
        goal = best.cost + weight * missed(self._problem, best.unplaced)
        seconds = ends - monotonic()
        pricing = self._crew.start(
            least_by_prices, self._problem, goal, PRICE_ROUNDS, seconds, stop, self._report
        )
        best = self._anneal(best, ends, moves, walks=walks)
        self._report.tell_least(self._crew.result(pricing, ends))
        return best

    def _start_whole(self, best: WeeklyAnswer, ends: float, effort: float) -> Task[Found]:
        seconds = ends - monotonic()
        stop, report = self._crew.stop, self._report
        self._searching = self._crew.start(
            search_whole, self._problem, best, self._seed, seconds, effort, stop, report
        )
        return self._searching

    def _found(self, task: Task[Found], ends: float) -> Found:
        found = self._crew.result(task, ends)
        if found.least is not None:
            self._report.tell_least(found.least)
        self._report.tell(found.answer)
        return found

    def _anneal(
        self, best: WeeklyAnswer, ends: float, moves: int, *, walks: int = 1
    ) -> WeeklyAnswer:
        # To load the compiled code takes a while, which a quickly closed term need not wait for.
        from scheduler.allocation.weekly.annealing import Annealing  # noqa: PLC0415

        return Annealing(self._problem, self._timeline, best, seed=self._seed, walks=walks).run(
            moves=moves,
            ends=ends,
            is_over=lambda: self._is_over(best),
            tell=self._report.tell,
            crew=self._crew,
        )

    def _polish(self, best: WeeklyAnswer, rounds: int, ends: float) -> WeeklyAnswer:
        """Windows of the answer set free, some at once: each keeps or improves."""
        problem, timeline, crew = self._problem, self._timeline, self._crew
        neighbourhoods = Neighbourhoods(problem, self._seed)
        for _ in range(rounds):
            if self._is_over(best) or (left := ends - monotonic()) <= 0:
                break
            before = best
            parts = [
                window(problem, timeline, before, neighbourhoods.pick(before))
                for _ in range(crew.width)
            ]
            seconds = min(left, WINDOW_SECONDS)
            tasks = [
                crew.start(
                    search_whole,
                    part.problem,
                    part.part(before),
                    self._seed,
                    seconds,
                    WINDOW_EFFORT,
                    crew.stop,
                )
                for part in parts
            ]
            for part, task in zip(parts, tasks, strict=True):
                rival = part.whole(problem, crew.result(task, ends).answer)
                if better(problem, before, rival) is rival:
                    both = joined(problem, timeline, before, best, rival)
                    best = better(problem, best, both)
            if best is not before:
                self._report.tell(best)
        return best

    def _is_over(self, best: WeeklyAnswer) -> bool:
        """Whether a better answer is proven impossible, or no longer wanted."""
        found = self._searching.done if self._searching is not None else None
        is_closed = found is not None and found.is_best
        return is_closed or best.cost == self._report.bound_for(best) or self._crew.stop.is_set()
