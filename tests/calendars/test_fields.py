from datetime import date
from types import SimpleNamespace

import pytest

from calendars.fields import check_weekday, check_year, date_text, to_blame, weekday_text
from calendars.text import InvalidValueError, Text


def test_weekdays_are_iso_weekdays() -> None:
    assert weekday_text(1) == Text("周一", "Monday")
    assert weekday_text(7) == Text("周日", "Sunday")


def test_a_date_is_told_with_its_weekday() -> None:
    assert date_text(date(2026, 9, 20)) == Text("2026年9月20日（周日）", "2026-09-20 (Sunday)")


@pytest.mark.parametrize("weekday", [0, 8, -1])
def test_no_other_number_is_a_weekday(weekday: int) -> None:
    with pytest.raises(InvalidValueError, match=str(weekday)):
        check_weekday(weekday)


@pytest.mark.parametrize("on", [date.min, date(1899, 12, 31), date(3000, 1, 1), date.max])
def test_dates_at_the_ends_of_the_calendar_are_refused(on: date) -> None:
    with pytest.raises(InvalidValueError, match=on.isoformat()):
        check_year(on)


def test_of_several_that_exclude_each_other_the_second_is_to_blame() -> None:
    for given, blamed in (({}, "room"), ({"room": "R1"}, "room"), ({"link": "L"}, "room")):
        assert to_blame(
            SimpleNamespace(**{"room": None, "link": None} | given), "room", "link"
        ) == (blamed)
    both = SimpleNamespace(room="R1", link="L")
    assert to_blame(both, "room", "link") == "link"
