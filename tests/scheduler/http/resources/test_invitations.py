"""Invitations over HTTP: off until there is mail, seen by those who arrange the session."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from scheduler.http.app import make_app
from scheduler.store import Store
from tests.scheduler.http.conftest import ADDRESS, As, Caller, Clock


@pytest.fixture
async def client(store: Store, clock: Clock) -> AsyncIterator[TestClient[Any, Any]]:
    app = make_app(store, clock=clock, address=ADDRESS, invites=True)
    async with TestClient(TestServer(app)) as opened:
        yield opened


async def a_guest(office: Caller, booking: dict[str, Any], **fields: Any) -> dict[str, Any]:
    session = await (await office("POST", "/sessions", json=booking)).json()
    return {"session": session["id"], "name": "李专家", "address": "expert@example.org"} | fields


async def test_without_a_mail_server_invitations_are_off(
    store: Store, clock: Clock, booking: dict[str, Any]
) -> None:
    app = make_app(store, clock=clock, address=ADDRESS)
    async with TestClient(TestServer(app)) as client:
        office = Caller(client, "office")
        refused = await office("POST", "/invitations", json=await a_guest(office, booking))
        assert refused.status == 409
        assert "LIANKE_SMTP_HOST" in await refused.text()


async def test_a_guest_is_invited_told_again_and_withdrawn(
    office: Caller, booking: dict[str, Any]
) -> None:
    made = await office("POST", "/invitations", json=await a_guest(office, booking))
    told = await made.json()
    assert (made.status, told["state"], told["address"]) == (201, "waiting", "e***@example.org")
    address = f"/invitations/{told['id']}"
    assert made.headers["Location"] == f"/api/v1{address}"
    assert (await office("POST", f"{address}/letter")).status == 428
    again = await office("POST", f"{address}/letter", headers={"If-Match": '"1"'})
    assert (again.status, again.headers["ETag"]) == (200, '"2"')
    gone = await office("POST", f"{address}/withdrawal", headers={"If-Match": '"2"'})
    assert (await gone.json())["state"] == "withdrawn"
    stale = await office("POST", f"{address}/withdrawal", headers={"If-Match": '"2"'})
    assert stale.status == 412
    assert "expert@" not in await (await office("GET", "/invitations")).text()


async def test_a_dry_run_and_a_key_invite_nobody_twice(
    office: Caller, booking: dict[str, Any]
) -> None:
    guest = await a_guest(office, booking)
    assert (await office("POST", "/invitations?dry_run=true", json=guest)).status == 200
    headers = {"Idempotency-Key": "g1"}
    answers = [await office("POST", "/invitations", json=guest, headers=headers) for _ in "ab"]
    assert await answers[0].json() == await answers[1].json()
    listed = await office.get(f"/invitations?session={guest['session']}")
    assert len(listed["items"]) == 1


async def test_only_who_arranges_the_session_sees_its_guests(
    as_: As, office: Caller, booking: dict[str, Any]
) -> None:
    made = await (await office("POST", "/invitations", json=await a_guest(office, booking))).json()
    for name, sees in (("JS-coordinator", True), ("CB-coordinator", False), ("observer", False)):
        assert bool((await as_(name).get("/invitations"))["items"]) is sees
        answer = await as_(name)("GET", f"/invitations/{made['id']}")
        assert answer.status == (200 if sees else 404)


@pytest.mark.parametrize(
    "address",
    [
        *("expert", "expert@", "@example.org", "expert@example", "a b@example.org"),
        *("expert@example.org\r\nBcc: all@example.org", "expert@example.org, other@example.org"),
        *("<expert@example.org>", "expert@exa mple.org", "expert@example.org\n", '"a"@example.org'),
        *("专家@example.org", "expert@[127.0.0.1]", ".a@example.org", "a..b@example.org"),
        "a" * 255 + "@example.org",
    ],
)
async def test_what_is_no_mail_address_is_refused(
    office: Caller, booking: dict[str, Any], address: str
) -> None:
    guest = await a_guest(office, booking, address=address)
    refused = await office("POST", "/invitations", json=guest)
    assert refused.status == 422
    assert [each["pointer"] for each in (await refused.json())["errors"]] == ["/address"]


@pytest.mark.parametrize("name", ["", "Li\r\nBcc: all@example.org", "x" * 121])
async def test_no_name_can_become_another_header(
    office: Caller, booking: dict[str, Any], name: str
) -> None:
    guest = await a_guest(office, booking, name=name)
    assert (await office("POST", "/invitations", json=guest)).status == 422
