"""Which time a foreign calendar takes. Pure; what is hostile costs a bounded number of steps."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import takewhile
from typing import Final
from zoneinfo import ZoneInfo

from calendars.ics.reading.clocks import Clock, Clocks
from calendars.ics.reading.components import Component, Property, components_of
from calendars.ics.reading.moments import (
    Length,
    OddValueError,
    Written,
    parse_length,
    parse_moment,
)
from calendars.ics.reading.octets import text_of
from calendars.ics.reading.recurrence import Budget, RuleError, expand, parse_rule
from calendars.ics.reading.report import (
    Notes,
    Reading,
    Reason,
    Refusal,
    UnreadableCalendarError,
)
from calendars.slots import Slot

MAX_OCCURRENCES: Final = 20_000

_DAYS_OF_ONE_EVENT: Final = 200_000
_DAYS_OF_ALL: Final = 1_500_000
_A_DAY: Final = timedelta(days=1)
_FREE: Final = {"FREE", "WORKINGELSEWHERE"}


def read_busy(octets: bytes, *, zone: ZoneInfo, window: Slot) -> Reading:
    """The time within `window` that a calendar's events take, and what was made of the rest.

    Times without a zone are on the clock of `zone`. The same octets give the same answer, however
    slow the machine; `UnreadableCalendarError` is the only refusal.
    """
    text, is_sound = text_of(octets)
    parts = components_of(text)
    notes = Notes()
    if not is_sound:
        notes.add(Reason.ODD_CHARACTERS, 1)
    clocks = Clocks(zone, parts, window.starts, notes)
    reader = _Reader(clocks, window, notes, Budget(_DAYS_OF_ALL))
    events = [part for part in parts if part.kind == "VEVENT"]
    found: list[Slot] = []
    for slot in reader.slots(events, [part for part in parts if part.kind == "VFREEBUSY"]):
        found.append(slot)
        if len(found) > MAX_OCCURRENCES:
            raise UnreadableCalendarError(Refusal.TOO_MANY_OCCURRENCES)
    return Reading(
        busy=tuple(merged(found)),
        window=window,
        events=len(events),
        occurrences=len(found),
        remarks=notes.remarks(),
    )


def merged(slots: Iterable[Slot]) -> Iterator[Slot]:
    """The same time as few slots as it makes, by time."""
    last: Slot | None = None
    for slot in sorted(slots):
        if last is not None and slot.starts <= last.ends:
            last = Slot(last.starts, max(last.ends, slot.ends))
            continue
        if last is not None:
            yield last
        last = slot
    if last is not None:
        yield last


@dataclass(frozen=True, slots=True)
class _Event:
    """An event that takes time: when it first starts, on which clock, and how long it lasts."""

    part: Component
    starts: Written
    clock: Clock
    length: Length

    def slot_at(self, wall: datetime) -> Slot:
        """What it takes if it starts when its clock shows this."""
        starts = self.clock.utc(wall)
        ends = self.clock.utc(wall + self.length.days * _A_DAY) + self.length.rest
        return Slot(starts, ends)


@dataclass(frozen=True, slots=True)
class _Reader:
    clocks: Clocks
    window: Slot
    notes: Notes
    budget: Budget

    def slots(self, events: Sequence[Component], lists: Iterable[Component]) -> Iterator[Slot]:
        """What everything takes within the window, one slot an occurrence."""
        for part in lists:
            yield from self._listed(part)
        by_uid: defaultdict[str, list[Component]] = defaultdict(list)
        for number, part in enumerate(events):
            uid = part.first("UID")
            by_uid[uid.value if uid is not None and uid.value else f"\0{number}"].append(part)
        for versions in by_uid.values():
            singles = self._newest_of_each_date(versions)
            changed = self._changed(singles)
            for changes, part in singles:
                try:
                    yield from self._taken(part, changed if changes is None else set())
                except (ValueError, OverflowError):
                    self.notes.add(Reason.ODD_VALUE, part.line)

    def _newest_of_each_date(
        self, versions: Sequence[Component]
    ) -> list[tuple[Property | None, Component]]:
        """Events of one UID by the date they change (None: they are the series itself).

        Of several versions the last in sequence counts. Equals are no versions of each other.
        """
        groups: defaultdict[str, list[Component]] = defaultdict(list)
        for part in versions:
            changes = part.first("RECURRENCE-ID")
            groups["" if changes is None else changes.value].append(part)
        found: list[tuple[Property | None, Component]] = []
        for group in groups.values():
            newest = max(_sequence(part) for part in group)
            kept = [part for part in group if _sequence(part) == newest]
            for part in group:
                if _sequence(part) < newest:
                    self.notes.add(Reason.SUPERSEDED, part.line)
            for part in kept[1:]:
                self.notes.add(Reason.SAME_NAME, part.line)
            found += ((part.first("RECURRENCE-ID"), part) for part in kept)
        return found

    def _changed(self, singles: Iterable[tuple[Property | None, Component]]) -> set[datetime]:
        """The dates of a series that events of their own stand for."""
        found: set[datetime] = set()
        for changes, part in singles:
            if changes is not None:
                found |= self._moments([changes], part.line)
        return found

    def _taken(self, part: Component, changed: set[datetime]) -> Iterator[Slot]:
        event = self._event(part)
        if event is None:
            return
        spared = changed | self._moments(part.all("EXDATE"), part.line)
        for wall, slot in self._occurrences(event):
            # A date spares whatever starts on it: calendars often write one for a timed event.
            is_spared = slot.starts in spared or datetime.combine(wall, time()) in spared
            shared = None if is_spared else slot.shared_with(self.window)
            if shared is not None:
                yield shared

    def _event(self, part: Component) -> _Event | None:
        """The event, if it takes time; if not, why is noted."""
        if part.word("STATUS") == "CANCELLED":
            self.notes.add(Reason.CANCELLED, part.line)
            return None
        if part.word("TRANSP") == "TRANSPARENT" or part.word("X-MICROSOFT-CDO-BUSYSTATUS") in _FREE:
            self.notes.add(Reason.FREE, part.line)
            return None
        written = part.first("DTSTART")
        if written is None or not part.is_whole:
            self.notes.add(Reason.ODD_VALUE if written else Reason.NO_START, part.line)
            return None
        changes = part.first("RECURRENCE-ID")
        if changes is not None and changes.range:
            self.notes.add(Reason.ONE_DATE_ONLY, part.line)
        starts = parse_moment(written.value)
        clock = self.clocks.of(starts, written.tzid, part.line)
        length = self._length(part, starts, clock)
        if length.sign <= 0:
            self.notes.add(Reason.ENDS_FIRST if length.sign else Reason.NO_LENGTH, part.line)
            return None
        return _Event(part, starts, clock, length)

    def _length(self, part: Component, starts: Written, clock: Clock) -> Length:
        ends, length = part.first("DTEND"), part.first("DURATION")
        if ends is not None:
            written = parse_moment(ends.value)
            if starts.is_date and written.is_date:
                return Length((written.wall - starts.wall).days)
            last = self.clocks.utc(ends.value, ends.tzid, part.line)
            return Length(rest=last - clock.utc(starts.wall))
        if length is not None:
            return parse_length(length.value)
        return Length(days=int(starts.is_date))

    def _occurrences(self, event: _Event) -> Iterator[tuple[date, Slot]]:
        """Every time it takes place near the window; its start is the first, named or not."""
        earliest, latest = self._near(event)
        walls = {event.starts.wall, *self._repeated(event, "RRULE")}
        for wall in walls.difference(self._repeated(event, "EXRULE")):
            if earliest <= wall <= latest:
                yield wall.date(), event.slot_at(wall)
        for each in event.part.all("RDATE"):
            for value in each.value.split(","):
                try:
                    wall, slot = self._extra(event, each, value)
                except (ValueError, OverflowError):
                    self.notes.add(Reason.ODD_DATE, event.part.line)
                    continue
                if "/" in value or earliest <= wall <= latest:
                    yield wall.date(), slot

    def _extra(self, event: _Event, each: Property, value: str) -> tuple[datetime, Slot]:
        """When an extra date (RDATE), which may have a length of its own, is."""
        begins, _, ends = value.partition("/")
        written = parse_moment(begins)
        if ends:
            return written.wall, self._period(begins, ends, each, event.part.line)
        clock = self.clocks.of(written, each.tzid, event.part.line)
        return written.wall, replace(event, clock=clock).slot_at(written.wall)

    def _repeated(self, event: _Event, name: str) -> set[datetime]:
        """The wall-clock dates of its rules that can touch the window."""
        found: set[datetime] = set()
        for each in event.part.all(name):
            budget = Budget(min(_DAYS_OF_ONE_EVENT, self.budget.left))
            self.budget.left -= budget.left
            try:
                found |= self._followed(each.value, event, budget)
            except RuleError as error:
                self.notes.add(error.reason, event.part.line)
            self.budget.left += max(0, budget.left)
        return found

    def _followed(self, value: str, event: _Event, budget: Budget) -> set[datetime]:
        """The dates of one rule, or `RuleError`."""
        rule = parse_rule(value)
        until = self._until(rule.until, event)
        walls = expand(rule, event.starts.wall, self._near(event), budget)
        if until is None:
            return set(walls)
        return set(takewhile(lambda wall: event.clock.utc(wall) <= until, walls))

    def _near(self, event: _Event) -> tuple[datetime, datetime]:
        """What clocks may show when the event starts in time to meet the window."""
        reach = event.length.days * _A_DAY + event.length.rest + 2 * _A_DAY
        first, last = (at.replace(tzinfo=None) for at in (self.window.starts, self.window.ends))
        return first - reach, last + 2 * _A_DAY

    def _until(self, value: str, event: _Event) -> datetime | None:
        """The last moment at which a date may start. A bare date includes its whole day."""
        if not value:
            return None
        try:
            written = parse_moment(value)
        except OddValueError:
            raise RuleError(Reason.ODD_RULE) from None
        if written.is_utc:
            return written.wall.replace(tzinfo=UTC)
        wall = written.wall + (_A_DAY - timedelta(seconds=1) if written.is_date else timedelta())
        return event.clock.utc(wall)

    def _moments(self, properties: Iterable[Property], line: int) -> set[datetime]:
        """Moments that are spared: aware ones, and naive midnights for whole days.

        One that cannot be read spares nothing: time is rather taken than given away.
        """
        found = set()
        for each in properties:
            for value in each.value.split(","):
                try:
                    written = parse_moment(value)
                    is_date = written.is_date
                    found.add(written.wall if is_date else self.clocks.utc(value, each.tzid, line))
                except (ValueError, OverflowError):
                    self.notes.add(Reason.ODD_DATE, line)
        return found

    def _period(self, begins: str, ends: str, written: Property, line: int) -> Slot:
        starts = self.clocks.utc(begins, written.tzid, line)
        if ends.upper().lstrip("+-").startswith("P"):
            length = parse_length(ends)
            return Slot(starts, starts + length.days * _A_DAY + length.rest)
        return Slot(starts, self.clocks.utc(ends, written.tzid, line))

    def _listed(self, part: Component) -> Iterator[Slot]:
        """The periods of a free/busy list."""
        for each in part.all("FREEBUSY"):
            if each.kind == "FREE":
                continue
            for value in each.value.split(","):
                begins, _, ends = value.partition("/")
                try:
                    shared = self._period(begins, ends, each, part.line).shared_with(self.window)
                except (ValueError, OverflowError):
                    self.notes.add(Reason.ODD_VALUE, part.line)
                    continue
                if shared is not None:
                    yield shared


def _sequence(part: Component) -> int:
    found = part.first("SEQUENCE")
    told = found.value[:9] if found is not None else ""
    return int(told) if told.isascii() and told.isdigit() else 0
