"""Servers on 127.0.0.1 that behave like the robots of the three vendors.

They check signatures, lengths and rates as their documentation says, and can be told to fail.
"""

import asyncio
import hmac
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, ClassVar

from aiohttp import ClientSession, web

from scheduler.delivery.calling import Caller

SIGNING_KEY = "SEC-a-signing-key"


def signed(key: str, text: str) -> str:
    return b64encode(hmac.new(key.encode(), text.encode(), sha256).digest()).decode()


@dataclass
class Vendor:
    """One vendor's server; `told` are the texts it took, `mishaps` what it does instead."""

    clock: Callable[[], datetime]
    key: str = ""
    told: list[str] = field(default_factory=list)
    calls: list[datetime] = field(default_factory=list)
    mishaps: list[web.Response | float] = field(default_factory=list)
    throttled_until: datetime | None = None
    address: str = ""
    place: str = ""
    path: ClassVar[str] = ""

    async def answer(self, request: web.Request) -> web.Response:
        self.calls.append(self.clock())
        if self.mishaps:
            mishap = self.mishaps.pop(0)
            if isinstance(mishap, web.Response):
                return mishap
            await asyncio.sleep(mishap)
        return web.json_response(self.judge(request, await request.json()))

    def judge(self, request: web.Request, body: dict[str, Any]) -> dict[str, Any]:
        raise NotImplementedError

    def calls_in_the_last(self, seconds: int) -> int:
        since = self.clock() - timedelta(seconds=seconds)
        return sum(moment > since for moment in self.calls)


class WeComServer(Vendor):
    path = "/cgi-bin/webhook/send?key=693a91f6-7xxx-4bc4"

    def judge(self, request: web.Request, body: dict[str, Any]) -> dict[str, Any]:
        if request.query.get("key") != "693a91f6-7xxx-4bc4":
            return {"errcode": 93000, "errmsg": "invalid webhook url"}
        if self.calls_in_the_last(60) > 20:
            return {"errcode": 45009, "errmsg": "api freq out of limit"}
        content = body["text"]["content"]
        if body["msgtype"] != "text" or len(content.encode()) > 2048:
            return {"errcode": 40058, "errmsg": "text.content exceed max length 2048"}
        self.told.append(content)
        return {"errcode": 0, "errmsg": "ok"}


class DingTalkServer(Vendor):
    path = "/robot/send?access_token=566cc69da782ec"

    def judge(self, request: web.Request, body: dict[str, Any]) -> dict[str, Any]:
        now = self.clock()
        if self.throttled_until is not None and now < self.throttled_until:
            return {"errcode": 130101, "errmsg": "send too fast, exceed 20 times per minute"}
        if self.calls_in_the_last(60) > 20:
            self.throttled_until = now + timedelta(minutes=10)
            return {"errcode": 130101, "errmsg": "send too fast, exceed 20 times per minute"}
        if self.key:
            stamp = request.query.get("timestamp", "0")
            if abs(now.timestamp() * 1000 - int(stamp)) > 3_600_000:
                return {"errcode": 310000, "errmsg": "invalid timestamp"}
            if request.query.get("sign") != signed(self.key, f"{stamp}\n{self.key}"):
                return {"errcode": 310000, "errmsg": "sign not match"}
        self.told.append(body["text"]["content"])
        return {"errcode": 0, "errmsg": "ok"}


class FeishuServer(Vendor):
    path = "/open-apis/bot/v2/hook/4f3a"

    def judge(self, request: web.Request, body: dict[str, Any]) -> dict[str, Any]:
        if (request.content_length or 0) > 20 * 1024:
            return {"code": 9499, "msg": "Bad Request", "data": {}}
        if self.calls_in_the_last(60) > 100 or self.calls_in_the_last(1) > 5:
            return {"code": 11232, "msg": "frequency limited"}
        if self.key:
            stamp = body.get("timestamp", "0")
            fresh = abs(self.clock().timestamp() - int(stamp)) < 3600
            if not fresh or body.get("sign") != signed(f"{stamp}\n{self.key}", ""):
                return {"code": 19021, "msg": "sign match fail"}
        self.told.append(body["content"]["text"])
        return {
            "StatusCode": 0,
            "StatusMessage": "success",
            "code": 0,
            "data": {},
            "msg": "success",
        }


@asynccontextmanager
async def open_vendor(vendor: Vendor) -> AsyncIterator[Vendor]:
    """The server while it serves."""
    app = web.Application(client_max_size=1024**2)
    app.router.add_post(vendor.path.partition("?")[0], vendor.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    vendor.place = f"{host}:{port}"
    vendor.address = f"http://{vendor.place}{vendor.path}"
    try:
        yield vendor
    finally:
        await runner.cleanup()


@asynccontextmanager
async def open_caller(*vendors: Vendor) -> AsyncIterator[Caller]:
    """A caller that may call these servers."""
    async with ClientSession() as session:
        yield Caller(session, frozenset(vendor.place for vendor in vendors))
