"""Messages on their way: taken by one process at a time, then sent, put off or given up.

A process that is killed while it sends loses its lease; what it had not settled is sent again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import and_, func, or_, select, update

from calendars.text import Text
from scheduler.model import Channel, ChannelKind, ChannelSecret, Message, MessageState
from scheduler.store import tables
from scheduler.store.channels import opened_secret
from scheduler.store.codec import decode, encode
from scheduler.store.messages import message_of
from scheduler.store.notices import note_told
from scheduler.store.opened import OpenTransaction

_TABLE = tables.messages
LEASE_SECONDS: Final = 120
"""Longer than any attempt lasts. A process that was killed while sending loses its lease then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A message that this process alone may send now; `secret` is None if no key opens it."""

    message: Message
    channel: Channel
    secret: ChannelSecret | None
    lease: str
    sender: str


async def claim_messages(
    transaction: OpenTransaction, pauses: Mapping[ChannelKind, float], *, most: int
) -> Sequence[Claim]:
    """Messages that are due, at most one for each robot that may be called now.

    They are this process's for `LEASE_SECONDS`, and their robots take nobody else's for the pause
    of their kind.
    """
    found = []
    for sender in await _free_senders(transaction, most):
        if (claim := await _claim(transaction, sender)) is not None:
            pause = timedelta(seconds=pauses[claim.channel.kind])
            await hold_sender(transaction, sender, transaction.now + pause)
            found.append(claim)
    return found


async def hold_sender(transaction: OpenTransaction, sender: str, until: datetime) -> None:
    """Nobody calls this robot before `until`."""
    senders = tables.senders
    await transaction.run(
        update(senders)
        .where(senders.c.key == sender, senders.c.free_at < until)
        .values(free_at=until)
    )


async def note_part(transaction: OpenTransaction, claim: Claim, *, is_last: bool) -> None:
    """One more part was taken: the message is sent, or waits for its next part."""
    values: dict[str, object] = {"parts_sent": claim.message.parts_sent + 1, "attempts": 0}
    if is_last:
        values |= {"state": MessageState.SENT.value, "sent_at": transaction.now, "problem": None}
    else:
        values |= {"due_at": transaction.now}
    if await _settle(transaction, claim, values) and is_last:
        await note_told(transaction, claim.message.notices, transaction.now)


async def note_failure(
    transaction: OpenTransaction, claim: Claim, problem: Text, *, again_at: datetime | None
) -> None:
    """The message was not taken: it waits until `again_at`, or for a person if that is None."""
    values: dict[str, object] = {"problem": encode(problem)}
    if again_at is None:
        values |= {"state": MessageState.DEAD.value}
    else:
        values |= {"due_at": again_at}
    await _settle(transaction, claim, values)


def _is_due(now: datetime) -> Any:  # noqa: ANN401 - a condition of SQLAlchemy
    return and_(
        _TABLE.c.state == MessageState.WAITING.value,
        _TABLE.c.due_at <= now,
        or_(_TABLE.c.leased_until.is_(None), _TABLE.c.leased_until <= now),
    )


async def _free_senders(transaction: OpenTransaction, most: int) -> list[str]:
    """Robots that may be called and have something to say, the longest waiting first, locked."""
    senders, channels, now = tables.senders, tables.channels, transaction.now
    waiting = await transaction.all(
        select(channels.c.sender)
        .join(_TABLE, _TABLE.c.channel == channels.c.id)
        .join(senders, senders.c.key == channels.c.sender)
        .where(_is_due(now), channels.c.active, senders.c.free_at <= now)
        .group_by(channels.c.sender)
        .order_by(func.min(_TABLE.c.due_at))
        .limit(most)
    )
    locked = await transaction.all(
        select(senders.c.key)
        .where(senders.c.key.in_([row.sender for row in waiting]), senders.c.free_at <= now)
        .order_by(senders.c.key)
        .with_for_update(skip_locked=True)
    )
    return [row.key for row in locked]


async def _claim(transaction: OpenTransaction, sender: str) -> Claim | None:
    channels, now = tables.channels, transaction.now
    row = await transaction.first(
        select(_TABLE, channels.c.body, channels.c.sealed)
        .join(channels, channels.c.id == _TABLE.c.channel)
        .where(_is_due(now), channels.c.active, channels.c.sender == sender)
        .order_by(_TABLE.c.due_at, _TABLE.c.id)
        .limit(1)
        .with_for_update(of=_TABLE, skip_locked=True)
    )
    if row is None:
        return None
    lease = uuid4().hex
    await transaction.run(
        update(_TABLE)
        .where(_TABLE.c.id == row.id)
        .values(
            lease=lease,
            leased_until=now + timedelta(seconds=LEASE_SECONDS),
            attempts=row.attempts + 1,
        )
    )
    return Claim(
        message=replace(message_of(row), attempts=row.attempts + 1),
        channel=decode(Channel, row.body),
        secret=opened_secret(transaction, row.sealed),
        lease=lease,
        sender=sender,
    )


async def _settle(transaction: OpenTransaction, claim: Claim, values: Mapping[str, object]) -> bool:
    """Whether the lease still held. Whoever came too late changes nothing: another sends it."""
    touched = await transaction.run(
        update(_TABLE)
        .where(_TABLE.c.id == claim.message.id, _TABLE.c.lease == claim.lease)
        .values(**values, lease=None, leased_until=None, revision=_TABLE.c.revision + 1)
    )
    return touched > 0
