"""What a class gets of a slot by its own bells: one period, unless it asks for a double lesson."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import floor
from typing import Final, NamedTuple, Self

from calendars.bells import Period, PeriodKind, TimedPeriod
from calendars.slots import Slot, span_of

MIN_BREAK: Final = 5
"""Minutes that must stay free beside a period that moves (E22)."""

_TAUGHT: Final = {
    PeriodKind.LESSON,
    PeriodKind.MORNING_READING,
    PeriodKind.AFTER_SCHOOL,
    PeriodKind.EVENING,
}
_REST: Final = {PeriodKind.LUNCH, PeriodKind.NAP}


class Tactic(StrEnum):
    """What makes a slot fit a school's bells; never applied silently.

    `trim` accepts a shorter lesson, `shift_break` moves the school's own period into its breaks,
    `cover` has the assisting teacher fill the first or last minutes locally.
    """

    NONE = "none"
    TRIM = "trim"
    SHIFT_BREAK = "shift_break"
    COVER = "cover"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendance:
    """What a class gets of a slot: the period(s) it attends in and the stretch inside them.

    `period` is the number of the first lesson attended, none for after-school time, and `periods`
    are all of them as the bells ring, before any shift. `stretch` is the attended part of the slot,
    breaks of a double lesson included: it equals the slot if that lies inside the attended periods.
    `effective_minutes` counts only minutes inside periods.
    """

    period: int | None
    periods: tuple[TimedPeriod, ...]
    stretch: Slot
    effective_minutes: int


def attend(
    periods: Sequence[TimedPeriod], slot: Slot, *, shift_minutes: int = 0
) -> Attendance | None:
    """What a class of these periods gets of `slot` if its period moves by `shift_minutes`.

    `periods` are one day's, in order and disjoint. The class attends one of them, the one with the
    largest overlap (the earlier of two equals), and never claims a second silently (E17). Only a
    slot that is longer than that period makes a double lesson: the periods beside it join in if
    the slot takes at least half of them and neither lunch nor nap lies between. Lessons, morning
    reading, after-school and evening time count. None if nothing overlaps.
    """
    return attend_on(BellDay.of(periods), periods, slot, shift_minutes=shift_minutes)


def attend_on(
    day: "BellDay", periods: Sequence[TimedPeriod], slot: Slot, *, shift_minutes: int = 0
) -> Attendance | None:
    """The same for somebody who has the day of these periods as numbers already."""
    taken = day.taken_by(seconds_of(slot.starts), seconds_of(slot.ends), shift_minutes * 60)
    if taken is None:
        return None
    attended = taught(periods)[taken.first : taken.last + 1]
    span = span_of(timed.slot for timed in attended).moved(shift_minutes)
    return Attendance(
        period=first_lesson(day.rung(taken)),
        periods=attended,
        stretch=Slot(max(slot.starts, span.starts), min(slot.ends, span.ends)),
        effective_minutes=taken.seconds // 60,
    )


def shift_is_allowed(
    periods: Sequence[TimedPeriod], slot: Slot, shift_minutes: int, *, min_break: int = MIN_BREAK
) -> bool:
    """Whether the attended period may move so far.

    On the side it moves to, at least `min_break` minutes stay free before the next period, lunch or
    nap (E22); a long break is free time. Only lessons move: families wait at the ends of the rest.
    """
    day = BellDay.of(periods, min_break=min_break)
    taken = day.taken_by(seconds_of(slot.starts), seconds_of(slot.ends), shift_minutes * 60)
    return taken is not None and day.may_move(taken, shift_minutes * 60)


def taught(periods: Iterable[TimedPeriod]) -> tuple[TimedPeriod, ...]:
    """Those that can be attended: lessons, morning reading, after-school and evening time."""
    return tuple(timed for timed in periods if timed.period.kind in _TAUGHT)


def first_lesson(periods: Sequence[Period]) -> int | None:
    """The number of the first lesson among them, if any."""
    return next((period.no for period in periods if period.no is not None), None)


def seconds_of(moment: datetime) -> int:
    """Whole seconds of absolute time; integers make searching a term affordable."""
    return floor(moment.timestamp())


class Taken(NamedTuple):
    """The periods, by first and last index, that a slot takes, and the seconds inside them."""

    first: int
    last: int
    seconds: int


class Stretch(NamedTuple):
    """A period that can be attended: when, the breaks it can move into, whether the next can join.

    Seconds; `earlier` is at most zero and `later` at least zero. Only a lesson `moves`.
    """

    starts: int
    ends: int
    earlier: int
    later: int
    moves: bool
    joins_next: bool


class BellDay(NamedTuple):
    """One school's day as numbers: the periods that can be attended, and what bounds them.

    Two days that ring alike are equal if each counts from its own midnight.
    """

    periods: tuple[Period, ...]
    stretches: tuple[Stretch, ...]

    @classmethod
    def of(
        cls, periods: Sequence[TimedPeriod], *, min_break: int = MIN_BREAK, since: int = 0
    ) -> Self:
        """The day of these periods in seconds from `since`, with the breaks that must stay."""
        rings = [timed for timed in periods if timed.period.kind is not PeriodKind.LONG_BREAK]
        bounds = [
            (seconds_of(timed.slot.starts) - since, seconds_of(timed.slot.ends) - since)
            for timed in rings
        ]
        ends_before = [None, *(ends for _, ends in bounds)]
        starts_after = [*(starts for starts, _ in bounds[1:]), None]
        resting = [*(ring.period.kind in _REST for ring in rings[1:]), True]
        stretches = [
            Stretch(
                starts,
                ends,
                -_room_to_move(before, starts, min_break),
                _room_to_move(ends, after, min_break),
                ring.period.kind is PeriodKind.LESSON,
                not rest_follows,
            )
            for ring, (starts, ends), before, after, rest_follows in zip(
                rings, bounds, ends_before, starts_after, resting, strict=False
            )
            if ring.period.kind in _TAUGHT
        ]
        return cls(tuple(timed.period for timed in taught(rings)), tuple(stretches))

    def taken_by(self, starts: int, ends: int, shift: int) -> Taken | None:
        """What a slot takes if the attended periods move by `shift` seconds."""
        starts, ends = starts - shift, ends - shift
        chosen, most = -1, 0
        for index, stretch in enumerate(self.stretches):
            if stretch.starts >= ends:
                break
            shared = min(ends, stretch.ends) - max(starts, stretch.starts)
            if shared > most:
                chosen, most = index, shared
        if chosen < 0:
            return None
        if ends - starts <= self.stretches[chosen].ends - self.stretches[chosen].starts:
            return Taken(chosen, chosen, most)
        return self._double_lesson(chosen, starts, ends)

    def may_move(self, taken: Taken, shift: int) -> bool:
        """Whether enough break stays if the periods of `taken` move by `shift` seconds."""
        moving = self.stretches[taken.first : taken.last + 1]
        return shift == 0 or (
            moving[0].earlier <= shift <= moving[-1].later
            and all(stretch.moves for stretch in moving)
        )

    def rung(self, taken: Taken) -> tuple[Period, ...]:
        """The periods of `taken` as the bells ring them."""
        return self.periods[taken.first : taken.last + 1]

    def seconds_in(self, taken: Taken) -> int:
        """How long the periods of `taken` last, without the breaks between."""
        return sum(
            stretch.ends - stretch.starts
            for stretch in self.stretches[taken.first : taken.last + 1]
        )

    def holds(self, taken: Taken, starts: int, ends: int) -> bool:
        """Whether the slot lies inside the periods of `taken`, breaks between them included."""
        return (
            self.stretches[taken.first].starts <= starts and ends <= self.stretches[taken.last].ends
        )

    def _double_lesson(self, chosen: int, starts: int, ends: int) -> Taken:
        shared = [
            min(ends, stretch.ends) - max(starts, stretch.starts) for stretch in self.stretches
        ]
        is_half_taken = [
            2 * seconds >= stretch.ends - stretch.starts
            for seconds, stretch in zip(shared, self.stretches, strict=True)
        ]
        first = last = chosen
        while self.stretches[last].joins_next and is_half_taken[last + 1]:
            last += 1
        while first and self.stretches[first - 1].joins_next and is_half_taken[first - 1]:
            first -= 1
        return Taken(first, last, sum(shared[first : last + 1]))


_ALL_DAY: Final = 86_400


def _room_to_move(ends: int | None, starts: int | None, min_break: int) -> int:
    """Seconds that can be taken from the break between two bells; all day where nothing follows."""
    if ends is None or starts is None:
        return _ALL_DAY
    return max(0, starts - ends - min_break * 60)
