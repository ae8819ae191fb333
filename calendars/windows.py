"""What several schools' bells have in common, what each would have to give, and what unlocks most."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from calendars.bells import SchoolId, TimedPeriod
from calendars.slots import Slot
from calendars.text import Text


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

    `period` is the number of the first lesson attended, none for after-school time. `stretch` is
    the attended part of the slot; `effective_minutes` counts only minutes inside periods.
    """

    period: int | None
    stretch: Slot
    effective_minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """How a slot fits one school: the tactic it needs and why, in a sentence."""

    school: SchoolId
    period: int | None
    tactic: Tactic
    shift_minutes: int
    effective_minutes: int
    why: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A slot that several schools could share. Sorted: most minutes for the weakest site first,
    then the fewest and smallest shifts, then the earliest.
    """

    slot: Slot
    fits: tuple[Fit, ...]

    @property
    def min_effective_minutes(self) -> int:
        """What the weakest site gets (S1)."""
        return min(fit.effective_minutes for fit in self.fits)


def attend(
    periods: Sequence[TimedPeriod], slot: Slot, *, shift_minutes: int = 0
) -> Attendance | None:
    """What a class of these periods gets of `slot` if its period moves by `shift_minutes`.

    One period - the one with the largest overlap, the earlier of two equals - unless the slot is
    longer than it, when following periods join in (a double lesson). Only lesson, after-school,
    morning-reading and evening time counts. None if nothing overlaps.
    """
    raise NotImplementedError


def shift_is_allowed(
    periods: Sequence[TimedPeriod], slot: Slot, shift_minutes: int, *, min_break: int = 5
) -> bool:
    """Whether the attended period may move so far: at least `min_break` minutes stay free between it
    and its neighbours, lunch and nap included (E22).
    """
    raise NotImplementedError


def fit(
    school: SchoolId,
    periods: Sequence[TimedPeriod],
    slot: Slot,
    *,
    min_minutes: int = 30,
    max_shift_minutes: int = 10,
) -> Fit | None:
    """The gentlest way to fit `slot` that gives most minutes; None below `min_minutes`."""
    raise NotImplementedError


def find_windows(
    schools: Mapping[SchoolId, Sequence[TimedPeriod]],
    *,
    minutes: int = 40,
    min_minutes: int = 30,
    max_shift_minutes: int = 10,
    lead: SchoolId | None = None,
    step: int = 5,
) -> tuple[Window, ...]:
    """Every slot of `minutes` these schools could share on one date, best first.

    Starts are every `step` minutes and every bell; of the starts in which each school attends the
    same periods only the best is kept. With `lead`, the slot begins with one of its periods and
    that school shifts nothing.
    """
    raise NotImplementedError
