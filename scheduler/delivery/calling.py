"""Calls to robots over HTTP: only to hosts that may be called, and never anywhere else."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
import msgspec

from calendars.text import InvalidValueError, Text
from scheduler.delivery.failures import PermanentDeliveryError, TemporaryDeliveryError
from scheduler.model import ChannelKind

VENDOR_HOSTS: Final[Mapping[ChannelKind, str]] = {
    ChannelKind.WECOM: "qyapi.weixin.qq.com",
    ChannelKind.DINGTALK: "oapi.dingtalk.com",
    ChannelKind.FEISHU: "open.feishu.cn",
}
_TIMEOUT: Final = aiohttp.ClientTimeout(total=15)
_LONGEST_ANSWER: Final = 64 * 1024
_TOO_MANY: Final = 429
_LONGEST_WAIT_SECONDS: Final = 6 * 60 * 60.0


def check_robot_address(kind: ChannelKind, address: str, allowed: frozenset[str]) -> None:
    """`InvalidValueError` unless a robot of this kind may be called there.

    That is its vendor's host by HTTPS, or a `host:port` that the operator has allowed, also by
    plain HTTP.
    """
    try:
        parts = urlsplit(address)
        place = f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"
    except ValueError:
        parts, place = urlsplit(""), ""
    plain = parts.username is None and parts.password is None and not parts.fragment
    vendor = parts.scheme == "https" and place == f"{VENDOR_HOSTS[kind]}:443"
    granted = parts.scheme in {"http", "https"} and place in allowed
    if not (plain and (vendor or granted)):
        raise InvalidValueError(
            f"机器人地址应以 https://{VENDOR_HOSTS[kind]}/ 开头；其他地址须由管理员在 "
            "LIANKE_ROBOT_HOSTS 中允许。",
            f"The robot's address must begin with https://{VENDOR_HOSTS[kind]}/; the operator "
            "allows others in LIANKE_ROBOT_HOSTS.",
        )


class Caller:
    """Posts JSON to robots and reads their JSON; follows no redirect."""

    def __init__(
        self, session: aiohttp.ClientSession, allowed_hosts: frozenset[str] = frozenset()
    ) -> None:
        self._session = session
        self._allowed = allowed_hosts

    async def post(
        self, kind: ChannelKind, address: str, body: object, **query: str
    ) -> dict[str, Any]:
        """The robot's answer, or a `DeliveryError`; the address is in none of its sentences."""
        try:
            check_robot_address(kind, address, self._allowed)
        except InvalidValueError as error:
            raise PermanentDeliveryError(error.text) from None
        try:
            async with self._session.post(
                address,
                params=query,
                data=msgspec.json.encode(body),
                headers={"Content-Type": "application/json"},
                allow_redirects=False,
                timeout=_TIMEOUT,
            ) as answer:
                _check_status(answer)
                return _read(await answer.content.read(_LONGEST_ANSWER))
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            name = type(error).__name__
            raise TemporaryDeliveryError(
                Text(f"机器人没有应答（{name}）。", f"The robot did not answer ({name}).")
            ) from None  # the cause names the address


def _check_status(answer: aiohttp.ClientResponse) -> None:
    status = answer.status
    sentence = Text(f"机器人的应答是 HTTP {status}。", f"The robot answered HTTP {status}.")
    if status == _TOO_MANY:
        wait = _seconds(answer.headers.get("Retry-After", ""))
        raise TemporaryDeliveryError(sentence, wait_seconds=wait)
    if status >= 500:  # noqa: PLR2004 - RFC 9110, the server's fault
        wait = _seconds(answer.headers.get("Retry-After", ""), otherwise=0)
        raise TemporaryDeliveryError(sentence, wait_seconds=wait)
    if status >= 300:  # noqa: PLR2004 - RFC 9110, nobody took it
        raise PermanentDeliveryError(sentence)


def _seconds(retry_after: str, *, otherwise: float = 60) -> float:
    """What Retry-After asks for in seconds; a date in it, which robots do not send, is ignored."""
    if not (retry_after.isascii() and retry_after.isdigit()):
        return otherwise
    return min(float(retry_after), _LONGEST_WAIT_SECONDS)


def _read(body: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.MsgspecError:
        raise TemporaryDeliveryError(
            Text("机器人的应答不是 JSON。", "The robot's answer is no JSON.")
        ) from None
