"""Subscriptions over HTTP: scopes, renewal, expiry, QR codes, and who has read them last."""

import io
from typing import Any

import pytest
import segno
from aiohttp.test_utils import TestServer

from scheduler.http.feeds import FEEDS
from scheduler.jobs import writing_down
from scheduler.members import Studio, StudioId, TeacherId
from scheduler.store import Store, Transaction
from tests.builders import NOW, a_class, a_session
from tests.scheduler.feeding import add, write
from tests.scheduler.feeds.terms import a_series, a_term_of
from tests.scheduler.http.conftest import ADDRESS, As, Caller, Clock

Json = dict[str, Any]


async def opened(caller: Caller, **opening: Any) -> Json:
    answer = await caller("POST", "/subscriptions", json=opening)
    assert answer.status == 201, await answer.text()
    told: Json = await answer.json()
    return told


async def feed(caller: Caller, token: str) -> tuple[int, str]:
    answer = await caller.client.get(f"/feeds/{token}.ics")
    return answer.status, (await answer.text()).replace("\r\n ", "")


@pytest.mark.parametrize(
    ("opening", "shows"),
    [
        ({"scope": "class_group", "subject_id": "JS-C1"}, ["music", "art"]),
        ({"scope": "class_group", "subject_id": "JS-C2"}, []),
        ({"scope": "subject", "subject_id": "JS", "subject": "音乐"}, ["music"]),
        ({"scope": "subject", "subject_id": "CB", "subject": "音乐"}, []),
        ({"scope": "studio", "subject_id": "S1"}, ["art"]),
    ],
)
async def test_each_scope_shows_its_own_sessions(
    office: Caller, store: Store, opening: Json, shows: list[str]
) -> None:
    studio = Studio(
        id=StudioId("S1"), name="工作室", head=TeacherId("JS-T1"), members=(TeacherId("JS-T1"),)
    )
    await write(store, lambda transaction: transaction.put_many([studio]))
    await add(store, a_session("music"))
    later = a_session("x").slot.moved(120)
    await add(store, a_session("art", later, subject="美术", studio=studio.id))
    status, text = await feed(office, (await opened(office, **opening))["token"])
    assert status == 200
    shown = [line for line in text.split("\r\n") if line.startswith("UID:")]
    assert shown == [f"UID:{name}@demo.lianke" for name in shows] or (
        shows == [] and shown == ["UID:nothing-yet@lianke"]
    )


@pytest.mark.parametrize(
    "opening",
    [{"scope": "class_group", "subject_id": "JS-C1"}, {"scope": "studio", "subject_id": "S1"}],
)
async def test_no_feed_says_how_many_pupils_there_are(
    office: Caller, store: Store, opening: Json
) -> None:
    studio = Studio(
        id=StudioId("S1"), name="工作室", head=TeacherId("JS-T1"), members=(TeacherId("JS-T1"),)
    )
    crowded = a_class("JS", pupils=413)

    async def put(transaction: Transaction) -> None:
        await transaction.put_many([studio, crowded])

    await write(store, put)
    await add(store, a_session(studio=studio.id))
    _, text = await feed(office, (await opened(office, **opening))["token"])
    assert crowded.name in text
    assert "413" not in text


@pytest.mark.parametrize(
    ("opening", "pointer"),
    [
        ({"scope": "subject", "subject_id": "JS"}, "/subject"),
        ({"scope": "school", "subject_id": "JS", "subject": "音乐"}, "/subject"),
        ({"scope": "subject", "subject_id": "JS", "subject": "音月"}, "/subject"),
        ({"scope": "class_group"}, "/subject_id"),
        ({"scope": "studio", "subject_id": "S9"}, "/subject_id"),
        ({"scope": "school", "subject_id": "JS", "only_busy": True}, "/only_busy"),
    ],
)
async def test_what_is_no_calendar_is_refused_with_its_pointer(
    office: Caller, opening: Json, pointer: str
) -> None:
    answer = await office("POST", "/subscriptions", json=opening)
    assert answer.status == 422
    assert [error["pointer"] for error in (await answer.json())["errors"]] == [pointer]


async def test_a_renewed_address_opens_and_the_old_one_is_dead_at_once(as_: As) -> None:
    teacher = as_("teacher")
    before = await opened(teacher, scope="teacher", subject_id="TF1-T1")
    path = f"/subscriptions/{before['subscription']['id']}/renewal"
    assert (await as_("JS-coordinator")("POST", path)).status == 404
    renewed = await (await teacher("POST", path)).json()
    assert renewed["subscription"]["id"] == before["subscription"]["id"]
    assert (await feed(teacher, before["token"]))[0] == 404
    assert (await feed(teacher, renewed["token"]))[0] == 200
    await teacher("DELETE", f"/subscriptions/{before['subscription']['id']}")
    assert (await teacher("POST", path)).status == 409


async def test_a_calendar_may_end_with_the_term_and_is_renewed_for_the_next(
    office: Caller, clock: Clock
) -> None:
    told = await opened(office, scope="school", subject_id="JS", ends_with_term=True)
    assert told["subscription"]["expires_at"] == "2027-01-22T16:00:00Z"
    clock.pass_by(days=(clock.now.replace(year=2027, month=1, day=22) - NOW).days)
    assert (await feed(office, told["token"]))[0] == 200
    clock.pass_by(days=1)
    assert (await feed(office, told["token"]))[0] == 404
    path = f"/subscriptions/{told['subscription']['id']}/renewal"
    refused = await office("POST", path)
    assert refused.status == 422
    assert "No term" in await refused.text()


async def test_an_alliance_s_calendar_ends_with_the_last_school_s_term(office: Caller) -> None:
    told = await opened(office, scope="alliance", ends_with_term=True)
    assert told["subscription"]["expires_at"] == "2027-01-22T16:00:00Z"


async def test_a_code_holds_the_address_and_is_drawn_for_its_holder_only(as_: As) -> None:
    teacher = as_("teacher")
    told = await opened(teacher, scope="teacher", subject_id="TF1-T1")
    for kind, content_type in (("svg", "image/svg+xml"), ("png", "image/png")):
        answer = await teacher.client.get(f"/feeds/{told['token']}.{kind}")
        assert answer.headers["Content-Type"] == content_type
        assert answer.headers["Cache-Control"] == "private, no-store"
        drawn = io.BytesIO()
        code = segno.make_qr(f"webcal://lianke.example/feeds/{told['token']}.ics", error="m")
        code.save(drawn, kind=kind, scale=8, dark="#000", light="#fff")
        assert await answer.read() == drawn.getvalue()
        assert (await teacher.client.get(f"/feeds/wrong.{kind}")).status == 404
        assert told[f"qr_{kind}"] == f"{ADDRESS}/feeds/{told['token']}.{kind}"


async def test_the_owner_sees_which_program_has_read_the_calendar_and_when(
    as_: As, store: Store, clock: Clock
) -> None:
    teacher = as_("teacher")
    told = await opened(teacher, scope="teacher", subject_id="TF1-T1")
    address = f"/subscriptions/{told['subscription']['id']}"
    clock.pass_by(minutes=7)
    agent = {"User-Agent": "iOS/26.1 (23B74) dataaccessd/1.0"}
    await teacher.client.get(f"/feeds/{told['token']}.ics", headers=agent)
    assert isinstance(teacher.client.server, TestServer)
    await writing_down(teacher.client.server.app[FEEDS].polls).work(store, clock)
    seen = await teacher.get(address)
    assert seen["last_polled_at"] == "2026-08-20T01:07:00Z"
    assert seen["client"] == "iOS/26 dataaccessd/1"


async def test_an_address_of_busy_times_opens_no_calendar(office: Caller) -> None:
    told = await opened(office, scope="room", subject_id="JS-R1", only_busy=True)
    assert (await feed(office, told["token"]))[0] == 404
    assert (await office.client.get(f"/feeds/{told['token']}.svg")).status == 404
    assert told["url"] is told["webcal"] is told["qr_svg"] is None
    assert told["free_busy"].endswith(f"/freebusy/{told['token']}.ifb")


async def test_every_poll_counts_also_one_that_is_told_nothing_new(
    office: Caller, store: Store, clock: Clock
) -> None:
    told = await opened(office, scope="room", subject_id="TF1-R1")
    path, known = f"/feeds/{told['token']}.ics", ""
    for minute in range(3):
        clock.pass_by(minutes=1)
        answer = await office.client.get(path, headers={"If-None-Match": known})
        assert answer.status == (304 if known else 200)
        known = answer.headers["ETag"]
        assert isinstance(office.client.server, TestServer)
        await writing_down(office.client.server.app[FEEDS].polls).work(store, clock)
        seen = await office.get(f"/subscriptions/{told['subscription']['id']}")
        assert seen["last_polled_at"] == f"2026-08-20T01:0{minute + 1}:00Z"


async def test_a_simple_client_asks_for_single_events(office: Caller, store: Store) -> None:
    series = a_series()
    await write(store, lambda transaction: transaction.add_series(series))
    for session in a_term_of(series, 3):
        await add(store, session)
    told = await opened(office, scope="room", subject_id="TF1-R1")
    path = f"/feeds/{told['token']}.ics"
    for _ in range(2):
        for query, events in (
            ("", 1),
            ("?expand=0", 1),
            ("?expand=1", 3),
            ("?expand=true&t=5", 3),
            ("?t=5", 1),
        ):
            answer = await office.client.get(path + query)
            assert (await answer.text()).count("BEGIN:VEVENT") == events, query
    assert told["expanded"].endswith(f"{path}?expand=1")
