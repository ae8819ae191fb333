"""Whether the audit tells the whole life of every session and series, each entry after the last."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import suppress
from hashlib import blake2b
from typing import Any, Final

import msgspec
from sqlalchemy import Row, Table, select

from scheduler.model import Series, Session, SessionState
from scheduler.model.findings import Check, Finding, found_in
from scheduler.store import tables
from scheduler.store.codec import decode, encode
from scheduler.store.opened import OpenTransaction

_KINDS: Final[dict[str, type[Any]]] = {"sessions": Session, "series": Series}
_TABLES: Final = {"sessions": tables.sessions, "series": tables.series}
_PAGE: Final = 500


async def follow_audit(transaction: OpenTransaction) -> tuple[Finding, ...]:
    """Gaps in what was written down, and changes of sessions that had ended (invariants 6 and 8).

    Keeps a fingerprint of each session and series, never the audit itself. Where it was purged,
    what comes first need not be the beginning, and what has not changed since is in it no more.
    """
    found: list[Finding] = []
    last: dict[str, bytes | None] = {}
    purged = await transaction.first(select(tables.audit_anchors.c.chain).limit(1)) is not None
    number = 0
    table = tables.audit
    while rows := await transaction.all(
        select(table)
        .where(table.c.no > number, table.c.subject_kind.in_(_KINDS))
        .order_by(table.c.no)
        .limit(_PAGE)
    ):
        for row in rows:
            if not purged or f"{row.subject_kind} {row.subject_id}" in last:
                found += _gap(row, last)
            last[f"{row.subject_kind} {row.subject_id}"] = _fingerprint(row.subject_kind, row.after)
            found += _changed_past(row)
        number = rows[-1].no
    for kind, owner in _TABLES.items():
        async for row in _all_of(transaction, owner):
            subject = f"{kind} {row.id}"
            if purged and subject not in last:
                continue
            if last.pop(subject, None) != _fingerprint(kind, row.body):
                found.append(
                    found_in(
                        Check.AUDIT,
                        subject,
                        "现状与操作日志的最后一条不符：有改动没有留下记录。",
                        "it is not as the last entry of the audit left it: "
                        "something changed it without a trace.",
                    )
                )
    found += (
        found_in(
            Check.AUDIT, subject, "操作日志中有，库中没有。", "the audit knows it, but it is gone."
        )
        for subject in last
    )
    return tuple(found)


async def _all_of(transaction: OpenTransaction, owner: Table) -> AsyncIterator[Row[Any]]:
    last = ""
    query = select(owner.c.id, owner.c.body).order_by(owner.c.id).limit(_PAGE)
    while rows := await transaction.all(query.where(owner.c.id > last)):
        for row in rows:
            yield row
        last = rows[-1].id


def _gap(row: Row[Any], last: Mapping[str, bytes | None]) -> Iterator[Finding]:
    subject = f"{row.subject_kind} {row.subject_id}"
    if _fingerprint(row.subject_kind, row.before) != last.get(subject):
        yield found_in(
            Check.AUDIT,
            subject,
            f"操作日志第 {row.no} 条与上一条不衔接。",
            f"entry {row.no} of the audit does not follow the one before.",
        )


def _fingerprint(kind: str, body: str | None) -> bytes | None:
    """Equal for equal values, though they were written before a field was added."""
    if body is None:
        return None
    # A value that this version cannot read is compared by its text.
    with suppress(msgspec.MsgspecError):
        body = encode(decode(_KINDS[kind], body))
    return blake2b(body.encode(), digest_size=16).digest()


def _changed_past(row: Row[Any]) -> Iterator[Finding]:
    if row.subject_kind != "sessions" or row.before is None or row.after is None:
        return
    try:
        before, after = decode(Session, row.before), decode(Session, row.after)
    except msgspec.MsgspecError:
        return
    moved = (before.slot, before.sites) != (after.slot, after.sites)
    undone = after.state not in {before.state, SessionState.EXPIRED}
    if before.slot.ends <= row.at and (moved or undone):
        yield found_in(
            Check.PAST,
            f"sessions {row.subject_id}",
            f"操作日志第 {row.no} 条在活动结束后改动了它。",
            f"entry {row.no} of the audit changed it after it had ended.",
        )
