from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendars.bells import SchoolId
from calendars.days import Day, DayKind, seed_days
from calendars.series import (
    Occurrence,
    OccurrenceState,
    SiteTime,
    Weekly,
    occurrences,
    split_weeks,
    still_in,
)
from calendars.terms import parse_weeks
from calendars.text import InvalidValueError, Text
from tests.builders import a_day, a_term, at, school_time

HELD, SUSPENDED = OccurrenceState.HELD, OccurrenceState.SUSPENDED
OUT_OF_STEP = OccurrenceState.OUT_OF_STEP
TERM = a_term()
MAKEUP_SUNDAY, MAKEUP_SATURDAY = date(2026, 9, 20), date(2026, 10, 10)


def weekly(weekday: int = 2, weeks: str = "全", **fields: Any) -> Weekly:
    return Weekly(
        **dict[str, Any]({"weekday": weekday, "starts": time(8, 30), "minutes": 40, "weeks": weeks})
        | fields
    )


def days_of_2026(*mapped: Day) -> tuple[Day, ...]:
    """The seeded day table with some rows replaced."""
    told = {row.date: row for row in mapped}
    return tuple(told.pop(row.date, row) for row in seed_days(TERM)) + tuple(told.values())


def a_school(
    school: str = "TF1", *mapped: Day, grades: tuple[int, ...] = (3,), **fields: Any
) -> SiteTime:
    time = school_time(school, days=days_of_2026(*mapped), **fields)
    return SiteTime(school=SchoolId(school), name=school, time=time, grades=grades)


def states(found: Sequence[Occurrence], *, first: int = 0, last: int = 99) -> dict[str, str]:
    return {f"{one.date:%m-%d}": one.state for one in found if first <= one.week <= last}


def dates_of(found: Sequence[Occurrence], state: OccurrenceState = HELD) -> list[str]:
    return [f"{one.date:%m-%d}" for one in found if one.state is state]


def test_a_series_has_a_date_in_each_of_its_weeks() -> None:
    found = occurrences(weekly(weeks="1-3"), TERM, a_school())
    assert [(one.date, one.week, one.state) for one in found] == [
        (date(2026, 9, 1), 1, HELD),
        (date(2026, 9, 8), 2, HELD),
        (date(2026, 9, 15), 3, HELD),
    ]
    assert found[1].slot == at("8:30")


def test_holidays_are_listed_as_lost_with_their_name() -> None:
    """E04."""
    (lost,) = occurrences(weekly(weeks="6"), TERM, a_school())
    assert (lost.date, lost.state, lost.missing) == (date(2026, 10, 6), SUSPENDED, ("TF1",))
    assert lost.why == (
        Text(
            "2026年10月6日（周二）是TF1的节假日（国庆节）。",
            "2026-10-06 (Tuesday) is a holiday at TF1 (国庆节).",
        ),
    )


def test_a_day_without_a_note_is_named_by_its_kind() -> None:
    lead = a_school("TF1", a_day(date(2026, 9, 8), DayKind.SUSPENDED))
    (lost,) = occurrences(weekly(weeks="2"), TERM, lead)
    assert lost.why == (
        Text("2026年9月8日（周二）是TF1的停课日。", "2026-09-08 (Tuesday) is closed at TF1."),
    )


def test_a_make_up_day_holds_the_series_of_the_weekday_it_follows() -> None:
    """E01: A follows week-6 Tuesday, B week-4 Friday."""
    a = a_school("TF1", a_day(MAKEUP_SUNDAY, DayKind.MAKEUP, (6, 2)))
    b = a_school("JS", a_day(MAKEUP_SUNDAY, DayKind.MAKEUP, (4, 5), school="JS"))
    assert states(occurrences(weekly(5), TERM, a), first=3, last=4) == {
        "09-18": HELD,
        "09-25": SUSPENDED,
    }
    assert states(occurrences(weekly(5), TERM, b), first=3, last=4) == {
        "09-18": HELD,
        "09-20": HELD,
        "09-25": SUSPENDED,
    }
    assert states(occurrences(weekly(2), TERM, a), first=6, last=6) == {
        "09-20": HELD,
        "10-06": SUSPENDED,
    }


def test_schools_that_follow_different_weekdays_are_out_of_step() -> None:
    """E01: 不同步."""
    a = a_school("TF1", a_day(MAKEUP_SUNDAY, DayKind.MAKEUP, (6, 2)))
    b = a_school("JS", a_day(MAKEUP_SUNDAY, DayKind.MAKEUP, (4, 5), school="JS"))
    sunday = occurrences(weekly(2, "6"), TERM, a, (b,))[0]
    assert (sunday.date, sunday.state, sunday.missing) == (MAKEUP_SUNDAY, OUT_OF_STEP, ("JS",))
    assert sunday.why == (
        Text(
            "不同步：2026年9月20日（周日）JS按2026年9月25日（周五）的课表上课，"
            "不是2026年10月6日（周二）。",
            "Out of step: on 2026-09-20 (Sunday) JS runs the timetable of 2026-09-25 (Friday), "
            "not that of 2026-10-06 (Tuesday).",
        ),
    )


def test_the_same_weekday_of_another_week_is_out_of_step_too() -> None:
    """E01, E03: the odd week's Tuesday is not the even week's."""
    a = a_school("TF1", a_day(MAKEUP_SUNDAY, DayKind.MAKEUP, (6, 2)))
    b = a_school("JS", a_day(MAKEUP_SUNDAY, DayKind.MAKEUP, (5, 2), school="JS"))
    assert occurrences(weekly(2, "6"), TERM, a, (b,))[0].state is OUT_OF_STEP


def test_schools_that_follow_the_same_date_are_in_step() -> None:
    rows = [a_day(MAKEUP_SUNDAY, DayKind.MAKEUP, (6, 2), school=school) for school in ("TF1", "JS")]
    found = occurrences(weekly(2, "6"), TERM, a_school("TF1", rows[0]), (a_school("JS", rows[1]),))
    assert states(found) == {"09-20": HELD, "10-06": SUSPENDED}


def test_a_make_up_day_nobody_has_mapped_holds_no_series() -> None:
    """E02."""
    for weekday in range(1, 6):
        found = {one.date for one in occurrences(weekly(weekday), TERM, a_school())}
        assert not found & {MAKEUP_SUNDAY, MAKEUP_SATURDAY}


def test_a_school_that_has_not_mapped_the_make_up_day_is_missing() -> None:
    """E02."""
    lead = a_school("TF1", a_day(MAKEUP_SUNDAY, DayKind.MAKEUP, (6, 2)))
    sunday = occurrences(weekly(2, "6"), TERM, lead, (a_school("JS"),))[0]
    assert (sunday.state, sunday.missing) == (SUSPENDED, ("JS",))
    assert sunday.why == (
        Text(
            "JS未指定2026年9月20日（周日）按周几上课。",
            "JS has not said which weekday 2026-09-20 (Sunday) follows.",
        ),
    )


def test_parity_is_that_of_the_followed_week() -> None:
    """E03: the Sunday of odd week 3 holds the even weeks' lessons."""
    lead = a_school("TF1", a_day(MAKEUP_SUNDAY, DayKind.MAKEUP, (6, 2)))
    assert "09-20" in dates_of(occurrences(weekly(2, "2-20双"), TERM, lead))
    assert "09-20" not in dates_of(occurrences(weekly(2, "1-21单"), TERM, lead))


def test_make_up_days_in_the_break_create_no_session() -> None:
    """E05: 2026-02-14 and 02-28."""
    term = a_term(first_day=date(2025, 9, 1), last_day=date(2026, 1, 30))
    rows = [a_day(on, DayKind.MAKEUP, (5, 1)) for on in (date(2026, 2, 14), date(2026, 2, 28))]
    lead = SiteTime(
        school=SchoolId("TF1"), name="TF1", time=school_time(days=rows, terms=[term]), grades=(3,)
    )
    assert dates_of(occurrences(weekly(1, "5"), term, lead)) == ["09-29"]


def test_a_monday_series_has_no_date_in_the_week_of_a_tuesday_start() -> None:
    """E08."""
    assert occurrences(weekly(1, "1"), TERM, a_school()) == ()


def test_a_sunday_first_school_counts_sunday_to_the_next_week() -> None:
    """E09."""
    sunday = date(2026, 9, 13)
    for first_weekday, week in ((1, 2), (7, 3)):
        term = a_term(week_starts_on=first_weekday)
        lead = a_school("TF1", a_day(sunday, DayKind.TEACHING), terms=[term])
        assert [one.week for one in occurrences(weekly(7), term, lead) if one.state is HELD] == [
            week
        ]


def test_a_session_is_held_only_while_all_schools_are_in_term() -> None:
    """E10."""
    late = a_term("JS", first_day=date(2026, 9, 7), last_day=date(2027, 1, 8))
    found = occurrences(weekly(3), TERM, a_school(), (a_school("JS", terms=[late]),))
    assert dates_of(found, SUSPENDED) == ["09-02", "10-07", "01-13", "01-20"]
    assert found[0].why == (
        Text(
            "2026年9月2日（周三）不在JS的学期内。",
            "2026-09-02 (Wednesday) lies outside JS's term.",
        ),
    )


def test_schools_that_count_their_weeks_differently_are_in_step() -> None:
    """E10: week 2 here is week 1 there, and the date is the same."""
    late = a_term("JS", first_day=date(2026, 9, 7))
    found = occurrences(weekly(2, "2"), TERM, a_school(), (a_school("JS", terms=[late]),))
    assert states(found) == {"09-08": HELD}


def test_an_exam_week_at_one_school_is_missing_only_there() -> None:
    """E11: the others may go on without it."""
    exams = [
        a_day(date(2026, 11, 2) + timedelta(days=day), DayKind.EXAM, school="CB")
        for day in range(5)
    ]
    others = (a_school("JS"), a_school("CB", *exams))
    assert states(occurrences(weekly(), TERM, a_school(), others), first=9, last=11) == {
        "10-27": HELD,
        "11-03": SUSPENDED,
        "11-10": HELD,
    }
    (lost,) = occurrences(weekly(2, "10"), TERM, a_school(), others)
    assert lost.missing == ("CB",)
    assert states(occurrences(weekly(2, "10"), TERM, a_school(), others[:1])) == {"11-03": HELD}


def test_a_grade_on_a_trip_is_missing_and_other_grades_are_not() -> None:
    """E12."""
    trip = a_day(date(2026, 9, 8), DayKind.ACTIVITY, grades=(6,), note="春游")
    for grades, state in (((6,), SUSPENDED), ((5,), HELD), ((5, 6), SUSPENDED)):
        (one,) = occurrences(weekly(2, "2"), TERM, a_school("TF1", trip, grades=grades))
        assert one.state is state


def test_a_sudden_closure_suspends_the_day() -> None:
    """E13."""
    closed = a_day(date(2026, 9, 8), DayKind.SUSPENDED, school="JS", note="重污染天气")
    (one,) = occurrences(weekly(2, "2"), TERM, a_school(), (a_school("JS", closed),))
    assert (one.state, one.missing) == (SUSPENDED, ("JS",))


def test_staff_meet_on_exam_and_activity_days_but_not_on_holidays() -> None:
    """H8: research needs a working day of the staff, not of the pupils."""
    rows = [
        a_day(date(2026, 9, 8), DayKind.EXAM),
        a_day(date(2026, 9, 15), DayKind.ACTIVITY),
        a_day(date(2026, 9, 22), DayKind.HOLIDAY),
    ]
    found = occurrences(weekly(2, "1-4"), TERM, a_school("TF1", *rows, grades=()))
    assert states(found) == {"09-01": HELD, "09-08": HELD, "09-15": HELD, "09-22": SUSPENDED}


def test_a_date_given_up_for_another_weekday_is_lost() -> None:
    lead = a_school("TF1", a_day(date(2026, 9, 8), DayKind.TEACHING, (2, 5)))
    (lost,) = occurrences(weekly(2, "2"), TERM, lead)
    assert (lost.state, lost.missing) == (SUSPENDED, ("TF1",))
    assert lost.why[0].zh.startswith("不同步：2026年9月8日（周二）TF1按2026年9月11日（周五）")
    assert "09-08" in dates_of(occurrences(weekly(5, "2"), TERM, lead))


def test_grades_that_follow_different_weekdays_are_out_of_step_with_each_other() -> None:
    small = a_day(date(2026, 9, 8), DayKind.TEACHING, (2, 5), grades=(1,))
    site = a_school("JS", small, grades=(1, 3))
    (one,) = occurrences(weekly(2, "2"), TERM, a_school(), (site,))
    assert (one.state, one.missing) == (OUT_OF_STEP, ("JS",))


def test_occurrences_cross_the_year_end_in_order() -> None:
    """E14."""
    assert dates_of(occurrences(weekly(4, "17-19"), TERM, a_school())) == [
        "12-24",
        "12-31",
        "01-07",
    ]


def test_the_29th_of_february_holds_a_lesson() -> None:
    """E14."""
    term = a_term(first_day=date(2028, 2, 21), last_day=date(2028, 6, 30))
    lead = a_school("TF1", terms=[term])
    assert dates_of(occurrences(weekly(2, "2"), term, lead)) == ["02-29"]


def test_weeks_past_the_end_of_the_term_are_refused() -> None:
    """E70."""
    with pytest.raises(InvalidValueError, match="the weeks are 1-21"):
        occurrences(weekly(weeks="1-22"), TERM, a_school())


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"weekday": 8}, "not 8"),
        ({"minutes": 0}, "at least 1 minute, not 0"),
        ({"minutes": -40}, "at least 1 minute"),
        ({"starts": time(23, 30)}, "40 minutes from 23:30 pass midnight"),
        ({"starts": time(23, 20, 1)}, "pass midnight"),
        ({"starts": time(8, 30, tzinfo=UTC)}, "no offset"),
        ({"weeks": "8-3"}, "write 3-8"),
        ({"weeks": ""}, "cannot be read"),
    ],
)
def test_a_pattern_that_cannot_be_is_refused(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidValueError, match=said):
        weekly(**fields)


def test_the_time_of_week_is_the_same_whichever_the_weeks() -> None:
    every, odd = weekly(weeks="全"), weekly(weeks="单")
    assert every.time_of_week == odd.time_of_week
    others = (weekly(weekday=3), weekly(starts=time(9)), weekly(minutes=7))
    assert all(other.time_of_week != every.time_of_week for other in others)


def test_a_pattern_may_end_at_midnight() -> None:
    assert weekly(starts=time(23, 20)).minutes == 40


def test_this_and_following_splits_a_series_at_a_date() -> None:
    """E54."""
    before, after = split_weeks(weekly(), TERM, a_school(), date(2026, 11, 3))
    assert before == weekly(weeks="1-9")
    assert after == weekly(weeks="10-21")


def test_a_split_leaves_what_was_held_on_an_early_make_up_day_in_the_past() -> None:
    """E54, E01: week 6 has been held in week 3."""
    lead = a_school("TF1", a_day(MAKEUP_SUNDAY, DayKind.MAKEUP, (6, 2)))
    before, after = split_weeks(weekly(), TERM, lead, date(2026, 9, 29))
    assert before == weekly(weeks="1-4,6")
    assert after == weekly(weeks="5,7-21")


def test_a_week_that_is_held_twice_belongs_to_its_first_date() -> None:
    """E54: the make-up Saturday repeats the Tuesday of week 2."""
    lead = a_school("TF1", a_day(MAKEUP_SATURDAY, DayKind.MAKEUP, (2, 2)))
    before, _ = split_weeks(weekly(), TERM, lead, date(2026, 9, 22))
    assert before == weekly(weeks="1-3")


def test_a_week_that_is_made_up_later_belongs_to_the_day_it_is_held() -> None:
    """E54: the Tuesday of week 6 is a holiday, held on the Saturday after."""
    lead = a_school("TF1", a_day(MAKEUP_SATURDAY, DayKind.MAKEUP, (6, 2)))
    _, after = split_weeks(weekly(), TERM, lead, date(2026, 10, 8))
    assert after == weekly(weeks="6-21")


def test_a_term_that_is_cut_short_leaves_a_pattern_its_earlier_weeks() -> None:
    short = replace(TERM, last_day=date(2026, 10, 30))
    assert still_in(short, weekly(weeks="2-18")) == weekly(weeks="2-9")
    assert still_in(short, weekly()) == weekly()
    assert still_in(short, weekly(weeks="12-18")) is None


def test_a_split_before_the_first_or_after_the_last_date_leaves_one_part() -> None:
    """E54."""
    assert split_weeks(weekly(), TERM, a_school(), date(2026, 9, 1)) == (None, weekly())
    assert split_weeks(weekly(), TERM, a_school(), date(2027, 1, 20)) == (weekly(), None)


@given(st.sets(st.integers(1, 21), min_size=1), st.dates(date(2026, 8, 1), date(2027, 2, 28)))
def test_a_split_loses_no_week_and_doubles_none(weeks: set[int], on: date) -> None:
    """E54."""
    pattern = weekly(weeks=",".join(map(str, sorted(weeks))))
    parts = [part for part in split_weeks(pattern, TERM, a_school(), on) if part is not None]
    assert sorted(week for part in parts for week in parse_weeks(part.weeks, 21)) == sorted(weeks)
    assert all(replace(part, weeks="全") == weekly() for part in parts)


@given(
    st.integers(1, 7),
    st.sets(st.integers(1, 21), min_size=1),
    st.lists(
        st.tuples(
            st.integers(0, 143),
            st.sampled_from([DayKind.HOLIDAY, DayKind.MAKEUP, DayKind.TEACHING, DayKind.EXAM]),
            st.none() | st.tuples(st.integers(1, 21), st.integers(1, 5)),
        ),
        max_size=12,
        unique_by=lambda row: row[0],
    ),
)
def test_held_dates_are_those_that_follow_the_pattern(
    weekday: int,
    weeks: set[int],
    rows: list[tuple[int, DayKind, tuple[int, int] | None]],
) -> None:
    """E03, E04: date by date, without looking at weeks in bulk."""
    told = [
        a_day(TERM.first_day + timedelta(days=day), kind, None if kind is DayKind.HOLIDAY else to)
        for day, kind, to in rows
    ]
    lead = SiteTime(school=SchoolId("TF1"), name="", time=school_time(days=told), grades=(3,))
    pattern = weekly(weekday, ",".join(map(str, sorted(weeks))))
    expected = []
    for day in range((TERM.last_day - TERM.first_day).days + 1):
        known = lead.time.day(TERM.first_day + timedelta(days=day), 3)
        follows = known.follows
        if known.is_for_pupils and follows and follows.weekday == weekday and follows.week in weeks:
            expected.append(known.date)
    found = occurrences(pattern, TERM, lead)
    assert [one.date for one in found if one.state is HELD] == expected
    assert all(one.why and one.missing == ("TF1",) for one in found if one.state is not HELD)
