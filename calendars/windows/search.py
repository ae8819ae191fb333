"""Every slot that several schools could share on one date, best first."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from calendars.bells import SchoolId, TimedPeriod
from calendars.slots import Slot
from calendars.text import Text
from calendars.windows.attendance import BellDay
from calendars.windows.fits import Fit, Move, best_move, fit_by, refusal
from calendars.windows.occupied import Barred, Occupied, barred_by


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A slot that several schools could share, with what each would get and have to give."""

    slot: Slot
    fits: tuple[Fit, ...]

    @property
    def min_effective_minutes(self) -> int:
        """What the weakest site gets (S1)."""
        return min(fit.effective_minutes for fit in self.fits)


def find_windows(
    schools: Mapping[SchoolId, Sequence[TimedPeriod]],
    *,
    minutes: int = 40,
    min_minutes: int = 30,
    max_shift_minutes: int = 10,
    lead: SchoolId | None = None,
    occupied: Sequence[Occupied] = (),
    step: int = 5,
) -> tuple[Window, ...]:
    """Every slot of `minutes` these schools could share on one date, best first.

    Best is most minutes for the weakest site, then the fewest and smallest shifts, then the
    earliest. Starts are every `step` minutes and every bell (or the slot ends with the bell); of
    the starts in which each school attends the same periods only the best is kept. With `lead`, the
    slot begins with one of its periods and that school shifts nothing. No slot meets what is
    `occupied`.
    """
    days = tuple((school, BellDay.of(periods)) for school, periods in schools.items())
    search = Search(minutes, min_minutes, max_shift_minutes, lead, step, barred_by(occupied))
    return tuple(
        Window(
            slot=Slot.lasting(datetime.fromtimestamp(found.starts, UTC), minutes),
            fits=search.fits(days, found),
        )
        for found in search.best(days)
    )


BellDays = tuple[tuple[SchoolId, BellDay], ...]
"""The day of each school; a school whose classes ring differently is there once for each."""


class Found(NamedTuple):
    """A start, in seconds, with the move each school would make."""

    starts: int
    moves: tuple[Move, ...]

    @property
    def rank(self) -> tuple[int, int, int, int]:
        """Lower is better: the order that `find_windows` promises."""
        return (
            -min(move.minutes for move in self.moves),
            sum(move.shift != 0 for move in self.moves),
            sum(abs(move.shift) for move in self.moves),
            self.starts,
        )


class Search(NamedTuple):
    """What is looked for, as in `find_windows`."""

    minutes: int
    min_minutes: int
    max_shift_minutes: int
    lead: SchoolId | None
    step: int = 5
    barred: tuple[Barred, ...] = ()

    def best(self, days: BellDays) -> list[Found]:
        """What was found, best first, one start for each choice of periods."""
        by_periods: dict[tuple[tuple[int, int], ...], Found] = {}
        for starts in self._starts(days):
            found = self.at(days, starts)
            if found is None:
                continue
            attended = tuple((move.taken.first, move.taken.last) for move in found.moves)
            rival = by_periods.get(attended)
            if rival is None or found.rank < rival.rank:
                by_periods[attended] = found
        return sorted(by_periods.values(), key=lambda found: found.rank)

    def at(self, days: BellDays, starts: int) -> Found | None:
        """The moves for one start; None if barred, or if a school gets less than `min_minutes`."""
        if any(self._meeting(starts)):
            return None
        moves = []
        for school, day in days:
            move = self._move(school, day, starts)
            if move is None:
                return None
            moves.append(move)
        return Found(starts, tuple(moves)) if moves else None

    def refusals(self, days: BellDays, starts: int) -> Iterator[tuple[SchoolId, Text]]:
        """Each school that stands in the way of a start, and why."""
        for each in self._meeting(starts):
            yield each.school, each.why
        for school, day in days:
            if self._move(school, day, starts) is None:
                yield (
                    school,
                    refusal(
                        day,
                        starts,
                        starts + self.minutes * 60,
                        min_minutes=self.min_minutes,
                        max_shift_minutes=self._reach(school),
                    ),
                )

    def fits(self, days: BellDays, found: Found) -> tuple[Fit, ...]:
        """What was found, in words."""
        ends = found.starts + self.minutes * 60
        return tuple(
            fit_by(school, day, move, found.starts, ends)
            for (school, day), move in zip(days, found.moves, strict=True)
        )

    def _meeting(self, starts: int) -> Iterator[Barred]:
        ends = starts + self.minutes * 60
        return (each for each in self.barred if each.starts < ends and starts < each.ends)

    def _reach(self, school: SchoolId) -> int:
        return 0 if school == self.lead else self.max_shift_minutes

    def _move(self, school: SchoolId, day: BellDay, starts: int) -> Move | None:
        move = best_move(day, starts, starts + self.minutes * 60, self._reach(school))
        return None if move is None or move.minutes < self.min_minutes else move

    def _starts(self, days: BellDays) -> Iterable[int]:
        if self.lead is not None:
            return [
                stretch.starts
                for school, day in days
                if school == self.lead
                for stretch in day.stretches
            ]
        length, step = self.minutes * 60, self.step * 60
        stretches = [stretch for _, day in days for stretch in day.stretches]
        bells = {
            start for stretch in stretches for start in (stretch.starts, stretch.ends - length)
        }
        first = min(bells, default=0)
        last = max((stretch.ends for stretch in stretches), default=0)
        return sorted(bells | set(range(first - first % step, last, step)))
