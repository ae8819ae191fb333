"""QR codes of calendar addresses: a telephone's camera subscribes by itself."""

import io
from typing import Final

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


@routes.get("/feeds/{token}.svg")
async def as_drawing(request: web.Request) -> web.Response:
    """The address of the calendar as a QR code that prints at any size."""
    drawing = io.BytesIO()
    (await _code(request)).save(
        drawing, kind="svg", scale=_DOTS_A_MODULE, dark="#000", light="#fff"
    )
    return _picture(drawing, "image/svg+xml")


@routes.get("/feeds/{token}.png")
async def as_picture(request: web.Request) -> web.Response:
    """The same as dots, for chats that show no drawings."""
    dots = io.BytesIO()
    (await _code(request)).save(dots, kind="png", scale=_DOTS_A_MODULE)
    return _picture(dots, "image/png")


async def _code(request: web.Request) -> segno.QRCode:
    """Drawn for whoever knows the secret already: it is nowhere else to be had."""
    token = request.match_info["token"]
    async with request.app[STORE].read(now=request.app[CLOCK]()) as transaction:
        require_calendar(await transaction.subscription_opened_by(hash_of(token)))
    return segno.make_qr(webcal(f"{request.app[ADDRESS]}/feeds/{token}.ics"), error="m")


def _picture(written: io.BytesIO, content_type: str) -> web.Response:
    return web.Response(
        body=written.getvalue(),
        content_type=content_type,
        headers={"Cache-Control": "private, no-store"},
    )
