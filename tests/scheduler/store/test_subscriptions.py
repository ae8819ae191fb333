"""A feed opens by its secret until revoked, and its revision moves with what it shows."""

from dataclasses import replace

import pytest

from scheduler.errors import NotFoundError, StaleError, StateError
from scheduler.model import Scope, SessionState, Subscription
from tests.builders import NOW, a_block, a_room, a_session, a_site, a_teacher, at
from tests.scheduler.store.desk import Desk

SECRET = b"s" * 32


def a_subscription(scope: Scope = Scope.ROOM, subject_id: str | None = "TF1-R1") -> Subscription:
    return Subscription(
        id=f"{scope}-{subject_id}",
        scope=scope,
        subject_id=subject_id,
        owner="教务",
        created_at=NOW,
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
        assert [each.action for each in await transaction.audit(subject_id=opened.id)] == [
            "create",
            "revoke",
        ]


async def test_a_poll_leaves_no_audit_and_does_not_open_what_was_revoked(desk: Desk) -> None:
    opened = a_subscription()
    await desk.write(lambda transaction: transaction.add_subscription(opened, SECRET))
    polled = replace(opened, last_polled_at=NOW)
    await desk.write(lambda transaction: transaction.replace_subscription(opened, polled))
    async with desk.read() as transaction:
        assert len(await transaction.audit(subject_id=opened.id)) == 1
        assert await transaction.subscription(opened.id) == polled
    revoked = replace(polled, revoked_at=NOW)
    await desk.write(lambda transaction: transaction.replace_subscription(polled, revoked))
    with pytest.raises(StaleError):
        await desk.write(lambda transaction: transaction.replace_subscription(opened, polled))
    renamed = replace(revoked, owner="教导处")
    await desk.write(lambda transaction: transaction.replace_subscription(revoked, renamed))


SCOPES = [
    (Scope.ROOM, "TF1-R1"),
    (Scope.TEACHER, "JS-T1"),
    (Scope.SCHOOL, "JS"),
    (Scope.ALLIANCE, None),
]


async def revisions(desk: Desk) -> list[str]:
    async with desk.read() as transaction:
        return [await transaction.feed_revision(a_subscription(*scope)) for scope in SCOPES]


def moved(before: list[str], after: list[str]) -> list[Scope]:
    return [scope for (scope, _), old, new in zip(SCOPES, before, after, strict=True) if old != new]


async def test_a_feeds_revision_moves_with_the_sessions_it_shows_and_only_those(
    desk: Desk,
) -> None:
    session = a_session()
    everyone = [scope for scope, _ in SCOPES]
    before = await revisions(desk)
    await desk.add(session)
    after = await revisions(desk)
    assert moved(before, after) == everyone
    cancelled = replace(session, state=SessionState.CANCELLED)
    await desk.replace(session, cancelled)
    last = await revisions(desk)
    assert moved(after, last) == everyone
    await desk.add(a_session("s2", at("9:00"), sites=(a_site("CB"),), link_pool=None))
    assert moved(last, await revisions(desk)) == [Scope.ALLIANCE]


async def test_a_feeds_revision_moves_where_a_session_leaves(desk: Desk) -> None:
    session = a_session()
    await desk.add(session)
    before = await revisions(desk)
    elsewhere = replace(session, sites=(a_site("TF1", room=a_room(no=2).id), session.sites[1]))
    await desk.replace(session, elsewhere)
    assert Scope.ROOM in moved(before, await revisions(desk))


async def test_an_observers_feed_moves_too(desk: Desk) -> None:
    before = await revisions(desk)
    site = a_site("CB", observers=(a_teacher("JS").id,))
    await desk.add(a_session(sites=(site,), link_pool=None))
    assert moved(before, await revisions(desk)) == [Scope.TEACHER, Scope.ALLIANCE]


async def test_a_feeds_revision_moves_with_names_but_not_with_what_is_not_shown(
    desk: Desk,
) -> None:
    before = await revisions(desk)
    await desk.put(a_block(at("9:00"), "JS", room=a_room("JS").id))
    assert moved(before, await revisions(desk)) == []
    await desk.put(a_teacher("CB", name="新名字"))
    assert len(moved(before, await revisions(desk))) == len(SCOPES)


async def test_the_feed_of_nobody_has_a_revision(desk: Desk) -> None:
    async with desk.read() as transaction:
        assert await transaction.feed_revision(a_subscription(Scope.ROOM, "R9"))
