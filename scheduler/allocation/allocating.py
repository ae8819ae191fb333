"""An allocation from beginning to end: options, the weekly problem, the search, the judgement."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from threading import Event
from time import monotonic
from typing import Final

from scheduler.allocation.alike import Alike
from scheduler.allocation.balance import balance_of
from scheduler.allocation.judging import broken_by
from scheduler.allocation.offers import serving_too
from scheduler.allocation.options import Options, options_of
from scheduler.allocation.problem import Problem
from scheduler.allocation.reasons import NO_PLACE_LEFT_UNTRIED, Unmet
from scheduler.allocation.result import (
    Allocation,
    chosen_of,
    placements_of,
    sessions_of,
)
from scheduler.allocation.seeking import Stated, seek_options
from scheduler.allocation.statement import Statement, state
from scheduler.allocation.weekly.crew import OURS, Hands
from scheduler.allocation.weekly.problem import WeeklyAnswer, cost_of, with_their_chains
from scheduler.allocation.weekly.solve import Progress, solve_weekly
from scheduler.model import Placement, RequestId, Unplaced

OnProgress = Callable[[Progress, Callable[[], tuple[Placement, ...]]], None]
"""Is told how far a run has come, and how to put the best answer so far into words."""

REASONS_SECONDS: Final = 5.0
"""How long reasons are looked for once somebody has asked to stop."""


def allocate(
    problem: Problem,
    *,
    seconds: float,
    seed: int,
    on_progress: OnProgress = lambda _, __: None,
    start: Sequence[Placement] = (),
    stop: Event | None = None,
    on_stated: Callable[[Stated], None] = lambda _: None,
    hands: Hands = OURS,
) -> Allocation:
    """Place as many participations as possible, then as well as possible; every request once.

    `seconds` bound the search; stating the problem comes before it, and `on_stated` is told of
    each request. The search takes up what is still possible of `start`, and ends early, with the
    best it has of the requests stated so far, when `stop` is set. Its tasks go to these `hands`. No
    placement is returned that the rulebook does not allow on each of its dates.
    """
    stop = stop or Event()
    options = seek_options(problem, Alike(problem), start=start, stop=stop, on_stated=on_stated)
    for each in options:
        if each.found:
            each.refusals.clear()  # asked again, beside the others, if it is not placed
    statement = state(problem.requests, [each.found for each in options], problem)

    def tell(progress: Progress) -> None:
        chosen = progress.answer.chosen
        on_progress(progress, lambda: placements_of(statement.settled(chosen, problem), chosen))

    answer = solve_weekly(
        statement.weekly,
        seconds=seconds,
        seed=seed,
        on_progress=tell,
        start=chosen_of(statement, start),
        stop=stop,
        hands=hands,
    )
    settled = statement.settled(answer.chosen, problem)
    answer = _without(answer, settled, broken_by(settled, answer.chosen, problem))
    return Allocation(
        placements=placements_of(settled, answer.chosen),
        unplaced=_unplaced(problem, options, settled, answer, stop),
        balance=balance_of([settled.options[each.place] for each in answer.chosen], problem),
        cost=answer.cost,
        bound=answer.bound or 0,
    )


def _without(
    answer: WeeklyAnswer, statement: Statement, broken: Iterable[RequestId]
) -> WeeklyAnswer:
    """The answer without requests that the rulebook refuses; nothing is proven of what is left."""
    weekly = statement.weekly
    refused = set(broken)
    if not refused:
        return answer
    gone = with_their_chains(
        weekly,
        (
            weekly.places[each.place].activity
            for each in answer.chosen
            if statement.options[each.place].request.id in refused
        ),
    )
    chosen = tuple(each for each in answer.chosen if weekly.places[each.place].activity not in gone)
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
    problem: Problem,
    options: Sequence[Options],
    statement: Statement,
    answer: WeeklyAnswer,
    stop: Event,
) -> tuple[Unplaced, ...]:
    """Each with its reasons, beside everything that was placed; in brief after a stop."""
    if not answer.unplaced:
        return ()
    beside = _beside(problem, statement, answer)
    left = dict(enumerate(options))
    alike = Alike(beside)
    asked = Unmet(problem.requests, left, beside)
    latest = monotonic() + REASONS_SECONDS
    unasked = set()
    for number in answer.unplaced:
        if not (options[number].found and options[number].is_stated):
            continue
        if stop.is_set() and monotonic() > latest:
            unasked.add(number)
        else:
            left[number] = options_of(problem.requests[number], beside, alike)
    return tuple(
        Unplaced(
            request=problem.requests[number].id,
            reasons=(NO_PLACE_LEFT_UNTRIED,) if number in unasked else asked.why(number),
        )
        for number in answer.unplaced
    )


def _beside(problem: Problem, statement: Statement, answer: WeeklyAnswer) -> Problem:
    """The problem as if all that was placed were booked."""
    return replace(
        problem,
        situation=replace(
            problem.situation,
            sessions=(*problem.situation.sessions, *sessions_of(statement, answer.chosen)),
        ),
        offers=serving_too(
            problem.offers,
            [
                (option.offer, problem.requests[statement.weekly.places[each.place].activity])
                for each in answer.chosen
                for option in (statement.options[each.place],)
            ],
        ),
    )
