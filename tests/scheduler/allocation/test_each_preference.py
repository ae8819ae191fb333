"""Each preference decides a plan: without its price the plan would go elsewhere.

Every example is a request that would rather be on Tuesday (it is wished for, or loses no date then)
for one point, and a preference that is against it. No other preference counts, so that one that is
left out of the code turns its own example red, and no other.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any, Final

import pytest

from calendars.days import DayKind
from scheduler.allocation.problem import Problem
from scheduler.allocation.weights import WEIGHTS
from scheduler.members import (
    ClassGroupId,
    HalfDay,
    Preference,
    ResearchHalfDay,
    TeacherId,
    Weight,
)
from scheduler.model import Placement, RequestId, Role, Session
from scheduler.schools import SchoolBook
from tests.builders import (
    a_block,
    a_day,
    a_lesson,
    a_room,
    a_session,
    a_site,
    a_teacher,
    a_timetable,
    at,
    school_time,
    some_bells,
    some_books,
)
from tests.scheduler.allocation.terms import (
    FIRST_TUESDAY,
    a_need,
    a_problem,
    a_request,
    a_request_site,
    allocated,
    an_offer,
)

TUESDAY, THURSDAY = 2, 4
TUESDAYS: Final = [FIRST_TUESDAY + timedelta(weeks=week) for week in range(3)]
AT_TWO: Final[dict[str, Any]] = {"earliest": time(14), "latest": time(14, 40)}
EITHER: Final[dict[str, Any]] = {"weekdays": (TUESDAY, THURSDAY)}
RATHER_TUESDAY: Final[dict[str, Any]] = EITHER | {"preferred_weekdays": (TUESDAY,)}


def a_wish() -> Problem:
    """Thursdays are wished for, and lose a date."""
    off = a_day(FIRST_TUESDAY + timedelta(days=2), DayKind.HOLIDAY)
    books = some_books(TF1={"time": school_time("TF1", days=[off])})
    return a_problem(a_request(**EITHER, **AT_TWO, preferred_weekdays=(THURSDAY,)), books=books)


def bells_that_are_late_on_tuesdays(minutes: int) -> Sequence[SchoolBook]:
    """JS rings its afternoon so much later than TF1 on Tuesdays."""
    late = f"14:{minutes:02}-14:{40 + minutes}"
    bells = [
        some_bells("JS", late, weekdays=(TUESDAY,), id="late"),
        some_bells("JS", "14:00-14:40", weekdays=(1, 3, 4, 5), id="usual"),
    ]
    return some_books(JS={"time": school_time("JS", bells=bells)})


def a_weakest_site() -> Problem:
    """On Tuesdays JS gets five minutes less."""
    wish = a_request(**RATHER_TUESDAY, **AT_TWO, max_shift_minutes=0)
    return a_problem(wish, books=bells_that_are_late_on_tuesdays(5))


def an_awkward_lesson() -> Problem:
    """On Tuesdays it would be right after PE at TF1."""
    sport = a_timetable("TF1", 1, a_lesson(5, "体育"))
    bells = [
        some_bells(
            "TF1",
            "8:30-9:10 9:25-10:05 10:35-11:15 11:30-12:10 13:15-13:55 14:00-14:40 14:55-15:35",
        )
    ]
    books = some_books(TF1={"timetables": (sport,), "time": school_time("TF1", bells=bells)})
    return a_problem(a_request(**RATHER_TUESDAY, **AT_TWO), books=books)


def a_research_half_day() -> Problem:
    """JS researches music on Tuesday afternoons."""
    half_day = ResearchHalfDay(subject="音乐", weekday=TUESDAY, half=HalfDay.AFTERNOON)
    lead, school, other = some_books()
    books = (lead, replace(school, school=replace(school.school, research=(half_day,))), other)
    return a_problem(a_request(**RATHER_TUESDAY, **AT_TWO), books=books)


def booked_on_tuesdays(starts: str, *sites: Any) -> tuple[Session, ...]:
    return tuple(
        a_session(f"booked-{on}", at(starts, on=on), sites=sites, link_pool=None) for on in TUESDAYS
    )


def a_teacher_who_has_enough() -> Problem:
    """The lead teacher takes one session a day, and has one on Tuesdays."""
    teacher = a_teacher("TF1", 1, max_sessions_a_day=1)
    books = some_books(TF1={"teachers": {teacher.id: teacher}})
    site = a_site("TF1", class_groups=(ClassGroupId("TF1-C2"),))
    listening = a_site("CB", Role.LISTEN, class_groups=())
    booked = booked_on_tuesdays("9:25", site, listening)
    return a_problem(a_request(**RATHER_TUESDAY, **AT_TWO), books=books, sessions=booked)


def of_two_offers(books: Sequence[SchoolBook] | None = None, **others: Any) -> Problem:
    """CB wants a lesson, rather on Tuesday, when TF1 leads; JS would on Thursday."""
    offers = [
        an_offer("tuesday", "TF1", weekdays=(TUESDAY,)),
        an_offer("thursday", "JS", weekdays=(THURSDAY,)),
    ]
    need = a_need("n1", "CB", earliest=time(14, 30), latest=time(15, 10), **RATHER_TUESDAY)
    return a_problem(need, books=books, offers=offers, **others)


def a_school_that_leads_a_lot() -> Problem:
    """TF1 leads another lesson already."""
    led = a_site("TF1", teacher=TeacherId("TF1-T2"), class_groups=(ClassGroupId("TF1-C2"),))
    booked = booked_on_tuesdays("9:25", led, a_site("JS", Role.LISTEN))
    return of_two_offers(sessions=booked)


def a_lost_date() -> Problem:
    """One Tuesday is a holiday at TF1."""
    off = a_day(TUESDAYS[1], DayKind.HOLIDAY)
    books = some_books(TF1={"time": school_time("TF1", days=[off])})
    return a_problem(a_request(**RATHER_TUESDAY, **AT_TWO), books=books)


def a_known_partner() -> Problem:
    """JS's second teacher worked with the lead teacher before, and is not free on Tuesdays."""
    known = (a_site("TF1"), a_site("JS", Role.LISTEN, teacher=TeacherId("JS-T2")))
    before = a_session("before", at("9:25", on=date(2026, 9, 2)), sites=known)
    busy = [
        a_block(at("13:30", 90, on=on), "JS", id=f"busy-{on}", teacher=TeacherId("JS-T2"))
        for on in TUESDAYS
    ]
    wish = a_request(
        "r1",
        a_request_site("TF1"),
        a_request_site("JS", Role.LISTEN, teacher=None),
        **RATHER_TUESDAY,
        **AT_TWO,
    )
    return a_problem(wish, books=some_books(JS={"busy": tuple(busy)}), sessions=(before,))


def a_bell_that_shifts() -> Problem:
    """On Tuesdays JS has to ring five minutes earlier than it does."""
    wish = a_request(**RATHER_TUESDAY, **AT_TWO)
    return a_problem(wish, books=bells_that_are_late_on_tuesdays(5))


def a_gap() -> Problem:
    """The same classes meet on Tuesday mornings."""
    morning = a_request(
        "r0", weekdays=(TUESDAY,), earliest=time(8), latest=time(9, 10), max_shift_minutes=5
    )
    return a_problem(a_request(**RATHER_TUESDAY, **AT_TWO), morning)


def a_room_that_is_hardly_free() -> Problem:
    """TF1 has two lessons a week and one room."""
    few = [some_bells("TF1", "14:00-14:40 14:55-15:35", weekdays=(TUESDAY,))]
    rooms = {room.id: room for room in (a_room("TF1"),)}
    return of_two_offers(some_books(TF1={"rooms": rooms, "time": school_time("TF1", bells=few)}))


def a_course_that_drifts() -> Problem:
    """The same teacher gives it to others on Thursdays; Tuesdays lose the first two dates."""
    off = [a_day(on, DayKind.HOLIDAY) for on in TUESDAYS[:2]]
    books = some_books(TF1={"time": school_time("TF1", days=off)})
    others = (a_request_site("TF1"), a_request_site("CB", Role.LISTEN))
    wish = a_request(weeks="2-9", **RATHER_TUESDAY, **AT_TWO)
    return a_problem(wish, a_request("r2", *others, weeks="2-9", weekdays=(THURSDAY,)), books=books)


def an_earlier_plan() -> Problem:
    """People know it on Thursday."""
    on_thursday = a_request(**AT_TWO, weekdays=(THURSDAY,))
    earlier: dict[RequestId, tuple[Placement, ...]] = {
        on_thursday.id: allocated(a_problem(on_thursday)).placements
    }
    return replace(a_problem(a_request(**RATHER_TUESDAY, **AT_TWO)), earlier=earlier)


def a_week_of_exams() -> Problem:
    """TF1 has exams on two Wednesdays."""
    days = [a_day(on + timedelta(days=1), DayKind.EXAM) for on in TUESDAYS[:2]]
    return of_two_offers(some_books(TF1={"time": school_time("TF1", days=days)}))


def many_afternoons() -> Problem:
    """Both schools have a lesson on a Tuesday afternoon; Thursday is free in the morning only."""
    at_lessons = range(1, 7)
    mornings = [a_lesson(no, "数学") for no in at_lessons if no <= 4]
    afternoons = [a_lesson(no, "数学", weekday=THURSDAY) for no in at_lessons if no > 4]
    full = a_timetable("TF1", 1, *mornings, *afternoons)
    others = [
        a_site(
            school,
            role,
            teacher=TeacherId(f"{school}-T2"),
            class_groups=(ClassGroupId(f"{school}-C2"),),
        )
        for school, role in (("TF1", Role.LEAD), ("JS", Role.LISTEN))
    ]
    wish = a_request(**RATHER_TUESDAY, latest=time(16))
    booked = booked_on_tuesdays("14:00", *others)
    return a_problem(wish, books=some_books(TF1={"timetables": (full,)}), sessions=booked)


def soft_time() -> Problem:
    """The lead teacher would rather keep her Tuesdays."""
    rather_not = tuple(
        a_block(at("13:30", 90, on=on), id=f"soft-{on}", teacher=TeacherId("TF1-T1"), soft=True)
        for on in TUESDAYS
    )
    books = some_books(TF1={"busy": rather_not})
    return a_problem(a_request(**RATHER_TUESDAY, **AT_TWO), books=books)


EXAMPLES: Final = {
    Preference.WISH: a_wish,
    Preference.S1: a_weakest_site,
    Preference.S3: an_awkward_lesson,
    Preference.S4: a_research_half_day,
    Preference.S5: a_teacher_who_has_enough,
    Preference.S6: a_school_that_leads_a_lot,
    Preference.S7: a_lost_date,
    Preference.S8: a_known_partner,
    Preference.S9: a_bell_that_shifts,
    Preference.S10: a_gap,
    Preference.S11: a_room_that_is_hardly_free,
    Preference.S12: a_course_that_drifts,
    Preference.S13: an_earlier_plan,
    Preference.S14: a_week_of_exams,
    Preference.S15: many_afternoons,
    Preference.FAIR: an_awkward_lesson,
    Preference.SOFT: soft_time,
}
"""Each would be on Thursday, for its preference, though Tuesday is asked for."""


def decided_by(preference: Preference, points: int) -> int:
    """The weekday of the plan where this preference counts so much, and what is asked one point."""
    problem = EXAMPLES[preference]()
    asked = Preference.S7 if preference is Preference.WISH else Preference.WISH
    weights = dict.fromkeys(Preference, 0) | {asked: 1, preference: points}
    alliance = problem.situation.alliance
    weighed = replace(
        alliance.alliance,
        weights=tuple(Weight(preference=each, points=no) for each, no in weights.items()),
    )
    situation = replace(problem.situation, alliance=replace(alliance, alliance=weighed))
    plan = allocated(replace(problem, situation=situation))
    assert plan.unplaced == ()
    assert plan.bound == plan.cost
    return next(
        each.weekly.weekday for each in plan.placements if each.request == problem.requests[0].id
    )


@pytest.mark.parametrize("preference", Preference)
def test_with_its_weight_the_plan_goes_where_the_preference_wants_it(
    preference: Preference,
) -> None:
    assert decided_by(preference, WEIGHTS[preference]) == THURSDAY


@pytest.mark.parametrize("preference", Preference)
def test_without_it_the_plan_goes_where_it_was_asked_to(preference: Preference) -> None:
    assert decided_by(preference, 0) == TUESDAY


def test_s2_every_date_has_the_same_weekday_and_time_though_a_date_is_lost() -> None:
    """Each other weekday is free in one week that the others lose."""
    off = [
        a_day(on + timedelta(days=days), DayKind.HOLIDAY)
        for on, days in ((TUESDAYS[0], 0), (TUESDAYS[1], 2))
    ]
    books = some_books(TF1={"time": school_time("TF1", days=off)})
    (placement,) = allocated(a_problem(a_request(**EITHER), books=books)).placements
    assert len(placement.dates) == 2
    assert {on.isoweekday() for on in placement.dates} == {placement.weekly.weekday}
