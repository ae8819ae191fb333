"""VTIMEZONE, read back by an independent reader (dateutil) and held to the zone database."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from dateutil.tz import tzical
from hypothesis import example, given, settings
from hypothesis import strategies as some

from calendars.ics.zones import write_zone
from calendars.slots import Slot

ZONES = (
    "Asia/Shanghai",
    "Asia/Urumqi",
    "Europe/London",
    "Europe/Dublin",
    "America/New_York",
    "America/Santiago",
    "America/Montevideo",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "Asia/Kolkata",
    "Asia/Almaty",
    "Asia/Amman",
    "Africa/Casablanca",
    "Africa/Cairo",
    "Europe/Istanbul",
    "Asia/Gaza",
    "UTC",
)
YEARS = some.integers(2012, 2034)


def written(zone: str, first: int, last: int) -> str:
    key = ZoneInfo(zone)
    span = Slot(datetime(first, 1, 2, tzinfo=UTC), datetime(last, 12, 30, tzinfo=UTC))
    return write_zone(key, span).decode()


@settings(deadline=None)
@given(some.sampled_from(ZONES), YEARS, some.integers(0, 2), some.floats(0, 1))
@example("Asia/Almaty", 2024, 0, 0.1)
@example("Europe/Istanbul", 2017, 0, 0.5)
@example("Europe/Istanbul", 2014, 2, 0.9)
def test_every_moment_has_the_offset_of_the_zone_database(
    zone: str, first: int, more: int, part: float
) -> None:
    text = written(zone, first, first + more)
    starts = datetime(first, 1, 2, tzinfo=UTC)
    moment = starts + part * (datetime(first + more, 12, 30, tzinfo=UTC) - starts)
    local = moment.astimezone(ZoneInfo(zone))
    read = tzical(StringIO(text)).get(zone)
    assert read is not None
    # In the hour that comes twice, and the one that never comes, wall clocks settle nothing.
    near = timedelta(hours=2)
    if (
        (moment - near).astimezone(ZoneInfo(zone)).utcoffset()
        == local.utcoffset()
        == (moment + near).astimezone(ZoneInfo(zone)).utcoffset()
    ):
        assert local.replace(tzinfo=read).utcoffset() == local.utcoffset()


@settings(deadline=None)
@given(some.sampled_from(ZONES), YEARS, some.integers(0, 2))
def test_a_zone_has_a_standard_part_and_no_list_of_dates(zone: str, first: int, more: int) -> None:
    text = written(zone, first, first + more)
    assert "BEGIN:STANDARD\r\n" in text
    assert "RDATE" not in text
    assert "COMMENT" not in text


def test_shanghai_is_one_standard_part() -> None:
    assert written("Asia/Shanghai", 2026, 2027) == (
        "BEGIN:VTIMEZONE\r\nTZID:Asia/Shanghai\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"
        "TZOFFSETFROM:+0800\r\nTZOFFSETTO:+0800\r\nTZNAME:CST\r\nEND:STANDARD\r\n"
        "END:VTIMEZONE\r\n"
    )


def test_a_zone_without_events_is_written_all_the_same() -> None:
    assert write_zone(ZoneInfo("Asia/Shanghai"), None).decode() == written(
        "Asia/Shanghai", 2026, 2026
    )


@pytest.mark.parametrize(
    ("zone", "rules"),
    [
        ("Europe/London", ("3;BYDAY=-1SU", "10;BYDAY=-1SU")),
        ("America/New_York", ("3;BYDAY=2SU", "11;BYDAY=1SU")),
    ],
)
def test_summer_time_is_two_yearly_rules(zone: str, rules: tuple[str, str]) -> None:
    lines = written(zone, 2026, 2028).split("\r\n")
    assert [line for line in lines if line.startswith(("RRULE", "BEGIN:", "DTSTART"))] == [
        "BEGIN:VTIMEZONE",
        "BEGIN:DAYLIGHT",
        *(line for line in lines if line.startswith("DTSTART:197003")),
        f"RRULE:FREQ=YEARLY;BYMONTH={rules[0]}",
        "BEGIN:STANDARD",
        *(line for line in lines if line.startswith(("DTSTART:197010", "DTSTART:197011"))),
        f"RRULE:FREQ=YEARLY;BYMONTH={rules[1]}",
    ]


def test_the_years_asked_for_do_not_change_a_rule_that_holds_in_all_of_them() -> None:
    assert written("Europe/London", 2026, 2026) == written("Europe/London", 2026, 2029)


def test_a_rule_that_ends_has_an_until_in_utc() -> None:
    text = written("Europe/Istanbul", 2013, 2018)
    assert "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU;UNTIL=20141027T010000Z" in text


def test_a_turn_for_good_is_preceded_by_what_held_before() -> None:
    parts = written("Asia/Almaty", 2024, 2024).split("BEGIN:STANDARD\r\n")[1:]
    assert [part.split("\r\n")[0] for part in parts] == [
        "DTSTART:19700101T000000",
        "DTSTART:20240301T000000",
    ]
