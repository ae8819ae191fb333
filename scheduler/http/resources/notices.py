"""What people were told, how far it has come, and the same as text to copy into a chat."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from calendars.bells import SchoolId
from calendars.fields import Identifier
from calendars.text import Text
from scheduler.delivery.digests import digest, headline
from scheduler.errors import ForbiddenError, NotFoundError, StaleError, StateError
from scheduler.http.answers import Page
from scheduler.http.paging import PartOfList, page_of, position
from scheduler.http.resources.channels import channel_of
from scheduler.http.routes import PLAIN_TEXT, AnyRoute, Call, NoBody, Route
from scheduler.members import TeacherId
from scheduler.model import Actor, ActorRole, Message, MessageState, Notice
from scheduler.store import Transaction

_RECENTLY: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeList(PartOfList):
    """Which notices to list; only the office sees those of other schools."""

    school: SchoolId | None = None
    teacher: TeacherId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeText:
    """Which notices to copy: those since a moment (a day ago if left out), the last 100 at most.

    Without a teacher they are those for the schools themselves, which tell everything once.
    """

    school: SchoolId | None = None
    teacher: TeacherId | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageList(PartOfList):
    """Which messages to list; a coordinator sees those of the own school's channels."""

    state: MessageState | None = None
    channel: Identifier | None = None


def _school_for(actor: Actor, school: SchoolId | None) -> SchoolId | None:
    """The school whose notices are meant. Everybody but the office reads those of the own one."""
    if actor.role is ActorRole.ALLIANCE_ADMIN:
        return school
    if school not in {None, actor.school} or actor.school is None:
        raise ForbiddenError(
            "只能查看本校的通知。", "Only the notices of your own school are yours to read."
        )
    return actor.school


async def _notices(transaction: Transaction, call: Call[NoBody, NoticeList]) -> Page[Notice]:
    query = call.query
    found = await transaction.notices(
        school=_school_for(call.actor, query.school),
        teacher=query.teacher,
        after=position(query.cursor),
        limit=query.limit + 1,
    )
    return page_of(found, query.limit)


async def _text(transaction: Transaction, call: Call[NoBody, NoticeText]) -> Text:
    query = call.query
    found = await transaction.latest_notices(
        school=_school_for(call.actor, query.school),
        teacher=query.teacher,
        since=query.since or transaction.now - _RECENTLY,
        limit=100,
    )
    if not found:
        return Text(f"{headline('zh-CN')}没有新的通知。", f"{headline('en')} Nothing new.")
    return Text(
        f"{headline('zh-CN')}通知\n{digest(found, 'zh-CN')}",
        f"{headline('en')} Notices\n{digest(found, 'en')}",
    )


async def _messages(transaction: Transaction, call: Call[NoBody, MessageList]) -> Page[Message]:
    query, actor = call.query, call.actor
    if actor.role not in {ActorRole.ALLIANCE_ADMIN, ActorRole.SCHOOL_COORDINATOR}:
        raise ForbiddenError(
            "只有教导处和联盟办公室可以查看消息的发送情况。",
            "Only coordinators and the alliance's office see how messages fare.",
        )
    found = await transaction.messages(
        state=query.state,
        channel=query.channel,
        school=actor.school,
        after=position(query.cursor),
        limit=query.limit + 1,
    )
    return page_of(found, query.limit)


async def _message(transaction: Transaction, call: Call[NoBody, object]) -> Message:
    found = await transaction.message(call.id)
    await channel_of(transaction, call.actor, found.channel)
    return found


async def _resent(transaction: Transaction, call: Call[NoBody, object]) -> Message:
    before = await _message(transaction, call)
    call.if_match.expect(before.revision)
    if before.state is not MessageState.DEAD:
        raise StateError(
            "只有发送失败（dead）的消息需要重发。",
            "Only a message that was given up (dead) needs to be sent again.",
        )
    return await transaction.revive_message(before)


_NOTICES: Final = Text("通知", "Notices")

ROUTES: Final[tuple[AnyRoute, ...]] = (
    Route(
        method="GET",
        path="/notices",
        tag=_NOTICES,
        summary=Text("列出通知", "List notices"),
        query=NoticeList,
        answer=Page[Notice],
        errors=(ForbiddenError,),
        run=_notices,
    ),
    Route(
        method="GET",
        path="/notices/text",
        tag=_NOTICES,
        summary=Text(
            "最近的通知，可直接粘贴到微信群", "Recent notices as text, to paste into a chat"
        ),
        query=NoticeText,
        answer=Text,
        media_type=PLAIN_TEXT,
        errors=(ForbiddenError,),
        run=_text,
    ),
    Route(
        method="GET",
        path="/messages",
        tag=_NOTICES,
        summary=Text(
            "列出消息；state=dead 为发送失败的",
            "List messages; those that were given up have state=dead",
        ),
        query=MessageList,
        answer=Page[Message],
        errors=(ForbiddenError,),
        run=_messages,
    ),
    Route(
        method="GET",
        path="/messages/{id}",
        tag=_NOTICES,
        summary=Text("读取一条消息", "Read one message"),
        answer=Message,
        errors=(NotFoundError,),
        run=_message,
    ),
    Route(
        method="POST",
        path="/messages/{id}/resend",
        tag=_NOTICES,
        summary=Text("重发一条失败的消息", "Send a message again that was given up"),
        answer=Message,
        errors=(NotFoundError, StateError, StaleError),
        needs_if_match=True,
        run=_resent,
    ),
)
