"""The weekly patterns that sessions come from."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy import insert, select

from calendars.text import Text
from scheduler.errors import NotFoundError, StateError
from scheduler.model import Series, SeriesId
from scheduler.records import references
from scheduler.store import tables
from scheduler.store.audit import write_audit
from scheduler.store.codec import decode, encode
from scheduler.store.departures import note_new_pattern
from scheduler.store.naming import replace_references
from scheduler.store.opened import OpenTransaction, chunks
from scheduler.store.successors import write_over

_TABLE = tables.series
_KIND: Final = "series"
_CALLED: Final = Text("系列", "series")


async def series(transaction: OpenTransaction, id: SeriesId) -> Series:
    """One series, or `NotFoundError`."""
    row = await transaction.first(select(_TABLE.c.body).where(_TABLE.c.id == id))
    if row is None:
        raise NotFoundError(f"没有编号为 {id} 的系列。", f"No such series: {id}.")
    return decode(Series, row.body)


async def all_series(
    transaction: OpenTransaction, *, after: str = "", limit: int = 100
) -> Sequence[Series]:
    """Series by id, those that come after `after`."""
    query = select(_TABLE.c.body).where(_TABLE.c.id > after).order_by(_TABLE.c.id).limit(limit)
    return tuple(decode(Series, row.body) for row in await transaction.all(query))


async def series_named(
    transaction: OpenTransaction, ids: Iterable[SeriesId]
) -> dict[SeriesId, Series]:
    """Those of the series that exist."""
    found = {}
    for part in chunks(sorted(ids)):
        query = select(_TABLE.c.body).where(_TABLE.c.id.in_(part))
        for row in await transaction.all(query):
            each = decode(Series, row.body)
            found[each.id] = each
    return found


async def add_series(transaction: OpenTransaction, series: Series) -> None:
    """Store a new series (`StateError` if the id is taken)."""
    if await transaction.first(select(_TABLE.c.id).where(_TABLE.c.id == series.id)):
        raise StateError(f"系列 {series.id} 已经存在。", f"The series {series.id} already exists.")
    row = {"id": series.id, "revision": series.revision, "body": encode(series)}
    await transaction.run(insert(_TABLE), [row])
    await replace_references(transaction, [(_KIND, series.id, references(series))])
    await write_audit(transaction, "create", (_KIND, series.id), after=series)


async def replace_series(transaction: OpenTransaction, before: Series, after: Series) -> None:
    """Store the successor of `before`, one revision later; `StaleError` if it changed meanwhile."""
    after = replace(after, id=before.id, revision=before.revision + 1)
    await write_over(
        transaction,
        _TABLE,
        before,
        {"revision": after.revision, "body": encode(after)},
        called=_CALLED,
    )
    if before.weekly.time_of_week != after.weekly.time_of_week:
        await note_new_pattern(transaction, before.id)
    await replace_references(transaction, [(_KIND, after.id, references(after))])
    await write_audit(transaction, "change", (_KIND, after.id), before=before, after=after)
