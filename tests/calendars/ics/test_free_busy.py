"""Busy times as bytes: every rule that concerns them, and three independent readers."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import icalendar
import vobject

from calendars.ics import Busy, FreeBusy, render_free_busy
from calendars.slots import Slot
from tests.calendars.ics.byte_feed import Feed
from tests.calendars.ics.byte_rules import ends_with_crlf, folded_by_octets, is_whole
from tests.calendars.ics.entries import LESSON, STAMP

GOLDEN = Path(__file__).parents[2] / "golden" / "room.ifb"
WITHIN = Slot(datetime(2026, 9, 7, 16, tzinfo=UTC), datetime(2026, 9, 14, 16, tzinfo=UTC))
TAKEN = (Busy(LESSON), Busy(LESSON.moved(60), tentative=True), Busy(LESSON.moved(24 * 60)))
TOLD = FreeBusy(uid="busy-1@demo.lianke", within=WITHIN, busy=TAKEN, changed_at=STAMP)


def free_busy_faults(octets: bytes) -> list[str]:
    """What is wrong with the bytes of busy times, by the rules of RFC 5545 and RFC 5546."""
    feed = Feed(octets)
    (told,) = feed.all("VFREEBUSY")
    periods = [line for line in told.lines if line.name == "FREEBUSY"]
    edges = [edge for line in periods for edge in line.value.split("/")]
    moments = edges + told.values("DTSTART") + told.values("DTEND") + told.values("DTSTAMP")
    rules = {
        "folded": folded_by_octets(feed),
        "crlf": ends_with_crlf(feed),
        "whole": is_whole(feed),
        "published": feed.calendar.values("METHOD") == ["PUBLISH"],
        "organizer": len(told.values("ORGANIZER")) == 1,
        "identified": len(told.values("UID")) == len(told.values("DTSTAMP")) == 1,
        "utc": all(re.fullmatch(r"\d{8}T\d{6}Z", moment) for moment in moments),
        "in order": edges == sorted(edges) and len(set(edges[::2])) == len(periods),
        "within": all(
            told.values("DTSTART")[0] <= edge <= told.values("DTEND")[0] for edge in edges
        ),
        "kinds": {line.parameters["FBTYPE"] for line in periods} <= {"BUSY", "BUSY-TENTATIVE"},
        "nothing else": {line.name for line in told.lines}
        <= {"UID", "DTSTAMP", "ORGANIZER", "DTSTART", "DTEND", "FREEBUSY"},
    }
    return [name for name, holds in rules.items() if not holds]


def test_busy_times_keep_their_bytes() -> None:
    assert render_free_busy(TOLD) == GOLDEN.read_bytes()
    assert free_busy_faults(render_free_busy(TOLD)) == []


def test_somebody_who_is_free_all_the_time_has_no_period() -> None:
    octets = render_free_busy(FreeBusy(uid="a", within=WITHIN, busy=(), changed_at=STAMP))
    assert free_busy_faults(octets) == []
    assert b"FREEBUSY;" not in octets


def periods_of(octets: bytes) -> list[tuple[Slot, str]]:
    """What icalendar reads."""
    (told,) = icalendar.Calendar.from_ical(octets).walk("VFREEBUSY")
    lines: Any = told.get("FREEBUSY", [])
    return [
        (Slot(*line.dt), str(line.params["FBTYPE"]))
        for line in (lines if isinstance(lines, list) else [lines])
    ]


def test_independent_readers_find_the_same_busy_times() -> None:
    octets = render_free_busy(TOLD)
    assert periods_of(octets) == [
        (each.slot, "BUSY-TENTATIVE" if each.tentative else "BUSY") for each in TAKEN
    ]
    told = vobject.readOne(octets.decode()).vfreebusy
    found = [Slot(*period) for line in told.freebusy_list for period in line.value]
    assert found == [each.slot for each in TAKEN]
