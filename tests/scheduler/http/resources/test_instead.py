"""A refused session that has no free place is told which other session could move for it."""

from copy import deepcopy
from typing import Any

import pytest

from tests.scheduler.http.conftest import Caller

Json = dict[str, Any]


def between(starts: str, ends: str) -> Json:
    return {"starts": f"2026-09-{starts}:00+08:00", "ends": f"2026-09-{ends}:00+08:00"}


@pytest.fixture
async def other(office: Caller, booking: Json) -> Json:
    """A lesson of other people in the only rooms that work, at 14:00; else TF1-T1 is busy."""
    for school in ("TF1", "JS"):
        broken = {
            "id": f"{school}-out",
            "school": school,
            "room": f"{school}-R2",
            "slot": between("01T00:00", "30T00:00"),
            "reason": "话筒无声",
        }
        assert (await office("POST", "/outages", json=broken)).status == 201
    lesson = deepcopy(booking) | {"title": "二班音乐"}
    for site in lesson["sites"]:
        site["teacher"] = f"{site['school']}-T2"
        site["class_groups"] = [f"{site['school']}-C2"]
    booked: Json = await (await office("POST", "/sessions", json=lesson)).json()
    for number, slot in enumerate(
        (between("01T00:00", "08T14:00"), between("08T14:40", "30T00:00"))
    ):
        block = {"id": f"busy-{number}", "school": "TF1", "teacher": "TF1-T1", "slot": slot}
        assert (await office("POST", "/busy-blocks", json=block)).status == 201
    return booked


async def test_the_other_session_moves_and_then_the_place_is_free(
    office: Caller, booking: Json, other: Json
) -> None:
    refused = await office("POST", "/sessions", json=booking)
    assert refused.status == 409
    (found, *_) = (await refused.json())["alternatives"]
    first = found["first"]
    assert (first["session"], first["asks"]) == (other["id"], ["TF1", "JS"])
    assert "But first “二班音乐” moves: " in found["changes"]
    moved = await office(
        "PATCH",
        f"/sessions/{first['session']}",
        json={"slot": first["slot"], "sites": first["sites"]},
        headers={"If-Match": f'"{first["revision"]}"'},
    )
    assert moved.status == 200
    mine = booking | {"slot": found["slot"], "sites": found["sites"]}
    assert (await office("POST", "/sessions", json=mine)).status == 201


async def test_it_is_told_in_chinese_too(office: Caller, booking: Json, other: Json) -> None:
    refused = await office("POST", "/sessions", json=booking, headers={"Accept-Language": "zh-CN"})
    (found, *_) = (await refused.json())["alternatives"]
    assert "前提是“二班音乐”先调整：" in found["changes"]
    assert found["changes"].endswith("须经TF1、JS同意。")
    assert other["state"] == "held"


async def test_a_session_that_is_to_move_is_told_the_same(
    office: Caller, booking: Json, other: Json
) -> None:
    earlier = booking | {"slot": between("08T16:10", "08T16:50")}
    for site in earlier["sites"]:
        site["teacher"] = f"{site['school']}-T3"
    mine = await (await office("POST", "/sessions", json=earlier)).json()
    sites = [site | {"teacher": f"{site['school']}-T1"} for site in earlier["sites"]]
    refused = await office(
        "PATCH",
        f"/sessions/{mine['id']}",
        json={"slot": other["slot"], "sites": sites},
        headers={"If-Match": '"1"'},
    )
    assert refused.status == 409
    found = (await refused.json())["alternatives"]
    assert [each["first"]["session"] for each in found if "first" in each] == [other["id"]]


async def test_whoever_has_a_free_place_is_told_of_no_other_session(
    office: Caller, booking: Json
) -> None:
    assert (await office("POST", "/sessions", json=booking)).status == 201
    refused = await office("POST", "/sessions", json=booking)
    found = (await refused.json())["alternatives"]
    assert found
    assert not any(each.get("first") for each in found)
