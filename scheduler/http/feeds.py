"""Feeds over HTTP: the same bytes for every client, and nothing sent that a client has already."""

from email.utils import format_datetime
from http import HTTPStatus
from typing import Final

from aiohttp import web

from scheduler.feeds import Feed, Feeds, client_of
from scheduler.http.calls import CLOCK
from scheduler.http.codings import CODINGS, Coding, preferred_coding
from scheduler.http.etags import names_current

FEEDS: Final = web.AppKey("feeds", Feeds)
_ROBOTS: Final = "User-agent: *\nAllow: /feeds/\nAllow: /freebusy/\nDisallow: /\n"

routes = web.RouteTableDef()


@routes.get("/feeds/{token}.ics")
async def read(request: web.Request) -> web.Response:
    """A published calendar. Whoever has its address may read it; there is no other login."""
    now = request.app[CLOCK]()
    client = client_of(request.headers.get("User-Agent", ""))
    feed = await request.app[FEEDS].read(
        request.match_info["token"], now=now, client=client, expand=_wants_single_events(request)
    )
    coding = preferred_coding(_whole(request, "Accept-Encoding"))
    headers = {
        "Cache-Control": "private, max-age=0, must-revalidate",
        "ETag": _etag(feed, coding),
        "Last-Modified": format_datetime(feed.last_modified(now), usegmt=True),
        "Vary": "Accept-Encoding",
    }
    if known := _known_etag(request, feed, coding):
        headers["ETag"] = known
        return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    headers["Content-Type"] = "text/calendar; charset=utf-8"
    headers["Content-Disposition"] = f'inline; filename="{feed.filename}"'
    if coding != "identity":
        headers["Content-Encoding"] = coding
    return web.Response(body=_body(feed, coding), headers=headers)


@routes.get("/robots.txt")
async def robots(_: web.Request) -> web.Response:
    """Let calendar services in: Google reads no feed that this file closes."""
    return web.Response(text=_ROBOTS)


def _wants_single_events(request: web.Request) -> bool:
    """`?expand=1`, for simple clients that know no series. Whatever else they add means nothing."""
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


def _known_etag(request: web.Request, feed: Feed, coding: Coding) -> str | None:
    """The tag of the bytes that the client has already, in whichever coding; None if it has none.

    If-Modified-Since counts only where there is no If-None-Match.
    """
    tags = _whole(request, "If-None-Match")
    if tags is not None:
        etags = (_etag(feed, each) for each in (coding, *CODINGS))
        return next((etag for etag in etags if names_current(tags, etag)), None)
    since = request.if_modified_since
    if since is not None and feed.is_unchanged_since(since):
        return _etag(feed, coding)
    return None


def _whole(request: web.Request, name: str) -> str | None:
    """A header that holds a list, however many lines it was sent in."""
    return ", ".join(request.headers.getall(name, ())) or None
