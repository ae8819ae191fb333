"""Channels are set up by those concerned, and where they lead is shown to nobody."""

from typing import Any

import pytest
from aiohttp import ClientResponse

from scheduler.store import Store
from tests.scheduler.http.conftest import As, Caller

ROBOT = {
    "id": "JS-group",
    "name": "锦水通知群",
    "kind": "wecom",
    "school": "JS",
    "address": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7xxx-4bc4",
}
MAIL = {"id": "mail", "name": "王老师", "kind": "mail", "address": "wang@example.cn"}


async def pointers(answer: ClientResponse) -> list[str]:
    assert answer.status == 422, await answer.text()
    return [error["pointer"] for error in (await answer.json())["errors"]]


async def set_up(caller: Caller, **fields: Any) -> ClientResponse:
    return await caller("POST", "/channels", json=ROBOT | fields)


async def test_a_channel_is_read_as_it_was_set_up_but_for_its_address(as_: As) -> None:
    caller = as_("JS-coordinator")
    made = await set_up(caller)
    assert (made.status, made.headers["Location"]) == (201, "/api/v1/channels/JS-group")
    read = await caller("GET", "/channels/JS-group")
    assert await read.json() == {
        "id": "JS-group",
        "name": "锦水通知群",
        "kind": "wecom",
        "school": "JS",
        "teacher": None,
        "language": "zh-CN",
        "quiet_from": "21:00:00",
        "quiet_until": "07:00:00",
        "active": True,
        "address_hint": "qyapi.weixin.qq.com …4bc4",
        "is_signed": False,
        "revision": 1,
    }
    assert read.headers["ETag"] == '"1"'


async def test_no_answer_and_no_audit_holds_the_address(office: Caller) -> None:
    secrets = ("693a91f6", "SEC-123")
    said = [
        await set_up(
            office,
            id="a",
            kind="dingtalk",
            signing_key="SEC-123",
            address="https://oapi.dingtalk.com/robot/send?access_token=693a91f6",
        ),
        await set_up(office, address="https://evil.example/?key=693a91f6", signing_key="SEC-123"),
        await office("GET", "/channels"),
        await office("GET", "/channels/a"),
        await office("GET", "/audit?limit=500"),
        await office("POST", "/channels/a/test-message"),
    ]
    for answer in said:
        text = await answer.text()
        assert not any(secret in text for secret in secrets), text


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"address": None}, "/address"),
        ({"address": "https://evil.example/send"}, "/address"),
        ({"address": "http://127.0.0.1:22/"}, "/address"),
        ({"kind": "mail"}, "/address"),
        ({"kind": "mail", "address": "a@b.example\r\nBcc: c@d.example"}, "/address"),
        ({"school": "nowhere"}, "/school"),
        ({"school": "CB", "teacher": "JS-T1"}, "/school"),
        ({"teacher": "nobody"}, "/teacher"),
        ({"kind": "sms"}, "/kind"),
        ({"quiet_from": "25:00"}, "/quiet_from"),
    ],
)
async def test_what_cannot_be_meant_is_pointed_at(
    office: Caller, fields: dict[str, Any], pointer: str
) -> None:
    assert await pointers(await set_up(office, **fields)) == [pointer]
    assert (await office.get("/channels"))["items"] == []


async def test_a_school_sets_up_its_own_channels_and_a_teacher_the_own_one(as_: As) -> None:
    assert (await set_up(as_("CB-coordinator"))).status == 403
    assert (await set_up(as_("teacher"))).status == 403
    assert (await set_up(as_("JS-coordinator"), school=None)).status == 403
    teacher = as_("teacher")
    assert (await teacher("POST", "/channels", json=MAIL | {"teacher": "TF1-T2"})).status == 403
    made = await teacher("POST", "/channels", json=MAIL | {"teacher": "TF1-T1"})
    assert (made.status, (await made.json())["school"]) == (201, "TF1")
    assert (await set_up(as_("JS-coordinator"))).status == 201
    for name, seen in (
        ("teacher", ["mail"]),
        ("TF1-coordinator", ["mail"]),
        ("JS-coordinator", ["JS-group"]),
        ("office", ["JS-group", "mail"]),
        ("observer", []),
    ):
        page = await as_(name).get("/channels")
        assert [channel["id"] for channel in page["items"]] == seen, name
    assert (await as_("CB-coordinator")("GET", "/channels/JS-group")).status == 404


async def test_a_change_without_an_address_leads_where_it_led(office: Caller) -> None:
    await set_up(office)
    unchanged = {name: value for name, value in ROBOT.items() if name != "address"}
    later = unchanged | {"quiet_from": "22:30"}
    assert (await office("PUT", "/channels/JS-group", json=later)).status == 428
    stale = await office("PUT", "/channels/JS-group", json=later, headers={"If-Match": '"7"'})
    assert stale.status == 412
    changed = await office("PUT", "/channels/JS-group", json=later, headers={"If-Match": '"1"'})
    assert (changed.status, changed.headers["ETag"]) == (200, '"2"')
    assert (await changed.json())["address_hint"] == "qyapi.weixin.qq.com …4bc4"
    elsewhere = later | {"kind": "feishu"}
    refused = await office("PUT", "/channels/JS-group", json=elsewhere, headers={"If-Match": '"2"'})
    assert await pointers(refused) == ["/address"]


async def test_a_dry_run_keeps_nothing_and_a_key_does_it_once(office: Caller) -> None:
    answer = await office("POST", "/channels?dry_run=true", json=ROBOT)
    assert (answer.status, answer.headers["Dry-Run"]) == (200, "true")
    assert (await office.get("/channels"))["items"] == []
    headers = {"Idempotency-Key": "k1"}
    first = await office("POST", "/channels", json=ROBOT, headers=headers)
    again = await office("POST", "/channels", json=ROBOT, headers=headers)
    assert (first.status, await first.read()) == (201, await again.read())


async def test_a_teacher_with_a_channel_is_not_removed_unnoticed(office: Caller) -> None:
    await office("POST", "/channels", json=MAIL | {"teacher": "TF1-T3"})
    kept = await office("DELETE", "/teachers/TF1-T3", headers={"If-Match": "*"})
    assert (kept.status, "channel mail" in await kept.text()) == (409, True)
    gone = await office("DELETE", "/channels/mail", headers={"If-Match": '"1"'})
    assert gone.status == 204
    gone = await office("DELETE", "/teachers/TF1-T3", headers={"If-Match": "*"})
    assert gone.status == 204


async def test_without_the_operators_key_no_channel_is_set_up(
    office: Caller, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from scheduler.secrets import Keyring  # noqa: PLC0415 - needed here alone

    monkeypatch.setattr(store, "_keyring", Keyring())
    answer = await set_up(office)
    assert answer.status == 409
    assert "LIANKE_SECRET_KEY" in (await answer.json())["detail"]
