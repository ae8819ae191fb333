"""The web application: which routes there are, and what surrounds every one of them."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Final

from aiohttp import web

from scheduler.feeds import Feeds
from scheduler.http import codes, free_busy, operations, pages
from scheduler.http import feeds as feed_routes
from scheduler.http.api import ROUTES
from scheduler.http.bodies import LONGEST_BODY
from scheduler.http.calls import ADDRESS, CLOCK, SEEKING, STORE
from scheduler.http.errors import explain_errors
from scheduler.http.feeds import FEEDS
from scheduler.http.logs import ACCESS_LOG, on_standard_error
from scheduler.http.observing import observe, protect
from scheduler.http.operations import JOBS, METRICS, NO_JOBS, STOPPING, JobsAtWork, Metrics
from scheduler.http.origins import NOBODY, TRUSTED, Trusted
from scheduler.http.reads import answer_question
from scheduler.http.resources.calendar_imports import IMPORTER
from scheduler.http.resources.invitations import INVITES
from scheduler.http.routes import API, AnyRoute
from scheduler.http.writes import answer_change
from scheduler.imports import Importer
from scheduler.store import Store

SOUGHT_AT_ONCE: Final = 2
"""Answers that take seconds; the other threads are for calendars and alternatives."""


def make_app(
    store: Store,
    *,
    clock: Callable[[], datetime],
    address: str,
    feeds: Feeds | None = None,
    importer: Importer | None = None,
    invites: bool = False,
    trusted: Trusted = NOBODY,
    jobs: JobsAtWork = NO_JOBS,
) -> web.Application:
    """The service over `store`; `clock` says what time it is, aware.

    `address` is where readers reach it, such as https://lianke.example. `feeds` are those of the
    store (its own if None). `importer` reads calendars (from public hosts if None). `invites`:
    there is a server for mail to guests. `jobs` is for /readyz.
    """
    app = web.Application(middlewares=[observe, explain_errors], client_max_size=LONGEST_BODY)
    app[STORE], app[CLOCK], app[ADDRESS] = store, clock, address.rstrip("/")
    app[TRUSTED], app[INVITES] = trusted, invites
    app[METRICS], app[JOBS] = Metrics(), jobs
    app[FEEDS], app[IMPORTER] = feeds or Feeds(store), importer or Importer()
    app[ACCESS_LOG] = on_standard_error(app[METRICS].count)
    app[SEEKING] = asyncio.Semaphore(SOUGHT_AT_ONCE)
    app[STOPPING] = asyncio.Event()
    for route in ROUTES:
        _add(app, route)
    for part in (pages, operations, feed_routes, codes, free_busy):
        app.router.add_routes(part.routes)
    app.on_response_prepare.append(protect)
    app.on_cleanup.append(_write_the_rest)
    return app


async def _write_the_rest(app: web.Application) -> None:
    app[ACCESS_LOG].flush()


def _add(app: web.Application, route: AnyRoute) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        answer = answer_change if route.writes else answer_question
        return (await answer(request, route)).sent()

    address = API + route.path
    if route.method == "GET":
        app.router.add_get(address, handler)
    else:
        app.router.add_route(route.method, address, handler)
