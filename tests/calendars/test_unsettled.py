from datetime import date
from typing import Any

from calendars.bells import SchoolId
from calendars.days import Day, DayKind, seed_days
from calendars.series import SiteTime
from calendars.text import Text
from calendars.unsettled import Matter, MatterKind, followed_apart, unsettled_in_term
from tests.builders import a_day, a_term, school_time

TERM_2026 = a_term(last_day=date(2026, 12, 31))
SUNDAY, SATURDAY = date(2026, 9, 20), date(2026, 10, 10)
FESTIVAL = a_day(date(2026, 9, 25), note="中秋")


def a_site(*days: Day, school: str = "TF1", **fields: Any) -> SiteTime:
    time = school_time(school, days=days, **fields)
    return SiteTime(school=SchoolId(school), name=school, time=time)


def kinds(matters: tuple[Matter, ...]) -> list[MatterKind]:
    return [matter.kind for matter in matters]


def test_a_term_that_is_told_completely_leaves_nothing_open() -> None:
    makeup = a_day(SUNDAY, DayKind.MAKEUP, (6, 2))
    assert unsettled_in_term(TERM_2026, a_site(makeup, FESTIVAL)) == ()


def test_each_unmapped_make_up_day_is_to_be_settled() -> None:
    """E02."""
    matters = unsettled_in_term(TERM_2026, a_site(*seed_days(TERM_2026)))
    assert [(matter.kind, matter.date) for matter in matters] == [
        (MatterKind.UNMAPPED_MAKEUP, SUNDAY),
        (MatterKind.UNMAPPED_MAKEUP, SATURDAY),
    ]
    assert matters[0].schools == ("TF1",)
    assert matters[0].sentence == Text(
        "TF1：2026年9月20日（周日）调休上课，未指定按周几上课，当天不排任何课。"
        "请填写按第几周周几上课 (follows)。",
        "TF1: 2026-09-20 (Sunday) is a make-up day and nobody has said which weekday it follows, "
        "so nothing is held on it. Enter the week and weekday (follows).",
    )


def test_a_make_up_day_in_the_break_is_nothing_to_settle() -> None:
    """E05."""
    assert (
        unsettled_in_term(TERM_2026, a_site(FESTIVAL, a_day(date(2027, 2, 27), DayKind.MAKEUP)))
        == ()
    )


def test_a_term_that_reaches_into_an_unknown_year_says_so() -> None:
    """E06: until somebody confirms it."""
    (matter,) = unsettled_in_term(a_term(), a_site(FESTIVAL))
    assert matter.kind is MatterKind.UNKNOWN_YEAR
    assert "2027" in matter.sentence.zh
    assert unsettled_in_term(a_term(days_confirmed=True), a_site(FESTIVAL)) == ()


def test_confirming_the_days_maps_no_make_up_day() -> None:
    """E02, E06."""
    term = a_term(days_confirmed=True)
    assert kinds(unsettled_in_term(term, a_site(a_day(SUNDAY, DayKind.MAKEUP)))) == [
        MatterKind.UNMAPPED_MAKEUP
    ]


def test_a_week_that_the_term_does_not_have_cannot_be_followed() -> None:
    (matter,) = unsettled_in_term(TERM_2026, a_site(a_day(SUNDAY, DayKind.MAKEUP, (19, 2))))
    assert (matter.kind, matter.date) == (MatterKind.FOLLOWED_OUTSIDE_TERM, SUNDAY)
    assert matter.sentence == Text(
        "TF1：2026年9月20日（周日）按第19周周二上课，但本学期只有 18 周。请改正周次。",
        "TF1: 2026-09-20 (Sunday) follows Tuesday of week 19, but the term has only 18 weeks. "
        "Correct the week.",
    )


def test_a_school_without_bells_and_days_is_told_where_to_begin() -> None:
    """E72."""
    assert kinds(unsettled_in_term(TERM_2026, a_site(bells=()))) == [
        MatterKind.NO_BELLS,
        MatterKind.NO_DAYS,
    ]


def test_schools_that_follow_different_dates_are_named_together() -> None:
    """E01."""
    sites = (
        a_site(a_day(SUNDAY, DayKind.MAKEUP, (6, 2)), FESTIVAL),
        a_site(a_day(SUNDAY, DayKind.MAKEUP, (4, 5), school="CB"), school="CB"),
        a_site(a_day(SUNDAY, DayKind.MAKEUP, school="HM"), school="HM"),
    )
    (matter,) = followed_apart(sites)
    assert (matter.kind, matter.date, matter.schools) == (
        MatterKind.FOLLOWED_APART,
        SUNDAY,
        ("TF1", "CB"),
    )
    assert matter.sentence == Text(
        "不同步：2026年9月20日（周日）各校所循课表不同："
        "TF1按2026年10月6日（周二），CB按2026年9月25日（周五）。请商定统一所循的课表，否则当天不要排跨校活动。",
        "Out of step: on 2026-09-20 (Sunday) schools run different timetables: "
        "TF1 that of 2026-10-06 (Tuesday), CB that of 2026-09-25 (Friday). "
        "Agree on one, or hold no joint session on that day.",
    )


def test_a_school_that_simply_teaches_on_the_make_up_day_is_compared_too() -> None:
    """E01."""
    sites = (
        a_site(a_day(SUNDAY, DayKind.MAKEUP, (6, 2))),
        a_site(a_day(SUNDAY, DayKind.TEACHING, (4, 5), school="CB"), school="CB"),
        a_site(a_day(SUNDAY, DayKind.EXAM, (4, 4), school="HM"), school="HM"),
    )
    assert [matter.schools for matter in followed_apart(sites)] == [("TF1", "CB")]


def test_schools_that_follow_the_same_date_need_no_word() -> None:
    """E01: the week numbers differ, the date does not."""
    late = a_term("JS", first_day=date(2026, 9, 7))
    sites = (
        a_site(a_day(SUNDAY, DayKind.MAKEUP, (6, 2))),
        a_site(a_day(SUNDAY, DayKind.MAKEUP, (5, 2), school="JS"), school="JS", terms=[late]),
    )
    assert followed_apart(sites) == ()
