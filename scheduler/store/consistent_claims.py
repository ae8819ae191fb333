"""Whether resources and claims say what the records and sessions say that they stand for."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, select

from calendars.text import Text
from scheduler.model import Resource, ResourceKind, Session
from scheduler.model.findings import Check, Finding, found_in
from scheduler.records import NAMES, Record
from scheduler.store import tables
from scheduler.store.claims import claims_on, concerned_by, seconds_of
from scheduler.store.opened import OpenTransaction, ResourceRow, chunks
from scheduler.store.resources import WORDS_OF_RESOURCES, columns_of, find_resources, resource_of

Known = Mapping[Resource, ResourceRow]


async def known_resources(transaction: OpenTransaction) -> dict[Resource, ResourceRow]:
    """Everything that can be locked and claimed."""
    table = tables.resources
    rows = await transaction.all(select(table.c.kind, table.c.id))
    return await find_resources(
        transaction, [Resource(ResourceKind(row.kind), row.id) for row in rows]
    )


async def resources_fit(
    transaction: OpenTransaction, records: Sequence[Record], known: Known
) -> list[Finding]:
    """What the database's own guards know of rooms and link pools is what their records say."""
    rows = {(row.kind, row.id): row for row in await transaction.all(select(tables.resources))}
    found = []
    for record in records:
        subject = f"{NAMES[type(record)]} {record.id}"
        resource = resource_of(type(record), record.id)
        if resource is None:
            continue
        row = rows.pop((resource.kind.value, resource.id), None)
        if row is None:
            zh, en = "没有可锁定的资源行。", "it has no row that could be locked."
            found.append(found_in(Check.RESOURCES, subject, zh, en))
            continue
        kit = getattr(record, "kit", None)
        if kit is not None and Resource(ResourceKind.KIT, kit) not in known:
            zh, en = f"共用设备 {kit} 没有资源行。", f"its kit {kit} has no row."
            found.append(found_in(Check.RESOURCES, subject, zh, en))
            continue
        found += (
            found_in(
                Check.RESOURCES,
                subject,
                f"资源行的 {column} 是 {getattr(row, column)}，应为 {value}。",
                f"its row has {column} {getattr(row, column)}, not {value}.",
            )
            for column, value in columns_of(record, known).items()
            if getattr(row, column) != value
        )
    found += (
        found_in(
            Check.RESOURCES,
            f"resources {kind} {name}",
            "资源行没有对应的记录。",
            "no record stands behind this row.",
        )
        for kind, name in sorted(rows)
        if kind != ResourceKind.KIT
    )
    return found


async def claims_fit(
    transaction: OpenTransaction, sessions: Sequence[Session], known: Known
) -> list[Finding]:
    """Each session claims exactly what it uses, from when to when and until its hold runs out."""
    by_number = {row.number: row for row in known.values()}
    stored: defaultdict[str, dict[int, Row[Any]]] = defaultdict(dict)
    table = tables.claims
    for part in chunks(session.id for session in sessions):
        for row in await transaction.all(select(table).where(table.c.session.in_(part))):
            stored[row.session][row.resource] = row
    now, found = transaction.now, list[Finding]()
    for session in sessions:
        subject = f"sessions {session.id}"
        concerned = concerned_by(session)
        if unknown := sorted(each for each in concerned if each not in known):
            word = WORDS_OF_RESOURCES[unknown[0].kind]
            zh, en = (
                f"{word.zh} {unknown[0].id} 没有资源行。",
                f"the {word.en} {unknown[0].id} has no row.",
            )
            found.append(found_in(Check.CLAIMS, subject, zh, en))
            continue
        own = {each: known[each] for each in concerned}
        kits = [by_number[row.kit] for row in own.values() if row.kit is not None]
        expected = {
            claim["resource"]: claim
            for claim in claims_on(session, own | {row.resource: row for row in kits})
        }
        rows = stored[session.id]
        if not (session.is_live(now) and session.slot.ends > now):
            # Rooms may have been given other kits since: only sessions to come claim the new ones.
            rows, expected = _without_kits(rows, by_number), _without_kits(expected, by_number)
        found += wrong_claims(subject, rows, expected, by_number, seconds_of(now))
    return found


def wrong_claims(
    subject: str,
    stored: Mapping[int, Row[Any]],
    expected: Mapping[int, Mapping[str, Any]],
    by_number: Mapping[int, ResourceRow],
    now: int,
) -> Iterator[Finding]:
    """What is missing among the stored claims of one subject, too much or otherwise wrong."""
    for number in sorted(stored.keys() | expected.keys()):
        row = by_number.get(number)
        named = f"{row.resource.kind.value} {row.resource.id}" if row else f"resource {number}"
        if wrong := _wrong_claim(stored.get(number), expected.get(number), now):
            zh, en = f"对 {named} 的占用{wrong.zh}。", f"its claim on {named} {wrong.en}."
            yield found_in(Check.CLAIMS, subject, zh, en)


def _without_kits(
    claims: Mapping[int, Any], by_number: Mapping[int, ResourceRow]
) -> dict[int, Any]:
    return {
        number: claim
        for number, claim in claims.items()
        if number not in by_number or by_number[number].resource.kind is not ResourceKind.KIT
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
