"""Which sessions have changed since an earlier state: every change leaves an entry in the audit.

The entries of a chain are committed in their order, for whoever writes one holds the chain's end
until then. So how far each chain had come tells a state from all that came after it. A number for
all entries would not: of two, PostgreSQL may commit the lower one last.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from sqlalchemy import and_, bindparam, or_, select

from scheduler.model import Session, SessionId
from scheduler.store import tables
from scheduler.store.audit_chain import CHAINS, chain_heads
from scheduler.store.codec import decode
from scheduler.store.opened import OpenTransaction, Values

Ends = Mapping[int, int]
"""How many entries each chain of the audit has."""

_AUDIT, _SESSIONS = tables.audit, tables.sessions
IS_LATER: Final = or_(
    *(
        and_(_AUDIT.c.chain == chain, _AUDIT.c.position > bindparam(f"end_{chain}"))
        for chain in range(CHAINS)
    )
)
"""Whether an entry was written after the ends that come `as_values`."""

_SINCE: Final = (
    select(_AUDIT.c.chain, _AUDIT.c.position, _SESSIONS.c.body)
    .select_from(_AUDIT)
    .join(
        _SESSIONS,
        and_(_AUDIT.c.subject_kind == "sessions", _SESSIONS.c.id == _AUDIT.c.subject_id),
        isouter=True,
    )
    .where(IS_LATER)
    .limit(bindparam("most"))
)


class Changes(NamedTuple):
    """The sessions that have changed, as they are now, and the state in which they are so."""

    sessions: Mapping[SessionId, Session]
    ends: Ends


async def chain_ends(transaction: OpenTransaction) -> Ends:
    """What tells the state that this transaction sees."""
    return {head.chain: head.position for head in await chain_heads(transaction)}


def as_values(ends: Ends) -> Values:
    """The values of a statement that asks `IS_LATER`."""
    return {f"end_{chain}": ends.get(chain, 0) for chain in range(CHAINS)}


async def changes_since(transaction: OpenTransaction, ends: Ends, *, most: int) -> Changes | None:
    """The sessions that are new or have changed since then; None if more than `most` entries tell.

    No session is ever removed.
    """
    rows = await transaction.all(_SINCE, as_values(ends) | {"most": most + 1})
    if len(rows) > most:
        return None
    now = {**ends}
    for row in rows:
        now[row.chain] = max(now.get(row.chain, 0), row.position)
    bodies = {row.body for row in rows if row.body is not None}
    sessions = [decode(Session, body) for body in bodies]
    return Changes({session.id: session for session in sessions}, now)
