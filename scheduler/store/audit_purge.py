"""Forgetting what is older than it must be kept, so that the rest of the chain can be verified.

An anchor remembers the hash of the last entry that went. The database lets only such entries go
that an anchor covers, and that were 180 days old when it was set.
"""

from datetime import datetime

from sqlalchemy import delete, func, insert, select

from scheduler.model import KEPT_AT_LEAST
from scheduler.store import tables
from scheduler.store.audit import write_audit
from scheduler.store.opened import OpenTransaction

_TABLE, _ANCHORS = tables.audit, tables.audit_anchors


async def purge_audit(transaction: OpenTransaction, older_than: datetime) -> int:
    """Remove the beginning of each chain up to what is younger than that moment; how many entries.

    Nothing younger than 180 days goes, whatever is asked.
    """
    older_than = min(older_than, transaction.now - KEPT_AT_LEAST)
    purged = 0
    oldest_kept = (
        select(_TABLE.c.chain, func.min(_TABLE.c.position).label("position"))
        .where(_TABLE.c.at >= older_than)
        .group_by(_TABLE.c.chain)
    )
    kept = {row.chain: row.position for row in await transaction.all(oldest_kept)}
    ends = await transaction.all(select(tables.audit_heads).order_by(tables.audit_heads.c.chain))
    for end in ends:
        purged += await _purge(transaction, end.chain, kept.get(end.chain, end.position + 1) - 1)
    return purged


async def _purge(transaction: OpenTransaction, chain: int, position: int) -> int:
    last = await transaction.first(
        select(_TABLE.c.hash, _TABLE.c.at).where(
            _TABLE.c.chain == chain, _TABLE.c.position == position
        )
    )
    if last is None:
        return 0
    anchor = {"chain": chain, "position": position, "hash": last.hash, "at": transaction.now}
    await transaction.run(insert(_ANCHORS), [anchor])
    purged = await transaction.run(
        delete(_TABLE).where(_TABLE.c.chain == chain, _TABLE.c.position <= position)
    )
    told = {"entries": purged, "position": position, "hash": last.hash.hex(), "last": last.at}
    await write_audit(transaction, "purge", ("audit", f"chain-{chain}"), after=told)
    return purged
