"""Which clock a time is on: a zone by its name, by Windows' name for it, or as the file defines it.

Each event has its own. A known name wins over what the file says of it.
"""

import re
from collections.abc import Iterable
from contextlib import suppress
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


class DefinedClock:
    """A clock that a VTIMEZONE defines by the turns it makes, as near as needed."""

    def __init__(self, definition: Component, around: datetime, budget: Budget) -> None:
        self._definition = definition
        self._around = around
        self._budget = budget

    def utc(self, wall: datetime) -> datetime:
        offset = timedelta()
        if self._turns:
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
            (shown, before, after)
            for part in self._definition.parts
            if (before := _offset(part.first("TZOFFSETFROM"))) is not None
            and (after := _offset(part.first("TZOFFSETTO"))) is not None
            for shown in self._shown(part)
        ]
        return sorted(turns)[-_MOST_TURNS:]

    def _shown(self, part: Component) -> Iterable[datetime]:
        moments = []
        for each in (*part.all("DTSTART")[:1], *part.all("RDATE")):
            with suppress(OddValueError):
                moments += [parse_moment(value).wall for value in each.value.split(",")]
        yield from moments
        rule = part.first("RRULE")
        if rule is None or not moments:
            return
        within = (max(self._around - _YEARS_OF_TURNS, _EARLY), self._around + _YEARS_OF_TURNS)
        with suppress(RuleError, OddValueError):
            parsed = parse_rule(rule.value)
            until = parse_moment(parsed.until).wall if parsed.until else within[1]
            yield from expand(parsed, moments[0], (within[0], min(within[1], until)), self._budget)


def _offset(written: Property | None) -> timedelta | None:
    match = _OFFSET.fullmatch(written.value) if written is not None else None
    if match is None:
        return None
    hours, minutes, seconds = (int(each or 0) for each in match.groups()[1:])
    found = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    return -found if match[1] == "-" else found


class Clocks:
    """Every clock of one file; times without a zone are on the clock of `floating`."""

    def __init__(
        self, floating: ZoneInfo, parts: Iterable[Component], around: datetime, notes: Notes
    ) -> None:
        self._floating = KnownClock(floating)
        self._around = around.replace(tzinfo=None)
        self._notes = notes
        budget = Budget(_DAYS_FOR_ZONES)
        self._defined = {
            _plain(name.value): DefinedClock(part, self._around, budget)
            for part in parts
            if part.kind == "VTIMEZONE" and (name := part.first("TZID")) is not None
        }
        self._found: dict[str, Clock | None] = {}
        self._contradicted: set[str] = set()

    def of(self, written: Written, tzid: str, line: int) -> Clock:
        """The clock that a time of the event on this line is on."""
        if written.is_utc:
            return _UTC
        name = _plain(tzid)
        if not name or written.is_date:
            return self._floating
        if name not in self._found:
            self._found[name] = self._sought(name)
        found = self._found[name]
        if found is None:
            self._notes.add(Reason.UNKNOWN_ZONE, line)
            return self._floating
        if name in self._contradicted:
            self._notes.add(Reason.ZONE_CONTRADICTS, line)
        return found

    def utc(self, value: str, tzid: str, line: int) -> datetime:
        """The moment that a value writes, aware, or `OddValueError`."""
        written = parse_moment(value)
        return utc_of(written) if written.is_utc else self.of(written, tzid, line).utc(written.wall)

    def _sought(self, name: str) -> Clock | None:
        zone, defined = _zone_called(name), self._defined.get(name)
        if zone is None:
            return defined
        known = KnownClock(zone)
        if defined is not None and any(
            known.utc(each) != defined.utc(each)
            for each in (self._around, self._around + timedelta(days=182))
        ):
            self._contradicted.add(name)
        return known


def _plain(tzid: str) -> str:
    return tzid[:_LONGEST_NAME].strip(' "/\t')


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
