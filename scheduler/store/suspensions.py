"""Days on which schools are closed all at once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final

from sqlalchemy import insert, select

from calendars.text import Text
from scheduler.errors import NotFoundError
from scheduler.model import Suspension, SuspensionId
from scheduler.store import tables
from scheduler.store.audit import write_audit
from scheduler.store.codec import decode, encode
from scheduler.store.opened import OpenTransaction
from scheduler.store.successors import write_over

_TABLE = tables.suspensions
_KIND: Final = "suspensions"
_CALLED: Final = Text("停课", "suspension")


async def suspension(transaction: OpenTransaction, id: SuspensionId) -> Suspension:
    """One suspension, or `NotFoundError`."""
    row = await transaction.first(select(_TABLE.c.body).where(_TABLE.c.id == id))
    if row is None:
        raise NotFoundError(f"没有这次停课: {id}。", f"No such suspension: {id}.")
    return decode(Suspension, row.body)


async def suspensions(
    transaction: OpenTransaction, *, after: str = "", limit: int | None = 100
) -> Sequence[Suspension]:
    """Suspensions by id, those that come after `after`."""
    query = select(_TABLE.c.body).where(_TABLE.c.id > after).order_by(_TABLE.c.id).limit(limit)
    return tuple(decode(Suspension, row.body) for row in await transaction.all(query))


async def suspensions_on(transaction: OpenTransaction, on: date) -> Sequence[Suspension]:
    """The suspensions of a date that have not been lifted."""
    query = select(_TABLE.c.body).where(_TABLE.c.date == on, _TABLE.c.lifted_at.is_(None))
    rows = await transaction.all(query.order_by(_TABLE.c.id))
    return tuple(decode(Suspension, row.body) for row in rows)


async def add_suspension(transaction: OpenTransaction, suspension: Suspension) -> None:
    """Store a new suspension."""
    await transaction.run(insert(_TABLE), [columns_of(suspension)])
    await write_audit(
        transaction,
        "create",
        (_KIND, suspension.id),
        after=suspension,
        reason=suspension.reason,
    )


async def replace_suspension(
    transaction: OpenTransaction, before: Suspension, after: Suspension
) -> Suspension:
    """Store the successor of `before`, one revision later; `StaleError` if it changed meanwhile."""
    after = replace(after, id=before.id, revision=before.revision + 1)
    await write_over(transaction, _TABLE, before, columns_of(after), called=_CALLED)
    action = "change" if after.lifted_at is None else "lift"
    await write_audit(transaction, action, (_KIND, after.id), before=before, after=after)
    return after


def columns_of(suspension: Suspension) -> dict[str, Any]:
    """The row of a suspension."""
    return {
        "id": suspension.id,
        "date": suspension.date,
        "lifted_at": suspension.lifted_at,
        "revision": suspension.revision,
        "body": encode(suspension),
    }
