from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import text

from calendars.bells import SchoolId
from scheduler.http import operations
from scheduler.http.app import make_app
from scheduler.http.operations import NO_JOBS
from scheduler.members import School
from scheduler.model import ChannelSecret, Message, MessageState
from scheduler.store import Store, Transaction
from tests.builders import NOW, a_channel
from tests.scheduler.desk import OFFICE

Client = TestClient[Any, Any]


async def test_the_service_is_alive_and_ready(client: Client) -> None:
    assert await (await client.get("/healthz")).json() == {"status": "alive"}
    assert await (await client.get("/readyz")).json() == {
        "status": "ready",
        "concerns": [],
    }


async def test_without_its_database_it_is_alive_but_not_ready(
    client: Client, store: Store, tmp_path: Any
) -> None:
    await store.close()
    for file in tmp_path.glob("lianke.sqlite*"):
        file.unlink()
    answer = await client.get("/readyz")
    assert answer.status == 503
    assert (await answer.json())["status"] == "not ready"
    assert (await client.get("/healthz")).status == 200


async def test_without_its_jobs_it_is_not_ready(store: Store) -> None:
    app = make_app(
        store,
        clock=lambda: NOW,
        address="http://127.0.0.1",
        jobs=replace(NO_JOBS, are_running=lambda: False),
    )
    async with TestClient(TestServer(app)) as client:
        answer = await client.get("/readyz")
        assert answer.status == 503
        assert await answer.json() == {"status": "not ready", "reason": "jobs are not running"}


@pytest.mark.parametrize("schema", ["0001", "9999"])
async def test_with_another_schema_it_is_not_ready(
    client: Client, store: Store, schema: str
) -> None:
    """A newer process has migrated it, or somebody has put an older database there."""

    async def change(transaction: Transaction) -> None:
        await transaction.run(text(f"UPDATE alembic_version SET version_num = '{schema}'"))  # noqa: S608 - a schema of ours

    await store.write(change, actor=OFFICE, now=NOW)
    answer = await client.get("/readyz")
    assert (answer.status, (await answer.json())["reason"]) == (
        503,
        "the database has another schema than this process knows",
    )


async def test_without_room_on_its_disk_it_is_not_ready(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "LEAST_ROOM", 1 << 62)
    answer = await client.get("/readyz")
    assert (answer.status, (await answer.json())["reason"]) == (
        503,
        "the disk of the database is full or cannot be written to",
    )


async def test_late_jobs_and_what_nobody_gets_are_concerns_and_no_reason_to_turn_away(
    store: Store,
) -> None:
    dead = Message(
        id="m1", channel="c1", notices=(), text="x", state=MessageState.DEAD, created_at=NOW,
        due_at=NOW,
    )  # fmt: skip
    waiting = replace(dead, id="m2", state=MessageState.WAITING, created_at=NOW - timedelta(days=1))

    async def give_up(transaction: Transaction) -> None:
        await transaction.put_many([School(id=SchoolId("JS"), name="JS")])
        await transaction.add_channel(a_channel(), ChannelSecret(address="https://example.cn"))
        for each in (dead, waiting):
            await transaction.add_message(each)

    await store.write(give_up, actor=OFFICE, now=NOW)
    app = make_app(
        store,
        clock=lambda: NOW,
        address="http://127.0.0.1",
        jobs=replace(NO_JOBS, late=lambda: ["send_messages"]),
    )
    async with TestClient(TestServer(app)) as client:
        answer = await client.get("/readyz")
        assert (answer.status, await answer.json()) == (
            200,
            {
                "status": "ready",
                "concerns": [
                    "the job send_messages has not succeeded for long",
                    "1 messages were given up and wait for a person",
                    "the oldest of 1 unsent messages has waited for 24 hours",
                ],
            },
        )


async def test_requests_are_counted_by_pattern(client: Client) -> None:
    for room in ("a", "b"):
        await client.get(f"/api/v1/rooms/{room}")
    await client.request("PROPFIND", "/nowhere/secret")
    answer = await client.get("/metrics")
    text = await answer.text()
    assert answer.content_type == "text/plain"
    counted = 'lianke_requests_total{method="GET",path="/api/v1/rooms/{id}",status="401"} 2.0'
    assert counted in text
    assert 'lianke_requests_total{method="OTHER",path="(unknown)",status="404"} 1.0' in text
    assert "secret" not in text
