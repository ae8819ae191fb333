"""The audit knows from where a request came, and whom not to believe about it."""

from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from scheduler.http.app import make_app
from scheduler.http.origins import Trusted, client_of
from scheduler.store import Store
from tests.scheduler.http.conftest import ADDRESS, Caller, Clock

PROXY = frozenset({"127.0.0.1", "10.0.0.2"})


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "client"),
    [
        ("203.0.113.9", "", PROXY, "203.0.113.9"),
        ("203.0.113.9", "10.9.9.9", PROXY, "203.0.113.9"),
        ("127.0.0.1", "203.0.113.9", PROXY, "203.0.113.9"),
        ("127.0.0.1", "203.0.113.9", frozenset(), "127.0.0.1"),
        ("127.0.0.1", "invented, 203.0.113.9, 10.0.0.2", PROXY, "203.0.113.9"),
        ("127.0.0.1", " , ", PROXY, "127.0.0.1"),
        ("127.0.0.1", "10.0.0.2", PROXY, "10.0.0.2"),
        ("127.0.0.1", "x" * 900, PROXY, "x" * 64),
    ],
)
def test_only_our_own_proxies_are_believed(
    peer: str, forwarded: str, trusted: frozenset[str], client: str
) -> None:
    assert client_of(peer, forwarded, trusted) == client


async def test_the_audit_holds_address_request_and_reason(store: Store, clock: Clock) -> None:
    app = make_app(
        store, clock=clock, address=ADDRESS, trusted=Trusted(proxies=frozenset({"127.0.0.1"}))
    )
    async with TestClient[Any, Any](TestServer(app)) as client:
        office = Caller(client, "office")
        made = await office(
            "POST",
            "/districts?reason=新设学区",
            json={"id": "D9", "name": "第九学区"},
            headers={"X-Forwarded-For": "203.0.113.9", "X-Request-ID": "r-77"},
        )
        assert made.status == 201, await made.text()
        (entry,) = (await office.get("/audit?subject_kind=districts&subject_id=D9"))["items"]
    assert (entry["origin"], entry["request"], entry["reason"]) == (
        "203.0.113.9",
        "r-77",
        "新设学区",
    )


async def test_a_reason_with_control_characters_is_refused(office: Caller) -> None:
    answer = await office("POST", "/districts?reason=a%00b", json={"id": "D9", "name": "D9"})
    assert answer.status == 422
    assert [error["pointer"] for error in (await answer.json())["errors"]] == ["?reason"]
