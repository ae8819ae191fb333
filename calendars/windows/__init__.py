"""What schools' bells have in common, what each would have to give, and what unlocks most."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from calendars.bells import SchoolId, TimedPeriod
from calendars.slots import Slot
from calendars.text import Text
from calendars.windows.attendance import Attendance, Tactic, attend, shift_is_allowed

__all__ = [
    "Attendance",
    "Fit",
    "Tactic",
    "Window",
    "attend",
    "find_windows",
    "fit",
    "shift_is_allowed",
]


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
    """A slot that several schools could share, with what each would get and have to give."""

    slot: Slot
    fits: tuple[Fit, ...]

    @property
    def min_effective_minutes(self) -> int:
        """What the weakest site gets (S1)."""
        return min(fit.effective_minutes for fit in self.fits)


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
