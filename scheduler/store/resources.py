"""The rows that stand for schools, rooms, kits, people, groups and link pools: what is locked.

Everybody locks in the order of `number`, so two who want the same rows never wait for each other.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Row, Select, bindparam, delete, insert, or_, select, update

from calendars.text import Text
from scheduler.errors import NotFoundError
from scheduler.members import ClassGroup, LinkPool, Room, School, Teacher
from scheduler.model import Resource, ResourceKind
from scheduler.records import WORDS, Record, school_of
from scheduler.store import tables
from scheduler.store.opened import (
    AT_ONCE,
    OpenTransaction,
    ResourceRow,
    Values,
    chunks,
    is_one_of,
    named,
    one_of,
)

_TABLE = tables.resources
_ROW = (
    _TABLE.c.number,
    _TABLE.c.kind,
    _TABLE.c.id,
    _TABLE.c.school,
    _TABLE.c.kit,
    _TABLE.c.buffer_seconds,
)

_FIND = select(*_ROW).where(is_one_of(_TABLE.c.kind, _TABLE.c.id))
_IS_NUMBERED = _TABLE.c.number.in_(one_of("numbers"))
_ROOMS = _TABLE.alias()
_KITS = select(_ROOMS.c.kit).where(is_one_of(_ROOMS.c.kind, _ROOMS.c.id))
_LOCK = select(*_ROW).order_by(_TABLE.c.number).with_for_update(key_share=True)
_LOCK_WITH_KITS = _LOCK.where(
    or_(is_one_of(_TABLE.c.kind, _TABLE.c.id), _TABLE.c.number.in_(_KITS))
)
_LOCK_NUMBERED = _LOCK.where(_IS_NUMBERED)
_LET_GO = (
    update(tables.claims)
    .where(
        tables.claims.c.resource.in_(one_of("numbers")),
        tables.claims.c.live,
        tables.claims.c.expires <= bindparam("now"),
    )
    .values(live=False)
)
_COUNT_UP = update(_TABLE).where(_IS_NUMBERED).values(revision=_TABLE.c.revision + 1)
_UPDATE = (
    update(_TABLE)
    .where(_TABLE.c.number == bindparam("of_number"))
    .values(
        school=bindparam("new_school"),
        kit=bindparam("new_kit"),
        buffer_seconds=bindparam("new_buffer_seconds"),
        sessions=bindparam("new_sessions"),
        ports=bindparam("new_ports"),
        revision=_TABLE.c.revision + 1,
    )
)

_KIND_OF_RECORD: Final[dict[type[object], ResourceKind]] = {
    School: ResourceKind.SCHOOL,
    Room: ResourceKind.ROOM,
    Teacher: ResourceKind.TEACHER,
    ClassGroup: ResourceKind.CLASS_GROUP,
    LinkPool: ResourceKind.LINK_POOL,
}


WORDS_OF_RESOURCES: Final = {
    ResourceKind.KIT: Text("共用设备", "kit"),
    **{kind: WORDS[record] for record, kind in _KIND_OF_RECORD.items()},
}


def resource_of(kind: type[object], id: str) -> Resource | None:
    """The resource that a record is, if it is one."""
    found = _KIND_OF_RECORD.get(kind)
    return None if found is None else Resource(found, id)


def _row(row: Row[Any]) -> ResourceRow:
    resource = Resource(ResourceKind(row.kind), row.id)
    return ResourceRow(row.number, resource, row.school, row.kit, row.buffer_seconds)


async def find_resources(
    transaction: OpenTransaction, wanted: Iterable[Resource]
) -> dict[Resource, ResourceRow]:
    """The rows of those that exist, without locking them."""
    found = {
        resource: transaction.locked[resource]
        for resource in wanted
        if resource in transaction.locked
    }
    names = [(each.kind.value, each.id) for each in wanted if each not in found]
    for part in chunks(names):
        for row in await transaction.all(_FIND, named(part)):
            known = _row(row)
            found[known.resource] = known
    return found


async def lock(transaction: OpenTransaction, resources: Iterable[Resource]) -> None:
    """Take the resources' rows in one order, kits of rooms included; whoever comes later waits.

    Holds on them that have run out give up what they claimed. `NotFoundError` for a resource that
    does not exist.
    """
    await lock_resources(transaction, resources)


async def lock_resources(
    transaction: OpenTransaction, wanted: Iterable[Resource]
) -> dict[Resource, ResourceRow]:
    """`lock`, and every row that this transaction holds by then."""
    missing = {resource for resource in wanted if resource not in transaction.locked}
    kits: set[int] = set()
    for query, values in await _in_order(transaction, missing):
        kits |= await _lock(transaction, query, values)
    if unknown := missing - transaction.locked.keys():
        resource = min(unknown)
        word = WORDS_OF_RESOURCES[resource.kind]
        raise NotFoundError(
            f"没有编号为 {resource.id} 的{word.zh}。", f"No such {word.en}: {resource.id}."
        )
    # A room may have been given another kit while we waited for its row.
    if kits := kits - {row.number for row in transaction.locked.values()}:
        await _lock(transaction, _LOCK_NUMBERED, {"numbers": sorted(kits)})
    return transaction.locked


async def _in_order(
    transaction: OpenTransaction, wanted: Collection[Resource]
) -> Sequence[tuple[Select[Any], Values]]:
    """How to lock them, kits of rooms included: in one go unless they are too many."""
    if not wanted:
        return ()
    if len(wanted) <= AT_ONCE:
        return ((_LOCK_WITH_KITS, named([(each.kind.value, each.id) for each in wanted])),)
    found = (await find_resources(transaction, wanted)).values()
    numbers = {row.number for row in found} | {row.kit for row in found if row.kit is not None}
    return [(_LOCK_NUMBERED, {"numbers": part}) for part in chunks(sorted(numbers))]


async def _lock(transaction: OpenTransaction, query: Select[Any], values: Values) -> set[int]:
    """Lock in order, and free what holds on these have given up; the kits that rooms need."""
    rows = [_row(row) for row in await transaction.all(query, values)]
    transaction.locked.update({row.resource: row for row in rows})
    await transaction.run(
        _LET_GO,
        {
            "numbers": [row.number for row in rows],
            "now": int(transaction.now.timestamp()),
        },
    )
    return {row.kit for row in rows if row.kit is not None}


async def count_up(transaction: OpenTransaction, numbers: Iterable[int]) -> None:
    """Give the resources a new revision: whoever shows them must look again."""
    for part in chunks(sorted(numbers)):
        await transaction.run(_COUNT_UP, {"numbers": part})


async def put_resources(transaction: OpenTransaction, records: Sequence[Record]) -> None:
    """Bring the resources that new or changed records stand for up to date."""
    own = {
        resource: record
        for record in records
        if (resource := resource_of(type(record), record.id)) is not None
    }
    kits = {
        Resource(ResourceKind.KIT, record.kit)
        for record in own.values()
        if isinstance(record, Room) and record.kit is not None
    }
    known = await find_resources(transaction, own.keys() | kits)
    if new_kits := [_blank(kit) for kit in sorted(kits - known.keys())]:
        await transaction.run(insert(_TABLE), new_kits)
        known = await find_resources(transaction, own.keys() | kits)
    new, changed = [], []
    for resource in sorted(own):
        columns = columns_of(own[resource], known)
        if resource in known:
            number = known[resource].number
            changed.append(
                {"of_number": number} | {f"new_{name}": value for name, value in columns.items()}
            )
            transaction.locked.pop(resource, None)
        else:
            new.append(_blank(resource) | columns)
    if new:
        await transaction.run(insert(_TABLE), new)
    if changed:
        await transaction.run(_UPDATE, changed)


def _blank(resource: Resource) -> dict[str, object]:
    return {
        "kind": resource.kind.value,
        "id": resource.id,
        "school": None,
        "kit": None,
        "buffer_seconds": 0,
        "sessions": None,
        "ports": None,
        "revision": 1,
    }


def columns_of(record: Record, known: Mapping[Resource, ResourceRow]) -> dict[str, object]:
    """What the row of a room, a link pool, ... says besides its number, name and revision."""
    columns: dict[str, object] = {
        "school": school_of(record),
        "kit": None,
        "buffer_seconds": 0,
        "sessions": None,
        "ports": None,
    }
    if isinstance(record, Room):
        columns["buffer_seconds"] = 60 * record.buffer_minutes
        if record.kit is not None:
            columns["kit"] = known[Resource(ResourceKind.KIT, record.kit)].number
    if isinstance(record, LinkPool):
        columns |= {"sessions": record.sessions, "ports": record.ports}
    return columns


async def remove_resource(transaction: OpenTransaction, resource: Resource) -> None:
    """Forget a resource that no claim names, and what has left its calendar."""
    own = select(_TABLE.c.number).where(_TABLE.c.kind == resource.kind, _TABLE.c.id == resource.id)
    for departed in (tables.departures, tables.series_departures):
        await transaction.run(delete(departed).where(departed.c.resource.in_(own)))
    await transaction.run(
        delete(_TABLE).where(_TABLE.c.kind == resource.kind, _TABLE.c.id == resource.id)
    )
    transaction.locked.pop(resource, None)
