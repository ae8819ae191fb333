"""From the octets of a calendar to what is kept of it: busy time, a report, and nothing else."""

from datetime import datetime, time, timedelta
from hashlib import sha256
from typing import Final
from zoneinfo import ZoneInfo

from calendars.ics.reading import Reading
from calendars.slots import Slot
from calendars.text import Text
from scheduler.imports.sandbox import CalendarReader
from scheduler.model import ImportReport, ReadCalendar

DAYS_BACK: Final = 7
DAYS_AHEAD: Final = 400
"""As far as a feed shows (`feeds.content`): a whole school year and more."""


def import_window(now: datetime, zone: ZoneInfo) -> Slot:
    """The time whose busy stretches are kept: whole days of the alliance."""
    today = now.astimezone(zone).date()
    first, last = today - timedelta(days=DAYS_BACK), today + timedelta(days=DAYS_AHEAD)
    return Slot(datetime.combine(first, time(), zone), datetime.combine(last, time(), zone))


async def read_calendar(
    reader: CalendarReader, octets: bytes, *, zone: ZoneInfo, now: datetime
) -> ReadCalendar:
    """What is kept of a calendar, or `UnreadableCalendarError`."""
    reading = await reader.read(octets, zone=zone, window=import_window(now, zone))
    return ReadCalendar(
        busy=reading.busy, report=_report(reading), digest=sha256(octets).hexdigest()
    )


def _report(reading: Reading) -> ImportReport:
    return ImportReport(
        events=reading.events,
        occurrences=reading.occurrences,
        stretches=len(reading.busy),
        until=reading.window.ends,
        remarks=tuple(each.sentence for each in reading.remarks),
    )


def compared(read: ReadCalendar, before: ImportReport | None) -> ReadCalendar:
    """With a remark where a calendar that took time takes none any more: people should look."""
    if read.busy or before is None or not before.stretches:
        return read
    many = before.stretches
    emptied = Text(
        f"日历现在不占用任何时间；上次读入时有 {many} 段。",
        f"The calendar takes no time any more; when it was read last it took {many} stretches.",
    )
    report = read.report
    return ReadCalendar(
        busy=read.busy,
        report=ImportReport(
            events=report.events,
            occurrences=report.occurrences,
            stretches=report.stretches,
            until=report.until,
            remarks=(emptied, *report.remarks),
        ),
        digest=read.digest,
        etag=read.etag,
        modified=read.modified,
    )
