"""Requests that go together: which there are, and the dates on which they suit each other.

A chain is placed whole or not at all. A date of one of its requests that has no date of its partner
within the days asked for is not held: a preparation without its lesson would be pointless.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import reduce
from operator import or_
from typing import Final

from calendars.text import Text
from scheduler.allocation.problem import Companion, Problem
from scheduler.allocation.trials import Option, most_lost
from scheduler.allocation.weekly.problem import Chain, Way
from scheduler.members import Preference
from scheduler.model import Cost, Request, RequestId, Session

LONGEST: Final = 6
"""Requests of one chain: their weekdays can be chosen in thousands of ways, and with each one more
in five times as many."""


@dataclass(frozen=True, slots=True)
class Tie:
    """`later` is held so many days after `earlier`."""

    earlier: RequestId
    later: RequestId
    at_least_days: int
    at_most_days: int

    def allows(self, days: int) -> bool:
        """Whether so many days may lie between the two."""
        return self.at_least_days <= days <= self.at_most_days


def ties_of(requests: Collection[Request]) -> tuple[Tie, ...]:
    """What these requests ask of each other and of others."""
    return tuple(
        Tie(after.request, request.id, after.at_least_days, after.at_most_days)
        for request in requests
        for after in request.after
    )


def suiting(
    dates: Mapping[RequestId, Collection[date]],
    ties: Collection[Tie],
    companions: Collection[Companion] = (),
) -> dict[RequestId, frozenset[date]]:
    """Of each request's dates those that have a partner by every tie, however long the chain.

    Whatever the companions hold stays as it is.
    """
    held = {each.request.id: each.dates for each in companions}
    every = {**dates, **held}
    first = min((on.toordinal() for each in every.values() for on in each), default=0)
    days = {request: _days(each, first) for request, each in every.items()}
    kept = _with_partners(days, ties, fixed=held.keys())
    return {
        request: frozenset(on for on in each if kept[request] >> (on.toordinal() - first) & 1)
        for request, each in dates.items()
    }


def _days(dates: Collection[date], first: int) -> int:
    """The dates as a bit set of days counted from the first."""
    return reduce(or_, (1 << on.toordinal() - first for on in dates), 0)


def _with_partners(
    days: Mapping[RequestId, int], ties: Collection[Tie], fixed: Collection[RequestId]
) -> dict[RequestId, int]:
    """The days that have partners; those of `fixed` requests are as they are."""
    left = dict(days)
    before = None
    while left != before:
        before = dict(left)
        for tie in ties:
            earlier, later = left.get(tie.earlier, 0), left.get(tie.later, 0)
            apart = range(tie.at_least_days, tie.at_most_days + 1)
            if tie.later in left and tie.later not in fixed:
                left[tie.later] &= reduce(or_, (earlier << days for days in apart))
            if tie.earlier in left and tie.earlier not in fixed:
                left[tie.earlier] &= reduce(or_, (later >> days for days in apart))
    return left


def members_of_chains(
    requests: Sequence[Request], companions: Collection[Companion] = ()
) -> Iterator[tuple[tuple[int, ...], tuple[Tie, ...]]]:
    """The numbers of the requests that go together, with all that ties them."""
    ties = ties_of([*requests, *(each.request for each in companions)])
    numbers = {request.id: number for number, request in enumerate(requests)}
    chains: list[tuple[set[RequestId], list[Tie]]] = []
    for tie in ties:
        members, own = {tie.earlier, tie.later} & numbers.keys(), [tie]
        if not members:
            continue
        apart = []
        for others, theirs in chains:
            if members & others:
                members, own = members | others, theirs + own
            else:
                apart.append((others, theirs))
        chains = [*apart, (members, own)]
    for members, own in chains:
        yield tuple(sorted(numbers[each] for each in members)), tuple(own)


@dataclass(frozen=True, slots=True)
class Joint:
    """A chain of the weekly problem, with the dates that each way leaves to each activity."""

    chain: Chain
    kept: tuple[tuple[frozenset[date], ...], ...]


def joints_of(
    requests: Sequence[Request], options_by_request: Sequence[Sequence[Option]], problem: Problem
) -> tuple[Joint, ...]:
    """Every chain of these requests; options are numbered through, request by request."""
    firsts = [0]
    for options in options_by_request:
        firsts.append(firsts[-1] + len(options))
    return tuple(
        _Ways(
            [requests[number] for number in members],
            [(firsts[number], options_by_request[number]) for number in members],
            ties,
            problem,
        ).joint(members)
        for members, ties in members_of_chains(requests, problem.companions)
    )


def has_ways(
    requests: Sequence[Request],
    options: Sequence[Sequence[Option]],
    ties: Sequence[Tie],
    problem: Problem,
) -> bool:
    """Whether some options of these requests suit each other, as far as these ties go."""
    numbered = [(0, each) for each in options]
    return any(all(kept) for _, kept in _Ways(requests, numbered, ties, problem).found())


def fitting(
    request: Request,
    options: Sequence[Option],
    problem: Problem,
    partners: Sequence[tuple[Request, Sequence[Option]]] = (),
) -> tuple[Option, ...]:
    """The options that suit what is held already and some of the partners', on the dates left."""
    requests = (request, *(partner for partner, _ in partners))
    found = tuple(options)
    for joint in joints_of(requests, (options, *(theirs for _, theirs in partners)), problem):
        if 0 not in joint.chain.activities:
            continue
        ways = sorted(
            zip(joint.chain.ways, joint.kept, strict=True), key=lambda each: -each[0].cost
        )
        kept = {place: dates[0] for way, dates in ways for place in way.places[0]}
        found = tuple(
            trimmed(option, kept[number]) for number, option in enumerate(options) if number in kept
        )
    return found


@dataclass(frozen=True, slots=True)
class _Sort:
    """The options of a request that are held on the same days."""

    places: frozenset[int]
    days: int
    may_drop: int


class _Ways:
    """Every choice of days for the requests of one chain of which enough is left."""

    def __init__(
        self,
        requests: Sequence[Request],
        options: Sequence[tuple[int, Sequence[Option]]],
        ties: Sequence[Tie],
        problem: Problem,
    ) -> None:
        self._requests = requests
        self._ties = ties
        self._weight = problem.weights[Preference.S7]
        held = {each.request.id: each.dates for each in problem.companions}
        dates = [*held.values(), *(option.dates for _, each in options for option in each)]
        self._first = min((on.toordinal() for each in dates for on in each), default=0)
        self._held = {request: _days(each, self._first) for request, each in held.items()}
        self._sorts = [
            self._sorts_of(request, first, each)
            for request, (first, each) in zip(requests, options, strict=True)
        ]
        self._known: dict[int, frozenset[date]] = {}

    def joint(self, members: tuple[int, ...]) -> Joint:
        """The chain in all its ways; in none if it is too long."""
        if len(members) > LONGEST:
            return Joint(Chain(members, ()), ())
        found = [(way, kept) for way, kept in self.found() if all(kept)]
        return Joint(Chain(members, tuple(way for way, _ in found)), tuple(k for _, k in found))

    def _sorts_of(self, request: Request, first: int, options: Sequence[Option]) -> list[_Sort]:
        if request.per_week != 1:
            return []
        places: dict[tuple[int, int], set[int]] = defaultdict(set)
        for number, option in enumerate(options, start=first):
            may_drop = most_lost(len(option.dates) + len(option.lost)) - len(option.lost)
            places[_days(option.dates, self._first), may_drop].add(number)
        return [_Sort(frozenset(each), days, may_drop) for (days, may_drop), each in places.items()]

    def found(
        self, chosen: tuple[_Sort, ...] = ()
    ) -> Iterator[tuple[Way, tuple[frozenset[date], ...]]]:
        """The ways that begin with the chosen sorts of the first requests."""
        kept = self._kept(chosen)
        dropped = [(each.days & ~days).bit_count() for each, days in zip(chosen, kept, strict=True)]
        if any(many > each.may_drop for many, each in zip(dropped, chosen, strict=True)):
            return
        if len(chosen) == len(self._sorts):
            way = Way(tuple(each.places for each in chosen), self._weight * sum(dropped))
            yield way, tuple(map(self._dates, kept))
            return
        for sort in self._sorts[len(chosen)]:
            yield from self.found((*chosen, sort))

    def _kept(self, chosen: Sequence[_Sort]) -> list[int]:
        """The days left to those chosen, as far as ties to requests still to be chosen are open."""
        ids = [request.id for request in self._requests]
        undecided = set(ids[len(chosen) :])
        ties = [tie for tie in self._ties if undecided.isdisjoint((tie.earlier, tie.later))]
        days = {each: sort.days for each, sort in zip(ids, chosen, strict=False)}
        left = _with_partners({**self._held, **days}, ties, fixed=self._held.keys())
        return [left[each] for each in days]

    def _dates(self, days: int) -> frozenset[date]:
        if days not in self._known:
            self._known[days] = frozenset(
                date.fromordinal(self._first + day)
                for day in range(days.bit_length())
                if days >> day & 1
            )
        return self._known[days]


def trimmed(option: Option, kept: Collection[date]) -> Option:
    """The option without the dates on which its partners are not held."""
    if all(on in kept for on in option.dates):
        return option
    held = zip(option.dates, option.slots, option.drafts, strict=True)
    dates, slots, drafts = zip(*(each for each in held if each[0] in kept), strict=True)
    return replace(
        option,
        dates=tuple(dates),
        slots=tuple(slots),
        drafts=tuple(drafts),
        lost=tuple(sorted({*option.lost, *(on for on in option.dates if on not in kept)})),
    )


def costs_of_trimming(option: Option, kept: Collection[date], problem: Problem) -> tuple[Cost, ...]:
    """S7 again: the dates that are lost because a partner loses them."""
    many = sum(on not in kept for on in option.dates)
    points = many * problem.weights[Preference.S7]
    sentence = Text(
        f"有{many}个日期因配套的活动不上而不上。",
        f"{many} of its dates are lost because what it goes with is not held.",
    )
    return (Cost(preference=Preference.S7, points=points, sentence=sentence),) if points else ()


def keeps_its_partners(session: Session, on: date, alone: Problem) -> bool:
    """Whether a session that moves to another date stays as far from its partners as wished.

    A partner that may move itself, for it is not among the sessions that stay, is no hold.
    """
    own = next((c for c in alone.companions if session.series in c.request.series), None)
    if own is None:
        return True
    before = session.slot.starts.astimezone(alone.zone).date()
    requests = {each.request.id: each.request for each in alone.companions}
    held = {each.request.id: each.dates for each in alone.companions}
    stay = {
        (each.series, each.slot.starts.astimezone(alone.zone).date())
        for each in alone.situation.sessions
    }
    for tie in ties_of(requests.values()):
        if own.request.id not in (tie.earlier, tie.later):
            continue
        partner, sign = (tie.earlier, 1) if own.request.id == tie.later else (tie.later, -1)
        for there in held.get(partner, ()):
            if not tie.allows(sign * (before - there).days):
                continue
            is_staying = any((series, there) in stay for series in requests[partner].series)
            if not is_staying or not tie.allows(sign * (on - there).days):
                return False
    return True
