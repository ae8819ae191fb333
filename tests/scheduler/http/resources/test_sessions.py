"""Sessions over HTTP: booked, refused with alternatives, changed, answered, cancelled."""

from copy import deepcopy
from typing import Any

import pytest

from tests.scheduler.http.conftest import As, Caller, Clock

Json = dict[str, Any]


@pytest.fixture
async def booked(office: Caller, booking: Json) -> Json:
    answer = await office("POST", "/sessions", json=booking)
    assert answer.status == 201
    session: Json = await answer.json()
    return session


async def test_a_booking_is_found_at_its_location(office: Caller, booking: Json) -> None:
    made = await office("POST", "/sessions", json=booking)
    found = await office("GET", made.headers["Location"])
    assert await found.read() == await made.read()
    assert found.headers["ETag"] == made.headers["ETag"] == '"1"'


async def test_a_clash_names_rules_resources_and_sessions_and_offers_alternatives(
    office: Caller, booking: Json, booked: Json
) -> None:
    answer = await office("POST", "/sessions", json=booking)
    assert answer.status == 409
    assert answer.content_type == "application/problem+json"
    problem = await answer.json()
    assert problem["type"] == "/problems/clash"
    assert {conflict["rule"] for conflict in problem["conflicts"]} == {"H1", "H2", "H3"}
    assert all(conflict["sessions"] == [booked["id"]] for conflict in problem["conflicts"])
    assert {"kind": "room", "id": "TF1-R1"} in problem["conflicts"][0]["resources"]
    assert len(problem["alternatives"]) >= 3


async def test_every_alternative_can_be_booked(office: Caller, booking: Json, booked: Json) -> None:
    assert booked["state"] == "held"
    problem = await (await office("POST", "/sessions", json=booking)).json()
    for found in problem["alternatives"]:
        wish = booking | {"slot": found["slot"], "sites": found["sites"]}
        assert (await office("POST", "/sessions?dry_run=true", json=wish)).status == 200


async def test_sentences_follow_the_reader(as_: As, booking: Json, booked: Json) -> None:
    office = as_("office")
    assert booked["title"] == "三年级音乐"
    for language, title, words in (
        ("zh-CN", "与已有安排或规则冲突", "已安排“三年级音乐”"),
        ("en", "Rules say no", "is taken by “三年级音乐”"),
    ):
        answer = await office(
            "POST", "/sessions", json=booking, headers={"Accept-Language": language}
        )
        assert answer.headers["Content-Language"] == language
        assert answer.headers["Vary"] == "Accept-Language"
        problem = await answer.json()
        assert problem["title"] == title
        assert words in problem["conflicts"][0]["sentence"]


async def test_sessions_are_found_by_resource_time_and_state(office: Caller, booked: Json) -> None:
    async def ids(query: str) -> list[str]:
        return [each["id"] for each in (await office.get(f"/sessions?{query}"))["items"]]

    day = "starts=2026-09-08T00:00:00%2B08:00&ends=2026-09-09T00:00:00%2B08:00"
    assert await ids("kind=room&id=JS-R1") == [booked["id"]]
    assert await ids("kind=room&id=CB-R1") == []
    assert await ids(day) == [booked["id"]]
    assert await ids("starts=2026-09-08T06:40:00Z&ends=2026-09-09T00:00:00Z") == []
    assert await ids("states=held,confirmed") == [booked["id"]]
    assert await ids("states=cancelled") == []


@pytest.mark.parametrize(
    "query",
    [
        "kind=room",
        "id=TF1-R1",
        "starts=2026-09-08T00:00:00Z",
        "starts=2026-09-08T00:00:00Z&ends=2026-09-07T00:00:00Z",
        "starts=2026-09-08T00:00:00&ends=2026-09-09T00:00:00",
        "starts=1788825600&ends=1788912000",
        "states=held,gone",
        "kind=robot&id=x",
    ],
)
async def test_a_question_that_cannot_be_meant_is_refused(office: Caller, query: str) -> None:
    answer = await office("GET", f"/sessions?{query}")
    assert answer.status == 422
    assert (await answer.json())["errors"][0]["pointer"].startswith("?")


async def test_a_session_is_moved_and_reworded(office: Caller, booked: Json) -> None:
    address = f"/sessions/{booked['id']}"
    slot = {"starts": "2026-09-08T16:10:00+08:00", "ends": "2026-09-08T16:50:00+08:00"}
    moved = await office(
        "PATCH", address, json={"slot": slot, "title": "音乐会"}, headers={"If-Match": '"1"'}
    )
    assert moved.status == 200
    session = await moved.json()
    assert session["slot"]["starts"] == "2026-09-08T08:10:00Z"
    assert (session["title"], session["revision"], session["id"]) == ("音乐会", 2, booked["id"])


async def test_a_move_into_another_session_is_refused_with_alternatives(
    office: Caller, booking: Json, booked: Json
) -> None:
    later = deepcopy(booking)
    later["slot"] = {"starts": "2026-09-08T16:10:00+08:00", "ends": "2026-09-08T16:50:00+08:00"}
    assert (await office("POST", "/sessions", json=later)).status == 201
    answer = await office(
        "PATCH",
        f"/sessions/{booked['id']}",
        json={"slot": later["slot"]},
        headers={"If-Match": '"1"'},
    )
    assert answer.status == 409
    assert (await answer.json())["alternatives"] != []


async def test_two_sessions_swap_their_times(as_: As, booking: Json, booked: Json) -> None:
    later = {"starts": "2026-09-08T16:10:00+08:00", "ends": "2026-09-08T16:50:00+08:00"}
    other = await (await as_("office")("POST", "/sessions", json=booking | {"slot": later})).json()
    wish = {"other": other["id"], "other_revision": 1, "what": "times", "reason": "主讲外出"}
    path, sent = f"/sessions/{booked['id']}/swap", {"json": wish, "headers": {"If-Match": '"1"'}}
    assert (await as_("CB-coordinator")("POST", path, **sent)).status == 403
    tried = await as_("TF1-coordinator")("POST", f"{path}?dry_run=true", **sent)
    assert (tried.status, tried.headers["Dry-Run"]) == (200, "true")
    answer = await as_("TF1-coordinator")("POST", path, **sent)
    assert answer.status == 200, await answer.text()
    first, second = (await answer.json())["sessions"]
    assert (first["slot"], second["slot"]) == (other["slot"], booked["slot"])
    assert (await as_("TF1-coordinator")("POST", path, **sent)).status == 412


async def test_both_schools_say_yes_and_it_is_confirmed(as_: As, booked: Json) -> None:
    address, state = f"/sessions/{booked['id']}/answers", ""
    for revision, school in enumerate(("TF1", "JS"), start=1):
        answer = await as_(f"{school}-coordinator")(
            "POST",
            address,
            json={"school": school, "says": "yes"},
            headers={"If-Match": f'"{revision}"'},
        )
        assert answer.status == 200
        state = (await answer.json())["state"]
    assert state == "confirmed"


async def test_a_school_says_no_with_a_reason(as_: As, booked: Json) -> None:
    address = f"/sessions/{booked['id']}/answers"
    no = {"school": "JS", "says": "no"}
    caller, headers = as_("JS-coordinator"), {"If-Match": "*"}
    assert (await caller("POST", address, json=no, headers=headers)).status == 422
    answer = await caller("POST", address, json=no | {"reason": "考试"}, headers=headers)
    assert (await answer.json())["state"] == "cancelled"


async def test_a_school_answers_for_itself_only(as_: As, booked: Json) -> None:
    answer = await as_("CB-coordinator")(
        "POST",
        f"/sessions/{booked['id']}/answers",
        json={"school": "JS", "says": "yes"},
        headers={"If-Match": "*"},
    )
    assert answer.status == 403


async def test_a_cancelled_session_stays_and_cannot_be_cancelled_again(
    office: Caller, booked: Json
) -> None:
    address, sent = f"/sessions/{booked['id']}", {"json": {"reason": "停电"}}
    first = await office("POST", f"{address}/cancellation", headers={"If-Match": '"1"'}, **sent)
    assert (await first.json())["state"] == "cancelled"
    again = await office("POST", f"{address}/cancellation", headers={"If-Match": "*"}, **sent)
    assert again.status == 409
    assert (await again.json())["type"] == "/problems/wrong-state"
    assert (await office.get(address))["reason"] == "停电"


async def test_the_past_is_not_booked(office: Caller, booking: Json, clock: Clock) -> None:
    clock.pass_by(days=60)
    answer = await office("POST", "/sessions", json=booking)
    assert answer.status == 422
    assert (await answer.json())["errors"][0]["pointer"] == "/slot/starts"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        (
            {"slot": {"starts": "2026-09-08T14:00:00", "ends": "2026-09-08T14:40:00"}},
            "/slot/starts",
        ),
        (
            {"slot": {"starts": "2026-09-08T15:00:00+08:00", "ends": "2026-09-08T14:00:00+08:00"}},
            "/slot/ends",
        ),
        (
            {"slot": {"starts": "2026-09-08T14:00:00+08:00", "ends": "2026-09-08T20:00:00+08:00"}},
            "/slot",
        ),
        (
            {"slot": {"starts": "9999-12-31T23:00:00-12:00", "ends": "2026-09-08T14:00:00+08:00"}},
            "/slot/starts",
        ),
        ({"link_pool": "nowhere"}, "/link_pool"),
        ({"title": "a\tb"}, "/title"),
        ({"note": "bell \x07"}, "/note"),
        ({"min_minutes": -40}, "/min_minutes"),
        ({"join_url": "javascript:alert(1)"}, "/join_url"),
        ({"sites": []}, "/sites"),
    ],
)
async def test_a_wish_that_cannot_be_meant_is_told_where(
    office: Caller, booking: Json, change: Json, pointer: str
) -> None:
    answer = await office("POST", "/sessions", json=booking | change)
    assert answer.status == 422
    assert pointer in [fault["pointer"] for fault in (await answer.json())["errors"]]
    assert (await office.get("/sessions"))["items"] == []


async def test_an_unknown_room_is_told_by_its_place(office: Caller, booking: Json) -> None:
    booking["sites"][1]["room"] = "JS-R9"
    answer = await office("POST", "/sessions", json=booking)
    assert answer.status == 422
    (fault,) = (await answer.json())["errors"]
    assert (fault["pointer"], fault["value"]) == ("/sites/1/room", "JS-R9")


@pytest.mark.parametrize("id", ["nothing", "%00", "..%2f..", "a" * 500, "%ED%A0%80", "班"])
async def test_an_unknown_session_is_not_found(office: Caller, id: str) -> None:
    assert (await office("GET", f"/sessions/{id}")).status == 404


async def test_a_class_is_named_once_so_that_its_pupils_count_once(
    office: Caller, booking: dict[str, Any]
) -> None:
    booking["sites"][1]["class_groups"] *= 2
    answer = await office("POST", "/sessions", json=booking)
    assert answer.status == 422
    assert "twice" in (await answer.json())["detail"]
