"""Sessions that left somebody's calendar because other people or rooms took their place in it.

Such a calendar goes on showing the session as it was there, cancelled, for as long as any other
cancelled one: what only vanishes is never noticed.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy import delete, insert, select

from scheduler.model import Resource, ResourceKind, Session, SessionState
from scheduler.store import tables
from scheduler.store.claims import concerned_by
from scheduler.store.codec import decode, encode
from scheduler.store.opened import OpenTransaction
from scheduler.store.resources import find_resources

_TABLE = tables.departures
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
    resources = tables.resources
    query = (
        select(_TABLE.c.body)
        .join(resources, resources.c.number == _TABLE.c.resource)
        .where(
            resources.c.kind == resource.kind,
            resources.c.id == resource.id,
            _TABLE.c.left_at > since,
        )
        .order_by(_TABLE.c.session)
    )
    return tuple(decode(Session, row.body) for row in await transaction.all(query))


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
