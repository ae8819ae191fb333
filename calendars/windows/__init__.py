"""What schools' bells have in common, what each would have to give, and what unlocks most."""

from calendars.windows.attendance import Attendance, Tactic, attend, shift_is_allowed
from calendars.windows.fits import Fit, fit, why_not
from calendars.windows.search import Window, find_windows
from calendars.windows.weekly import (
    ClassTime,
    HeldDates,
    MissedDate,
    WeeklyWindow,
    find_weekly_windows,
)

__all__ = [
    "Attendance",
    "ClassTime",
    "Fit",
    "HeldDates",
    "MissedDate",
    "Tactic",
    "WeeklyWindow",
    "Window",
    "attend",
    "find_weekly_windows",
    "find_windows",
    "fit",
    "shift_is_allowed",
    "why_not",
]
