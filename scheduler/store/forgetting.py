"""Forgetting what people were told long ago, in parts that nobody waits for.

What has not reached them stays: messages that wait, and those that were given up until a person has
sent them again or removed their channel, with every notice in them.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import delete, exists, select

from scheduler.model import MessageState
from scheduler.store import tables
from scheduler.store.audit import write_audit
from scheduler.store.opened import OpenTransaction

_MESSAGES, _NOTICES, _DELIVERIES = tables.messages, tables.notices, tables.deliveries
AT_ONCE: Final = 500
"""So many messages and notices a transaction."""


async def forget_told(
    transaction: OpenTransaction, older_than: datetime, *, most: int = AT_ONCE
) -> int:
    """Forget messages that were sent before that moment, and notices that nothing carries any more.

    How many: at most `most` of each, so whoever wants all of them gone asks until there are none.
    """
    messages = await _forget_messages(transaction, older_than, most)
    notices = await _forget_notices(transaction, older_than, most)
    if messages or notices:
        told = {"messages": messages, "notices": notices, "older_than": older_than}
        await write_audit(transaction, "purge", ("notices", "told"), after=told)
    return messages + notices


async def _forget_messages(transaction: OpenTransaction, older_than: datetime, most: int) -> int:
    rows = await transaction.all(
        select(_MESSAGES.c.id)
        .where(
            _MESSAGES.c.state == MessageState.SENT.value,
            _MESSAGES.c.due_at < older_than,  # it is due before it is sent: the index knows that
            _MESSAGES.c.sent_at < older_than,
        )
        .order_by(_MESSAGES.c.due_at)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    named = [row.id for row in rows]
    await transaction.run(delete(_DELIVERIES).where(_DELIVERIES.c.message.in_(named)))
    return await transaction.run(delete(_MESSAGES).where(_MESSAGES.c.id.in_(named)))


async def _forget_notices(transaction: OpenTransaction, older_than: datetime, most: int) -> int:
    rows = await transaction.all(
        select(_NOTICES.c.id)
        .where(
            _NOTICES.c.created_at < older_than,
            _NOTICES.c.routed,
            ~exists().where(_DELIVERIES.c.notice == _NOTICES.c.id),
        )
        .order_by(_NOTICES.c.created_at, _NOTICES.c.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    return await transaction.run(
        delete(_NOTICES).where(_NOTICES.c.id.in_([row.id for row in rows]))
    )
