"""Who may read which calendar: a secret address is opened, shown once, and closed for good."""

import secrets
from dataclasses import dataclass, replace
from typing import Final
from uuid import uuid4

from calendars.text import Language
from scheduler.errors import InvalidWishError, NotFoundError, StateError
from scheduler.members import Name, Room, School, Teacher
from scheduler.model import Scope, Subscription
from scheduler.store import Transaction
from scheduler.tokens import hash_of

_SUBJECTS: Final[dict[Scope, type[Teacher | School | Room]]] = {
    Scope.TEACHER: Teacher,
    Scope.SCHOOL: School,
    Scope.ROOM: Room,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionWish:
    """The calendar that somebody (`owner`) wants to read, and in which language."""

    scope: Scope
    subject_id: str | None = None
    language: Language = "zh-CN"
    owner: Name


async def subscribe(transaction: Transaction, wish: SubscriptionWish) -> tuple[Subscription, str]:
    """Open a calendar. The token of its address is told here and never again."""
    await _require_subject(transaction, wish)
    token = secrets.token_urlsafe(32)
    subscription = Subscription(
        id=uuid4().hex,
        scope=wish.scope,
        subject_id=wish.subject_id,
        language=wish.language,
        owner=wish.owner,
        created_at=transaction.now,
    )
    await transaction.add_subscription(subscription, hash_of(token))
    return subscription, token


async def revoke(transaction: Transaction, id: str) -> Subscription:
    """Close the address for good: from now on it looks like one that never was (E69)."""
    before = await transaction.subscription(id)
    if before.revoked_at is not None:
        raise StateError("该订阅已经撤销。", "This subscription is revoked already.")
    after = replace(before, revoked_at=transaction.now)
    await transaction.replace_subscription(before, after)
    return after


async def _require_subject(transaction: Transaction, wish: SubscriptionWish) -> None:
    kind = _SUBJECTS.get(wish.scope)
    if (kind is None) != (wish.subject_id is None):
        raise InvalidWishError(
            "联盟日历没有 subject_id, 其他日历必须有。",
            "The alliance's calendar has no subject_id, every other one needs it.",
            pointer="/subject_id",
            value=wish.subject_id,
        )
    if kind is None or wish.subject_id is None:
        return
    try:
        await transaction.get(kind, wish.subject_id)
    except NotFoundError as error:
        raise InvalidWishError(
            error.text.zh, error.text.en, pointer="/subject_id", value=wish.subject_id
        ) from None
