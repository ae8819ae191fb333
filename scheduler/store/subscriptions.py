"""Published calendars: who opened them, and who has read them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy import bindparam, insert, select, update

from scheduler.errors import NotFoundError, StaleError, StateError
from scheduler.model import Poll, Subscription
from scheduler.store import tables
from scheduler.store.audit import write_audit
from scheduler.store.codec import decode, encode
from scheduler.store.opened import OpenTransaction, chunks

_TABLE = tables.subscriptions
_KIND: Final = "subscriptions"
_OPENED: Final = select(_TABLE.c.body).where(
    _TABLE.c.token_hash == bindparam("hash"), _TABLE.c.revoked_at.is_(None)
)


async def add_subscription(
    transaction: OpenTransaction, subscription: Subscription, token_hash: bytes
) -> None:
    """Store a new subscription with the hash of its token (`StateError` if the id is taken)."""
    if await transaction.first(select(_TABLE.c.id).where(_TABLE.c.id == subscription.id)):
        raise StateError(
            f"订阅 {subscription.id} 已经存在。",
            f"The subscription {subscription.id} already exists.",
        )
    row = _columns(subscription) | {"id": subscription.id, "token_hash": token_hash}
    await transaction.run(insert(_TABLE), [row])
    await write_audit(transaction, "create", (_KIND, subscription.id), after=subscription)


async def subscription_opened_by(transaction: OpenTransaction, token_hash: bytes) -> Subscription:
    """The subscription that is neither revoked nor has expired, or `NotFoundError`."""
    row = await transaction.first(_OPENED, {"hash": token_hash})
    found = None if row is None else decode(Subscription, row.body)
    if found is None or not found.is_open(transaction.now):
        raise NotFoundError("没有这个日历。", "No such calendar.")
    return found


async def subscription(transaction: OpenTransaction, id: str) -> Subscription:
    """One subscription, revoked or not, or `NotFoundError`."""
    row = await transaction.first(select(_TABLE.c.body).where(_TABLE.c.id == id))
    if row is None:
        raise NotFoundError(f"没有编号为 {id} 的订阅。", f"No such subscription: {id}.")
    return decode(Subscription, row.body)


async def subscriptions(
    transaction: OpenTransaction, *, after: str = "", limit: int = 100
) -> Sequence[Subscription]:
    """Subscriptions by id, those that come after `after`."""
    query = select(_TABLE.c.body).where(_TABLE.c.id > after).order_by(_TABLE.c.id).limit(limit)
    return tuple(decode(Subscription, row.body) for row in await transaction.all(query))


async def replace_subscription(
    transaction: OpenTransaction,
    before: Subscription,
    after: Subscription,
    *,
    token_hash: bytes | None = None,
) -> None:
    """Store the successor of `before`, under another secret if `token_hash` is given.

    `StaleError` if it was revoked meanwhile.
    """
    columns = _columns(after) | ({} if token_hash is None else {"token_hash": token_hash})
    touched = await transaction.run(
        update(_TABLE)
        .where(
            _TABLE.c.id == before.id,
            _TABLE.c.revoked_at.is_not_distinct_from(before.revoked_at),
        )
        .values(columns)
    )
    if touched == 0:
        await subscription(transaction, before.id)
        raise StaleError(
            f"订阅 {before.id} 已被他人修改。", f"The subscription {before.id} has changed."
        )
    action = "change" if after.revoked_at is None else "revoke"
    await write_audit(transaction, action, (_KIND, before.id), before=before, after=after)


async def note_polls(transaction: OpenTransaction, polls: Mapping[str, Poll]) -> None:
    """Note who read which subscription last. It leaves no audit row and brings nothing back."""
    for ids in chunks(sorted(polls)):
        query = select(_TABLE.c.id, _TABLE.c.body).where(_TABLE.c.id.in_(ids))
        rows = await transaction.all(query.order_by(_TABLE.c.id).with_for_update())
        for row in rows:
            before, poll = decode(Subscription, row.body), polls[row.id]
            if before.last_polled_at is not None and before.last_polled_at >= poll.at:
                continue
            after = replace(before, last_polled_at=poll.at, client=poll.client)
            await transaction.run(
                update(_TABLE).where(_TABLE.c.id == row.id).values(_columns(after))
            )


def _columns(subscription: Subscription) -> dict[str, object]:
    return {"revoked_at": subscription.revoked_at, "body": encode(subscription)}
