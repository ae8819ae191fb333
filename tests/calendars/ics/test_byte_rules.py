"""The strict reader itself: it finds every single fault, and no fault in a sound calendar."""

import re
from zoneinfo import ZoneInfo

import pytest

from calendars.ics import Calendar, Repeat, render
from tests.calendars.ics.byte_rules import RULES, faults
from tests.calendars.ics.entries import LESSON, an_entry

WEEK = 7 * 24 * 60

SOUND = render(
    Calendar(name="音乐", zone=ZoneInfo("Asia/Shanghai"), when_empty="-"),
    [
        an_entry(summary="一, 二; 三" * 20),
        an_entry("second", description="a\nb"),
        an_entry(
            "weekly",
            sequence=3,
            repeats=Repeat(
                interval=1,
                last=LESSON.moved(3 * WEEK).starts,
                without=(LESSON.moved(WEEK).starts,),
            ),
        ),
        an_entry(
            "weekly",
            slot=LESSON.moved(2 * WEEK + 60),
            sequence=3,
            instead_of=LESSON.moved(2 * WEEK).starts,
            url="https://a.example/j",
            join="https://a.example/j",
            location="R1; https://a.example/j",
            description="https://a.example/j",
        ),
    ],
)
OVERRIDE = SOUND[SOUND.index(b"RECURRENCE-ID") : SOUND.rindex(b"END:VEVENT")]
EXDATE = b"EXDATE;TZID=Asia/Shanghai:20260915T140000"
INSTANCE = b"RECURRENCE-ID;TZID=Asia/Shanghai:20260922T140000"
FAULTS = [
    ("folded_by_octets", b"SUMMARY:", b"SUMMARY:" + b"x" * 80),
    ("folded_by_octets", "一".encode(), b"\xe4\xb8\r\n \x80"),
    ("ends_with_crlf", b"VERSION:2.0\r\n", b"VERSION:2.0\n"),
    ("is_whole", b"END:VCALENDAR\r\n", b""),
    ("is_whole", b"END:VCALENDAR\r\n", b"END:VCALENDAR"),
    ("is_whole", b"PRODID", b"X-PRODID"),
    ("is_whole", b"VERSION:2.0\r\n", b""),
    ("is_whole", b"END:VEVENT\r\n", b""),
    ("has_no_control_characters", b"SUMMARY:", b"SUMMARY:\x0b"),
    ("has_no_control_characters", b"SUMMARY:", b"SUMMARY:\xc2\x85"),
    ("is_small", b"SUMMARY:", b"SUMMARY:" + b"x\r\n " * 300_000),
    ("has_an_event", b"VEVENT", b"VTODO"),
    ("zones_are_declared", b"TZID:Asia/Shanghai", b"TZID:Asia/Chongqing"),
    ("zones_are_declared", b"Asia/Shanghai", b"China Standard Time"),
    ("no_time_floats", b"DTSTART;TZID=Asia/Shanghai:", b"DTSTART:"),
    ("no_time_floats", b"T140000\r\n", b"T140000Z\r\n"),
    ("no_time_floats", b"DTSTAMP:20260820T010000Z", b"DTSTAMP:20260820T010000"),
    ("shanghai_is_plain", b"TZOFFSETFROM:+0800", b"TZOFFSETFROM:+0900"),
    ("zones_are_well_formed", b"TZOFFSETTO:+0800", b"TZOFFSETTO:+080000"),
    ("zones_are_well_formed", b"TZNAME:CST", b"RDATE:19860504T000000"),
    ("zones_are_well_formed", b"TZNAME:CST", b"COMMENT:x"),
    ("zones_are_well_formed", b"STANDARD", b"DAYLIGHT"),
    ("zones_are_well_formed", b"TZOFFSETFROM:+0800\r\n", b""),
    ("rules_are_upper_case", b"STATUS:CONFIRMED", b"RRULE:freq=weekly"),
    ("rules_are_upper_case", b"STATUS:CONFIRMED", b"RRULE:FREQ=WEEKLY;UNTIL=20260908T140000"),
    ("series_begin_and_end_with_an_instance", b"UNTIL=20260929T060000Z", b"UNTIL=20260929T060001Z"),
    ("series_begin_and_end_with_an_instance", b"UNTIL=20260929T060000Z", b"UNTIL=20260901T060000Z"),
    ("series_begin_and_end_with_an_instance", b"BYDAY=TU", b"BYDAY=WE"),
    ("series_begin_and_end_with_an_instance", b"FREQ=WEEKLY", b"FREQ=SECONDLY"),
    (
        "exceptions_name_real_instances",
        EXDATE,
        EXDATE.replace(b"0915", b"0916"),
    ),
    (
        "exceptions_name_real_instances",
        EXDATE,
        b"EXDATE:20260915T060000Z",
    ),
    (
        "exceptions_name_real_instances",
        EXDATE,
        EXDATE.replace(b"0915", b"0922"),
    ),
    (
        "exceptions_name_real_instances",
        INSTANCE,
        INSTANCE.replace(b"0922", b"0923"),
    ),
    (
        "exceptions_name_real_instances",
        INSTANCE,
        b"RECURRENCE-ID;VALUE=DATE:20260922",
    ),
    ("exceptions_name_real_instances", OVERRIDE, OVERRIDE.replace(b"SEQUENCE:3", b"SEQUENCE:2")),
    ("exceptions_name_real_instances", b"RRULE:", b"X-RULE:"),
    ("links_stand_where_clients_look", b"\r\nURL:https", b"\r\nX-URL:https"),
    ("links_stand_where_clients_look", b"R1\\; https://a.example/j", b"R1"),
    ("holds_nothing_unwanted", b"RECURRENCE-ID;", b"RECURRENCE-ID;RANGE=THISANDFUTURE;"),
    ("holds_nothing_unwanted", b"CALSCALE:GREGORIAN", b"METHOD:PUBLISH"),
    ("holds_nothing_unwanted", b"STATUS:CONFIRMED", b"BEGIN:VALARM\r\nEND:VALARM"),
    ("holds_nothing_unwanted", b"STATUS:CONFIRMED", b"RDATE:20260908T140000Z"),
    ("events_are_identified", b"UID:first@", b"UID:second@"),
    ("events_are_identified", b"UID:first@", b"UID:fir/st@"),
    ("events_are_identified", b"UID:first@", b"UID:fir st@"),
    ("events_are_identified", b"UID:first@demo\r\n", b""),
    ("events_are_identified", b"LAST-MODIFIED:2026", b"LAST-MODIFIED:2027"),
    ("events_are_identified", b"SEQUENCE:0", b"SEQUENCE:"),
    ("events_say_each_thing_once", b"STATUS:CONFIRMED", b"STATUS:CONFIRMED\r\nSTATUS:CONFIRMED"),
    ("events_say_each_thing_once", b"STATUS:CONFIRMED", b"STATUS:NEEDS-ACTION"),
    ("events_say_each_thing_once", b"TRANSP:OPAQUE", b"TRANSP:BUSY"),
    ("events_end_after_they_start", b"T144000", b"T140000"),
    ("events_end_after_they_start", b"DTEND;TZID=Asia/Shanghai:20260908T144000\r\n", b""),
    ("text_is_escaped", b"\\,", b","),
    ("text_is_escaped", b"\\n", b"\\x"),
    ("calendar_says_who_it_is", b"\r\nNAME:", b"\r\nX-NAME:"),
    ("calendar_says_who_it_is", b"REFRESH-INTERVAL;VALUE=DURATION", b"REFRESH-INTERVAL"),
    ("calendar_says_who_it_is", b"X-PUBLISHED-TTL:PT1H", b"X-PUBLISHED-TTL:PT2H"),
    ("calendar_says_who_it_is", b"COLOR:steelblue", b"COLOR:#4682B4"),
]


def test_a_sound_calendar_has_no_faults() -> None:
    assert faults(SOUND) == []


@pytest.mark.parametrize(("rule", "sound", "faulty"), FAULTS)
def test_a_single_fault_is_found(rule: str, sound: bytes, faulty: bytes) -> None:
    assert sound in SOUND
    assert rule in faults(SOUND.replace(sound, faulty))


def test_every_rule_about_bytes_is_checked() -> None:
    """27 is `?expand=1`, 32 a matter of time, and 35 to 43 are about HTTP."""
    checked: set[int] = set()
    for rule in RULES:
        numbers = (rule.__doc__ or "").partition(":")[0]
        for first, last in re.findall(r"(\d+)(?: to |-)?(\d+)?", numbers):
            checked |= set(range(int(first), int(last or first) + 1))
    assert {*range(1, 27), *range(28, 32), 33, 34, *range(44, 49)} <= checked


def test_every_rule_has_a_fault_that_only_it_is_for() -> None:
    assert {rule for rule, _, _ in FAULTS} == {rule.__name__ for rule in RULES}
