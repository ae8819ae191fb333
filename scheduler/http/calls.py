"""From a request to a `Call`: who asks, in which words, for what."""

import re
from asyncio import Semaphore
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

from aiohttp import web

from calendars.fields import IDENTIFIER
from calendars.text import Text
from scheduler.errors import NotFoundError, UnknownTokenError
from scheduler.http.answers import LANGUAGE, Answer, encode
from scheduler.http.bodies import parse
from scheduler.http.etags import IfMatch, etag_of, parse_if_match
from scheduler.http.origins import TRUSTED, origin_of
from scheduler.http.queries import DRY_RUN, REASON, is_dry_run, parse_query
from scheduler.http.routes import API, JSON, PLAIN_TEXT, AnyRoute, Call, NoBody
from scheduler.model import Actor
from scheduler.store import Store, Stored, Transaction
from scheduler.tokens import hash_of

REQUEST_ID: Final = web.RequestKey("request_id", str)
STORE: Final = web.AppKey("store", Store)
ADDRESS: Final = web.AppKey("address", str)
SEEKING: Final = web.AppKey("seeking", Semaphore)
"""Entered by each answer that takes seconds to find."""
CLOCK: Final = web.AppKey[Callable[[], datetime]]("clock")

_IDENTIFIER: Final = re.compile(str(IDENTIFIER.pattern))


def bearer_token(request: web.Request) -> str:
    """The token that the request carries, or `UnknownTokenError`."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise UnknownTokenError(
            "请求须带令牌：Authorization: Bearer <令牌>。",
            "The request needs a token: Authorization: Bearer <token>.",
        )
    return token.strip()


async def authenticate(transaction: Transaction, request: web.Request) -> Actor:
    """Whose token the request carries, or `UnknownTokenError`."""
    actor = await transaction.actor_of(hash_of(bearer_token(request)))
    return replace(actor, origin=origin_of(request), request=request[REQUEST_ID])


async def read_call(request: web.Request, route: AnyRoute, actor: Actor) -> Call[Any, Any]:
    """Everything the route needs from the request, or what is wrong with it."""
    named = request.match_info.get("id", "")
    if route.names_one and not _IDENTIFIER.match(named):
        raise NotFoundError("没有这个编号的对象。", "Nothing has this id.")
    query = parse_query(request, route.query, also=(DRY_RUN, REASON) if route.writes else ())
    body: object = NoBody()
    if route.body is not NoBody:
        given = {"id": named or uuid4().hex} if route.id_may_be_left_out else None
        body = await parse(request, route.body, given)
    if_match = IfMatch(None)
    if route.needs_if_match:
        if_match = parse_if_match(request.headers.get("If-Match"))
    return Call(
        actor=actor,
        id=named,
        body=body,
        query=query,
        if_match=if_match,
        dry_run=route.writes and is_dry_run(request),
        address=request.app[ADDRESS],
        robot_hosts=request.app[TRUSTED].robot_hosts,
    )


def answer_of(request: web.Request, route: AnyRoute, value: object) -> Answer:
    """What the caller reads: the value in the caller's language, with its tag and its address."""
    language = request[LANGUAGE]
    headers = {"Vary": "Accept-Language"}
    if isinstance(value, Stored):
        headers["ETag"], value = etag_of(value.revision), value.record
    elif isinstance(revision := getattr(value, "revision", None), int):
        headers["ETag"] = etag_of(revision)
    if route.answer is None:
        return Answer(status=route.status, headers=headers, body=b"")
    if route.makes_something:
        headers["Location"] = f"{API}{route.made_in or route.path}/{route.id_of(value)}"
    if isinstance(value, bytes):
        name = route.path.strip("/").replace("/", "-")
        headers["Content-Type"] = f"{route.media_type}; charset=utf-8"
        headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
        return Answer(status=route.status, headers=headers, body=value)
    headers["Content-Language"] = language
    if isinstance(value, Text) and route.media_type == PLAIN_TEXT:
        headers["Content-Type"] = f"{PLAIN_TEXT}; charset=utf-8"
        return Answer(status=route.status, headers=headers, body=value.read_in(language).encode())
    headers["Content-Type"] = JSON
    return Answer(status=route.status, headers=headers, body=encode(value, language))
