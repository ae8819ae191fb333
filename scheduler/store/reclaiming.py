"""Sessions to come keep apart when a room or a link pool changes what it can carry."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from sqlalchemy import select

from scheduler.members import LinkPool, Room
from scheduler.model import Resource, Session
from scheduler.records import Record
from scheduler.store import tables
from scheduler.store.claims import add_claims, claims_of, drop_claims, kept_apart, seconds_of
from scheduler.store.codec import decode
from scheduler.store.opened import OpenTransaction
from scheduler.store.resources import find_resources, resource_of


@asynccontextmanager
async def reclaimed(
    transaction: OpenTransaction, changed: Iterable[tuple[Record, Record]]
) -> AsyncIterator[None]:
    """A part that changes what rooms and link pools can carry: sessions to come claim them again.

    `changed` are records before and after. `ClashError` if what is booked would no longer be sound:
    a kit used twice at once, a buffer too short, a pool over its peak.
    """
    resources = [
        resource
        for before, after in changed
        if _carries(before) != _carries(after)
        and (resource := resource_of(type(after), after.id)) is not None
    ]
    sessions = await _sessions_to_come(transaction, resources) if resources else ()
    for session in sessions:
        await drop_claims(transaction, session.id)
    yield
    for session in sessions:
        claims = await claims_of(transaction, session)
        async with kept_apart(transaction, claims):
            await add_claims(transaction, claims)


def _carries(record: Record) -> tuple[str | int | None, ...]:
    if isinstance(record, Room):
        return record.kit, record.buffer_minutes
    if isinstance(record, LinkPool):
        return record.sessions, record.ports
    return ()


async def _sessions_to_come(
    transaction: OpenTransaction, resources: Iterable[Resource]
) -> tuple[Session, ...]:
    claims, sessions = tables.claims, tables.sessions
    numbers = [row.number for row in (await find_resources(transaction, resources)).values()]
    query = (
        select(sessions.c.id, sessions.c.body)
        .join(claims, claims.c.session == sessions.c.id)
        .where(
            claims.c.resource.in_(numbers),
            claims.c.live,
            claims.c.ends > seconds_of(transaction.now),
        )
        .distinct()
        .order_by(sessions.c.id)
    )
    return tuple(decode(Session, row.body) for row in await transaction.all(query))
