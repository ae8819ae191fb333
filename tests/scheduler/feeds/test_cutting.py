"""Feeds that are too large: where they are cut moves by the day, and no event lies about it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import time, timedelta
from itertools import pairwise
from typing import Any

import pytest

from calendars.series import Weekly
from scheduler.feeds import Feed, Feeds
from scheduler.model import Series, Session
from scheduler.store import Store
from tests.builders import NOW
from tests.scheduler.feeding import WISHES, add, opened, settle, write
from tests.scheduler.feeds.terms import a_series, a_term_of
from tests.scheduler.feeds.test_repeating import ALLIANCE, events, occurrences, written

WEEKS = 20
EVENT = re.compile(rb"BEGIN:VEVENT\r\n.*?END:VEVENT\r\n", re.DOTALL)
Name = tuple[bytes, bytes]
Date = tuple[int, bytes]


MOST = 25_000
"""Octets of a feed in these tests, for speed; all else holds as of a million."""


def a_large_ledger() -> tuple[Sequence[Session], Sequence[Series]]:
    """Five lessons every Tuesday of a term, every other one with a note of its own."""
    many = [
        a_series(f"s{no}", weekly=Weekly(weekday=2, starts=time(8 + no), minutes=40))
        for no in range(5)
    ]
    noted = {week: {"note": f"第{week}周，" * 150} for week in range(0, WEEKS, 2)}
    return [each for series in many for each in a_term_of(series, WEEKS, noted)], many


@pytest.fixture(autouse=True)
def _a_small_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scheduler.feeds.content.MAX_OCTETS", MOST)


def dated_events(octets: bytes) -> Iterator[tuple[Name, Date, bytes]]:
    """Every event: by which name, of which sequence and date, and its bytes."""
    for event in EVENT.findall(octets):
        lines = event.replace(b"\r\n ", b"").split(b"\r\n")
        told = dict(line.partition(b":")[::2] for line in lines)
        name = told[b"UID"], told.get(b"RECURRENCE-ID;TZID=Asia/Shanghai", b"")
        yield name, (int(told[b"SEQUENCE"]), told[b"DTSTAMP"]), event


def keeps_the_dates(feeds: Sequence[bytes]) -> bool:
    """Whether, from feed to feed, no date of an event falls, and each dates one content only."""
    known: dict[Name, tuple[Date, bytes]] = {}
    for octets in feeds:
        for name, date, event in dated_events(octets):
            date_before, event_before = known.get(name, (date, event))
            is_earlier = date[0] < date_before[0] or date[1] < date_before[1]
            if is_earlier or (date == date_before and event != event_before):
                return False
            known[name] = date, event
    return True


def test_a_long_feed_is_cut_between_sessions_and_says_where() -> None:
    sessions, many = a_large_ledger()
    content = written(sessions, *many, reader=ALLIANCE)
    assert len(content.octets) < MOST
    assert b"RRULE:FREQ=WEEKLY" not in content.octets
    mark = events(content)[-1]
    assert "篇幅所限" in mark["SUMMARY"]
    held = [slot for slot, _, place in occurrences(content) if place != "None"]
    assert held == sorted(each.slot for each in sessions)[: len(held)]
    assert mark.start == sorted(each.slot for each in sessions)[len(held)].starts


def test_no_event_changes_under_its_date_as_the_cut_moves_on() -> None:
    sessions, many = a_large_ledger()
    days = [*range(45), *range(45, 220, 5)]
    feeds: list[bytes] = []
    before = None
    for day in days:
        now = NOW + timedelta(days=day)
        before = written(sessions, *many, reader=ALLIANCE, now=now, before=before)
        if day % 30 == 0:
            anew = written(sessions, *many, reader=ALLIANCE, now=now)
            assert anew.octets == before.octets
        feeds.append(before.octets)
    assert len(set(feeds)) > 10
    assert keeps_the_dates(feeds)


def test_a_feed_that_grows_too_large_and_shrinks_again_dates_its_series_on() -> None:
    series = a_series()
    changed: dict[str, Any] = {
        "note": "长" * 20_000,
        "changed_at": NOW + timedelta(minutes=1),
        "revision": 2,
    }
    plain = a_term_of(series)
    large = [plain[0], replace(plain[1], **changed), *plain[2:]]
    again: dict[str, Any] = {"note": "短", "changed_at": NOW + timedelta(minutes=2), "revision": 3}
    small = [plain[0], replace(plain[1], **again), *plain[2:]]
    feeds = [written(each, series).octets for each in (plain, large, small)]
    assert [b"UID:series-music@" in octets for octets in feeds] == [True, False, True]
    assert keeps_the_dates(feeds)


async def test_every_process_cuts_at_the_same_place_and_moves_it_once_a_day(store: Store) -> None:
    await settle(store)
    series = a_series()
    await write(store, lambda transaction: transaction.add_series(series))
    noted = {week: {"note": f"第{week}周，" * 150} for week in range(WEEKS)}
    for session in a_term_of(series, WEEKS, noted):
        await add(store, session)
    token = await opened(store, WISHES[3])
    processes = [Feeds(store), Feeds(store)]
    told: list[Feed] = []
    start = NOW + timedelta(days=19)
    for hours in range(0, 24 * 16, 8):
        now = start + timedelta(hours=hours)
        one, other = [await each.read(token, now=now) for each in processes]
        assert (one.plain, one.tag, one.modified) == (other.plain, other.tag, other.modified)
        told.append(one)
        processes.reverse()
    changes = [before.tag != after.tag for before, after in pairwise(told)]
    assert sum(changes) == 3  # the days after three Tuesdays
    assert keeps_the_dates([each.plain for each in told])
    for before, after in pairwise(told):
        is_other = after.tag != before.tag
        assert (after.modified or 0) >= (before.modified or 0) + is_other
