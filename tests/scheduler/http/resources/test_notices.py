"""What people were told can be read, copied, followed and sent again."""

from typing import Any

import pytest

from calendars.text import Text
from scheduler.delivery.sending import POSTMAN
from scheduler.model import ChannelKind
from scheduler.store import Store, Transaction
from tests.scheduler.http.conftest import As, Caller, Clock
from tests.scheduler.http.resources.test_channels import ROBOT


@pytest.fixture
async def booked(office: Caller, booking: dict[str, Any]) -> None:
    """A session of TF1 for JS, of which both schools and both teachers are told."""
    assert (await office("POST", "/sessions", json=booking)).status == 201


@pytest.mark.usefixtures("booked")
async def test_everybody_reads_what_the_own_school_is_told(as_: As) -> None:
    office = (await as_("office").get("/notices"))["items"]
    assert len(office) == 4
    for name in ("teacher", "TF1-coordinator", "it"):
        mine = (await as_(name).get("/notices"))["items"]
        assert {notice["school"] for notice in mine} == {"TF1"}, name
        assert (await as_(name)("GET", "/notices?school=JS")).status == 403
    assert (await as_("observer")("GET", "/notices")).status == 403
    (own,) = (await as_("teacher").get("/notices?teacher=TF1-T1"))["items"]
    assert own["teacher"] == "TF1-T1"


@pytest.mark.usefixtures("booked")
async def test_the_latest_notices_are_text_to_copy_into_a_chat(as_: As, clock: Clock) -> None:
    answer = await as_("JS-coordinator")(
        "GET", "/notices/text", headers={"Accept-Language": "zh-CN"}
    )
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    head, line = (await answer.text()).split("\n")
    assert head == "【联课】通知"
    assert line.startswith("“三年级音乐”9月8日（周二）14:00-14:40（本校第5节 14:00-14:40）")
    english = await as_("JS-coordinator")("GET", "/notices/text?teacher=JS-T1")
    assert (await english.text()).startswith("[Lianke 联课] Notices\n“三年级音乐” Tue 8 Sep")
    clock.pass_by(hours=25)
    nothing = await as_("JS-coordinator")("GET", "/notices/text")
    assert await nothing.text() == "[Lianke 联课] Nothing new."
    since = await as_("JS-coordinator")("GET", "/notices/text?since=2026-08-01T00:00:00%2B08:00")
    assert "三年级音乐" in await since.text()


async def give_up(store: Store, clock: Clock) -> None:
    """Take the message that is due and find that nobody takes it."""

    async def fail(transaction: Transaction) -> None:
        (claim,) = await transaction.claim_messages({ChannelKind.WECOM: 3}, most=1)
        problem = Text("机器人拒绝：93000。", "The robot refused: 93000.")
        await transaction.note_failure(claim, problem, again_at=None)

    await store.write(fail, actor=POSTMAN, now=clock())


async def test_what_was_given_up_is_seen_counted_and_sent_again(
    as_: As, store: Store, clock: Clock
) -> None:
    coordinator = as_("JS-coordinator")
    await coordinator("POST", "/channels", json=ROBOT)
    tried = await coordinator("POST", "/channels/JS-group/test-message")
    waiting = await tried.json()
    assert (waiting["state"], waiting["urgent"]) == ("waiting", True)
    one = f"/messages/{waiting['id']}"
    resend = f"{one}/resend"
    assert (await coordinator("POST", resend, headers={"If-Match": '"1"'})).status == 409
    clock.pass_by(seconds=90)
    assert "lianke_oldest_undelivered_seconds 90.0" in await metrics(as_)
    await give_up(store, clock)
    (dead,) = (await coordinator.get("/messages?state=dead"))["items"]
    assert (dead["id"], dead["problem"]) == (waiting["id"], "The robot refused: 93000.")
    assert 'lianke_undelivered{what="dead"} 1.0' in await metrics(as_)
    assert "lianke_oldest_undelivered_seconds 0.0" in await metrics(as_)
    read = await coordinator("GET", one)
    tag = read.headers["ETag"]
    assert (await coordinator("POST", resend)).status == 428
    assert (await coordinator("POST", resend, headers={"If-Match": '"1"'})).status == 412
    again = await coordinator("POST", resend, headers={"If-Match": tag})
    assert (again.status, (await again.json())["state"]) == (200, "waiting")
    audit = (await as_("office").get(f"/audit?subject_id={waiting['id']}"))["items"]
    assert [entry["action"] for entry in audit] == ["resend"]


async def test_nobody_sees_how_messages_of_others_fare(as_: As) -> None:
    await as_("JS-coordinator")("POST", "/channels", json=ROBOT)
    tried = await as_("JS-coordinator")("POST", "/channels/JS-group/test-message")
    one = f"/messages/{(await tried.json())['id']}"
    assert (await as_("CB-coordinator")("GET", one)).status == 404
    assert (await as_("CB-coordinator").get("/messages"))["items"] == []
    assert (await as_("observer")("GET", "/messages")).status == 403
    resend = await as_("CB-coordinator")("POST", f"{one}/resend", headers={"If-Match": "*"})
    assert resend.status == 404


async def metrics(as_: As) -> str:
    return await (await as_("office").client.get("/metrics")).text()
