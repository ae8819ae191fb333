"""An allocation from beginning to end: options, the weekly problem, the search, the judgement."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from threading import Event

from scheduler.allocation.alike import Alike
from scheduler.allocation.balance import balance_of
from scheduler.allocation.crew import WIDTH
from scheduler.allocation.options import Options, options_of
from scheduler.allocation.problem import Problem, term_of
from scheduler.allocation.reasons import why_impossible
from scheduler.allocation.result import (
    Allocation,
    broken_by,
    chosen_of,
    placements_of,
    sessions_of,
)
from scheduler.allocation.solve import Progress, solve_weekly
from scheduler.allocation.statement import Statement, state
from scheduler.allocation.weekly import WeeklyAnswer, cost_of
from scheduler.model import Placement, RequestId, Unplaced

OnProgress = Callable[[Progress, Callable[[], tuple[Placement, ...]]], None]
"""Is told how far a run has come, and how to put the best answer so far into words."""


def allocate(
    problem: Problem,
    *,
    seconds: float,
    seed: int,
    on_progress: OnProgress = lambda _, __: None,
    start: Sequence[Placement] = (),
    stop: Event | None = None,
    executor: Executor | None = None,
    width: int = WIDTH,
) -> Allocation:
    """Place as many participations as possible, then as well as possible; every request once.

    `seconds` bound the search; stating the problem comes before it. The search takes up what is
    still possible of `start`, and ends early, with the best it has, when `stop` is set. Its tasks,
    `width` at once where there is a choice, go to the `executor`, or to threads. No placement is
    returned that the rulebook does not allow on each of its dates.
    """
    alike = Alike(problem)
    options = [options_of(request, problem, alike) for request in problem.requests]
    for each in options:
        if each.found:
            each.refusals.clear()  # asked again, beside the others, if it is not placed
    statement = state(problem.requests, [each.found for each in options], problem)

    def tell(progress: Progress) -> None:
        on_progress(progress, lambda: placements_of(statement, progress.answer.chosen))

    answer = solve_weekly(
        statement.weekly,
        seconds=seconds,
        seed=seed,
        on_progress=tell,
        start=chosen_of(statement, start),
        stop=stop,
        executor=executor,
        width=width,
    )
    broken = broken_by(statement, answer.chosen, problem)
    answer = _without(answer, statement, broken)
    return Allocation(
        placements=placements_of(statement, answer.chosen),
        unplaced=_unplaced(problem, options, statement, answer),
        balance=balance_of([statement.options[each.place] for each in answer.chosen], problem),
        cost=answer.cost,
        bound=answer.bound or 0,
    )


def _without(
    answer: WeeklyAnswer, statement: Statement, broken: Iterable[RequestId]
) -> WeeklyAnswer:
    """The answer without requests that the rulebook refuses; nothing is proven of what is left."""
    refused = set(broken)
    if not refused:
        return answer
    chosen = tuple(
        each for each in answer.chosen if statement.options[each.place].request.id not in refused
    )
    placed = {statement.weekly.places[each.place].activity for each in chosen}
    return replace(
        answer,
        chosen=chosen,
        unplaced=tuple(
            number for number in range(len(statement.weekly.activities)) if number not in placed
        ),
        cost=cost_of(statement.weekly, {each.place for each in chosen}),
        bound=None,
    )


def _unplaced(
    problem: Problem, options: Sequence[Options], statement: Statement, answer: WeeklyAnswer
) -> tuple[Unplaced, ...]:
    """Each with its reasons, beside everything that was placed."""
    if not answer.unplaced:
        return ()
    beside = replace(
        problem,
        situation=replace(
            problem.situation,
            sessions=(*problem.situation.sessions, *sessions_of(statement, answer.chosen)),
        ),
    )
    alike = Alike(beside)
    found = []
    for number in answer.unplaced:
        request = problem.requests[number]
        left = options_of(request, beside, alike) if options[number].found else options[number]
        has_term = term_of(request, problem.books) is not None
        reasons = why_impossible(request, left, has_term=has_term)
        found.append(Unplaced(request=request.id, reasons=reasons))
    return tuple(found)
