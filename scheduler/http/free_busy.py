"""Busy times over HTTP: whoever has the address may ask; there is no other login."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from scheduler.feeds import asked_stretch, read_free_busy
from scheduler.http.calls import CLOCK, STORE
from scheduler.http.feeds import FEEDS, answer_to, client_told
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
    free_busy = await asyncio.to_thread(write)
    request.app[FEEDS].polls.note(subscription.id, now, client_told(request))
    return answer_to(request, free_busy, now)
