"""The parts of a calendar that say when: its events, its free/busy lists, its own time zones."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from icalendar.parser import Contentline

from calendars.ics.reading.report import Refusal, UnreadableCalendarError

MAX_EVENTS: Final = 20_000

_LINE_BREAK: Final = re.compile(r"\r\n|\n|\r")
_WITHIN: Final = {
    "VEVENT": frozenset(
        (
            *("UID", "DTSTART", "DTEND", "DURATION", "RRULE", "EXRULE", "RDATE", "EXDATE"),
            *("RECURRENCE-ID", "STATUS", "TRANSP", "SEQUENCE", "X-MICROSOFT-CDO-BUSYSTATUS"),
        )
    ),
    "VFREEBUSY": frozenset(("FREEBUSY",)),
    "VTIMEZONE": frozenset(("TZID",)),
    "VCALENDAR": frozenset(("X-WR-TIMEZONE",)),
    "STANDARD": frozenset(("DTSTART", "RRULE", "RDATE", "TZOFFSETFROM", "TZOFFSETTO")),
    "DAYLIGHT": frozenset(("DTSTART", "RRULE", "RDATE", "TZOFFSETFROM", "TZOFFSETTO")),
}
"""The properties that are looked at: everything else is nobody's business here."""

_FOUND: Final = frozenset(("VCALENDAR", "VEVENT", "VFREEBUSY", "VTIMEZONE"))
_DEEPEST: Final = 20
_LONGEST_LINE: Final = 100_000
_LONGEST_NAME: Final = 60


@dataclass(frozen=True, slots=True)
class Property:
    """One content line: its value and parameters as they stand."""

    value: str
    tzid: str = ""
    range: str = ""
    kind: str = ""


@dataclass(slots=True)
class Component:
    """One part with the line it begins on; `is_whole` unless a line of it could not be read."""

    kind: str
    line: int
    properties: dict[str, list[Property]] = field(default_factory=dict)
    parts: list["Component"] = field(default_factory=list)
    is_whole: bool = True

    def first(self, name: str) -> Property | None:
        """The property of this name, the first if there are several."""
        return next(iter(self.properties.get(name, ())), None)

    def all(self, name: str) -> list[Property]:
        """Every property of this name."""
        return self.properties.get(name, [])

    def word(self, name: str) -> str:
        """The value of a property that is one word, in capitals; empty if it is not there."""
        found = self.first(name)
        return "" if found is None else found.value.strip().upper()


def components_of(text: str) -> tuple[Component, ...]:
    """The calendars, events, free/busy lists and time zones, as they come.

    `UnreadableCalendarError` if a calendar does not end, or there is more than anybody needs.
    """
    found: list[Component] = []
    open_parts: list[Component] = []
    for number, line in _unfolded(text):
        name, _, rest = line.partition(":")
        match name.strip().upper():
            case "BEGIN":
                part = Component(rest.strip().upper(), number)
                if len(open_parts) == _DEEPEST:
                    raise UnreadableCalendarError(Refusal.TOO_DEEP)
                open_parts.append(part)
                if part.kind in _FOUND:
                    found.append(part)
                    if len(found) > MAX_EVENTS:
                        raise UnreadableCalendarError(Refusal.TOO_MANY_EVENTS)
                elif len(open_parts) > 1:
                    open_parts[-2].parts.append(part)
            case "END":
                _close(open_parts, rest.strip().upper())
            case _ if open_parts:
                _add(open_parts[-1], line)
    if open_parts:
        raise UnreadableCalendarError(Refusal.TRUNCATED)
    return tuple(found)


def _unfolded(text: str) -> Iterator[tuple[int, str]]:
    """Logical lines with the number of the line they begin on."""
    number, parts = 0, [""]
    for at, line in enumerate(_LINE_BREAK.split(text), start=1):
        if line[:1] in {" ", "\t"}:
            parts.append(line[1:])
            continue
        if parts[0]:
            yield number, "".join(parts)
        number, parts = at, [line.lstrip("\ufeff")]
    if parts[0]:
        yield number, "".join(parts)


def _close(open_parts: list[Component], kind: str) -> None:
    """Close the innermost part of this kind; what stays open within it is broken."""
    if any(part.kind == kind for part in open_parts):
        while (part := open_parts.pop()).kind != kind:
            part.is_whole = False


def _add(part: Component, line: str) -> None:
    wanted = _WITHIN.get(part.kind)
    if wanted is None:
        return
    name = re.split("[:;]", line[:_LONGEST_NAME], maxsplit=1)[0].strip().upper()
    if name not in wanted:
        return
    if len(line) > _LONGEST_LINE:
        part.is_whole = False
        return
    try:
        told, value = _read(line)
    except ValueError:
        part.is_whole = False
        return
    part.properties.setdefault(name, []).append(
        Property(
            value=value.strip(),
            tzid=told.get("TZID", ""),
            range=told.get("RANGE", "").upper(),
            kind=told.get("FBTYPE", "").upper(),
        )
    )


def _read(line: str) -> tuple[dict[str, str], str]:
    """The parameters and the value of a content line, or `ValueError`."""
    head, _, value = line.partition(":")
    if '"' in head or "\\" in head:
        # Slow and exact; without quotes, a line comes apart as it looks.
        _, parameters, value = Contentline(line).raw_parts()  # type: ignore[no-untyped-call] # icalendar's own
        return {key: each for key, each in parameters.items() if isinstance(each, str)}, value
    pairs = (pair.partition("=") for pair in head.split(";")[1:])
    return {key.strip().upper(): each.strip() for key, _, each in pairs}, value
