"""What a published calendar shows of one event, and the bytes of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from calendars.ics.lines import line, moment, stretch, text, uri, utc
from calendars.slots import Slot
from calendars.text import InvalidValueError

_WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_NOT_IN_A_UID: Final = frozenset(" /\\,;")


class Status(StrEnum):
    """How sure an event is."""

    TENTATIVE = "TENTATIVE"
    CONFIRMED = "CONFIRMED"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """Every `interval` weeks at the same wall-clock time, as long as an instance starts by `last`.

    `without` are the starts of instances that are not held.
    """

    interval: int
    last: datetime
    without: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One event as its reader sees it.

    `uid` stays for the life of the event. `sequence` and `changed_at` (DTSTAMP and LAST-MODIFIED)
    move only when the event itself does: clients and ETags would see every poll as new otherwise.
    A `transparent` event leaves its time free. `join` is the address of a video conference.

    An entry with `repeats` is its first instance, and stands for all of them. One with `instead_of`
    shows what became of the instance of the same `uid` that would have started at that moment; its
    `sequence` is not below that of the entry that repeats.
    """

    uid: str
    slot: Slot
    summary: str
    status: Status = Status.CONFIRMED
    sequence: int = 0
    created_at: datetime
    changed_at: datetime
    location: str = ""
    description: str = ""
    url: str = ""
    join: str = ""
    categories: tuple[str, ...] = ()
    transparent: bool = False
    repeats: Repeat | None = None
    instead_of: datetime | None = None

    def __post_init__(self) -> None:
        legible = self.uid and self.uid.isprintable()
        if not legible or not _NOT_IN_A_UID.isdisjoint(self.uid):
            raise InvalidValueError(
                f"日程标识 {self.uid!r} 不能为空，也不能含空格、斜杠、逗号或分号。",
                f"An event's uid needs characters, none of them a space, slash, comma or "
                f"semicolon, unlike {self.uid!r}.",
            )


def write_entry(entry: Entry, zone: ZoneInfo) -> bytes:
    """The VEVENT of an entry. The same entry gives the same bytes, so callers may keep them."""
    changed = utc(entry.changed_at)
    # Written at once, for these lines are always short.
    head = (
        f"DTSTAMP:{changed}\r\n"
        f"CREATED:{utc(entry.created_at)}\r\n"
        f"LAST-MODIFIED:{changed}\r\n"
        f"SEQUENCE:{entry.sequence}\r\n"
        f"STATUS:{entry.status.value}\r\n"
        f"TRANSP:{'TRANSPARENT' if entry.transparent else 'OPAQUE'}\r\n"
        f"{stretch(entry.slot, zone)}"
    )
    lines = [b"BEGIN:VEVENT\r\n", line("UID", entry.uid)]
    if entry.instead_of is not None:
        lines.append(moment("RECURRENCE-ID", entry.instead_of, zone).encode())
    lines.append(head.encode())
    if entry.repeats is not None:
        lines += _rule(entry.repeats, entry.slot.starts, zone)
    lines.append(line("SUMMARY", text(entry.summary)))
    if entry.location:
        lines.append(line("LOCATION", text(entry.location)))
    if entry.description:
        lines.append(line("DESCRIPTION", text(entry.description)))
    if entry.url:
        lines.append(line("URL", uri(entry.url)))
    if entry.join:
        # Only in addition: not every client shows it (RFC 7986, 5.11).
        lines.append(line("CONFERENCE;VALUE=URI;FEATURE=AUDIO,VIDEO", uri(entry.join)))
    if entry.categories:
        lines.append(line("CATEGORIES", ",".join(map(text, entry.categories))))
    lines.append(b"END:VEVENT\r\n")
    return b"".join(lines)


def _rule(repeat: Repeat, starts: datetime, zone: ZoneInfo) -> Iterator[bytes]:
    """The lines RRULE and EXDATE of an entry whose first instance `starts` then."""
    interval = f"INTERVAL={repeat.interval};" if repeat.interval > 1 else ""
    weekday = _WEEKDAYS[starts.astimezone(zone).weekday()]
    # UNTIL is in UTC wherever DTSTART has a zone (RFC 5545, 3.3.10).
    yield line("RRULE", f"FREQ=WEEKLY;{interval}BYDAY={weekday};UNTIL={utc(repeat.last)}")
    # One a line: not every client reads lists.
    for each in repeat.without:
        yield moment("EXDATE", each, zone).encode()
