"""A series that has no weekday or time at all is told which one other series could move first."""

from typing import Any

import pytest

from tests.scheduler.http.conftest import As, Caller
from tests.scheduler.http.resources.test_repairs import made

Json = dict[str, Any]
DAYS = [f"2026-09-{day:02}" for day in (7, 8, 9, 10, 11, 14, 15, 16, 17, 18)]
"""The school days of weeks 2 and 3."""
TUESDAYS = ("2026-09-08", "2026-09-15")


def a_series(no: int, **fields: Any) -> Json:
    """The teachers and classes of a number, in the first rooms of TF1 and JS."""
    sites = [
        {"school": school, "role": role, "room": f"{school}-R1", "teacher": f"{school}-T{no}"}
        | {"class_groups": [f"{school}-C{no}"]}
        for school, role in (("TF1", "lead"), ("JS", "listen"))
    ]
    weekly = {"weekday": 2, "starts": "14:00:00", "minutes": 40, "weeks": "2-3"}
    return {
        "title": f"音乐 {no}",
        "subject": "音乐",
        "grade": 3,
        "term": "TF1-2026-1",
        "weekly": weekly,
        "sites": sites,
    } | fields


@pytest.fixture
async def in_the_way(office: Caller) -> Json:
    """A series at the only time that a teacher of another one has, in the only rooms there are."""
    free = {"starts": "14:00:00+08:00", "ends": "14:40:00+08:00"}
    for day in DAYS:
        busy = [("06:00:00+08:00", "20:00:00+08:00")]
        if day in TUESDAYS:
            busy = [("06:00:00+08:00", free["starts"]), (free["ends"], "20:00:00+08:00")]
            slot = {"starts": f"{day}T06:00:00+08:00", "ends": f"{day}T20:00:00+08:00"}
            for school in ("TF1", "JS"):
                outage = {"id": f"out-{school}-{day}", "school": school, "room": f"{school}-R2"}
                await made(office, "/outages", outage | {"slot": slot, "reason": "检修"})
        for no, (starts, ends) in enumerate(busy):
            slot = {"starts": f"{day}T{starts}", "ends": f"{day}T{ends}"}
            block = {"id": f"b-{day}-{no}", "school": "TF1", "teacher": "TF1-T2", "slot": slot}
            await made(office, "/busy-blocks", block)
    return await made(office, "/series", a_series(1))


async def refused(caller: Caller, wish: Json) -> Json:
    answer = await caller("POST", "/series", json=wish)
    problem: Json = await answer.json()
    assert answer.status == 409, problem
    return problem


async def test_the_series_in_the_way_moves_first_and_then_there_is_a_place(
    office: Caller, in_the_way: Json
) -> None:
    (alternative,) = (await refused(office, a_series(2)))["alternatives"]
    first = alternative["first"]
    other = in_the_way["series"]
    assert (first["series"], first["revision"]) == (other["id"], other["revision"])
    assert first["session"] in {each["id"] for each in in_the_way["booked"]}
    assert alternative["weekly"] == a_series(2)["weekly"]
    assert set(first["asks"]) == {"TF1", "JS"}
    assert "音乐 1" in alternative["changes"]
    change = {"from_date": "2026-09-07", "weekly": first["weekly"], "sites": first["sites"]}
    moved = await office(
        "PATCH", f"/series/{first['series']}", json=change, headers={"If-Match": '"1"'}
    )
    assert moved.status == 200, await moved.text()
    booked = await made(office, "/series", a_series(2))
    assert [each["series_date"] for each in booked["booked"]] == list(TUESDAYS)


async def test_who_may_not_move_it_is_told_through_whom(as_: As, in_the_way: Json) -> None:
    (alternative,) = (await refused(as_("TF1-coordinator"), a_series(2)))["alternatives"]
    assert alternative["first"]["through"] == []
    assert in_the_way["series"]["id"] == alternative["first"]["series"]


async def test_a_pinned_series_does_not_move(office: Caller, in_the_way: Json) -> None:
    pinned = in_the_way["booked"][1]
    answer = await office(
        "PATCH", f"/sessions/{pinned['id']}", json={"pinned": True}, headers={"If-Match": '"1"'}
    )
    assert answer.status == 200, await answer.text()
    assert (await refused(office, a_series(2)))["alternatives"] == []


async def test_a_series_that_goes_with_another_does_not_move(
    office: Caller, in_the_way: Json
) -> None:
    placed = {"school": "TF1", "term": "TF1-2026-1", "state": "placed", "weeks": "2-3"}
    fields = {name: in_the_way["series"][name] for name in ("subject", "grade", "sites")}
    lesson = placed | fields | {"id": "lesson", "title": "课"}
    review = placed | fields | {"id": "review", "title": "评课"}
    await made(office, "/requests", lesson | {"series": [in_the_way["series"]["id"]]})
    await made(office, "/requests", review | {"after": [{"request": "lesson"}]})
    assert (await refused(office, a_series(2)))["alternatives"] == []


@pytest.mark.usefixtures("in_the_way")
async def test_what_another_thing_is_in_the_way_of_as_well_has_no_place(office: Caller) -> None:
    slot = {"starts": "2026-09-15T13:00:00+08:00", "ends": "2026-09-15T15:00:00+08:00"}
    block = {"id": "ill", "school": "JS", "teacher": "JS-T2", "slot": slot}
    await made(office, "/busy-blocks", block)
    assert (await refused(office, a_series(2)))["alternatives"] == []
