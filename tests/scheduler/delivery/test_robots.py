"""Each vendor's robot takes our messages, and its refusals are understood."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from calendars.text import InvalidValueError
from scheduler.delivery.calling import Caller, check_robot_address
from scheduler.delivery.digests import parts_of
from scheduler.delivery.failures import PermanentDeliveryError, TemporaryDeliveryError
from scheduler.delivery.outlets import Outlet, Part
from scheduler.delivery.robots import DingTalk, Feishu, WeCom
from scheduler.model import ChannelKind, ChannelSecret
from tests.builders import NOW
from tests.scheduler.delivery.vendors import (
    SIGNING_KEY,
    DingTalkServer,
    FeishuServer,
    Vendor,
    WeComServer,
    open_caller,
    open_vendor,
)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> Any:
        return self.now


PART = Part(
    message="0123456789abcdef",
    number=1,
    count=1,
    text="周二的课改到周三。",
    language="zh-CN",
    notices=1,
    made_at=NOW,
)
SHOWN = "【联课】周二的课改到周三。\n（编号 01234567）"
VENDORS = (WeComServer, DingTalkServer, FeishuServer)


def outlet_for(vendor: Vendor, caller: Caller, clock: Clock) -> Outlet:
    if isinstance(vendor, WeComServer):
        return WeCom(caller)
    if isinstance(vendor, DingTalkServer):
        return DingTalk(caller, clock)
    return Feishu(caller, clock)


def secret_of(vendor: Vendor, **fields: str) -> ChannelSecret:
    return replace(ChannelSecret(address=vendor.address, signing_key=vendor.key), **fields)


@pytest.mark.parametrize("kind", VENDORS)
async def test_a_group_reads_the_text_with_its_head_and_its_number(kind: type[Vendor]) -> None:
    clock = Clock()
    async with open_vendor(kind(clock)) as vendor, open_caller(vendor) as caller:
        outlet = outlet_for(vendor, caller, clock)
        await outlet.send(secret_of(vendor), PART)
        await outlet.send(secret_of(vendor), replace(PART, number=2, count=3, language="en"))
    assert vendor.told == [
        SHOWN,
        "[Lianke 联课]周二的课改到周三。\n(No. 01234567-2/3)",
    ]


@pytest.mark.parametrize("kind", [DingTalkServer, FeishuServer])
async def test_a_signed_message_is_taken_and_one_with_a_wrong_key_needs_a_person(
    kind: type[Vendor],
) -> None:
    clock = Clock()
    async with open_vendor(kind(clock, key=SIGNING_KEY)) as vendor, open_caller(vendor) as caller:
        outlet = outlet_for(vendor, caller, clock)
        await outlet.send(secret_of(vendor), PART)
        for wrong in ("", "SEC-another"):
            with pytest.raises(PermanentDeliveryError, match=r"310000|19021"):
                await outlet.send(secret_of(vendor, signing_key=wrong), PART)
        clock.now += timedelta(hours=2)
        await outlet.send(secret_of(vendor), PART)
    assert vendor.told == [SHOWN, SHOWN]


@pytest.mark.parametrize("kind", VENDORS)
async def test_the_longest_part_fits(kind: type[Vendor]) -> None:
    """Also with line feeds and quotes, which are longer in JSON, and with two-digit numbers."""
    clock = Clock()
    async with open_vendor(kind(clock)) as vendor, open_caller(vendor) as caller:
        outlet = outlet_for(vendor, caller, clock)
        text = '音乐课"改期"\n' * 3000
        parts = parts_of(text, outlet.longest_bytes)
        part = replace(PART, text=parts[0], number=10, count=99, language="en")
        await outlet.send(secret_of(vendor), part)
    assert len(vendor.told) == 1


@pytest.mark.parametrize(
    ("kind", "calls", "code", "wait"),
    [
        (WeComServer, 20, "45009", 60),
        (DingTalkServer, 20, "130101", 600),
        (FeishuServer, 5, "11232", 60),
    ],
)
async def test_a_robot_that_is_called_too_fast_says_how_long_to_wait(
    kind: type[Vendor], calls: int, code: str, wait: float
) -> None:
    clock = Clock()
    async with open_vendor(kind(clock)) as vendor, open_caller(vendor) as caller:
        outlet = outlet_for(vendor, caller, clock)
        for _ in range(calls):
            await outlet.send(secret_of(vendor), PART)
        with pytest.raises(TemporaryDeliveryError, match=code) as refused:
            await outlet.send(secret_of(vendor), PART)
        assert refused.value.wait_seconds == wait
        clock.now += timedelta(seconds=wait)
        await outlet.send(secret_of(vendor), PART)


@pytest.mark.parametrize("kind", VENDORS)
async def test_our_own_pace_is_never_too_fast(kind: type[Vendor]) -> None:
    clock = Clock()
    async with open_vendor(kind(clock)) as vendor, open_caller(vendor) as caller:
        outlet = outlet_for(vendor, caller, clock)
        for _ in range(130):
            await outlet.send(secret_of(vendor), PART)
            clock.now += timedelta(seconds=outlet.pause_seconds)
    assert len(vendor.told) == 130


async def test_an_address_that_opens_no_group_needs_a_person() -> None:
    async with open_vendor(WeComServer(Clock())) as vendor, open_caller(vendor) as caller:
        with pytest.raises(PermanentDeliveryError, match="93000"):
            await WeCom(caller).send(secret_of(vendor, address=vendor.address + "0"), PART)


@pytest.mark.parametrize(
    ("answer", "failure", "wait"),
    [
        (lambda: web.Response(status=500), TemporaryDeliveryError, 0),
        (
            lambda: web.Response(status=503, headers={"Retry-After": "120"}),
            TemporaryDeliveryError,
            120,
        ),
        (
            lambda: web.Response(status=429, headers={"Retry-After": "7"}),
            TemporaryDeliveryError,
            7,
        ),
        (lambda: web.Response(status=429), TemporaryDeliveryError, 60),
        (lambda: web.Response(status=404), PermanentDeliveryError, None),
        (
            lambda: web.Response(status=302, headers={"Location": "http://127.0.0.1:1/"}),
            PermanentDeliveryError,
            None,
        ),
        (lambda: web.Response(text="<html>"), TemporaryDeliveryError, 0),
        (lambda: web.json_response({"errcode": -1, "errmsg": "busy"}), TemporaryDeliveryError, 0),
        (lambda: web.json_response({}), TemporaryDeliveryError, 0),
    ],
)
async def test_what_an_answer_means(
    answer: Callable[[], web.Response], failure: type[Exception], wait: float | None
) -> None:
    async with open_vendor(WeComServer(Clock())) as vendor, open_caller(vendor) as caller:
        vendor.mishaps = [answer()]
        with pytest.raises(failure) as refused:
            await WeCom(caller).send(secret_of(vendor), PART)
        assert getattr(refused.value, "wait_seconds", None) == wait
        assert "693a91f6" not in f"{refused.value}{refused.value.__cause__}"


@contextmanager
def patience(seconds: float, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    from aiohttp import ClientTimeout  # noqa: PLC0415 - needed here alone

    monkeypatch.setattr("scheduler.delivery.calling._TIMEOUT", ClientTimeout(total=seconds))
    yield


async def test_a_robot_that_hangs_or_is_gone_is_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with open_vendor(WeComServer(Clock())) as vendor, open_caller(vendor) as caller:
        vendor.mishaps = [2.0]
        with patience(0.1, monkeypatch), pytest.raises(TemporaryDeliveryError, match="Timeout"):
            await WeCom(caller).send(secret_of(vendor), PART)
        place = vendor.address
    async with open_caller(vendor) as caller:
        with pytest.raises(TemporaryDeliveryError):
            await WeCom(caller).send(ChannelSecret(address=place), PART)


async def test_nothing_is_called_but_what_may_be() -> None:
    async with open_vendor(WeComServer(Clock())) as vendor, open_caller() as caller:
        with pytest.raises(PermanentDeliveryError, match="LIANKE_ROBOT_HOSTS"):
            await WeCom(caller).send(secret_of(vendor), PART)
    assert vendor.calls == []


@pytest.mark.parametrize(
    "address",
    [
        "http://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=1",
        "https://qyapi.weixin.qq.com:8443/cgi-bin/webhook/send?key=1",
        "https://qyapi.weixin.qq.com.evil.example/send",
        "https://user@qyapi.weixin.qq.com/send",
        "https://evil.example/https://qyapi.weixin.qq.com/",
        "https://oapi.dingtalk.com/robot/send?access_token=1",
        "https://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "https://[::1",
        "ftp://127.0.0.1:8899/",
        "",
    ],
)
def test_an_address_elsewhere_is_refused(address: str) -> None:
    with pytest.raises(InvalidValueError, match=r"qyapi\.weixin\.qq\.com"):
        check_robot_address(ChannelKind.WECOM, address, frozenset({"127.0.0.1:8899"}))


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        (ChannelKind.WECOM, "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=1"),
        (ChannelKind.DINGTALK, "https://oapi.dingtalk.com/robot/send?access_token=1"),
        (ChannelKind.FEISHU, "https://open.feishu.cn/open-apis/bot/v2/hook/1"),
        (ChannelKind.FEISHU, "http://127.0.0.1:8899/hook"),
    ],
)
def test_the_vendors_and_what_the_operator_allows_may_be_called(
    kind: ChannelKind, address: str
) -> None:
    check_robot_address(kind, address, frozenset({"127.0.0.1:8899"}))
