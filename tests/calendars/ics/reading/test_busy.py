"""What the events of a foreign calendar take, and what is said of those that take nothing."""

from zoneinfo import ZoneInfo

import pytest

from calendars.ics.reading import Reason, Refusal, UnreadableCalendarError
from calendars.slots import Slot
from tests.calendars.ics.reading.calendars import a_calendar, read, reasons, taken, told, utc

PLAIN = "UID:1|DTSTART:20260908T010000Z|DTEND:20260908T020000Z"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("DTSTART:20260908T010000Z|DTEND:20260908T020000Z", "09-08 09:00-10:00"),
        ("DTSTART:20260908T090000|DURATION:PT45M", "09-08 09:00-09:45"),
        ("DTSTART;TZID=Europe/London:20260908T020000|DURATION:PT1H", "09-08 09:00-10:00"),
        ("DTSTART;TZID=asia/shanghai:20260908T090000|DURATION:PT1H", "09-08 09:00-10:00"),
        ("DTSTART;TZID=China Standard Time:20260908T090000|DURATION:PT1H", "09-08 09:00-10:00"),
        ('DTSTART;TZID="Tokyo Standard Time":20260908T100000|DURATION:PT1H', "09-08 09:00-10:00"),
        (
            "DTSTART;TZID=/vendor.org/x/Asia/Tokyo:20260908T100000|DURATION:PT1H",
            "09-08 09:00-10:00",
        ),
        ("DTSTART;VALUE=DATE:20261001|DTEND;VALUE=DATE:20261003", "10-01 00:00-10-03 00:00"),
        ("DTSTART;VALUE=DATE:20261001", "10-01 00:00-10-02 00:00"),
        ("DTSTART;VALUE=DATE:20261001|DURATION:P1W", "10-01 00:00-10-08 00:00"),
        ("DTSTART:20260908T2300|DTEND:20260909T0100", "09-08 23:00-09-09 01:00"),
        ("dtstart:20260908t010000z|dtend:20260908t020000z", "09-08 09:00-10:00"),
        ("DTSTART:20260830T090000|DTEND:20260902T090000", "09-01 00:00-09-02 09:00"),
    ],
)
def test_an_event_takes_its_time(lines: str, expected: str) -> None:
    assert taken(f"UID:1|{lines}") == [expected]


def test_touching_and_overlapping_events_are_one_stretch() -> None:
    events = ("01", "02"), ("02", "03"), ("0230", "0245"), ("05", "06")
    lines = [
        f"UID:{no}|DTSTART:20260908T{starts:0<6}Z|DTEND:20260908T{ends:0<6}Z"
        for no, (starts, ends) in enumerate(events)
    ]
    reading = read(a_calendar(*lines))
    assert told(reading) == ["09-08 09:00-11:00", "09-08 13:00-14:00"]
    assert (reading.events, reading.occurrences, reading.remarks) == (4, 4, ())


def test_what_stands_after_a_calendar_is_passed_over() -> None:
    after = b"X-SIGNED:by a mail program\r\nBEGIN:VTODO\r\nUID:2\r\nEND:VTODO\r\n"
    assert told(read(a_calendar(PLAIN) + after)) == ["09-08 09:00-10:00"]


def test_only_the_window_is_taken() -> None:
    assert taken("UID:1|DTSTART:20250908T090000|DURATION:PT1H") == []
    assert taken("UID:1|DTSTART:18010908T090000|DURATION:PT1H|RRULE:FREQ=YEARLY") == [
        "09-08 09:00-10:00"
    ]
    hour = Slot(utc(2026, 9, 8, 1, 30), utc(2026, 9, 8, 1, 45))
    assert told(read(a_calendar(PLAIN), window=hour)) == ["09-08 09:30-09:45"]


def test_each_event_is_in_its_own_zone_whatever_zone_stands_first() -> None:
    zones = "BEGIN:VTIMEZONE\r\nTZID:Europe/London\r\nEND:VTIMEZONE\r\n"
    assert taken(
        "UID:1|DTSTART;TZID=Asia/Shanghai:20260908T090000|DURATION:PT1H",
        "UID:2|DTSTART:20260909T090000|DURATION:PT1H",
        before=zones,
    ) == ["09-08 09:00-10:00", "09-09 09:00-10:00"]


def a_zone(name: str, offset: str, *, summer: str = "") -> str:
    """A VTIMEZONE; `summer` is its offset from the last Sunday of March to that of October."""
    turns = "RRULE:FREQ=YEARLY;BYMONTH={};BYDAY=-1SU\r\n"
    parts = [("STANDARD", "000000", summer or offset, offset, turns.format(10) if summer else "")]
    if summer:
        parts.append(("DAYLIGHT", "020000", offset, summer, turns.format(3)))
    written = (
        f"BEGIN:{kind}\r\nDTSTART:16010101T{at}\r\nTZOFFSETFROM:{before}\r\n"
        f"TZOFFSETTO:{after}\r\n{rule}END:{kind}\r\n"
        for kind, at, before, after, rule in parts
    )
    return f"BEGIN:VTIMEZONE\r\nTZID:{name}\r\n{''.join(written)}END:VTIMEZONE\r\n"


def test_a_name_that_nobody_knows_is_what_the_file_says_it_is() -> None:
    name = "Somewhere"
    event = f'UID:1|DTSTART;TZID="{name}":20260908T064500|DTEND;TZID={name}:20260908T074500'
    assert taken(event, before=a_zone(name, "+0545")) == ["09-08 09:00-10:00"]
    assert reasons(event, before=a_zone(name, "+0545")) == {}
    assert taken(event) == ["09-08 06:45-07:45"]
    assert reasons(event) == {Reason.UNKNOWN_ZONE: 1}


def test_a_defined_zone_turns_its_clocks() -> None:
    before = a_zone("Ours", "+0100", summer="+0200")
    events = [
        "UID:1|DTSTART;TZID=Ours:20261020T030000|DURATION:PT1H",
        "UID:2|DTSTART;TZID=Ours:20261103T020000|DURATION:PT1H",
    ]
    assert taken(*events, before=before) == ["10-20 09:00-10:00", "11-03 09:00-10:00"]


def test_a_known_zone_wins_over_what_the_file_says_of_it() -> None:
    event = "UID:1|DTSTART;TZID=Asia/Shanghai:20260908T090000|DURATION:PT1H"
    wrong, right = a_zone("Asia/Shanghai", "+0900"), a_zone("Asia/Shanghai", "+0800")
    assert taken(event, before=wrong) == ["09-08 09:00-10:00"]
    assert reasons(event, before=wrong) == {Reason.ZONE_CONTRADICTS: 1}
    assert reasons(event, before=right) == {}


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ("STATUS:CANCELLED|DTSTART:20260908T010000Z|DURATION:PT1H", Reason.CANCELLED),
        ("TRANSP:TRANSPARENT|DTSTART:20260908T010000Z|DURATION:PT1H", Reason.FREE),
        ("X-MICROSOFT-CDO-BUSYSTATUS:FREE|DTSTART:20260908T010000Z|DURATION:PT1H", Reason.FREE),
        ("DTSTART:20260908T010000Z", Reason.NO_LENGTH),
        ("DTSTART:20260908T010000Z|DTEND:20260908T010000Z", Reason.NO_LENGTH),
        ("DTSTART:20260908T010000Z|DTEND:20260908T000000Z", Reason.ENDS_FIRST),
        ("DTSTART:20260908T010000Z|DURATION:-PT1H", Reason.ENDS_FIRST),
        ("DTEND:20260908T010000Z", Reason.NO_START),
        ("DTSTART:20261308T010000Z|DURATION:PT1H", Reason.ODD_VALUE),
        ("DTSTART:next Tuesday|DURATION:PT1H", Reason.ODD_VALUE),
        ("DTSTART:20260908T010000Z|DURATION:P", Reason.ODD_VALUE),
        ("DTSTART:20260908T010000Z|DTEND:99991231T235959Z", Reason.ODD_VALUE),
    ],
)
def test_what_takes_no_time_is_left_out_and_said(lines: str, reason: Reason) -> None:
    assert taken(f"UID:1|{lines}", PLAIN.replace("UID:1", "UID:2")) == ["09-08 09:00-10:00"]
    assert reasons(f"UID:1|{lines}") == {reason: 1}


def test_a_remark_names_how_many_and_the_first_line_and_no_title() -> None:
    private = "SUMMARY:医院|DESCRIPTION:秘密|STATUS:CANCELLED|DTSTART:20260908T010000Z"
    reading = read(a_calendar(PLAIN, private, f"{private}|X-A:1"))
    (remark,) = reading.remarks
    assert (remark.events, remark.line) == (2, 8)
    assert remark.sentence.zh == "2 项日程（首见第 8 行）：已取消，不占用时间。"
    assert remark.sentence.en == "2 events (first on line 8): cancelled: takes no time."
    assert "秘密" not in repr(reading)


def test_exceptions_leave_their_dates_free() -> None:
    weekly = "DTSTART:20260908T010000Z|DURATION:PT1H|RRULE:FREQ=WEEKLY;COUNT=4"
    assert taken(f"UID:1|{weekly}|EXDATE:20260915T010000Z,20260922T010000Z") == [
        "09-08 09:00-10:00",
        "09-29 09:00-10:00",
    ]
    assert len(taken(f"UID:1|{weekly}|EXDATE;TZID=Asia/Tokyo:20260915T100000")) == 3
    assert len(taken(f"UID:1|{weekly}|EXDATE;VALUE=DATE:20260915")) == 3
    assert len(taken(f"UID:1|{weekly}|EXDATE:20260915T020000Z")) == 4
    assert len(taken(f"UID:1|{weekly}|EXRULE:FREQ=WEEKLY;INTERVAL=2")) == 2


def test_further_dates_are_taken_and_periods_with_their_own_length() -> None:
    event = "UID:1|DTSTART:20260908T010000Z|DURATION:PT1H"
    period = "RDATE;VALUE=PERIOD:20260911T010000Z/PT2H,20260912T010000Z/20260912T013000Z"
    assert taken(f"{event}|RDATE:20260910T010000Z|{period}") == [
        "09-08 09:00-10:00",
        "09-10 09:00-10:00",
        "09-11 09:00-11:00",
        "09-12 09:00-09:30",
    ]


def test_an_event_for_one_date_stands_for_that_date() -> None:
    series = "UID:1|DTSTART:20260908T010000Z|DURATION:PT1H|RRULE:FREQ=WEEKLY;COUNT=3"
    moved = "UID:1|RECURRENCE-ID:20260915T010000Z|DTSTART:20260916T050000Z|DURATION:PT2H"
    off = "UID:1|RECURRENCE-ID;TZID=Asia/Shanghai:20260922T090000|STATUS:CANCELLED"
    expected = ["09-08 09:00-10:00", "09-16 13:00-15:00"]
    assert taken(series, moved, off) == expected
    assert taken(off, moved, series) == expected
    assert reasons(series, moved, off) == {Reason.CANCELLED: 1}


def test_a_change_of_all_following_dates_is_said_to_change_one() -> None:
    series = "UID:1|DTSTART:20260908T010000Z|DURATION:PT1H|RRULE:FREQ=WEEKLY;COUNT=3"
    moved = "UID:1|RECURRENCE-ID;RANGE=THISANDFUTURE:20260915T010000Z"
    event = f"{moved}|DTSTART:20260915T030000Z|DURATION:PT1H"
    assert taken(series, event) == ["09-08 09:00-10:00", "09-15 11:00-12:00", "09-22 09:00-10:00"]
    assert reasons(series, event) == {Reason.ONE_DATE_ONLY: 1}


def test_of_several_versions_the_last_counts() -> None:
    old, new = f"{PLAIN}|SEQUENCE:1", "UID:1|SEQUENCE:2|DTSTART:20260909T010000Z|DURATION:PT1H"
    assert taken(new, old) == ["09-09 09:00-10:00"]
    assert reasons(new, old) == {Reason.SUPERSEDED: 1}


def test_different_events_with_one_uid_are_all_taken() -> None:
    other = "UID:1|DTSTART:20260909T010000Z|DURATION:PT1H"
    assert taken(PLAIN, other) == ["09-08 09:00-10:00", "09-09 09:00-10:00"]
    assert reasons(PLAIN, other) == {Reason.SAME_NAME: 1}


def test_events_without_a_uid_are_no_versions_of_each_other() -> None:
    events = [f"DTSTART:202609{day:02}T010000Z|DURATION:PT1H" for day in (8, 9)]
    assert taken(*events) == ["09-08 09:00-10:00", "09-09 09:00-10:00"]
    assert reasons(*events) == {}


def test_an_alarm_within_an_event_is_not_the_event() -> None:
    alarm = "BEGIN:VALARM|TRIGGER:-PT15M|DURATION:PT9H|STATUS:CANCELLED|END:VALARM"
    assert taken(f"{alarm}|{PLAIN}") == ["09-08 09:00-10:00"]


def test_free_busy_lists_are_read_too() -> None:
    listed = (
        "BEGIN:VFREEBUSY\r\nFREEBUSY:20260908T010000Z/20260908T020000Z,20260909T010000Z/PT1H\r\n"
        "FREEBUSY;FBTYPE=FREE:20260910T010000Z/PT1H\r\nFREEBUSY:odd\r\nEND:VFREEBUSY\r\n"
    )
    assert taken(before=listed) == ["09-08 09:00-10:00", "09-09 09:00-10:00"]
    assert reasons(before=listed) == {Reason.ODD_VALUE: 1}


def test_what_lies_outside_the_window_is_left_out() -> None:
    listed = "BEGIN:VFREEBUSY\r\nFREEBUSY:20250908T010000Z/PT1H\r\nEND:VFREEBUSY\r\n"
    assert taken(before=listed) == []
    event = "UID:1|DTSTART:20260908T090000|DURATION:PT1H|RDATE:20250908T090000,20260909T090000"
    assert taken(event) == ["09-08 09:00-10:00", "09-09 09:00-10:00"]


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ("EXDATE:20260909T010000Z,tomorrow,20261308T010000Z", Reason.ODD_DATE),
        ("EXDATE;VALUE=DATE:20260909,00000000", Reason.ODD_DATE),
        ("RDATE:20260909,monday", Reason.ODD_DATE),
        ("RDATE;VALUE=PERIOD:20260909T010000Z/-PT1H,20260910T010000Z/x", Reason.ODD_DATE),
        ("RRULE:FREQ=DAILY;UNTIL=20261301T000000Z", Reason.ODD_RULE),
    ],
)
def test_an_event_stays_where_a_date_of_its_exceptions_cannot_be_read(
    lines: str, reason: Reason
) -> None:
    event = f"{PLAIN}|{lines}"
    assert taken(event)[0] == "09-08 09:00-10:00"
    assert reasons(event) == {reason: 1}


def test_a_count_beyond_all_measure_never_ends() -> None:
    event = f"{PLAIN}|RRULE:FREQ=DAILY;COUNT=1000000000"
    assert (len(taken(event)), reasons(event)) == (146, {})


def test_an_empty_calendar_is_one() -> None:
    assert (read(a_calendar()).busy, read(a_calendar()).events) == ((), 0)


@pytest.mark.parametrize(
    "octets",
    [
        a_calendar(PLAIN),
        a_calendar(PLAIN).replace(b"\r\n", b"\n"),
        a_calendar(PLAIN).replace(b"\r\n", b"\r"),
        b"\r\n\r\n" + a_calendar(PLAIN),
        a_calendar(PLAIN).decode().encode("utf-8-sig"),
        a_calendar(PLAIN).decode().encode("utf-16"),
        a_calendar(PLAIN).decode().encode("utf-16-le"),
        a_calendar(PLAIN).decode().encode("utf-16-be"),
        a_calendar(f"{PLAIN}|SUMMARY:三年级音乐").decode().encode("gb18030"),
        f"\ufeff{a_calendar(f'{PLAIN}|SUMMARY:音乐').decode()}".encode("gb18030"),
        b"\xef\xbb\xbf" + a_calendar(PLAIN).decode().encode("utf-8-sig"),
        a_calendar(PLAIN).replace(b"DTSTART:2026", b"DTSTART:20\r\n 26"),
        a_calendar(PLAIN) + a_calendar("UID:2|DTSTART:20260908T013000Z|DURATION:PT30M"),
        a_calendar(PLAIN) + b"\r\n\x00trailing",
    ],
)
def test_a_calendar_is_read_however_it_is_written(octets: bytes) -> None:
    assert told(read(octets)) == ["09-08 09:00-10:00"]
    assert read(octets).remarks == ()


def test_broken_characters_take_nothing_from_the_times() -> None:
    octets = a_calendar(f"{PLAIN}|SUMMARY:XX").replace(b"XX", b"\xff\xfe\x81")
    assert told(read(octets)) == ["09-08 09:00-10:00"]
    assert [each.reason for each in read(octets).remarks] == [Reason.ODD_CHARACTERS]


@pytest.mark.parametrize(
    ("octets", "refusal"),
    [
        (b"", Refusal.EMPTY),
        (b" \r\n\xef\xbb\xbf", Refusal.EMPTY),
        (b"<!DOCTYPE html><html><body>Sign in</body></html>", Refusal.WEB_PAGE),
        ("\n<HTML lang='zh'>请登录</HTML>".encode(), Refusal.WEB_PAGE),
        (b'{"error": "unauthorized"}', Refusal.NOT_A_CALENDAR),
        (b"BEGIN:VCARD\r\nEND:VCARD\r\n", Refusal.NOT_A_CALENDAR),
        (b"BEGIN:VCALENDARS\r\n", Refusal.NOT_A_CALENDAR),
        (a_calendar(PLAIN)[:-15], Refusal.TRUNCATED),
        (a_calendar(PLAIN)[:80], Refusal.TRUNCATED),
        (b"BEGIN:VCALENDAR\r\n" * 30, Refusal.TOO_DEEP),
        (a_calendar() + b" " * 5_000_000, Refusal.TOO_LARGE),
        (a_calendar(*["UID:1"] * 20_001), Refusal.TOO_MANY_EVENTS),
        (
            a_calendar(*["DTSTART:20260901T000000Z|DURATION:PT1H|RRULE:FREQ=DAILY"] * 200),
            Refusal.TOO_MANY_OCCURRENCES,
        ),
    ],
)
def test_what_is_no_whole_calendar_is_refused_in_words(octets: bytes, refusal: Refusal) -> None:
    with pytest.raises(UnreadableCalendarError) as refused:
        read(octets)
    assert refused.value.refusal is refusal
    assert refused.value.text.zh != refused.value.text.en


def test_an_event_that_never_ends_is_left_out_and_the_rest_is_read() -> None:
    broken = "UID:2|DTSTART:20260909T010000Z|DURATION:PT1H|BEGIN:VALARM"
    assert told(read(a_calendar(PLAIN, broken))) == ["09-08 09:00-10:00", "09-09 09:00-10:00"]
    unclosed = a_calendar(PLAIN, "UID:2|DTSTART:20260909T010000Z|DURATION:PT1H")
    octets = unclosed.removesuffix(b"END:VEVENT\r\nEND:VCALENDAR\r\n") + b"END:VCALENDAR\r\n"
    assert told(read(octets)) == ["09-08 09:00-10:00"]
    assert [each.reason for each in read(octets).remarks] == [Reason.ODD_VALUE]


def test_a_gap_or_a_fold_of_the_clock_is_bridged() -> None:
    london = ZoneInfo("Europe/London")
    window = Slot(utc(2026, 3, 1), utc(2026, 11, 30))
    events = [
        "UID:1|DTSTART;TZID=Europe/London:20260329T013000|DTEND;TZID=Europe/London:20260329T023000",
        "UID:2|DTSTART;TZID=Europe/London:20261025T013000|DTEND;TZID=Europe/London:20261025T023000",
        "UID:3|DTSTART;VALUE=DATE:20261025",
    ]
    reading = read(a_calendar(*events), zone=london, window=window)
    assert reading.busy == (Slot(utc(2026, 10, 24, 23), utc(2026, 10, 26)),)
    assert [each.reason for each in reading.remarks] == [Reason.NO_LENGTH]
    assert read(a_calendar(events[1]), zone=london, window=window).busy == (
        Slot(utc(2026, 10, 25, 0, 30), utc(2026, 10, 25, 2, 30)),
    )
