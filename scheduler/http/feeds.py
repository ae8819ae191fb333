"""Feeds over HTTP: the same bytes for every client, and nothing sent that a client has already."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final, NamedTuple

from aiohttp import web

from scheduler.feeds import Feed, Feeds, client_of
from scheduler.http.calls import CLOCK
from scheduler.http.codings import CODINGS, Coding, preferred_coding
from scheduler.http.etags import names_current
from scheduler.http.ready import Reply, http_date

FEEDS: Final = web.AppKey("feeds", Feeds)
PATTERN: Final = "/feeds/{token}.ics"
_ROBOTS: Final = "User-agent: *\nAllow: /feeds/\nAllow: /freebusy/\nDisallow: /\n"


class Poll(NamedTuple):
    """All that decides an answer besides the calendar: the lines of each header."""

    method: str
    codings: tuple[str, ...]
    tags: tuple[str, ...]
    dates: tuple[str, ...]

    @classmethod
    def of(cls, request: web.BaseRequest) -> "Poll":
        """What the request says of it."""
        lines = request.headers.getall
        return cls(
            request.method,
            tuple(lines("Accept-Encoding", ())),
            tuple(lines("If-None-Match", ())),
            tuple(lines("If-Modified-Since", ())),
        )


routes = web.RouteTableDef()


@routes.get(PATTERN)
async def read(request: web.Request) -> web.Response:
    """A published calendar. Whoever has its address may read it; there is no other login."""
    now = request.app[CLOCK]()
    feed = await request.app[FEEDS].read(
        request.match_info["token"],
        now=now,
        client=client_told(request),
        expand=wants_single_events(request),
    )
    return answer_to(request, feed, now)


def answer_to(request: web.Request, feed: Feed, now: datetime) -> web.Response:
    """The calendar, packed as the client likes it best, unless the client has it already."""
    reply = reply_to(Poll.of(request), feed, now)
    return web.Response(status=reply.status, headers=reply.headers, body=reply.body or None)


def reply_to(poll: Poll, feed: Feed, now: datetime) -> Reply:
    """What such a poll is answered: the calendar, or that the client has it already."""
    coding = preferred_coding(_whole(poll.codings))
    headers = {
        "Cache-Control": "private, max-age=0, must-revalidate",
        "ETag": _etag(feed, coding),
        "Vary": "Accept-Encoding",
    }
    if (modified := feed.last_modified(now)) is not None:
        headers["Last-Modified"] = http_date(modified)
    if known := _known_etag(poll, feed, coding):
        return Reply(HTTPStatus.NOT_MODIFIED, headers | {"ETag": known})
    headers["Content-Type"] = "text/calendar; charset=utf-8"
    headers["Content-Disposition"] = f'inline; filename="{feed.filename}"'
    if coding != "identity":
        headers["Content-Encoding"] = coding
    return Reply(HTTPStatus.OK, headers, _body(feed, coding))


@routes.get("/robots.txt")
async def robots(_: web.Request) -> web.Response:
    """Let calendar services in: Google reads no feed that this file closes."""
    return web.Response(text=_ROBOTS)


def client_told(request: web.BaseRequest) -> str:
    """The program that asks, as far as it says."""
    return client_of(request.headers.get("User-Agent", ""))


def wants_single_events(request: web.BaseRequest) -> bool:
    """`?expand=1`, for simple clients that know no series. Whatever else they add means nothing."""
    if not request.query_string:
        return False
    return request.query.get("expand", "0").lower() not in {"0", "false", "no"}


def _body(feed: Feed, coding: Coding) -> bytes:
    match coding:
        case "br":
            return feed.br
        case "gzip":
            return feed.gzip
        case "identity":
            return feed.plain


def _etag(feed: Feed, coding: Coding) -> str:
    """A strong tag: each coding is a representation of its own (RFC 9110, 8.8.3.3)."""
    return f'"{feed.tag}"' if coding == "identity" else f'"{feed.tag}-{coding}"'


def _known_etag(poll: Poll, feed: Feed, coding: Coding) -> str | None:
    """The tag of the bytes that the client has already, in whichever coding; None if it has none.

    If-Modified-Since counts only where there is no If-None-Match.
    """
    tags = _whole(poll.tags)
    if tags is not None:
        etags = (_etag(feed, each) for each in (coding, *CODINGS))
        return next((etag for etag in etags if names_current(tags, etag)), None)
    since = _moment(poll.dates)
    return _etag(feed, coding) if since is not None and feed.is_unchanged_since(since) else None


def _whole(lines: tuple[str, ...]) -> str | None:
    """A header that holds a list, however many lines it was sent in."""
    return ", ".join(lines) or None


def _moment(lines: tuple[str, ...]) -> datetime | None:
    """A header that holds one date; what cannot be read as one is no condition.

    One of its three forms, that of `asctime`, names no zone: all are in GMT (RFC 9110, 5.6.7).
    """
    try:
        (line,) = lines
        moment = parsedate_to_datetime(line)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
