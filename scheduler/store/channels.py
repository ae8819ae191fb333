"""Through what people are told. Where a channel leads is sealed, and told to nobody."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

from sqlalchemy import delete, insert, select

from calendars.bells import SchoolId
from calendars.text import Text
from scheduler.errors import NotFoundError, StaleError, StateError
from scheduler.model import Channel, ChannelKind, ChannelSecret
from scheduler.records import references
from scheduler.store import tables
from scheduler.store.audit import write_audit
from scheduler.store.codec import decode, encode
from scheduler.store.naming import check_references, replace_references
from scheduler.store.opened import OpenTransaction
from scheduler.store.successors import write_over

_TABLE = tables.channels
_KIND: Final = "channels"
_CALLED: Final = Text("渠道", "channel")
_LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)


async def channel(transaction: OpenTransaction, id: str) -> Channel:
    """One channel, or `NotFoundError`."""
    row = await transaction.first(select(_TABLE.c.body).where(_TABLE.c.id == id))
    if row is None:
        raise NotFoundError(f"没有编号为 {id} 的通知渠道。", f"No such channel: {id}.")
    return decode(Channel, row.body)


async def channels(
    transaction: OpenTransaction,
    *,
    school: SchoolId | None = None,
    after: str = "",
    limit: int | None = 100,
) -> Sequence[Channel]:
    """Channels by id, those that come after `after`."""
    query = select(_TABLE.c.body).where(_TABLE.c.id > after).order_by(_TABLE.c.id).limit(limit)
    if school is not None:
        query = query.where(_TABLE.c.school == school)
    return tuple(decode(Channel, row.body) for row in await transaction.all(query))


async def add_channel(
    transaction: OpenTransaction, channel: Channel, secret: ChannelSecret
) -> None:
    """Store a new channel (`StateError` if the id is taken, or there is no key to seal with)."""
    if await transaction.first(select(_TABLE.c.id).where(_TABLE.c.id == channel.id)):
        raise StateError(
            f"渠道 {channel.id} 已经存在。", f"The channel {channel.id} already exists."
        )
    await check_references(transaction, [("", channel)])
    sealed = await _sealed(transaction, channel.kind, secret)
    await transaction.run(insert(_TABLE), [{"id": channel.id, **_columns(channel), **sealed}])
    await _note_names(transaction, channel)
    await write_audit(transaction, "create", (_KIND, channel.id), after=channel)


async def replace_channel(
    transaction: OpenTransaction, before: Channel, after: Channel, secret: ChannelSecret | None
) -> Channel:
    """Store the successor of `before`, one revision later; without a secret it leads as before."""
    after = replace(after, id=before.id, revision=before.revision + 1)
    await check_references(transaction, [("", after)])
    sealed = {} if secret is None else await _sealed(transaction, after.kind, secret)
    await write_over(transaction, _TABLE, before, _columns(after) | sealed, called=_CALLED)
    await _note_names(transaction, after)
    await write_audit(transaction, "change", (_KIND, after.id), before=before, after=after)
    return after


async def remove_channel(transaction: OpenTransaction, channel: Channel) -> None:
    """Remove a channel with everything that was to go through it; notices themselves stay."""
    for table in (tables.deliveries, tables.messages):
        await transaction.run(delete(table).where(table.c.channel == channel.id))
    touched = await transaction.run(
        delete(_TABLE).where(_TABLE.c.id == channel.id, _TABLE.c.revision == channel.revision)
    )
    if touched == 0:
        raise StaleError(
            f"渠道 {channel.id} 已被他人修改。", f"The channel {channel.id} has changed."
        )
    await replace_references(transaction, [(_KIND, channel.id, ())])
    await write_audit(transaction, "delete", (_KIND, channel.id), before=channel)


def opened_secret(transaction: OpenTransaction, sealed: bytes) -> ChannelSecret | None:
    """Where a channel leads; None where the operator's key does not open it."""
    try:
        return decode(ChannelSecret, transaction.keyring.open(sealed))
    except StateError:
        return None


async def _sealed(
    transaction: OpenTransaction, kind: ChannelKind, secret: ChannelSecret
) -> dict[str, object]:
    """The sealed secret and the row that says when this robot, or mail, may be called again."""
    is_mail = kind is ChannelKind.MAIL
    key = "mail" if is_mail else f"{kind}-{sha256(secret.address.encode()).hexdigest()}"
    senders = tables.senders
    if await transaction.first(select(senders.c.key).where(senders.c.key == key)) is None:
        await transaction.run(insert(senders), [{"key": key, "free_at": _LONG_AGO}])
    return {"sealed": transaction.keyring.seal(encode(secret)), "sender": key}


async def _note_names(transaction: OpenTransaction, channel: Channel) -> None:
    named = [(_KIND, channel.id, tuple(references(channel)))]
    await replace_references(transaction, named)


def _columns(channel: Channel) -> dict[str, object]:
    return {
        "school": channel.school,
        "active": channel.active,
        "revision": channel.revision,
        "body": encode(channel),
    }
