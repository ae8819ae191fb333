"""A feed opens by its secret until it is revoked or has expired, and remembers its reader."""

from dataclasses import replace
from datetime import timedelta

import pytest

from scheduler.errors import NotFoundError, StaleError, StateError
from scheduler.model import AuditFilter, Poll, Scope, Subscription
from tests.builders import NOW
from tests.scheduler.store.desk import Desk

SECRET = b"s" * 32


def a_subscription() -> Subscription:
    return Subscription(
        id="room-TF1-R1", scope=Scope.ROOM, subject_id="TF1-R1", owner="教务", created_at=NOW
    )


async def test_a_subscription_opens_by_its_secret_until_it_is_revoked(desk: Desk) -> None:
    opened = a_subscription()
    await desk.write(lambda transaction: transaction.add_subscription(opened, SECRET))
    with pytest.raises(StateError):
        await desk.write(lambda transaction: transaction.add_subscription(opened, b"t" * 32))
    async with desk.read() as transaction:
        assert await transaction.subscription_opened_by(SECRET) == opened
        with pytest.raises(NotFoundError):
            await transaction.subscription_opened_by(b"t" * 32)
    revoked = replace(opened, revoked_at=NOW)
    await desk.write(lambda transaction: transaction.replace_subscription(opened, revoked))
    async with desk.read() as transaction:
        assert await transaction.subscription(opened.id) == revoked
        assert await transaction.subscriptions() == (revoked,)
        assert await transaction.subscriptions(after=opened.id) == ()
        with pytest.raises(NotFoundError):
            await transaction.subscription_opened_by(SECRET)
        with pytest.raises(NotFoundError):
            await transaction.subscription("nobody's")
        assert [
            each.action for each in await transaction.audit(AuditFilter(subject_id=opened.id))
        ] == [
            "create",
            "revoke",
        ]


async def test_a_subscription_opens_nothing_once_it_has_expired(desk: Desk) -> None:
    ends = NOW + timedelta(days=1)
    opened = replace(a_subscription(), expires_at=ends)
    await desk.write(lambda transaction: transaction.add_subscription(opened, SECRET))
    async with desk.store.read(now=ends - timedelta(seconds=1)) as transaction:
        assert await transaction.subscription_opened_by(SECRET) == opened
    async with desk.store.read(now=ends) as transaction:
        with pytest.raises(NotFoundError):
            await transaction.subscription_opened_by(SECRET)


async def test_a_new_secret_takes_the_place_of_the_old_one(desk: Desk) -> None:
    opened = a_subscription()
    await desk.write(lambda transaction: transaction.add_subscription(opened, SECRET))
    renewed = replace(opened, renewed_at=NOW)
    await desk.write(
        lambda transaction: transaction.replace_subscription(opened, renewed, token_hash=b"t" * 32)
    )
    async with desk.read() as transaction:
        assert await transaction.subscription_opened_by(b"t" * 32) == renewed
        with pytest.raises(NotFoundError):
            await transaction.subscription_opened_by(SECRET)


async def test_a_poll_is_noted_without_audit_and_brings_nothing_back(desk: Desk) -> None:
    opened, first = a_subscription(), Poll(NOW, "Thunderbird/153")
    await desk.write(lambda transaction: transaction.add_subscription(opened, SECRET))
    revoked = replace(opened, revoked_at=NOW)
    await desk.write(lambda transaction: transaction.replace_subscription(opened, revoked))
    with pytest.raises(StaleError):
        await desk.write(lambda transaction: transaction.replace_subscription(opened, opened))
    await desk.write(lambda transaction: transaction.note_polls({opened.id: first, "x": first}))
    older = Poll(NOW - timedelta(minutes=1), "iOS/26")
    await desk.write(lambda transaction: transaction.note_polls({opened.id: older}))
    async with desk.read() as transaction:
        assert len(await transaction.audit(AuditFilter(subject_id=opened.id))) == 2
        assert await transaction.subscription(opened.id) == replace(
            revoked, last_polled_at=NOW, client="Thunderbird/153"
        )
