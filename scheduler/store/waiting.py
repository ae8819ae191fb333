"""The waiting list."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import insert, select, update

from scheduler.errors import NotFoundError, StaleError
from scheduler.model import SeriesId, Waiting, WaitingId, WaitingState
from scheduler.records import references
from scheduler.store import tables
from scheduler.store.audit import write_audit
from scheduler.store.codec import decode, encode
from scheduler.store.naming import replace_references
from scheduler.store.opened import OpenTransaction

_TABLE = tables.waiting_list
_KIND: Final = "waiting-list"


async def waiting(transaction: OpenTransaction, id: WaitingId) -> Waiting:
    """One wish that waits or waited, or `NotFoundError`."""
    row = await transaction.first(select(_TABLE.c.body).where(_TABLE.c.id == id))
    if row is None:
        raise NotFoundError(f"候补名单上没有 {id}。", f"The waiting list has no {id}.")
    return decode(Waiting, row.body)


async def waiting_list(
    transaction: OpenTransaction,
    *,
    states: Sequence[WaitingState] = (WaitingState.WAITING,),
    series: SeriesId | None = None,
) -> Sequence[Waiting]:
    """All wishes in these states, in the order in which they were filed."""
    query = select(_TABLE.c.body).where(_TABLE.c.state.in_(states))
    if series is not None:
        query = query.where(_TABLE.c.series == series)
    rows = await transaction.all(query.order_by(_TABLE.c.filed_at, _TABLE.c.id))
    return tuple(decode(Waiting, row.body) for row in rows)


async def add_waiting(transaction: OpenTransaction, waiting: Waiting) -> None:
    """Put a new wish on the list."""
    await transaction.run(insert(_TABLE), [columns_of(waiting)])
    await replace_references(transaction, [(_KIND, waiting.id, references(waiting))])
    await write_audit(transaction, "create", (_KIND, waiting.id), after=waiting)


async def replace_waiting(transaction: OpenTransaction, before: Waiting, after: Waiting) -> Waiting:
    """Store the successor of `before`, one revision later; `StaleError` if it changed meanwhile."""
    after = replace(after, id=before.id, revision=before.revision + 1)
    touched = await transaction.run(
        update(_TABLE)
        .where(_TABLE.c.id == before.id, _TABLE.c.revision == before.revision)
        .values(columns_of(after))
    )
    if touched == 0:
        now = await waiting(transaction, before.id)
        raise StaleError(
            f"候补 {before.id} 已有变化：现在是第 {now.revision} 版。",
            f"The waiting wish {before.id} has changed: it is now at revision {now.revision}.",
        )
    if not after.is_open:
        await replace_references(transaction, [(_KIND, after.id, ())])
    await write_audit(transaction, after.state.value, (_KIND, after.id), before=before, after=after)
    return after


def columns_of(waiting: Waiting) -> dict[str, Any]:
    """The row of a wish."""
    return {
        "id": waiting.id,
        "state": waiting.state.value,
        "series": waiting.series,
        "filed_at": waiting.filed_at,
        "revision": waiting.revision,
        "body": encode(waiting),
    }
