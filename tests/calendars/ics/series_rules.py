"""What clients punish in series: rules 19 to 24 and 33, by working every instance out once more."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from tests.calendars.ics.byte_feed import Component, Feed, Line


def series_begin_and_end_with_an_instance(feed: Feed) -> bool:
    """19, 24: DTSTART is the first instance of its weekly rule, and UNTIL the last."""
    for event in feed.all("VEVENT"):
        for rule in event.values("RRULE"):
            read, instances = _read(rule), _instances(event)
            zone = ZoneInfo(next(_lines(event, "DTSTART")).parameters["TZID"])
            last = instances[-1].replace(tzinfo=zone).astimezone(UTC)
            if _DAYS[read["day"]] != instances[0].isoweekday():
                return False
            if f"{last:%Y%m%dT%H%M%SZ}" != read["until"]:
                return False
    return True


_RULE: Final = re.compile(
    r"FREQ=WEEKLY;(INTERVAL=(?P<interval>[1-9]\d*);)?BYDAY=(?P<day>[A-Z]{2});UNTIL=(?P<until>\S+)"
)
_DAYS: Final = {day: no for no, day in enumerate(("MO", "TU", "WE", "TH", "FR", "SA", "SU"), 1)}


def _read(rule: str) -> re.Match[str]:
    read = _RULE.fullmatch(rule)
    if read is None:
        raise ValueError(rule)
    return read


def _lines(component: Component, name: str) -> Iterator[Line]:
    return (line for line in component.lines if line.name == name)


def _wall(line: Line) -> datetime:
    return datetime.strptime(line.value, "%Y%m%dT%H%M%S")  # noqa: DTZ007 - wall clock, by its TZID


def _instances(event: Component) -> list[datetime]:
    """Every instance of a weekly rule on the wall clock, worked out once more."""
    read = _read(event.values("RRULE")[0])
    starts = next(_lines(event, "DTSTART"))
    zone = ZoneInfo(starts.parameters["TZID"])
    until = datetime.strptime(read["until"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    found, step = [_wall(starts)], timedelta(weeks=int(read["interval"] or 1))
    while (following := found[-1] + step).replace(tzinfo=zone) <= until:
        found.append(following)
    return found


def exceptions_name_real_instances(feed: Feed) -> bool:
    """20-22, 33: EXDATE and RECURRENCE-ID in DTSTART's form, each an instance, none of them both.

    An override has a series in the same feed, and a SEQUENCE that is not below the series' own.
    """
    series = {each.values("UID")[0]: each for each in feed.all("VEVENT") if each.values("RRULE")}
    named: Counter[tuple[str, datetime]] = Counter()
    for event in feed.all("VEVENT"):
        (uid,) = event.values("UID")
        exceptions = [*_lines(event, "EXDATE"), *_lines(event, "RECURRENCE-ID")]
        if not exceptions:
            continue
        if uid not in series or (event is not series[uid] and not event.values("RECURRENCE-ID")):
            return False
        master = series[uid]
        if int(event.values("SEQUENCE")[0]) < int(master.values("SEQUENCE")[0]):
            return False
        form, instances = next(_lines(master, "DTSTART")).parameters, _instances(master)
        for line in exceptions:
            if line.parameters != form or _wall(line) not in instances:
                return False
            named[uid, _wall(line)] += 1
    return all(count == 1 for count in named.values())
