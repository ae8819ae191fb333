"""Whether the rows say what the values in them say: columns, references, resources and claims."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from sqlalchemy import Row, Table, select

from calendars.text import Text
from scheduler.checking.findings import Check, Finding
from scheduler.model import (
    Adjustment,
    Channel,
    Import,
    Invitation,
    Outcome,
    Plan,
    Proposal,
    Resource,
    ResourceKind,
    Series,
    Session,
    Suspension,
    Waiting,
)
from scheduler.records import KINDS, NAMES, WORDS, Record, references, school_of
from scheduler.store import tables
from scheduler.store.adjustments import columns_of as columns_of_adjustment
from scheduler.store.adjustments import parties_of
from scheduler.store.claims import claims_on, concerned_by, seconds_of
from scheduler.store.codec import decode
from scheduler.store.opened import OpenTransaction, ResourceRow
from scheduler.store.outcomes import columns_of as columns_of_outcome
from scheduler.store.proposals import columns_of as columns_of_proposal
from scheduler.store.resources import WORDS_OF_RESOURCES, columns_of, find_resources, resource_of
from scheduler.store.sessions import columns_of as columns_of_session
from scheduler.store.suspensions import columns_of as columns_of_suspension
from scheduler.store.waiting import columns_of as columns_of_waiting

_BODIES: Final[tuple[tuple[Table, str, type[Any]], ...]] = (
    (tables.sessions, "sessions", Session),
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
        for each in await _values(transaction, tables.records, name, kind, unreadable)
    ]
    others = {
        name: await _values(transaction, table, name, kind, unreadable)
        for table, name, kind in _BODIES
    }
    if unreadable:
        return tuple(unreadable)
    sessions = [each.value for each in others["sessions"]]
    waiting = [each for each in others["waiting-list"] if each.value.is_open]
    named = [
        *records,
        *others["sessions"],
        *others["series"],
        *others["channels"],
        *waiting,
        *others["imports"],
    ]
    return (
        *_columns(records, others),
        *_missing_references(named, records),
        *await _references(transaction, named),
        *await _resources(transaction, records),
        *await _claims(transaction, sessions),
        *await _parties(transaction, others["adjustments"]),
    )


async def _values(
    transaction: OpenTransaction,
    table: Table,
    name: str,
    kind: type[Any],
    unreadable: list[Finding],
) -> list[_Value]:
    query = select(table).order_by(table.c.id)
    if table is tables.records:
        query = query.where(table.c.kind == name)
    found = []
    for row in await transaction.all(query):
        try:
            found.append(_Value(name, row, decode(kind, row.body)))
        except msgspec.MsgspecError as error:
            unreadable.append(
                _finding(
                    Check.UNREADABLE,
                    f"{name} {row.id}",
                    f"内容无法读取：{error}。",
                    f"its content cannot be read: {error}.",
                )
            )
    return found


def _finding(check: Check, subject: str, zh: str, en: str) -> Finding:
    return Finding(
        check=check, subject=subject, sentence=Text(f"{subject}：{zh}", f"{subject}: {en}")
    )


def _columns(
    records: Sequence[_Value], others: Mapping[str, Sequence[_Value]]
) -> Iterator[Finding]:
    """Columns that answer questions hold the same as the value itself."""
    for each in records:
        yield from _compare(each, {"id": each.value.id, "school": school_of(each.value)})
    for name, columns_of_value in _COLUMNS_OF.items():
        for each in others[name]:
            yield from _compare(each, columns_of_value(each.value))
    for each in (*others["series"], *others["plans"], *others["channels"]):
        yield from _compare(each, {"id": each.value.id, "revision": each.value.revision})


def _compare(each: _Value, expected: Mapping[str, object]) -> Iterator[Finding]:
    for column, value in expected.items():
        stored = getattr(each.row, column)
        # A body may have been written before a field was added, so its text may differ.
        if column != "body" and stored != value:
            yield _finding(
                Check.COLUMNS,
                each.subject,
                f"列 {column} 是 {stored}，内容是 {value}。",
                f"the column {column} says {stored}, the content {value}.",
            )


def _missing_references(named: Sequence[_Value], records: Sequence[_Value]) -> Iterator[Finding]:
    known = {(each.kind, each.value.id) for each in records}
    for each in named:
        for reference in references(each.value):
            if (NAMES[reference.kind], reference.id) not in known:
                word = WORDS[reference.kind]
                yield _finding(
                    Check.REFERENCES,
                    each.subject,
                    f"{reference.pointer} 指向不存在的{word.zh} {reference.id}。",
                    f"{reference.pointer} names the {word.en} {reference.id}, which does not "
                    "exist.",
                )


async def _references(transaction: OpenTransaction, named: Sequence[_Value]) -> list[Finding]:
    """What keeps a named record from being removed is written down for each namer."""
    expected: defaultdict[str, set[str]] = defaultdict(set)
    for each in named:
        # A session claims everything else it names, and claims keep that.
        only_studio = each.kind == "sessions"
        expected[each.subject] |= {
            f"{NAMES[reference.kind]} {reference.id}"
            for reference in references(each.value)
            if not only_studio or NAMES[reference.kind] == "studios"
        }
    stored: defaultdict[str, set[str]] = defaultdict(set)
    for row in await transaction.all(select(tables.record_references)):
        stored[f"{row.from_kind} {row.from_id}"].add(f"{row.to_kind} {row.to_id}")
    return [
        _finding(
            Check.REFERENCES,
            subject,
            f"引用登记与内容不符：{_difference(stored[subject], expected[subject])}。",
            f"what it names is noted wrongly: {_difference(stored[subject], expected[subject])}.",
        )
        for subject in sorted(expected.keys() | stored.keys())
        if stored[subject] != expected[subject]
    ]


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
    stored: defaultdict[str, set[str]] = defaultdict(set)
    for row in await transaction.all(select(table)):
        stored[row.adjustment].add(f"{row.kind} {row.id}")
    expected = {
        each.value.id: {f"{row['kind']} {row['id']}" for row in parties_of(each.value)}
        for each in adjustments
    }
    return (
        _finding(
            Check.ADJUSTMENTS,
            f"adjustments {name}",
            f"相关方登记与内容不符：{_difference(stored[name], parties)}。",
            f"whom it concerns is noted wrongly: {_difference(stored[name], parties)}.",
        )
        for name, parties in sorted(expected.items())
        if stored[name] != parties
    )


async def _known_resources(transaction: OpenTransaction) -> dict[Resource, ResourceRow]:
    table = tables.resources
    rows = await transaction.all(select(table.c.kind, table.c.id))
    return await find_resources(
        transaction, [Resource(ResourceKind(row.kind), row.id) for row in rows]
    )


async def _resources(transaction: OpenTransaction, records: Sequence[_Value]) -> list[Finding]:
    """What the database's own guards know of rooms and link pools is what their records say."""
    known = await _known_resources(transaction)
    rows = {(row.kind, row.id): row for row in await transaction.all(select(tables.resources))}
    found = []
    for each in records:
        record: Record = each.value
        resource = resource_of(type(record), record.id)
        if resource is None:
            continue
        row = rows.pop((resource.kind.value, resource.id), None)
        if row is None:
            zh, en = "没有可锁定的资源行。", "it has no row that could be locked."
            found.append(_finding(Check.RESOURCES, each.subject, zh, en))
            continue
        kit = getattr(record, "kit", None)
        if kit is not None and Resource(ResourceKind.KIT, kit) not in known:
            zh, en = f"共用设备 {kit} 没有资源行。", f"its kit {kit} has no row."
            found.append(_finding(Check.RESOURCES, each.subject, zh, en))
            continue
        found += (
            _finding(
                Check.RESOURCES,
                each.subject,
                f"资源行的 {column} 是 {getattr(row, column)}，应为 {value}。",
                f"its row has {column} {getattr(row, column)}, not {value}.",
            )
            for column, value in columns_of(record, known).items()
            if getattr(row, column) != value
        )
    found += (
        _finding(
            Check.RESOURCES,
            f"resources {kind} {name}",
            "资源行没有对应的记录。",
            "no record stands behind this row.",
        )
        for kind, name in sorted(rows)
        if kind != ResourceKind.KIT
    )
    return found


async def _claims(transaction: OpenTransaction, sessions: Sequence[Session]) -> list[Finding]:
    """Each session claims exactly what it uses, from when to when and until its hold runs out."""
    known = await _known_resources(transaction)
    names = {row.number: row.resource for row in known.values()}
    stored: defaultdict[str, dict[int, Row[Any]]] = defaultdict(dict)
    for row in await transaction.all(select(tables.claims)):
        stored[row.session][row.resource] = row
    now = seconds_of(transaction.now)
    found = []
    for session in sessions:
        rows = stored[session.id]
        subject = f"sessions {session.id}"
        if unknown := concerned_by(session) - known.keys():
            missing = min(unknown)
            word = WORDS_OF_RESOURCES[missing.kind]
            zh, en = (
                f"{word.zh} {missing.id} 没有资源行。",
                f"the {word.en} {missing.id} has no row.",
            )
            found.append(_finding(Check.CLAIMS, subject, zh, en))
            continue
        expected = {claim["resource"]: claim for claim in claims_on(session, known)}
        if not (session.is_live(transaction.now) and session.slot.ends > transaction.now):
            # Rooms may have been given other kits since: only sessions to come claim the new ones.
            rows, expected = _without_kits(rows, names), _without_kits(expected, names)
        for number in sorted(rows.keys() | expected.keys()):
            resource = names.get(number)
            named = f"{resource.kind.value} {resource.id}" if resource else f"resource {number}"
            if wrong := _wrong_claim(rows.get(number), expected.get(number), now):
                zh, en = f"对 {named} 的占用{wrong.zh}。", f"its claim on {named} {wrong.en}."
                found.append(_finding(Check.CLAIMS, subject, zh, en))
    return found


def _without_kits(claims: Mapping[int, Any], names: Mapping[int, Resource]) -> dict[int, Any]:
    return {
        number: claim
        for number, claim in claims.items()
        if number not in names or names[number].kind is not ResourceKind.KIT
    }


def _wrong_claim(
    stored: Row[Any] | None, expected: Mapping[str, Any] | None, now: int
) -> Text | None:
    if stored is None:
        return Text("缺失", "is missing")
    if expected is None:
        return Text("多余", "is not its own")
    for column, value in expected.items():
        told = getattr(stored, column)
        # Whoever locks a resource ends what has run out on it, whenever that is.
        has_run_out = column == "live" and stored.expires is not None and stored.expires <= now
        if told != value and not has_run_out:
            return Text(f"的 {column} 是 {told}，应为 {value}", f"has {column} {told}, not {value}")
    return None
