"""A whole calendar as bytes: its own properties, its time zone, its events."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from calendars.ics.entries import Entry, write_entry
from calendars.ics.lines import line, text
from calendars.ics.zones import write_zone
from calendars.slots import Slot, span_of

PRODID: Final = "-//Lianke//Joint lessons//ZH"
REFRESH: Final = "PT1H"
"""How often a client should ask again. Google and Outlook ask when they like."""


class Color(StrEnum):
    """A colour by its CSS3 name, as RFC 7986 wants it."""

    STEELBLUE = "steelblue"
    SEAGREEN = "seagreen"
    DARKORANGE = "darkorange"
    SLATEBLUE = "slateblue"


APPLE_COLORS: Final = {
    Color.STEELBLUE: "#4682B4",
    Color.SEAGREEN: "#2E8B57",
    Color.DARKORANGE: "#FF8C00",
    Color.SLATEBLUE: "#6A5ACD",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """What a calendar says of itself; `when_empty` titles the event that stands for none."""

    name: str
    zone: ZoneInfo
    when_empty: str
    description: str = ""
    color: Color = Color.STEELBLUE


def render(calendar: Calendar, entries: Iterable[Entry]) -> bytes:
    """The calendar with its entries, by time. Same entries, same bytes."""
    ordered = sorted(entries, key=lambda entry: (entry.slot, entry.uid))
    events = [write_entry(entry, calendar.zone) for entry in ordered]
    return join(calendar, events, span_of(entry.slot for entry in ordered) if ordered else None)


def join(calendar: Calendar, events: Sequence[bytes], span: Slot | None) -> bytes:
    """The calendar with the bytes of its events, which lie within `span`. No METHOD, no alarm."""
    parts = [
        b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n",
        line("PRODID", PRODID),
        b"CALSCALE:GREGORIAN\r\n",
        line("NAME", text(calendar.name)),
        line("X-WR-CALNAME", text(calendar.name)),
    ]
    if calendar.description:
        parts.append(line("DESCRIPTION", text(calendar.description)))
        parts.append(line("X-WR-CALDESC", text(calendar.description)))
    parts += [
        line("COLOR", calendar.color),
        line("X-APPLE-CALENDAR-COLOR", APPLE_COLORS[calendar.color]),
        line("REFRESH-INTERVAL;VALUE=DURATION", REFRESH),
        line("X-PUBLISHED-TTL", REFRESH),
        write_zone(calendar.zone, span),
        *(events if span is not None else (_stand_in(calendar.when_empty),)),
        b"END:VCALENDAR\r\n",
    ]
    return b"".join(parts)


def _stand_in(title: str) -> bytes:
    """The event of a calendar without any, which some clients would refuse.

    Its day is past and fixed: it is in nobody's way, and an empty calendar keeps its bytes.
    """
    return b"".join(
        (
            b"BEGIN:VEVENT\r\nUID:nothing-yet@lianke\r\nDTSTAMP:20000101T000000Z\r\n",
            b"SEQUENCE:0\r\nSTATUS:CONFIRMED\r\nTRANSP:TRANSPARENT\r\n",
            b"DTSTART;VALUE=DATE:20000101\r\nDTEND;VALUE=DATE:20000102\r\n",
            line("SUMMARY", text(title)),
            b"END:VEVENT\r\n",
        )
    )
