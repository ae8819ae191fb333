"""The whole ledger, part by part, so that never all of it is at hand at once."""

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import and_, func, or_, select

from scheduler.model import SeriesId, Session, SessionId, SessionState
from scheduler.store import tables
from scheduler.store.codec import decode
from scheduler.store.opened import AT_ONCE, OpenTransaction, chunks
from scheduler.store.sessions import sessions

_TABLE = tables.sessions
_NEAR_MINUTES: Final = 24 * 60
_LIVE: Final = (SessionState.HELD.value, SessionState.CONFIRMED.value)


async def sessions_by_id(transaction: OpenTransaction) -> AsyncIterator[list[Session]]:
    """Every session."""
    last = ""
    query = select(_TABLE.c.id, _TABLE.c.body).order_by(_TABLE.c.id).limit(AT_ONCE)
    while rows := await transaction.all(query.where(_TABLE.c.id > last)):
        last = rows[-1].id
        yield [decode(Session, row.body) for row in rows]


async def live_sessions_by_time(
    transaction: OpenTransaction, pause: timedelta
) -> AsyncIterator[list[Session]]:
    """Every session that goes on, by time, in parts between which there is a pause of that length.

    A part is a day as a rule, for at night there is a pause. Sessions whose columns tell another
    time than they do themselves come last, with all that goes on near them once more.
    """
    part: list[Session] = []
    misfiled: list[Session] = []
    until: datetime | None = None
    async for starts, session in _by_time(transaction):
        if not session.is_live(transaction.now):
            continue
        if starts != session.slot.starts:
            misfiled.append(session)
            continue
        if until is not None and starts >= until + pause:
            yield part
            part = []
        part.append(session)
        until = session.slot.ends if until is None else max(until, session.slot.ends)
    if part:
        yield part
    if misfiled:
        yield await _with_what_is_near(transaction, misfiled)


async def _by_time(transaction: OpenTransaction) -> AsyncIterator[tuple[datetime, Session]]:
    """When its columns say that it begins, and the session that they are about."""
    table = _TABLE.c
    query = (
        select(table.id, table.starts, table.body)
        .where(table.state.concat("").in_(_LIVE))  # read in the order of their starts
        .order_by(table.starts, table.id)
        .limit(AT_ONCE)
    )
    rows = await transaction.all(query)
    while rows:
        for row in rows:
            yield row.starts, decode(Session, row.body)
        last = rows[-1]
        same = and_(table.starts == last.starts, table.id > last.id)
        later = or_(table.starts > last.starts, same)
        rows = await transaction.all(query.where(table.starts >= last.starts, later))


async def _with_what_is_near(
    transaction: OpenTransaction, misfiled: Iterable[Session]
) -> list[Session]:
    found = {session.id: session for session in misfiled}
    for session in tuple(found.values()):
        near = await sessions(transaction, within=session.slot.padded(_NEAR_MINUTES), limit=None)
        found |= {each.id: each for each in near if each.is_live(transaction.now)}
    return sorted(found.values(), key=lambda session: (session.slot, session.id))


async def sessions_named(
    transaction: OpenTransaction, ids: Iterable[SessionId]
) -> dict[SessionId, Session]:
    """Those of the sessions that exist."""
    found = {}
    for part in chunks(sorted(set(ids))):
        query = select(_TABLE.c.id, _TABLE.c.body).where(_TABLE.c.id.in_(part))
        for row in await transaction.all(query):
            found[SessionId(row.id)] = decode(Session, row.body)
    return found


async def series_with_a_date_twice(transaction: OpenTransaction) -> Sequence[SeriesId]:
    """Series of which several sessions seem to stand for one date."""
    table = _TABLE.c
    rows = await transaction.all(
        select(table.series)
        .where(table.series.is_not(None), table.state.in_(_LIVE))
        .group_by(table.series, table.series_date)
        .having(func.count() > 1)
        .distinct()
    )
    return sorted(SeriesId(row.series) for row in rows)
