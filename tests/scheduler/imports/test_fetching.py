"""Calendars fetched from a server that misbehaves: bounded, refused on every hop, told in words."""

import asyncio
import time
from urllib.parse import quote

import pytest

from calendars.ics.reading import Refusal, UnreadableCalendarError
from scheduler.imports.addresses import Allowed, RefusedAddressError
from scheduler.imports.fetching import MAX_REDIRECTS, FetchError, Known, PublicResolver
from tests.scheduler.imports.servers import (
    HOST,
    PACKED,
    PLAIN,
    SECRET,
    CalendarServer,
    Names,
    bomb,
)


async def refused(calendars: CalendarServer, address: str, seconds: float = 20) -> str:
    """The words of the refusal, which never hold the address."""
    async with calendars.fetcher(seconds) as fetcher:
        with pytest.raises(FetchError) as error:
            await fetcher.fetch(address)
    told = f"{error.value.sentence.zh} {error.value.sentence.en} {error.value!r}"
    assert SECRET not in told
    assert error.value.__cause__ is None
    return error.value.sentence.en


async def test_a_calendar_is_fetched_as_it_is(calendars: CalendarServer) -> None:
    calendars.headers = {"ETag": '"1"', "Last-Modified": "Tue, 01 Sep 2026 00:00:00 GMT"}
    async with calendars.fetcher() as fetcher:
        fetched = await fetcher.fetch(calendars.address)
    assert (fetched.octets, fetched.etag) == (PLAIN, '"1"')
    assert fetched.modified == "Tue, 01 Sep 2026 00:00:00 GMT"
    (asked,) = calendars.asked
    assert {"Cookie", "Authorization", "Referer"}.isdisjoint(asked)


async def test_a_server_may_say_that_nothing_has_changed(calendars: CalendarServer) -> None:
    calendars.headers = {"ETag": '"1"'}
    async with calendars.fetcher() as fetcher:
        fetched = await fetcher.fetch(calendars.address, Known(etag='"1"', modified="yesterday"))
    assert fetched.octets is None
    assert calendars.asked[0]["If-Modified-Since"] == "yesterday"


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "identity"])
async def test_what_comes_compressed_is_unpacked(calendars: CalendarServer, coding: str) -> None:
    async with calendars.fetcher() as fetcher:
        fetched = await fetcher.fetch(calendars.url(f"packed/{coding}"))
    assert fetched.octets == PLAIN


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br"])
@pytest.mark.parametrize("size", [65_535, 65_536, 131_070, 131_073, 196_608, 400_000])
async def test_a_piece_that_unpacks_to_much_more_is_given_out_whole(
    calendars: CalendarServer, coding: str, size: int
) -> None:
    calendars.octets = b"a" * size
    async with calendars.fetcher() as fetcher:
        fetched = await fetcher.fetch(calendars.url(f"packed/{coding}"))
    assert fetched.octets == calendars.octets


@pytest.mark.parametrize("address", ["packed/gzip?cut", "packed/br?cut", "packed/zstd"])
async def test_what_cannot_be_unpacked_is_refused(calendars: CalendarServer, address: str) -> None:
    told = await refused(calendars, calendars.url(address))
    assert told == "What the server sent compressed cannot be unpacked."


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate"])
async def test_a_bomb_is_not_unpacked(calendars: CalendarServer, coding: str) -> None:
    calendars.octets = bomb(PACKED[coding])
    calendars.headers = {"Content-Encoding": coding}
    assert len(calendars.octets) < 200_000
    async with calendars.fetcher() as fetcher:
        with pytest.raises(UnreadableCalendarError) as error:
            await fetcher.fetch(calendars.address)
    assert error.value.refusal is Refusal.TOO_LARGE


async def test_an_endless_body_is_cut_short(calendars: CalendarServer) -> None:
    async with calendars.fetcher() as fetcher:
        with pytest.raises(UnreadableCalendarError) as error:
            await fetcher.fetch(calendars.url("on"))
    assert error.value.refusal is Refusal.TOO_LARGE


async def test_a_body_that_drips_is_given_up(calendars: CalendarServer) -> None:
    started = time.monotonic()
    told = await refused(calendars, calendars.url("on?drip"), seconds=0.5)
    assert told == "The server is too slow: it was given up."
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("status", [401, 403, 404, 410, 500, 503])
async def test_any_other_status_is_told(calendars: CalendarServer, status: int) -> None:
    calendars.status = status
    assert await refused(calendars, calendars.address) == f"The server answered HTTP {status}."


async def test_redirects_are_followed_without_cookies(calendars: CalendarServer) -> None:
    async with calendars.fetcher() as fetcher:
        fetched = await fetcher.fetch(calendars.url(f"lead?to=/{SECRET}.ics"))
    assert fetched.octets == PLAIN
    assert "Cookie" not in calendars.asked[1]


async def test_redirects_without_end_are_given_up(calendars: CalendarServer) -> None:
    told = await refused(calendars, calendars.url("lead?to=/lead%3Fto=/lead%253Fto=/lead"))
    assert told == "A redirect leads nowhere."
    chain = "/a"
    for _ in range(MAX_REDIRECTS + 1):
        chain = f"/lead?to={chain.replace('%', '%25').replace('?', '%3F')}"
    assert "redirects more than" in await refused(calendars, calendars.url(chain[1:]))


INSIDE = "The address leads into a private network"


@pytest.mark.parametrize(
    ("to", "told"),
    [
        *((f"http://{host}/", INSIDE) for host in ("127.0.0.1", "[::1]:80", "10.0.0.1:8080")),
        *((f"http://{host}/", INSIDE) for host in ("169.254.169.254", "2130706433", "0x7f.1")),
        ("http://[::ffff:127.0.0.1]/", INSIDE),
        ("//127.0.0.1/", INSIDE),
        ("http://inside.example.cn/", INSIDE),
        ("file:///etc/passwd", "The address must begin with https://"),
        ("ftp://example.cn/", "The address must begin with https://"),
        ("http://user:pass@example.cn/", "The address may hold no user and password"),
        ("http://example.cn:6379/", "Port 6379 may not be called"),
    ],
)
async def test_no_redirect_leads_inside(calendars: CalendarServer, to: str, told: str) -> None:
    calendars.names = Names(inside_example_cn=["10.0.0.7"])
    for hops in (to, f"/lead?to={quote(to)}"):
        calendars.asked.clear()
        found = await refused(calendars, calendars.url(f"lead?to={quote(hops)}"))
        assert found.startswith(told)
        assert len(calendars.asked) == (1 if hops == to else 2)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "[::ffff:127.0.0.1]", "user:pass@calendar.example.cn"]
)
async def test_a_redirect_to_what_would_answer_is_refused_all_the_same(
    calendars: CalendarServer, host: str
) -> None:
    to = f"http://{host}:{calendars.port}/{SECRET}.ics"
    assert "cannot be reached" not in await refused(calendars, calendars.url(f"lead?to={to}"))
    assert len(calendars.asked) == 1


async def test_a_name_that_leads_inside_is_not_called(calendars: CalendarServer) -> None:
    for address in ("127.0.0.1", "169.254.169.254", "10.0.0.1", "::1", "::ffff:127.0.0.1"):
        calendars.names = Names(inside_example_cn=[address])
        told = await refused(calendars, "http://inside.example.cn:8080/a.ics")
        assert told.startswith(INSIDE)
    assert calendars.asked == []


async def test_a_name_is_looked_up_once_and_called_where_it_was_found(
    calendars: CalendarServer,
) -> None:
    async with calendars.fetcher() as fetcher:
        await fetcher.fetch(calendars.address)
    assert calendars.names.asked == [HOST]


async def test_a_name_that_comes_to_lead_inside_is_refused_from_then_on() -> None:
    names = Names(rebound_example_cn=["8.8.8.8", "127.0.0.1"])
    resolver = PublicResolver(names, Allowed())
    assert [each["host"] for each in await resolver.resolve("rebound.example.cn", 80)] == [
        "8.8.8.8"
    ]
    with pytest.raises(RefusedAddressError):
        await resolver.resolve("rebound.example.cn", 80)


async def test_a_server_that_is_not_there_is_told(calendars: CalendarServer) -> None:
    port = calendars.port
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    calendars.port = server.sockets[0].getsockname()[1]
    assert "cannot be reached" in await refused(calendars, calendars.address)
    server.close()
    await server.wait_closed()
    assert "cannot be reached" in await refused(calendars, calendars.address)
    calendars.port = port
