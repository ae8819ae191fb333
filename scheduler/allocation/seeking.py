"""The options of every request, sought one after the other until somebody asks to stop."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from threading import Event

from scheduler.allocation.alike import Alike
from scheduler.allocation.options import Options, options_of
from scheduler.allocation.problem import Problem
from scheduler.model import Placement, Request


@dataclass(frozen=True, slots=True)
class Stated:
    """How many `requests` of all have been put to the rulebook by themselves."""

    requests: int
    of: int


def seek_options(
    problem: Problem,
    alike: Alike,
    *,
    start: Sequence[Placement],
    stop: Event,
    on_stated: Callable[[Stated], None],
) -> list[Options]:
    """The options of each request; after a stop only those where `start` has it already."""
    found: list[Options] = []
    for number, request in enumerate(problem.requests):
        on_stated(Stated(number, len(problem.requests)))
        if stop.is_set():
            break
        found.append(options_of(request, problem, alike))
    else:
        on_stated(Stated(len(found), len(found)))
    left = problem.requests[len(found) :]
    return found + [_where_it_was(request, problem, alike, start) for request in left]


def _where_it_was(
    request: Request, problem: Problem, alike: Alike, start: Sequence[Placement]
) -> Options:
    options = Options(is_stated=False)
    for asked in _at_earlier_places(request, start):
        found = options_of(asked, problem, alike).found
        options.found += [replace(each, request=request) for each in found]
    return options


def _at_earlier_places(request: Request, start: Sequence[Placement]) -> Iterator[Request]:
    """The request as if it were wanted just there."""
    for placement in start:
        if placement.request == request.id:
            weekly = placement.weekly
            starts = datetime.combine(date.min, weekly.starts)
            yield replace(
                request,
                weekdays=(weekly.weekday,),
                per_week=1,
                earliest=weekly.starts,
                latest=(starts + timedelta(minutes=weekly.minutes)).time(),
            )
