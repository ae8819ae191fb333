"""The teaching weeks of a school, and the week grammar of Chinese timetables (1-16, 1-15单, 全)."""

from dataclasses import dataclass
from datetime import date

from calendars.bells import SchoolId


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A school's own term; week 1 is the week that holds `first_day`.

    `week_starts_on` is the ISO weekday that opens a week (1 Monday, 7 Sunday). `days_confirmed` says
    that somebody has checked this term's holidays and make-up days: no package is that authority.
    """

    id: str
    school: SchoolId
    name: str
    first_day: date
    last_day: date
    week_starts_on: int = 1
    days_confirmed: bool = False
