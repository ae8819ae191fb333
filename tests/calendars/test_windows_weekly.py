"""Weekly windows over a term: which dates hold, with what minutes, and why not the others."""

from dataclasses import replace
from datetime import date, time
from zoneinfo import ZoneInfo

from calendars.bells import BellSchedule, SchoolId
from calendars.days import Day, DayKind
from calendars.school_time import SchoolTime
from calendars.series import SiteTime, Weekly
from calendars.text import Text
from calendars.windows import HeldDates, MissedDate, Tactic, WeeklyWindow, find_weekly_windows
from tests.builders import a_day, a_term, school_time, some_bells, wall

TERM = a_term(last_day=date(2026, 10, 30))
TUESDAYS = tuple(date(2026, 9, day) for day in (1, 8, 15, 22, 29))


def a_site(
    school: str, *bells: BellSchedule, grades: tuple[int, ...] = (3,), days: tuple[Day, ...] = ()
) -> SiteTime:
    time = school_time(
        school, bells=bells or (some_bells(school),), terms=(a_term(school),), days=days
    )
    return SiteTime(school=SchoolId(school), name=school, time=time, grades=grades)


def starting(windows: tuple[WeeklyWindow, ...], clock: str) -> WeeklyWindow:
    return next(window for window in windows if window.weekly.starts == wall(clock))


def test_a_weekly_window_tells_its_dates_and_what_each_school_gives() -> None:
    windows = find_weekly_windows(2, TERM, [a_site("TF1"), a_site("JS")], weeks="1-5")
    window = starting(windows, "14:00")
    assert window.weekly == Weekly(weekday=2, starts=time(14), minutes=40, weeks="1-5")
    assert window.dates == TUESDAYS
    assert window.missed == ()
    assert window.min_effective_minutes == 40
    assert [(fit.school, fit.period, fit.tactic) for fit in window.held[0].fits] == [
        ("TF1", 5, Tactic.NONE),
        ("JS", 5, Tactic.NONE),
    ]


def test_what_needs_no_shift_comes_before_what_does() -> None:
    windows = find_weekly_windows(2, TERM, [a_site("TF1"), a_site("CB")], weeks="1-5")
    shifts = [
        sum(abs(fit.shift_minutes) for fit in window.held[0].fits)
        for window in windows
        if window.min_effective_minutes == 40
    ]
    assert shifts == sorted(shifts)
    assert windows[0].weekly.starts == wall("16:10")


def test_closed_dates_are_named_with_their_school() -> None:
    exam = a_day(TUESDAYS[2], DayKind.EXAM, school="CB")
    sites = [a_site("TF1"), a_site("CB", days=(exam,))]
    window = find_weekly_windows(2, TERM, sites, weeks="1-5")[0]
    assert window.dates == (*TUESDAYS[:2], *TUESDAYS[3:])
    assert [(miss.date, miss.school) for miss in window.missed] == [(TUESDAYS[2], "CB")]
    assert "考试日" in window.missed[0].why.zh


def test_e19_a_short_wednesday_has_fewer_windows() -> None:
    short = some_bells("CB", "8:20-9:00 9:10-9:50", id="short", weekdays=(3,))
    sites = [a_site("CB", some_bells("CB"), short)]
    assert [window.weekly.starts for window in find_weekly_windows(3, TERM, sites)] == [
        wall("8:20"),
        wall("9:10"),
    ]
    assert len(find_weekly_windows(2, TERM, sites)) == 7


def test_e20_other_bells_from_october_make_another_row_or_a_missed_date() -> None:
    summer = some_bells("CB", "8:20-9:00 14:30-15:10", id="summer", valid_until=date(2026, 9, 30))
    winter = some_bells("CB", "8:20-9:00 14:00-14:40", id="winter", valid_from=date(2026, 10, 1))
    windows = find_weekly_windows(
        2,
        TERM,
        [a_site("CB", summer, winter), a_site("JS", some_bells("JS", "8:20-9:00 14:00-15:20"))],
        weeks="4-7",
        max_shift_minutes=0,
        min_minutes=20,
    )
    assert starting(windows, "8:20").dates == (
        date(2026, 9, 22),
        date(2026, 9, 29),
        date(2026, 10, 6),
        date(2026, 10, 13),
    )
    assert len(starting(windows, "8:20").held) == 1
    assert starting(windows, "14:00") == WeeklyWindow(
        weekly=Weekly(weekday=2, starts=time(14), minutes=40, weeks="4-7"),
        held=(
            HeldDates(
                dates=(date(2026, 10, 6), date(2026, 10, 13)),
                fits=starting(windows, "14:00").held[0].fits,
            ),
        ),
        missed=tuple(
            MissedDate(
                date=on,
                school=SchoolId("CB"),
                why=Text(
                    "第2节 14:30-15:10 与本次只重叠10分钟，少于要求的20分钟。"
                    "在允许的范围内挪动节次也不能增加重叠。",
                    "It shares only 10 minutes with period 2, 14:30-15:10, less than the required "
                    "20. No allowed shift makes it more.",
                ),
            )
            for on in (date(2026, 9, 22), date(2026, 9, 29))
        ),
    )


def test_e20_minutes_that_change_with_the_season_are_told_date_by_date() -> None:
    summer = some_bells("CB", "8:20-9:00", id="summer", valid_until=date(2026, 9, 30))
    winter = some_bells("CB", "8:30-9:10", id="winter", valid_from=date(2026, 10, 1))
    windows = find_weekly_windows(
        2, TERM, [a_site("CB", summer, winter)], weeks="5-6", max_shift_minutes=0
    )
    assert [(row.dates, row.min_effective_minutes) for row in starting(windows, "8:20").held] == [
        ((date(2026, 9, 29),), 40),
        ((date(2026, 10, 6),), 30),
    ]
    assert starting(windows, "8:20").min_effective_minutes == 30


def test_e18_classes_of_grades_that_ring_differently_are_judged_each() -> None:
    young = some_bells("CB", "8:20-9:00", id="young", grades=(1, 2))
    old = some_bells("CB", "8:30-9:10", id="old", grades=(3, 4, 5, 6))
    sites = [a_site("CB", young, old, grades=(2, 5))]
    window = find_weekly_windows(2, TERM, sites, max_shift_minutes=0)[0]
    assert [(fit.school, fit.effective_minutes) for fit in window.held[0].fits] == [
        ("CB", 35),
        ("CB", 35),
    ]
    together = [a_site("CB", young, old, grades=(5, 6))]
    assert len(find_weekly_windows(2, TERM, together)[0].held[0].fits) == 1


def test_a_lead_that_keeps_its_bells_begins_every_window_with_one() -> None:
    sites = [a_site("TF1"), a_site("CB")]
    windows = find_weekly_windows(2, TERM, sites, keep_lead=True)
    assert sorted(window.weekly.starts for window in windows) == [
        wall(clock) for clock in ("8:30", "9:25", "10:35", "11:30", "16:10")
    ]
    assert {fit.shift_minutes for window in windows for fit in window.held[0].fits[:1]} == {0}


def test_a_wall_clock_window_stays_when_the_clocks_change() -> None:
    berlin = SchoolTime(
        ZoneInfo("Europe/Berlin"),
        terms=(a_term("CB"),),
        bells=(some_bells("CB", "8:20-9:00"),),
    )
    site = SiteTime(school=SchoolId("CB"), name="CB", time=berlin, grades=(3,))
    (window,) = find_weekly_windows(1, a_term("CB"), [site], weeks="8-10")
    assert window.weekly.starts == wall("8:20")
    assert window.dates == (date(2026, 10, 19), date(2026, 10, 26), date(2026, 11, 2))
    assert len(window.held) == 1


def test_a_slot_of_another_date_on_the_leads_clock_is_no_window_of_that_date() -> None:
    auckland = SchoolTime(
        ZoneInfo("Pacific/Auckland"),
        terms=(a_term("JS"),),
        bells=(some_bells("JS", "0:30-1:10"),),
    )
    lead = a_site("CB", some_bells("CB", "8:20-9:00"))
    far = SiteTime(school=SchoolId("JS"), name="JS", time=auckland, grades=(3,))
    assert find_weekly_windows(2, TERM, [lead, far]) == ()


def test_bells_may_ring_between_minutes() -> None:
    bells = some_bells("CB", "8:20-9:00")
    rings = replace(bells.periods[0], starts=time(8, 20, 30), ends=time(9, 0, 30))
    sites = [a_site("CB", replace(bells, periods=(rings,)))]
    windows = find_weekly_windows(2, TERM, sites, max_shift_minutes=0)
    assert windows[0].weekly.starts == time(8, 20, 30)
    assert windows[0].min_effective_minutes == 40
