"""Group robots: how each vendor's wants a text, and what its answers mean.

Refusals come with HTTP 200 and a number. Known ones are told apart: too fast (wait as long as the
vendor makes everybody wait), or wrong (somebody must mend it). Unknown ones may pass.
"""

import hmac
from base64 import b64encode
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from calendars.text import Text
from scheduler.delivery.calling import Caller
from scheduler.delivery.failures import PermanentDeliveryError, TemporaryDeliveryError
from scheduler.delivery.outlets import KEY_BYTES, Part
from scheduler.model import ChannelKind, ChannelSecret

Clock = Callable[[], datetime]


class WeCom:
    """企业微信: a text of 2,048 bytes, 20 calls a minute."""

    longest_bytes = 2048 - KEY_BYTES
    pause_seconds = 3.1
    too_fast: Final = {45009: 60, 45033: 60}
    wrong: Final = frozenset({40008, 40058, 44004, 45002, 93000, 93004, 93008})

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def send(self, secret: ChannelSecret, part: Part) -> None:
        """Post the part as text."""
        body = {"msgtype": "text", "text": {"content": part.in_a_group()}}
        answer = await self._caller.post(ChannelKind.WECOM, secret.address, body)
        _check(answer, "errcode", "errmsg", self.too_fast, self.wrong)


class DingTalk:
    """钉钉: 20 calls a minute, else nothing for ten; signed in the address, by the millisecond."""

    longest_bytes = 18_000
    pause_seconds = 3.1
    too_fast: Final = {130101: 600, 302033: 600, 410100: 600}
    wrong: Final = frozenset({300001, 310000, 400013, 400101, 400102, 400105, 400106, 430101})

    def __init__(self, caller: Caller, clock: Clock) -> None:
        self._caller = caller
        self._clock = clock

    async def send(self, secret: ChannelSecret, part: Part) -> None:
        """Post the part as text, signed if the robot has a key."""
        body = {"msgtype": "text", "text": {"content": part.in_a_group()}}
        query = {}
        if secret.signing_key:
            stamp = str(int(self._clock().timestamp() * 1000))
            signed = _hmac(secret.signing_key, f"{stamp}\n{secret.signing_key}")
            query = {"timestamp": stamp, "sign": signed}
        answer = await self._caller.post(ChannelKind.DINGTALK, secret.address, body, **query)
        _check(answer, "errcode", "errmsg", self.too_fast, self.wrong)


class Feishu:
    """飞书: a body of 20 KB, 100 calls a minute; signed in the body, by the second."""

    longest_bytes = 18_000
    pause_seconds = 0.7
    too_fast: Final = {11232: 60, 11233: 60}
    wrong: Final = frozenset({19001, 19002, 19007, 19021, 19022, 19024})

    def __init__(self, caller: Caller, clock: Clock) -> None:
        self._caller = caller
        self._clock = clock

    async def send(self, secret: ChannelSecret, part: Part) -> None:
        """Post the part as text, signed if the robot has a key."""
        body: dict[str, Any] = {"msg_type": "text", "content": {"text": part.in_a_group()}}
        if secret.signing_key:
            stamp = str(int(self._clock().timestamp()))
            # The key of the HMAC is what others would sign; what is signed is empty.
            body |= {"timestamp": stamp, "sign": _hmac(f"{stamp}\n{secret.signing_key}", "")}
        answer = await self._caller.post(ChannelKind.FEISHU, secret.address, body)
        _check(answer, "code", "msg", self.too_fast, self.wrong)


def _hmac(key: str, text: str) -> str:
    return b64encode(hmac.digest(key.encode(), text.encode(), sha256)).decode()


def _check(
    answer: dict[str, Any],
    code_name: str,
    words_name: str,
    too_fast: dict[int, int],
    wrong: frozenset[int],
) -> None:
    code = answer.get(code_name)
    if code == 0:
        return
    said = f"{code} {answer.get(words_name, '')}"[:200]
    sentence = Text(f"机器人拒绝：{said}。", f"The robot refused: {said}.")
    if code in wrong:
        raise PermanentDeliveryError(sentence)
    raise TemporaryDeliveryError(sentence, wait_seconds=too_fast.get(code or 0, 0))
