"""A plan proposes, people publish: what was solved meets today's ledger and overwrites nothing."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import time, timedelta
from typing import Any

import pytest

from calendars.bells import SchoolId
from scheduler import planning
from scheduler.errors import InvalidWishError, NotFoundError, StaleError, StateError
from scheduler.members import OpenSlot
from scheduler.model import (
    Lane,
    Plan,
    PlanId,
    PlanState,
    Request,
    RequestId,
    RequestState,
    Role,
    SessionState,
    SiteState,
)
from scheduler.planning import Judged, PlanWish, PublishedPlan
from scheduler.planning.taking_up import AGREED_IN_ADVANCE
from scheduler.store import Transaction
from tests.builders import NOW, a_day, at, some_books, wall
from tests.scheduler.allocation.terms import FIRST_TUESDAY, a_request, a_request_site
from tests.scheduler.conftest import Open
from tests.scheduler.desk import OFFICE, Desk, a_booking

AFTERNOON: dict[str, Any] = {"weekdays": (2,), "earliest": time(13), "latest": time(15)}
AGREED = (
    a_request_site("TF1", agreed=True),
    a_request_site("JS", Role.LISTEN, agreed=True),
)


async def wished(desk: Desk, *requests: Request) -> None:
    await desk.do(Transaction.put_many, requests)


async def planned(desk: Desk, *requests: Request, **wish: Any) -> Plan:
    """A solved plan for these requests."""
    await wished(desk, *requests)
    await desk.do(planning.request_plan, PlanWish(**wish))
    plan = await planning.solve_next(desk.store, clock=lambda: NOW)
    assert plan is not None
    return plan


async def published(desk: Desk, plan: Plan, **options: Any) -> PublishedPlan:
    return await desk.do(planning.publish, plan.id, plan.revision, **options)


async def request_of(desk: Desk, id: str = "r1") -> Request:
    request: Request = (await desk.read(Transaction.get, Request, RequestId(id))).record
    return request


async def ids_of(desk: Desk) -> Sequence[str]:
    return [session.id for session in await desk.read(Transaction.sessions)]


async def test_a_plan_waits_until_it_is_solved_and_then_proposes(each_desk: Desk) -> None:
    await wished(each_desk, a_request(**AFTERNOON))
    waiting = await each_desk.do(planning.request_plan, PlanWish(seconds=5, seed=7))
    assert (waiting.state, waiting.seconds, waiting.seed) == (PlanState.WAITING, 5, 7)
    told: list[planning.Progress | planning.Stated] = []
    solved = await planning.solve_next(each_desk.store, clock=lambda: NOW, on_progress=told.append)
    assert solved is not None
    assert (solved.id, solved.state) == (waiting.id, PlanState.READY)
    assert [placement.request for placement in solved.placements] == ["r1"]
    assert solved.cost == solved.bound
    last = told[-1]
    assert isinstance(last, planning.Progress)
    assert last.placed == 1
    assert await planning.solve_next(each_desk.store, clock=lambda: NOW) is None
    assert await ids_of(each_desk) == []


async def test_publishing_books_the_series_and_settles_the_request(each_desk: Desk) -> None:
    plan = await planned(each_desk, a_request("r1", *AGREED, **AFTERNOON))
    result = await published(each_desk, plan)
    (booked,) = result.booked
    assert (result.plan.state, result.plan.published_at, result.refused) == (
        PlanState.PUBLISHED,
        NOW,
        (),
    )
    assert [session.slot for session in booked.booked] == [
        at("14:00", on=FIRST_TUESDAY + timedelta(weeks=no)) for no in range(3)
    ]
    request = await request_of(each_desk)
    assert (request.state, request.series) == (RequestState.PLACED, (booked.series.id,))
    stored = await each_desk.read(Transaction.sessions, series=booked.series.id)
    assert {session.id: session for session in stored} == {
        session.id: session for session in booked.booked
    }
    assert (await each_desk.read(Transaction.series, booked.series.id)).weekly.weekday == 2
    assert len(await each_desk.notices()) > 0


async def test_schools_that_agreed_are_confirmed_and_others_are_held(desk: Desk) -> None:
    sites = (AGREED[0], a_request_site("JS", Role.LISTEN))
    plan = await planned(desk, a_request("r1", *sites, **AFTERNOON))
    (booked,) = (await published(desk, plan)).booked
    for session in booked.booked:
        assert session.state is SessionState.HELD
        assert session.hold_expires_at is not None
        states = [(site.state, site.answered_by) for site in session.sites]
        assert states == [(SiteState.CONFIRMED, AGREED_IN_ADVANCE), (SiteState.HELD, "")]


async def test_all_that_agreed_need_no_hold(desk: Desk) -> None:
    plan = await planned(desk, a_request("r1", *AGREED, **AFTERNOON))
    (booked,) = (await published(desk, plan)).booked
    assert Counter(session.state for session in booked.booked) == {SessionState.CONFIRMED: 3}
    assert all(session.hold_expires_at is None for session in booked.booked)


async def test_an_open_slot_is_consent_enough(open_desk: Open) -> None:
    opened = OpenSlot(
        id="JS-open", school=SchoolId("JS"), weekday=2, starts=wall("13:00"), ends=wall("16:00")
    )
    desk = await open_desk(*some_books(JS={"open_slots": (opened,)}))
    sites = (AGREED[0], a_request_site("JS", Role.LISTEN))
    plan = await planned(desk, a_request("r1", *sites, **AFTERNOON))
    (booked,) = (await published(desk, plan)).booked
    assert Counter(session.state for session in booked.booked) == {SessionState.CONFIRMED: 3}


async def test_e55_changes_show_what_publishing_would_book_and_book_nothing(desk: Desk) -> None:
    plan = await planned(desk, a_request("r1", *AGREED, **AFTERNOON))
    (change,) = await desk.read(planning.changes, plan.id)
    (placement,) = plan.placements
    assert (change.request, change.title, change.dates, change.conflicts, change.impossible) == (
        "r1",
        "课 r1",
        placement.dates,
        (),
        None,
    )
    assert (change.weekly, change.sites, change.costs) == (
        placement.weekly,
        placement.sites,
        placement.costs,
    )
    assert await ids_of(desk) == []


async def test_a_date_taken_meanwhile_is_left_out_and_named(each_desk: Desk) -> None:
    plan = await planned(each_desk, a_request("r1", *AGREED, **AFTERNOON))
    meanwhile = await each_desk.book(a_booking(slot=at("14:00", on=FIRST_TUESDAY)))
    (change,) = await each_desk.read(planning.changes, plan.id)
    assert change.dates == plan.placements[0].dates[1:]
    assert {conflict.rule for conflict in change.conflicts} >= {"H1", "H2", "H3"}
    (booked,) = (await published(each_desk, plan)).booked
    assert [skipped.date for skipped in booked.skipped] == [FIRST_TUESDAY]
    assert all(meanwhile.id in conflict.sessions for conflict in booked.skipped[0].conflicts)
    assert len(booked.booked) == 2
    assert await each_desk.session(meanwhile) == meanwhile


async def test_a_request_of_which_nothing_is_left_stays_open(desk: Desk) -> None:
    other = (a_request_site("TF1", no=2), a_request_site("CB", Role.LISTEN, no=2))
    plan = await planned(
        desk,
        a_request("r1", *AGREED, **AFTERNOON | {"weeks": "2"}),
        a_request("r2", *other, weekdays=(4,)),
    )
    await desk.book(a_booking(slot=at("14:00", on=FIRST_TUESDAY)))
    changes = {change.request: change for change in await desk.read(planning.changes, plan.id)}
    assert changes[RequestId("r1")].dates == ()
    assert changes[RequestId("r1")].impossible is not None
    assert changes[RequestId("r1")].conflicts != ()
    result = await published(desk, plan)
    assert [refused.placement.request for refused in result.refused] == ["r1"]
    assert result.refused[0].conflicts != ()
    assert len(result.booked) == 1
    assert (await request_of(desk, "r1")).state is RequestState.OPEN
    assert (await request_of(desk, "r2")).state is RequestState.PLACED


async def test_twice_a_week_is_booked_as_two_series_or_not_at_all(desk: Desk) -> None:
    twice = a_request(
        "r1",
        *AGREED,
        per_week=2,
        weekdays=(2, 4),
        weeks="2",
        earliest=time(14),
        latest=time(14, 40),
    )
    plan = await planned(desk, twice)
    await desk.book(a_booking(slot=at("14:00", on=FIRST_TUESDAY + timedelta(days=2))))
    result = await published(desk, plan)
    assert result.booked == ()
    assert len(result.refused) == 2


async def test_both_series_of_a_request_are_kept_with_it(desk: Desk) -> None:
    twice = a_request("r1", *AGREED, per_week=2, weekdays=(2, 4), weeks="2")
    result = await published(desk, await planned(desk, twice))
    assert (await request_of(desk)).series == tuple(each.series.id for each in result.booked)
    assert len(result.booked) == 2


async def test_a_plan_is_published_once(each_desk: Desk) -> None:
    plan = await planned(each_desk, a_request("r1", *AGREED, **AFTERNOON))
    await published(each_desk, plan)
    before = await ids_of(each_desk)
    with pytest.raises(StateError, match="published already"):
        await published(each_desk, plan)
    with pytest.raises(StateError, match="published already"):
        await each_desk.read(planning.changes, plan.id)
    assert await ids_of(each_desk) == before


async def judged(desk: Desk, plan: Plan) -> Judged:
    found = await planning.judge(desk.store, plan.id, actor=OFFICE, now=NOW)
    assert found is not None
    return found


async def test_what_was_judged_before_is_not_judged_again_in_the_transaction(
    each_desk: Desk,
) -> None:
    plan = await planned(each_desk, a_request("r1", *AGREED, **AFTERNOON))
    before = await judged(each_desk, plan)
    nothing = replace(before, laid=())
    result = await each_desk.do(planning.publish, plan.id, plan.revision, nothing)
    assert result.booked == ()


async def test_what_changed_after_it_was_judged_counts(each_desk: Desk) -> None:
    plan = await planned(each_desk, a_request("r1", *AGREED, **AFTERNOON))
    before = await judged(each_desk, plan)
    await each_desk.book(a_booking(slot=at("14:00", on=FIRST_TUESDAY)))
    (booked,) = (await each_desk.do(planning.publish, plan.id, plan.revision, before)).booked
    assert FIRST_TUESDAY in [skipped.date for skipped in booked.skipped]
    assert FIRST_TUESDAY not in [session.series_date for session in booked.booked]


async def test_a_rule_that_changed_after_it_was_judged_counts(each_desk: Desk) -> None:
    plan = await planned(each_desk, a_request("r1", *AGREED, **AFTERNOON))
    before = await judged(each_desk, plan)
    await each_desk.do(Transaction.put, a_day(FIRST_TUESDAY, school="JS"), revision=None)
    (booked,) = (await each_desk.do(planning.publish, plan.id, plan.revision, before)).booked
    assert FIRST_TUESDAY not in [session.series_date for session in booked.booked]


async def test_a_plan_without_a_result_is_judged_by_nobody(desk: Desk) -> None:
    waiting = await desk.do(planning.request_plan, PlanWish())
    assert await planning.judge(desk.store, waiting.id, actor=OFFICE, now=NOW) is None


async def test_a_plan_that_waits_cannot_be_published(desk: Desk) -> None:
    waiting = await desk.do(planning.request_plan, PlanWish())
    with pytest.raises(StateError, match="waiting"):
        await published(desk, waiting)


async def test_another_revision_is_not_published(desk: Desk) -> None:
    plan = await planned(desk, a_request("r1", **AFTERNOON))
    with pytest.raises(StaleError):
        await desk.do(planning.publish, plan.id, plan.revision - 1)
    with pytest.raises(NotFoundError):
        await desk.do(planning.publish, PlanId("none"), 1)


async def test_two_plans_do_not_book_a_request_twice(desk: Desk) -> None:
    first = await planned(desk, a_request("r1", *AGREED, **AFTERNOON))
    second = await planned(desk)
    await published(desk, first)
    (change,) = await desk.read(planning.changes, second.id)
    assert change.impossible is not None
    assert change.impossible.en == "The request is no longer open."
    result = await published(desk, second)
    assert (result.booked, len(result.refused)) == ((), 1)


async def test_a_request_that_was_removed_is_not_booked(desk: Desk) -> None:
    plan = await planned(desk, a_request("r1", **AFTERNOON))
    await desk.do(Transaction.delete, Request, RequestId("r1"), revision=1)
    (change,) = await desk.read(planning.changes, plan.id)
    assert (change.title, change.dates) == ("r1", ())
    assert len((await published(desk, plan)).refused) == 1


async def test_only_open_requests_of_the_term_lane_are_planned(desk: Desk) -> None:
    plan = await planned(
        desk,
        a_request("r1", **AFTERNOON),
        a_request("r2", lane=Lane.ROLLING),
        a_request("r3", state=RequestState.WITHDRAWN),
    )
    assert [placement.request for placement in plan.placements] == ["r1"]
    assert plan.unplaced == ()


async def test_a_plan_may_be_for_one_schools_term_or_a_name_that_schools_share(desk: Desk) -> None:
    other = a_request("r2", a_request_site("CB"), a_request_site("JS", Role.LISTEN))
    await wished(desk, a_request("r1"), other)
    by_id = await planned(desk, term="CB-2026-1")
    assert [placement.request for placement in by_id.placements] == ["r2"]
    by_name = await planned(desk, term="2026-27 T1")
    assert [placement.request for placement in by_name.placements] == ["r1", "r2"]
    with pytest.raises(InvalidWishError) as refused:
        await desk.do(planning.request_plan, PlanWish(term="2031"))
    assert refused.value.pointer == "/term"


async def test_what_is_booked_already_is_planned_around(desk: Desk) -> None:
    await desk.book(a_booking(slot=at("14:00", on=FIRST_TUESDAY)))
    plan = await planned(desk, a_request("r1", **AFTERNOON))
    (placement,) = plan.placements
    assert placement.skipped == (FIRST_TUESDAY,)


async def test_past_dates_are_not_booked(desk: Desk) -> None:
    plan = await planned(desk, a_request("r1", *AGREED, **AFTERNOON))
    later = NOW + timedelta(days=20)
    (booked,) = (await published(desk, plan, now=later)).booked
    assert [session.series_date for session in booked.booked] == [
        FIRST_TUESDAY + timedelta(weeks=1),
        FIRST_TUESDAY + timedelta(weeks=2),
    ]
