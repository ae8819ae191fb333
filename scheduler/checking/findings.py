"""What a check of a database finds wrong. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from calendars.text import Text


class Check(StrEnum):
    """What must always be true, as far as a database can show it."""

    UNREADABLE = "unreadable"
    COLUMNS = "columns"
    REFERENCES = "references"
    RESOURCES = "resources"
    CLAIMS = "claims"
    DOUBLE_BOOKING = "double_booking"
    RULES = "rules"
    STATES = "states"
    SERIES = "series"
    ADJUSTMENTS = "adjustments"
    SUSPENSIONS = "suspensions"
    OUTCOMES = "outcomes"
    AUDIT = "audit"
    PAST = "past"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is not as it must be; `subject` names it, such as "sessions 4f3a"."""

    check: Check
    subject: str
    sentence: Text
