"""A mistaken import taken back on the same day: every record as it was before (E56)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from scheduler.errors import NotFoundError, StateError
from scheduler.records import KINDS, WORDS, Record
from scheduler.store import FileImport, Stored, Transaction

_NAMED: Final = 5
"""How many records a refusal names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone:
    """How many records are again as they were, and how many are gone that were new."""

    restored: int
    removed: int


async def undo_import(transaction: Transaction, id: str) -> Undone:
    """Bring back what an import of today has changed, all of it or nothing.

    `StateError` if it was on another day, if a record has been changed since, or if something
    names one that was new. `NotFoundError` for an import that nobody knows.
    """
    imported = await transaction.file_import(id)
    zone = ZoneInfo((await transaction.alliance()).alliance.zone)
    on = imported.at.astimezone(zone).date()
    if on != transaction.now.astimezone(zone).date():
        raise StateError(
            f"这次导入是 {on} 的，只能在当天撤销；请导入更正后的文件。",
            f"It was imported on {on} and is undone on the same day only: import corrected files.",
        )
    now = [await _as_it_is(transaction, each.after) for each in imported.records]
    _require_unchanged(imported, now)
    before = [each.before for each in imported.records if each.before is not None]
    await transaction.put_many(before)
    new = [
        stored
        for each, stored in zip(imported.records, now, strict=True)
        if each.before is None and stored is not None
    ]
    order = list(KINDS.values())
    for stored in sorted(new, key=lambda each: -order.index(type(each.record))):
        record = stored.record
        await transaction.delete(type(record), record.id, revision=stored.revision)
    undone = Undone(restored=len(before), removed=len(new))
    await transaction.note_undone(id, undone)
    return undone


async def _as_it_is(transaction: Transaction, record: Record) -> Stored[Record] | None:
    try:
        return await transaction.get(type(record), record.id)
    except NotFoundError:
        return None


def _require_unchanged(imported: FileImport, now: Sequence[Stored[Record] | None]) -> None:
    changed = [
        each.after
        for each, stored in zip(imported.records, now, strict=True)
        if stored is None or stored.record != each.after
    ]
    if changed:
        named = changed[:_NAMED]
        zh = "、".join(f"{WORDS[type(each)].zh} {each.id}" for each in named)
        en = ", ".join(f"{WORDS[type(each)].en} {each.id}" for each in named)
        raise StateError(
            f"导入之后有 {len(changed)} 条记录又被修改过（{zh}），整批撤销会丢掉这些修改；"
            "请导入更正后的文件。",
            f"{len(changed)} of its records have been changed since ({en}): undoing the import "
            "would lose that. Import corrected files instead.",
        )
