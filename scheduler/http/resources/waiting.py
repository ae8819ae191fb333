"""The waiting list: joined, left, and read with everybody's place and what is in the way."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from calendars.bells import SchoolId
from calendars.text import Text
from scheduler.access import require_sessions_of
from scheduler.booking.waiting import Turn, join, leave, look_at_list
from scheduler.errors import (
    ForbiddenError,
    InvalidWishError,
    NotFoundError,
    StaleError,
    StateError,
)
from scheduler.http.answers import Page
from scheduler.http.paging import PartOfList, page_of, position
from scheduler.http.routes import AnyRoute, Call, NoBody, Route
from scheduler.model import Request, Waiting, WaitingId, WaitingState, WaitingWish
from scheduler.planning.waiting_requests import join_with_request
from scheduler.store import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingList(PartOfList):
    """Which part of the list, in its own order."""

    states: tuple[WaitingState, ...] = (WaitingState.WAITING, WaitingState.OFFERED)
    school: SchoolId | None = None


async def _listed(
    transaction: Transaction, call: Call[NoBody, WaitingList]
) -> Callable[[], Page[Turn]]:
    query = call.query
    begin_after = position(query.cursor)
    read = await look_at_list(transaction, query.states)

    def page() -> Page[Turn]:
        places = [each for each in read() if query.school in (None, each.waiting.school)]
        known = [each.waiting.id for each in places]
        start = known.index(WaitingId(begin_after)) + 1 if begin_after in known else 0
        return page_of(
            places[start : start + query.limit + 1],
            query.limit,
            key=lambda each: each.waiting.id,
        )

    return page


async def _joined(transaction: Transaction, call: Call[WaitingWish, object]) -> Waiting:
    if call.body.request is not None:
        await transaction.require(call.body)
        request = (await transaction.get(Request, call.body.request)).record
        require_sessions_of(call.actor, [request.school])
        return await join_with_request(transaction, request.id)
    require_sessions_of(call.actor, [site.school for site in call.body.wish.sites])
    return await join(transaction, call.body)


async def _read(transaction: Transaction, call: Call[NoBody, object]) -> Waiting:
    return await transaction.waiting(WaitingId(call.id))


async def _left(transaction: Transaction, call: Call[NoBody, object]) -> None:
    waiting = await transaction.waiting(WaitingId(call.id))
    await leave(transaction, waiting.id, call.if_match.expect(waiting.revision))


_TAG: Final = Text("候补", "Waiting list")

ROUTES: Final[tuple[AnyRoute, ...]] = (
    Route(
        method="GET",
        path="/waiting-list",
        tag=_TAG,
        summary=Text(
            "候补名单：各自的位次和目前排不上的原因",
            "Who waits for a place, in which order, and what is in the way now",
        ),
        query=WaitingList,
        answer=Page[Turn],
        run=_listed,
    ),
    Route(
        method="POST",
        path="/waiting-list",
        tag=_TAG,
        summary=Text(
            "排不上时候补：有空位即按次序暂留", "Wait for a place: what frees is held in turn"
        ),
        body=WaitingWish,
        answer=Waiting,
        status=HTTPStatus.CREATED,
        errors=(ForbiddenError, StateError, InvalidWishError),
        run=_joined,
    ),
    Route(
        method="GET",
        path="/waiting-list/{id}",
        tag=_TAG,
        summary=Text("读取一项候补", "Read one wish that waits"),
        answer=Waiting,
        errors=(NotFoundError,),
        run=_read,
    ),
    Route(
        method="DELETE",
        path="/waiting-list/{id}",
        tag=_TAG,
        summary=Text("退出候补", "Wait no more"),
        answer=None,
        status=HTTPStatus.NO_CONTENT,
        errors=(NotFoundError, ForbiddenError, StaleError, StateError),
        needs_if_match=True,
        run=_left,
    ),
)
