"""Setting channels up: who is told through what, and where that leads."""

import re
from dataclasses import dataclass, fields
from typing import Annotated, Any, Final
from urllib.parse import urlsplit
from uuid import uuid4

from msgspec import Meta

from calendars.text import InvalidValueError, Text
from scheduler.delivery.calling import check_robot_address
from scheduler.errors import InvalidWishError
from scheduler.members import IDENTIFIER, Teacher
from scheduler.model import Channel, ChannelKind, ChannelSecret, ChannelSetting, Message
from scheduler.store import Transaction

_MAIL_ADDRESS: Final = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,180}\.[A-Za-z]{2,24}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelWish(ChannelSetting):
    """A channel as somebody wishes it.

    `address` is a mail address, or the secret address of a group robot, and `signing_key` what the
    robot's settings call 加签 or 签名校验. Both are kept sealed and shown to nobody again; without
    an `address` a channel leads where it led.
    """

    id: Annotated[str, IDENTIFIER]
    address: Annotated[str, Meta(min_length=1, max_length=500)] | None = None
    signing_key: Annotated[str, Meta(max_length=200)] = ""


async def set_up(
    transaction: Transaction, wish: ChannelWish, robot_hosts: frozenset[str]
) -> Channel:
    """Store a new channel (`InvalidWishError` for what cannot be meant, with its pointer)."""
    if wish.address is None:
        raise InvalidWishError(
            "新渠道须有地址 (address)。", "A new channel needs its address.", pointer="/address"
        )
    secret = _secret_of(wish, wish.address, robot_hosts)
    channel = Channel(
        **await _setting(transaction, wish),
        id=wish.id,
        address_hint=hint_of(wish.kind, wish.address),
        is_signed=bool(wish.signing_key),
    )
    await transaction.add_channel(channel, secret)
    return channel


async def change(
    transaction: Transaction, before: Channel, wish: ChannelWish, robot_hosts: frozenset[str]
) -> Channel:
    """Replace a channel; without a new address it must stay of its kind."""
    setting = await _setting(transaction, wish)
    if wish.address is not None:
        secret = _secret_of(wish, wish.address, robot_hosts)
        hint, is_signed = hint_of(wish.kind, wish.address), bool(wish.signing_key)
        after = Channel(**setting, id=before.id, address_hint=hint, is_signed=is_signed)
        return await transaction.replace_channel(before, after, secret)
    if wish.kind is not before.kind or wish.signing_key:
        raise InvalidWishError(
            "更改渠道种类或签名密钥时，须重新填写地址 (address)。",
            "To change its kind or its signing key, give the address again.",
            pointer="/address",
        )
    after = Channel(
        **setting,
        id=before.id,
        address_hint=before.address_hint,
        is_signed=before.is_signed,
    )
    return await transaction.replace_channel(before, after, None)


async def try_out(transaction: Transaction, channel: Channel) -> Message:
    """Send a few words through a channel, at any hour, to see whether they arrive."""
    words = Text(
        f"这是一条测试消息：通知渠道“{channel.name}”已接通。",
        f"This is a test: the channel “{channel.name}” works.",
    )
    message = Message(
        id=uuid4().hex,
        channel=channel.id,
        notices=(),
        text=words.read_in(channel.language),
        urgent=True,
        created_at=transaction.now,
        due_at=transaction.now,
    )
    await transaction.add_message(message)
    return message


def hint_of(kind: ChannelKind, address: str) -> str:
    """What tells an address from others and opens nothing."""
    if kind is ChannelKind.MAIL:
        name, _, domain = address.partition("@")
        return f"{name[0]}***@{domain}"
    return f"{urlsplit(address).hostname} …{address[-4:]}"


def _secret_of(wish: ChannelWish, address: str, robot_hosts: frozenset[str]) -> ChannelSecret:
    if wish.kind is ChannelKind.MAIL:
        if not _MAIL_ADDRESS.fullmatch(address):
            raise InvalidWishError(
                "应为一个邮件地址，例如 wang@example.cn。",
                "Expected one mail address, such as wang@example.cn.",
                pointer="/address",
            )
    else:
        try:
            check_robot_address(wish.kind, address, robot_hosts)
        except InvalidValueError as error:
            raise InvalidWishError(error.text.zh, error.text.en, pointer="/address") from None
    return ChannelSecret(address=address, signing_key=wish.signing_key)


async def _setting(transaction: Transaction, wish: ChannelWish) -> dict[str, Any]:
    """The fields of the setting; a teacher's channel belongs to the teacher's school."""
    setting = {field.name: getattr(wish, field.name) for field in fields(ChannelSetting)}
    if wish.teacher is None:
        return setting
    await transaction.require(wish)
    home = (await transaction.get(Teacher, wish.teacher)).record.school
    if wish.school not in {None, home}:
        raise InvalidWishError(
            f"教师 {wish.teacher} 属于 {home}；学校请填 {home} 或不填。",
            f"The teacher {wish.teacher} belongs to {home}: name that school or none.",
            pointer="/school",
            value=wish.school,
        )
    return setting | {"school": home}
