"""QR codes of calendar addresses: a telephone's camera subscribes by itself."""

import asyncio
import io
from typing import Final, Literal

import segno
from aiohttp import web

from scheduler.feeds import require_calendar
from scheduler.http.calls import ADDRESS, CLOCK, STORE
from scheduler.tokens import hash_of

_DOTS_A_MODULE: Final = 8

routes = web.RouteTableDef()


def webcal(url: str) -> str:
    """The address that a telephone takes for a calendar to subscribe to (not webcals, for iOS)."""
    return f"webcal://{url.partition('://')[2]}"


def draw(text: str, kind: Literal["svg", "png"]) -> bytes:
    """The QR code of a text."""
    drawn = io.BytesIO()
    segno.make_qr(text, error="m").save(
        drawn, kind=kind, scale=_DOTS_A_MODULE, dark="#000", light="#fff"
    )
    return drawn.getvalue()


@routes.get("/feeds/{token}.svg")
async def as_drawing(request: web.Request) -> web.Response:
    """The address of the calendar as a QR code that prints at any size."""
    return await _code(request, "svg", "image/svg+xml")


@routes.get("/feeds/{token}.png")
async def as_picture(request: web.Request) -> web.Response:
    """The same as dots, for chats that show no drawings."""
    return await _code(request, "png", "image/png")


async def _code(
    request: web.Request, kind: Literal["svg", "png"], content_type: str
) -> web.Response:
    """Drawn for whoever knows the secret already: it is nowhere else to be had."""
    token = request.match_info["token"]
    async with request.app[STORE].read(now=request.app[CLOCK]()) as transaction:
        require_calendar(await transaction.subscription_opened_by(hash_of(token)))
    address = webcal(f"{request.app[ADDRESS]}/feeds/{token}.ics")
    return web.Response(
        body=await asyncio.to_thread(draw, address, kind),
        content_type=content_type,
        headers={"Cache-Control": "private, no-store"},
    )
