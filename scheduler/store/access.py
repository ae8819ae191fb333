"""Who may ask, and what was answered to a request that may come again."""

from datetime import datetime

from sqlalchemy import and_, bindparam, delete, insert, select, update

from scheduler.errors import ReusedKeyError, StateError, UnknownTokenError
from scheduler.model import Actor
from scheduler.store import tables
from scheduler.store.audit import write_audit
from scheduler.store.codec import decode, encode
from scheduler.store.opened import OpenTransaction

_ANSWERS, _TOKENS = tables.answers, tables.tokens
_ACTOR = select(_TOKENS.c.actor, _TOKENS.c.expires_at).where(_TOKENS.c.hash == bindparam("of_hash"))
_IS_OF_KEY = and_(_ANSWERS.c.actor == bindparam("of_actor"), _ANSWERS.c.key == bindparam("of_key"))
_REMEMBERED = select(_ANSWERS.c.fingerprint, _ANSWERS.c.answer).where(_IS_OF_KEY)
_INSERT = insert(_ANSWERS)
_UPDATE = (
    update(_ANSWERS)
    .where(_IS_OF_KEY)
    .values(
        answer=bindparam("new_answer"),
        fingerprint=bindparam("new_fingerprint"),
        at=bindparam("new_at"),
    )
)


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
    row = await transaction.first(_ACTOR, {"of_hash": token_hash})
    if row is None or (row.expires_at is not None and row.expires_at <= transaction.now):
        raise UnknownTokenError("令牌无效或已过期。", "The token opens nothing, or has expired.")
    return decode(Actor, row.actor)


async def remembered(transaction: OpenTransaction, key: str, fingerprint: bytes) -> bytes | None:
    """What this actor's idempotency key was answered; `ReusedKeyError` for another request.

    A key that is new is taken at once, so that the same request at the same time waits for this
    transaction and then finds its answer. An answer is never empty.
    """
    row = await transaction.first(
        _REMEMBERED, {"of_actor": _key_of(transaction.actor), "of_key": key}
    )
    if row is None:
        await transaction.run(_INSERT, [_answer(transaction, key, fingerprint, b"")])
        return None
    if row.fingerprint != fingerprint:
        raise ReusedKeyError(
            f"Idempotency-Key“{key}”已用于另一个请求；新的请求请换一个键。",
            f"The Idempotency-Key {key!r} was used for another request: give each its own.",
            key=key,
        )
    return row.answer or None


async def remember(
    transaction: OpenTransaction, key: str, fingerprint: bytes, answer: bytes
) -> None:
    """Keep the answer with the write it acknowledges."""
    taken = {"of_actor": _key_of(transaction.actor), "of_key": key}
    told = {"new_answer": answer, "new_fingerprint": fingerprint, "new_at": transaction.now}
    if not await transaction.run(_UPDATE, taken | told):
        await transaction.run(_INSERT, [_answer(transaction, key, fingerprint, answer)])


async def forget_answers(transaction: OpenTransaction, older_than: datetime) -> int:
    """Forget what was answered before that moment; how many answers. Their keys are new again."""
    return await transaction.run(delete(_ANSWERS).where(_ANSWERS.c.at < older_than))


def _answer(
    transaction: OpenTransaction, key: str, fingerprint: bytes, answer: bytes
) -> dict[str, object]:
    return {
        "actor": _key_of(transaction.actor),
        "key": key,
        "fingerprint": fingerprint,
        "answer": answer,
        "at": transaction.now,
    }


def _key_of(actor: Actor) -> str:
    return f"{actor.role}/{actor.school or ''}/{actor.name}"
