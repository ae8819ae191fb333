"""A feed opens by its secret until revoked, and its revision moves with what it shows."""

from dataclasses import replace
from datetime import timedelta

import pytest

from scheduler.errors import NotFoundError, StaleError, StateError
from scheduler.model import AuditFilter, Poll, Scope, SessionState, Subscription
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


SCOPES = [
    (Scope.ROOM, "TF1-R1"),
    (Scope.TEACHER, "JS-T1"),
    (Scope.SCHOOL, "JS"),
    (Scope.CLASS_GROUP, "JS-C1"),
    (Scope.SUBJECT, "JS"),
    (Scope.STUDIO, "S1"),
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
    assert moved(last, await revisions(desk)) == [Scope.STUDIO, Scope.ALLIANCE]


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
    assert moved(before, await revisions(desk)) == [
        Scope.TEACHER,
        Scope.STUDIO,
        Scope.ALLIANCE,
    ]


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
