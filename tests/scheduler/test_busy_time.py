"""Busy time is found as a search through all of it would find it, and soft time is only avoided."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from calendars.slots import Slot
from calendars.text import Text
from scheduler.allocation.preferences import costs_of
from scheduler.booking.alternatives import alternatives_for
from scheduler.busy_time import BusyTime, taken_by
from scheduler.conflicts import find_conflicts, find_notes
from scheduler.members import ClassGroupId, RoomId, TeacherId
from scheduler.model import Resource, ResourceKind, Role, SessionId, SiteWish
from scheduler.placing import draft
from tests.builders import NOW, a_block, a_session, a_situation, an_outage, at, some_books
from tests.scheduler.allocation.terms import FIRST_TUESDAY, a_problem, a_request, options
from tests.scheduler.desk import a_booking, a_wish

START = datetime(2026, 9, 1, tzinfo=UTC)
SLOTS = some.tuples(some.integers(0, 90 * 24), some.integers(1, 50 * 24)).map(
    lambda hours: Slot.lasting(START + timedelta(hours=hours[0]), hours[1] * 60)
)


@given(
    some.lists(some.tuples(SLOTS, some.booleans(), some.sampled_from(["TF1-T1", "TF1-T2"]))),
    SLOTS,
)
def test_the_index_finds_what_a_search_through_everything_finds(
    given_blocks: list[tuple[Slot, bool, str]], within: Slot
) -> None:
    blocks = [
        a_block(slot, id=f"b{no}", teacher=TeacherId(teacher), soft=soft)
        for no, (slot, soft, teacher) in enumerate(given_blocks)
    ]
    busy, resource = BusyTime(blocks), Resource(ResourceKind.TEACHER, "TF1-T1")
    expected = [
        block for block in blocks if taken_by(block) == resource and block.slot.overlaps(within)
    ]
    found = (*busy.taking(resource, within), *busy.softly_taking(resource, within))
    assert sorted(each.id for each in found) == sorted(each.id for each in expected)
    assert all(not each.soft for each in busy.taking(resource, within))
    assert all(each.soft for each in busy.softly_taking(resource, within))


def soft_books(**taken: Any) -> Any:
    block = a_block(at("14:00"), "JS", soft=True, **taken)
    return some_books(JS={"busy": (block,)})


def test_soft_time_forbids_nothing_and_is_noted_without_what_it_is() -> None:
    names: dict[str, dict[str, Any]] = {
        "JS 互动教室1": {"room": RoomId("JS-R1")},
        "JS 教师1": {"teacher": TeacherId("JS-T1")},
        "JS 三年级1班": {"class_group": ClassGroupId("JS-C1")},
    }
    for name, taken in names.items():
        situation = a_situation(books=soft_books(**taken))
        assert find_conflicts(a_session(), situation, now=NOW) == ()
        assert find_notes(a_session(), situation, now=NOW) == (
            Text(
                f"{name}在9月8日（周二）14:00-14:40占用（可让出），建议避开。",
                f"{name} is occupied, Tue 8 Sep 14:00-14:40, but may give way: better to avoid it.",
            ),
        )
        later = a_session(slot=at("14:40"))
        assert find_notes(later, situation, now=NOW) == ()


def test_a_room_that_is_left_open_is_one_that_nobody_would_rather_keep() -> None:
    sites: tuple[SiteWish, ...] = (a_wish("TF1"), a_wish("JS", Role.LISTEN, room=None))
    booking = a_booking(sites=sites)
    kept = a_situation(books=soft_books(room=RoomId("JS-R1")))
    for situation, room in ((a_situation(), "JS-R1"), (kept, "JS-R2")):
        session = draft(booking, situation, id=SessionId("s1"), now=NOW)
        assert [site.room for site in session.sites] == ["TF1-R1", room]


def test_alternatives_in_soft_time_come_last() -> None:
    evening = a_block(at("16:10"), "JS", soft=True, teacher=TeacherId("JS-T1"))
    other = a_session()
    plain = a_situation(other)
    kept = a_situation(other, books=some_books(JS={"busy": (evening,)}))
    starts = [each.slot for each in alternatives_for(a_booking(), plain, now=NOW, limit=40)]
    avoided = [each.slot for each in alternatives_for(a_booking(), kept, now=NOW, limit=40)]
    assert starts[0] == avoided[-1] == at("16:10")


def test_a_plan_is_charged_for_the_soft_time_it_uses() -> None:
    request = a_request("r1", weekdays=(2,))
    busy = a_block(at("14:00"), "JS", soft=True, teacher=TeacherId("JS-T1"))
    problem = a_problem(request, books=some_books(JS={"busy": (busy,)}))
    points = {
        f"{option.weekly.starts:%H:%M}": sum(
            cost.points for cost in costs_of(option, problem) if cost.preference == "soft"
        )
        for option in options(request, problem)
    }
    assert points["14:00"] == 2
    assert {each for starts, each in points.items() if starts != "14:00"} == {0}


@pytest.mark.parametrize(("out_of_order", "points"), [("JS-R2", 2), ("JS-R1", 0), (None, 0)])
def test_a_plan_is_charged_for_the_soft_time_of_a_room_that_is_the_only_one(
    out_of_order: str | None, points: int
) -> None:
    request = a_request("r1", weekdays=(2,), weeks="2", latest=time(14, 40), earliest=time(14))
    kept = a_block(at("14:00", on=FIRST_TUESDAY), "JS", soft=True, room=RoomId("JS-R1"))
    outages = tuple(
        an_outage(at("8:00", 600, on=FIRST_TUESDAY), room=RoomId(room))
        for room in (out_of_order,)
        if room is not None
    )
    problem = a_problem(request, books=some_books(JS={"busy": (kept,), "outages": outages}))
    (option,) = options(request, problem)
    soft = (cost.points for cost in costs_of(option, problem) if cost.preference == "soft")
    assert sum(soft) == points
