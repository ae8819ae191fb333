"""What people are told, written down with its cause."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, insert, select, update
from sqlalchemy.dialects import postgresql

from calendars.bells import SchoolId
from scheduler.errors import NotFoundError
from scheduler.members import TeacherId
from scheduler.model import Notice
from scheduler.store import tables
from scheduler.store.codec import decode, encode
from scheduler.store.opened import OpenTransaction, chunks

_TABLE = tables.notices
_QUERY = select(_TABLE.c.body, _TABLE.c.sent_at)
# SQLite understands PostgreSQL's words for this.
_INSERT_UNKNOWN = postgresql.insert(_TABLE).on_conflict_do_nothing(index_elements=[_TABLE.c.key])


async def add_notices(transaction: OpenTransaction, notices: Sequence[Notice]) -> None:
    """Write down what people are to be told; a notice whose key is known is told already."""
    if notices:
        await transaction.run(_INSERT_UNKNOWN, [_columns(notice) for notice in notices])


async def notice(transaction: OpenTransaction, id: str) -> Notice:
    """One notice, or `NotFoundError`."""
    row = await transaction.first(_QUERY.where(_TABLE.c.id == id))
    if row is None:
        raise NotFoundError(f"没有这条通知: {id}。", f"No such notice: {id}.")
    return _notice(row)


async def notices(
    transaction: OpenTransaction,
    *,
    school: SchoolId | None = None,
    teacher: TeacherId | None = None,
    after: str = "",
    limit: int = 100,
) -> Sequence[Notice]:
    """Notices by id, those that come after `after`."""
    query = _about(school, teacher).where(_TABLE.c.id > after)
    rows = await transaction.all(query.order_by(_TABLE.c.id).limit(limit))
    return tuple(_notice(row) for row in rows)


async def latest_notices(
    transaction: OpenTransaction,
    *,
    school: SchoolId | None,
    teacher: TeacherId | None,
    since: datetime,
    limit: int,
) -> Sequence[Notice]:
    """Notices since a moment in the order of their causes; of too many, the last ones.

    Without a teacher those for the schools themselves, which tell everything once.
    """
    query = _about(school, teacher).where(_TABLE.c.created_at >= since)
    if teacher is None:
        query = query.where(_TABLE.c.teacher.is_(None))
    query = query.order_by(_TABLE.c.created_at.desc(), _TABLE.c.id.desc()).limit(limit)
    return tuple(_notice(row) for row in reversed(await transaction.all(query)))


async def unrouted_notices(transaction: OpenTransaction, limit: int) -> Sequence[Notice]:
    """Notices of which nobody has decided yet through which channels they go, locked."""
    rows = await transaction.all(
        _QUERY.where(_TABLE.c.routed.is_(False))
        .order_by(_TABLE.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return tuple(_notice(row) for row in rows)


async def note_routes(
    transaction: OpenTransaction, notices: Sequence[Notice], routes: Sequence[tuple[str, str]]
) -> None:
    """Decide about these notices: `routes` are pairs of a notice and a channel that carries it."""
    if routes:
        await transaction.run(
            insert(tables.deliveries),
            [{"notice": notice, "channel": channel, "message": None} for notice, channel in routes],
        )
    for part in chunks([notice.id for notice in notices]):
        await transaction.run(update(_TABLE).where(_TABLE.c.id.in_(part)).values(routed=True))


async def note_told(transaction: OpenTransaction, notices: Sequence[str], moment: datetime) -> None:
    """These notices have reached somebody; the first time counts."""
    for part in chunks(notices):
        await transaction.run(
            update(_TABLE)
            .where(_TABLE.c.id.in_(part), _TABLE.c.sent_at.is_(None))
            .values(sent_at=moment)
        )


def _about(school: SchoolId | None, teacher: TeacherId | None) -> Select[Any]:
    query = _QUERY
    if school is not None:
        query = query.where(_TABLE.c.school == school)
    if teacher is not None:
        query = query.where(_TABLE.c.teacher == teacher)
    return query


def _notice(row: Row[Any]) -> Notice:
    return replace(decode(Notice, row.body), sent_at=row.sent_at)


def _columns(notice: Notice) -> dict[str, object]:
    return {
        "id": notice.id,
        "key": notice.key,
        "school": notice.school,
        "teacher": notice.teacher,
        "created_at": notice.created_at,
        "routed": False,
        "sent_at": notice.sent_at,
        "body": encode(notice),
    }
