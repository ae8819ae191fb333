"""Sessions and what they claim: read, added and replaced as one unit."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final, NoReturn

from sqlalchemy import Select, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from calendars.slots import Slot
from scheduler.adjusting import ORDINARY, Occasion
from scheduler.errors import NotFoundError, StaleError, StateError
from scheduler.members import Studio
from scheduler.model import (
    Resource,
    SeriesId,
    Session,
    SessionId,
    SessionState,
)
from scheduler.records import references
from scheduler.store import tables
from scheduler.store.adjustments import note_adjustments
from scheduler.store.audit import write_audit
from scheduler.store.claims import (
    add_claims,
    claims_of,
    claims_on,
    concerned_by,
    drop_claims,
    kept_apart,
    touch,
)
from scheduler.store.codec import decode, decode_all, encode
from scheduler.store.departures import note_departures
from scheduler.store.naming import replace_references
from scheduler.store.opened import OpenTransaction, chunks, touches
from scheduler.store.resources import count_up, lock_resources

_TABLE = tables.sessions
_KIND: Final = "sessions"
_BODY = select(_TABLE.c.body).where(_TABLE.c.id == bindparam("of_id"))
_INSERT = insert(_TABLE)


async def session(transaction: OpenTransaction, id: SessionId) -> Session:
    """One session, or `NotFoundError`."""
    row = await transaction.first(_BODY, {"of_id": id})
    if row is None:
        raise _missing(id)
    return decode(Session, row.body)


async def sessions(
    transaction: OpenTransaction,
    *,
    resource: Resource | None = None,
    series: SeriesId | None = None,
    within: Slot | None = None,
    states: Sequence[SessionState] = tuple(SessionState),
    after: str = "",
    limit: int | None = 100,
) -> Sequence[Session]:
    """Sessions by id that use the resource (any if None), touch `within` and are in `states`.

    A teacher's include those that the teacher only observes.
    """
    query = select(_TABLE.c.body).where(_TABLE.c.id > after)
    if set(states) != set(SessionState):
        # SQLite would rather read all of a state than all of a week: it gets no index for that.
        state = _TABLE.c.state if within is None else _TABLE.c.state.concat("")
        query = query.where(state.in_(states))
    if resource is not None:
        query = _using(query, resource)
    if series is not None:
        query = query.where(_TABLE.c.series == series)
    if within is not None:
        earliest = within.starts - timedelta(seconds=tables.LONGEST_CLAIM_SECONDS)
        query = query.where(
            touches(_TABLE, opens=within.starts, closes=within.ends, earliest=earliest)
        )
        if resource is not None:
            query = query.where(touch(within))
    rows = await transaction.all(query.order_by(_TABLE.c.id).limit(limit))
    return tuple(await decode_all(Session, [row.body for row in rows]))


def _using(query: Select[Any], resource: Resource) -> Select[Any]:
    claims, resources = tables.claims, tables.resources
    return (
        query.join(claims, claims.c.session == _TABLE.c.id)
        .join(resources, resources.c.number == claims.c.resource)
        .where(resources.c.kind == resource.kind, resources.c.id == resource.id)
    )


async def due_holds(transaction: OpenTransaction) -> Sequence[Session]:
    """Held sessions whose hold has run out by `now`."""
    query = select(_TABLE.c.body).where(
        _TABLE.c.state == SessionState.HELD, _TABLE.c.hold_expires_at <= transaction.now
    )
    rows = await transaction.all(query.order_by(_TABLE.c.hold_expires_at, _TABLE.c.id))
    return tuple(decode(Session, row.body) for row in rows)


async def add_session(transaction: OpenTransaction, session: Session) -> None:
    """Store a new session and its claims; the database refuses a double claim (`ClashError`)."""
    await add_sessions(transaction, [session])


async def add_sessions(transaction: OpenTransaction, sessions: Sequence[Session]) -> None:
    """Store several new sessions, all or none, in as many statements as one needs."""
    if not sessions:
        return
    known = await lock_resources(
        transaction, {one for each in sessions for one in concerned_by(each)}
    )
    claims = [claim for session in sessions for claim in claims_on(session, known)]
    try:
        async with kept_apart(transaction, claims):
            await transaction.run(_INSERT, [columns_of(session) for session in sessions])
            await add_claims(transaction, claims)
    except IntegrityError:
        for session in sessions:
            await _refuse_known(transaction, session.id)
        raise
    await count_up(transaction, {claim["resource"] for claim in claims})
    for session in sessions:
        await _name_studio(transaction, None, session)
        await write_audit(transaction, "create", (_KIND, session.id), after=session)


async def _refuse_known(transaction: OpenTransaction, id: SessionId) -> None:
    if await transaction.first(_BODY, {"of_id": id}):
        raise StateError(f"活动 {id} 已经存在。", f"The session {id} already exists.")


async def replace_session(
    transaction: OpenTransaction, before: Session, after: Session, *, occasion: Occasion = ORDINARY
) -> None:
    """Store the successor of `before`, one revision later; `StaleError` if it changed meanwhile."""
    await replace_sessions(transaction, [(before, after)], occasion=occasion)


async def replace_sessions(
    transaction: OpenTransaction,
    changes: Sequence[tuple[Session, Session]],
    *,
    occasion: Occasion = ORDINARY,
) -> None:
    """Store several successors at once: each may take a place that another of them gives up.

    All old claims go before any new one comes, so that no guard refuses a swap half-way. What each
    change amounts to (调课, 代课, 停课, ...) is put on record; `occasion` tells what the difference
    alone does not.
    """
    changes = [
        (before, replace(after, id=before.id, revision=before.revision + 1))
        for before, after in changes
    ]
    await lock_resources(
        transaction, {each for pair in changes for one in pair for each in concerned_by(one)}
    )
    await _refuse_told(transaction, [before for before, _ in changes])
    claims = [
        (await claims_of(transaction, before), await claims_of(transaction, after))
        for before, after in changes
    ]
    async with kept_apart(transaction, [claim for _, new in claims for claim in new]):
        for before, after in changes:
            await _replace_row(transaction, before, after)
        moving = [new for old, new in claims if old != new]
        for new in moving:
            await drop_claims(transaction, new[0]["session"])
        for new in moving:
            await add_claims(transaction, new)
    for (before, after), (old, new) in zip(changes, claims, strict=True):
        await note_departures(transaction, before, after)
        await _name_studio(transaction, before, after)
        await count_up(transaction, {claim["resource"] for claim in (*old, *new)})
        await write_audit(
            transaction,
            _action(before, after),
            (_KIND, after.id),
            before=before,
            after=after,
            reason=after.reason,
        )
    await note_adjustments(transaction, changes, occasion)


async def _replace_row(transaction: OpenTransaction, before: Session, after: Session) -> None:
    touched = await transaction.run(
        update(_TABLE)
        .where(_TABLE.c.id == before.id, _TABLE.c.revision == before.revision)
        .values(columns_of(after))
    )
    if touched == 0:
        await _refuse_stale(transaction, before)


async def _refuse_told(transaction: OpenTransaction, sessions: Sequence[Session]) -> None:
    """What a school has told the outcome of stays as it was planned; a guard holds that, too."""
    begun = {each.id: each for each in sessions if each.slot.starts <= transaction.now}
    told = tables.outcomes.c.session
    for part in chunks(sorted(begun)):
        row = await transaction.first(select(told).where(told.in_(part)).limit(1))
        if row is not None:
            title = begun[row.session].title
            raise StateError(
                f"“{title}”已登记结果，安排不能再更改。",
                f"“{title}” has an outcome already and stays as it was planned.",
            )


async def _refuse_stale(transaction: OpenTransaction, before: Session) -> NoReturn:
    now = await session(transaction, before.id)
    raise StaleError(
        f"活动 {before.id} 已被他人修改：现在是第 {now.revision} 版，不是第 {before.revision} 版。",
        f"The session {before.id} has changed: it is now at revision {now.revision}, "
        f"not {before.revision}.",
    )


def _missing(id: SessionId) -> NotFoundError:
    return NotFoundError(f"没有编号为 {id} 的活动。", f"No such session: {id}.")


def columns_of(session: Session) -> dict[str, Any]:
    """The row of a session."""
    return {
        "id": session.id,
        "series": session.series,
        "series_date": session.series_date,
        "starts": session.slot.starts,
        "ends": session.slot.ends,
        "state": session.state.value,
        "hold_expires_at": session.hold_expires_at,
        "pinned": session.pinned,
        "revision": session.revision,
        "body": encode(session),
    }


def _action(before: Session, after: Session) -> str:
    if before.state is not after.state:
        return {
            SessionState.HELD: "hold",
            SessionState.CONFIRMED: "confirm",
            SessionState.CANCELLED: "cancel",
            SessionState.EXPIRED: "expire",
        }[after.state]
    return "change" if before.slot == after.slot else "move"


async def _name_studio(
    transaction: OpenTransaction, before: Session | None, after: Session
) -> None:
    """Keep the studio from being deleted; everything else that a session names it also claims."""
    if after.studio is not None or (before is not None and before.studio is not None):
        named = [each for each in references(after) if each.kind is Studio]
        await replace_references(transaction, [(_KIND, after.id, named)])
