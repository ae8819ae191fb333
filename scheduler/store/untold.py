"""Changes of sessions of which nobody was told (invariant 8)."""

from datetime import timedelta
from typing import Final

from sqlalchemy import exists, select

from scheduler.model.findings import Check, Finding, found_in
from scheduler.store import tables
from scheduler.store.opened import OpenTransaction

KEPT_AT_LEAST: Final = timedelta(days=30)
"""No notice is forgotten sooner."""
_TOLD: Final = ("create", "move", "cancel", "expire")
_AUDIT, _NOTICES = tables.audit, tables.notices


async def untold_changes(transaction: OpenTransaction) -> tuple[Finding, ...]:
    """What was booked, moved or dropped lately without a notice of that very moment.

    A notice is written in the transaction of its cause, so both bear the same moment.
    """
    told = exists().where(_NOTICES.c.created_at == _AUDIT.c.at)
    rows = await transaction.all(
        select(_AUDIT.c.no, _AUDIT.c.subject_id)
        .where(
            _AUDIT.c.subject_kind == "sessions",
            _AUDIT.c.action.in_(_TOLD),
            _AUDIT.c.at > transaction.now - KEPT_AT_LEAST,
            ~told,
        )
        .order_by(_AUDIT.c.no)
    )
    return tuple(
        found_in(
            Check.NOTICES,
            f"sessions {row.subject_id}",
            f"操作日志第 {row.no} 条所记的改动没有通知任何人。",
            f"nobody was told of the change in entry {row.no} of the audit.",
        )
        for row in rows
    )
