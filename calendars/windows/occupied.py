"""Time that somebody who is needed has not got: no window may meet it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from calendars.bells import SchoolId
from calendars.slots import Slot
from calendars.text import Text
from calendars.windows.attendance import seconds_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Occupied:
    """A slot in which a school's people or rooms that are asked for are taken, and by what."""

    slot: Slot
    school: SchoolId
    why: Text


class Barred(NamedTuple):
    """The same as numbers: seconds from some midnight."""

    starts: int
    ends: int
    school: SchoolId
    why: Text


def barred_by(occupied: Iterable[Occupied], *, since: int = 0) -> tuple[Barred, ...]:
    """What is taken, in seconds from `since`."""
    return tuple(
        Barred(
            seconds_of(each.slot.starts) - since,
            seconds_of(each.slot.ends) - since,
            each.school,
            each.why,
        )
        for each in occupied
    )


def barred_on_day(occupied: Iterable[Occupied], midnight: int, seconds: int) -> tuple[Barred, ...]:
    """What is taken of the day that begins then: equal for days on which the same is."""
    return tuple(
        each._replace(starts=max(each.starts, 0), ends=min(each.ends, seconds))
        for each in barred_by(occupied, since=midnight)
        if each.starts < seconds and each.ends > 0
    )
