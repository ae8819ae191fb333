"""How every question is answered: one transaction that sees one state and changes nothing."""

import asyncio
from contextlib import nullcontext
from http import HTTPStatus

from aiohttp import web

from scheduler.http.answers import Answer
from scheduler.http.calls import CLOCK, SEEKING, STORE, answer_of, authenticate, read_call
from scheduler.http.etags import names_current
from scheduler.http.routes import AnyRoute


async def answer_question(request: web.Request, route: AnyRoute) -> Answer:
    """What the route finds, or 304 where the caller has it already."""
    store, now = request.app[STORE], request.app[CLOCK]()
    async with store.read(now=now) as transaction:
        actor = await authenticate(transaction, request)
        call = await read_call(request, route, actor)
        value = await route.run(transaction, call)
    if callable(value):
        async with request.app[SEEKING] if route.takes_seconds else nullcontext():
            value = await asyncio.to_thread(value)
    answer = answer_of(request, route, value)
    etag = answer.headers.get("ETag")
    if names_current(request.headers.get("If-None-Match"), etag):
        kept = {name: answer.headers[name] for name in ("ETag", "Vary")}
        return Answer(status=HTTPStatus.NOT_MODIFIED, headers=kept, body=b"")
    return answer
