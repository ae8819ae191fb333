"""VFREEBUSY: when somebody or something is taken, and nothing else (RFC 5545, 3.6.4)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from calendars.ics.calendar import PRODID
from calendars.ics.lines import line, utc
from calendars.slots import Slot

ORGANIZER: Final = "invalid:nomail"
"""A published one must name an organizer (RFC 5546, 3.3.1), and nobody is to be written to."""


@dataclass(frozen=True, slots=True)
class Busy:
    """A stretch that is taken; `tentative`: it may yet become free."""

    slot: Slot
    tentative: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeBusy:
    """What is known of the time `within`. `busy` stretches are in order and do not overlap.

    `changed_at` (DTSTAMP) moves only with what is told.
    """

    uid: str
    within: Slot
    busy: tuple[Busy, ...]
    changed_at: datetime


def render_free_busy(told: FreeBusy) -> bytes:
    """The calendar that tells it, all in UTC. The same time taken, the same bytes."""
    return b"".join(
        (
            b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n",
            line("PRODID", PRODID),
            b"METHOD:PUBLISH\r\nBEGIN:VFREEBUSY\r\n",
            line("UID", told.uid),
            line("DTSTAMP", utc(told.changed_at)),
            line("ORGANIZER", ORGANIZER),
            line("DTSTART", utc(told.within.starts)),
            line("DTEND", utc(told.within.ends)),
            *_periods(told.busy),
            b"END:VFREEBUSY\r\nEND:VCALENDAR\r\n",
        )
    )


def _periods(busy: Iterable[Busy]) -> Iterable[bytes]:
    for each in busy:
        kind = "BUSY-TENTATIVE" if each.tentative else "BUSY"
        period = f"{utc(each.slot.starts)}/{utc(each.slot.ends)}"
        yield line(f"FREEBUSY;FBTYPE={kind}", period)
