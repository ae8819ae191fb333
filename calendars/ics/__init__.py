"""iCalendar out and in; the only code that imports icalendar. Pure: same entries, same bytes."""

from calendars.ics.calendar import Calendar, Color, join, render
from calendars.ics.entries import Entry, Repeat, Status, write_entry
from calendars.ics.free_busy import Busy, FreeBusy, render_free_busy

__all__ = [
    "Busy",
    "Calendar",
    "Color",
    "Entry",
    "FreeBusy",
    "Repeat",
    "Status",
    "join",
    "render",
    "render_free_busy",
    "write_entry",
]
