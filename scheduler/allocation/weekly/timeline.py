"""Dates folded to those that differ for somebody, and stretches of them as bit sets."""

from collections.abc import Iterable
from functools import reduce
from math import gcd
from operator import or_

from scheduler.allocation.weekly.problem import Load, Place, WeeklyProblem, bits_of


def fold(masks: Iterable[int]) -> int:
    """A few dates that stand for all: what collides on any date collides on one of these.

    A date is left out if another lies in every set of dates that it lies in.
    """
    distinct = sorted(set(masks))
    kept: dict[int, int] = {}
    for date in bits_of(reduce(or_, distinct, 0)):
        within = sum(1 << number for number, mask in enumerate(distinct) if mask >> date & 1)
        if any(within & other == within for other in kept):
            continue
        kept = {other: day for other, day in kept.items() if other & within != other}
        kept[within] = date
    return sum(1 << date for date in kept.values())


class Timeline:
    """The folded dates of a problem laid end to end, in ticks as long as its times allow."""

    def __init__(self, problem: WeeklyProblem) -> None:
        loads = [load for link in problem.links for load in link.loads]
        stretches: list[Place | Load] = [*problem.places, *loads]
        self.dates = fold(stretch.dates for stretch in stretches)
        gaps = {problem.travel, *(gap for school in problem.buffers for gap in school)}
        self._first = min((stretch.starts for stretch in stretches), default=0)
        last = max((stretch.ends for stretch in stretches), default=0) + max(gaps)
        moments = {moment for each in stretches for moment in (each.starts, each.ends)}
        self.tick = gcd(*(moment - self._first for moment in moments), *gaps) or 1
        self._width = (last - self._first) // self.tick
        self._rank = {date: rank for rank, date in enumerate(bits_of(self.dates))}
        self.length = self._width * len(self._rank)
        self._known: dict[tuple[int, int, int], int] = {}

    def bits(self, dates: int, starts: int, ends: int) -> int:
        """The ticks from `starts` up to `ends` on each of the folded dates."""
        key = (dates & self.dates, starts, ends)
        if key not in self._known:
            stretch = (1 << (ends - starts) // self.tick) - 1
            offset = (starts - self._first) // self.tick
            self._known[key] = sum(
                stretch << self._rank[date] * self._width + offset for date in bits_of(key[0])
            )
        return self._known[key]
