"""What would give an unplaced request a place: less wished for, a bell moved, a wider link.

Each relaxation is asked of the rulebook like the request itself, so what is offered would do.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, islice
from time import monotonic
from typing import Final

from calendars.text import Text
from scheduler.allocation.alike import Alike
from scheduler.allocation.asking_less import RELAXATIONS, Relaxed, another_series_moved
from scheduler.allocation.chains import fitting
from scheduler.allocation.offers import suffices
from scheduler.allocation.options import options_of
from scheduler.allocation.problem import Problem
from scheduler.allocation.trials import Option
from scheduler.model import Request

PAIRS_TRIED: Final = 40
SECONDS_TO_TRY: Final = 5.0
"""Somebody waits for the answer, and each relaxation may take half a second."""
Partners = Sequence[tuple[Request, Sequence[Option]]]
"""Other requests of a chain, with the options they have."""


@dataclass(frozen=True, slots=True)
class Relief:
    """A relaxation that places the request, with every option it opens."""

    sentence: Text
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Reliefs:
    """What was found, and whether all there is was tried."""

    found: tuple[Relief, ...]
    all_tried: bool


def reliefs(
    request: Request, problem: Problem, partners: Partners = (), *, seconds: float = SECONDS_TO_TRY
) -> Reliefs:
    """Every single relaxation that places the request; if none does, the first pairs that do.

    Last of the single ones, for it asks most of others, comes another series that moves.
    `partners` have no place either, for they go with it: what is offered suits some of their
    options.
    """
    until = monotonic() + seconds
    asked = (*RELAXATIONS, another_series_moved)
    singles = (each for relax in asked for each in relax(request, problem))
    tried = _tried(singles, partners, until)
    if tried.found or not tried.all_tried:
        return tried
    pairs = _pairs(request, problem)
    tried = _tried(islice(pairs, PAIRS_TRIED), partners, until)
    return replace(tried, all_tried=tried.all_tried and next(pairs, None) is None)


def _tried(asked: Iterator[Relaxed], partners: Partners, until: float) -> Reliefs:
    """Those that place it, of all that can be tried until then."""
    found: list[Relief] = []
    for each in asked:
        if monotonic() > until:
            return Reliefs(tuple(found), all_tried=False)
        if (relief := _relief(each, partners)) is not None:
            found.append(relief)
    return Reliefs(tuple(found), all_tried=True)


def _pairs(request: Request, problem: Problem) -> Iterator[Relaxed]:
    for one, other in combinations(RELAXATIONS, 2):
        for first in one(request, problem):
            for second in other(first.request, first.problem):
                yield replace(
                    second,
                    sentence=Text(
                        f"{first.sentence.zh}，并且{second.sentence.zh}",
                        f"{first.sentence.en}, and {second.sentence.en}",
                    ),
                )


def _relief(relaxed: Relaxed, partners: Partners) -> Relief | None:
    found = options_of(relaxed.request, relaxed.problem, Alike(relaxed.problem)).found
    options = fitting(relaxed.request, found, relaxed.problem, partners)
    if not suffices(options, relaxed.request.per_week):
        return None
    return Relief(relaxed.sentence, options)
