"""Reference records: one implementation for every kind that schools tell us about."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from calendars.bells import SchoolId
from calendars.text import Text
from scheduler.access import require_record_write, require_removal
from scheduler.disruptions.outages import Foreseen, foresee, mark, unmark
from scheduler.errors import (
    ForbiddenError,
    InvalidWishError,
    NotFoundError,
    StaleError,
    StateError,
)
from scheduler.http.answers import Page
from scheduler.http.paging import PartOfList, page_of, position
from scheduler.http.resources.days import ADDRESSES
from scheduler.http.routes import AnyRoute, Call, NoBody, Route, require_id_of_address
from scheduler.members import Alliance, Outage
from scheduler.records import KINDS, WORDS, Record
from scheduler.store import Stored, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordList(PartOfList):
    """Which records to list."""

    school: SchoolId | None = None


@dataclass(frozen=True, slots=True)
class _Writing:
    """What stores a record, tells in a dry run what that would do (`foreseen`), and removes it."""

    put: Callable[..., Awaitable[Stored[Any]]]
    foresee: Callable[..., Awaitable[object]]
    remove: Callable[..., Awaitable[None]]
    foreseen: type[Any] | None = None


_WRITTEN_BY: Final[dict[type[Record], _Writing]] = {
    Outage: _Writing(put=mark, foresee=foresee, remove=unmark, foreseen=Foreseen)
}
"""Where more is to be done than to store it."""


_PLAINLY: Final = _Writing(put=Transaction.put, foresee=Transaction.put, remove=Transaction.delete)


def _reading(name: str, kind: type[Record]) -> tuple[AnyRoute, ...]:
    zh, en = WORDS[kind].zh, WORDS[kind].en

    async def listed(transaction: Transaction, call: Call[NoBody, RecordList]) -> Page[Record]:
        query = call.query
        found = await transaction.list(
            kind, school=query.school, after=position(query.cursor), limit=query.limit + 1
        )
        return page_of([stored.record for stored in found], query.limit)

    async def read(transaction: Transaction, call: Call[NoBody, Any]) -> Stored[Record]:
        return await transaction.get(kind, call.id)

    return (
        Route(
            method="GET",
            path=f"/{name}",
            tag=_tag(kind),
            summary=Text(f"列出{zh}", f"List every {en}"),
            query=RecordList,
            answer=Page[kind],  # type: ignore[valid-type] # made for each kind
            run=listed,
        ),
        Route(
            method="GET",
            path=f"/{name}/{{id}}",
            tag=_tag(kind),
            summary=Text(f"读取一条{zh}", f"Read one {en}"),
            answer=kind,
            errors=(NotFoundError,),
            run=read,
        ),
    )


def _adding(name: str, kind: type[Record]) -> AnyRoute:
    writing = _WRITTEN_BY.get(kind, _PLAINLY)

    async def created(transaction: Transaction, call: Call[Record, Any]) -> object:
        require_record_write(call.actor, call.body)
        if kind is Alliance and await transaction.list(Alliance, limit=1):
            raise StateError(
                "联盟已经存在；一个服务只有一个联盟。",
                "The alliance exists already: there is one of it.",
            )
        if f"/{name}/{call.body.id}" in ADDRESSES:
            raise InvalidWishError(
                f"编号 {call.body.id} 另有用途，请换一个。",
                f"The id {call.body.id} has another use here: choose a different one.",
                pointer="/id",
                value=call.body.id,
            )
        put = writing.foresee if call.dry_run else writing.put
        return await put(transaction, call.body, revision=None)

    return Route(
        method="POST",
        path=f"/{name}",
        tag=_tag(kind),
        summary=Text(f"新增{WORDS[kind].zh}", f"Add a new {WORDS[kind].en}"),
        body=kind,
        answer=kind,
        foreseen=writing.foreseen,
        status=HTTPStatus.CREATED,
        errors=(ForbiddenError, StateError, InvalidWishError),
        id_may_be_left_out=True,
        run=created,
    )


def _changing(name: str, kind: type[Record]) -> tuple[AnyRoute, ...]:
    zh, en = WORDS[kind].zh, WORDS[kind].en
    writing = _WRITTEN_BY.get(kind, _PLAINLY)

    async def replaced(transaction: Transaction, call: Call[Record, Any]) -> object:
        stored = await transaction.get(kind, call.id)
        require_id_of_address(call)
        require_record_write(call.actor, call.body, before=stored.record)
        put = writing.foresee if call.dry_run else writing.put
        return await put(transaction, call.body, revision=call.if_match.expect(stored.revision))

    async def deleted(transaction: Transaction, call: Call[NoBody, Any]) -> None:
        stored = await transaction.get(kind, call.id)
        require_removal(call.actor, stored.record)
        await writing.remove(
            transaction, kind, call.id, revision=call.if_match.expect(stored.revision)
        )

    return (
        Route(
            method="PUT",
            path=f"/{name}/{{id}}",
            tag=_tag(kind),
            summary=Text(f"修改{zh}", f"Replace one {en}"),
            body=kind,
            answer=kind,
            foreseen=writing.foreseen,
            errors=(NotFoundError, ForbiddenError, StaleError, StateError, InvalidWishError),
            needs_if_match=True,
            id_may_be_left_out=True,
            run=replaced,
        ),
        Route(
            method="DELETE",
            path=f"/{name}/{{id}}",
            tag=_tag(kind),
            summary=Text(f"删除{zh}", f"Remove one {en}"),
            answer=None,
            status=HTTPStatus.NO_CONTENT,
            errors=(NotFoundError, ForbiddenError, StaleError, StateError),
            needs_if_match=True,
            run=deleted,
        ),
    )


def _tag(kind: type[Record]) -> Text:
    zh, en = WORDS[kind].zh, WORDS[kind].en
    return Text(zh, f"{en[0].upper()}{en[1:]}s")


ROUTES: Final[tuple[AnyRoute, ...]] = tuple(
    route
    for name, kind in KINDS.items()
    for route in (*_reading(name, kind), _adding(name, kind), *_changing(name, kind))
)
