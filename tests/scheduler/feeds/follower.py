"""A client that polls one address for months, and takes every answer at its word."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from hashlib import sha256
from typing import Any

import icalendar
import recurring_ical_events
from aiohttp.test_utils import TestClient

from calendars.slots import Slot
from tests.builders import NOW
from tests.calendars.ics.byte_rules import faults
from tests.calendars.ics.test_free_busy import free_busy_faults, periods_of
from tests.scheduler.feeds.telling import Told

AGES = timedelta(days=900)
YEAR = timedelta(days=400)


@dataclass
class Follower:
    """What a client knows of the calendar at `path`: its bytes, how they are called, its events.

    `content` is whatever the calendar is made of: equal if and only if the bytes are to be.
    """

    path: str
    content: object = None
    octets: bytes = b""
    tag: str = ""
    modified: datetime = NOW
    stamps: dict[tuple[str, datetime | None], tuple[Told, list[str], int, datetime]] = field(
        default_factory=dict
    )

    async def poll(
        self, client: TestClient[Any, Any], content: object, expected: Sequence[Told]
    ) -> None:
        """Ask whether anything has changed. It must have if `content` has, and not otherwise."""
        known = {"If-None-Match": self.tag} if self.tag else {}
        answer = await client.get(self.path, headers={"Accept-Encoding": "identity"} | known)
        octets = await answer.read()
        has_changed = self.content != content
        assert answer.status == (200 if has_changed else 304), (self.content, content)
        modified = parsedate_to_datetime(answer.headers["Last-Modified"])
        if not has_changed:
            assert (answer.headers["ETag"], modified) == (self.tag, self.modified)
            return
        assert answer.headers["ETag"] == f'"{sha256(octets).hexdigest()}"' != self.tag
        if self.octets:
            assert modified > self.modified
            assert await self._is_new_by_date(client)
        self.content, self.octets = content, octets
        self.tag, self.modified = answer.headers["ETag"], modified
        assert faults(octets) == []
        taken = self._taken(octets)
        assert taken == expected, set(taken) ^ set(expected)

    async def _is_new_by_date(self, client: TestClient[Any, Any]) -> bool:
        """Whether a client that only knows dates is told of the change."""
        since = {"If-Modified-Since": self.modified.strftime("%a, %d %b %Y %H:%M:%S GMT")}
        return (await client.get(self.path, headers=since)).status == 200

    def _taken(self, octets: bytes) -> list[Told]:
        """Every occurrence, by an independent reader."""
        calendar = icalendar.Calendar.from_ical(octets)
        series = {str(event["UID"]) for event in calendar.events if "RRULE" in event}
        found = []
        for event in recurring_ical_events.of(calendar).between(NOW - AGES, NOW + AGES):
            uid, instance = str(event["UID"]), None
            if uid.startswith("series-"):
                instance = event["RECURRENCE-ID"].dt.astimezone(UTC) if uid in series else None
            told = Told(uid, instance, Slot(event.start, event.end), str(event["STATUS"]))
            self._date(told, event)
            found.append(told)
        return sorted(found, key=Told.order)

    def _date(self, told: Told, event: Any) -> None:
        """Neither falls; another time or status is a higher sequence, another word a later date."""
        key, sequence, stamp = (told.uid, told.instance), event["SEQUENCE"], event["DTSTAMP"].dt
        words = [str(event.get(name)) for name in ("SUMMARY", "LOCATION", "DESCRIPTION")]
        assert event["LAST-MODIFIED"].dt == stamp
        now = told, words, sequence, stamp
        before, words_before, sequence_before, stamp_before = self.stamps.get(key, now)
        assert sequence >= sequence_before + (before != told), (before, told)
        assert stamp >= stamp_before, (before, told)
        assert stamp > stamp_before or words == words_before, (words_before, words)
        self.stamps[key] = now


@dataclass
class BusyFollower:
    """A client that polls the busy times at `path`, and takes every answer at its word."""

    path: str
    content: object = None
    octets: bytes = b""
    tag: str = ""

    async def poll(
        self,
        client: TestClient[Any, Any],
        content: object,
        expected: Sequence[tuple[Slot, str]],
    ) -> None:
        """Ask for ever the same year. The answer may have changed only if `content` has."""
        year = {"start": f"{NOW:%Y-%m-%dT%H:%M:%SZ}", "end": f"{NOW + YEAR:%Y-%m-%dT%H:%M:%SZ}"}
        known = {"If-None-Match": self.tag} if self.tag else {}
        answer = await client.get(self.path, params=year, headers=known)
        octets = await answer.read() if answer.status == 200 else self.octets
        assert periods_of(octets) == expected
        assert (octets != self.octets) == (answer.status == 200)
        assert octets == self.octets or self.content != content
        if octets != self.octets:
            assert free_busy_faults(octets) == []
            assert not self.octets or _dated(octets) > _dated(self.octets)
        self.content, self.octets, self.tag = content, octets, answer.headers["ETag"]


def _dated(octets: bytes) -> datetime:
    told: Any = icalendar.Calendar.from_ical(octets).walk("VFREEBUSY")[0]
    moment: datetime = told["DTSTAMP"].dt
    return moment
