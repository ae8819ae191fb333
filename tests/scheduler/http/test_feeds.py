"""Feeds over HTTP, byte for byte and header for header, as calendar programs ask for them."""

import asyncio
import gzip
import logging
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import brotli
import pytest
import structlog
from aiohttp import ClientResponse, ClientSession
from aiohttp.test_utils import TestClient

from scheduler.feeds import Feeds, revoke
from scheduler.http.logs import ACCESS_LOG, configure_logs
from scheduler.model import Session
from scheduler.store import Store
from scheduler.tokens import hash_of
from tests.builders import a_session, at
from tests.calendars.ics.byte_rules import faults
from tests.scheduler.feeding import WISHES, add, change, opened, write
from tests.scheduler.http.conftest import Clock

CLIENTS: tuple[dict[str, str], ...] = (
    {},
    {"User-Agent": "Google-Calendar-Importer"},
    {"User-Agent": "Mozilla/5.0 Thunderbird/153.0", "Accept": "text/calendar,text/plain"},
    {"User-Agent": "iOS/26.0 dataaccessd/1.0", "Accept": "*/*", "Accept-Language": "en"},
    {"User-Agent": "Microsoft.Exchange/15.20", "Accept": "application/json"},
)


@dataclass
class Address:
    """The address of TF1-T1's feed, asked by a program that adds no header of its own."""

    store: Store
    clock: Clock
    session: ClientSession
    url: str
    token: str

    async def __call__(self, method: str = "GET", **headers: str) -> ClientResponse:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        skipped = ("Accept", "Accept-Encoding", "User-Agent")
        return await self.session.request(
            method, self.url, headers=given, skip_auto_headers=skipped
        )

    async def change(self, before: Session, **fields: Any) -> Session:
        """One change that calendars show."""
        after = replace(before, **fields, sequence=before.sequence + 1)
        await change(self.store, before, after, self.clock.now)
        return replace(after, revision=before.revision + 1)


@pytest.fixture
async def address(
    client: TestClient[Any, Any], store: Store, clock: Clock
) -> AsyncIterator[Address]:
    token = await opened(store, WISHES[0])
    await add(store, a_session())
    url = str(client.make_url(f"/feeds/{token}.ics"))
    async with ClientSession(auto_decompress=False) as session:
        yield Address(store, clock, session, url, token)


async def test_every_client_gets_the_same_bytes(address: Address) -> None:
    bodies = {await (await address(**headers)).read() for headers in CLIENTS}
    (body,) = bodies
    assert faults(body) == []


async def test_the_headers_say_what_clients_need_to_know(address: Address) -> None:
    await address()
    address.clock.pass_by(minutes=5)
    answer = await address()
    told = {name: answer.headers.get(name) for name in (
        "Content-Type", "Content-Disposition", "Content-Encoding", "Cache-Control",
        "Last-Modified", "Vary", "Set-Cookie", "Content-Length",
    )}  # fmt: skip
    assert told == {
        "Content-Type": "text/calendar; charset=utf-8",
        "Content-Disposition": 'inline; filename="teacher-TF1-T1.ics"',
        "Content-Encoding": None,
        "Cache-Control": "private, max-age=0, must-revalidate",
        "Last-Modified": "Thu, 20 Aug 2026 01:00:00 GMT",
        "Vary": "Accept-Encoding",
        "Set-Cookie": None,
        "Content-Length": str(len(await answer.read())),
    }
    assert re.fullmatch(r'"[0-9a-f]{64}"', answer.headers["ETag"])


async def test_each_coding_holds_the_same_calendar_under_a_tag_of_its_own(
    address: Address,
) -> None:
    plain = await address()
    tag = plain.headers["ETag"].strip('"')
    body = await plain.read()
    for coding, unpack in (("gzip", gzip.decompress), ("br", brotli.decompress)):
        answer = await address(Accept_Encoding=coding)
        assert answer.headers["Content-Encoding"] == coding
        assert answer.headers["ETag"] == f'"{tag}-{coding}"'
        assert unpack(await answer.read()) == body


async def test_head_tells_the_same_without_a_body(address: Address) -> None:
    full, head = (
        await address(Accept_Encoding="gzip"),
        await address("HEAD", Accept_Encoding="gzip"),
    )
    varying = {"Date", "X-Request-ID"}
    assert sorted((n, v) for n, v in head.headers.items() if n not in varying) == sorted(
        (n, v) for n, v in full.headers.items() if n not in varying
    )
    assert await head.read() == b""


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', '"a",W/"b" , {} ,"c"', "*"])
async def test_a_client_that_names_its_tag_is_told_that_nothing_changed(
    address: Address, form: str
) -> None:
    tag = (await address()).headers["ETag"]
    answer = await address(If_None_Match=form.format(tag))
    assert answer.status == 304
    assert await answer.read() == b""
    assert answer.headers["ETag"] == tag
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert "Content-Type" not in answer.headers
    assert "Content-Encoding" not in answer.headers


@pytest.mark.parametrize("tags", ['"other"', 'W/"other"', "nonsense", '"'])
async def test_a_client_with_another_tag_gets_the_calendar(address: Address, tags: str) -> None:
    assert (await address(If_None_Match=tags)).status == 200


async def test_a_client_that_has_the_bytes_in_another_coding_is_told_which(
    address: Address,
) -> None:
    packed = (await address(Accept_Encoding="gzip")).headers["ETag"]
    answer = await address(If_None_Match=packed)
    assert (answer.status, answer.headers["ETag"]) == (304, packed)


async def test_a_changed_session_gives_a_new_tag(address: Address) -> None:
    before = (await address()).headers["ETag"]
    await address.change(a_session(), slot=at("9:00"))
    answer = await address(If_None_Match=before)
    assert answer.status == 200
    assert answer.headers["ETag"] != before


async def test_a_client_that_knows_only_the_date_is_served_by_date(address: Address) -> None:
    await address()
    address.clock.pass_by(minutes=1)
    since = (await address()).headers["Last-Modified"]
    assert (await address(If_Modified_Since=since)).status == 304
    assert (await address(If_Modified_Since="Thu, 20 Aug 2026 00:59:59 GMT")).status == 200
    await address.change(a_session(), slot=at("9:00"))
    answer = await address(If_Modified_Since=since)
    assert answer.status == 200
    address.clock.pass_by(seconds=2)
    assert (await address()).headers["Last-Modified"] > since


@pytest.mark.parametrize("date", ["Thursday, 20-Aug-26 01:00:00 GMT", "Thu Aug 20 01:00:00 2026"])
async def test_dates_of_the_old_forms_are_understood(address: Address, date: str) -> None:
    await address()
    address.clock.pass_by(minutes=1)
    assert (await address(If_Modified_Since=date)).status == 304
    await address.change(a_session(), slot=at("9:00"))
    assert (await address(If_Modified_Since=date)).status == 200


@pytest.mark.parametrize("date", ["", "yesterday", "Thu, 99 Aug 2026 01:00:00 GMT", "0"])
async def test_a_date_that_cannot_be_read_is_no_condition(address: Address, date: str) -> None:
    assert (await address(If_Modified_Since=date)).status == 200


async def test_the_tag_wins_over_the_date(address: Address) -> None:
    await address()
    address.clock.pass_by(minutes=1)
    answer = await address()
    since = answer.headers["Last-Modified"]
    assert (await address(If_None_Match='"other"', If_Modified_Since=since)).status == 200
    old = "Mon, 01 Jan 2024 00:00:00 GMT"
    tag = answer.headers["ETag"]
    assert (await address(If_None_Match=tag, If_Modified_Since=old)).status == 304


async def test_e69_wrong_and_revoked_addresses_look_alike(address: Address) -> None:
    tag = (await address()).headers["ETag"]
    async with address.store.read(now=address.clock.now) as transaction:
        found = await transaction.subscription_opened_by(hash_of(address.token))
    await write(address.store, lambda transaction: revoke(transaction, found.id), address.clock.now)
    revoked = await address(If_None_Match=tag)
    bodies = {await revoked.read()}
    statuses = {revoked.status}
    for wrong in ("A" * 43, "x", "%F0%9F%8E%B5", "a" * 900):
        address.url = address.url.rpartition("/")[0] + f"/{wrong}.ics"
        answer = await address()
        bodies.add(await answer.read())
        statuses.add(answer.status)
    assert statuses == {404}
    assert len(bodies) == 1


async def test_no_token_is_logged_whatever_happens(
    address: Address,
    client: TestClient[Any, Any],
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.INFO)
    configure_logs()
    tag = (await address()).headers["ETag"]
    statuses = [(await address(If_None_Match=tag)).status, (await address("PUT")).status]
    wrong = replace(address, url=address.url.replace(".ics", "x.ics"))
    statuses.append((await wrong()).status)
    statuses.append(await malformed(client, f"GET /feeds/{address.token}.ics HTTP/1.1\nHost x\n\n"))

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("No luck.")

    monkeypatch.setattr(Feeds, "at_hand", fail)
    statuses.append((await address()).status)
    monkeypatch.setattr(Feeds, "read", fail)
    statuses.append((await address()).status)
    assert statuses == [304, 405, 404, 400, 200, 500]
    assert client.app is not None
    client.app[ACCESS_LOG].flush()
    structlog.reset_defaults()
    written = "".join(capsys.readouterr())
    assert written.count("/feeds/{token}.ics") >= 4
    assert "No luck." in written
    # The service itself is run without aiohttp's log of requests.
    told = [each for each in caplog.records if each.name != "aiohttp.access"]
    written += "".join(map(caplog.handler.format, told))
    assert "Error handling request from 127.0.0.1" in written
    assert address.token not in written


async def malformed(client: TestClient[Any, Any], request: str) -> int:
    """The status of an answer to what is no HTTP."""
    reader, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(request.encode())
    status = int((await reader.readline()).split()[1])
    writer.close()
    await writer.wait_closed()
    return status


async def test_robots_may_read_feeds(client: TestClient[Any, Any]) -> None:
    answer = await client.get("/robots.txt")
    assert (await answer.text()).splitlines() == [
        "User-agent: *",
        "Allow: /feeds/",
        "Allow: /freebusy/",
        "Disallow: /",
    ]
