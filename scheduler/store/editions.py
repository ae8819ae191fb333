"""Editions of published calendars: whether one may have changed, and since when it has not.

The date of an edition is stored, so that every process tells the same one, after a restart too.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    and_,
    bindparam,
    case,
    func,
    insert,
    not_,
    or_,
    select,
    update,
)

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


def _supersedes() -> ColumnElement[bool]:
    """Whether the new edition has other bytes, and tells of no earlier state of ledger or time."""
    shown: BindParameter[int] = bindparam("new_shown")
    touched: BindParameter[int] = bindparam("new_touched")
    as_of: BindParameter[datetime] = bindparam("new_as_of")
    older = or_(
        _TABLE.c.shown > shown,
        and_(_TABLE.c.shown == shown, _TABLE.c.touched > touched),
        and_(
            _TABLE.c.shown == shown,
            _TABLE.c.touched == touched,
            _TABLE.c.as_of > as_of,
            _TABLE.c.as_of <= bindparam("latest"),
        ),
    )
    return and_(_TABLE.c.tag != bindparam("new_tag"), not_(older))


_IS_OURS: Final = _TABLE.c.calendar == bindparam("of")
_SUPERSEDE: Final = (
    update(_TABLE)
    .where(_IS_OURS, _supersedes())
    .values(
        tag=bindparam("new_tag"),
        as_of=bindparam("new_as_of"),
        shown=bindparam("new_shown"),
        touched=bindparam("new_touched"),
        modified=case(
            (_TABLE.c.modified < bindparam("second"), bindparam("second")),
            else_=_TABLE.c.modified + 1,
        ),
    )
    .returning(_TABLE.c.modified)
)
_CURRENT: Final = select(_TABLE).where(_IS_OURS)


async def publish(transaction: OpenTransaction, calendar: str, wish: Edition) -> Edition:
    """The edition that readers are told of from now on.

    That is `wish` with its date, the one before if its bytes are the same, or a newer one that
    another process has published meanwhile.
    """
    second = int(transaction.now.timestamp())
    new = {f"new_{name}": value for name, value in _columns(wish).items()}
    asked = new | {"of": calendar, "second": second, "latest": wish.as_of + _CLOCKS_DIFFER}
    row = await transaction.first(_SUPERSEDE, asked)
    if row is not None:
        return replace(wish, modified=row.modified)
    row = await transaction.first(_CURRENT, {"of": calendar})
    if row is None:
        first = replace(wish, modified=second)
        told = {"calendar": calendar, "modified": second} | _columns(first)
        await transaction.run(insert(_TABLE), [told])
        return first
    return Edition(
        tag=row.tag, as_of=row.as_of, shown=row.shown, touched=row.touched, modified=row.modified
    )


def _columns(edition: Edition) -> dict[str, object]:
    """What a wish tells of itself; its date comes when it is published."""
    return {
        "tag": edition.tag,
        "as_of": edition.as_of,
        "shown": edition.shown,
        "touched": edition.touched,
    }
