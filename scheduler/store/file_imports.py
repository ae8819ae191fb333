"""What an import of files changed, as the audit tells it: kept as long as that is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, func, select

from scheduler.errors import NotFoundError
from scheduler.records import KINDS, Record
from scheduler.store import tables
from scheduler.store.audit import write_audit
from scheduler.store.codec import decode
from scheduler.store.opened import OpenTransaction

_KIND: Final = "file-imports"
_TABLE = tables.audit


@dataclass(frozen=True, slots=True)
class ImportedRecord:
    """A record as the files had it, and as it was `before` (None: it was new)."""

    before: Record | None
    after: Record


@dataclass(frozen=True, slots=True)
class FileImport:
    """An import of files: when, and every record that it changed."""

    at: datetime
    records: tuple[ImportedRecord, ...]


async def note_file_import(transaction: OpenTransaction, id: str, told: object) -> None:
    """Write down that files were imported, under an id to take it back by."""
    await write_audit(transaction, "import", (_KIND, id), after=told)


async def note_undone(transaction: OpenTransaction, id: str, told: object) -> None:
    """Write down that an import was taken back."""
    await write_audit(transaction, "undo", (_KIND, id), after=told)


async def file_import(transaction: OpenTransaction, id: str) -> FileImport:
    """What was imported under that id, or `NotFoundError`.

    What one transaction wrote down, it wrote at one moment, for one person, and noted at its end.
    """
    noted = await transaction.first(
        select(_TABLE).where(
            _TABLE.c.subject_kind == _KIND, _TABLE.c.subject_id == id, _TABLE.c.action == "import"
        )
    )
    if noted is None:
        raise NotFoundError(f"没有编号为 {id} 的导入。", f"No import of files has the id {id}.")
    earlier = await transaction.first(
        select(func.max(_TABLE.c.no).label("no")).where(
            _TABLE.c.subject_kind == _KIND, _TABLE.c.no < noted.no
        )
    )
    rows = await transaction.all(
        select(_TABLE)
        .where(
            _TABLE.c.no < noted.no,
            _TABLE.c.no > ((earlier and earlier.no) or 0),
            _TABLE.c.subject_kind.in_(KINDS),
            _TABLE.c.action == "import",
            _TABLE.c.at == noted.at,
            _TABLE.c.actor == noted.actor,
        )
        .order_by(_TABLE.c.no)
    )
    return FileImport(at=noted.at, records=tuple(_records(rows)))


def _records(rows: Sequence[Row[Any]]) -> Iterator[ImportedRecord]:
    for row in rows:
        kind = KINDS[row.subject_kind]
        before = None if row.before is None else decode(kind, row.before)
        yield ImportedRecord(before=before, after=decode(kind, row.after))
