"""Which clock a time is on: a zone by its name, by Windows' name for it, or as the file defines it.

Each event has its own. A known name wins over what the file says of it.
"""

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from typing import Final, Protocol
from zoneinfo import ZoneInfo, available_timezones

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from calendars.ics.reading.components import Component, Property
from calendars.ics.reading.moments import OddValueError, Written, parse_moment, utc_of
from calendars.ics.reading.recurrence import Budget, RuleError, expand, parse_rule
from calendars.ics.reading.report import Notes, Reason

_OFFSET: Final = re.compile(r"([+-])(\d\d):?(\d\d)(?::?(\d\d))?", re.ASCII)
_NAMED_OFFSET: Final = re.compile(
    r"\(?(?:UTC|GMT)\s*([+-])(\d{1,2})(?::?(\d\d))?(?:\)|\s|$)", re.ASCII | re.IGNORECASE
)
_MOST: Final = timedelta(hours=14)
_LONGEST_NAME: Final = 200
_DAYS_FOR_ZONES: Final = 500_000
_MOST_TURNS: Final = 500
_YEARS_OF_TURNS: Final = timedelta(days=3 * 366)
_EARLY: Final = datetime(1, 1, 2)  # noqa: DTZ001 - a wall clock has no zone


class Clock(Protocol):
    """A wall clock."""

    def utc(self, wall: datetime) -> datetime:
        """The moment, aware, at which it shows this; the first of two in autumn."""


class KnownClock:
    """The clock of a zone that the zone database knows."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone

    def utc(self, wall: datetime) -> datetime:
        return wall.replace(tzinfo=self.zone).astimezone(UTC)


_UTC: Final = KnownClock(ZoneInfo("UTC"))


@dataclass(frozen=True, slots=True)
class FixedClock:
    """A clock that never turns."""

    offset: timedelta

    def utc(self, wall: datetime) -> datetime:
        return (wall - self.offset).replace(tzinfo=UTC)


class DefinedClock:
    """A clock that a VTIMEZONE defines by the turns it makes, as near as needed.

    It shows nothing if `is_defined` is false, and not all there should be if not `is_whole`.
    """

    def __init__(self, definition: Component, around: datetime, budget: Budget) -> None:
        self._definition = definition
        self._around = around
        self._budget = budget

    @property
    def is_defined(self) -> bool:
        """Whether the file says anything of its offset."""
        return bool(self._turns)

    @property
    def is_whole(self) -> bool:
        """Whether every part of its definition can be read."""
        return all(self._moments(part) and _offsets(part) for part in self._definition.parts)

    def utc(self, wall: datetime) -> datetime:
        offset = self._turns[0][1]
        for shown, _, after in self._turns:
            if shown > wall:
                break
            offset = after
        return (wall - offset).replace(tzinfo=UTC)

    @cached_property
    def _turns(self) -> list[tuple[datetime, timedelta, timedelta]]:
        """What the clock shows when it turns, the offset before and the one after, by time."""
        turns = [
            (shown, *offsets)
            for part in self._definition.parts
            if (offsets := _offsets(part)) is not None
            for shown in self._shown(part)
        ]
        return sorted(turns)[-_MOST_TURNS:]

    def _moments(self, part: Component) -> list[datetime]:
        moments = []
        for each in (*part.all("DTSTART")[:1], *part.all("RDATE")):
            with suppress(OddValueError):
                moments += [parse_moment(value).wall for value in each.value.split(",")]
        return moments

    def _shown(self, part: Component) -> Iterable[datetime]:
        moments = self._moments(part)
        yield from moments
        rule = part.first("RRULE")
        if rule is None or not moments:
            return
        within = (max(self._around - _YEARS_OF_TURNS, _EARLY), self._around + _YEARS_OF_TURNS)
        with suppress(RuleError, OddValueError):
            parsed = parse_rule(rule.value)
            until = parse_moment(parsed.until).wall if parsed.until else within[1]
            yield from expand(parsed, moments[0], (within[0], min(within[1], until)), self._budget)


def _offsets(part: Component) -> tuple[timedelta, timedelta] | None:
    """The offset before a turn (open: as after it) and the one after; None if that is not told."""
    after = _offset(part.first("TZOFFSETTO"))
    if after is None:
        return None
    before = _offset(part.first("TZOFFSETFROM"))
    return (after if before is None else before), after


def _offset(written: Property | None) -> timedelta | None:
    match = _OFFSET.fullmatch(written.value) if written is not None else None
    if match is None:
        return None
    hours, minutes, seconds = (int(each or 0) for each in match.groups()[1:])
    found = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    return -found if match[1] == "-" else found


class Clocks:
    """Every clock of one file.

    Times without a zone are on the clock that the calendar says it is on, if it says so and there
    is but one; else, like whole days, on that of `floating`.
    """

    def __init__(
        self, floating: ZoneInfo, parts: Sequence[Component], around: datetime, notes: Notes
    ) -> None:
        self._floating = KnownClock(floating)
        self._own = _zone_of_calendar(parts)
        self._around = around.replace(tzinfo=None)
        self._notes = notes
        budget = Budget(_DAYS_FOR_ZONES)
        self._defined = {
            _plain(name.value): DefinedClock(part, self._around, budget)
            for part in parts
            if part.kind == "VTIMEZONE" and (name := part.first("TZID")) is not None
        }
        self._found: dict[str, Clock | None] = {}
        self._remarks: dict[str, Reason] = {}

    def of(self, written: Written, tzid: str, line: int) -> Clock:
        """The clock that a time of the event on this line is on."""
        if written.is_utc:
            return _UTC
        name = _plain(tzid)
        if written.is_date:
            return self._floating
        if not name:
            return self._without_zone(line)
        if name not in self._found:
            self._found[name] = self._sought(name)
        if name in self._remarks:
            self._notes.add(self._remarks[name], line)
        return self._found[name] or self._floating

    def _without_zone(self, line: int) -> Clock:
        if self._own is None or self._own == self._floating.zone:
            return self._floating
        self._notes.add(Reason.ZONE_OF_CALENDAR, line)
        return KnownClock(self._own)

    def utc(self, value: str, tzid: str, line: int) -> datetime:
        """The moment that a value writes, aware, or `OddValueError`."""
        written = parse_moment(value)
        return utc_of(written) if written.is_utc else self.of(written, tzid, line).utc(written.wall)

    def _sought(self, name: str) -> Clock | None:
        zone, defined = _zone_called(name), self._defined.get(name)
        if defined is not None and not defined.is_defined:
            defined = None
        if zone is None:
            return self._unknown(name, defined)
        known = KnownClock(zone)
        if defined is not None and any(
            known.utc(each) != defined.utc(each)
            for each in (self._around, self._around + timedelta(days=182))
        ):
            self._remarks[name] = Reason.ZONE_CONTRADICTS
        return known

    def _unknown(self, name: str, defined: DefinedClock | None) -> Clock | None:
        """The clock of a zone that only the file or the name itself tells of, if they do."""
        if defined is not None:
            if not defined.is_whole:
                self._remarks[name] = Reason.ZONE_INCOMPLETE
            return defined
        offset = _offset_called(name)
        self._remarks[name] = Reason.UNKNOWN_ZONE if offset is None else Reason.OFFSET_OF_NAME
        return None if offset is None else FixedClock(offset)


def _plain(tzid: str) -> str:
    return tzid[:_LONGEST_NAME].strip(' "/\t')


def _zone_of_calendar(parts: Iterable[Component]) -> ZoneInfo | None:
    """What X-WR-TIMEZONE names, where the file holds one calendar and the zone is known."""
    calendars = [part for part in parts if part.kind == "VCALENDAR"]
    told = calendars[0].first("X-WR-TIMEZONE") if len(calendars) == 1 else None
    return None if told is None else _zone_called(_plain(told.value))


def _offset_called(name: str) -> timedelta | None:
    """Such as that of "(UTC+08:00) Beijing, Chongqing" or "GMT+8"."""
    match = _NAMED_OFFSET.match(name)
    if match is None:
        return None
    found = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
    if found > _MOST:
        return None
    return -found if match[1] == "-" else found


def _zone_called(name: str) -> ZoneInfo | None:
    """By its own name, by Windows', or by the end of a name such as "vendor.org/Asia/Shanghai"."""
    parts = name.split("/")
    for start in range(len(parts)):
        tail = "/".join(parts[start:])
        if known := _zones().get(tail.casefold()):
            return ZoneInfo(known)
    return None


@cache
def _zones() -> dict[str, str]:
    """Zones by every name they are known by, in small letters; never this machine's own."""
    own = {name.casefold(): name for name in available_timezones() if "local" not in name}
    return own | {name.casefold(): zone for name, zone in WINDOWS_TO_OLSON.items()}
