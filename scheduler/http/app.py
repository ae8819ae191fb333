"""The web application: which routes there are, and what surrounds every one of them."""

import re
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import uuid4

import structlog
from aiohttp import web

from scheduler.feeds import Feeds
from scheduler.http import codes, free_busy, operations, pages
from scheduler.http import feeds as feed_routes
from scheduler.http.answers import LANGUAGE
from scheduler.http.api import ROUTES
from scheduler.http.bodies import LONGEST_BODY
from scheduler.http.calendar_imports import IMPORTER
from scheduler.http.calls import ADDRESS, CLOCK, REQUEST_ID, STORE
from scheduler.http.errors import Handler, explain_errors
from scheduler.http.feeds import FEEDS
from scheduler.http.invitations import INVITES
from scheduler.http.languages import preferred_language
from scheduler.http.operations import JOBS_ARE_RUNNING, METRICS, Metrics
from scheduler.http.origins import NOBODY, TRUSTED, Trusted
from scheduler.http.reads import answer_question
from scheduler.http.routes import API, AnyRoute
from scheduler.http.writes import answer_change
from scheduler.imports import Importer
from scheduler.store import Store

_SAFE_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_SAFE_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Server": "lianke",
}
log = structlog.get_logger()


def make_app(
    store: Store,
    *,
    clock: Callable[[], datetime],
    address: str,
    feeds: Feeds | None = None,
    importer: Importer | None = None,
    invites: bool = False,
    trusted: Trusted = NOBODY,
    jobs_are_running: Callable[[], bool] = lambda: True,
) -> web.Application:
    """The service over `store`; `clock` says what time it is, aware.

    `address` is where readers reach it, such as https://lianke.example. `feeds` are those of the
    store (its own if None). `importer` reads calendars (from public hosts if None). `invites`:
    there is a server for mail to guests. `jobs_are_running` is for /readyz; an application without
    jobs of its own waits for none.
    """
    app = web.Application(middlewares=[observe, explain_errors], client_max_size=LONGEST_BODY)
    app[STORE], app[CLOCK], app[ADDRESS] = store, clock, address.rstrip("/")
    app[TRUSTED], app[INVITES] = trusted, invites
    app[METRICS], app[JOBS_ARE_RUNNING] = Metrics(), jobs_are_running
    app[FEEDS], app[IMPORTER] = feeds or Feeds(store), importer or Importer()
    for route in ROUTES:
        _add(app, route)
    for part in (pages, operations, feed_routes, codes, free_busy):
        app.router.add_routes(part.routes)
    app.on_response_prepare.append(_protect)
    return app


def _add(app: web.Application, route: AnyRoute) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        answer = answer_change if route.writes else answer_question
        return (await answer(request, route)).sent()

    address = API + route.path
    if route.method == "GET":
        app.router.add_get(address, handler)
    else:
        app.router.add_route(route.method, address, handler)


@web.middleware
async def observe(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Count and log every request by its pattern, never by its address, which may hold a secret."""
    request[LANGUAGE] = preferred_language(request.headers.get("Accept-Language", ""))
    request[REQUEST_ID] = _request_id(request)
    started = time.perf_counter()
    status = 500
    try:
        response = await handler(request)
        status = response.status
    except web.HTTPException as error:
        status = error.status
        raise
    finally:
        seconds = time.perf_counter() - started
        resource = request.match_info.route.resource
        pattern = resource.canonical if resource is not None else "(unknown)"
        request.app[METRICS].count(request.method, pattern, status, seconds)
        log.info(
            "request",
            id=request[REQUEST_ID],
            method=request.method,
            path=pattern,
            status=status,
            ms=round(seconds * 1000, 1),
        )
    return response


def _request_id(request: web.Request) -> str:
    sent = request.headers.get("X-Request-ID", "")
    return sent if _SAFE_ID.fullmatch(sent) else uuid4().hex


async def _protect(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(_SAFE_HEADERS)
    if REQUEST_ID in request:
        response.headers["X-Request-ID"] = request[REQUEST_ID]
    if request.path.startswith(API):
        response.headers.setdefault("Cache-Control", "no-store")
