"""What the API says about itself: the OpenAPI document, its page, and the addresses of problems."""

from functools import cache
from typing import Final

import msgspec
from aiohttp import web

from calendars.text import Language
from scheduler.http.answers import LANGUAGE
from scheduler.http.calls import ADDRESS
from scheduler.http.docs_page import render_page
from scheduler.http.errors import OUR_FAULT, STATUSES
from scheduler.http.openapi import document
from scheduler.http.routes import API

routes = web.RouteTableDef()

_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
)
_KNOWN: Final = {sort.name for sort in (*STATUSES.values(), OUR_FAULT)}


@routes.get(f"{API}/openapi.json")
async def openapi(request: web.Request) -> web.Response:
    """The document that programs read."""
    language = request[LANGUAGE]
    return web.Response(
        body=_written(language),
        content_type="application/json",
        headers=_in(language),
    )


@routes.get(f"{API}/docs")
async def docs(request: web.Request) -> web.Response:
    """The page that people read."""
    language = request[LANGUAGE]
    return web.Response(
        text=_rendered(language, request.app[ADDRESS]),
        content_type="text/html",
        headers={**_in(language), "Content-Security-Policy": _POLICY},
    )


@routes.get("/")
async def front(_: web.Request) -> web.Response:
    """Whoever opens the bare address is shown what there is to read."""
    raise web.HTTPFound(f"{API}/docs")


@routes.get("/problems/{name}")
async def problem(request: web.Request) -> web.Response:
    """The `type` of a problem document leads to its line of the docs."""
    name = request.match_info["name"]
    if name not in _KNOWN:
        raise web.HTTPNotFound
    raise web.HTTPFound(f"{API}/docs#problem-{name}")


def _in(language: Language) -> dict[str, str]:
    return {"Content-Language": language, "Vary": "Accept-Language"}


@cache
def _written(language: Language) -> bytes:
    return msgspec.json.encode(document(language))


@cache
def _rendered(language: Language, address: str) -> str:
    return render_page(document(language), language, address)
