"""Busy times over HTTP: whoever has the address may ask; there is no other login."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from http import HTTPStatus

from aiohttp import web

from scheduler.feeds import asked_stretch, client_of, read_free_busy
from scheduler.http.calls import CLOCK, STORE
from scheduler.http.etags import names_current
from scheduler.http.feeds import FEEDS
from scheduler.http.queries import parse_query
from scheduler.tokens import hash_of

routes = web.RouteTableDef()


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeBusyQuery:
    """The stretch asked for: from today for sixty days if left out."""

    start: datetime | None = None
    end: datetime | None = None


@routes.get("/freebusy/{token}.ifb")
async def read(request: web.Request) -> web.Response:
    """When the teacher or the room of an address is taken, as VFREEBUSY."""
    now = request.app[CLOCK]()
    async with request.app[STORE].read(now=now) as transaction:
        token_hash = hash_of(request.match_info["token"])
        subscription = await transaction.subscription_opened_by(token_hash)
        query = parse_query(request, FreeBusyQuery)
        within = await asked_stretch(transaction, query.start, query.end)
        write = await read_free_busy(transaction, subscription, within)
    octets = await asyncio.to_thread(write)
    client = client_of(request.headers.get("User-Agent", ""))
    request.app[FEEDS].polls.note(subscription.id, now, client)
    etag = f'"{sha256(octets).hexdigest()}"'
    headers = {"Cache-Control": "private, max-age=0, must-revalidate", "ETag": etag}
    tags = ", ".join(request.headers.getall("If-None-Match", ()))
    if names_current(tags or None, etag):
        return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    return web.Response(
        body=octets, headers=headers | {"Content-Type": "text/calendar; charset=utf-8"}
    )
