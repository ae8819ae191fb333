"""Foreign calendars in: which time they take, and a clear report of the rest. Pure.

Only this package imports icalendar, for its content lines and its table of Windows zones.
"""

from calendars.ics.reading.busy import MAX_OCCURRENCES, merged, read_busy
from calendars.ics.reading.octets import MAX_OCTETS
from calendars.ics.reading.report import (
    Question,
    Reading,
    Reason,
    Refusal,
    Remark,
    UnreadableCalendarError,
)

__all__ = [
    "MAX_OCCURRENCES",
    "MAX_OCTETS",
    "Question",
    "Reading",
    "Reason",
    "Refusal",
    "Remark",
    "UnreadableCalendarError",
    "merged",
    "read_busy",
]
