"""A strict reader of calendar bytes: every rule that clients punish, most of which no parser sees.

`faults(octets)` names what is wrong; the numbers are those of the field's list of rules. It shares
no code with the writer.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Final
from zoneinfo import available_timezones

from tests.calendars.ics.byte_feed import Component, Feed, Line
from tests.calendars.ics.series_rules import (
    exceptions_name_real_instances,
    series_begin_and_end_with_an_instance,
)

ZONES: Final = available_timezones()
TEXTS: Final = {"SUMMARY", "LOCATION", "DESCRIPTION", "NAME", "X-WR-CALNAME", "X-WR-CALDESC"}
ONCE: Final = {
    "UID", "DTSTAMP", "CREATED", "LAST-MODIFIED", "SEQUENCE", "STATUS", "TRANSP", "DTSTART",
    "DTEND", "SUMMARY", "LOCATION", "DESCRIPTION", "URL", "RRULE", "RECURRENCE-ID", "CONFERENCE",
}  # fmt: skip
ZONE_PROPERTIES: Final = {"DTSTART", "RRULE", "TZOFFSETFROM", "TZOFFSETTO", "TZNAME"}
CSS3: Final = {"steelblue", "seagreen", "darkorange", "slateblue"}


def folded_by_octets(feed: Feed) -> bool:
    """1, 2: lines of at most 75 octets, each of them valid UTF-8 by itself."""
    for line in feed.physical:
        try:
            line.decode()
        except UnicodeDecodeError:
            return False
    return all(len(line) <= 75 for line in feed.physical)


def ends_with_crlf(feed: Feed) -> bool:
    """3: CRLF everywhere, and nowhere a bare CR or LF."""
    rest = feed.octets.replace(b"\r\n", b"")
    return b"\r" not in rest and b"\n" not in rest


def is_whole(feed: Feed) -> bool:
    """3, 4: from BEGIN:VCALENDAR to END:VCALENDAR, every component closed; VERSION and PRODID."""
    begun = Counter(re.findall(rb"(?m)^BEGIN:([A-Z]+)\r$", feed.octets))
    ended = Counter(re.findall(rb"(?m)^END:([A-Z]+)\r$", feed.octets))
    return (
        feed.octets.startswith(b"BEGIN:VCALENDAR\r\n")
        and feed.octets.endswith(b"\r\nEND:VCALENDAR\r\n")
        and begun == ended
        and feed.calendar.values("VERSION") == ["2.0"]
        and len(feed.calendar.values("PRODID")) == 1
    )


def has_no_control_characters(feed: Feed) -> bool:
    """5: nothing unprintable but the line ends."""
    text = feed.octets.replace(b"\r\n", b"").decode("utf-8", "replace")
    return re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffd\ufffe\uffff]", text) is None


def is_small(feed: Feed) -> bool:
    """6: Google reads less than 1 MB."""
    return len(feed.octets) < 1_000_000


def has_an_event(feed: Feed) -> bool:
    """7: never an empty calendar."""
    return bool(feed.all("VEVENT"))


def zones_are_declared(feed: Feed) -> bool:
    """8, 15: every TZID has exactly one VTIMEZONE, under its IANA name."""
    declared = [tzid for zone in feed.all("VTIMEZONE") for tzid in zone.values("TZID")]
    used = {
        line.parameters["TZID"]
        for each in feed.root.walk()
        for line in each.lines
        if "TZID" in line.parameters
    }
    return len(set(declared)) == len(declared) and used <= set(declared) and set(declared) <= ZONES


def no_time_floats(feed: Feed) -> bool:
    """9, 16, 17: a zone or Z, never both, for every moment of an event."""
    return all(_is_settled(line) for line in _times(feed))


def _is_settled(line: Line) -> bool:
    if line.parameters.get("VALUE") == "DATE":
        return line.parameters.keys() == {"VALUE"} and _looks(r"\d{8}", line)
    if "TZID" in line.parameters:
        return _looks(r"\d{8}T\d{6}", line)
    return _looks(r"\d{8}T\d{6}Z", line)


def _looks(pattern: str, line: Line) -> bool:
    return re.fullmatch(pattern, line.value) is not None


def _times(feed: Feed) -> Iterator[Line]:
    names = {
        *("DTSTART", "DTEND", "DTSTAMP", "CREATED", "LAST-MODIFIED"),
        *("EXDATE", "RECURRENCE-ID"),
    }
    for event in feed.all("VEVENT"):
        yield from (line for line in event.lines if line.name in names)


def shanghai_is_plain(feed: Feed) -> bool:
    """10: Asia/Shanghai is one STANDARD part without any rule."""
    for zone in feed.all("VTIMEZONE"):
        if zone.values("TZID") == ["Asia/Shanghai"]:
            parts = [(part.name, part.values("RRULE")) for part in zone.inside]
            offsets = [
                part.values("TZOFFSETFROM") + part.values("TZOFFSETTO") for part in zone.inside
            ]
            if parts != [("STANDARD", [])] or offsets != [["+0800", "+0800"]]:
                return False
    return True


def zones_are_well_formed(feed: Feed) -> bool:
    """11-14, 18: rules and no RDATE, offsets of four digits, a STANDARD part, nothing else."""
    return all(
        [line.name for line in zone.lines] == ["TZID"]
        and {"STANDARD"} <= {part.name for part in zone.inside} <= {"STANDARD", "DAYLIGHT"}
        and all(_is_well_formed(part) for part in zone.inside)
        for zone in feed.all("VTIMEZONE")
    )


def _is_well_formed(part: Component) -> bool:
    names = [line.name for line in part.lines]
    offsets = part.values("TZOFFSETFROM") + part.values("TZOFFSETTO")
    return (
        len(set(names)) == len(names)
        and {"DTSTART", "TZOFFSETFROM", "TZOFFSETTO"} <= set(names) <= ZONE_PROPERTIES
        and all(re.fullmatch(r"[+-]\d{4}", offset) for offset in offsets)
        and all(re.fullmatch(r"\d{8}T\d{6}", start) for start in part.values("DTSTART"))
    )


def rules_are_upper_case(feed: Feed) -> bool:
    """19, 26: RRULE in capitals, UNTIL in UTC, for no DTSTART that has a rule is a DATE."""
    rules = [rule for each in feed.root.walk() for rule in each.values("RRULE")]
    return all(
        rule == rule.upper() and re.search(r"UNTIL=(?!\d{8}T\d{6}Z(;|$))", rule) is None
        for rule in rules
    )


def links_stand_where_clients_look(feed: Feed) -> bool:
    """48: CONFERENCE only besides URL, and what it says also in LOCATION and DESCRIPTION."""
    for event in feed.all("VEVENT"):
        for link in event.values("CONFERENCE"):
            texts = ["".join(event.values(name)) for name in ("LOCATION", "DESCRIPTION")]
            escaped = link.replace(",", "\\,").replace(";", "\\;")
            if event.values("URL") != [link] or not all(escaped in each for each in texts):
                return False
    return True


def holds_nothing_unwanted(feed: Feed) -> bool:
    """23, 25, 46, 47: no RDATE, no RANGE, no METHOD, no alarm, no attendee, no attachment."""
    unwanted = {"METHOD", "RDATE", "ATTENDEE", "ORGANIZER", "ATTACH", "COMMENT"}
    lines = [line for each in feed.root.walk() for line in each.lines]
    return (
        not unwanted & {line.name for line in lines}
        and not any("RANGE" in line.parameters for line in lines)
        and {each.name for each in feed.root.walk()}
        <= {"", "VCALENDAR", "VTIMEZONE", "STANDARD", "DAYLIGHT", "VEVENT"}
    )


def events_are_identified(feed: Feed) -> bool:
    """28-31: a UID of its own without slash or space, stamps that agree, a SEQUENCE."""
    uids = [uid for event in feed.all("VEVENT") for uid in event.values("UID")]
    names = {(*event.values("UID"), *event.values("RECURRENCE-ID")) for event in feed.all("VEVENT")}
    return (
        len(uids) == len(names) == len(feed.all("VEVENT"))
        and not any(re.search(r"[\s/\\]", uid) for uid in uids)
        and all(
            event.values("LAST-MODIFIED") in ([], event.values("DTSTAMP"))
            and len(event.values("DTSTAMP")) == 1
            and re.fullmatch(r"\d+", "".join(event.values("SEQUENCE"))) is not None
            for event in feed.all("VEVENT")
        )
    )


def events_say_each_thing_once(feed: Feed) -> bool:
    """RFC 5545, 3.6.1: most properties come at most once; STATUS and TRANSP have few values."""
    for event in feed.all("VEVENT"):
        counted = Counter(line.name for line in event.lines)
        if any(counted[name] > 1 for name in ONCE):
            return False
        if not set(event.values("STATUS")) <= {"TENTATIVE", "CONFIRMED", "CANCELLED"}:
            return False
        if not set(event.values("TRANSP")) <= {"OPAQUE", "TRANSPARENT"}:
            return False
    return True


def events_end_after_they_start(feed: Feed) -> bool:
    """34: DTEND has the form of DTSTART and comes later."""
    for event in feed.all("VEVENT"):
        bounds = [line for line in event.lines if line.name in {"DTSTART", "DTEND"}]
        if [line.name for line in bounds] != ["DTSTART", "DTEND"]:
            return False
        for starts, ends in pairwise(bounds):
            if starts.parameters != ends.parameters or starts.value >= ends.value:
                return False
    return True


def text_is_escaped(feed: Feed) -> bool:
    """RFC 5545, 3.3.11: a backslash before every `;`, `,` and backslash, or as `\\n`."""
    lines = [line for each in feed.root.walk() for line in each.lines if line.name in TEXTS]
    return all(re.fullmatch(r"(?:[^\\;,]|\\[\\;,n])*", line.value) for line in lines)


def calendar_says_who_it_is(feed: Feed) -> bool:
    """44, 45: one name in both forms, one refresh time in both forms, a colour by its CSS3 name."""
    lines = {line.name: line for line in feed.calendar.lines}
    needed = {"NAME", "X-WR-CALNAME", "REFRESH-INTERVAL", "X-PUBLISHED-TTL"}
    return (
        needed <= lines.keys()
        and lines["NAME"].value == lines["X-WR-CALNAME"].value != ""
        and lines["REFRESH-INTERVAL"].parameters == {"VALUE": "DURATION"}
        and lines["REFRESH-INTERVAL"].value == lines["X-PUBLISHED-TTL"].value
        and set(feed.calendar.values("COLOR")) <= CSS3
    )


RULES: Final[tuple[Callable[[Feed], bool], ...]] = (
    folded_by_octets,
    ends_with_crlf,
    is_whole,
    has_no_control_characters,
    is_small,
    has_an_event,
    zones_are_declared,
    no_time_floats,
    shanghai_is_plain,
    zones_are_well_formed,
    rules_are_upper_case,
    series_begin_and_end_with_an_instance,
    exceptions_name_real_instances,
    links_stand_where_clients_look,
    holds_nothing_unwanted,
    events_are_identified,
    events_say_each_thing_once,
    events_end_after_they_start,
    text_is_escaped,
    calendar_says_who_it_is,
)


def faults(octets: bytes) -> list[str]:
    """The names of the rules that these bytes break."""
    feed = Feed(octets)
    return [rule.__name__ for rule in RULES if not _holds(rule, feed)]


def _holds(rule: Callable[[Feed], bool], feed: Feed) -> bool:
    """Whether it holds; bytes that it cannot even read break it."""
    try:
        return rule(feed)
    except (ValueError, LookupError, StopIteration):
        return False
