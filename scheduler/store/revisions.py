"""Which books have changed: a school's book is read again only when its revision has moved."""

from collections.abc import Iterable, Mapping
from typing import Final

from sqlalchemy import insert, select, update

from calendars.bells import BellSchedule
from calendars.days import Day
from calendars.terms import Term
from scheduler.members import (
    Alliance,
    ClassGroup,
    District,
    LinkPool,
    Room,
    School,
    Studio,
    Teacher,
)
from scheduler.model import Request
from scheduler.store import tables
from scheduler.store.opened import OpenTransaction, one_of

ALLIANCE: Final = ""
"""Stands in the table of books for what belongs to no school."""

SHOWN: Final = {
    Alliance,
    District,
    LinkPool,
    School,
    Room,
    Teacher,
    ClassGroup,
    Studio,
    Term,
    Day,
    BellSchedule,
}
"""Kinds whose names or times a calendar may show."""

_TABLE = tables.books
_REVISIONS = select(_TABLE.c.school, _TABLE.c.revision)
_REVISIONS_OF = _REVISIONS.where(_TABLE.c.school.in_(one_of("schools")))


async def turn_pages(
    transaction: OpenTransaction, pages: Mapping[type[object], Iterable[str]]
) -> None:
    """Note that records of these kinds have changed in the books of these schools.

    Requests are in no book: they decide no session.
    """
    books = {book for kind, schools in pages.items() if kind is not Request for book in schools}
    shown = {book for kind, schools in pages.items() if kind in SHOWN for book in schools}
    if not books:
        return
    transaction.changed_books |= books
    rows = await transaction.all(
        select(_TABLE.c.school)
        .where(_TABLE.c.school.in_(sorted(books)))
        .order_by(_TABLE.c.school)
        .with_for_update(key_share=True)
    )
    if new := sorted(books - {row.school for row in rows}):
        await transaction.run(
            insert(_TABLE),
            [{"school": book, "revision": 0, "shown_revision": 0} for book in new],
        )
    await transaction.run(
        update(_TABLE)
        .where(_TABLE.c.school.in_(sorted(books)))
        .values(revision=_TABLE.c.revision + 1)
    )
    if shown:
        await transaction.run(
            update(_TABLE)
            .where(_TABLE.c.school.in_(sorted(shown)))
            .values(shown_revision=_TABLE.c.shown_revision + 1)
        )


async def revisions_of(
    transaction: OpenTransaction, schools: Iterable[str] | None
) -> dict[str, int]:
    """The revisions of these schools' books (of all if None), and always of the alliance's."""
    if schools is None:
        rows = await transaction.all(_REVISIONS)
    else:
        rows = await transaction.all(_REVISIONS_OF, {"schools": sorted({ALLIANCE, *schools})})
    return {row.school: row.revision for row in rows}
