"""How the time of one resource divides into stretches: the strongest claim wins. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from typing import Final

from calendars.slots import Slot
from calendars.text import Text
from scheduler.model import SessionId


class Use(StrEnum):
    """What a resource is doing.

    `occupied` is by something else than a session: a lesson of the timetable, or busy time whose
    details stay with those who told us (E35). `softly_occupied` can be booked, but is better left.
    """

    FREE = "free"
    HELD = "held"
    BOOKED = "booked"
    CLOSED = "closed"
    OUT_OF_ORDER = "out_of_order"
    OCCUPIED = "occupied"
    SOFTLY_OCCUPIED = "softly_occupied"


_STRENGTH: Final = (
    Use.FREE,
    Use.SOFTLY_OCCUPIED,
    Use.CLOSED,
    Use.OCCUPIED,
    Use.HELD,
    Use.BOOKED,
    Use.OUT_OF_ORDER,
)


@dataclass(frozen=True, slots=True)
class Mark:
    """One claim on a stretch of time; `what` says in words what it is, where that may be known."""

    slot: Slot
    use: Use
    session: SessionId | None = None
    what: Text = Text("", "")  # noqa: RUF009 - a Text never changes


def divide(within: Slot, marks: Iterable[Mark]) -> Iterator[Mark]:
    """The whole of `within` in order, without gaps or overlaps: the strongest marks, else free."""
    opening = defaultdict[datetime, list[Mark]](list)
    closing = defaultdict[datetime, list[Mark]](list)
    for mark in marks:
        if shared := mark.slot.shared_with(within):
            opening[shared.starts].append(mark)
            closing[shared.ends].append(mark)
    edges = sorted({within.starts, within.ends, *opening, *closing})
    active: list[Mark] = []
    pieces: list[Mark] = []
    for starts, ends in pairwise(edges):
        for mark in closing[starts]:
            active.remove(mark)
        active += opening[starts]
        top = max(active, key=_strength_of, default=Mark(within, Use.FREE))
        pieces.append(Mark(Slot(starts, ends), top.use, top.session, top.what))
    return _joined(pieces)


def _strength_of(mark: Mark) -> int:
    return _STRENGTH.index(mark.use)


def _joined(pieces: Iterable[Mark]) -> Iterator[Mark]:
    """Neighbours that say the same, as one."""
    last: Mark | None = None
    for piece in pieces:
        if last is not None and _say_the_same(last, piece):
            last = Mark(Slot(last.slot.starts, piece.slot.ends), last.use, last.session, last.what)
            continue
        if last is not None:
            yield last
        last = piece
    if last is not None:
        yield last


def _say_the_same(one: Mark, other: Mark) -> bool:
    return (one.use, one.session, one.what) == (other.use, other.session, other.what)
