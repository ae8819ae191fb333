"""What schools' bells have in common, what each would have to give, and what unlocks most."""

from calendars.windows.attendance import Attendance, Tactic, attend, shift_is_allowed
from calendars.windows.edits import Edit, compare_bells
from calendars.windows.fits import Fit, fit, why_not
from calendars.windows.occupied import Occupied
from calendars.windows.search import Window, find_windows
from calendars.windows.shares import Schools, Share, together_share, window_share
from calendars.windows.unlocks import Unlock, find_unlocks
from calendars.windows.weekly import (
    HeldDates,
    MissedDate,
    WeeklyWindow,
    find_weekly_windows,
)

__all__ = [
    "Attendance",
    "Edit",
    "Fit",
    "HeldDates",
    "MissedDate",
    "Occupied",
    "Schools",
    "Share",
    "Tactic",
    "Unlock",
    "WeeklyWindow",
    "Window",
    "attend",
    "compare_bells",
    "find_unlocks",
    "find_weekly_windows",
    "find_windows",
    "fit",
    "shift_is_allowed",
    "together_share",
    "why_not",
    "window_share",
]
