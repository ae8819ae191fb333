"""Plans of a term: sound by the rulebook on every date, complete, no worse than by hand."""

from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any, Final

import pytest

from calendars.days import DayKind
from scheduler.allocation.allocating import allocate
from scheduler.allocation.result import Allocation
from scheduler.members import RoomId, RoomTier, TeacherId
from scheduler.model import Form, Placement, Role
from tests.builders import (
    a_day,
    a_lesson,
    a_pool,
    a_room,
    a_session,
    a_site,
    a_teacher,
    a_timetable,
    an_alliance,
    an_outage,
    at,
    school_time,
    some_books,
)
from tests.scheduler.allocation.terms import (
    FIRST_TUESDAY,
    a_crowded_term,
    a_meeting,
    a_problem,
    a_request,
    a_request_site,
    allocated,
    faults_of,
    is_complete,
    participations,
    placed_by_hand,
)

NARROW: Final[dict[str, Any]] = {
    "weekdays": (2,),
    "earliest": time(14),
    "latest": time(14, 40),
}
"""Tuesday at 14:00 and at no other time."""


def only(allocation: Allocation) -> Placement:
    assert allocation.unplaced == ()
    (placement,) = allocation.placements
    return placement


def one_room(*schools: str) -> dict[str, dict[str, Any]]:
    return {school: {"rooms": {room.id: room for room in (a_room(school),)}} for school in schools}


@pytest.mark.parametrize("seed", range(10))
def test_crowded_terms_are_allocated_soundly_completely_and_no_worse_than_by_hand(
    seed: int,
) -> None:
    problem = a_crowded_term(seed)
    allocation = allocated(problem)
    assert faults_of(problem, allocation) == []
    assert is_complete(problem, allocation)
    assert participations(problem, allocation) >= placed_by_hand(problem)
    costs = [cost.points for placement in allocation.placements for cost in placement.costs]
    assert sum(costs) == allocation.cost
    assert allocation.bound == allocation.cost


def test_the_same_seed_gives_the_same_plan() -> None:
    assert allocated(a_crowded_term(3), seed=5) == allocated(a_crowded_term(3), seed=5)


def test_a_request_gets_a_weekday_a_time_rooms_and_its_dates() -> None:
    problem = a_problem(a_request(weekdays=(2,), earliest=time(13), latest=time(15)))
    placement = only(allocated(problem))
    assert (placement.weekly.weekday, placement.weekly.starts) == (2, time(14))
    assert placement.dates == tuple(FIRST_TUESDAY + timedelta(weeks=no) for no in range(3))
    assert [site.room for site in placement.sites] == ["TF1-R1", "JS-R1"]
    assert faults_of(problem, allocated(problem)) == []


def test_nothing_to_allocate_is_an_allocation() -> None:
    assert allocated(a_problem()) == Allocation()


def test_what_is_booked_stays_and_is_kept_clear_of() -> None:
    booked = a_session(slot=at("14:00"), sites=(a_site("TF1"), a_site("CB", Role.LISTEN)))
    problem = a_problem(
        a_request(weekdays=(2,), earliest=time(13), latest=time(15), weeks="2"), sessions=(booked,)
    )
    (unplaced,) = allocated(problem).unplaced
    (reason,) = unplaced.reasons
    assert reason.en[:2] in ("H2", "H3")


def test_two_wishes_for_one_room_at_one_time_cannot_both_be_placed() -> None:
    others = (a_request_site("TF1", no=2), a_request_site("CB", Role.LISTEN))
    problem = a_problem(
        a_request("r1", **NARROW),
        a_request("r2", *others, min_minutes=10, **NARROW),
        books=some_books(**one_room("TF1")),
    )
    allocation = allocated(problem)
    assert is_complete(problem, allocation)
    (unplaced,) = allocation.unplaced
    (reason,) = unplaced.reasons
    assert allocation.placements[0].request not in unplaced.request
    assert "No room will do, for example H1: TF1 互动教室1 of TF1 is taken by “课 r" in reason.en


def test_a_second_room_makes_both_possible() -> None:
    others = (a_request_site("TF1", no=2), a_request_site("JS", Role.LISTEN, no=2))
    problem = a_problem(a_request("r1", **NARROW), a_request("r2", *others, **NARROW))
    allocation = allocated(problem)
    assert allocation.unplaced == ()
    assert faults_of(problem, allocation) == []
    rooms = [site.room for placement in allocation.placements for site in placement.sites]
    assert sorted(filter(None, rooms)) == ["JS-R1", "JS-R2", "TF1-R1", "TF1-R2"]


def test_a_link_pool_of_one_carries_one_at_a_time() -> None:
    others = (a_request_site("TF1", no=2), a_request_site("JS", Role.LISTEN, no=2))
    pool = a_pool(sessions=1)
    problem = a_problem(
        a_request("r1", **NARROW),
        a_request("r2", *others, **NARROW),
        alliance=an_alliance(link_pools={pool.id: pool}),
    )
    assert len(allocated(problem).placements) == 1
    odd_and_even = replace(
        problem,
        requests=(
            a_request("r1", weeks="2-6双", **NARROW),
            a_request("r2", *others, weeks="3-7单", **NARROW),
        ),
    )
    assert len(allocated(odd_and_even).placements) == 2


def test_twice_a_week_is_on_two_weekdays() -> None:
    problem = a_problem(a_request(per_week=2, weekdays=(2, 4)))
    allocation = allocated(problem)
    assert sorted(placement.weekly.weekday for placement in allocation.placements) == [2, 4]
    assert is_complete(problem, allocation)


def test_twice_a_week_on_one_weekday_is_not_placed_at_all() -> None:
    problem = a_problem(a_request(per_week=2, weekdays=(2,)))
    allocation = allocated(problem)
    assert allocation.placements == ()
    assert is_complete(problem, allocation)


def test_a_date_without_the_room_is_skipped_and_named() -> None:
    broken = {
        "outages": (
            an_outage(
                at("8:00", 600, on=FIRST_TUESDAY + timedelta(weeks=1)), room=RoomId("TF1-R1")
            ),
        )
    }
    rooms = one_room("TF1")["TF1"]
    problem = a_problem(a_request(weekdays=(2,)), books=some_books(TF1={**rooms, **broken}))
    placement = only(allocated(problem))
    assert placement.skipped == (FIRST_TUESDAY + timedelta(weeks=1),)
    assert placement.dates == (FIRST_TUESDAY, FIRST_TUESDAY + timedelta(weeks=2))
    assert [cost.preference for cost in placement.costs if cost.preference == "S7"] == ["S7"]


def test_with_another_room_no_date_is_skipped() -> None:
    broken = {
        "outages": (
            an_outage(
                at("8:00", 600, on=FIRST_TUESDAY + timedelta(weeks=1)), room=RoomId("TF1-R1")
            ),
        )
    }
    problem = a_problem(a_request(weekdays=(2,)), books=some_books(TF1=broken))
    placement = only(allocated(problem))
    assert placement.skipped == ()
    assert placement.sites[0].room == "TF1-R2"


def test_a_series_that_would_lose_half_its_dates_is_none() -> None:
    holidays = [a_day(FIRST_TUESDAY + timedelta(weeks=no), DayKind.HOLIDAY) for no in (0, 1)]
    problem = a_problem(
        a_request(weekdays=(2,)),
        books=some_books(TF1={"time": school_time("TF1", days=holidays)}),
    )
    (unplaced,) = allocated(problem).unplaced
    assert "Too many dates of the weekday are lost" in unplaced.reasons[0].en


def test_a_make_up_day_is_held_where_the_schools_follow_the_same_weekday() -> None:
    sunday = date(2026, 9, 20)
    days = [
        a_day(date(2026, 9, 15), DayKind.HOLIDAY, school=school) for school in ("TF1", "JS")
    ] + [a_day(sunday, DayKind.MAKEUP, (3, 2), school=school) for school in ("TF1", "JS")]
    books = some_books(
        **{
            school: {"time": school_time(school, days=[d for d in days if d.school == school])}
            for school in ("TF1", "JS")
        }
    )
    placement = only(allocated(a_problem(a_request(weekdays=(2,)), books=books)))
    assert sunday in placement.dates


def test_an_open_site_gets_the_class_teacher_of_the_subject() -> None:
    own = a_timetable("JS", 1, a_lesson(1, "音乐", weekday=5, teacher=TeacherId("JS-T2")))
    sites = (a_request_site("TF1"), a_request_site("JS", Role.LISTEN, teacher=None))
    problem = a_problem(
        a_request("r1", *sites, weekdays=(2,)), books=some_books(JS={"timetables": (own,)})
    )
    assert only(allocated(problem)).sites[1].teacher == "JS-T2"


def test_an_open_lead_is_somebody_who_knows_the_subject() -> None:
    teachers = (a_teacher("TF1", 1, subjects=("数学",)), a_teacher("TF1", 2))
    sites = (a_request_site("TF1", teacher=None), a_request_site("JS", Role.LISTEN))
    problem = a_problem(
        a_request("r1", *sites, weekdays=(2,)),
        books=some_books(TF1={"teachers": {each.id: each for each in teachers}}),
    )
    assert only(allocated(problem)).sites[0].teacher == "TF1-T2"


def test_a_class_gives_up_its_own_subject_only() -> None:
    timetable = [
        a_timetable(school, 1, *(a_lesson(no, "音乐" if no == 5 else "数学") for no in range(1, 7)))
        for school in ("TF1", "JS")
    ]
    books = some_books(**{each.school: {"timetables": (each,)} for each in timetable})
    problem = a_problem(a_request(weekdays=(2,), latest=time(16)), books=books)
    assert only(allocated(problem)).weekly.starts == time(14)


def test_people_without_pupils_meet_at_any_five_minutes() -> None:
    booked = [
        a_session(
            f"s{no}",
            at("13:00", 65, on=FIRST_TUESDAY + timedelta(weeks=no)),
            sites=(a_site("TF1"), a_site("CB", Role.LISTEN)),
        )
        for no in range(3)
    ]
    meeting = a_meeting(
        weekdays=(2,), earliest=time(13), latest=time(15), minutes=55, min_minutes=55
    )
    placement = only(allocated(a_problem(meeting, sessions=booked)))
    assert placement.weekly.starts == time(14, 5)


def test_rooms_that_share_a_kit_are_one() -> None:
    rooms = [a_room("TF1", no, kit="kit-1") for no in (1, 2)]
    others = (a_request_site("TF1", no=2), a_request_site("JS", Role.LISTEN, no=2))
    problem = a_problem(
        a_request("r1", **NARROW),
        a_request("r2", *others, **NARROW),
        books=some_books(TF1={"rooms": {room.id: room for room in rooms}}),
    )
    allocation = allocated(problem)
    assert len(allocation.placements) == 1
    assert faults_of(problem, allocation) == []


def test_a_room_that_can_only_watch_never_leads() -> None:
    rooms = [a_room("TF1", 1, tier=RoomTier.WATCH_ONLY), a_room("TF1", 2)]
    problem = a_problem(
        a_request(), books=some_books(TF1={"rooms": {room.id: room for room in rooms}})
    )
    assert only(allocated(problem)).sites[0].room == "TF1-R2"


def test_a_room_that_is_asked_for_is_the_one() -> None:
    sites = (a_request_site("TF1", room=RoomId("TF1-R2")), a_request_site("JS", Role.LISTEN))
    assert only(allocated(a_problem(a_request("r1", *sites)))).sites[0].room == "TF1-R2"


def test_a_teacher_of_two_schools_needs_the_time_to_travel() -> None:
    both = a_teacher("TF1", 1, also_at=("JS",))
    books = some_books(
        TF1={"teachers": {both.id: both, **{t.id: t for t in (a_teacher("TF1", 2),)}}}
    )
    here = a_meeting("m1", "TF1", "CB")
    there = a_meeting("m2", "JS", "CB")
    there = replace(
        there,
        sites=(
            replace(there.sites[0], teacher=both.id),
            replace(there.sites[1], teacher=TeacherId("CB-T2")),
        ),
    )
    times: dict[str, Any] = {"weekdays": (2,), "earliest": time(14), "minutes": 40}
    tight = [replace(each, **times, latest=time(15, 45)) for each in (here, there)]
    assert len(allocated(a_problem(*tight, books=books)).placements) == 1
    wide = [replace(each, **times, latest=time(15, 50)) for each in (here, there)]
    problem = a_problem(*wide, books=books)
    assert len(allocated(problem).placements) == 2
    assert faults_of(problem, allocated(problem)) == []


def test_a_request_for_an_unknown_term_says_so() -> None:
    (unplaced,) = allocated(a_problem(a_request(term="nowhere"))).unplaced
    assert unplaced.reasons[0].en == "The lead school has no term nowhere."


def test_the_term_of_another_school_means_the_lead_schools_own() -> None:
    assert only(allocated(a_problem(a_request(term="JS-2026-1")))).dates


def test_every_placement_names_what_it_costs() -> None:
    problem = a_problem(a_request(preferred_weekdays=(5,), weekdays=(2,)))
    (cost,) = [c for c in only(allocated(problem)).costs if c.preference == "wish"]
    assert cost.sentence.en == "Not on a preferred weekday."


def test_a_dedicated_lesson_may_start_with_the_lead_teachers_bell() -> None:
    # JS hears 10:25-11:05; TF1's teacher rings 10:35, where JS still gets 30 minutes.
    sites = (
        a_request_site("TF1", class_groups=()),
        a_request_site("JS", Role.LISTEN),
    )
    busy = a_timetable("TF1", 2, a_lesson(2, teacher=TeacherId("TF1-T1")))
    problem = a_problem(
        a_request(
            "r1",
            *sites,
            form=Form.DEDICATED,
            max_shift_minutes=0,
            weekdays=(2,),
            earliest=time(10, 30),
            latest=time(11, 20),
        ),
        books=some_books(TF1={"timetables": (busy,)}),
    )
    assert only(allocated(problem)).weekly.starts == time(10, 35)


def test_schools_without_rooms_take_part_without_pupils() -> None:
    problem = a_problem(a_meeting(), books=some_books(JS={"rooms": {}}))
    assert [site.room for site in only(allocated(problem)).sites] == ["TF1-R1", None]


def test_an_open_site_gets_whoever_teaches_the_class_then() -> None:
    given = a_lesson(5, "数学", teacher=TeacherId("JS-T3"))
    listening = a_request_site("JS", Role.LISTEN, teacher=None, swap_agreed=True)
    problem = a_problem(
        a_request("r1", a_request_site("TF1"), listening, **NARROW, subject="美术"),
        books=some_books(JS={"timetables": (a_timetable("JS", 1, given),)}),
    )
    assert only(allocated(problem)).sites[1].teacher == "JS-T3"


def test_what_only_the_rulebook_knows_is_found_before_anybody_sees_the_plan() -> None:
    # A kit that two schools share: the weekly problem counts rooms by school.
    def with_kit(school: str) -> dict[str, Any]:
        return {"rooms": {room.id: room for room in (a_room(school, kit="kit-1"),)}}

    books = some_books(TF1=with_kit("TF1"), WA=with_kit("WA"), QB={})
    second = (a_request_site("WA"), a_request_site("QB", Role.LISTEN))
    problem = a_problem(
        a_request("r1", **NARROW),
        a_request("r2", *second, **NARROW),
        books=books,
    )
    allocation = allocated(problem)
    assert faults_of(problem, allocation) == []
    assert is_complete(problem, allocation)
    assert [placement.request for placement in allocation.placements] == ["r1"]
    assert "shares the kit" in allocation.unplaced[0].reasons[0].en
    assert allocation.bound == 0


def test_bells_that_share_too_little_are_the_reason() -> None:
    sites = (a_request_site("TF1"), a_request_site("CB", Role.LISTEN))
    (unplaced,) = allocated(a_problem(a_request("r1", *sites, **NARROW))).unplaced
    assert unplaced.reasons[0].en == (
        "Within the times asked for, the schools' bells share no 30 minutes."
    )


def test_more_time_never_makes_a_plan_worse() -> None:
    """The median of three seeds: participations left out, then cost."""
    problem = a_crowded_term(3)
    medians = []
    for seconds in (0.0, 0.5, 2.0, 8.0):
        plans = [allocate(problem, seconds=seconds, seed=seed) for seed in (1, 2, 3)]
        ranks = sorted((-participations(problem, plan), plan.cost) for plan in plans)
        medians.append(ranks[1])
    assert medians == sorted(medians, reverse=True)
    assert medians[-1] < medians[0]
