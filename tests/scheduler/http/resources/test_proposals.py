"""Proposals over HTTP: asked, listed, answered, taken back; and lessons that displace meetings."""

from typing import Any

import pytest

from tests.scheduler.http.conftest import As, Caller

Json = dict[str, Any]
LATER = {"starts": "2026-09-08T16:10:00+08:00", "ends": "2026-09-08T16:50:00+08:00"}
FIRST = {"If-Match": '"1"'}


@pytest.fixture
async def booked(office: Caller, booking: Json) -> Json:
    answer = await office("POST", "/sessions", json=booking)
    return dict(await answer.json())


async def _proposed(as_: As, booked: Json) -> Json:
    path, wish = f"/sessions/{booked['id']}/proposals", {"slot": LATER, "reason": "班会"}
    assert (await as_("CB-coordinator")("POST", path, json=wish, headers=FIRST)).status == 403
    answer = await as_("JS-coordinator")("POST", path, json=wish, headers=FIRST)
    assert answer.status == 200, await answer.text()
    assert answer.headers["ETag"] == '"1"'
    return dict(await answer.json())


async def test_a_school_proposes_another_time_and_the_other_agrees(as_: As, booked: Json) -> None:
    proposal = await _proposed(as_, booked)
    listed = await as_("teacher").get("/proposals?states=open")
    assert [each["id"] for each in listed["items"]] == [proposal["id"]]
    path, yes = f"/proposals/{proposal['id']}/answers", {"school": "TF1", "says": "yes"}
    as_tf1 = as_("TF1-coordinator")
    assert (await as_tf1("POST", path, json=yes)).status == 428
    answer = await as_tf1("POST", path, json=yes, headers=FIRST)
    assert (answer.status, answer.headers["ETag"]) == (200, '"2"')
    assert (await answer.json())["state"] == "accepted"
    moved = await as_tf1.get(f"/sessions/{booked['id']}")
    assert (moved["slot"]["starts"], moved["state"]) == ("2026-09-08T08:10:00Z", "confirmed")
    late = await as_tf1("POST", path, json=yes, headers={"If-Match": '"2"'})
    assert late.status == 409


async def test_a_proposal_is_taken_back(as_: As, booked: Json) -> None:
    proposal = await _proposed(as_, booked)
    path = f"/proposals/{proposal['id']}/withdrawal"
    assert (await as_("TF1-coordinator")("POST", path, headers=FIRST)).status == 403
    answer = await as_("JS-coordinator")("POST", path, headers=FIRST)
    assert (await answer.json())["state"] == "withdrawn"


async def test_a_proposal_that_rules_forbid_names_what_would_do(as_: As, booked: Json) -> None:
    lunch = {"starts": "2026-09-08T12:15:00+08:00", "ends": "2026-09-08T12:55:00+08:00"}
    path = f"/sessions/{booked['id']}/proposals"
    refused = await as_("JS-coordinator")("POST", path, json={"slot": lunch}, headers=FIRST)
    assert refused.status == 409
    assert (await refused.json())["alternatives"]


async def test_a_meeting_makes_room_for_a_lesson_when_its_school_agrees(
    as_: As, booking: Json
) -> None:
    site = {name: value for name, value in booking["sites"][0].items() if name != "class_groups"}
    research = {"title": "教研", "kind": "joint_research", "sites": [site], "link_pool": None}
    answer = await as_("TF1-coordinator")("POST", "/sessions", json=booking | research)
    meeting = await answer.json()
    wish: Json = {
        "booking": booking,
        "displaced": [{"session": meeting["id"], "revision": 1}],
        "reason": "评估课",
    }
    as_js = as_("JS-coordinator")
    refused = await as_js("POST", "/bumps", json=wish)
    assert refused.status == 409
    instead = (await refused.json())["alternatives"][0]
    wish["displaced"][0] |= {"slot": instead["slot"], "sites": instead["sites"]}
    tried = await as_js("POST", "/bumps?dry_run=true", json=wish)
    assert (tried.status, (await tried.json())["state"]) == (200, "open")
    asked = await (await as_js("POST", "/bumps", json=wish)).json()
    assert (asked["kind"], asked["state"]) == ("bump", "open")
    path, yes = f"/proposals/{asked['id']}/answers", {"school": "TF1", "says": "yes"}
    done = await as_("TF1-coordinator")("POST", path, json=yes, headers=FIRST)
    assert (await done.json())["state"] == "accepted"
    moved = await as_js.get(f"/sessions/{meeting['id']}")
    assert "三年级音乐" in moved["reason"]


async def test_a_last_yes_that_comes_too_late_is_told_why_and_what_would_do(
    as_: As, booked: Json
) -> None:
    proposal = await _proposed(as_, booked)
    outage = {"school": "JS", "room": "JS-R1", "slot": LATER, "reason": "话筒无声"}
    assert (await as_("office")("POST", "/outages", json=outage)).status == 201
    path, yes = f"/proposals/{proposal['id']}/answers", {"school": "TF1", "says": "yes"}
    refused = await as_("TF1-coordinator")("POST", path, json=yes, headers=FIRST)
    told = await refused.json()
    assert (refused.status, {each["rule"] for each in told["conflicts"]}) == (409, {"H9"})
    assert {each["session"] for each in told["alternatives"]} == {booked["id"]}


async def test_a_session_that_moves_displaces_others_under_its_own_revision(
    as_: As, booking: Json, booked: Json
) -> None:
    site = {name: value for name, value in booking["sites"][0].items() if name != "class_groups"}
    research = {"kind": "joint_research", "sites": [site], "link_pool": None, "slot": LATER}
    answer = await as_("office")("POST", "/sessions", json=booking | research)
    meeting = await answer.json()
    path = f"/sessions/{booked['id']}/bumps"
    displaced = {"session": meeting["id"], "revision": 1}
    wish: Json = {"slot": LATER, "displaced": [displaced], "reason": "评估课"}
    office = as_("office")
    assert (await office("POST", path, json=wish)).status == 428
    assert (await office("POST", path, json=wish, headers={"If-Match": '"9"'})).status == 412
    outsider = await as_("CB-coordinator")("POST", path, json=wish, headers=FIRST)
    assert outsider.status == 403
    refused = await (await office("POST", path, json=wish, headers=FIRST)).json()
    instead = refused["alternatives"][0]
    displaced |= {"slot": instead["slot"], "sites": instead["sites"]}
    done = await office("POST", path, json=wish, headers=FIRST)
    assert (done.status, (await done.json())["kind"]) == (200, "bump")
