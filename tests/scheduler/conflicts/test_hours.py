from datetime import date, time
from typing import Any

import pytest

from calendars.bells import Period, PeriodKind, SchoolId
from calendars.days import Day, DayKind, Followed
from calendars.slots import Slot
from calendars.windows import Tactic, fit
from scheduler.model import Kind, Role, Session, Site
from scheduler.schools import Situation
from tests.builders import (
    TUESDAY,
    a_class,
    a_session,
    a_site,
    a_situation,
    a_term,
    at,
    lessons,
    school_time,
    some_bells,
    some_books,
)
from tests.scheduler.conflicts.judging import judge, sentences

SATURDAY = date(2026, 9, 12)
MAKEUP_SUNDAY = date(2026, 9, 20)


def in_class(slot: Slot, **fields: Any) -> Session:
    """JS listens, TF1 leads from an empty room, so that only the bells of JS decide."""
    sites = (
        a_site("TF1", class_groups=(), effective_minutes=slot.minutes),
        a_site("JS", Role.LISTEN, **fields),
    )
    return a_session(slot=slot, form="dedicated", sites=sites)


def of_staff(slot: Slot, **fields: Any) -> Session:
    """Teachers of TF1 and JS meet without pupils."""
    sites = tuple(
        a_site(school, role, class_groups=(), room=None, effective_minutes=slot.minutes)
        for school, role in (("TF1", Role.LEAD), ("JS", Role.LISTEN))
    )
    research: dict[str, Any] = {"kind": Kind.JOINT_RESEARCH, "link_pool": None}
    return a_session(slot=slot, **{"sites": sites} | research | fields)


def a_day(kind: DayKind, on: date = TUESDAY, school: str = "JS", **fields: Any) -> Day:
    return Day(id=f"{school}-{on}-{kind}", school=SchoolId(school), date=on, kind=kind, **fields)


def with_days(*days: Day, school: str = "JS") -> Situation:
    return a_situation(books=some_books(**{school: {"time": school_time(school, days=days)}}))


def ringing(text: str, *more: Period) -> Situation:
    """JS with bells of its own."""
    bells = some_bells("JS", text, periods=(*lessons(text), *more))
    return a_situation(books=some_books(JS={"time": school_time("JS", bells=(bells,))}))


# H7 with pupils


def test_without_a_tactic_a_session_lies_inside_the_bells() -> None:
    assert judge(in_class(at("10:25")), a_situation()) == []
    assert judge(in_class(at("10:24"), effective_minutes=39), a_situation()) == [
        "H7 class_group:JS-C1"
    ]
    assert judge(in_class(at("10:26"), effective_minutes=39), a_situation()) == [
        "H7 class_group:JS-C1"
    ]


def test_what_goes_beyond_the_bells_is_told_with_a_way_out() -> None:
    assert sentences(in_class(at("10:35"), effective_minutes=30), a_situation()) == [
        (
            (
                "9月8日（周二）10:35-11:15超出了JS 三年级1班的作息，只有10:35-11:05在课内；"
                "请缩短（trim）、错开课间（shift_break）或由助教补足（cover）。"
            ),
            (
                "Tue 8 Sep 10:35-11:15 goes beyond the bells of JS 三年级1班, who attend "
                "10:35-11:05 only: trim it, shift_break or cover it."
            ),
        )
    ]


@pytest.mark.parametrize("tactic", [Tactic.TRIM, Tactic.COVER])
def test_with_trim_or_cover_a_part_is_enough(tactic: Tactic) -> None:
    assert judge(in_class(at("10:35"), tactic=tactic, effective_minutes=30), a_situation()) == []


def test_with_shift_break_the_period_moves() -> None:
    moved = in_class(at("10:30"), tactic=Tactic.SHIFT_BREAK, shift_minutes=5)

    assert judge(moved, a_situation()) == []


def test_a_shift_without_its_tactic_moves_nothing() -> None:
    unmoved = in_class(at("10:30"), tactic=Tactic.TRIM, shift_minutes=5, effective_minutes=35)

    assert judge(unmoved, a_situation()) == []


@pytest.mark.parametrize(("shift", "found"), [(5, []), (6, ["H7 class_group:JS-C1"])])
def test_e22_a_shift_leaves_a_break_of_five_minutes(shift: int, found: list[str]) -> None:
    """JS ends period 3 at 11:05 and rings the next at 11:15."""
    moved = in_class(
        at("10:31"),
        tactic=Tactic.SHIFT_BREAK,
        shift_minutes=shift,
        effective_minutes=39 if shift == 5 else 40,
    )

    assert judge(moved, a_situation()) == found


def test_e22_the_refusal_says_what_must_stay() -> None:
    moved = in_class(at("10:31"), tactic=Tactic.SHIFT_BREAK, shift_minutes=6)

    assert sentences(moved, a_situation()) == [
        (
            "JS 三年级1班的课不能推迟6分钟：前后至少要留5分钟课间，且不占午餐和午休。",
            (
                "The period of JS 三年级1班 cannot ring 6 minutes later: 5 minutes of break must "
                "stay, and lunch and nap stay free."
            ),
        )
    ]


def test_pupils_have_their_lunch() -> None:
    session = in_class(at("12:20"), effective_minutes=0)

    assert judge(session, a_situation()) == ["H7 class_group:JS-C1"]
    assert sentences(session, a_situation()) == [
        (
            "JS 三年级1班在9月8日（周二）12:20-13:00没有可以上课的时段（12:15-13:00是午餐）。",
            (
                "JS 三年级1班 has no period to attend in, Tue 8 Sep 12:20-13:00 "
                "(lunch is 12:15-13:00)."
            ),
        )
    ]


def test_pupils_have_their_nap_even_if_the_session_ends_in_class() -> None:
    session = in_class(at("13:45"), effective_minutes=25, tactic=Tactic.NONE)

    found = sentences(session, a_situation())
    assert "（13:00-13:50是午休）" in found[0][0]
    assert "(the nap is 13:00-13:50)" in found[0][1]


def test_no_period_moves_into_lunch() -> None:
    situation = ringing(
        "11:15-11:55", Period(kind=PeriodKind.LUNCH, starts=time(11, 58), ends=time(13, 0))
    )
    moved = in_class(at("11:20"), tactic=Tactic.SHIFT_BREAK, shift_minutes=5)

    assert judge(moved, situation) == ["H7 class_group:JS-C1"]


def test_e17_a_slot_over_two_periods_claims_one_of_them() -> None:
    """JS rings 8:25-9:05 and 9:15-9:55."""
    plain = in_class(at("8:50"), effective_minutes=15)
    trimmed = in_class(at("8:50", 50), tactic=Tactic.TRIM, effective_minutes=25)

    assert judge(plain, a_situation()) == ["H7 class_group:JS-C1", "H13 class_group:JS-C1"]
    assert "H7" not in " ".join(judge(trimmed, a_situation()))


def test_e24_after_school_time_has_no_number_and_is_allowed() -> None:
    after_school = a_session(
        slot=at("16:30", 60),
        sites=(
            a_site("TF1", effective_minutes=60),
            a_site("JS", Role.LISTEN, effective_minutes=60),
        ),
    )

    assert judge(after_school, a_situation()) == []


def test_e24_after_school_time_ends() -> None:
    late = in_class(at("17:00", 60), effective_minutes=40)

    assert judge(late, a_situation()) == ["H7 class_group:JS-C1"]


def test_e16_a_longer_period_holds_a_shorter_lesson() -> None:
    assert judge(in_class(at("8:30")), ringing("8:25-9:10")) == []


def test_e18_each_class_goes_by_the_bells_of_its_grade() -> None:
    bells = some_bells("JS"), some_bells("JS", "13:30-14:10", id="small", grades=(1, 2))
    groups = {"JS-C1": a_class("JS"), "JS-C2": a_class("JS", 2, grade=2, pupils=10)}
    books = some_books(JS={"time": school_time("JS", bells=bells), "class_groups": groups})
    both = in_class(at("14:00"), class_groups=("JS-C1", "JS-C2"), effective_minutes=10)

    assert judge(both, a_situation(books=books)) == [
        "H7 class_group:JS-C2",
        "H13 class_group:JS-C2",
    ]


def test_a_school_without_bells_is_told_that_nobody_can_attend() -> None:
    """E72: nothing is known of the school, and nothing crashes."""
    books = some_books(JS={"time": school_time("JS", bells=())})

    assert judge(in_class(at("14:00"), effective_minutes=0), a_situation(books=books)) == [
        "H7 class_group:JS-C1"
    ]


# H7 without pupils


@pytest.mark.parametrize(
    ("starts", "minutes", "found"),
    [
        ("7:30", 60, []),
        ("7:29", 60, ["H7 school:TF1"]),
        ("17:00", 60, []),
        ("17:00", 61, ["H7 school:TF1", "H7 school:JS"]),
        ("12:20", 60, []),
    ],
)
def test_staff_meet_from_an_hour_before_the_first_bell_until_six(
    starts: str, minutes: int, found: list[str]
) -> None:
    assert judge(of_staff(at(starts, minutes)), a_situation()) == found


def test_staff_are_told_their_hours() -> None:
    assert sentences(of_staff(at("7:29", 60)), a_situation()) == [
        ("TF1的教师活动应在07:30-18:00之间。", "Staff of TF1 meet within 07:30-18:00.")
    ]


def test_staff_stay_as_long_as_the_last_bell() -> None:
    evening = Period(kind=PeriodKind.EVENING, starts=time(19), ends=time(20))
    sites = (a_site("JS", class_groups=(), room=None, effective_minutes=60),)

    assert judge(of_staff(at("19:00", 60), sites=sites), ringing("8:00-8:40", evening)) == []


def test_staff_keep_office_hours_where_no_bell_rings() -> None:
    books = some_books(JS={"time": school_time("JS", bells=())})
    sites = (a_site("JS", class_groups=(), room=None),)

    assert judge(of_staff(at("8:00"), sites=sites), a_situation(books=books)) == []
    assert judge(of_staff(at("7:59"), sites=sites), a_situation(books=books)) == ["H7 school:JS"]


# H8


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (DayKind.HOLIDAY, "节假日"),
        (DayKind.EXAM, "考试日"),
        (DayKind.ACTIVITY, "活动日"),
        (DayKind.SUSPENDED, "停课日"),
        (DayKind.BREAK, "假期"),
    ],
)
def test_pupils_take_part_on_days_of_lessons_only(kind: DayKind, words: str) -> None:
    situation = with_days(a_day(kind, note="运动会"))
    found = judge(in_class(at("14:00"), effective_minutes=0), situation)

    assert [line for line in found if line.startswith("H8")] == ["H8 school:JS class_group:JS-C1"]
    told = sentences(in_class(at("14:00"), effective_minutes=0), situation)
    assert f"9月8日（周二）是JS 三年级1班的{words}（运动会），不能安排。" in [zh for zh, _ in told]


def test_e11_exams_of_one_school_are_named_with_that_school() -> None:
    situation = with_days(a_day(DayKind.EXAM))
    session = a_session(sites=(a_site("TF1"), a_site("JS", Role.LISTEN)))

    assert judge(session, situation) == ["H8 school:JS class_group:JS-C1"]


def test_exams_of_another_grade_are_no_matter() -> None:
    assert judge(a_session(), with_days(a_day(DayKind.EXAM, grades=(6,)))) == []


def test_e02_a_make_up_day_that_nobody_mapped_schedules_nothing() -> None:
    mapped = a_day(DayKind.MAKEUP, MAKEUP_SUNDAY, "TF1", follows=Followed(week=6, weekday=2))
    books = some_books(
        TF1={"time": school_time("TF1", days=(mapped,))},
        JS={"time": school_time("JS", days=(a_day(DayKind.MAKEUP, MAKEUP_SUNDAY),))},
    )
    session = a_session(
        slot=at("14:00", on=MAKEUP_SUNDAY),
        sites=(a_site("TF1"), a_site("JS", Role.LISTEN, effective_minutes=0)),
    )

    assert judge(session, a_situation(books=books)) == ["H8 school:JS class_group:JS-C1"]
    assert sentences(session, a_situation(books=books)) == [
        (
            "JS未指定9月20日（周日）按周几上课。",
            "JS has not said which weekday it follows on Sun 20 Sep.",
        )
    ]


@pytest.mark.parametrize("kind", [DayKind.EXAM, DayKind.ACTIVITY, DayKind.MAKEUP])
def test_staff_meet_on_every_day_they_work(kind: DayKind) -> None:
    assert judge(of_staff(at("14:00")), with_days(a_day(kind))) == []


@pytest.mark.parametrize("kind", [DayKind.HOLIDAY, DayKind.SUSPENDED, DayKind.BREAK])
def test_staff_do_not_meet_on_days_off(kind: DayKind) -> None:
    assert judge(of_staff(at("14:00")), with_days(a_day(kind))) == ["H8 school:JS"]


def test_staff_do_not_meet_on_a_weekend() -> None:
    saturday = of_staff(at("14:00", on=SATURDAY))

    assert judge(saturday, a_situation()) == ["H8 school:TF1", "H8 school:JS"]
    assert sentences(saturday, a_situation())[0] == (
        "9月12日（周六）是TF1的周末，不能安排。",
        "The staff of TF1 cannot take part on Sat 12 Sep: a weekend.",
    )


def test_a_school_that_nobody_knows_is_named() -> None:
    session = a_session(sites=(a_site("TF1"), a_site("ZZ", Role.LISTEN)))

    assert judge(session, a_situation()) == ["H8 school:ZZ"]


# H13


def test_e15_the_same_period_at_other_times_is_too_short_and_the_best_shift_is_told() -> None:
    """TF1 rings period 3 at 10:35, CB at 10:20; CB can move it by 5 minutes only."""
    session = a_session(
        slot=at("10:35"),
        sites=(
            a_site("TF1"),
            a_site("CB", Role.LISTEN, tactic=Tactic.TRIM, effective_minutes=25),
        ),
    )

    assert judge(session, a_situation()) == ["H13 class_group:CB-C1"]
    best = fit(SchoolId("CB"), school_time("CB").periods(TUESDAY), session.slot)
    assert best is not None
    assert best.shift_minutes == 5
    assert sentences(session, a_situation()) == [
        (
            f"CB 三年级1班只有25分钟有效时长，至少需要30分钟。{best.why.zh}",
            f"CB 三年级1班 gets 25 minutes and needs 30. {best.why.en}",
        )
    ]


def test_e15_without_a_tactic_it_also_lies_outside_the_bells() -> None:
    session = a_session(
        slot=at("10:35"),
        sites=(a_site("TF1"), a_site("CB", Role.LISTEN, effective_minutes=25)),
    )

    assert judge(session, a_situation()) == ["H7 class_group:CB-C1", "H13 class_group:CB-C1"]


@pytest.mark.parametrize(("needs", "found"), [(30, []), (31, ["H13 class_group:JS-C1"])])
def test_every_class_gets_the_minutes_that_are_asked_for(needs: int, found: list[str]) -> None:
    site = a_site("JS", Role.LISTEN, tactic=Tactic.TRIM, effective_minutes=30)
    sites = a_site("TF1"), site
    session = a_session(slot=at("10:35"), sites=sites, min_minutes=needs)

    assert judge(session, a_situation()) == found


def test_no_better_shift_is_told_where_there_is_none() -> None:
    session = in_class(at("8:25", 30), effective_minutes=30)
    demanding = a_session(slot=session.slot, sites=session.sites, form="dedicated", min_minutes=31)

    assert [zh for zh, _ in sentences(demanding, a_situation())] == [
        "JS 三年级1班只有30分钟有效时长，至少需要31分钟。"
    ]


def test_a_site_says_what_its_bells_give() -> None:
    session = a_session(sites=(a_site("TF1"), a_site("JS", Role.LISTEN, effective_minutes=39)))

    assert judge(session, a_situation()) == ["H13 school:JS"]
    assert sentences(session, a_situation()) == [
        (
            "JS登记的有效时长是39分钟，按作息应为40分钟。",
            "JS is down for 39 minutes, but its bells give 40.",
        )
    ]


def test_a_site_without_a_class_gets_the_whole_slot() -> None:
    sites: tuple[Site, ...] = (a_site("JS", class_groups=(), room=None, effective_minutes=39),)

    assert judge(of_staff(at("14:00"), sites=sites), a_situation()) == ["H13 school:JS"]


# H15


def beyond_the_term_of_js() -> Situation:
    terms = (a_term("JS", first_day=date(2026, 9, 9)),)
    day = a_day(DayKind.ACTIVITY)
    return a_situation(books=some_books(JS={"time": school_time("JS", terms=terms, days=(day,))}))


@pytest.mark.parametrize("kind", [Kind.LESSON, Kind.TRIAL])
def test_e10_a_lesson_lies_within_the_term_of_every_school(kind: Kind) -> None:
    session = a_session(
        kind=kind, sites=(a_site("TF1"), a_site("JS", Role.LISTEN, class_groups=(), room=None))
    )

    assert judge(session, beyond_the_term_of_js()) == ["H15 school:JS"]
    assert sentences(session, beyond_the_term_of_js()) == [
        (
            "9月8日（周二）14:00-14:40不在JS的学期内。",
            "Tue 8 Sep 14:00-14:40 is outside the term of JS.",
        )
    ]


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind not in (Kind.LESSON, Kind.TRIAL)])
def test_research_exchange_and_visits_are_free_of_the_term(kind: Kind) -> None:
    assert judge(of_staff(at("14:00"), kind=kind), beyond_the_term_of_js()) == []


@pytest.mark.parametrize("first_day", [date(2026, 9, 8), date(2026, 9, 1)])
def test_the_first_day_belongs_to_the_term(first_day: date) -> None:
    terms = (a_term("JS", first_day=first_day),)
    books = some_books(JS={"time": school_time("JS", terms=terms)})

    assert judge(a_session(), a_situation(books=books)) == []


# H17


def test_a_school_is_told_the_lesson_number_of_its_own_bells() -> None:
    told = in_class(at("14:00"), period=5)
    mistold = in_class(at("14:00"), period=4)

    assert judge(told, a_situation()) == []
    assert judge(mistold, a_situation()) == ["H17 school:JS"]
    assert sentences(mistold, a_situation()) == [
        (
            "按JS的作息，9月8日（周二）14:00-14:40是第5节，不是第4节。",
            "By the bells of JS, Tue 8 Sep 14:00-14:40 is period 5, not period 4.",
        )
    ]


def test_after_school_time_has_no_number_to_be_told() -> None:
    session = in_class(at("16:30"), period=7)

    assert judge(session, a_situation()) == ["H17 school:JS"]
    assert sentences(session, a_situation()) == [
        (
            "按JS的作息，9月8日（周二）16:30-17:10不在课内，不是第7节。",
            "By the bells of JS, Tue 8 Sep 16:30-17:10 is no lesson, not period 7.",
        )
    ]


@pytest.mark.parametrize(
    ("starts", "found"), [("14:00", []), ("14:50", ["H17 school:JS"]), ("12:30", ["H17 school:JS"])]
)
def test_staff_are_told_by_the_bells_for_all_grades(starts: str, found: list[str]) -> None:
    site = a_site("JS", class_groups=(), room=None, period=5)

    assert judge(of_staff(at(starts), sites=(site,)), a_situation()) == found


def test_the_number_is_that_of_the_date() -> None:
    """A Wednesday short day rings other bells."""
    short = some_bells("JS", "13:00-13:40 14:00-14:40", id="short", weekdays=(3,))
    time_of_js = school_time("JS", bells=(some_bells("JS"), short))
    books = some_books(JS={"time": time_of_js})
    wednesday = in_class(at("14:00", on=date(2026, 9, 9)), period=5)

    assert judge(wednesday, a_situation(books=books)) == ["H17 school:JS"]
