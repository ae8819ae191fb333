"""Messages: some notices that go through one channel at once, and what waits to become one."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Row, Select, func, insert, select, update

from calendars.bells import SchoolId
from calendars.text import Text
from scheduler.errors import NotFoundError
from scheduler.model import Channel, Message, MessageState, Notice
from scheduler.store import tables
from scheduler.store.audit import write_audit
from scheduler.store.codec import decode, encode
from scheduler.store.opened import OpenTransaction, chunks
from scheduler.store.successors import write_over

_TABLE = tables.messages
_CALLED: Final = Text("消息", "message")


async def waiting_deliveries(transaction: OpenTransaction) -> dict[Channel, list[Notice]]:
    """Notices that are in no message yet, by their channels, which other processes then let be."""
    deliveries, channels, notices = tables.deliveries, tables.channels, tables.notices
    waiting = select(deliveries.c.channel).where(deliveries.c.message.is_(None))
    rows = await transaction.all(
        select(channels.c.id, channels.c.body)
        .where(channels.c.active, channels.c.id.in_(waiting))
        .order_by(channels.c.id)
        .with_for_update(skip_locked=True)
    )
    found = {row.id: (decode(Channel, row.body), list[Notice]()) for row in rows}
    for part in chunks(found):
        rows = await transaction.all(
            select(deliveries.c.channel, notices.c.body)
            .join(notices, notices.c.id == deliveries.c.notice)
            .where(deliveries.c.channel.in_(part), deliveries.c.message.is_(None))
            .order_by(notices.c.created_at, notices.c.id)
        )
        for row in rows:
            found[row.channel][1].append(decode(Notice, row.body))
    return dict(found.values())


async def add_message(transaction: OpenTransaction, message: Message) -> None:
    """Store a new message; its notices wait for no other one in its channel."""
    row = {
        "id": message.id,
        "channel": message.channel,
        "notices": encode(message.notices),
        "text": message.text,
        "urgent": message.urgent,
        "state": message.state.value,
        "created_at": message.created_at,
        "due_at": message.due_at,
        "attempts": message.attempts,
        "parts_sent": message.parts_sent,
        "revision": message.revision,
    }
    await transaction.run(insert(_TABLE), [row])
    deliveries = tables.deliveries
    for part in chunks(message.notices):
        await transaction.run(
            update(deliveries)
            .where(deliveries.c.channel == message.channel, deliveries.c.notice.in_(part))
            .values(message=message.id)
        )


async def message(transaction: OpenTransaction, id: str) -> Message:
    """One message, or `NotFoundError`."""
    row = await transaction.first(select(_TABLE).where(_TABLE.c.id == id))
    if row is None:
        raise NotFoundError(f"没有这条消息: {id}。", f"No such message: {id}.")
    return message_of(row)


async def messages(
    transaction: OpenTransaction,
    *,
    state: MessageState | None = None,
    channel: str | None = None,
    school: SchoolId | None = None,
    after: str = "",
    limit: int = 100,
) -> Sequence[Message]:
    """Messages by id, those that come after `after`; of a school's channels if one is named."""
    query = select(_TABLE).where(_TABLE.c.id > after).order_by(_TABLE.c.id).limit(limit)
    if state is not None:
        query = query.where(_TABLE.c.state == state.value)
    if channel is not None:
        query = query.where(_TABLE.c.channel == channel)
    if school is not None:
        channels = tables.channels
        query = query.where(
            _TABLE.c.channel.in_(select(channels.c.id).where(channels.c.school == school))
        )
    return tuple(message_of(row) for row in await transaction.all(query))


async def revive_message(transaction: OpenTransaction, before: Message) -> Message:
    """Let a message be tried again from where it stopped; `StaleError` if it changed meanwhile."""
    after = replace(
        before,
        state=MessageState.WAITING,
        attempts=0,
        due_at=transaction.now,
        revision=before.revision + 1,
    )
    await write_over(
        transaction,
        _TABLE,
        before,
        {
            "state": after.state.value,
            "attempts": 0,
            "due_at": after.due_at,
            "revision": after.revision,
        },
        called=_CALLED,
    )
    told = {"state": after.state, "channel": after.channel}
    await write_audit(
        transaction,
        "resend",
        ("messages", after.id),
        before=told | {"state": before.state},
        after=told,
    )
    return after


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What is still to be told: notices in no message, messages by state, and since when."""

    notices: int
    waiting: int
    dead: int
    oldest: datetime | None


async def stuck_messages(transaction: OpenTransaction) -> Backlog:
    """What waits in messages alone, which costs little however much was told already."""
    states = await transaction.all(
        select(
            _TABLE.c.state,
            func.count().label("many"),
            func.min(_TABLE.c.created_at).label("oldest"),
        )
        .where(_TABLE.c.state.in_((MessageState.WAITING.value, MessageState.DEAD.value)))
        .group_by(_TABLE.c.state)
    )
    by_state: defaultdict[str, int] = defaultdict(int, {row.state: row.many for row in states})
    waiting = MessageState.WAITING.value
    return Backlog(
        notices=0,
        waiting=by_state[waiting],
        dead=by_state[MessageState.DEAD.value],
        oldest=next((row.oldest for row in states if row.state == waiting), None),
    )


async def backlog(transaction: OpenTransaction) -> Backlog:
    """What waits at this moment: indexes know it, so nothing that was told already is counted."""
    loose = [await _counted(transaction, notices) for notices in (_UNROUTED, _IN_NO_MESSAGE)]
    stuck = await stuck_messages(transaction)
    moments = [each for each in (stuck.oldest, *(row.oldest for row in loose)) if each is not None]
    many = sum(row.many for row in loose)
    return replace(stuck, notices=many, oldest=min(moments, default=None))


async def _counted(transaction: OpenTransaction, notices: Select[int, datetime]) -> Row[Any]:
    row = await transaction.first(notices)
    assert row is not None  # noqa: S101 - a count has always one row
    return row


_COUNTED: Final = select(
    func.count().label("many"), func.min(tables.notices.c.created_at).label("oldest")
)
_UNROUTED: Final = _COUNTED.select_from(tables.notices).where(tables.notices.c.routed.is_(False))
_IN_NO_MESSAGE: Final = (
    _COUNTED.select_from(tables.deliveries)
    .join(tables.notices, tables.deliveries.c.notice == tables.notices.c.id)
    .where(tables.deliveries.c.message.is_(None))
)


def message_of(row: Row[Any]) -> Message:
    """The message that a row of the table holds."""
    return Message(
        id=row.id,
        channel=row.channel,
        notices=msgspec.json.decode(row.notices, type=tuple[str, ...]),
        text=row.text,
        urgent=row.urgent,
        state=MessageState(row.state),
        created_at=row.created_at,
        due_at=row.due_at,
        attempts=row.attempts,
        parts_sent=row.parts_sent,
        sent_at=row.sent_at,
        problem=None if row.problem is None else decode(Text, row.problem),
        revision=row.revision,
    )
