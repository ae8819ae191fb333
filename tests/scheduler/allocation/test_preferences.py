"""Each preference by itself: what it charges for, and that a plan does without where it can."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import time, timedelta
from typing import Any, Final

import pytest

from calendars.days import DayKind
from calendars.text import InvalidValueError
from scheduler.allocation.preferences import PREFERENCES, costs_of
from scheduler.allocation.problem import Problem
from scheduler.allocation.together import SHARED_PREFERENCES, shares_of
from scheduler.allocation.trials import Option
from scheduler.allocation.weights import WEIGHTS
from scheduler.members import HalfDay, Preference, ResearchHalfDay, TeacherId, Weight
from scheduler.model import Role
from scheduler.schools import AllianceBook, SchoolBook
from tests.builders import (
    a_day,
    a_lesson,
    a_room,
    a_session,
    a_site,
    a_teacher,
    a_timetable,
    an_alliance,
    at,
    school_time,
    some_bells,
    some_books,
)
from tests.scheduler.allocation.terms import (
    FIRST_TUESDAY,
    a_meeting,
    a_problem,
    a_request,
    a_request_site,
    allocated,
    options,
)

TUESDAY_AND_THURSDAY: Final[dict[str, Any]] = {"weekdays": (2, 4)}


def charged(option: Option, problem: Problem) -> dict[str, int]:
    return {cost.preference: cost.points for cost in costs_of(option, problem)}


def at_time(found: Sequence[Option], weekday: int, starts: str) -> Option:
    return next(
        option
        for option in found
        if (option.weekly.weekday, f"{option.weekly.starts:%H:%M}") == (weekday, starts)
    )


def charges(preference: str, problem: Problem, **points: int) -> None:
    """What the preference charges at times such as `on_2_at_1400`; the plan picks what is free."""
    (request,) = problem.requests
    found = options(request, problem)
    for when, expected in points.items():
        _, weekday, _, clock = when.split("_")
        option = at_time(found, int(weekday), f"{clock[:2]}:{clock[2:]}")
        assert (when, charged(option, problem).get(preference, 0)) == (when, expected)


def the_plan(problem: Problem) -> list[tuple[int, str]]:
    return [
        (placement.weekly.weekday, f"{placement.weekly.starts:%H:%M}")
        for placement in allocated(problem).placements
    ]


def test_every_weight_belongs_to_a_preference() -> None:
    told = " ".join(each.__doc__ or "" for each in (*PREFERENCES, *SHARED_PREFERENCES))
    assert [name for name in WEIGHTS if f"{name}: " not in told] == []
    assert len(WEIGHTS) == len(PREFERENCES) + len(SHARED_PREFERENCES)


def weighing(*weights: Weight) -> AllianceBook:
    book = an_alliance()
    return replace(book, alliance=replace(book.alliance, weights=weights))


def test_an_alliance_decides_what_matters_to_it() -> None:
    wish = a_request(**TUESDAY_AND_THURSDAY, preferred_weekdays=(4,))
    exam = a_day(FIRST_TUESDAY + timedelta(days=2), DayKind.EXAM)
    books = some_books(TF1={"time": school_time("TF1", days=[exam])})
    assert the_plan(a_problem(wish, books=books))[0][0] == 4
    other = weighing(
        Weight(preference=Preference.WISH, points=1), Weight(preference=Preference.S7, points=9)
    )
    problem = a_problem(wish, books=books, alliance=other)
    charges("wish", problem, on_2_at_1400=1)
    assert the_plan(problem)[0][0] == 2


def test_a_preference_without_weight_is_ignored() -> None:
    ignoring = weighing(
        *(Weight(preference=each, points=0) for each in Preference if each != "S9"),
    )
    problem = a_problem(a_request(), alliance=ignoring)
    told = {
        cost.preference
        for each in options(problem.requests[0], problem)
        for cost in costs_of(each, problem)
    }
    assert told == {"S9"}
    assert shares_of(options(problem.requests[0], problem), problem) == ()


def test_a_preference_is_weighed_once() -> None:
    twice = Weight(preference=Preference.S7, points=9)
    with pytest.raises(InvalidValueError, match="names S7 twice"):
        weighing(twice, twice)


def test_a_preferred_weekday_is_taken() -> None:
    problem = a_problem(a_request(**TUESDAY_AND_THURSDAY, preferred_weekdays=(4,)))
    charges("wish", problem, on_2_at_1400=WEIGHTS[Preference.WISH], on_4_at_1400=0)
    assert the_plan(problem)[0][0] == 4


def test_the_weakest_site_gets_as_much_as_possible() -> None:
    problem = a_problem(a_request(max_shift_minutes=0))
    charges("S1", problem, on_2_at_1400=0, on_2_at_0830=5 * WEIGHTS[Preference.S1])


def test_first_and_last_lessons_and_after_school_are_awkward() -> None:
    problem = a_problem(a_request())
    charges(
        "S3",
        problem,
        on_2_at_0830=2 * WEIGHTS[Preference.S3],
        on_2_at_1400=0,
        on_2_at_1455=2 * WEIGHTS[Preference.S3],
        on_2_at_1610=2 * WEIGHTS[Preference.S3],
    )


def test_right_after_physical_education_is_awkward() -> None:
    sport = a_timetable("TF1", 1, a_lesson(2, "体育"))
    problem = a_problem(a_request(), books=some_books(TF1={"timetables": (sport,)}))
    charges("S3", problem, on_2_at_1130=0)
    found = options(problem.requests[0], problem)
    third = next(option for option in found if option.sessions[0].sites[0].period == 3)
    # 25 minutes lie between the second and the third lesson: enough to change.
    assert charged(third, problem).get("S3", 0) == 0
    sport = a_timetable("TF1", 1, a_lesson(3, "体育"))
    problem = a_problem(a_request(), books=some_books(TF1={"timetables": (sport,)}))
    charges("S3", problem, on_2_at_1130=WEIGHTS[Preference.S3])


def researching_on(weekday: int) -> tuple[SchoolBook, ...]:
    """The usual schools, of which JS researches music on the afternoon of a weekday."""
    half_day = ResearchHalfDay(subject="音乐", weekday=weekday, half=HalfDay.AFTERNOON)
    lead, school, other = some_books()
    return (lead, replace(school, school=replace(school.school, research=(half_day,))), other)


def test_lessons_stay_out_of_research_half_days() -> None:
    problem = a_problem(a_request(), books=researching_on(2))
    charges("S4", problem, on_2_at_1400=WEIGHTS[Preference.S4], on_2_at_1130=0, on_4_at_1400=0)


def test_joint_research_goes_into_research_half_days() -> None:
    meeting = a_meeting(earliest=time(11), latest=time(15))
    problem = a_problem(meeting, books=researching_on(2))
    charges(
        "S4",
        problem,
        on_2_at_1400=0,
        on_2_at_1100=WEIGHTS[Preference.S4],
        on_4_at_1400=WEIGHTS[Preference.S4],
    )
    assert the_plan(problem)[0][0] == 2


def test_a_weekday_with_fewer_holidays_is_taken() -> None:
    holiday = a_day(FIRST_TUESDAY + timedelta(weeks=1), DayKind.HOLIDAY)
    time_of_tf1 = school_time("TF1", days=[holiday])
    problem = a_problem(
        a_request(**TUESDAY_AND_THURSDAY), books=some_books(TF1={"time": time_of_tf1})
    )
    charges("S7", problem, on_2_at_1400=WEIGHTS[Preference.S7], on_4_at_1400=0)
    assert the_plan(problem) == [(4, "14:00")]


def test_a_partner_of_the_lead_teacher_is_preferred() -> None:
    sites = (a_request_site("TF1"), a_request_site("JS", Role.LISTEN, teacher=None))
    before = a_session(
        slot=at("14:00", on=FIRST_TUESDAY - timedelta(weeks=1)),
        sites=(a_site("TF1"), a_site("JS", Role.LISTEN, teacher=TeacherId("JS-T2"))),
    )
    problem = a_problem(a_request("r1", *sites), sessions=(before,))
    found = [each for each in options(problem.requests[0], problem) if each.weekly.weekday == 2]
    by_teacher = {each.sites[1].teacher: charged(each, problem).get("S8", 0) for each in found}
    assert by_teacher == {"JS-T1": WEIGHTS[Preference.S8], "JS-T2": 0}
    assert allocated(problem).placements[0].sites[1].teacher == "JS-T2"


def test_a_bell_that_stays_is_better_than_one_that_moves() -> None:
    problem = a_problem(a_request())
    charges("S9", problem, on_2_at_1400=0, on_2_at_0830=2 * WEIGHTS[Preference.S9])


def test_weeks_of_exams_stay_free() -> None:
    exam = a_day(FIRST_TUESDAY + timedelta(days=1), DayKind.EXAM)
    problem = a_problem(
        a_request(), books=some_books(TF1={"time": school_time("TF1", days=[exam])})
    )
    charges("S14", problem, on_2_at_1400=WEIGHTS[Preference.S14])


@dataclass(frozen=True)
class Shared:
    """What one preference charges for all options of a problem's requests together."""

    problem: Problem

    def of(self, preference: str) -> list[tuple[int, set[tuple[str, int, str]]]]:
        found = tuple(
            option for request in self.problem.requests for option in options(request, self.problem)
        )
        return [
            (
                share.free,
                {
                    (
                        found[number].request.id,
                        found[number].weekly.weekday,
                        f"{found[number].weekly.starts:%H:%M}",
                    )
                    for number in share.options
                },
            )
            for share in shares_of(found, self.problem)
            if share.preference == preference
        ]


def test_e47_a_teacher_has_few_sessions_a_day() -> None:
    teacher = a_teacher("TF1", 1, max_sessions_a_day=1)
    books = some_books(TF1={"teachers": {teacher.id: teacher}})
    second = (a_request_site("TF1"), a_request_site("CB", Role.LISTEN))
    wishes = (
        a_request("r1", preferred_weekdays=(2,)),
        a_request("r2", *second, preferred_weekdays=(2,)),
    )
    problem = a_problem(*wishes, books=books)
    assert {placement.weekly.weekday for placement in allocated(problem).placements} != {2}
    many = some_books(TF1={"teachers": {teacher.id: replace(teacher, max_sessions_a_day=2)}})
    on = [
        each.weekly.weekday
        for each in allocated(replace(a_problem(*wishes, books=many))).placements
    ]
    assert on == [2, 2]
    assert len(Shared(problem).of("S5")) == 5


def test_sessions_of_one_group_follow_each_other() -> None:
    problem = a_problem(a_request("r1", weekdays=(2,)), a_request("r2", weekdays=(2,)))
    assert (1, {("r1", 2, "14:00"), ("r2", 2, "08:30")}) in Shared(problem).of("S10")
    assert all(
        {("r1", 2, "14:00"), ("r2", 2, "14:55")} != pair for _, pair in Shared(problem).of("S10")
    )


def test_rooms_keep_two_periods_a_week_free() -> None:
    few = some_bells("CB", "8:20-9:00 14:30-15:10", weekdays=(2,))
    rooms = {room.id: room for room in (a_room("CB"),)}
    books = some_books(CB={"rooms": rooms, "time": school_time("CB", bells=[few])})
    site = a_request_site("CB", Role.LISTEN)
    problem = a_problem(
        a_request("r1", a_request_site("TF1"), site, min_minutes=10, weekdays=(2,)), books=books
    )
    ((free, _),) = Shared(problem).of("S11")
    assert free == 0
    assert [c.preference for c in allocated(problem).placements[0].costs].count(Preference.S11) == 1


def test_no_more_than_half_of_a_schools_sessions_are_in_the_afternoon() -> None:
    wishes = [a_request(f"r{no}", weekdays=(no,), max_shift_minutes=5) for no in (2, 3, 4, 5)]
    allowances = Shared(a_problem(*wishes)).of("S15")
    assert [free for free, _ in allowances] == [2, 2]
    assert all(clock >= "12:00" for _, found in allowances for _, _, clock in found)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_charge_says_why(language: str) -> None:
    for request in (a_request(), a_meeting()):
        problem = a_problem(request)
        for option in options(request, problem):
            for cost in costs_of(option, problem):
                assert getattr(cost.sentence, language).endswith(("。", "."))
                assert cost.points > 0


def supporting(school: str) -> list[SchoolBook]:
    return [
        replace(book, school=replace(book.school, support_priority=book.school.id == school))
        for book in some_books()
    ]


@pytest.mark.parametrize(("supported", "free"), [("CB", 1), ("JS", 0)])
def test_no_school_bears_more_than_its_share_of_awkward_times(supported: str, free: int) -> None:
    wishes = [a_request(f"r{no}", weekdays=(no,), max_shift_minutes=5) for no in (2, 3, 4, 5)]
    allowances = Shared(a_problem(*wishes, books=supporting(supported))).of("fair")
    assert [allowed for allowed, _ in allowances] == [1, free]
    assert all(("r2", 2, "14:00") not in found for _, found in allowances)
    assert all(("r2", 2, "14:55") in found for _, found in allowances)


@pytest.mark.parametrize(("points", "weekday"), [(0, 2), (30, 3)])
def test_a_fair_share_is_weighed_against_wishes(points: int, weekday: int) -> None:
    wish = a_request(
        weekdays=(2, 3), preferred_weekdays=(2,), earliest=time(14), latest=time(15, 40)
    )
    own_lesson = a_timetable("TF1", 1, a_lesson(5, "语文"))
    fair = weighing(
        Weight(preference=Preference.FAIR, points=points),
        Weight(preference=Preference.S3, points=0),
    )
    books = some_books(TF1={"timetables": (own_lesson,)})
    assert the_plan(a_problem(wish, books=books, alliance=fair))[0][0] == weekday


def test_the_ledger_counts_what_each_school_gives_takes_and_bears() -> None:
    problem = a_problem(a_request(weekdays=(2,), earliest=time(14), latest=time(14, 40)))
    lead, listener = allocated(problem).balance
    assert (lead.school, lead.leads, lead.listens) == ("TF1", 3, 0)
    assert (listener.school, listener.leads, listener.listens) == ("JS", 0, 3)
    assert lead.given_minutes == listener.received_minutes == 3 * 40
    assert (lead.received_minutes, listener.given_minutes) == (0, 0)
    assert (lead.awkward, lead.afternoons, lead.shifted) == (0, 3, 0)
    early = a_problem(a_request(weekdays=(2,), earliest=time(8), latest=time(9, 15)))
    lead, listener = allocated(early).balance
    assert (lead.awkward, lead.afternoons, listener.shifted) == (3, 0, 3)
