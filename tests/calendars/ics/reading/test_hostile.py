"""Whatever is sent, the reader answers, in bounded time: with a reading or with a refusal."""

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from calendars.ics.reading import (
    MAX_OCCURRENCES,
    Reason,
    UnreadableCalendarError,
)
from tests.calendars.ics.reading.calendars import TERM, a_calendar, read

LONG = 30.0
"""Seconds that no answer takes, on a busy machine: nothing hostile below would ever end."""

NAMES = some.sampled_from(
    [
        *("DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "EXRULE", "UID", "STATUS"),
        *("RECURRENCE-ID", "SEQUENCE", "TRANSP", "BEGIN", "END", "TZID", "TZOFFSETTO", "FREEBUSY"),
    ]
)
PIECES = some.sampled_from(
    [
        *("20260908T010000Z", "20260908", "99991231T235959", "00010101T000000", "16010101T000000"),
        *("PT1H", "-PT1H", "P9999W", "PT9999999M", "P1D", "VEVENT", "VTIMEZONE", "STANDARD"),
        *("FREQ=YEARLY;BYDAY=1SU", "FREQ=DAILY;COUNT=99999999", "FREQ=WEEKLY;INTERVAL=9999"),
        *("VCALENDAR", "CANCELLED", "TRANSPARENT", "+0800", "-2359", "/", ",", ";", "=", ":", '"'),
        *("\\", "\u2028", "\x0b", "\ud800", "2147483648", "-0"),
    ]
)
PARAMETERS = some.sampled_from(
    [
        *("", ";VALUE=DATE", ";TZID=Asia/Shanghai", ";TZID=../../../etc/passwd", ';TZID="'),
        *(";RANGE=THISANDFUTURE", ";TZID=" + "x" * 300, ";TZID=posix", ";=", ";TZID=\0"),
    ]
)
LINES = some.builds(
    lambda name, parameters, pieces: f"{name}{parameters}:{''.join(pieces)}",
    NAMES,
    PARAMETERS,
    some.lists(PIECES, max_size=3),
)


def answer_to(octets: bytes) -> None:
    try:
        reading = read(octets)
    except UnreadableCalendarError as error:
        assert error.text.zh != error.text.en  # noqa: PT017 - a refusal is as good as a reading
        return
    assert reading.occurrences <= MAX_OCCURRENCES
    assert list(reading.busy) == sorted(reading.busy)
    assert all(TERM.contains(slot) for slot in reading.busy)
    assert all(
        one.ends < other.starts for one, other in zip(reading.busy, reading.busy[1:], strict=False)
    )


@settings(max_examples=300)
@given(some.lists(LINES, max_size=25))
def test_any_lines_are_answered(lines: list[str]) -> None:
    body = "\r\n".join(["BEGIN:VEVENT", *lines, "END:VEVENT"])
    answer_to(f"BEGIN:VCALENDAR\r\n{body}\r\nEND:VCALENDAR\r\n".encode(errors="surrogatepass"))


@settings(max_examples=200)
@given(some.binary(max_size=300))
def test_any_octets_are_answered(octets: bytes) -> None:
    answer_to(octets)
    answer_to(b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n" + octets)
    answer_to(a_calendar("DTSTART:20260908").replace(b"20260908", octets))


MANY_DATES = ",".join(["20260101"] * 400_000)


@pytest.mark.parametrize(
    "octets",
    [
        a_calendar("UID:1|DTSTART:19700101T000000Z|DURATION:PT1S|RRULE:FREQ=SECONDLY"),
        a_calendar("UID:1|DTSTART:00010101T000000|DURATION:PT1H|RRULE:FREQ=DAILY;COUNT=999999999"),
        a_calendar(
            *["DTSTART:19000101|RRULE:FREQ=YEARLY;COUNT=9999;BYMONTHDAY=30;BYMONTH=2"] * 9_000
        ),
        a_calendar(*["UID:1|SEQUENCE:1|DTSTART:20260908|RECURRENCE-ID:20260908"] * 15_000),
        a_calendar(*[f"UID:1|SEQUENCE:{no}|DTSTART:20260908" for no in range(15_000)]),
        a_calendar(f"UID:1|DTSTART:20260908|RRULE:FREQ=DAILY|EXDATE:{MANY_DATES}"),
        a_calendar(*["DTSTART:20260908|EXDATE:20260101,20260102,20260103"] * 15_000),
        a_calendar(
            *[f"DTSTART;TZID=Z{no}:20260908T010000|DURATION:PT1H" for no in range(900)],
            before="".join(
                f"BEGIN:VTIMEZONE\r\nTZID:Z{no}\r\nBEGIN:STANDARD\r\nDTSTART:00010101T000000\r\n"
                "TZOFFSETFROM:+0000\r\nTZOFFSETTO:+0100\r\nRRULE:FREQ=DAILY;COUNT=999999\r\n"
                "END:STANDARD\r\nEND:VTIMEZONE\r\n"
                for no in range(900)
            ),
        ),
        b"BEGIN:VCALENDAR\r\n" + b"BEGIN:X\r\nEND:Y\r\n" * 300_000,
        b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nRRULE" + b";" * 4_000_000,
        b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n" + b"\r\n " * 1_500_000,
        b"BEGIN:VCALENDAR\r\n" + b" \t" * 2_000_000,
    ],
    ids=range(12),
)
def test_a_bomb_costs_a_bounded_number_of_steps(octets: bytes) -> None:
    started = time.monotonic()
    answer_to(octets)
    assert time.monotonic() - started < LONG


def test_a_calendar_is_never_taken_for_the_name_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret.ics"
    file.write_bytes(a_calendar("UID:1|DTSTART:20260908T010000Z|DURATION:PT1H"))
    with pytest.raises(UnreadableCalendarError):
        read(str(file).encode())


def test_a_zone_is_never_taken_for_the_name_of_a_file() -> None:
    event = "UID:1|DTSTART;TZID=../../../../etc/localtime:20260908T010000|DURATION:PT1H"
    assert [each.reason for each in read(a_calendar(event)).remarks] == [Reason.UNKNOWN_ZONE]
