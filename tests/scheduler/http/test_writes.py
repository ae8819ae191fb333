"""One change, once: keys, dry runs, tags and what is left behind."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from scheduler.http.app import make_app
from scheduler.store import Store
from tests.scheduler.http.conftest import ADDRESS, As, Caller, Clock, settle

Json = dict[str, Any]


async def sessions(caller: Caller) -> list[Json]:
    found: list[Json] = (await caller.get("/sessions"))["items"]
    return found


async def test_the_same_key_and_body_get_the_same_answer(office: Caller, booking: Json) -> None:
    headers = {"Idempotency-Key": "k1"}
    first = await office("POST", "/sessions", json=booking, headers=headers)
    second = await office("POST", "/sessions", json=booking, headers=headers)
    assert first.status == second.status == 201
    assert await first.read() == await second.read()
    for name in ("Location", "ETag", "Content-Type", "Content-Language"):
        assert first.headers[name] == second.headers[name]
    assert len(await sessions(office)) == 1


async def test_the_same_key_for_another_body_is_refused(office: Caller, booking: Json) -> None:
    headers = {"Idempotency-Key": "k1"}
    await office("POST", "/sessions", json=booking, headers=headers)
    other = await office("POST", "/sessions", json=booking | {"title": "别的"}, headers=headers)
    assert other.status == 422
    problem = await other.json()
    assert problem["type"] == "/problems/reused-key"
    assert (problem["errors"][0]["pointer"], problem["errors"][0]["value"]) == (
        "Idempotency-Key",
        "k1",
    )


async def test_the_same_key_for_another_address_is_refused(office: Caller, booking: Json) -> None:
    headers = {"Idempotency-Key": "k1"}
    await office("POST", "/sessions", json=booking, headers=headers)
    assert (await office("POST", "/rooms", json=booking, headers=headers)).status == 422


async def test_a_key_belongs_to_its_caller(as_: As, booking: Json) -> None:
    headers = {"Idempotency-Key": "k1"}
    await as_("office")("POST", "/sessions", json=booking, headers=headers)
    other = await as_("TF1-coordinator")("POST", "/sessions", json=booking, headers=headers)
    assert other.status == 409


async def test_many_with_one_key_at_once_are_done_once(database_url: str, booking: Json) -> None:
    """On each engine: SQLite has one writer at a time, only PostgreSQL can fail this."""
    store = await Store.open(database_url)
    await settle(store)
    outage = {"school": "CB", "room": "CB-R1", "slot": booking["slot"]}
    async with TestClient(TestServer(make_app(store, clock=Clock(), address=ADDRESS))) as client:
        office = Caller(client, "office")
        for path, wish in (("/sessions", booking), ("/outages", outage)):
            answers = await asyncio.gather(
                *(
                    office("POST", path, json=wish, headers={"Idempotency-Key": path})
                    for _ in range(8)
                )
            )
            assert {answer.status for answer in answers} == {201}
            assert len({await answer.read() for answer in answers}) == 1
            assert len((await office.get(path))["items"]) == 1
    await store.close()


async def test_a_refusal_is_not_remembered(office: Caller, booking: Json) -> None:
    made = await office("POST", "/sessions", json=booking)
    again = {"headers": {"Idempotency-Key": "k2"}, "json": booking}
    assert (await office("POST", "/sessions", **again)).status == 409
    cancelled = await office(
        "POST",
        f"{made.headers['Location']}/cancellation",
        json={"reason": "考试"},
        headers={"If-Match": made.headers["ETag"]},
    )
    assert cancelled.status == 200
    assert (await office("POST", "/sessions", **again)).status == 201


@pytest.mark.parametrize("key", ["", "a b", "键", "k" * 201])
async def test_a_key_is_visible_ascii(office: Caller, booking: Json, key: str) -> None:
    answer = await office("POST", "/sessions", json=booking, headers={"Idempotency-Key": key})
    assert answer.status == 422
    assert (await answer.json())["errors"][0]["pointer"] == "Idempotency-Key"


async def test_a_dry_run_answers_what_would_be_and_leaves_nothing(
    office: Caller, booking: Json
) -> None:
    before = await office.get("/audit")
    answer = await office(
        "POST", "/sessions?dry_run=true", json=booking, headers={"Idempotency-Key": "k1"}
    )
    assert answer.status == 200
    assert answer.headers["Dry-Run"] == "true"
    assert "Location" not in answer.headers
    assert "ETag" not in answer.headers
    assert (await answer.json())["title"] == booking["title"]
    assert await sessions(office) == []
    assert (await office.get("/notices"))["items"] == []
    assert await office.get("/audit") == before
    real = await office("POST", "/sessions", json=booking, headers={"Idempotency-Key": "k1"})
    assert real.status == 201
    assert "Dry-Run" not in real.headers


async def test_a_dry_run_is_refused_like_the_real_thing(office: Caller, booking: Json) -> None:
    await office("POST", "/sessions", json=booking)
    answer = await office("POST", "/sessions?dry_run=true", json=booking)
    assert answer.status == 409
    assert (await answer.json())["alternatives"] != []


async def test_a_dry_removal_removes_nothing(office: Caller) -> None:
    answer = await office("DELETE", "/rooms/CB-R2?dry_run=true", headers={"If-Match": "*"})
    assert answer.status == 204
    assert answer.headers["Dry-Run"] == "true"
    assert (await office("GET", "/rooms/CB-R2")).status == 200


async def test_dry_run_takes_yes_or_no(office: Caller, booking: Json) -> None:
    for query in ("dry_run=perhaps", "dry_run=true&dry_run=false", "dry_run="):
        answer = await office("POST", f"/sessions?{query}", json=booking)
        assert answer.status == 422
        assert (await answer.json())["errors"][0]["pointer"] == "?dry_run"
    assert (await office("POST", "/sessions?dry_run=false", json=booking)).status == 201


async def test_a_change_needs_to_know_the_state(office: Caller) -> None:
    room = await office.get("/rooms/CB-R1")
    assert (await office("PUT", "/rooms/CB-R1", json=room)).status == 428
    for tag, status in (('"7"', 412), ('W/"1"', 412), ("1", 422), ('"1"', 200), ('"1"', 412)):
        answer = await office(
            "PUT", "/rooms/CB-R1", json=room | {"seats": 7}, headers={"If-Match": tag}
        )
        assert answer.status == status, tag


async def test_a_change_answers_the_next_tag(office: Caller) -> None:
    read = await office("GET", "/rooms/CB-R1")
    changed = await office(
        "PUT",
        "/rooms/CB-R1",
        json=await read.json() | {"seats": 60},
        headers={"If-Match": read.headers["ETag"]},
    )
    assert (read.headers["ETag"], changed.headers["ETag"]) == ('"1"', '"2"')
    assert (await office("GET", "/rooms/CB-R1")).headers["ETag"] == '"2"'


async def test_what_is_known_is_not_sent_again(office: Caller) -> None:
    answer = await office("GET", "/rooms/CB-R1", headers={"If-None-Match": '"1"'})
    assert (answer.status, await answer.read()) == (304, b"")
    assert (await office("GET", "/rooms/CB-R1", headers={"If-None-Match": '"2"'})).status == 200


async def test_a_replayed_secret_is_the_same_and_not_readable_in_the_database(
    office: Caller, store: Store, tmp_path: Path
) -> None:
    sent, headers = {"scope": "alliance"}, {"Idempotency-Key": "k1"}
    first = await office("POST", "/subscriptions", json=sent, headers=headers)
    second = await office("POST", "/subscriptions", json=sent, headers=headers)
    token = (await first.json())["token"]
    assert (await second.json())["token"] == token
    await store.close()
    written = everything_in(tmp_path)
    assert b"/api/v1/subscriptions" not in written
    assert b"alliance" in written
    assert token.encode() not in written


def everything_in(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.glob("lianke.sqlite*"))
