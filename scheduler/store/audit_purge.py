"""Forgetting what is older than it must be kept, so that the rest of the chain can be verified.

An anchor remembers the hash of the last entry that went. The database lets only such entries go
that an anchor covers, and that were 180 days old when it was set. A transaction takes only so many
that nobody waits for it long.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import takewhile
from typing import Any, Final

from sqlalchemy import Row, delete, insert, select

from scheduler.model import KEPT_AT_LEAST
from scheduler.store import tables
from scheduler.store.audit import write_audit
from scheduler.store.opened import OpenTransaction

_TABLE, _ANCHORS, _HEADS = tables.audit, tables.audit_anchors, tables.audit_heads
AT_ONCE: Final = 1000
"""Entries that one transaction removes: some hundredths of a second."""


async def purge_audit(
    transaction: OpenTransaction, older_than: datetime, *, most: int = AT_ONCE
) -> int:
    """Remove the beginning of chains up to what is younger than that moment; how many entries.

    At most `most` go: whoever wants all of them gone asks until there are none. Nothing younger
    than 180 days goes, whatever is asked. What another process purges at this moment is left to it.
    """
    older_than = min(older_than, transaction.now - KEPT_AT_LEAST)
    query, purged = select(_HEADS.c.chain).order_by(_HEADS.c.chain), 0
    for head in await transaction.all(query):
        if purged == most or not await _beginning(transaction, head.chain, older_than, 1):
            continue
        # Only one head at a time, so that whoever writes finds another one free.
        own = query.where(_HEADS.c.chain == head.chain).with_for_update(skip_locked=True)
        if await transaction.first(own) is None:
            continue
        if old := await _beginning(transaction, head.chain, older_than, most - purged):
            purged += await _purge(transaction, head.chain, old[-1])
    return purged


async def _beginning(
    transaction: OpenTransaction, chain: int, older_than: datetime, most: int
) -> Sequence[Row[Any]]:
    """The entries that a chain begins with and that are older than that moment."""
    rows = await transaction.all(
        select(_TABLE.c.position, _TABLE.c.hash, _TABLE.c.at)
        .where(_TABLE.c.chain == chain)
        .order_by(_TABLE.c.position)
        .limit(most)
    )
    return list(takewhile(lambda row: row.at < older_than, rows))


async def _purge(transaction: OpenTransaction, chain: int, last: Row[Any]) -> int:
    anchor = {
        "chain": chain,
        "position": last.position,
        "hash": last.hash,
        "at": transaction.now,
    }
    await transaction.run(insert(_ANCHORS), [anchor])
    purged = await transaction.run(
        delete(_TABLE).where(_TABLE.c.chain == chain, _TABLE.c.position <= last.position)
    )
    told = {
        "entries": purged,
        "position": last.position,
        "hash": last.hash.hex(),
        "last": last.at,
    }
    await write_audit(transaction, "purge", ("audit", f"chain-{chain}"), after=told)
    return purged
