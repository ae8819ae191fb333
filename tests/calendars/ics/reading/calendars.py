"""Foreign calendars for tests, an event as its lines: `a_calendar("DTSTART:...|DURATION:PT1H")`."""

from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from calendars.ics.reading import Reading, Reason, read_busy
from calendars.slots import Slot

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
TERM: Final = Slot(
    datetime(2026, 9, 1, tzinfo=SHANGHAI),
    datetime(2027, 2, 1, tzinfo=SHANGHAI),
)


def an_event(lines: str) -> str:
    return "\r\n".join(["BEGIN:VEVENT", *lines.split("|"), "END:VEVENT", ""])


def a_calendar(*events: str, before: str = "") -> bytes:
    """The octets of a calendar; `before` is written before its events."""
    body = "".join(map(an_event, events))
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{before}{body}END:VCALENDAR\r\n".encode()


def read(octets: bytes, *, zone: ZoneInfo = SHANGHAI, window: Slot = TERM) -> Reading:
    return read_busy(octets, zone=zone, window=window)


def taken(*events: str, before: str = "") -> list[str]:
    """What the events take, on the clock of Shanghai, such as "09-08 09:00-10:00"."""
    return told(read(a_calendar(*events, before=before)))


def told(reading: Reading) -> list[str]:
    return [_told(slot) for slot in reading.busy]


def _told(slot: Slot) -> str:
    starts, ends = slot.starts.astimezone(SHANGHAI), slot.ends.astimezone(SHANGHAI)
    last = f"{ends:%H:%M}" if ends.date() == starts.date() else f"{ends:%m-%d %H:%M}"
    return f"{starts:%m-%d %H:%M}-{last}"


def reasons(*events: str, before: str = "") -> dict[Reason, int]:
    """How many events each remark concerns."""
    return {each.reason: each.events for each in read(a_calendar(*events, before=before)).remarks}


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type] # year, month, day and so on
