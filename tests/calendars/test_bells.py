from datetime import UTC, date, time

import pytest

from calendars.bells import BellSchedule, Period, PeriodKind, bells_for
from calendars.text import InvalidValueError
from tests.builders import some_bells

TUESDAY = date(2026, 9, 8)
ALL_YEAR = some_bells(id="all-year")
SUMMER = some_bells(id="summer", valid_from=date(2026, 5, 1), valid_until=date(2026, 9, 30))
EXAM_DAY = some_bells(id="exam", text="9:00-10:30", valid_from=TUESDAY, valid_until=TUESDAY)
SMALL = some_bells(id="small", grades=(1, 2))
SECOND = some_bells(id="second", grades=(2,))
WEDNESDAY = some_bells(id="wednesday", text="8:30-9:10", weekdays=(3,))


def rings(*schedules: BellSchedule, on: date = TUESDAY, grade: int | None = None) -> str | None:
    bells = bells_for(schedules, on, on.isoweekday(), grade)
    return None if bells is None else bells.id


def test_a_period_must_end_after_it_starts() -> None:
    with pytest.raises(InvalidValueError, match="09:10-09:10"):
        Period(no=1, starts=time(9, 10), ends=time(9, 10))


@pytest.mark.parametrize(
    ("starts", "ends"), [(time(8, tzinfo=UTC), time(9)), (time(8), time(9, tzinfo=UTC))]
)
def test_a_bell_carries_no_offset(starts: time, ends: time) -> None:
    with pytest.raises(InvalidValueError, match="no offset"):
        Period(no=1, starts=starts, ends=ends)


def test_lessons_have_a_number_and_nothing_else_has() -> None:
    with pytest.raises(InvalidValueError, match="needs its number"):
        Period(starts=time(8), ends=time(9))
    with pytest.raises(InvalidValueError, match="needs its number"):
        Period(kind=PeriodKind.LUNCH, no=5, starts=time(12), ends=time(13))


def test_periods_that_overlap_are_refused() -> None:
    with pytest.raises(InvalidValueError, match=r"08:30-09:10 and 09:00-09:40 overlap"):
        some_bells(text="9:00-9:40 8:30-9:10")


def test_periods_may_touch() -> None:
    assert len(some_bells(text="8:30-9:10 9:10-9:50").periods) == 2


def test_a_lesson_number_rings_once() -> None:
    first, second = some_bells(text="8:30-9:10 9:25-10:05").periods
    with pytest.raises(InvalidValueError, match="Lesson 1 is there twice"):
        some_bells(periods=(first, Period(no=1, starts=second.starts, ends=second.ends)))


def test_bells_ring_on_weekdays() -> None:
    with pytest.raises(InvalidValueError, match="at least one of the weekdays"):
        some_bells(weekdays=())
    with pytest.raises(InvalidValueError, match="not 8"):
        some_bells(weekdays=(1, 8))


def test_bells_expire_after_they_begin() -> None:
    with pytest.raises(InvalidValueError, match="2026-04-30 comes before"):
        some_bells(valid_from=date(2026, 5, 1), valid_until=date(2026, 4, 30))


def test_a_season_is_valid_on_its_first_and_last_day() -> None:
    """E20."""
    assert [
        rings(SUMMER, on=on)
        for on in (date(2026, 4, 30), date(2026, 5, 1), date(2026, 9, 30), date(2026, 10, 1))
    ] == [None, "summer", "summer", None]


def test_a_seasons_bells_ring_over_those_of_the_year() -> None:
    """E20."""
    assert rings(ALL_YEAR, SUMMER) == "summer"
    assert rings(ALL_YEAR, SUMMER, on=date(2026, 10, 1)) == "all-year"


def test_an_exam_days_bells_ring_over_everything_and_expire() -> None:
    """E25."""
    everything = (ALL_YEAR, SUMMER, SMALL, SECOND, EXAM_DAY)
    assert rings(*everything, grade=2) == "exam"
    assert rings(*everything, on=date(2026, 10, 6), grade=2) == "second"


def test_the_bells_for_fewest_grades_ring() -> None:
    """E18."""
    schedules = (ALL_YEAR, SMALL, SECOND)
    assert [rings(*schedules, grade=grade) for grade in (1, 2, 3)] == [
        "small",
        "second",
        "all-year",
    ]


def test_the_bells_for_fewest_weekdays_ring() -> None:
    """E19."""
    assert rings(ALL_YEAR, WEDNESDAY) == "all-year"
    assert rings(ALL_YEAR, WEDNESDAY, on=date(2026, 9, 9)) == "wednesday"


def test_of_two_open_ended_schedules_the_newer_rings() -> None:
    old = some_bells(id="old", valid_from=date(2025, 9, 1))
    new = some_bells(id="new", valid_from=date(2026, 9, 1))
    assert rings(ALL_YEAR, old, new) == "new"
    assert rings(ALL_YEAR, old, new, on=date(2026, 5, 5)) == "old"


def test_without_a_grade_the_bells_for_all_ring_and_otherwise_those_of_most() -> None:
    big = some_bells(id="big", grades=(3, 4, 5, 6))
    assert rings(ALL_YEAR, SMALL, big) == "all-year"
    assert rings(SMALL, big) == "big"
    assert rings() is None


def test_a_grade_without_bells_hears_none() -> None:
    assert rings(SMALL, grade=5) is None
