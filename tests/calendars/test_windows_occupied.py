"""No window meets time in which somebody who is needed is taken."""

from datetime import date, time

from calendars.bells import SchoolId
from calendars.series import SiteTime
from calendars.slots import Slot
from calendars.text import Text
from calendars.windows import MissedDate, Occupied, find_weekly_windows, find_windows
from tests.builders import TUESDAY, a_term, at, school_time

SCHOOLS = ("TF1", "JS")
WHY = Text("王老师：占用。", "Wang is occupied.")


def occupied(clock: str, minutes: int, on: date = TUESDAY) -> Occupied:
    return Occupied(slot=at(clock, minutes, on=on), school=SchoolId("JS"), why=WHY)


def windows(*taken: Occupied) -> list[Slot]:
    days = {SchoolId(each): school_time(each).periods(TUESDAY) for each in SCHOOLS}
    return [each.slot for each in find_windows(days, occupied=taken)]


def test_a_window_that_meets_what_is_occupied_is_left_out() -> None:
    everything = windows()
    assert everything[0] == at("14:00")
    taken = occupied("14:30", 5)
    left = windows(taken, occupied("7:00", 10))
    assert not any(each.overlaps(taken.slot) for each in left)
    assert {each for each in everything if not each.overlaps(taken.slot)} <= set(left)


def test_a_window_may_begin_when_what_was_occupied_ends() -> None:
    assert at("14:00") in windows(occupied("13:00", 60), occupied("14:40", 5))


def test_another_start_in_the_same_periods_takes_the_place_of_one_that_is_barred() -> None:
    assert at("14:05") not in windows()
    assert at("14:05") in windows(occupied("13:30", 35))


def test_a_weekly_window_misses_the_dates_on_which_it_is_barred() -> None:
    sites = [
        SiteTime(school=SchoolId(each), name=each, time=school_time(each), grades=(3,))
        for each in SCHOOLS
    ]
    found = find_weekly_windows(2, a_term(), sites, weeks="1-3", occupied=[occupied("14:10", 10)])
    window = next(each for each in found if each.weekly.starts == time(14))
    assert window.dates == (date(2026, 9, 1), date(2026, 9, 15))
    assert window.missed == (MissedDate(date=TUESDAY, school=SchoolId("JS"), why=WHY),)
