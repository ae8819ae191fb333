"""Records: one at a time with their revision, or many at once from an import."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy import bindparam, delete, insert, select, update

from calendars.bells import SchoolId
from scheduler.errors import InvalidWishError, NotFoundError, StaleError, StateError
from scheduler.records import KINDS, NAMES, WORDS, Record, references, school_of
from scheduler.store import tables
from scheduler.store.audit import write_audit
from scheduler.store.codec import decode, encode
from scheduler.store.naming import check_references, namers_of, replace_references
from scheduler.store.opened import OpenTransaction, chunks
from scheduler.store.reclaiming import reclaimed
from scheduler.store.resources import (
    find_resources,
    lock_resources,
    put_resources,
    remove_resource,
    resource_of,
)
from scheduler.store.revisions import turn_pages

R = TypeVar("R", bound=Record)

_TABLE = tables.records
_ORDER = {kind: place for place, kind in enumerate(KINDS.values())}
_UPDATE = (
    update(_TABLE)
    .where(_TABLE.c.kind == bindparam("of_kind"), _TABLE.c.id == bindparam("of_id"))
    .values(
        school=bindparam("new_school"),
        revision=bindparam("new_revision"),
        body=bindparam("new_body"),
    )
)
_RENAME = (
    update(_TABLE)
    .where(_TABLE.c.kind == bindparam("of_kind"), _TABLE.c.id == bindparam("of_id"))
    .values(renamed_at=bindparam("at"))
)


@dataclass(frozen=True, slots=True)
class Stored(Generic[R]):
    """A record with the revision its ETag is made of."""

    record: R
    revision: int


@dataclass(frozen=True, slots=True)
class _Change:
    """A record about to be stored, and what is there now."""

    record: Record
    body: str
    before: Stored[Record] | None

    @property
    def revision(self) -> int:
        return 1 if self.before is None else self.before.revision + 1

    @property
    def is_renamed(self) -> bool:
        """Whether it had another name."""
        before = None if self.before is None else self.before.record
        return before is not None and _name_of(before) != _name_of(self.record)

    @property
    def schools(self) -> set[str]:
        """Whose books it changes; that of no school belongs to the alliance."""
        versions = [self.record] if self.before is None else [self.record, self.before.record]
        return {school_of(each) or "" for each in versions}


async def get(transaction: OpenTransaction, kind: type[R], id: str) -> Stored[R]:
    """One record, or `NotFoundError`."""
    query = select(_TABLE.c.revision, _TABLE.c.body)
    row = await transaction.first(query.where(_TABLE.c.kind == NAMES[kind], _TABLE.c.id == id))
    if row is None:
        raise _missing(kind, id)
    return Stored(decode(kind, row.body), row.revision)


async def list_records(
    transaction: OpenTransaction,
    kind: type[R],
    *,
    school: SchoolId | None = None,
    after: str = "",
    limit: int = 100,
) -> Sequence[Stored[R]]:
    """Records by id, those that come after `after`."""
    query = select(_TABLE.c.revision, _TABLE.c.body).where(
        _TABLE.c.kind == NAMES[kind], _TABLE.c.id > after
    )
    if school is not None:
        query = query.where(_TABLE.c.school == school)
    rows = await transaction.all(query.order_by(_TABLE.c.id).limit(limit))
    return tuple(Stored(decode(kind, row.body), row.revision) for row in rows)


async def put(transaction: OpenTransaction, record: R, *, revision: int | None) -> Stored[R]:
    """Store a record: a new one if `revision` is None, else the successor of that revision.

    `StateError` if the id is taken, `StaleError` if the revision is no longer current. Every record
    it names must exist: `InvalidWishError` points at the one that does not.
    """
    kind = type(record)
    found = await _current(transaction, [record])
    before = found.get((NAMES[kind], record.id))
    if revision is None and before is not None:
        word = WORDS[kind]
        raise StateError(
            f"{word.zh} {record.id} 已经存在。", f"The {word.en} {record.id} already exists."
        )
    if revision is not None:
        _check_current(kind, record.id, before, revision)
    change = _Change(record, encode(record), before)
    await check_references(transaction, [("", record)])
    await _store(transaction, [change])
    await write_audit(
        transaction,
        "create" if before is None else "change",
        (NAMES[kind], record.id),
        before=before and before.record,
        after=record,
    )
    return Stored(record, change.revision)


async def put_many(transaction: OpenTransaction, records: Sequence[Record]) -> int:
    """Store new or changed records, unchanged ones left alone; how many changed.

    Records may name others of the same batch. An error's pointer begins with the record's place in
    `records`.
    """
    _check_distinct(records)
    found = await _current(transaction, records)
    changes = []
    pointed = []
    for index, record in enumerate(records):
        body = encode(record)
        before = found.get((NAMES[type(record)], record.id))
        if before is None or encode(before.record) != body:
            changes.append(_Change(record, body, before))
            pointed.append((f"/{index}", record))
    if changes:
        changes.sort(key=lambda change: (_ORDER[type(change.record)], change.record.id))
        await check_references(transaction, pointed)
        await _store(transaction, changes)
        await _note_import(transaction, changes)
    return len(changes)


async def remove(transaction: OpenTransaction, kind: type[R], id: str, *, revision: int) -> None:
    """Remove a record, or `StateError` while another record or a session names it."""
    found = await _current_of(transaction, kind, [id])
    before = found.get((NAMES[kind], id))
    stored = _check_current(kind, id, before, revision)
    await _lock_for(transaction, [stored.record])
    if namers := await namers_of(transaction, kind, id):
        word = WORDS[kind]
        raise StateError(
            f"{word.zh} {id} 仍被使用，不能删除：{'、'.join(namer.zh for namer in namers)}。",
            f"The {word.en} {id} is still used by {', '.join(namer.en for namer in namers)}.",
        )
    await replace_references(transaction, [(NAMES[kind], id, ())])
    if (resource := resource_of(kind, id)) is not None:
        await remove_resource(transaction, resource)
    await transaction.run(delete(_TABLE).where(_TABLE.c.kind == NAMES[kind], _TABLE.c.id == id))
    await turn_pages(transaction, {kind: {school_of(stored.record) or ""}})
    await write_audit(transaction, "delete", (NAMES[kind], id), before=stored.record)


async def require(transaction: OpenTransaction, value: object) -> None:
    """`InvalidWishError` for the first record that `value` names and that does not exist."""
    await check_references(transaction, [("", value)])


async def _current(
    transaction: OpenTransaction, records: Iterable[Record]
) -> dict[tuple[str, str], Stored[Record]]:
    ids: dict[type[Record], list[str]] = defaultdict(list)
    for record in records:
        ids[type(record)].append(record.id)
    found: dict[tuple[str, str], Stored[Record]] = {}
    for kind in sorted(ids, key=_ORDER.__getitem__):
        found |= await _current_of(transaction, kind, ids[kind])
    return found


async def _current_of(
    transaction: OpenTransaction, kind: type[R], ids: Iterable[str]
) -> dict[tuple[str, str], Stored[R]]:
    """The records as they are, locked against other writers of them."""
    found: dict[tuple[str, str], Stored[R]] = {}
    name = NAMES[kind]
    for part in chunks(sorted(ids)):
        query = (
            select(_TABLE.c.id, _TABLE.c.revision, _TABLE.c.body)
            .where(_TABLE.c.kind == name, _TABLE.c.id.in_(part))
            .order_by(_TABLE.c.id)
            .with_for_update(key_share=True)
        )
        for row in await transaction.all(query):
            found[name, row.id] = Stored(decode(kind, row.body), row.revision)
    return found


def _missing(kind: type[object], id: str) -> NotFoundError:
    word = WORDS[kind]
    return NotFoundError(f"没有编号为 {id} 的{word.zh}。", f"No such {word.en}: {id}.")


def _check_current(
    kind: type[object], id: str, before: Stored[R] | None, revision: int
) -> Stored[R]:
    if before is None:
        raise _missing(kind, id)
    if before.revision != revision:
        word = WORDS[kind]
        raise StaleError(
            f"{word.zh} {id} 已被他人修改：现在是第 {before.revision} 版，不是第 {revision} 版。",
            f"The {word.en} {id} has changed: it is now at revision {before.revision}, "
            f"not {revision}.",
        )
    return before


def _check_distinct(records: Iterable[Record]) -> None:
    seen: set[tuple[str, str]] = set()
    for index, record in enumerate(records):
        key = (NAMES[type(record)], record.id)
        if key in seen:
            word = WORDS[type(record)]
            raise InvalidWishError(
                f"{word.zh} {record.id} 出现了两次。",
                f"The {word.en} {record.id} appears twice.",
                pointer=f"/{index}/id",
                value=record.id,
            )
        seen.add(key)


async def _lock_for(transaction: OpenTransaction, records: Iterable[Record]) -> None:
    """Lock the resources that records are or name, so that no booking is decided meanwhile."""
    wanted = set()
    for record in records:
        wanted.add(resource_of(type(record), record.id))
        wanted |= {resource_of(each.kind, each.id) for each in references(record)}
    known = await find_resources(transaction, {each for each in wanted if each is not None})
    await lock_resources(transaction, known)


async def _store(transaction: OpenTransaction, changes: Sequence[_Change]) -> None:
    records = [change.record for change in changes]
    await _lock_for(transaction, records)
    new = [change for change in changes if change.before is None]
    old = [change for change in changes if change.before is not None]
    if new:
        await transaction.run(insert(_TABLE), [_columns(change) for change in new])
    if old:
        await transaction.run(
            _UPDATE,
            [
                {
                    f"{'of' if name in ('kind', 'id') else 'new'}_{name}": value
                    for name, value in _columns(change).items()
                }
                for change in old
            ],
        )
    if renamed := [change.record for change in old if change.is_renamed]:
        await transaction.run(
            _RENAME,
            [
                {"of_kind": NAMES[type(each)], "of_id": each.id, "at": transaction.now}
                for each in renamed
            ],
        )
    await replace_references(
        transaction,
        [(NAMES[type(each)], each.id, tuple(references(each))) for each in records],
    )
    successors = [(each.before.record, each.record) for each in old if each.before is not None]
    async with reclaimed(transaction, successors):
        await put_resources(transaction, records)
    pages: dict[type[object], set[str]] = defaultdict(set)
    for change in changes:
        pages[type(change.record)] |= change.schools
    await turn_pages(transaction, pages)


def _name_of(record: Record) -> str | None:
    return getattr(record, "name", None)


def _columns(change: _Change) -> dict[str, object]:
    return {
        "kind": NAMES[type(change.record)],
        "id": change.record.id,
        "school": school_of(change.record),
        "revision": change.revision,
        "body": change.body,
    }


async def _note_import(transaction: OpenTransaction, changes: Iterable[_Change]) -> None:
    for change in changes:
        before = None if change.before is None else change.before.record
        about = (NAMES[type(change.record)], change.record.id)
        await write_audit(transaction, "import", about, before=before, after=change.record)
