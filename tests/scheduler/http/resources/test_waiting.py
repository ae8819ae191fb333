"""The waiting list over HTTP: joined, read in its order, left."""

from typing import Any

import pytest

from scheduler.jobs import offering_freed_places
from scheduler.store import Store
from tests.scheduler.http.conftest import As, Caller, Clock
from tests.scheduler.http.resources.test_urgent import a_request

Json = dict[str, Any]
FIRST = {"If-Match": '"1"'}


@pytest.fixture
async def booked(office: Caller, booking: Json) -> Json:
    answer = await office("POST", "/sessions", json=booking)
    return dict(await answer.json())


async def _joined(caller: Caller, booking: Json) -> Json:
    answer = await caller("POST", "/waiting-list", json={"booking": booking})
    assert answer.status == 201, await answer.text()
    waiting = dict(await answer.json())
    assert answer.headers["Location"] == f"/api/v1/waiting-list/{waiting['id']}"
    return waiting


async def test_who_waits_is_listed_with_position_and_reasons(
    as_: As, clock: Clock, booking: Json, booked: Json
) -> None:
    first = await _joined(as_("TF1-coordinator"), booking)
    clock.pass_by(minutes=1)
    second = await _joined(as_("JS-coordinator"), booking | {"title": "美术"})
    page = await as_("teacher").get("/waiting-list?limit=1")
    assert [each["waiting"]["id"] for each in page["items"]] == [first["id"]]
    rest = await as_("teacher").get(f"/waiting-list?limit=1&cursor={page['next']}")
    (turn,) = rest["items"]
    assert (turn["waiting"]["id"], turn["position"], rest["next"]) == (second["id"], 2, None)
    assert {each["rule"] for each in turn["reasons"]} == {"H1", "H2", "H3"}
    assert turn["reasons"][0]["sessions"] == [booked["id"]]
    own = await as_("teacher").get("/waiting-list?school=JS")
    assert [each["position"] for each in own["items"]] == [2]
    assert await as_("teacher").get(f"/waiting-list/{first['id']}") == first


async def test_a_freed_place_is_offered_by_the_job(
    as_: As, store: Store, clock: Clock, booking: Json, booked: Json
) -> None:
    waiting = await _joined(as_("TF1-coordinator"), booking)
    cancelled = await as_("office")(
        "POST",
        f"/sessions/{booked['id']}/cancellation",
        json={"reason": "停电"},
        headers=FIRST,
    )
    assert cancelled.status == 200
    await offering_freed_places().work(store, clock)
    told = await as_("office").get(f"/waiting-list/{waiting['id']}")
    assert told["state"] == "offered"
    offer = await as_("office").get(f"/sessions/{told['session']}")
    assert offer["state"] == "held"


async def test_a_weekly_need_waits_for_all_its_dates(
    as_: As, store: Store, clock: Clock, booking: Json, booked: Json
) -> None:
    pattern = {"weekday": 2, "starts": "14:00", "minutes": 40, "weeks": "1-3"}
    agenda = {name: booking[name] for name in booking if name != "slot"}
    wish = {"series_booking": agenda | {"term": "TF1-2026-1", "weekly": pattern}}
    answer = await as_("TF1-coordinator")("POST", "/waiting-list", json=wish)
    assert answer.status == 201, await answer.text()
    (turn,) = (await as_("teacher").get("/waiting-list"))["items"]
    assert {tuple(each["sessions"]) for each in turn["reasons"]} == {(booked["id"],)}
    path = f"/sessions/{booked['id']}/cancellation"
    await as_("office")("POST", path, json={"reason": "停电"}, headers=FIRST)
    await offering_freed_places().work(store, clock)
    told = await as_("office").get(f"/waiting-list/{turn['waiting']['id']}")
    offer = await as_("office").get(f"/sessions?series={told['series']}")
    assert (told["state"], len(offer["items"])) == ("offered", 3)
    says = {"school": "TF1", "says": "yes"}
    path = f"/series/{told['series']}/answers"
    assert (await as_("TF1-coordinator")("POST", path, json=says)).status == 200


async def test_nobody_waits_for_strangers_or_for_what_is_free(as_: As, booking: Json) -> None:
    wish = {"booking": booking}
    assert (await as_("CB-coordinator")("POST", "/waiting-list", json=wish)).status == 403
    free = await as_("TF1-coordinator")("POST", "/waiting-list", json=wish)
    assert free.status == 409
    assert "right now" in (await free.json())["detail"]


async def test_a_wish_is_taken_back(as_: As, booking: Json, booked: Json) -> None:
    assert booked["state"] == "held"
    waiting = await _joined(as_("TF1-coordinator"), booking)
    path = f"/waiting-list/{waiting['id']}"
    assert (await as_("TF1-coordinator")("DELETE", path)).status == 428
    assert (await as_("JS-coordinator")("DELETE", path, headers=FIRST)).status == 403
    assert (await as_("TF1-coordinator")("DELETE", path, headers=FIRST)).status == 204
    assert (await as_("office").get("/waiting-list"))["items"] == []
    left = await as_("office").get("/waiting-list?states=left")
    assert [each["position"] for each in left["items"]] == [None]


async def test_another_time_that_is_over_is_named_where_it_stands(as_: As, booking: Json) -> None:
    over = {"starts": "2026-03-10T14:00:00+08:00", "ends": "2026-03-10T14:40:00+08:00"}
    wish = {"booking": booking, "also_at": [over]}
    answer = await as_("TF1-coordinator")("POST", "/waiting-list", json=wish)
    (fault,) = (await answer.json())["errors"]
    assert (answer.status, fault["pointer"]) == (422, "/also_at/0/starts")


async def test_a_request_waits_for_any_place_that_it_would_take(
    as_: As, store: Store, clock: Clock, booked: Json
) -> None:
    request = a_request(weeks="2", earliest="14:00", latest="14:40")
    assert (await as_("office")("POST", "/requests", json=request)).status == 201
    wish = {"request": request["id"]}
    assert (await as_("JS-coordinator")("POST", "/waiting-list", json=wish)).status == 403
    unknown = await as_("office")("POST", "/waiting-list", json={"request": "none"})
    (fault,) = (await unknown.json())["errors"]
    assert (unknown.status, fault["pointer"]) == (422, "/request")
    answer = await as_("TF1-coordinator")("POST", "/waiting-list", json=wish)
    assert answer.status == 201, await answer.text()
    job = offering_freed_places()
    await job.work(store, clock)
    (turn,) = (await as_("teacher").get("/waiting-list"))["items"]
    assert (turn["waiting"]["state"], turn["position"]) == ("waiting", 1)
    path = f"/sessions/{booked['id']}/cancellation"
    await as_("office")("POST", path, json={"reason": "停电"}, headers=FIRST)
    await job.work(store, clock)
    told = await as_("office").get(f"/waiting-list/{turn['waiting']['id']}")
    assert (told["state"], told["offered_requests"]) == ("offered", [request["id"]])
    placed = await as_("office").get(f"/requests/{request['id']}")
    (series,) = placed["series"]
    (offer,) = (await as_("office").get(f"/sessions?series={series}"))["items"]
    states = {site["school"]: site["state"] for site in offer["sites"]}
    assert states == {"TF1": "held", "JS": "confirmed"}
