"""Repetition is as two other libraries have it, and costs a bounded number of steps."""

from datetime import UTC, date, datetime, timedelta
from itertools import takewhile
from typing import Any

import icalendar
import pytest
import recurring_ical_events
from dateutil.rrule import rrulestr
from hypothesis import assume, given, settings
from hypothesis import strategies as some

from calendars.ics.reading.recurrence import Budget, RuleError, expand, parse_rule
from calendars.ics.reading.report import Reason
from tests.calendars.ics.reading.calendars import TERM, a_calendar, read, reasons, taken

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
STARTS = datetime(2026, 9, 1, 9, 30)  # noqa: DTZ001 - a wall clock has no zone
UNTIL = datetime(2029, 1, 1)  # noqa: DTZ001 - as above


def dates_of(rule: str, starts: datetime = STARTS, until: datetime = UNTIL) -> list[datetime]:
    return list(expand(parse_rule(rule), starts, (starts, until), Budget(1_000_000)))


def the_others(rule: str, starts: datetime = STARTS, until: datetime = UNTIL) -> list[datetime]:
    """What dateutil says."""
    return list(takewhile(lambda each: each <= until, iter(rrulestr(rule, dtstart=starts))))


@pytest.mark.parametrize(
    "rule", ["FREQ=DAILY;INTERVAL=900", "FREQ=MONTHLY;INTERVAL=90", "FREQ=YEARLY;INTERVAL=90"]
)
def test_a_rule_without_end_ends_with_the_years_that_calendars_know(rule: str) -> None:
    found = dates_of(rule, until=datetime(9999, 12, 31))  # noqa: DTZ001 - as above
    assert found[0] == STARTS
    assert found == the_others(rule, until=found[-1])


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY",
        "FREQ=DAILY;INTERVAL=3;COUNT=7",
        "FREQ=DAILY;BYMONTH=9,10;BYDAY=MO,TU",
        "FREQ=DAILY;BYHOUR=8,14;BYMINUTE=0,30;COUNT=9",
        "FREQ=WEEKLY",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=MO",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU",
        "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;COUNT=20",
        "FREQ=MONTHLY",
        "FREQ=MONTHLY;BYMONTHDAY=31",
        "FREQ=MONTHLY;BYMONTHDAY=-1,15",
        "FREQ=MONTHLY;BYDAY=2TU,-1FR",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
        "FREQ=YEARLY",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
        "FREQ=YEARLY;BYDAY=20MO",
        "FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10",
        "FREQ=YEARLY;BYYEARDAY=1,100,-1",
        "FREQ=YEARLY;BYWEEKNO=1,20,53,-1;BYDAY=MO",
        "FREQ=YEARLY;BYMONTH=1,7;BYDAY=TU;BYSETPOS=1,-1",
    ],
)
def test_ordinary_rules_are_read_as_others_read_them(rule: str) -> None:
    assert dates_of(rule) == the_others(rule)


def numbers(least: int, most: int) -> Any:
    found = some.integers(least, most).filter(bool)
    return some.lists(found, min_size=1, max_size=4).map(lambda each: ",".join(map(str, each)))


@some.composite
def rules(draw: Any) -> str:
    frequency = draw(some.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    parts = {"INTERVAL": some.integers(1, 5).map(str), "COUNT": some.integers(1, 40).map(str)}
    parts |= {"BYMONTH": numbers(1, 12), "WKST": some.sampled_from(DAYS)}
    weekdays = some.lists(some.sampled_from(DAYS), min_size=1, max_size=3)
    if frequency in {"MONTHLY", "YEARLY"}:
        # All with a number or all without: of a mixture dateutil finds nothing, against RFC 5545.
        which = some.sampled_from(["1", "2", "-1", "5", "-5"])
        counted = some.tuples(which, some.sampled_from(DAYS)).map("".join)
        weekdays |= some.lists(counted, min_size=1, max_size=3)
        parts["BYSETPOS"] = numbers(-3, 3)
    if frequency != "WEEKLY":
        parts["BYMONTHDAY"] = numbers(-31, 31)
    if frequency == "YEARLY":
        parts |= {"BYYEARDAY": numbers(-366, 366), "BYWEEKNO": numbers(-53, 53)}
    parts["BYDAY"] = weekdays.map(",".join)
    chosen = draw(some.lists(some.sampled_from(sorted(parts)), unique=True, max_size=4))
    # A number before a weekday means nothing beside weeks of the year (RFC 5545, 3.3.10).
    assume(not {"BYWEEKNO", "BYDAY"} <= set(chosen))
    assume("BYSETPOS" not in chosen or any(name.startswith("BY") for name in chosen[1:]))
    return ";".join([f"FREQ={frequency}", *(f"{name}={draw(parts[name])}" for name in chosen)])


@settings(max_examples=80)
@given(rules(), some.dates(date(2026, 1, 1), date(2027, 12, 31)))
def test_any_rule_is_read_as_dateutil_reads_it(rule: str, day: date) -> None:
    if "BYSETPOS" in rule:
        assume(any(f"{name}=" in rule for name in ("BYDAY", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO")))
    starts = datetime.combine(day, STARTS.time())
    until = starts + timedelta(days=900)
    assert dates_of(rule, starts, until) == the_others(rule, starts, until)


@given(rules().filter(lambda rule: "COUNT" not in rule), some.integers(0, 900))
@settings(max_examples=60)
def test_looking_only_at_later_dates_finds_the_same_ones(rule: str, days: int) -> None:
    from_then = STARTS + timedelta(days=days)
    found = list(expand(parse_rule(rule), STARTS, (from_then, UNTIL), Budget(1_000_000)))
    assert found == [each for each in dates_of(rule) if each >= from_then]


@settings(max_examples=40)
@given(
    some.lists(
        some.tuples(
            some.sampled_from(
                [
                    "FREQ=WEEKLY;BYDAY=MO,WE",
                    "FREQ=DAILY;COUNT=9",
                    "FREQ=MONTHLY;BYDAY=2TU",
                    "FREQ=WEEKLY;INTERVAL=2;UNTIL=20261101T000000Z",
                    "FREQ=YEARLY",
                    "FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=-1",
                ]
            ),
            some.sampled_from(["Asia/Shanghai", "Europe/London", "America/New_York"]),
            some.dates(date(2026, 7, 1), date(2026, 10, 15)),
            some.integers(0, 23),
            some.lists(some.integers(0, 30), max_size=3),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_whole_calendars_are_read_as_recurring_ical_events_reads_them(events: list[Any]) -> None:
    lines = []
    for no, (rule, zone, day, hour, skipped) in enumerate(events):
        at = f"TZID={zone}:{day:%Y%m%d}T{hour:02}0000"
        gone = [f"{day + timedelta(days=each):%Y%m%d}T{hour:02}0000" for each in skipped]
        exdate = f"|EXDATE;TZID={zone}:{','.join(gone)}" if gone else ""
        first = dates_of(rule, datetime.combine(day, datetime.min.time().replace(hour=hour)))
        # Where a rule does not name its own first date, RFC 5545 leaves open what follows.
        assume(first and first[0].date() == day)
        lines.append(
            f"UID:{no}|DTSTAMP:20260101T000000Z|DTSTART;{at}|DURATION:PT30M|RRULE:{rule}{exdate}"
        )
    octets = a_calendar(*lines)
    theirs = recurring_ical_events.of(icalendar.Calendar.from_ical(octets)).between(
        TERM.starts, TERM.ends
    )
    taken_by_them = {minute for each in theirs for minute in minutes(each.start, each.end)}
    busy = read(octets).busy
    assert {minute for slot in busy for minute in minutes(slot.starts, slot.ends)} == {
        minute for minute in taken_by_them if TERM.starts <= minute < TERM.ends
    }


def minutes(starts: datetime, ends: datetime) -> set[datetime]:
    first = starts.astimezone(UTC)
    length = int((ends - starts).total_seconds() // 60)
    return {first + timedelta(minutes=no) for no in range(length)}


def test_until_is_the_last_moment_or_the_last_whole_day() -> None:
    event = "UID:1|DTSTART;TZID=Asia/Shanghai:20260908T090000|DURATION:PT1H|RRULE:FREQ=DAILY;UNTIL="
    assert len(taken(f"{event}20260910T010000Z")) == 3
    assert len(taken(f"{event}20260910T005959Z")) == 2
    assert len(taken(f"{event}20260910T090000")) == 3
    assert len(taken(f"{event}20260910")) == 3


def test_a_first_date_that_the_rule_does_not_name_is_taken_all_the_same() -> None:
    event = "UID:1|DTSTART:20260908T010000Z|DURATION:PT1H|RRULE:FREQ=WEEKLY;BYDAY=WE;COUNT=1"
    assert taken(event) == ["09-08 09:00-10:00", "09-09 09:00-10:00"]


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("FREQ=SECONDLY", Reason.TOO_OFTEN),
        ("FREQ=MINUTELY;COUNT=99999999", Reason.TOO_OFTEN),
        ("FREQ=HOURLY", Reason.TOO_OFTEN),
        ("FREQ=FORTNIGHTLY", Reason.ODD_RULE),
        ("COUNT=3", Reason.ODD_RULE),
        ("FREQ=DAILY;COUNT=0", Reason.ODD_RULE),
        ("FREQ=DAILY;INTERVAL=-1", Reason.ODD_RULE),
        ("FREQ=DAILY;INTERVAL=", Reason.ODD_RULE),
        ("FREQ=DAILY;COUNT=3;UNTIL=20261001", Reason.ODD_RULE),
        ("FREQ=DAILY;UNTIL=soon", Reason.ODD_RULE),
        ("FREQ=DAILY;BYDAY=XX", Reason.ODD_RULE),
        ("FREQ=DAILY;BYDAY=-MO", Reason.ODD_RULE),
        ("FREQ=DAILY;WKST=XX", Reason.ODD_RULE),
        ("FREQ=YEARLY;BYMONTHDAY=0", Reason.ODD_RULE),
        ("FREQ=YEARLY;BYMONTH=13", Reason.ODD_RULE),
        ("FREQ=YEARLY;BYEASTER=1", Reason.ODD_RULE),
        ("FREQ=DAILY;FREQ=DAILY", Reason.ODD_RULE),
        (
            "FREQ=DAILY;BYHOUR="
            + ",".join(map(str, range(24)))
            + ";BYMINUTE="
            + ",".join(map(str, range(60)))
            + ";BYSECOND="
            + ",".join(map(str, range(60))),
            Reason.TOO_LONG,
        ),
    ],
)
def test_a_rule_that_is_not_followed_leaves_the_first_date(rule: str, reason: Reason) -> None:
    event = f"UID:1|DTSTART:20260908T010000Z|DURATION:PT1H|RRULE:{rule}"
    assert taken(event) == ["09-08 09:00-10:00"]
    assert reasons(event) == {reason: 1}


def test_counting_from_long_ago_is_given_up_and_following_from_long_ago_is_not() -> None:
    event = "UID:1|DTSTART:15000908T010000Z|DURATION:PT1H|RRULE:FREQ=DAILY"
    assert len(read(a_calendar(event)).busy) == (TERM.ends - TERM.starts).days
    assert reasons(f"{event};COUNT=999999999") == {Reason.TOO_LONG: 1}


def test_no_rule_that_names_nothing_is_looked_for_beyond_the_window() -> None:
    budget = Budget(1_000)
    never = parse_rule("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30")
    assert list(expand(never, STARTS, (STARTS, UNTIL), budget)) == []
    with pytest.raises(RuleError):
        list(expand(never, STARTS, (STARTS, UNTIL), budget))
