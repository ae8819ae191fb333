"""Whether the rows say what the values in them say: columns and references."""

from collections import defaultdict
from collections.abc import (
    AsyncIterator,
    Callable,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from sqlalchemy import Row, Table, select

from scheduler.model import (
    Adjustment,
    Channel,
    Import,
    Invitation,
    Outcome,
    Plan,
    Proposal,
    Series,
    Session,
    Suspension,
    Waiting,
)
from scheduler.model.findings import Check, Finding, found_in
from scheduler.records import KINDS, NAMES, WORDS, references, school_of
from scheduler.store import tables
from scheduler.store.adjustments import columns_of as columns_of_adjustment
from scheduler.store.adjustments import parties_of
from scheduler.store.codec import decode
from scheduler.store.consistent_claims import claims_fit, known_resources, resources_fit
from scheduler.store.opened import AT_ONCE, OpenTransaction
from scheduler.store.outcomes import columns_of as columns_of_outcome
from scheduler.store.proposals import columns_of as columns_of_proposal
from scheduler.store.sessions import columns_of as columns_of_session
from scheduler.store.suspensions import columns_of as columns_of_suspension
from scheduler.store.waiting import columns_of as columns_of_waiting

_BODIES: Final[tuple[tuple[Table, str, type[Any]], ...]] = (
    (tables.series, "series", Series),
    (tables.plans, "plans", Plan),
    (tables.adjustments, "adjustments", Adjustment),
    (tables.suspensions, "suspensions", Suspension),
    (tables.outcomes, "outcomes", Outcome),
    (tables.channels, "channels", Channel),
    (tables.proposals, "proposals", Proposal),
    (tables.waiting_list, "waiting-list", Waiting),
    (tables.imports, "imports", Import),
    (tables.invitations, "invitations", Invitation),
)
_COLUMNS_OF: Final[dict[str, Callable[[Any], Mapping[str, object]]]] = {
    "sessions": columns_of_session,
    "adjustments": columns_of_adjustment,
    "suspensions": columns_of_suspension,
    "outcomes": columns_of_outcome,
    "proposals": columns_of_proposal,
    "waiting-list": columns_of_waiting,
}
_NAMING: Final = ("series", "channels", "waiting-list", "imports")
"""What names records, besides these themselves and sessions."""


@dataclass(frozen=True, slots=True)
class _Value:
    """A row with the value that its body holds."""

    kind: str
    row: Row[Any]
    value: Any

    @property
    def subject(self) -> str:
        return f"{self.kind} {self.row.id}"


async def find_inconsistencies(transaction: OpenTransaction) -> tuple[Finding, ...]:
    """Everything in the rows that contradicts itself. Bodies that cannot be read come alone."""
    unreadable: list[Finding] = []
    records = [
        each
        for name, kind in KINDS.items()
        async for page in _pages(transaction, tables.records, name, kind, unreadable)
        for each in page
    ]
    known = {(each.kind, each.value.id) for each in records}
    resources = await known_resources(transaction)
    noted = _noted(records)
    found = [
        *_columns(records),
        *_missing_references(records, known),
        *await resources_fit(transaction, [each.value for each in records], resources),
    ]
    for table, name, kind in _BODIES:
        async for page in _pages(transaction, table, name, kind, unreadable):
            found += _columns(page)
            if name in _NAMING:
                naming = [each for each in page if _still_names(each)]
                noted |= _noted(naming)
                found += _missing_references(naming, known)
            if name == "adjustments":
                found += await _parties(transaction, page)
    async for page in _pages(transaction, tables.sessions, "sessions", Session, unreadable):
        noted |= _noted(page)
        found += _columns(page)
        found += _missing_references(page, known)
        found += await claims_fit(transaction, [each.value for each in page], resources)
    found += await _references(transaction, noted)
    return tuple(unreadable or found)


def _still_names(each: _Value) -> bool:
    """Whether what it names must be there: a wish that waits no more names nothing."""
    return each.kind != "waiting-list" or bool(each.value.is_open)


async def _pages(
    transaction: OpenTransaction,
    table: Table,
    name: str,
    kind: type[Any],
    unreadable: list[Finding],
) -> AsyncIterator[list[_Value]]:
    """All values of a kind, never all of them at once."""
    query = select(table).order_by(table.c.id).limit(AT_ONCE)
    if table is tables.records:
        query = query.where(table.c.kind == name)
    last = ""
    while rows := await transaction.all(query.where(table.c.id > last)):
        yield list(_read(rows, name, kind, unreadable))
        last = rows[-1].id


def _read(
    rows: Iterable[Row[Any]], name: str, kind: type[Any], unreadable: list[Finding]
) -> Iterator[_Value]:
    for row in rows:
        try:
            yield _Value(name, row, decode(kind, row.body))
        except msgspec.MsgspecError as error:
            zh, en = f"内容无法读取：{error}。", f"its content cannot be read: {error}."
            unreadable.append(found_in(Check.UNREADABLE, f"{name} {row.id}", zh, en))


def _columns(values: Iterable[_Value]) -> Iterator[Finding]:
    """Columns that answer questions hold the same as the value itself."""
    for each in values:
        if each.kind in _COLUMNS_OF:
            yield from _compare(each, _COLUMNS_OF[each.kind](each.value))
        elif each.kind in KINDS:
            yield from _compare(each, {"id": each.value.id, "school": school_of(each.value)})
        elif each.kind in ("series", "plans", "channels"):
            yield from _compare(each, {"id": each.value.id, "revision": each.value.revision})


def _compare(each: _Value, expected: Mapping[str, object]) -> Iterator[Finding]:
    for column, value in expected.items():
        stored = getattr(each.row, column)
        # A body may have been written before a field was added, so its text may differ.
        if column != "body" and stored != value:
            yield found_in(
                Check.COLUMNS,
                each.subject,
                f"列 {column} 是 {stored}，内容是 {value}。",
                f"the column {column} says {stored}, the content {value}.",
            )


def _missing_references(
    named: Iterable[_Value], known: Collection[tuple[str, str]]
) -> Iterator[Finding]:
    for each in named:
        for reference in references(each.value):
            if (NAMES[reference.kind], reference.id) not in known:
                word = WORDS[reference.kind]
                yield found_in(
                    Check.REFERENCES,
                    each.subject,
                    f"{reference.pointer} 指向不存在的{word.zh} {reference.id}。",
                    f"{reference.pointer} names the {word.en} {reference.id}, which does not "
                    "exist.",
                )


def _noted(named: Iterable[_Value]) -> dict[str, set[str]]:
    """What must be written down for each namer, so that it is kept from being removed."""
    noted = {}
    for each in named:
        # A session claims everything else it names, and claims keep that.
        only_studio = each.kind == "sessions"
        names = {
            f"{NAMES[reference.kind]} {reference.id}"
            for reference in references(each.value)
            if not only_studio or NAMES[reference.kind] == "studios"
        }
        if names:
            noted[each.subject] = names
    return noted


async def _references(
    transaction: OpenTransaction, expected: Mapping[str, set[str]]
) -> list[Finding]:
    """What keeps a named record from being removed is written down for each namer."""
    stored: defaultdict[str, set[str]] = defaultdict(set)
    for row in await transaction.all(select(tables.record_references)):
        stored[f"{row.from_kind} {row.from_id}"].add(f"{row.to_kind} {row.to_id}")
    found = []
    for subject in sorted(expected.keys() | stored.keys()):
        wanted = expected.get(subject, set())
        if stored[subject] != wanted:
            difference = _difference(stored[subject], wanted)
            zh, en = (
                f"引用登记与内容不符：{difference}。",
                f"what it names is noted wrongly: {difference}.",
            )
            found.append(found_in(Check.REFERENCES, subject, zh, en))
    return found


def _difference(stored: set[str], expected: set[str]) -> str:
    return ", ".join(
        (
            *(f"+{each}" for each in sorted(stored - expected)),
            *(f"-{each}" for each in sorted(expected - stored)),
        )
    )


async def _parties(
    transaction: OpenTransaction, adjustments: Sequence[_Value]
) -> Iterator[Finding]:
    """Operations are found by everybody whom they concern, and by nobody else."""
    table = tables.adjustment_parties
    expected = {
        each.value.id: {f"{row['kind']} {row['id']}" for row in parties_of(each.value)}
        for each in adjustments
    }
    stored: defaultdict[str, set[str]] = defaultdict(set)
    for row in await transaction.all(select(table).where(table.c.adjustment.in_(expected))):
        stored[row.adjustment].add(f"{row.kind} {row.id}")
    return (
        found_in(
            Check.ADJUSTMENTS,
            f"adjustments {name}",
            f"相关方登记与内容不符：{_difference(stored[name], parties)}。",
            f"whom it concerns is noted wrongly: {_difference(stored[name], parties)}.",
        )
        for name, parties in sorted(expected.items())
        if stored[name] != parties
    )
