from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendars.bells import SchoolId
from calendars.days import (
    DayKind,
    Followed,
    day_id,
    known_completely,
    later_by_working_hours,
    seed_days,
    unknown_year_warning,
)
from calendars.terms import Term
from calendars.text import InvalidValueError, Text
from tests.builders import SHANGHAI, a_day, a_term

CHICAGO: Final = ZoneInfo("America/Chicago")
LONDON: Final = ZoneInfo("Europe/London")


def seeded(term: Term, kind: DayKind) -> list[str]:
    return [f"{row.date:%m-%d}" for row in seed_days(term) if row.kind is kind]


def test_a_followed_day_is_a_week_and_a_weekday() -> None:
    assert Followed(week=6, weekday=2).label == Text("第6周周二", "Tuesday of week 6")


@pytest.mark.parametrize(("week", "weekday"), [(0, 1), (61, 1), (1, 0), (1, 8)])
def test_no_other_week_or_weekday_can_be_followed(week: int, weekday: int) -> None:
    with pytest.raises(InvalidValueError):
        Followed(week=week, weekday=weekday)


def test_a_holiday_follows_no_weekday() -> None:
    with pytest.raises(InvalidValueError, match=r"2026-10-06 \(Tuesday\) is a holiday"):
        a_day(date(2026, 10, 6), DayKind.HOLIDAY, (6, 2))


def test_a_row_at_the_end_of_the_calendar_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="9999"):
        a_day(date.max)


def test_every_kind_of_day_has_a_name() -> None:
    assert len({kind.label for kind in DayKind}) == len(DayKind)


def test_the_holidays_of_2026_are_seeded() -> None:
    """E04."""
    assert seeded(a_term(), DayKind.HOLIDAY) == [
        *("09-25", "09-26", "09-27"),
        *("10-01", "10-02", "10-03", "10-04", "10-05", "10-06", "10-07"),
        "01-01",
    ]


def test_make_up_days_are_seeded_without_a_weekday_to_follow() -> None:
    """E02: only the school knows; the seed never guesses."""
    rows = [row for row in seed_days(a_term()) if row.kind is DayKind.MAKEUP]
    assert [(row.date, row.follows, row.note) for row in rows] == [
        (date(2026, 9, 20), None, "国庆节调休"),
        (date(2026, 10, 10), None, "国庆节调休"),
    ]


def test_make_up_days_outside_the_term_are_not_seeded() -> None:
    """E05: 2026-02-14 and 02-28 lie in the winter break."""
    winter = a_term(first_day=date(2025, 9, 1), last_day=date(2026, 1, 30))
    spring = a_term(first_day=date(2026, 3, 2), last_day=date(2026, 7, 3))
    assert seeded(winter, DayKind.MAKEUP) == ["09-28", "10-11", "01-04"]
    assert seeded(spring, DayKind.MAKEUP) == ["05-09"]


def test_a_year_that_no_package_knows_gets_its_statutory_days_only() -> None:
    """E06, E07."""
    term = a_term(first_day=date(2027, 2, 22), last_day=date(2027, 7, 2))
    assert seeded(term, DayKind.HOLIDAY) == ["04-05", "05-01", "05-02", "05-03", "05-04", "06-09"]
    assert seeded(term, DayKind.MAKEUP) == []


def test_a_year_with_statutory_days_only_is_not_known() -> None:
    """E07: `holidays` answers for 2027 without a word about make-up days."""
    assert [known_completely(year) for year in (2003, 2004, 2025, 2026, 2027)] == [
        False,
        True,
        True,
        True,
        False,
    ]
    assert unknown_year_warning(2027).en.startswith("No package knows the make-up days of 2027")
    assert unknown_year_warning(2027).zh.startswith("2027 年")


def test_seeded_rows_have_the_usual_ids() -> None:
    assert seed_days(a_term("JS"))[0].id == day_id(SchoolId("JS"), date(2026, 9, 20))
    assert day_id(SchoolId("JS"), date(2026, 9, 20)) == "JS.2026-09-20"


def test_seeding_twice_gives_the_same_rows() -> None:
    assert seed_days(a_term()) == seed_days(a_term())


def weekdays_only(on: date) -> bool:
    return on.isoweekday() < 6


def test_hours_of_working_days_follow_each_other_around_the_clock() -> None:
    """E49: asked for on Thursday 9:00, Friday 11:00 is more than 24 working hours away."""
    asked = datetime(2010, 12, 2, 9, 0, tzinfo=CHICAGO)
    session = datetime(2010, 12, 3, 11, 0, tzinfo=CHICAGO)
    assert later_by_working_hours(asked, 24, weekdays_only, CHICAGO) < session
    assert later_by_working_hours(asked, 26, weekdays_only, CHICAGO) == session


@pytest.mark.parametrize(
    ("asked", "ends"),
    [
        (
            datetime(2010, 12, 3, 15, 0, tzinfo=CHICAGO),
            datetime(2010, 12, 6, 15, 0, tzinfo=CHICAGO),
        ),
        (datetime(2010, 12, 3, 0, 0, tzinfo=CHICAGO), datetime(2010, 12, 4, 0, 0, tzinfo=CHICAGO)),
        (datetime(2010, 12, 4, 10, 0, tzinfo=CHICAGO), datetime(2010, 12, 7, 0, 0, tzinfo=CHICAGO)),
        (
            datetime(2010, 12, 5, 23, 59, tzinfo=CHICAGO),
            datetime(2010, 12, 7, 0, 0, tzinfo=CHICAGO),
        ),
    ],
)
def test_a_weekend_does_not_count(asked: datetime, ends: datetime) -> None:
    """E49."""
    assert later_by_working_hours(asked, 24, weekdays_only, CHICAGO) == ends


def test_a_holiday_does_not_count() -> None:
    """E49: from the eve of the National Day week to the Thursday after it."""
    off = {row.date for row in seed_days(a_term()) if row.kind is DayKind.HOLIDAY}
    assert later_by_working_hours(
        datetime(2026, 9, 30, 12, 0, tzinfo=SHANGHAI), 24, lambda on: on not in off, SHANGHAI
    ) == datetime(2026, 10, 8, 12, 0, tzinfo=SHANGHAI)


def test_the_night_the_clocks_change_is_an_hour_shorter_or_longer() -> None:
    for day, hours in ((date(2027, 3, 28), 23), (date(2026, 10, 25), 25)):
        midnight = datetime(day.year, day.month, day.day, tzinfo=LONDON)
        next_midnight = midnight + timedelta(days=1)
        assert later_by_working_hours(midnight, hours, lambda _: True, LONDON) == next_midnight


def test_no_working_day_ahead_is_said_and_not_searched_for_ever() -> None:
    with pytest.raises(InvalidValueError, match="hold no 1 working hours"):
        later_by_working_hours(datetime(2026, 9, 1, tzinfo=UTC), 1, lambda _: False, SHANGHAI)


@given(st.integers(0, 3 * 365 * 24 * 60), st.integers(0, 200))
def test_every_hour_between_is_counted_once(minutes: int, hours: int) -> None:
    starts = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    ends = later_by_working_hours(starts, hours, weekdays_only, LONDON)
    moment, counted = starts, timedelta()
    step = timedelta(minutes=30)
    while moment < ends:
        stretch = min(step - (moment - datetime.min.replace(tzinfo=UTC)) % step, ends - moment)
        if weekdays_only(moment.astimezone(LONDON).date()):
            counted += stretch
        moment += stretch
    assert counted == timedelta(hours=hours)
