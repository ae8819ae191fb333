"""What surrounds every request: its id, its line in the log, its counts, and headers that protect.

All of it knows a request by the pattern of its route, never by its address, which may hold a
secret.
"""

import re
import time
from itertools import count
from secrets import token_hex
from typing import Final

from aiohttp import web

from scheduler.http.answers import LANGUAGE
from scheduler.http.calls import CLOCK, REQUEST_ID
from scheduler.http.errors import Handler
from scheduler.http.languages import preferred_language
from scheduler.http.logs import ACCESS_LOG, Answered
from scheduler.http.operations import STOPPING
from scheduler.http.routes import API

SAFE_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Server": "lianke",
}
_PROCESS: Final = token_hex(8)
"""Tells the requests of several processes, and of one after a restart, apart."""
_numbers: Final = count(1)
_SAFE_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")


@web.middleware
async def observe(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Know whose request it is and in which language, and note how it was answered."""
    request[LANGUAGE] = preferred_language(request.headers.get("Accept-Language", ""))
    request[REQUEST_ID] = request_id(request)
    started = time.perf_counter()
    status = 500
    try:
        response = await handler(request)
        status = response.status
    except web.HTTPException as error:
        status = error.status
        raise
    finally:
        resource = request.match_info.route.resource
        pattern = resource.canonical if resource is not None else "(unknown)"
        app, seconds = request.app, time.perf_counter() - started
        app[ACCESS_LOG].add(
            Answered(request[REQUEST_ID], request.method, pattern, status, seconds, app[CLOCK]())
        )
    return response


def request_id(request: web.BaseRequest) -> str:
    """The id that the caller gave the request, if it is harmless, or a new one."""
    sent = request.headers.get("X-Request-ID")
    if sent is not None and _SAFE_ID.fullmatch(sent):
        return sent
    return f"{_PROCESS}{next(_numbers):016x}"


async def protect(request: web.Request, response: web.StreamResponse) -> None:
    """Tell browsers and caches to be careful; before anything is sent."""
    response.headers.update(SAFE_HEADERS)
    if REQUEST_ID in request:
        response.headers["X-Request-ID"] = request[REQUEST_ID]
    if request.app[STOPPING].is_set():
        response.force_close()
        response.headers["Connection"] = "close"
    if request.path.startswith(API):
        response.headers.setdefault("Cache-Control", "no-store")
