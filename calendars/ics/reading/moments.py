"""Dates, times and durations as RFC 5545 writes them, and what is often written instead."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

_DATE: Final = re.compile(r"(\d{4})(\d\d)(\d\d)", re.ASCII)
_TIME: Final = re.compile(r"(\d{8})T(\d\d)(\d\d)(\d\d)?(Z?)", re.ASCII | re.IGNORECASE)
_DURATION: Final = re.compile(
    r"([+-]?)P(?:(\d{1,4})W)?(?:(\d{1,5})D)?"
    r"(?:T(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,9})S)?)?",
    re.ASCII | re.IGNORECASE,
)
_LAST_SECOND: Final = 59


class OddValueError(ValueError):
    """No date, time or duration."""


@dataclass(frozen=True, slots=True)
class Written:
    """A moment as written: `wall` without a zone, in UTC if `is_utc`, of no time if `is_date`."""

    wall: datetime
    is_utc: bool = False
    is_date: bool = False


@dataclass(frozen=True, slots=True)
class Length:
    """Whole days, which clocks may make longer or shorter, and an exact rest."""

    days: int = 0
    rest: timedelta = timedelta()

    @property
    def sign(self) -> int:
        """Whether it leads forwards (1), backwards (-1) or nowhere (0)."""
        total = timedelta(days=self.days) + self.rest
        return (total > timedelta()) - (total < timedelta())


def parse_moment(value: str) -> Written:
    """The moment that a DATE or DATE-TIME writes, or `OddValueError`. A leap second is the last."""
    try:
        if _DATE.fullmatch(value):
            return Written(datetime.combine(_date(value), time()), is_date=True)
        if (match := _TIME.fullmatch(value)) is None:
            raise OddValueError(value)
        day, hour, minute, second, utc = match.groups()
        at = time(int(hour), int(minute), min(int(second or 0), _LAST_SECOND))
        return Written(datetime.combine(_date(day), at), is_utc=bool(utc))
    except ValueError:
        raise OddValueError(value) from None


def _date(value: str) -> date:
    return date(int(value[:4]), int(value[4:6]), int(value[6:8]))


def parse_length(value: str) -> Length:
    """The length that a DURATION writes, or `OddValueError`."""
    match = _DURATION.fullmatch(value)
    if match is None or not any(match.groups()[1:]):
        raise OddValueError(value)
    weeks, days, hours, minutes, seconds = (int(each or 0) for each in match.groups()[1:])
    sign = -1 if match[1] == "-" else 1
    rest = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    return Length(sign * (weeks * 7 + days), sign * rest)


def utc_of(written: Written) -> datetime:
    """A moment written in UTC, aware."""
    return written.wall.replace(tzinfo=UTC)
