"""Whole calendars: their bytes (`tests/golden`), the rules of bytes, three independent readers."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events
import vobject
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as some
from ical.calendar_stream import IcsCalendarStream

from calendars.ics import Calendar, Color, Entry, Status, render
from calendars.slots import Slot
from calendars.text import InvalidValueError
from tests.calendars.ics.byte_rules import faults
from tests.calendars.ics.entries import LESSON, STAMP, an_entry

ALL = Slot(datetime(2019, 1, 1, tzinfo=UTC), datetime(2037, 1, 1, tzinfo=UTC))
GOLDEN = Path(__file__).parents[2] / "golden"
ZONES = ("Asia/Shanghai", "Europe/London", "America/New_York", "Australia/Lord_Howe", "UTC")
PRINTABLE = some.text(some.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=90)
ANYTHING = some.text(some.characters(codec=None, exclude_categories=()), max_size=90)


def a_calendar(
    zone: str = "Asia/Shanghai", *, name: str = "音乐", description: str = ""
) -> Calendar:
    return Calendar(name=name, zone=ZoneInfo(zone), when_empty="暂无活动", description=description)


FULL = an_entry(
    "0f3c",
    summary="[待确认] 同步课·音乐·三年级·听讲·第3节·有效35分钟 (天府一小→金沙小学, 城北小学)",
    status=Status.TENTATIVE,
    sequence=2,
    changed_at=STAMP + timedelta(days=1, seconds=7),
    location="金沙小学 互动教室1; 天府一小 录播室; https://meeting.example.cn/j/123",
    description="三年级音乐: 葫芦丝\n听讲: 金沙小学·第3节\n备注: 反斜杠 \\ 与逗号, 分号;",
    url="https://meeting.example.cn/j/123?lang=zh,en;x=1",
    categories=("同步课", "一, 二"),
)
CANCELLED = an_entry(
    "7a11",
    slot=LESSON.moved(24 * 60),
    summary="[已取消] 联合教研",
    status=Status.CANCELLED,
    sequence=1,
    transparent=True,
)
LONDON = [
    an_entry("summer", slot=Slot.lasting(datetime(2026, 10, 23, 8, 0, tzinfo=UTC), 40)),
    an_entry("winter", slot=Slot.lasting(datetime(2026, 10, 26, 9, 0, tzinfo=UTC), 40)),
    an_entry("twice", slot=Slot.lasting(datetime(2026, 10, 25, 1, 10, tzinfo=UTC), 40)),
]


@pytest.mark.parametrize(
    ("file", "octets"),
    [
        (
            "shanghai.ics",
            render(
                Calendar(
                    name="金沙小学, 同步课表",
                    zone=ZoneInfo("Asia/Shanghai"),
                    when_empty="-",
                    description="过去 60 天和今后的活动。",
                    color=Color.SEAGREEN,
                ),
                [CANCELLED, FULL],
            ),
        ),
        ("empty.ics", render(a_calendar(), [])),
        ("london.ics", render(a_calendar("Europe/London", name="Music"), LONDON)),
    ],
)
def test_a_calendar_keeps_its_bytes(file: str, octets: bytes) -> None:
    assert octets == (GOLDEN / file).read_bytes()
    assert faults(octets) == []


def test_the_order_in_which_entries_are_found_changes_nothing() -> None:
    assert render(a_calendar(), [FULL, CANCELLED]) == render(a_calendar(), [CANCELLED, FULL])


@pytest.mark.parametrize("uid", ["", "a b", "a/b", "a\\b", "a,b", "a;b", "a\nb"])
def test_a_uid_that_clients_refuse_cannot_exist(uid: str) -> None:
    with pytest.raises(InvalidValueError, match="uid"):
        Entry(uid=uid, slot=LESSON, summary="", created_at=STAMP, changed_at=STAMP)


moments = some.datetimes(
    datetime(2020, 1, 3),  # noqa: DTZ001 - the strategy adds the zone
    datetime(2035, 12, 20),  # noqa: DTZ001
    timezones=some.just(UTC),
).map(lambda moment: moment.replace(microsecond=0))


@dataclass(frozen=True)
class Read:
    """What a reader must find of an entry."""

    uid: str
    slot: Slot
    summary: str


def sought(entries: list[Entry]) -> list[Read]:
    return sorted(
        (Read(each.uid, each.slot, each.summary) for each in entries), key=lambda each: each.uid
    )


def by_icalendar(octets: bytes) -> list[Read]:
    """Every occurrence that icalendar and recurring-ical-events see."""
    calendar = icalendar.Calendar.from_ical(octets)
    found = recurring_ical_events.of(calendar).between(ALL.starts, ALL.ends)
    return [
        Read(str(event["UID"]), Slot(event.start, event.end), str(event["SUMMARY"]))
        for event in found
    ]


def by_vobject(octets: bytes) -> list[Read]:
    """vobject reads VTIMEZONE itself, with no zone database."""
    calendar = vobject.readOne(octets.decode())
    return [
        Read(event.uid.value, Slot(event.dtstart.value, event.dtend.value), event.summary.value)
        for event in calendar.vevent_list
    ]


def by_ical(octets: bytes) -> list[Read]:
    calendar = IcsCalendarStream.calendar_from_ics(octets.decode())
    return [
        Read(event.uid or "", Slot(event.start, event.end), event.summary or "")
        for event in calendar.events
        if isinstance(event.start, datetime)
        if isinstance(event.end, datetime)
    ]


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    some.sampled_from(ZONES),
    some.lists(
        some.builds(
            an_entry,
            some.uuids().map(str),
            slot=some.builds(Slot.lasting, moments, some.integers(10, 240)),
            summary=PRINTABLE,
        ),
        min_size=1,
        max_size=6,
        unique_by=lambda entry: entry.uid,
    ),
)
@example("Europe/London", LONDON)
def test_independent_readers_find_every_entry_when_it_is(zone: str, entries: list[Entry]) -> None:
    octets = render(a_calendar(zone), entries)
    for read in (by_icalendar, by_vobject, by_ical):
        assert sorted(read(octets), key=lambda each: each.uid) == sought(entries), read.__name__


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    some.sampled_from(ZONES),
    some.lists(
        some.builds(
            an_entry,
            some.uuids().map(str),
            summary=ANYTHING,
            location=ANYTHING,
            description=ANYTHING,
            url=ANYTHING,
            categories=some.tuples(ANYTHING),
        ),
        max_size=3,
        unique_by=lambda entry: entry.uid,
    ),
    ANYTHING,
)
def test_whatever_people_write_the_bytes_stay_sound(
    zone: str, entries: list[Entry], words: str
) -> None:
    octets = render(a_calendar(zone, name="x" + words, description=words), entries)
    assert faults(octets) == []
    assert len(icalendar.Calendar.from_ical(octets).events) == max(1, len(entries))


def test_the_second_of_two_equal_hours_is_told_from_the_first() -> None:
    octets = render(a_calendar("Europe/London"), LONDON)
    assert b"UID:twice@demo\r\n" in octets
    assert b"DTSTART:20261025T011000Z\r\nDTEND:20261025T015000Z\r\n" in octets


def test_a_calendar_without_events_has_one_that_takes_no_time() -> None:
    event = icalendar.Calendar.from_ical(render(a_calendar(), [])).events[0]
    assert (event["SUMMARY"], event["TRANSP"]) == ("暂无活动", "TRANSPARENT")
