"""How much of what a school teaches the others can follow in full, with and without shifts."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from math import comb
from typing import NamedTuple

from calendars.bells import SchoolId, TimedPeriod
from calendars.windows.attendance import BellDay, Stretch
from calendars.windows.fits import best_move

Schools = Mapping[SchoolId, Sequence[TimedPeriod]]
"""The periods of one date, school by school."""


class Share(NamedTuple):
    """So many of so many lead lessons, counted once for each choice of listeners."""

    windows: int
    of: int

    @property
    def ratio(self) -> float:
        """From 0 to 1."""
        return self.windows / self.of if self.of else 0.0


def window_share(
    schools: Schools,
    listeners: int,
    *,
    minutes: int = 40,
    min_minutes: int | None = None,
    max_shift_minutes: int = 0,
) -> Share:
    """The lead lessons of which every site gets `min_minutes` (all of `minutes` if left open).

    Each school leads each of its lessons, before each set of `listeners` others. The slot begins
    with the lesson and lasts `minutes`; each listener may move one period, the lead none.
    """
    days = {school: BellDay.of(periods) for school, periods in schools.items()}
    needed = minutes if min_minutes is None else min_minutes
    windows = of = 0
    for lead, lesson in lessons_of(days):
        ends = lesson.starts + minutes * 60
        gets = (
            best_move(day, lesson.starts, ends, 0 if school == lead else max_shift_minutes)
            for school, day in days.items()
        )
        able = {
            school
            for school, move in zip(days, gets, strict=True)
            if move is not None and move.minutes >= needed
        }
        windows += comb(len(able) - 1, listeners) if lead in able else 0
        of += comb(len(days) - 1, listeners)
    return Share(windows, of)


def together_share(
    schools: Schools, listeners: int, *, minutes: int = 40, min_minutes: int = 30
) -> Share:
    """The lead lessons of which all sites spend `min_minutes` at the same time, as the bells ring.

    Stricter than `window_share`: there one may miss the first minutes and another the last.
    """
    days = {school: BellDay.of(periods) for school, periods in schools.items()}
    windows = of = 0
    for lead, lesson in lessons_of(days):
        ends = lesson.starts + minutes * 60
        attended = {school: _attended(day, lesson.starts, ends) for school, day in days.items()}
        own = attended.pop(lead)
        for chosen in combinations(attended.values(), listeners):
            stretches = (own, *chosen)
            together = min(ends for _, ends in stretches) - max(starts for starts, _ in stretches)
            windows += together >= min_minutes * 60
            of += 1
    return Share(windows, of)


def lessons_of(days: Mapping[SchoolId, BellDay]) -> Iterator[tuple[SchoolId, Stretch]]:
    """Every lesson that a school could lead."""
    for school, day in days.items():
        for stretch in day.stretches:
            if stretch.moves:
                yield school, stretch


def _attended(day: BellDay, starts: int, ends: int) -> tuple[int, int]:
    """When a class attends; an empty stretch if nothing overlaps."""
    taken = day.taken_by(starts, ends, 0)
    if taken is None:
        return ends, ends
    return (
        max(starts, day.stretches[taken.first].starts),
        min(ends, day.stretches[taken.last].ends),
    )
