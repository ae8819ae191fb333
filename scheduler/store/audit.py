"""Who did what: a row for each write, in its transaction; the database lets nobody change it."""

from collections.abc import Sequence

from sqlalchemy import insert, select

from scheduler.model import ActorRole, AuditEntry
from scheduler.store import tables
from scheduler.store.codec import decode_plain, encode
from scheduler.store.opened import OpenTransaction


async def write_audit(
    transaction: OpenTransaction,
    action: str,
    subject: tuple[str, str],
    *,
    before: object = None,
    after: object = None,
    reason: str = "",
) -> None:
    """Note what this transaction does to `subject` (its kind and id)."""
    actor = transaction.actor
    await transaction.run(
        insert(tables.audit),
        [
            {
                "at": transaction.now,
                "actor": actor.name,
                "role": actor.role.value,
                "origin": actor.origin,
                "action": action,
                "subject_kind": subject[0],
                "subject_id": subject[1],
                "reason": reason,
                "before": None if before is None else encode(before),
                "after": None if after is None else encode(after),
            }
        ],
    )


async def read_audit(
    transaction: OpenTransaction,
    *,
    subject_id: str | None = None,
    after: int = 0,
    limit: int = 100,
) -> Sequence[AuditEntry]:
    """Entries in the order they were written, those that come after number `after`."""
    query = select(tables.audit).where(tables.audit.c.no > after)
    if subject_id is not None:
        query = query.where(tables.audit.c.subject_id == subject_id)
    return tuple(
        AuditEntry(
            no=row.no,
            at=row.at,
            actor=row.actor,
            role=ActorRole(row.role),
            origin=row.origin,
            action=row.action,
            subject_kind=row.subject_kind,
            subject_id=row.subject_id,
            reason=row.reason,
            before=decode_plain(row.before),
            after=decode_plain(row.after),
        )
        for row in await transaction.all(query.order_by(tables.audit.c.no).limit(limit))
    )
