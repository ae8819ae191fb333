"""How calendar programs that are not ours read a calendar, occurrence by occurrence."""

import asyncio
import fcntl
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import icalendar
import recurring_ical_events
import vobject
from ical.calendar_stream import IcsCalendarStream

from calendars.slots import Slot

FOLDER: Final = Path(__file__).parent
BIN: Final = Path(sys.executable).parent
ALWAYS: Final = (datetime(2025, 1, 1, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC))


@dataclass(frozen=True, order=True)
class Occurrence:
    """One date of one event, as a person sees it."""

    slot: Slot
    status: str
    summary: str
    location: str


async def by_icalendar(octets: bytes) -> list[Occurrence]:
    """icalendar and recurring-ical-events."""
    calendar = icalendar.Calendar.from_ical(octets)
    return sorted(
        Occurrence(
            Slot(event.start, event.end),
            str(event["STATUS"]),
            str(event["SUMMARY"]),
            str(event.get("LOCATION", "")),
        )
        for event in recurring_ical_events.of(calendar).between(*ALWAYS)
    )


async def by_ical(octets: bytes) -> list[Occurrence]:
    """The calendar core of Home Assistant."""
    found = []
    for event in IcsCalendarStream.calendar_from_ics(octets.decode()).timeline:
        assert isinstance(event.start, datetime)
        assert isinstance(event.end, datetime)
        status = "" if event.status is None else event.status.value
        slot = Slot(event.start, event.end)
        found.append(Occurrence(slot, status, event.summary or "", event.location or ""))
    return sorted(found)


async def by_vobject(octets: bytes) -> list[Occurrence]:
    """vobject, which knows no time zone but what VTIMEZONE says."""
    events = vobject.readOne(octets.decode()).vevent_list
    overrides = {
        (event.uid.value, event.recurrence_id.value): event
        for event in events
        if hasattr(event, "recurrence_id")
    }
    found = []
    for event in events:
        if hasattr(event, "recurrence_id"):
            continue
        starts = event.getrruleset(addRDate=True) if hasattr(event, "rrule") else ()
        for each in starts or (event.dtstart.value,):
            shown = overrides.get((event.uid.value, each), event)
            first = each if shown is event else shown.dtstart.value
            slot = Slot(first, first + (shown.dtend.value - shown.dtstart.value))
            location = shown.location.value if hasattr(shown, "location") else ""
            found.append(Occurrence(slot, shown.status.value, shown.summary.value, location))
    return sorted(found)


async def by_ical_js(octets: bytes) -> list[Occurrence]:
    """ical.js, the reader of Thunderbird and Nextcloud."""
    _install_ical_js()
    written = await _run(_program("node"), str(FOLDER / "read_by_ical_js.mjs"), given=octets)
    return sorted(
        Occurrence(
            Slot(datetime.fromisoformat(each["starts"]), datetime.fromisoformat(each["ends"])),
            each["status"],
            each["summary"],
            each["location"] or "",
        )
        for each in json.loads(written)
    )


async def by_vdirsyncer_and_khal(url: str, folder: Path) -> list[Occurrence]:
    """vdirsyncer fetches the calendar by HTTP, khal lists it."""
    events, settings = folder / "events", folder / "vdirsyncer.conf"
    events.mkdir(exist_ok=True)
    settings.write_text(
        _VDIRSYNCER.format(status=folder / "status", url=url, events=events), encoding="utf-8"
    )
    syncing = (str(BIN / "vdirsyncer"), "--config", str(settings))
    await _run(*syncing, "discover")
    await _run(*syncing, "sync")
    listing = folder / "khal.conf"
    listing.write_text(_KHAL.format(events=events, cache=folder / "khal.db"), encoding="utf-8")
    written = await _run(
        *(str(BIN / "khal"), "--config", str(listing), "list", "--day-format", ""),
        *("--format", "{start-long-full}|{end-long-full}|{status}|{title}|{location}"),
        *("2025-01-01", "2029-01-01"),
    )
    lines = [line.split("|") for line in written.decode().splitlines() if line]
    return sorted(
        Occurrence(Slot(_utc(starts), _utc(ends)), status.strip(), title.strip(), location.strip())
        for starts, ends, status, title, location in lines
    )


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


async def _run(*command: str, given: bytes = b"") -> bytes:
    """What a program writes; what went wrong, if it fails."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    written, wrong = await process.communicate(given)
    assert process.returncode == 0, f"{command}: {written.decode()} {wrong.decode()}"
    return written


def _program(name: str) -> str:
    """Node from the environment of the tests, or from the machine."""
    ours = BIN / name
    found = str(ours) if ours.exists() else shutil.which(name)
    assert found is not None, f"{name} is missing: `make env` installs it."
    return found


def _install_ical_js() -> None:
    """As `make env` does, where the environment was made before it did."""
    with (FOLDER / "package.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (FOLDER / "node_modules" / "ical.js").exists():
            command = (_program("npm"), "ci", "--no-audit", "--no-fund", "--prefix", str(FOLDER))
            subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own words


_VDIRSYNCER: Final = """\
[general]
status_path = "{status}"
[pair feed]
a = "service"
b = "here"
collections = null
[storage service]
type = "http"
url = "{url}"
[storage here]
type = "filesystem"
path = "{events}"
fileext = ".ics"
"""
_KHAL: Final = """\
[calendars]
[[feed]]
path = {events}
readonly = True
[locale]
timeformat = %H:%M
dateformat = %Y-%m-%d
longdateformat = %Y-%m-%d
datetimeformat = %Y-%m-%dT%H:%M
longdatetimeformat = %Y-%m-%dT%H:%M
default_timezone = UTC
local_timezone = UTC
[sqlite]
path = {cache}
"""
