from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendars.terms import MAX_WEEKS, Term, format_weeks, parse_weeks, weeks_within
from calendars.text import InvalidValueError
from tests.builders import a_term


@st.composite
def terms(draw: st.DrawFn) -> Term:
    first_day = draw(st.dates(date(2020, 1, 1), date(2032, 12, 31)))
    return a_term(
        first_day=first_day,
        last_day=first_day + timedelta(days=draw(st.integers(0, 200))),
        week_starts_on=draw(st.integers(1, 7)),
    )


def test_week_1_is_the_week_that_holds_the_first_day() -> None:
    """E08: a term that starts on Tuesday has its Monday before it."""
    term = a_term(first_day=date(2026, 9, 1))
    assert term.week_of(date(2026, 8, 31)) == term.week_of(date(2026, 9, 1)) == 1
    assert term.date_in(1, 1) == date(2026, 8, 31)
    assert not term.holds(date(2026, 8, 31))


def test_sunday_belongs_to_the_preceding_monday_unless_the_week_opens_on_sunday() -> None:
    """E09."""
    sunday = date(2026, 9, 20)
    assert a_term(first_day=date(2026, 9, 1)).week_of(sunday) == 3
    assert a_term(first_day=date(2026, 9, 1), week_starts_on=7).week_of(sunday) == 4


def test_weeks_are_counted_across_the_year_end() -> None:
    """E14."""
    term = a_term()
    assert term.week_of(date(2026, 12, 31)) == term.week_of(date(2027, 1, 1)) == 18
    assert term.last_week == 21


def test_the_29th_of_february_is_a_day_like_any_other() -> None:
    """E14."""
    term = a_term(first_day=date(2028, 2, 21), last_day=date(2028, 6, 30))
    assert term.week_of(date(2028, 2, 29)) == 2
    assert term.date_in(2, 2) == date(2028, 2, 29)


@given(terms(), st.integers(0, 200))
def test_a_date_is_found_again_by_its_week_and_weekday(term: Term, days: int) -> None:
    on = term.first_day + timedelta(days=days)
    assert term.date_in(term.week_of(on), on.isoweekday()) == on


def test_a_term_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="2026-08-31 comes before"):
        a_term(last_day=date(2026, 8, 31))


def test_a_term_longer_than_any_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="at most 60 weeks"):
        a_term(last_day=date(2028, 1, 22))


def test_a_week_opens_on_a_weekday() -> None:
    with pytest.raises(InvalidValueError, match="not 0"):
        a_term(week_starts_on=0)


@pytest.mark.parametrize("field", ["first_day", "last_day"])
def test_a_term_at_the_end_of_the_calendar_is_refused(field: str) -> None:
    days: dict[str, Any] = {field: date.max}
    with pytest.raises(InvalidValueError, match="9999"):
        a_term(**days)


@pytest.mark.parametrize(
    ("text", "weeks"),
    [
        ("全", range(1, 21)),
        ("每周", range(1, 21)),
        ("all", range(1, 21)),
        ("1-16", range(1, 17)),
        ("1-15单", range(1, 16, 2)),
        ("2-16双", range(2, 17, 2)),
        ("1-16双", range(2, 17, 2)),
        ("1-4,6,8-12", [1, 2, 3, 4, 6, 8, 9, 10, 11, 12]),
        ("1-4,5-11单", [1, 2, 3, 4, 5, 7, 9, 11]),
        ("单周", range(1, 21, 2)),
        ("双", range(2, 21, 2)),
        ("odd", range(1, 21, 2)),
        ("2-8 even", range(2, 9, 2)),
        ("6", [6]),
        ("8-12,1-4,3-5", [1, 2, 3, 4, 5, 8, 9, 10, 11, 12]),
    ],
)
def test_weeks_are_read_as_timetables_write_them(text: str, weeks: list[int]) -> None:
    """E70."""
    assert parse_weeks(text, 20) == tuple(weeks)


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("１－１６", "1-16"),
        ("１，３、５；７;9", "1,3,5,7,9"),
        ("1~16", "1-16"),
        ("1～16", "1-16"),
        ("1—16周", "1-16"),
        ("1至16周", "1-16"),
        ("第1-16周", "1-16"),
        ("第1周-第16周", "1-16"),
        ("1-15(单)", "1-15单"),
        ("1-15（单周）", "1-15单"),
        ("1-15（单）周", "1-15单"),
        ("1-15周单", "1-15单"),
        (" 2 - 16 双周 ", "2-16双"),
        ("ALL", "全"),
    ],
)
def test_weeks_are_read_as_people_type_them(typed: str, plain: str) -> None:
    """E64, E70: full-width digits and signs, 第 and 周, brackets, spaces."""
    assert parse_weeks(typed, 20) == parse_weeks(plain, 20)


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("8-3", "write 3-8"),
        ("0", "the weeks are 1-20"),
        ("0-4", "the weeks are 1-20"),
        ("1-21", "the weeks are 1-20"),
        ("9999", "the weeks are 1-20"),
        ("2-2单", "holds no week"),
        ("4单", "holds no week"),
        ("", "cannot be read"),
        ("周", "cannot be read"),
        (",", "cannot be read"),
        ("1,,2", "cannot be read"),
        ("1-2-3", "cannot be read"),
        ("-3", "cannot be read"),
        ("1.5", "cannot be read"),
        ("全,1", "cannot be read"),
        ("单双", "cannot be read"),
        ("第三周", "cannot be read"),
        ("٣", "cannot be read"),
        ("9" * 5000, "cannot be read"),
    ],
)
def test_weeks_that_mean_nothing_are_refused_with_what_would_do(text: str, advice: str) -> None:
    """E70."""
    with pytest.raises(InvalidValueError, match=advice) as refusal:
        parse_weeks(text, 20)
    assert text in str(refusal.value)
    assert text in refusal.value.text.zh


@given(st.sets(st.integers(1, 25), min_size=1))
def test_weeks_that_are_written_are_read_back(weeks: set[int]) -> None:
    """E70."""
    assert parse_weeks(format_weeks(weeks, 25), 25) == tuple(sorted(weeks))


@given(st.text(alphabet="0123456789-,、单双周第全()（）１～ ", max_size=12))
def test_whatever_is_typed_is_read_or_refused_and_stays_the_same(text: str) -> None:
    """E70."""
    try:
        weeks = parse_weeks(text, MAX_WEEKS)
    except InvalidValueError:
        return
    assert weeks == tuple(sorted(set(weeks)))
    assert set(weeks) <= set(range(1, MAX_WEEKS + 1))
    assert parse_weeks(format_weeks(weeks, MAX_WEEKS), MAX_WEEKS) == weeks


@pytest.mark.parametrize(
    "text", ["全", "1-16", "1-15单", "2-16双", "1-4,6,8-12", "1-5单", "1,3", "7"]
)
def test_the_usual_ways_to_write_weeks_are_written_as_they_were_read(text: str) -> None:
    """E70."""
    assert format_weeks(parse_weeks(text, 20), 20) == text


def test_no_weeks_cannot_be_written() -> None:
    with pytest.raises(InvalidValueError, match="at least one week"):
        format_weeks((), 20)


def test_of_the_weeks_wished_those_count_that_a_term_has() -> None:
    assert weeks_within("16-20", 18) == {16, 17, 18}
    assert weeks_within("30-40", 18) == set()
