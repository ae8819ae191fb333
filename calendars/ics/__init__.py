"""iCalendar out and in; the only code that imports icalendar. Pure: same entries, same bytes."""

from calendars.ics.calendar import Calendar, Color, join, render
from calendars.ics.entries import Entry, Repeat, Status, write_entry

__all__ = ["Calendar", "Color", "Entry", "Repeat", "Status", "join", "render", "write_entry"]
