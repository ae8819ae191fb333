"""Calendars read from outside: where they are, sealed; and the busy time that was read of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import Row, delete, insert, or_, select, update

from calendars.bells import SchoolId
from calendars.slots import Slot
from calendars.text import Text
from scheduler.errors import NotFoundError, StaleError, StateError
from scheduler.members import BusyBlock
from scheduler.model import Import, ReadCalendar, Resource, ResourceKind
from scheduler.records import references
from scheduler.store import tables
from scheduler.store.audit import write_audit
from scheduler.store.codec import decode, encode
from scheduler.store.naming import check_references, replace_references
from scheduler.store.opened import OpenTransaction
from scheduler.store.resources import lock_resources
from scheduler.store.revisions import turn_pages
from scheduler.store.successors import write_over

_TABLE = tables.imports
_KIND: Final = "imports"
_CALLED: Final = Text("导入", "import")
LEASE_SECONDS: Final = 120
"""Longer than any reading lasts. A process that was killed meanwhile loses its lease then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DueImport:
    """An import that this process alone may read now.

    `address` is None where no key opens it; `last` is what the last reading left, without its busy
    time.
    """

    imported: Import
    address: str | None
    digest: str
    etag: str
    modified: str
    lease: str


async def import_(transaction: OpenTransaction, id: str) -> Import:
    """One import, or `NotFoundError`."""
    row = await transaction.first(select(_TABLE.c.body).where(_TABLE.c.id == id))
    if row is None:
        raise NotFoundError(f"没有编号为 {id} 的导入。", f"No such import: {id}.")
    return decode(Import, row.body)


async def imports(
    transaction: OpenTransaction,
    *,
    school: SchoolId | None = None,
    after: str = "",
    limit: int | None = 100,
) -> Sequence[Import]:
    """Imports by id, those that come after `after`."""
    query = select(_TABLE.c.body).where(_TABLE.c.id > after).order_by(_TABLE.c.id).limit(limit)
    if school is not None:
        query = query.where(_TABLE.c.school == school)
    return tuple(decode(Import, row.body) for row in await transaction.all(query))


async def count_imports(transaction: OpenTransaction, resource: Resource) -> int:
    """How many imports take the time of a teacher or room."""
    rows = await transaction.all(select(_TABLE.c.body).where(_TABLE.c.resource == resource.id))
    return sum(_resource_of(decode(Import, row.body)) == resource for row in rows)


async def add_import(
    transaction: OpenTransaction,
    imported: Import,
    *,
    address: str | None = None,
    read: ReadCalendar | None = None,
) -> None:
    """Store a new import, with its address to be read later or with what was read already."""
    await check_references(transaction, [("", imported)])
    row = _columns(imported) | _sealed(transaction, address) | {"id": imported.id, **_read(read)}
    await _lock(transaction, imported)
    await transaction.run(insert(_TABLE), [row])
    await _note(transaction, imported)
    await write_audit(transaction, "create", (_KIND, imported.id), after=imported)


async def replace_import(
    transaction: OpenTransaction,
    before: Import,
    after: Import,
    *,
    address: str | None = None,
    read: ReadCalendar | None = None,
) -> Import:
    """Store the successor of `before`, one revision later; the lease on it, if any, is over.

    Without an address it leads as before, without a reading its busy time stays as it was. A
    reading that finds nothing new leaves no audit row.
    """
    after = replace(after, id=before.id, revision=before.revision + 1)
    await _lock(transaction, before, after)
    row = await transaction.first(select(_TABLE.c.busy).where(_TABLE.c.id == before.id))
    told = _read(read) if read is not None else {}
    # A file that takes the place of an address leads nowhere.
    moved = _sealed(transaction, address) if address is not None or not after.host else {}
    await write_over(
        transaction,
        _TABLE,
        before,
        _columns(after) | moved | told | {"lease": None, "leased_until": None},
        called=_CALLED,
    )
    is_same_time = read is None or (row is not None and told["busy"] == row.busy)
    if not is_same_time or _takes(before) != _takes(after):
        await _note(transaction, before, after)
    if not is_same_time or _is_news(before, after):
        await write_audit(transaction, "change", (_KIND, after.id), before=before, after=after)
    return after


async def remove_import(transaction: OpenTransaction, imported: Import) -> None:
    """Remove an import with its address and its busy time: the time is free at once."""
    await _lock(transaction, imported)
    touched = await transaction.run(
        delete(_TABLE).where(_TABLE.c.id == imported.id, _TABLE.c.revision == imported.revision)
    )
    if touched == 0:
        raise StaleError(
            f"导入 {imported.id} 已被他人修改。", f"The import {imported.id} has changed."
        )
    await replace_references(transaction, [(_KIND, imported.id, ())])
    await turn_pages(transaction, {BusyBlock: {imported.school}})
    await write_audit(transaction, "delete", (_KIND, imported.id), before=imported)


async def claim_import(transaction: OpenTransaction) -> DueImport | None:
    """The import that has been due longest, for this process alone; None if none is due."""
    now = transaction.now
    row = await transaction.first(
        select(_TABLE)
        .where(
            _TABLE.c.due_at <= now,
            or_(_TABLE.c.leased_until.is_(None), _TABLE.c.leased_until <= now),
        )
        .order_by(_TABLE.c.due_at, _TABLE.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if row is None:
        return None
    lease = uuid4().hex
    until = now + timedelta(seconds=LEASE_SECONDS)
    await transaction.run(
        update(_TABLE).where(_TABLE.c.id == row.id).values(lease=lease, leased_until=until)
    )
    return DueImport(
        imported=decode(Import, row.body),
        address=_opened(transaction, row),
        digest=row.digest,
        etag=row.etag,
        modified=row.modified,
        lease=lease,
    )


async def leased_import(transaction: OpenTransaction, due: DueImport) -> Import | None:
    """The import as it is now; None if the lease on it is over, or it is gone.

    It is not locked: teachers and rooms are locked before imports, here as everywhere. What was
    changed meanwhile shows when it is replaced (`StaleError`).
    """
    row = await transaction.first(
        select(_TABLE.c.body).where(_TABLE.c.id == due.imported.id, _TABLE.c.lease == due.lease)
    )
    return None if row is None else decode(Import, row.body)


async def imported_busy_time(
    transaction: OpenTransaction, schools: Iterable[str]
) -> dict[str, list[BusyBlock]]:
    """What imported calendars take at these schools, as blocks without any note."""
    wanted = sorted(schools)
    found: dict[str, list[BusyBlock]] = {school: [] for school in wanted}
    if not wanted:
        return found
    query = select(_TABLE.c.school, _TABLE.c.body, _TABLE.c.busy).where(_TABLE.c.school.in_(wanted))
    for row in await transaction.all(query.order_by(_TABLE.c.id)):
        imported = decode(Import, row.body)
        found[row.school] += (
            BusyBlock(
                id=f"{imported.id}.{no}",
                school=imported.school,
                teacher=imported.teacher,
                room=imported.room,
                slot=slot,
                soft=imported.soft,
            )
            for no, slot in enumerate(decode(tuple[Slot, ...], row.busy))
        )
    return found


def _resource_of(imported: Import) -> Resource:
    if imported.room is not None:
        return Resource(ResourceKind.ROOM, imported.room)
    return Resource(ResourceKind.TEACHER, str(imported.teacher))


def _takes(imported: Import) -> tuple[object, ...]:
    return (imported.school, _resource_of(imported), imported.soft)


def _is_news(before: Import, after: Import) -> bool:
    """Whether more has changed than when it was read, and when it will be."""
    return (
        replace(
            before,
            read_at=after.read_at,
            tried_at=after.tried_at,
            due_at=after.due_at,
            failures=after.failures,
            report=after.report,
            revision=after.revision,
        )
        != after
    )


async def _lock(transaction: OpenTransaction, *versions: Import) -> None:
    """So that no booking of the same teacher or room is decided meanwhile."""
    await lock_resources(transaction, {_resource_of(each) for each in versions})


async def _note(transaction: OpenTransaction, *versions: Import) -> None:
    last = versions[-1]
    await replace_references(transaction, [(_KIND, last.id, tuple(references(last)))])
    await turn_pages(transaction, {BusyBlock: {each.school for each in versions}})


def _columns(imported: Import) -> dict[str, object]:
    return {
        "school": imported.school,
        "resource": _resource_of(imported).id,
        "due_at": imported.due_at,
        "revision": imported.revision,
        "body": encode(imported),
    }


def _sealed(transaction: OpenTransaction, address: str | None) -> dict[str, object]:
    """Another address makes what was known of the calendar at the last one worthless."""
    sealed = None if address is None else transaction.keyring.seal(address)
    return {"sealed": sealed, "digest": "", "etag": "", "modified": ""}


def _read(read: ReadCalendar | None) -> dict[str, Any]:
    if read is None:
        return {"busy": "[]"}
    return {
        "busy": encode(read.busy),
        "digest": read.digest,
        "etag": read.etag,
        "modified": read.modified,
    }


def _opened(transaction: OpenTransaction, row: Row[Any]) -> str | None:
    try:
        return transaction.keyring.open(row.sealed)
    except StateError:
        return None
