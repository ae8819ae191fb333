"""Who names which record: nothing may name what does not exist, and nothing named may go."""

from collections.abc import Iterable, Sequence

from sqlalchemy import delete, insert, select

from calendars.text import Text
from scheduler.errors import InvalidWishError
from scheduler.records import KINDS, NAMES, WORDS, Record, Reference, references
from scheduler.store import tables
from scheduler.store.agreement import check_agreement
from scheduler.store.opened import OpenTransaction, chunks, is_one_of, named
from scheduler.store.resources import resource_of

_MANY = 5
"""How many users a refusal names."""

_NAMERS = {
    "sessions": Text("活动", "session"),
    "series": Text("系列", "series"),
    "waiting-list": Text("候补", "waiting wish"),
    "channels": Text("渠道", "channel"),
    "imports": Text("导入的日历", "imported calendar"),
}
"""What people call that which is no record and names some."""

_RECORDS, _TABLE = tables.records, tables.record_references
_IS_NAMED = is_one_of(_RECORDS.c.kind, _RECORDS.c.id)
_KNOWN = select(_RECORDS.c.kind, _RECORDS.c.id).where(_IS_NAMED)
_FORGET = delete(_TABLE).where(is_one_of(_TABLE.c.from_kind, _TABLE.c.from_id))


async def check_references(
    transaction: OpenTransaction, named_in: Sequence[tuple[str, object]]
) -> None:
    """`InvalidWishError` for the first named record that neither exists nor is among the values.

    Each value comes with the pointer to it, and must agree with what it names.
    """
    known = {(NAMES[type(value)], value.id) for _, value in named_in if isinstance(value, Record)}
    found = [
        (pointer, each, (NAMES[each.kind], each.id))
        for pointer, value in named_in
        for each in references(value)
    ]
    for part in chunks(sorted({key for _, _, key in found} - known)):
        rows = await transaction.all(_KNOWN, named(part))
        known |= {(row.kind, row.id) for row in rows}
    for pointer, reference, key in found:
        if key not in known:
            raise _unknown(pointer + reference.pointer, reference)
    await check_agreement(transaction, named_in)


def _unknown(pointer: str, reference: Reference) -> InvalidWishError:
    word = WORDS[reference.kind]
    return InvalidWishError(
        f"没有编号为 {reference.id} 的{word.zh}。",
        f"No such {word.en}: {reference.id}.",
        pointer=pointer,
        value=reference.id,
    )


async def replace_references(
    transaction: OpenTransaction, namers: Iterable[tuple[str, str, Iterable[Reference]]]
) -> None:
    """Keep what each namer (its kind and id) names from now on."""
    namers = tuple(namers)
    for part in chunks([(namer[0], namer[1]) for namer in namers]):
        await transaction.run(_FORGET, named(part))
    rows = {(*namer, NAMES[each.kind], each.id): None for *namer, named in namers for each in named}
    if rows:
        names = ("from_kind", "from_id", "to_kind", "to_id")
        await transaction.run(insert(_TABLE), [dict(zip(names, row, strict=True)) for row in rows])


async def namers_of(transaction: OpenTransaction, kind: type[object], id: str) -> Sequence[Text]:
    """A few of those who name the record, such as "timetable JS-C1"."""
    rows = await transaction.all(
        select(_TABLE.c.from_kind, _TABLE.c.from_id)
        .where(_TABLE.c.to_kind == NAMES[kind], _TABLE.c.to_id == id)
        .order_by(_TABLE.c.from_kind, _TABLE.c.from_id)
        .limit(_MANY)
    )
    namers = [_called(row.from_kind, row.from_id) for row in rows]
    if (resource := resource_of(kind, id)) is not None:
        claims, resources = tables.claims, tables.resources
        rows = await transaction.all(
            select(claims.c.session)
            .join(resources, resources.c.number == claims.c.resource)
            .where(resources.c.kind == resource.kind, resources.c.id == resource.id)
            .order_by(claims.c.session)
            .limit(_MANY - len(namers))
        )
        namers += [_called("sessions", row.session) for row in rows]
    return namers


def _called(kind: str, id: str) -> Text:
    word = WORDS[KINDS[kind]] if kind in KINDS else _NAMERS[kind]
    return Text(f"{word.zh} {id}", f"{word.en} {id}")
