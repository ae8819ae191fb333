"""How a slot fits one school: the gentlest way to most minutes, and a sentence that says why."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from calendars.bells import SchoolId, TimedPeriod
from calendars.slots import Slot
from calendars.text import Text
from calendars.windows.attendance import BellDay, Tactic, Taken, first_lesson, seconds_of
from calendars.windows.wording import NO_SHIFT_HELPS, NOTHING_OVERLAPS, Wording


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """How a slot fits one school: the tactic it needs and why, in a sentence."""

    school: SchoolId
    period: int | None
    tactic: Tactic
    shift_minutes: int
    effective_minutes: int
    why: Text


def fit(
    school: SchoolId,
    periods: Sequence[TimedPeriod],
    slot: Slot,
    *,
    min_minutes: int = 30,
    max_shift_minutes: int = 10,
) -> Fit | None:
    """The way to fit `slot` that gives most minutes, by the smallest shift.

    None below `min_minutes`. Never proposes `cover`: that is `trim` with an assisting teacher who
    fills the rest.
    """
    day, starts, ends = BellDay.of(periods), seconds_of(slot.starts), seconds_of(slot.ends)
    move = best_move(day, starts, ends, max_shift_minutes)
    if move is None or move.minutes < min_minutes:
        return None
    return fit_by(school, day, move, starts, ends)


def why_not(
    periods: Sequence[TimedPeriod],
    slot: Slot,
    *,
    min_minutes: int = 30,
    max_shift_minutes: int = 10,
) -> Text:
    """Why the bells as they ring give `slot` less than `min_minutes`, and the best shift (E15)."""
    day, starts, ends = BellDay.of(periods), seconds_of(slot.starts), seconds_of(slot.ends)
    return refusal(day, starts, ends, min_minutes=min_minutes, max_shift_minutes=max_shift_minutes)


class Move(NamedTuple):
    """A shift in minutes and what the slot then takes."""

    shift: int
    taken: Taken

    @property
    def minutes(self) -> int:
        """Effective minutes."""
        return self.taken.seconds // 60


def best_move(day: BellDay, starts: int, ends: int, max_shift: int) -> Move | None:
    """The allowed shift that gives most minutes; of equals the smallest, later before earlier."""
    best: Move | None = None
    full = (ends - starts) // 60
    for shift in _shifts_worth_trying(day, starts, ends, max_shift):
        taken = day.taken_by(starts, ends, shift * 60)
        if taken is None or not day.may_move(taken, shift * 60):
            continue
        move = Move(shift, taken)
        if best is None or move.minutes > best.minutes:
            best = move
            if move.minutes == full:
                break
    return best


def _shifts_worth_trying(day: BellDay, starts: int, ends: int, max_shift: int) -> Iterable[int]:
    """The shifts among which the best one is, smallest first.

    A single period does best where one of its bells meets an end of the slot, or as near to that as
    its breaks allow; whichever period would win the overlap in between gets more by staying. A
    double lesson has more turning points than are worth naming, so there every minute is tried.
    """
    reach = max_shift * 60
    shifts = {0}
    for stretch in day.stretches:
        if stretch.ends + reach <= starts or ends <= stretch.starts - reach:
            continue
        if ends - starts > stretch.ends - stretch.starts:
            shifts.update(range(-max_shift, max_shift + 1))
            break
        lowest = max(-max_shift, -(-stretch.earlier // 60))
        highest = min(max_shift, stretch.later // 60)
        for needed in (starts - stretch.starts, ends - stretch.ends):
            shifts.add(min(max(needed // 60, lowest), highest))
            shifts.add(min(max(-(-needed // 60), lowest), highest))
    return sorted(shifts, key=_smallest_first)


def _smallest_first(shift: int) -> tuple[int, bool]:
    return abs(shift), shift < 0


def fit_by(school: SchoolId, day: BellDay, move: Move, starts: int, ends: int) -> Fit:
    """The fit that a move gives, in words."""
    rung = day.rung(move.taken)
    words, local = Wording.of(rung), day.seconds_in(move.taken) // 60 - move.minutes
    if move.shift:
        tactic, why = Tactic.SHIFT_BREAK, words.moved(move.shift, move.minutes)
    elif day.holds(move.taken, starts, ends):
        tactic, why = Tactic.NONE, words.held(local)
    else:
        tactic, why = Tactic.TRIM, words.trimmed(move.minutes, local)
    return Fit(
        school=school,
        period=first_lesson(rung),
        tactic=tactic,
        shift_minutes=move.shift,
        effective_minutes=move.minutes,
        why=why,
    )


def refusal(
    day: BellDay, starts: int, ends: int, *, min_minutes: int, max_shift_minutes: int
) -> Text:
    """What is missing to `min_minutes` as the bells ring, and what the best shift would give."""
    best = best_move(day, starts, ends, max_shift_minutes)
    if best is None:
        return NOTHING_OVERLAPS
    words = Wording.of(day.rung(best.taken))
    gives = words.best_shift(best.shift, best.minutes, min_minutes)
    still = best_move(day, starts, ends, 0)
    if still is None:
        return gives
    refused = Wording.of(day.rung(still.taken)).refused(still.minutes, min_minutes)
    return Text.joined((refused, gives if best.shift else NO_SHIFT_HELPS))
