"""Invitations by mail: who was told what of which session, and who has still to be told.

A session that has changed since is what is due: the change itself is the row of its transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from sqlalchemy import func, insert, or_, select, update

from calendars.text import Text
from scheduler.errors import NotFoundError, StateError
from scheduler.model import Invitation, Session, SessionId
from scheduler.store import tables
from scheduler.store.audit import write_audit
from scheduler.store.codec import decode, encode
from scheduler.store.opened import OpenTransaction
from scheduler.store.successors import write_over

_TABLE = tables.invitations
_KIND: Final = "invitations"
_CALLED: Final = Text("邀请", "invitation")
LEASE_SECONDS: Final = 120
"""Longer than any mail takes. A process that was killed meanwhile loses its lease then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DueInvitation:
    """A guest whom this process alone may tell now; `address` is None if no key opens it."""

    invitation: Invitation
    session: Session
    address: str | None
    lease: str


async def invitation(transaction: OpenTransaction, id: str) -> Invitation:
    """One invitation, or `NotFoundError`."""
    row = await transaction.first(select(_TABLE.c.body).where(_TABLE.c.id == id))
    if row is None:
        raise NotFoundError(f"没有编号为 {id} 的邀请。", f"No such invitation: {id}.")
    return decode(Invitation, row.body)


async def invitations(
    transaction: OpenTransaction,
    *,
    session: SessionId | None = None,
    after: str = "",
    limit: int | None = 100,
) -> Sequence[Invitation]:
    """Invitations by id, those that come after `after`."""
    query = select(_TABLE.c.body).where(_TABLE.c.id > after).order_by(_TABLE.c.id).limit(limit)
    if session is not None:
        query = query.where(_TABLE.c.session == session)
    return tuple(decode(Invitation, row.body) for row in await transaction.all(query))


async def count_invitations(transaction: OpenTransaction, *, since: datetime) -> int:
    """How many guests were invited since then, to whatever session."""
    query = select(func.count()).select_from(_TABLE).where(_TABLE.c.created_at >= since)
    row = await transaction.first(query)
    return 0 if row is None else int(row[0])


async def add_invitation(
    transaction: OpenTransaction, invitation: Invitation, address: str
) -> None:
    """Store a new invitation, to be sent (`StateError` if there is no key to seal with)."""
    row = _columns(invitation) | {
        "id": invitation.id,
        "session": invitation.session,
        "created_at": invitation.created_at,
        "sealed": transaction.keyring.seal(address),
        "seen": 0,
        "due_at": invitation.created_at,
    }
    await transaction.run(insert(_TABLE), [row])
    await write_audit(transaction, "create", (_KIND, invitation.id), after=invitation)


async def replace_invitation(
    transaction: OpenTransaction, before: Invitation, after: Invitation
) -> Invitation:
    """Store the successor of `before`, one revision later, and look at it again at once."""
    after = replace(after, id=before.id, revision=before.revision + 1)
    await write_over(
        transaction,
        _TABLE,
        before,
        _columns(after)
        | {"seen": 0, "due_at": transaction.now, "lease": None, "leased_until": None},
        called=_CALLED,
    )
    await write_audit(transaction, "change", (_KIND, after.id), before=before, after=after)
    return after


async def claim_invitation(transaction: OpenTransaction) -> DueInvitation | None:
    """The guest who has waited longest for news, for this process alone; None if nobody has."""
    sessions, now = tables.sessions, transaction.now
    row = await transaction.first(
        select(_TABLE.c.id, _TABLE.c.body, _TABLE.c.sealed, sessions.c.body.label("session_body"))
        .join(sessions, sessions.c.id == _TABLE.c.session)
        .where(
            _TABLE.c.seen != sessions.c.revision,
            _TABLE.c.due_at <= now,
            or_(_TABLE.c.leased_until.is_(None), _TABLE.c.leased_until <= now),
        )
        .order_by(_TABLE.c.due_at, _TABLE.c.id)
        .limit(1)
        .with_for_update(of=_TABLE, skip_locked=True)
    )
    if row is None:
        return None
    lease, until = uuid4().hex, now + timedelta(seconds=LEASE_SECONDS)
    await transaction.run(
        update(_TABLE).where(_TABLE.c.id == row.id).values(lease=lease, leased_until=until)
    )
    try:
        address: str | None = transaction.keyring.open(row.sealed)
    except StateError:
        address = None
    return DueInvitation(
        invitation=decode(Invitation, row.body),
        session=decode(Session, row.session_body),
        address=address,
        lease=lease,
    )


async def settle_invitation(
    transaction: OpenTransaction,
    due: DueInvitation,
    after: Invitation,
    *,
    again_at: datetime | None = None,
) -> None:
    """Note what became of it, unless the lease is over: then another process tells the guest.

    Without `again_at` the guest knows all there is to know until the session changes again.
    """
    before = due.invitation
    is_news = after != before
    after = replace(after, revision=before.revision + is_news)
    touched = await transaction.run(
        update(_TABLE)
        .where(_TABLE.c.id == before.id, _TABLE.c.lease == due.lease)
        .values(
            **_columns(after),
            seen=due.session.revision if again_at is None else 0,
            due_at=again_at or transaction.now,
            lease=None,
            leased_until=None,
        )
    )
    if touched and is_news:
        await write_audit(transaction, "tell", (_KIND, after.id), before=before, after=after)


def _columns(invitation: Invitation) -> dict[str, object]:
    return {"revision": invitation.revision, "body": encode(invitation)}
