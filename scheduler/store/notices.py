"""What people are told, written down with its cause."""

from collections.abc import Sequence

from sqlalchemy import insert, select

from calendars.bells import SchoolId
from scheduler.model import Notice
from scheduler.store import tables
from scheduler.store.codec import decode, encode
from scheduler.store.opened import OpenTransaction, chunks

_TABLE = tables.notices


async def add_notices(transaction: OpenTransaction, notices: Sequence[Notice]) -> None:
    """Write down what people are to be told; a notice whose key is known is told already."""
    known: set[str] = set()
    for part in chunks(sorted({notice.key for notice in notices})):
        rows = await transaction.all(select(_TABLE.c.key).where(_TABLE.c.key.in_(part)))
        known |= {row.key for row in rows}
    new = {notice.key: notice for notice in reversed(notices) if notice.key not in known}
    if new:
        await transaction.run(insert(_TABLE), [_columns(notice) for notice in new.values()])


async def notices(
    transaction: OpenTransaction,
    *,
    school: SchoolId | None = None,
    after: str = "",
    limit: int = 100,
) -> Sequence[Notice]:
    """Notices by id, those that come after `after`."""
    query = select(_TABLE.c.body).where(_TABLE.c.id > after)
    if school is not None:
        query = query.where(_TABLE.c.school == school)
    rows = await transaction.all(query.order_by(_TABLE.c.id).limit(limit))
    return tuple(decode(Notice, row.body) for row in rows)


def _columns(notice: Notice) -> dict[str, object]:
    return {
        "id": notice.id,
        "key": notice.key,
        "school": notice.school,
        "sent_at": notice.sent_at,
        "body": encode(notice),
    }
