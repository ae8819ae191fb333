"""Through what people are told: set up by those concerned, their addresses shown to nobody."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from calendars.bells import SchoolId
from calendars.text import Text
from scheduler.access import require_channel
from scheduler.delivery.channels import ChannelWish, change, set_up, try_out
from scheduler.errors import (
    ForbiddenError,
    InvalidWishError,
    NotFoundError,
    StaleError,
    StateError,
)
from scheduler.http.answers import Page
from scheduler.http.paging import PartOfList, page_of, position
from scheduler.http.routes import AnyRoute, Call, NoBody, Route, require_id_of_address
from scheduler.members import Teacher
from scheduler.model import Actor, Channel, ChannelSetting, Message
from scheduler.store import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelList(PartOfList):
    """Which channels to list: of these, those that are yours to see."""

    school: SchoolId | None = None


async def _listed(transaction: Transaction, call: Call[NoBody, ChannelList]) -> Page[Channel]:
    query = call.query
    found = await transaction.channels(
        school=query.school, after=position(query.cursor), limit=query.limit + 1
    )
    page = page_of(found, query.limit)
    mine = [each for each in page.items if await _is_theirs(transaction, call.actor, each)]
    return Page(items=tuple(mine), next=page.next)


async def _read(transaction: Transaction, call: Call[NoBody, object]) -> Channel:
    return await channel_of(transaction, call.actor, call.id)


async def _created(transaction: Transaction, call: Call[ChannelWish, object]) -> Channel:
    await _require(transaction, call.actor, call.body)
    return await set_up(transaction, call.body, call.robot_hosts)


async def _replaced(transaction: Transaction, call: Call[ChannelWish, object]) -> Channel:
    before = await channel_of(transaction, call.actor, call.id)
    call.if_match.expect(before.revision)
    require_id_of_address(call)
    await _require(transaction, call.actor, call.body)
    return await change(transaction, before, call.body, call.robot_hosts)


async def _removed(transaction: Transaction, call: Call[NoBody, object]) -> None:
    before = await channel_of(transaction, call.actor, call.id)
    call.if_match.expect(before.revision)
    await transaction.remove_channel(before)


async def _tried(transaction: Transaction, call: Call[NoBody, object]) -> Message:
    return await try_out(transaction, await channel_of(transaction, call.actor, call.id))


async def channel_of(transaction: Transaction, actor: Actor, id: str) -> Channel:
    """The channel, or `NotFoundError` if there is none or it is not the actor's to know of."""
    found = await transaction.channel(id)
    if not await _is_theirs(transaction, actor, found):
        raise NotFoundError(f"没有编号为 {id} 的通知渠道。", f"No such channel: {id}.")
    return found


async def _is_theirs(transaction: Transaction, actor: Actor, channel: Channel) -> bool:
    try:
        await _require(transaction, actor, channel)
    except ForbiddenError:
        return False
    return True


async def _require(transaction: Transaction, actor: Actor, setting: ChannelSetting) -> None:
    school, person = setting.school, None
    if setting.teacher is not None:
        try:
            teacher = (await transaction.get(Teacher, setting.teacher)).record
        except NotFoundError as error:
            raise InvalidWishError(
                error.text.zh, error.text.en, pointer="/teacher", value=setting.teacher
            ) from None
        school, person = teacher.school, teacher.name
    require_channel(actor, school, person)


_TAG: Final = Text("通知渠道", "Channels")
_REFUSALS: Final = (NotFoundError, ForbiddenError, StaleError, StateError, InvalidWishError)

ROUTES: Final[tuple[AnyRoute, ...]] = (
    Route(
        method="GET",
        path="/channels",
        tag=_TAG,
        summary=Text("列出通知渠道（地址不显示）", "List channels, without their addresses"),
        query=ChannelList,
        answer=Page[Channel],
        run=_listed,
    ),
    Route(
        method="POST",
        path="/channels",
        tag=_TAG,
        summary=Text(
            "接通一个渠道：邮箱，或企业微信、钉钉、飞书的群机器人",
            "Set up a channel: mail, or a group robot of WeCom, DingTalk or Feishu",
        ),
        body=ChannelWish,
        answer=Channel,
        status=HTTPStatus.CREATED,
        errors=(ForbiddenError, StateError, InvalidWishError),
        id_may_be_left_out=True,
        run=_created,
    ),
    Route(
        method="GET",
        path="/channels/{id}",
        tag=_TAG,
        summary=Text("读取一个渠道", "Read one channel"),
        answer=Channel,
        errors=(NotFoundError,),
        run=_read,
    ),
    Route(
        method="PUT",
        path="/channels/{id}",
        tag=_TAG,
        summary=Text("修改渠道；不填地址则不变", "Change a channel; without an address it stays"),
        body=ChannelWish,
        answer=Channel,
        errors=_REFUSALS,
        needs_if_match=True,
        id_may_be_left_out=True,
        run=_replaced,
    ),
    Route(
        method="DELETE",
        path="/channels/{id}",
        tag=_TAG,
        summary=Text("拆除渠道，待发的消息一并作废", "Remove a channel with what waits in it"),
        answer=None,
        status=HTTPStatus.NO_CONTENT,
        errors=(NotFoundError, ForbiddenError, StaleError),
        needs_if_match=True,
        run=_removed,
    ),
    Route(
        method="POST",
        path="/channels/{id}/test-message",
        tag=_TAG,
        summary=Text("发一条测试消息", "Send a test through a channel"),
        answer=Message,
        errors=(NotFoundError,),
        run=_tried,
    ),
)
