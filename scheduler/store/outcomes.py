"""How sessions went, site by site: beside the sessions, which stay as they were planned."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import exists, insert, select

from calendars.bells import SchoolId
from calendars.slots import Slot
from calendars.text import Text
from scheduler.errors import NotFoundError
from scheduler.model import (
    AdjustmentKind,
    Outcome,
    OutcomeId,
    ResourceKind,
    Session,
    SessionId,
    SessionState,
)
from scheduler.store import tables
from scheduler.store.audit import write_audit
from scheduler.store.codec import decode, encode
from scheduler.store.opened import OpenTransaction
from scheduler.store.successors import write_over

_TABLE = tables.outcomes
_SESSIONS = tables.sessions
_KIND: Final = "outcomes"
_CALLED: Final = Text("结果记录", "outcome")


async def outcome(transaction: OpenTransaction, id: OutcomeId) -> Outcome:
    """One outcome, or `NotFoundError`."""
    row = await transaction.first(select(_TABLE.c.body).where(_TABLE.c.id == id))
    if row is None:
        raise NotFoundError(f"没有这条结果记录: {id}。", f"No such outcome: {id}.")
    return decode(Outcome, row.body)


async def outcomes(
    transaction: OpenTransaction,
    *,
    session: SessionId | None = None,
    school: SchoolId | None = None,
    within: Slot | None = None,
    after: str = "",
    limit: int | None = 100,
) -> Sequence[Outcome]:
    """Outcomes by id, of sessions that begin `within`."""
    query = select(_TABLE.c.body).where(_TABLE.c.id > after)
    if session is not None:
        query = query.where(_TABLE.c.session == session)
    if school is not None:
        query = query.where(_TABLE.c.school == school)
    if within is not None:
        query = query.where(_TABLE.c.starts >= within.starts, _TABLE.c.starts < within.ends)
    rows = await transaction.all(query.order_by(_TABLE.c.id).limit(limit))
    return tuple(decode(Outcome, row.body) for row in rows)


async def add_outcome(transaction: OpenTransaction, outcome: Outcome, session: Session) -> None:
    """Store how it went at one school, for the first time."""
    row = columns_of(outcome) | {"starts": session.slot.starts}
    await transaction.run(insert(_TABLE), [row])
    await write_audit(
        transaction, "create", (_KIND, outcome.id), after=outcome, reason=outcome.reason
    )


async def replace_outcome(transaction: OpenTransaction, before: Outcome, after: Outcome) -> Outcome:
    """Store a correction, one revision later; `StaleError` if it changed meanwhile."""
    after = replace(after, id=before.id, revision=before.revision + 1)
    await write_over(transaction, _TABLE, before, columns_of(after), called=_CALLED)
    action = "change" if after.closed_at is None else "close"
    await write_audit(
        transaction, action, (_KIND, after.id), before=before, after=after, reason=after.reason
    )
    return after


async def open_outcomes(
    transaction: OpenTransaction, *, before: datetime, limit: int
) -> Sequence[Outcome]:
    """Outcomes of sessions that began before a moment and are not closed, locked for closing."""
    query = (
        select(_TABLE.c.body)
        .where(_TABLE.c.closed_at.is_(None), _TABLE.c.starts < before)
        .order_by(_TABLE.c.starts, _TABLE.c.id)
        .limit(limit)
        .with_for_update()
    )
    return tuple(decode(Outcome, row.body) for row in await transaction.all(query))


async def cancelled_without_outcome(
    transaction: OpenTransaction, *, limit: int
) -> Sequence[Session]:
    """Sessions that schools had agreed to, were cancelled, and would be over by now."""
    noted, agreed = tables.outcomes.alias(), tables.adjustments
    query = (
        select(_SESSIONS.c.body)
        .where(
            _SESSIONS.c.state.in_((SessionState.CANCELLED, SessionState.EXPIRED)),
            _SESSIONS.c.ends <= transaction.now,
            exists().where(
                agreed.c.session == _SESSIONS.c.id, agreed.c.kind == AdjustmentKind.CANCEL
            ),
            ~exists().where(noted.c.session == _SESSIONS.c.id),
        )
        # By their end: for the order of the starts SQLite would read all sessions, of any state.
        .order_by(_SESSIONS.c.ends, _SESSIONS.c.id)
        .limit(limit)
    )
    return tuple(decode(Session, row.body) for row in await transaction.all(query))


async def sessions_without_outcome(
    transaction: OpenTransaction, *, school: SchoolId | None, after: str, limit: int
) -> Sequence[Session]:
    """Confirmed sessions that are over and of which the school (None: nobody) has told."""
    told = exists().where(_TABLE.c.session == _SESSIONS.c.id)
    query = select(_SESSIONS.c.body).where(
        _SESSIONS.c.id > after,
        _SESSIONS.c.state == SessionState.CONFIRMED,
        _SESSIONS.c.ends <= transaction.now,
    )
    if school is not None:
        claims, resources = tables.claims, tables.resources
        query = query.join(claims, claims.c.session == _SESSIONS.c.id)
        query = query.join(resources, resources.c.number == claims.c.resource)
        query = query.where(resources.c.kind == ResourceKind.SCHOOL.value, resources.c.id == school)
        told = told.where(_TABLE.c.school == school)
    rows = await transaction.all(query.where(~told).order_by(_SESSIONS.c.id).limit(limit))
    return tuple(decode(Session, row.body) for row in rows)


def columns_of(outcome: Outcome) -> dict[str, Any]:
    """The row of an outcome, without when its session began."""
    return {
        "id": outcome.id,
        "session": outcome.session,
        "school": outcome.school,
        "closed_at": outcome.closed_at,
        "revision": outcome.revision,
        "body": encode(outcome),
    }
