"""The waiting list."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import insert, select

from calendars.text import Text
from scheduler.errors import NotFoundError
from scheduler.model import SeriesId, Waiting, WaitingId, WaitingState
from scheduler.records import references
from scheduler.store import tables
from scheduler.store.audit import write_audit
from scheduler.store.codec import decode, encode
from scheduler.store.naming import replace_references
from scheduler.store.opened import OpenTransaction
from scheduler.store.successors import write_over

_TABLE = tables.waiting_list
_KIND: Final = "waiting-list"
_CALLED: Final = Text("候补", "waiting wish")


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
    await write_over(transaction, _TABLE, before, columns_of(after), called=_CALLED)
    if not after.is_open or after.offered_requests != before.offered_requests:
        named = references(after) if after.is_open else ()
        await replace_references(transaction, [(_KIND, after.id, named)])
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
