"""Whatever drops out, the sessions that no longer hold are found and put right over HTTP."""

from asyncio import Semaphore, create_task, wait
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from scheduler.http.app import SOUGHT_AT_ONCE
from scheduler.http.calls import SEEKING
from tests.scheduler.http.conftest import As, Caller

Json = dict[str, Any]
AFTERNOON = {"starts": "2026-09-08T13:00:00+08:00", "ends": "2026-09-08T15:45:00+08:00"}


async def made(caller: Caller, path: str, body: Json) -> Json:
    answer = await caller("POST", path, json=body)
    assert answer.status in {200, 201}, await answer.text()
    found: Json = await answer.json()
    return found


async def a_room_fails(office: Caller) -> None:
    await made(
        office,
        "/outages",
        {"id": "o1", "school": "JS", "room": "JS-R1", "slot": AFTERNOON, "reason": "话筒无声"},
    )


async def a_link_fails(office: Caller) -> None:
    await made(
        office,
        "/outages",
        {"id": "o1", "link_pool": "bridge", "slot": AFTERNOON, "reason": "视频桥故障"},
    )


async def a_teacher_is_away(office: Caller) -> None:
    await made(
        office,
        "/busy-blocks",
        {"id": "leave", "school": "TF1", "teacher": "TF1-T1", "slot": AFTERNOON},
    )


async def a_school_closes(office: Caller) -> None:
    await made(
        office, "/suspensions", {"date": "2026-09-08", "schools": ["JS"], "reason": "重污染天气"}
    )


async def bells_change(office: Caller) -> None:
    (bells,) = [each for each in (await office.get("/bells"))["items"] if each["school"] == "JS"]
    lessons = [each for each in bells["periods"] if each["starts"] < "12:00"]
    answer = await office(
        "PUT",
        f"/bells/{bells['id']}",
        json=bells | {"periods": lessons},
        headers={"If-Match": "*"},
    )
    assert answer.status == 200, await answer.text()


async def a_day_becomes_a_holiday(office: Caller) -> None:
    await made(
        office,
        "/days",
        {"id": "JS:2026-09-08", "school": "JS", "date": "2026-09-08", "kind": "holiday"},
    )


CHANGES = {
    "room": (a_room_fails, "2026-09-08T06:00:00Z"),
    "link": (a_link_fails, "2026-09-08"),
    "teacher": (a_teacher_is_away, "2026-09-08"),
    "school": (a_school_closes, "2026-09-"),
    "bells": (bells_change, "2026-09-08T0"),
    "day": (a_day_becomes_a_holiday, "2026-09-"),
}


def a_meeting(number: int, *schools: str) -> Json:
    """Research of the teachers of that number, in the rooms of that number."""
    return {
        "title": "数学教研",
        "kind": "joint_research",
        "slot": {"starts": "2026-09-08T16:20:00+08:00", "ends": "2026-09-08T17:00:00+08:00"},
        "sites": [
            {
                "school": school,
                "role": "listen" if at else "lead",
                "room": f"{school}-R{number}",
                "teacher": f"{school}-T{number}",
            }
            for at, school in enumerate(schools)
        ],
    }


@pytest.mark.parametrize("what", CHANGES)
async def test_what_no_longer_holds_is_put_right(office: Caller, booking: Json, what: str) -> None:
    # With its only listener closed a lesson is cancelled: nothing is left to put right.
    wish = a_meeting(1, "TF1", "JS", "CB") if what == "school" else booking
    booked = await made(office, "/sessions", wish)
    untouched = await made(office, "/sessions", a_meeting(2, "TF1", "CB"))
    drop_out, where = CHANGES[what]
    await drop_out(office)
    repair = await office.get("/repairs?days=60")
    (move,) = repair["moves"]
    assert (move["session"], repair["stuck"]) == (booked["id"], [])
    assert repair["points"] == repair["bound"] > 0
    assert move["after"]["slot"]["starts"].startswith(where)
    accepted = {
        "moves": [
            {
                "session": move["session"],
                "revision": move["revision"],
                **{key: move["after"][key] for key in ("slot", "sites", "link_pool")},
            }
        ]
    }
    await made(office, "/repairs", accepted)
    assert (await office.get("/repairs?days=60"))["moves"] == []
    assert await office.get(f"/sessions/{untouched['id']}") == untouched


async def test_a_session_is_moved_once_at_a_time(office: Caller, booking: Json) -> None:
    booked = await made(office, "/sessions", booking)
    move = {
        "session": booked["id"],
        "revision": 1,
        "slot": booking["slot"],
        "sites": booking["sites"],
    }
    answer = await office("POST", "/repairs", json={"moves": [move, move]})
    (error,) = (await answer.json())["errors"]
    assert (answer.status, error["pointer"], error["value"]) == (
        422,
        "/moves/1/session",
        booked["id"],
    )


async def test_only_those_who_could_act_on_a_repair_ask_for_one(as_: As) -> None:
    for person, status in (
        ("office", 200),
        ("JS-coordinator", 200),
        ("it", 200),
        ("teacher", 403),
        ("observer", 403),
        ("display", 403),
    ):
        assert (await as_(person)("GET", "/repairs")).status == status, person


async def test_few_repairs_are_sought_at_once_and_nothing_else_waits_for_them(
    client: TestClient[Any, Any], office: Caller
) -> None:
    seeking = client.app[SEEKING] if client.app else Semaphore()
    for _ in range(SOUGHT_AT_ONCE):
        await seeking.acquire()
    asked = create_task(office.get("/repairs"))
    answered, _ = await wait([asked], timeout=1)
    assert not answered
    await office.get("/sessions")
    seeking.release()
    assert (await asked)["moves"] == []
