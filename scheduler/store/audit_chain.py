"""The chain: each entry of the audit holds a hash of its content and of the entry before it.

There are a few chains, so that transactions on PostgreSQL need not wait for each other: one takes
whichever is free, as its very last step. The head of each chain says how long it is, so that a cut
end shows, and an anchor how far it was purged. Both, too, are kept by the database itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

import msgspec
from sqlalchemy import Row, func, insert, select

from scheduler.model.findings import Check, Finding, found_in
from scheduler.store import tables
from scheduler.store.opened import OpenTransaction, chunks

CHAINS: Final = 8
"""How many transactions may end at once without waiting."""

START: Final = bytes(32)
"""What the first entry of a chain follows."""

_TABLE, _HEADS, _ANCHORS = tables.audit, tables.audit_heads, tables.audit_anchors
_FIRST_HEAD = (
    select(_HEADS.c.chain, _HEADS.c.position, _HEADS.c.hash).order_by(_HEADS.c.chain).limit(1)
)
_FREE_HEAD = _FIRST_HEAD.with_for_update(skip_locked=True)
_INSERT = insert(_TABLE)
_PAGE: Final = 1000


@dataclass(frozen=True, slots=True)
class Link:
    """A place in a chain: an entry, or where a chain begins or was purged to."""

    chain: int
    position: int
    hash: bytes


async def seal(transaction: OpenTransaction) -> None:
    """Write down what this transaction has noted, at the free end of a chain.

    Comes last before the commit, so that nobody else waits for long.
    """
    if not transaction.noted:
        return
    head = await _free_head(transaction)
    rows = []
    for noted in transaction.noted:
        place = Link(head.chain, head.position + 1, head.hash)
        content = noted | {"chain": place.chain, "position": place.position}
        head = Link(place.chain, place.position, hash_after(head.hash, content))
        rows.append(content | {"hash": head.hash})
    for part in chunks(rows):
        await transaction.run(_INSERT, part)
    transaction.noted.clear()


def hash_after(before: bytes, content: dict[str, Any]) -> bytes:
    """The hash of an entry that follows the one whose hash is `before`."""
    moment: datetime = content["at"]
    told = [
        content["chain"],
        content["position"],
        moment.astimezone(UTC).isoformat(timespec="microseconds"),
        *(content[name] for name in _TEXTS),
    ]
    return sha256(before + msgspec.json.encode(told)).digest()


_TEXTS: Final = (
    "actor",
    "role",
    "origin",
    "request",
    "action",
    "subject_kind",
    "subject_id",
    "reason",
    "before",
    "after",
)


async def _free_head(transaction: OpenTransaction) -> Link:
    """The end of a chain that no other transaction is about to write to, locked."""
    row = await transaction.first(_FREE_HEAD)
    if row is None:
        known = await transaction.first(select(func.count().label("many")).select_from(_HEADS))
        if known is None or known.many == 0:
            # Whoever does the same at the same time is refused one of these, and tries again.
            heads = [{"chain": chain, "position": 0, "hash": START} for chain in range(CHAINS)]
            await transaction.run(insert(_HEADS), heads)
        row = await transaction.first(_FIRST_HEAD.with_for_update())
    assert row is not None  # noqa: S101 - heads are never removed
    return Link(row.chain, row.position, row.hash)


async def chain_heads(transaction: OpenTransaction) -> Sequence[Link]:
    """Where each chain ends now: kept elsewhere, these show whether the audit was made anew."""
    rows = await transaction.all(select(_HEADS).order_by(_HEADS.c.chain))
    return tuple(Link(row.chain, row.position, row.hash) for row in rows)


async def verify_chain(transaction: OpenTransaction) -> tuple[Finding, ...]:
    """The first entry of each chain that does not follow the one before, and every cut end."""
    heads = {head.chain: head for head in await chain_heads(transaction)}
    newest = await transaction.first(select(func.max(_TABLE.c.no).label("no")))
    if newest is None or newest.no is None:
        return ()
    found = [
        _finding(f"chain {chain}", "链的尾部登记缺失。", "the head of the chain is gone.")
        for chain in range(CHAINS)
        if chain not in heads
    ]
    starts = await _starts(transaction)
    for chain in range(CHAINS):
        start = starts.get(chain, Link(chain, 0, START))
        found += await _follow(transaction, start, heads.get(chain))
    return tuple(found)


async def _starts(transaction: OpenTransaction) -> dict[int, Link]:
    """Where each chain that was purged goes on."""
    rows = await transaction.all(select(_ANCHORS).order_by(_ANCHORS.c.chain, _ANCHORS.c.position))
    return {row.chain: Link(row.chain, row.position, row.hash) for row in rows}


async def _follow(
    transaction: OpenTransaction, start: Link, head: Link | None
) -> Sequence[Finding]:
    last = start
    while rows := await transaction.all(
        select(_TABLE)
        .where(_TABLE.c.chain == start.chain, _TABLE.c.position > last.position)
        .order_by(_TABLE.c.position)
        .limit(_PAGE)
    ):
        for row in rows:
            if (wrong := _wrong(row, last)) is not None:
                return (wrong,)
            last = Link(row.chain, row.position, row.hash)
    if head is not None and last != head:
        return (
            _finding(
                f"chain {start.chain}",
                f"链应到第 {head.position} 环，实际只到第 {last.position} 环：结尾被截断。",
                f"it should go on to link {head.position}, but ends at {last.position}: its end "
                "was cut.",
            ),
        )
    return ()


def _wrong(row: Row[Any], last: Link) -> Finding | None:
    if row.position != last.position + 1:
        return _finding(
            f"no {row.no}",
            f"链 {row.chain} 的第 {last.position + 1} 环缺失。",
            f"link {last.position + 1} of chain {row.chain} is missing before it.",
        )
    if row.hash != hash_after(last.hash, dict(row._mapping)):  # noqa: SLF001 - SQLAlchemy's public name
        return _finding(
            f"no {row.no}",
            f"链 {row.chain} 第 {row.position} 环的内容与其哈希不符：被改动过。",
            f"it does not match its hash, link {row.position} of chain {row.chain}: it was "
            "changed.",
        )
    return None


def _finding(subject: str, zh: str, en: str) -> Finding:
    return found_in(Check.AUDIT, f"audit {subject}", zh, en)
