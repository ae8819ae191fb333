"""Every error has a status, and no answer tells more than the caller may know."""

from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from scheduler.errors import SchedulerError
from scheduler.http.app import make_app
from scheduler.http.errors import STATUSES
from scheduler.http.logs import ACCESS_LOG
from scheduler.http.resources import sessions
from scheduler.store import Store
from scheduler.store.engines import open_engine
from tests.builders import NOW
from tests.scheduler.http.conftest import As, Caller

Client = TestClient[Any, Any]


def subclasses(error: type[SchedulerError]) -> Iterator[type[SchedulerError]]:
    for each in error.__subclasses__():
        yield each
        yield from subclasses(each)


def test_every_error_has_a_status() -> None:
    assert set(STATUSES) == set(subclasses(SchedulerError))


def test_every_problem_has_a_name_of_its_own() -> None:
    assert len({sort.name for sort in STATUSES.values()}) == len(STATUSES)


@pytest.mark.parametrize(
    "path",
    ["/nothing", "/api", "/api/v1", "/api/v1/", "/api/v1/schools/", "/api/v1/schools/TF1/",
     "/api/v2/me", "/api/v1/rooms/a/b", "/%00", "/api/v1/%E0%A4%A"],
)  # fmt: skip
async def test_an_unknown_address_is_a_problem_too(client: Client, path: str) -> None:
    answer = await client.get(path)
    assert answer.status == 404
    assert answer.content_type == "application/problem+json"
    assert (await answer.json())["status"] == 404


async def test_another_method_is_refused_with_those_that_are_taken(client: Client) -> None:
    answer = await client.delete("/api/v1/schools")
    assert answer.status == 405
    assert answer.headers["Allow"] == "GET, HEAD, POST, OPTIONS"
    assert (await answer.json())["type"] == "/problems/wrong-method"
    assert (await client.request("PROPFIND", "/api/v1/schools")).status == 405


async def test_options_tells_the_methods(client: Client) -> None:
    answer = await client.options("/api/v1/schools/TF1")
    assert (answer.status, answer.headers["Allow"]) == (204, "DELETE, GET, HEAD, PUT, OPTIONS")


async def test_head_is_get_without_a_body(office: Caller) -> None:
    answer = await office("HEAD", "/schools/TF1")
    assert (answer.status, await answer.read()) == (200, b"")
    assert answer.headers["ETag"] == '"1"'


async def test_our_own_fault_tells_nothing_but_a_number_to_quote(
    office: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("password=secret")

    route = next(each for each in sessions.ROUTES if each.path == "/sessions/{id}")
    monkeypatch.setattr(type(route), "run", property(lambda _: broken), raising=False)
    answer = await office("GET", "/sessions/x", headers={"X-Request-ID": "quote-me"})
    assert answer.status == 500
    assert "secret" not in await answer.text()
    assert (await answer.json())["type"] == "/problems/our-fault"
    assert answer.headers["X-Request-ID"] == "quote-me"


async def test_every_answer_is_guarded_and_numbered(as_: As, client: Client) -> None:
    for path, status in (("/api/v1/me", 401), ("/nowhere", 404), ("/healthz", 200)):
        answer = await client.get(path)
        assert answer.status == status
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "aiohttp" not in answer.headers["Server"]
        assert len(answer.headers["X-Request-ID"]) == 32
    read = await as_("office")("GET", "/me")
    assert read.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("id", ["a b", "x" * 65, "\u00e9", "<script>"])
async def test_a_strange_request_id_is_replaced(client: Client, id: str) -> None:
    answer = await client.get("/healthz", headers={"X-Request-ID": id})
    assert answer.headers["X-Request-ID"] != id


async def test_tokens_are_not_logged(
    as_: As, client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    await as_("teacher-token")("GET", "/schools")
    await client.get("/feeds/feed-token.ics")
    await client.get("/feed-token/feeds")
    assert client.app is not None
    client.app[ACCESS_LOG].flush()
    logged = "".join(capsys.readouterr())
    assert "/feeds/{token}.ics" in logged
    assert "teacher-token" not in logged
    assert "feed-token" not in logged


async def test_without_its_database_the_service_asks_to_come_back_soon() -> None:
    store = Store(open_engine("postgresql+asyncpg://lianke@127.0.0.1:1/lianke"))
    app = make_app(store, clock=lambda: NOW, address="https://lianke.example")
    async with TestClient(TestServer(app)) as client:
        for method, path in (("GET", "/api/v1/schools"), ("POST", "/api/v1/sessions")):
            answer = await client.request(
                method, path, headers={"Authorization": "Bearer any", "Accept-Language": "en"}
            )
            assert (answer.status, answer.headers["Retry-After"]) == (503, "2")
            assert (await answer.json())["type"] == "/problems/unavailable"
        assert (await client.get("/readyz")).status == 503
        assert (await client.get("/healthz")).status == 200
    await store.close()
