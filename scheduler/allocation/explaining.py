"""Why a request is where it is, what else it could have, and what would give it a place."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from calendars.series import Weekly
from calendars.text import Text
from scheduler.allocation.alike import Alike
from scheduler.allocation.causes import Refusal
from scheduler.allocation.chains import fitting
from scheduler.allocation.options import options_of
from scheduler.allocation.preferences import costs_of
from scheduler.allocation.problem import Problem, term_of
from scheduler.allocation.reasons import Unmet
from scheduler.allocation.relaxing import SECONDS_TO_TRY, Relief, reliefs
from scheduler.allocation.together import shares_of
from scheduler.allocation.trials import Option
from scheduler.model import Cost, Placement, Request, RequestId, SiteWish

TOLD_AT_MOST: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One weekday and time a request could have, `dates` times, for so many points.

    `points` is what the whole plan would be charged more with it than without the request, `costs`
    its part by preference.
    """

    weekly: Weekly
    sites: tuple[SiteWish, ...]
    dates: int
    points: int
    costs: tuple[Cost, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A choice that would cost less than where the request is, and what is in its way."""

    choice: Choice
    reasons: tuple[Text, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Relaxation:
    """What would give an unplaced request a place: how many weekdays and times, and the best."""

    sentence: Text
    opens: int
    best: Choice


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What decided about one request of a plan, beside all others.

    A placed one has `placements`, for `points` in all; `free` are its other choices, cheapest first
    (the first is the next best), `taken` those that would cost less if they were free. An unplaced
    one has `reasons` that together leave no place, and `relaxations` that would give one; where not
    `all_tried`, there are more relaxations than could be asked in the time and number given.
    """

    request: RequestId
    placements: tuple[Placement, ...] = ()
    points: int = 0
    free: tuple[Choice, ...] = ()
    taken: tuple[Taken, ...] = ()
    reasons: tuple[Text, ...] = ()
    relaxations: tuple[Relaxation, ...] = ()
    all_tried: bool = True


@dataclass(frozen=True, kw_only=True)
class Question:
    """A request of a plan with everything around it.

    `beside` holds the sessions of the plan's `others` as if they were booked, `alone` does not.
    `chain` begins with the request if it has no place, followed by what has none because of that.
    """

    request: Request
    placements: tuple[Placement, ...]
    others: tuple[Option, ...]
    beside: Problem
    alone: Problem
    chain: tuple[Request, ...] = ()


def explain(question: Question, *, seconds: float = SECONDS_TO_TRY) -> Explanation:
    """Ask the rulebook and the preferences again, for this request only.

    Relaxations are tried for so many `seconds`.
    """
    request, beside = question.request, question.beside
    prices = _Prices(question.others, question.alone)
    if not question.placements:
        return _unplaced(question, prices, seconds)
    options = options_of(request, beside, Alike(beside))
    options.found = list(fitting(request, options.found, beside))
    held = {(placement.weekly, _who(placement.sites)) for placement in question.placements}
    own = [each for each in options.found if (each.weekly, _who(each.sites)) in held]
    points = sum(prices.choice(option).points for option in own)
    taken_days = {placement.weekly.weekday for placement in question.placements}
    serving = {placement.offer for placement in question.placements}
    others = [
        option
        for option in options.found
        if option not in own
        and (
            request.per_week == 1
            or (option.weekly.weekday not in taken_days and option.offer in serving)
        )
    ]
    return Explanation(
        request=request.id,
        placements=question.placements,
        points=points,
        free=tuple(prices.cheapest(others)),
        taken=tuple(_taken(question, options.refusals, prices, points)),
    )


def _unplaced(question: Question, prices: "_Prices", seconds: float) -> Explanation:
    chain, beside = question.chain, question.beside
    alike = Alike(beside)
    options = {number: options_of(each, beside, alike) for number, each in enumerate(chain)}
    partners = [(each, options[number].found) for number, each in enumerate(chain)][1:]
    reasons = Unmet(chain, options, beside).why(0)
    if term_of(question.request, beside.books) is None:
        return Explanation(request=question.request.id, reasons=reasons)
    relieved = reliefs(question.request, beside, partners, seconds=seconds)
    return Explanation(
        request=question.request.id,
        reasons=reasons,
        relaxations=tuple(_relaxation(relief, prices) for relief in relieved.found),
        all_tried=relieved.all_tried,
    )


def _who(sites: Sequence[SiteWish]) -> frozenset[tuple[str, str | None, int]]:
    """What tells two options at the same time apart: who teaches, and which bell moves."""
    return frozenset((site.school, site.teacher, site.shift_minutes) for site in sites)


class _Prices:
    """What an option would cost beside the plan's others."""

    def __init__(self, others: Sequence[Option], problem: Problem) -> None:
        self._others = others
        self._problem = problem
        self._before = self._shared(())

    def choice(self, option: Option) -> Choice:
        costs = list(costs_of(option, self._problem))
        for cost, times in self._shared((option,)).items():
            costs += [cost] * (times - self._before[cost])
        return Choice(
            weekly=option.weekly,
            sites=option.sites,
            dates=len(option.dates),
            points=sum(cost.points for cost in costs),
            costs=tuple(costs),
        )

    def cheapest(self, options: Sequence[Option]) -> list[Choice]:
        """The cheapest few, one for each weekday and time."""
        found: dict[Weekly, Choice] = {}
        for choice in sorted(map(self.choice, options), key=_rank):
            found.setdefault(choice.weekly, choice)
        return list(found.values())[:TOLD_AT_MOST]

    def _shared(self, more: Sequence[Option]) -> Counter[Cost]:
        """What several are charged together, each time it is charged."""
        options = (*self._others, *more)
        charged: Counter[Cost] = Counter()
        for share in shares_of(options, self._problem):
            charged[share.cost] += max(0, len(share.options) - share.free)
        return charged


def _rank(choice: Choice) -> tuple[int, int, str]:
    return choice.points, choice.weekly.weekday, f"{choice.weekly.starts:%H:%M}"


def _taken(
    question: Question, refusals: Sequence[Refusal], prices: _Prices, points: int
) -> Iterator[Taken]:
    """Cheaper choices that something booked or placed forbids, with what does."""
    possible = options_of(question.request, question.alone, Alike(question.alone)).found
    alone = fitting(question.request, possible, question.alone)
    why: dict[Weekly, dict[Text, None]] = {}
    for refusal in refusals:
        causes = [cause for each in refusal.obstacles for cause in each.causes]
        why.setdefault(refusal.weekly, {}).update({each.sentence: None for each in causes})
    blocked = [option for option in alone if option.weekly in why]
    for choice in prices.cheapest(blocked):
        if choice.points < points:
            yield Taken(choice=choice, reasons=tuple(why[choice.weekly]))


def _relaxation(relief: Relief, prices: _Prices) -> Relaxation:
    (best, *_) = prices.cheapest(relief.options)
    opened = {option.weekly for option in relief.options}
    return Relaxation(sentence=relief.sentence, opens=len(opened), best=best)
