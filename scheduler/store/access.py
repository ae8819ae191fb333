"""Who may ask, and what was answered to a request that may come again."""

from datetime import datetime

from sqlalchemy import insert, select

from scheduler.errors import ReusedKeyError, StateError, UnknownTokenError
from scheduler.model import Actor
from scheduler.store import tables
from scheduler.store.audit import write_audit
from scheduler.store.codec import decode, encode
from scheduler.store.opened import OpenTransaction


async def add_token(
    transaction: OpenTransaction, token_hash: bytes, actor: Actor, *, expires_at: datetime | None
) -> None:
    """Let the bearer of a token act as `actor` (`StateError` if somebody holds it already)."""
    table = tables.tokens
    if await transaction.first(select(table.c.hash).where(table.c.hash == token_hash)):
        raise StateError("这个令牌已经存在。", "This token exists already.")
    row = {"hash": token_hash, "actor": encode(actor), "expires_at": expires_at}
    await transaction.run(insert(table), [row])
    told = {"actor": actor, "expires_at": expires_at}
    await write_audit(transaction, "create", ("tokens", actor.name), after=told)


async def actor_of(transaction: OpenTransaction, token_hash: bytes) -> Actor:
    """Whose token it is, or `UnknownTokenError`."""
    table = tables.tokens
    row = await transaction.first(
        select(table.c.actor, table.c.expires_at).where(table.c.hash == token_hash)
    )
    if row is None or (row.expires_at is not None and row.expires_at <= transaction.now):
        raise UnknownTokenError("令牌无效或已过期。", "The token opens nothing, or has expired.")
    return decode(Actor, row.actor)


async def remembered(transaction: OpenTransaction, key: str, fingerprint: bytes) -> bytes | None:
    """What this actor's idempotency key was answered; `ReusedKeyError` for another request."""
    table = tables.answers
    row = await transaction.first(
        select(table.c.fingerprint, table.c.answer).where(
            table.c.actor == _key_of(transaction.actor), table.c.key == key
        )
    )
    if row is None:
        return None
    if row.fingerprint != fingerprint:
        raise ReusedKeyError(
            f"幂等键 {key} 已用于另一个请求。",
            f"The idempotency key {key} was used for another request.",
        )
    answer: bytes = row.answer
    return answer


async def remember(
    transaction: OpenTransaction, key: str, fingerprint: bytes, answer: bytes
) -> None:
    """Keep the answer with the write it acknowledges."""
    row = {
        "actor": _key_of(transaction.actor),
        "key": key,
        "fingerprint": fingerprint,
        "answer": answer,
        "at": transaction.now,
    }
    await transaction.run(insert(tables.answers), [row])


def _key_of(actor: Actor) -> str:
    return f"{actor.role}/{actor.school or ''}/{actor.name}"
