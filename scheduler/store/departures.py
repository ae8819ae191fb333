"""Sessions that left somebody's calendar because other people or rooms took their place in it.

Such a calendar goes on showing the session as it was there, cancelled, for as long as any other
cancelled one: what only vanishes is never noticed. And a series is noted to have changed there, for
what repeats must not seem older when all that was newer has gone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, delete, func, insert, select

from scheduler.members import StudioId
from scheduler.model import Resource, ResourceKind, SeriesId, Session, SessionState
from scheduler.store import tables
from scheduler.store.claims import concerned_by
from scheduler.store.codec import decode, encode
from scheduler.store.opened import OpenTransaction, chunks
from scheduler.store.resources import count_up, find_resources

_TABLE = tables.departures
_DEPARTED: Final = (
    select(_TABLE.c.body)
    .join(tables.resources, tables.resources.c.number == _TABLE.c.resource)
    .where(
        tables.resources.c.kind == bindparam("kind"),
        tables.resources.c.id == bindparam("of"),
        _TABLE.c.left_at > bindparam("since"),
    )
    .order_by(_TABLE.c.session)
)
_WITH_CALENDARS: Final = frozenset(
    {
        ResourceKind.SCHOOL,
        ResourceKind.ROOM,
        ResourceKind.TEACHER,
        ResourceKind.CLASS_GROUP,
    }
)


async def note_departures(transaction: OpenTransaction, before: Session, after: Session) -> None:
    """Note whose calendars the session leaves, and forget that it left those it comes back to."""
    await _note_series(transaction, before, after)
    if before.state not in (SessionState.HELD, SessionState.CONFIRMED):
        return
    there, here = _calendars_of(before), _calendars_of(after)
    if there == here:
        return
    rows = await find_resources(transaction, there | here)
    await transaction.run(
        delete(_TABLE).where(
            _TABLE.c.session == after.id,
            _TABLE.c.resource.in_([row.number for row in rows.values()]),
        )
    )
    left = [rows[resource].number for resource in sorted(there - here) if resource in rows]
    if left:
        body = encode(_as_it_left(before, after))
        await transaction.run(
            insert(_TABLE),
            [
                {
                    "session": after.id,
                    "resource": number,
                    "left_at": transaction.now,
                    "body": body,
                }
                for number in left
            ],
        )


async def sessions_departed(
    transaction: OpenTransaction, resource: Resource, since: datetime
) -> Sequence[Session]:
    """The sessions that have left this calendar since then, as they were, cancelled."""
    asked = {"kind": resource.kind, "of": resource.id, "since": since}
    return tuple(decode(Session, row.body) for row in await transaction.all(_DEPARTED, asked))


async def series_departed(
    transaction: OpenTransaction, about: Resource | StudioId | None, ids: Iterable[SeriesId]
) -> dict[SeriesId, datetime]:
    """When each of the series last lost or moved a session in this calendar, if ever.

    What is no resource has no calendar of its own to lose from: whatever was lost anywhere counts.
    """
    table, resources = tables.series_departures, tables.resources
    found: dict[SeriesId, datetime] = {}
    for part in chunks(sorted(ids)):
        query = select(table.c.series, func.max(table.c.left_at).label("left_at"))
        query = query.where(table.c.series.in_(part)).group_by(table.c.series)
        if isinstance(about, Resource):
            query = query.join(resources, resources.c.number == table.c.resource).where(
                resources.c.kind == about.kind, resources.c.id == about.id
            )
        found |= {SeriesId(row.series): row.left_at for row in await transaction.all(query)}
    return found


async def note_new_pattern(transaction: OpenTransaction, series: SeriesId) -> None:
    """Note that every date of the series has become another, in whosever calendar one is left."""
    claims, sessions = tables.claims, tables.sessions
    own = select(sessions.c.id).where(sessions.c.series == series)
    query = (
        select(claims.c.resource)
        .where(claims.c.session.in_(own), claims.c.kind.in_(sorted(_WITH_CALENDARS)))
        .union(select(_TABLE.c.resource).where(_TABLE.c.session.in_(own)))
    )
    numbers = {row.resource for row in await transaction.all(query)}
    await _note_now(transaction, series, numbers)
    await count_up(transaction, numbers)


async def _note_series(transaction: OpenTransaction, before: Session, after: Session) -> None:
    """Note in whose calendars the series loses the session, be it to another series."""
    if before.series is None:
        return
    left = _calendars_of(before)
    if before.series == after.series:
        left -= _calendars_of(after)
    rows = await find_resources(transaction, left)
    await _note_now(transaction, before.series, {row.number for row in rows.values()})


async def _note_now(transaction: OpenTransaction, series: SeriesId, numbers: set[int]) -> None:
    table = tables.series_departures
    if not numbers:
        return
    await transaction.run(
        delete(table).where(table.c.series == series, table.c.resource.in_(sorted(numbers)))
    )
    await transaction.run(
        insert(table),
        [
            {"series": series, "resource": number, "left_at": transaction.now}
            for number in sorted(numbers)
        ],
    )


async def forget_departures(transaction: OpenTransaction, older_than: datetime) -> int:
    """Delete what no calendar shows any more; how many there were."""
    return await transaction.run(delete(_TABLE).where(_TABLE.c.left_at <= older_than))


def _calendars_of(session: Session) -> set[Resource]:
    return {each for each in concerned_by(session) if each.kind in _WITH_CALENDARS}


def _as_it_left(before: Session, after: Session) -> Session:
    return replace(
        before,
        state=SessionState.CANCELLED,
        hold_expires_at=None,
        changed_at=after.changed_at,
        revision=after.revision,
        sequence=max(after.sequence, before.sequence + 1),
    )
