"""Who did what: an entry for each write, in its transaction; the database lets nobody change it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, func, select

from scheduler.model import ActorRole, AuditEntry, AuditFilter, PastState
from scheduler.store import tables
from scheduler.store.codec import decode_plain, encode
from scheduler.store.opened import OpenTransaction

_TABLE = tables.audit
EVERYTHING: Final = AuditFilter()


async def write_audit(
    transaction: OpenTransaction,
    action: str,
    subject: tuple[str, str],
    *,
    before: object = None,
    after: object = None,
    reason: str = "",
) -> None:
    """Note what this transaction does to `subject` (its kind and id); written as it ends.

    The reason is the one given here, or else the one that came with the request.
    """
    actor = transaction.actor
    transaction.noted.append(
        {
            "at": transaction.now,
            "actor": actor.name,
            "role": actor.role.value,
            "origin": actor.origin,
            "request": actor.request,
            "action": action,
            "subject_kind": subject[0],
            "subject_id": subject[1],
            "reason": reason or transaction.reason,
            "before": None if before is None else encode(before),
            "after": None if after is None else encode(after),
        }
    )


async def read_audit(
    transaction: OpenTransaction,
    wanted: AuditFilter = EVERYTHING,
    *,
    after: int = 0,
    limit: int = 100,
) -> Sequence[AuditEntry]:
    """Entries in the order they were written, those that come after number `after`."""
    query = select(_TABLE).where(_TABLE.c.no > after)
    for column in ("subject_kind", "subject_id", "actor"):
        if (value := getattr(wanted, column)) is not None:
            query = query.where(_TABLE.c[column] == value)
    if wanted.since is not None:
        query = query.where(_TABLE.c.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(_TABLE.c.at < wanted.until)
    rows = await transaction.all(query.order_by(_TABLE.c.no).limit(limit))
    return tuple(_entry(row) for row in rows)


async def past_states(
    transaction: OpenTransaction,
    kind: str,
    moment: datetime,
    *,
    id: str | None = None,
    after: str = "",
    limit: int = 100,
) -> Sequence[PastState]:
    """What things of a kind (all, or the one `id`) were at a moment, by id after `after`.

    A thing that was gone by then is told as such, one that had never been is not.
    """
    latest = select(func.max(_TABLE.c.no)).where(
        _TABLE.c.subject_kind == kind, _TABLE.c.at <= moment, _TABLE.c.subject_id > after
    )
    if id is not None:
        latest = latest.where(_TABLE.c.subject_id == id)
    latest = latest.group_by(_TABLE.c.subject_id).order_by(_TABLE.c.subject_id).limit(limit)
    rows = await transaction.all(
        select(_TABLE).where(_TABLE.c.no.in_(latest)).order_by(_TABLE.c.subject_id)
    )
    return tuple(
        PastState(
            id=row.subject_id,
            state=decode_plain(row.after),
            since=row.at,
            entry=row.no,
            action=row.action,
            actor=row.actor,
        )
        for row in rows
    )


def _entry(row: Row[Any]) -> AuditEntry:
    return AuditEntry(
        no=row.no,
        at=row.at,
        actor=row.actor,
        role=ActorRole(row.role),
        origin=row.origin,
        request=row.request,
        action=row.action,
        subject_kind=row.subject_kind,
        subject_id=row.subject_id,
        reason=row.reason,
        before=decode_plain(row.before),
        after=decode_plain(row.after),
        chain=row.chain,
        position=row.position,
        hash=row.hash.hex(),
    )
