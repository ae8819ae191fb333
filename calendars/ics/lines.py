"""Content lines as RFC 5545 wants them: escaped, folded by octets, ended by CRLF."""

import re
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from calendars.slots import Slot

MAX_OCTETS: Final = 75

_LINE_BREAKS: Final = re.compile("\r\n|[\r\n\x0b\x0c\x85\u2028\u2029]")
_UNPRINTABLE: Final = re.compile("[\x00-\x09\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_NEEDS_CARE: Final = re.compile("[\\\\;,\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")


def line(name: str, value: str) -> bytes:
    """One content line. `name` may carry parameters; `value` is written as it is."""
    octets = f"{name}:{value}".encode()
    if len(octets) <= MAX_OCTETS:
        return octets + b"\r\n"
    return _folded(octets)


def text(value: str) -> str:
    """A TEXT value: escaped, tabs as spaces, other control characters but line breaks gone."""
    if _NEEDS_CARE.search(value) is None:
        return value
    value = _LINE_BREAKS.sub("\n", value).replace("\t", " ")
    value = _UNPRINTABLE.sub("", value)
    return value.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def uri(value: str) -> str:
    """A URI value: not escaped, and without anything that could end its line."""
    return "".join(_UNPRINTABLE.sub("", _LINE_BREAKS.sub("", value)).split())


def utc(moment: datetime) -> str:
    """A moment as `20260908T060000Z`."""
    return f"{wall(moment.astimezone(UTC))}Z"


def stretch(slot: Slot, zone: ZoneInfo) -> str:
    """The lines DTSTART and DTEND, on the wall clock of `zone` with its TZID."""
    starts, ends = slot.starts.astimezone(zone), slot.ends.astimezone(zone)
    # The second of two equal wall-clock hours, when summer time ends, has no other name than UTC.
    if starts.fold or ends.fold:
        return f"DTSTART:{utc(starts)}\r\nDTEND:{utc(ends)}\r\n"
    at = f"TZID={zone.key}"
    return f"DTSTART;{at}:{wall(starts)}\r\nDTEND;{at}:{wall(ends)}\r\n"


def moment(name: str, at: datetime, zone: ZoneInfo) -> str:
    """The line of a moment on the wall clock of `zone` with its TZID."""
    return f"{name};TZID={zone.key}:{wall(at.astimezone(zone))}\r\n"


def wall(moment: datetime) -> str:
    """A moment as its own clock shows it; `strftime` is slow and pads no years."""
    return moment.isoformat()[:19].replace("-", "").replace(":", "")


def _folded(octets: bytes) -> bytes:
    """Cut into lines of at most 75 octets, never inside a UTF-8 character."""
    parts = []
    start, room = 0, MAX_OCTETS
    while len(octets) - start > room:
        end = start + room
        while octets[end] & 0xC0 == 0x80:  # noqa: PLR2004 - the mark of a UTF-8 continuation octet
            end -= 1
        parts.append(octets[start:end])
        start, room = end, MAX_OCTETS - 1
    parts.append(octets[start:])
    return b"\r\n ".join(parts) + b"\r\n"
