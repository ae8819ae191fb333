from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendars.bells import PeriodKind, TimedPeriod
from calendars.days import DayKind, Followed, seed_days
from calendars.school_time import SchoolTime, timetable_date
from tests.builders import TUESDAY, a_day, a_term, at, school_time, some_bells

MAKEUP_SUNDAY = date(2026, 9, 20)
WEDNESDAY = date(2026, 9, 9)
LONDON = ZoneInfo("Europe/London")


def starts_of(periods: Sequence[TimedPeriod], zone: ZoneInfo | None = None) -> list[str]:
    zone = zone or ZoneInfo("Asia/Shanghai")
    return [
        f"{timed.slot.starts.astimezone(zone):%H:%M}"
        for timed in periods
        if timed.period.kind is PeriodKind.LESSON
    ]


def test_a_weekday_of_the_term_follows_itself() -> None:
    day = school_time().day(TUESDAY)
    assert (day.kind, day.follows) == (DayKind.TEACHING, Followed(week=2, weekday=2))
    assert day.is_for_pupils
    assert day.is_for_staff
    assert timetable_date(day) == TUESDAY


def test_a_weekend_holds_nothing() -> None:
    day = school_time().day(date(2026, 9, 5))
    assert (day.kind, day.follows) == (DayKind.WEEKEND, None)
    assert not day.is_for_pupils
    assert not day.is_for_staff
    assert school_time().periods(date(2026, 9, 5)) == ()


def test_outside_the_term_is_a_break() -> None:
    """E10."""
    time = school_time()
    assert [time.day(on).kind for on in (date(2026, 8, 31), date(2027, 1, 23), date.max)] == [
        DayKind.BREAK,
        DayKind.WEEKEND,
        DayKind.BREAK,
    ]
    assert time.day(date(2026, 8, 31)).term is None
    assert time.periods(date(2026, 8, 31)) == ()


def test_the_monday_before_a_tuesday_start_is_not_in_week_1() -> None:
    """E08."""
    time = school_time()
    assert time.day(date(2026, 8, 31)).follows is None
    assert time.day(date(2026, 9, 1)).follows == Followed(week=1, weekday=2)


def test_a_make_up_day_nobody_has_mapped_schedules_nothing() -> None:
    """E02."""
    time = school_time(days=seed_days(a_term()))
    day = time.day(MAKEUP_SUNDAY)
    assert day.is_unmapped
    assert not day.is_for_pupils
    assert day.is_for_staff
    assert time.periods(MAKEUP_SUNDAY) == ()
    assert timetable_date(day) == MAKEUP_SUNDAY


def test_a_make_up_day_runs_the_week_and_the_bells_of_the_day_it_follows() -> None:
    """E01, E03: a Sunday of odd week 3 follows the Wednesday of even week 6, a short day."""
    time = school_time(
        days=[a_day(MAKEUP_SUNDAY, DayKind.MAKEUP, (6, 3))],
        bells=[some_bells(), some_bells(id="short", text="8:30-9:10", weekdays=(3,))],
    )
    day = time.day(MAKEUP_SUNDAY)
    assert day.follows == Followed(week=6, weekday=3)
    assert day.is_for_pupils
    assert timetable_date(day) == date(2026, 10, 7)
    assert starts_of(time.periods(MAKEUP_SUNDAY)) == ["08:30"]


def test_a_make_up_day_in_the_break_creates_nothing_and_asks_for_nothing() -> None:
    """E05: mapped or not."""
    february = date(2026, 2, 28)
    for follows in (None, (1, 1)):
        time = school_time(days=[a_day(february, DayKind.MAKEUP, follows)])
        day = time.day(february)
        assert (day.kind, day.follows, day.is_unmapped) == (DayKind.MAKEUP, None, False)
        assert not day.is_for_pupils
        assert time.periods(february) == ()


@pytest.mark.parametrize("kind", [DayKind.HOLIDAY, DayKind.SUSPENDED, DayKind.BREAK])
def test_a_closed_day_follows_nothing_and_rings_no_bell(kind: DayKind) -> None:
    """E04, E13."""
    time = school_time(days=[a_day(TUESDAY, kind, note="停课")])
    day = time.day(TUESDAY)
    assert (day.kind, day.follows, day.note) == (kind, None, "停课")
    assert not day.is_for_pupils
    assert not day.is_for_staff
    assert time.periods(TUESDAY) == ()


@pytest.mark.parametrize("kind", [DayKind.EXAM, DayKind.ACTIVITY])
def test_an_exam_or_activity_day_rings_its_own_bells_for_the_staff(kind: DayKind) -> None:
    """H8."""
    time = school_time(days=[a_day(TUESDAY, kind)])
    day = time.day(TUESDAY)
    assert day.follows is None
    assert not day.is_for_pupils
    assert day.is_for_staff
    assert time.periods(TUESDAY) == school_time().periods(TUESDAY)


def test_a_teaching_day_may_follow_another_weekday() -> None:
    time = school_time(days=[a_day(TUESDAY, DayKind.TEACHING, (2, 5))])
    assert time.day(TUESDAY).follows == Followed(week=2, weekday=5)


def test_a_saturday_can_be_a_teaching_day_of_its_own() -> None:
    saturday = date(2026, 9, 12)
    time = school_time(days=[a_day(saturday, DayKind.TEACHING)])
    assert time.day(saturday).follows == Followed(week=2, weekday=6)
    assert starts_of(time.periods(saturday))[0] == "08:30"


def test_exams_of_one_grade_leave_the_others_in_class() -> None:
    """E12, E18: the row for the fewest grades wins, and rows for grades are not the school's."""
    time = school_time(
        days=[
            a_day(TUESDAY, DayKind.TEACHING, (2, 5)),
            a_day(TUESDAY, DayKind.EXAM, id="exam", grades=(5, 6)),
            a_day(TUESDAY, DayKind.ACTIVITY, id="trip", grades=(6,)),
        ]
    )
    assert [time.day(TUESDAY, grade).kind for grade in (6, 5, 4, None)] == [
        DayKind.ACTIVITY,
        DayKind.EXAM,
        DayKind.TEACHING,
        DayKind.TEACHING,
    ]


def test_a_row_for_other_grades_changes_nothing() -> None:
    time = school_time(days=[a_day(TUESDAY, DayKind.EXAM, grades=(6,))])
    assert time.day(TUESDAY, 3) == school_time().day(TUESDAY, 3)


def test_grade_2_hears_other_bells_than_grade_5() -> None:
    """E18."""
    time = school_time(bells=[some_bells(), some_bells(id="small", text="9:00-9:35", grades=(2,))])
    assert starts_of(time.periods(TUESDAY, 2)) == ["09:00"]
    assert starts_of(time.periods(TUESDAY, 5))[0] == "08:30"


def test_wednesday_is_short() -> None:
    """E19."""
    time = school_time(
        bells=[some_bells(), some_bells(id="short", text="8:30-9:10 9:20-10:00", weekdays=(3,))]
    )
    assert [len(time.periods(on)) for on in (TUESDAY, WEDNESDAY)] == [9, 2]


def test_winter_bells_ring_from_the_first_of_october() -> None:
    """E20."""
    bells = [
        some_bells(valid_until=date(2026, 9, 30)),
        some_bells(id="winter", text="8:50-9:30", valid_from=date(2026, 10, 1)),
    ]
    time = school_time(bells=bells)
    assert starts_of(time.periods(date(2026, 9, 29)))[0] == "08:30"
    assert starts_of(time.periods(date(2026, 10, 13))) == ["08:50"]


def test_an_exam_days_bells_override_everything_for_one_date() -> None:
    """E25."""
    exam = some_bells(id="exam", text="9:00-10:30", valid_from=WEDNESDAY, valid_until=WEDNESDAY)
    short = some_bells(id="short", text="8:30-9:10", weekdays=(3,), grades=(3,))
    time = school_time(bells=[some_bells(), short, exam])
    assert starts_of(time.periods(WEDNESDAY, 3)) == ["09:00"]
    assert starts_of(time.periods(WEDNESDAY + timedelta(weeks=1), 3)) == ["08:30"]


def test_after_school_time_has_no_number() -> None:
    """E24."""
    after_school = school_time().periods(TUESDAY)[-1]
    assert (after_school.period.kind, after_school.period.no) == (PeriodKind.AFTER_SCHOOL, None)
    assert after_school.slot == at("16:10", 90)


def test_periods_come_in_order_however_the_bells_list_them() -> None:
    bells = some_bells()
    time = school_time(bells=[some_bells(periods=tuple(reversed(bells.periods)))])
    assert time.periods(TUESDAY) == school_time().periods(TUESDAY)


def test_a_school_that_has_told_nothing_has_no_periods() -> None:
    """E72."""
    silent = SchoolTime(LONDON)
    assert silent.day(TUESDAY).kind is DayKind.BREAK
    assert silent.periods(TUESDAY) == ()
    assert school_time(bells=()).periods(TUESDAY) == ()


def test_the_bells_of_1988_rang_in_summer_time() -> None:
    """Shanghai was nine hours ahead of UTC that summer."""
    term = a_term(first_day=date(1988, 3, 1), last_day=date(1988, 7, 10))
    time = school_time(terms=[term])
    assert [time.periods(on)[0].slot.starts for on in (date(1988, 4, 15), date(1988, 7, 1))] == [
        datetime(1988, 4, 15, 0, 30, tzinfo=UTC),
        datetime(1988, 6, 30, 23, 30, tzinfo=UTC),
    ]


def test_bells_keep_the_wall_clock_when_the_clocks_change() -> None:
    time = SchoolTime(LONDON, terms=(a_term(),), bells=(some_bells(),))
    before, after = date(2026, 10, 23), date(2026, 10, 26)
    assert starts_of(time.periods(before), LONDON) == starts_of(time.periods(after), LONDON)
    assert time.periods(before)[0].slot.starts == datetime(2026, 10, 23, 7, 30, tzinfo=UTC)
    assert time.periods(after)[0].slot.starts == datetime(2026, 10, 26, 8, 30, tzinfo=UTC)


def test_a_period_that_the_change_of_the_clocks_swallows_does_not_ring() -> None:
    night = date(2027, 3, 28)
    time = SchoolTime(
        LONDON,
        terms=(a_term(last_day=date(2027, 7, 2)),),
        days=(a_day(night, DayKind.TEACHING),),
        bells=(some_bells(text="1:20-2:10 8:30-9:10"),),
    )
    assert starts_of(time.periods(night), LONDON) == ["08:30"]


def test_a_moment_has_the_schools_own_date() -> None:
    """E14: the year begins in Chengdu while it is still 2026 in UTC."""
    assert school_time().date_of(datetime(2026, 12, 31, 16, 0, tzinfo=UTC)) == date(2027, 1, 1)


def test_the_29th_of_february_is_taught_like_any_day() -> None:
    """E14."""
    term = a_term(first_day=date(2028, 2, 21), last_day=date(2028, 6, 30))
    day = school_time(terms=[term]).day(date(2028, 2, 29))
    assert (day.kind, day.follows) == (DayKind.TEACHING, Followed(week=2, weekday=2))


def test_each_term_counts_its_own_weeks() -> None:
    autumn = a_term()
    spring = a_term(id="spring", first_day=date(2027, 2, 22), last_day=date(2027, 7, 2))
    time = school_time(terms=[autumn, spring])
    assert time.day(date(2027, 3, 2)).term == spring
    assert time.day(date(2027, 3, 2)).follows == Followed(week=2, weekday=2)
    assert time.day(TUESDAY).term == autumn


@given(st.dates(date(2026, 8, 1), date(2027, 2, 28)), st.none() | st.integers(1, 6))
def test_an_answer_is_the_same_when_asked_again(on: date, grade: int | None) -> None:
    time = school_time(days=seed_days(a_term()))
    assert time.day(on, grade) is time.day(on, grade)
    assert time.periods(on, grade) is time.periods(on, grade)
    assert time.day(on, grade) == school_time(days=seed_days(a_term())).day(on, grade)


def test_the_assumed_term_of_2026_has_99_teaching_days() -> None:
    """The count of domain knowledge: 97 weekdays and two make-up days, once they are mapped."""
    days = [
        row if row.kind is DayKind.HOLIDAY else a_day(row.date, DayKind.MAKEUP, (6, 2))
        for row in seed_days(a_term())
    ]
    time = school_time(days=days)
    term = a_term()
    length = (term.last_day - term.first_day).days + 1
    assert (
        sum(time.day(term.first_day + timedelta(days=day)).is_for_pupils for day in range(length))
        == 99
    )
