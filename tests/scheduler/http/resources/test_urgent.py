"""An urgent request without a free place gets one over HTTP: as few others move as can be."""

from typing import Any

import pytest

from tests.scheduler.http.conftest import Caller
from tests.scheduler.http.resources.test_repairs import AFTERNOON, made

Json = dict[str, Any]
SLOT = {"starts": "2026-09-08T14:00:00+08:00", "ends": "2026-09-08T14:40:00+08:00"}


def a_meeting(*rooms: str) -> Json:
    """Research in these rooms, each with the teacher of its school and number."""
    return {
        "title": "教研",
        "kind": "joint_research",
        "slot": SLOT,
        "sites": [
            {
                "school": room.split("-")[0],
                "role": "listen" if at else "lead",
                "room": room,
                "teacher": room.replace("R", "T"),
            }
            for at, room in enumerate(rooms)
        ],
    }


def a_request(**fields: Any) -> Json:
    """TF1 teaches JS at 14:00 on the Tuesday of week 2; both have agreed."""
    sites = [
        {"school": school, "role": role, "teacher": f"{school}-T3", "agreed": True}
        | {"class_groups": [f"{school}-C1"]}
        for school, role in (("TF1", "lead"), ("JS", "listen"))
    ]
    return {
        "id": "urgent",
        "title": "专家示范课",
        "subject": "音乐",
        "grade": 3,
        "school": "TF1",
        "term": "TF1-2026-1",
        "lane": "urgent",
        "weeks": "2",
        "weekdays": [2],
        "earliest": "14:00:00",
        "latest": "14:40:00",
        "sites": sites,
    } | fields


@pytest.fixture
async def meetings(office: Caller) -> list[Json]:
    """In the only rooms left of TF1 and of JS at 14:00: both have to go for a lesson there."""
    for school in ("TF1", "JS"):
        outage = {"id": f"out-{school}", "school": school, "room": f"{school}-R2"}
        await made(office, "/outages", outage | {"slot": AFTERNOON, "reason": "检修"})
    return [
        await made(office, "/sessions", a_meeting(*rooms))
        for rooms in (("TF1-R1", "CB-R1"), ("JS-R1", "CB-R2"))
    ]


def move_of(move: Json) -> Json:
    return {
        "session": move["session"],
        "revision": move["revision"],
        **{key: move["after"][key] for key in ("slot", "sites", "link_pool")},
    }


async def test_all_at_once_the_request_takes_what_the_others_give_up(
    office: Caller, meetings: list[Json]
) -> None:
    await made(office, "/requests", a_request())
    repair = await office.get("/repairs?request=urgent")
    assert {move["session"] for move in repair["moves"]} == {each["id"] for each in meetings}
    assert repair["points"] == repair["bound"] > 0
    accepted = {"moves": [*map(move_of, repair["moves"])], "placements": repair["placements"]}
    answer = await made(office, "/repairs", accepted)
    moved, booked = answer["items"][:2], answer["items"][2]
    assert all(each["slot"] != SLOT for each in moved)
    assert (booked["title"], booked["state"]) == ("专家示范课", "confirmed")
    assert booked["slot"]["starts"] == "2026-09-08T06:00:00Z"
    placed = await office.get("/requests/urgent")
    assert (placed["state"], placed["series"]) == ("placed", [booked["series"]])
    assert (await office.get("/repairs"))["moves"] == []


@pytest.mark.usefixtures("meetings")
async def test_one_by_one_the_request_comes_after_the_moves_it_needs(office: Caller) -> None:
    await made(office, "/requests", a_request())
    repair = await office.get("/repairs?request=urgent")
    placements = {"placements": repair["placements"]}
    for move in repair["moves"]:
        early = await office("POST", "/repairs", json=placements)
        assert early.status == 409
        conflicts = (await early.json())["conflicts"]
        assert {each["rule"] for each in conflicts} == {"H1"}
        assert (await office.get("/requests/urgent"))["state"] == "open"
        await made(office, "/repairs", {"moves": [move_of(move)]})
    (booked,) = (await made(office, "/repairs", placements))["items"]
    assert booked["slot"]["starts"] == "2026-09-08T06:00:00Z"


@pytest.mark.usefixtures("meetings")
async def test_what_the_request_did_not_ask_for_is_not_booked_in_its_name(office: Caller) -> None:
    await made(office, "/requests", a_request())
    (placement,) = (await office.get("/repairs?request=urgent"))["placements"]
    lead, listener = placement["sites"]
    for otherwise in (
        {"weekly": placement["weekly"] | {"weekday": 3}, "dates": ["2026-09-09"]},
        {"weekly": placement["weekly"] | {"starts": "15:50:00"}},
        {"weekly": placement["weekly"] | {"minutes": 30}},
        {"dates": ["2026-09-15"]},
        {"sites": [lead, listener | {"class_groups": ["JS-C2"]}]},
        {"sites": [lead | {"teacher": "TF1-T2"}, listener]},
        {"sites": [lead]},
        {"sites": [lead | {"role": "listen"}, listener]},
        {"offer": "o1"},
    ):
        answer = await office("POST", "/repairs", json={"placements": [placement | otherwise]})
        assert answer.status == 422, (otherwise, await answer.text())
    twice = await office("POST", "/repairs", json={"placements": [placement, placement]})
    assert twice.status == 422
    await made(office, "/requests", a_request(id="other"))
    both = [placement, placement | {"request": "other"}]
    answer = await office("POST", "/repairs", json={"placements": both})
    (error,) = (await answer.json())["errors"]
    assert (error["pointer"], error["value"]) == ("/placements/1/request", "other")


async def test_what_is_proposed_can_be_sent_back_as_it_is_whatever_it_costs(office: Caller) -> None:
    first_lesson = {"earliest": "08:30:00", "latest": "09:10:00"}
    await made(office, "/requests", a_request(preferred_weekdays=[3], **first_lesson))
    repair = await office.get("/repairs?request=urgent")
    await made(office, "/repairs", {"placements": repair["placements"]})
    assert (await office.get("/requests/urgent"))["state"] == "placed"


async def test_nothing_accepted_is_told(office: Caller) -> None:
    answer = await office("POST", "/repairs", json={})
    assert answer.status == 422
    assert "moves" in await answer.text()


@pytest.mark.usefixtures("meetings")
async def test_a_request_that_is_placed_or_unknown_waits_for_no_room(office: Caller) -> None:
    await made(office, "/requests", a_request())
    repair = await office.get("/repairs?request=urgent")
    accepted = {"moves": [*map(move_of, repair["moves"])], "placements": repair["placements"]}
    await made(office, "/repairs", accepted)
    again = await office("POST", "/repairs", json={"placements": repair["placements"]})
    assert again.status == 409
    assert (await office("GET", "/repairs?request=urgent")).status == 409
    assert (await office("GET", "/repairs?request=nobody")).status == 404
