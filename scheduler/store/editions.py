"""Editions of published calendars: whether one may have changed, and since when it has not.

The date of an edition is stored, so that every process tells the same one, after a restart too.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, bindparam, func, insert, select, update

from scheduler.model import Resource, ResourceKind
from scheduler.store import tables
from scheduler.store.opened import OpenTransaction

_TABLE = tables.editions
_CLOCKS_DIFFER: Final = timedelta(hours=1)
"""By this much at most; an edition further ahead was written by a clock that was set back since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How far a calendar has come.

    `shown` counts changes of names, `touched` changes of sessions. `touched` falls when a school is
    removed, but then `shown` grows. `modified` is that of the latest edition, 0 before the first.
    """

    shown: int
    touched: int
    modified: int

    def covers(self, other: "Standing") -> bool:
        """Whether whoever knows this state knows all of the other."""
        return self.ledger >= other.ledger and self.modified >= other.modified

    @property
    def ledger(self) -> tuple[int, int]:
        """What grows with the ledger alone, whatever was written from it."""
        return self.shown, self.touched


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """What a calendar was from one moment on.

    `tag` names its bytes, written as of `as_of` from the ledger at `shown` and `touched`.
    `modified` is a second since 1970, a later one for each edition of a calendar: it may be ahead
    of the clock for as many seconds as there are editions within one.
    """

    tag: str
    as_of: datetime
    shown: int
    touched: int
    modified: int = 0

    def is_newer_than(self, other: "Edition") -> bool:
        """Whether it tells of a later state, be it of the ledger or of time."""
        ledger, others = (self.shown, self.touched), (other.shown, other.touched)
        ahead = self.as_of - other.as_of
        return ledger > others or (ledger == others and timedelta() < ahead <= _CLOCKS_DIFFER)


async def standing_of(
    transaction: OpenTransaction, calendar: str, resource: Resource | None
) -> Standing:
    """How far a calendar has come that shows sessions of `resource` (of any if None); one query."""
    asked = {"calendar": calendar}
    query = _OF_ALL
    if resource is not None:
        query, asked = _OF_RESOURCE, asked | {"kind": resource.kind, "id": resource.id}
    (row,) = await transaction.all(query, asked)
    return Standing(
        shown=int(row.shown or 0), touched=int(row.touched or 0), modified=row.modified or 0
    )


def _standing(*whose: ColumnElement[bool]) -> Select[Any]:
    """Made once for all: to put the question together takes longer than to answer it."""
    touched = select(func.sum(tables.resources.c.revision)).where(*whose)
    shown = select(func.sum(tables.books.c.shown_revision))
    modified = select(_TABLE.c.modified).where(_TABLE.c.calendar == bindparam("calendar"))
    return select(
        shown.scalar_subquery().label("shown"),
        touched.scalar_subquery().label("touched"),
        modified.scalar_subquery().label("modified"),
    )


_OF_RESOURCE: Final = _standing(
    tables.resources.c.kind == bindparam("kind"), tables.resources.c.id == bindparam("id")
)
# What touches anything touches a school.
_OF_ALL: Final = _standing(tables.resources.c.kind == ResourceKind.SCHOOL)


async def publish(transaction: OpenTransaction, calendar: str, wish: Edition) -> Edition:
    """The edition that readers are told of from now on.

    That is `wish` with its date, the one before if its bytes are the same, or a newer one that
    another process has published meanwhile.
    """
    row = await transaction.first(
        select(_TABLE).where(_TABLE.c.calendar == calendar).with_for_update()
    )
    second = int(transaction.now.timestamp())
    if row is None:
        first = replace(wish, modified=second)
        await transaction.run(insert(_TABLE), [{"calendar": calendar} | _columns(first)])
        return first
    before = Edition(
        tag=row.tag, as_of=row.as_of, shown=row.shown, touched=row.touched, modified=row.modified
    )
    if before.tag == wish.tag or before.is_newer_than(wish):
        return before
    after = replace(wish, modified=max(second, before.modified + 1))
    await transaction.run(
        update(_TABLE).where(_TABLE.c.calendar == calendar).values(_columns(after))
    )
    return after


def _columns(edition: Edition) -> dict[str, object]:
    return {
        "tag": edition.tag,
        "as_of": edition.as_of,
        "shown": edition.shown,
        "touched": edition.touched,
        "modified": edition.modified,
    }
