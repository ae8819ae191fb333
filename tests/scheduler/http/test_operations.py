from typing import Any

from aiohttp.test_utils import TestClient, TestServer

from scheduler.http.app import make_app
from scheduler.store import Store
from tests.builders import NOW

Client = TestClient[Any, Any]


async def test_the_service_is_alive_and_ready(client: Client) -> None:
    assert await (await client.get("/healthz")).json() == {"status": "alive"}
    assert await (await client.get("/readyz")).json() == {"status": "ready"}


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
        store, clock=lambda: NOW, address="http://127.0.0.1", jobs_are_running=lambda: False
    )
    async with TestClient(TestServer(app)) as client:
        answer = await client.get("/readyz")
        assert answer.status == 503
        assert await answer.json() == {"status": "not ready", "reason": "jobs are not running"}


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
