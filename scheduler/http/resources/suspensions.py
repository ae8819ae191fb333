"""Suspensions: schools closed for a day in one action, lifted, and what is to be decided of it."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from calendars.text import Text
from scheduler.access import require_suspension
from scheduler.disruptions.one_by_one import Remedied
from scheduler.disruptions.replacements import Disrupted
from scheduler.disruptions.suspending import (
    Returns,
    SuspensionWish,
    lift,
    put_back,
    sessions_to_decide,
    suspend,
)
from scheduler.errors import (
    ForbiddenError,
    InvalidWishError,
    NotFoundError,
    StaleError,
    StateError,
)
from scheduler.http.answers import Page
from scheduler.http.paging import PartOfList, page_of, position
from scheduler.http.resources.outages import DisruptedList, part_of
from scheduler.http.routes import AnyRoute, Call, NoBody, Route
from scheduler.model import Suspension, SuspensionId
from scheduler.store import Transaction


async def _listed(transaction: Transaction, call: Call[NoBody, PartOfList]) -> Page[Suspension]:
    query = call.query
    found = await transaction.suspensions(after=position(query.cursor), limit=query.limit + 1)
    return page_of(found, query.limit)


async def _read(transaction: Transaction, call: Call[NoBody, object]) -> Suspension:
    return await transaction.suspension(SuspensionId(call.id))


async def _suspended(transaction: Transaction, call: Call[SuspensionWish, object]) -> Suspension:
    require_suspension(call.actor, call.body.schools)
    return await suspend(transaction, call.body)


async def _lifted(transaction: Transaction, call: Call[NoBody, object]) -> Suspension:
    suspension = await transaction.suspension(SuspensionId(call.id))
    require_suspension(call.actor, suspension.schools)
    call.if_match.expect(suspension.revision)
    return await lift(transaction, suspension)


async def _to_decide(
    transaction: Transaction, call: Call[NoBody, DisruptedList]
) -> Callable[[], Page[Disrupted]]:
    query = call.query
    sessions, judge = await sessions_to_decide(
        transaction,
        await transaction.suspension(SuspensionId(call.id)),
        after=position(query.cursor),
        limit=query.limit + 1,
    )
    return part_of(sessions, query.limit, judge)


async def _put_back(transaction: Transaction, call: Call[Returns, object]) -> Page[Remedied]:
    suspension = await transaction.suspension(SuspensionId(call.id))
    return Page(items=await put_back(transaction, suspension, call.body), next=None)


TAG: Final = Text("临时停课", "Suspensions")

ROUTES: Final[tuple[AnyRoute, ...]] = (
    Route(
        method="GET",
        path="/suspensions",
        tag=TAG,
        summary=Text("列出临时停课", "List suspensions"),
        query=PartOfList,
        answer=Page[Suspension],
        run=_listed,
    ),
    Route(
        method="POST",
        path="/suspensions",
        tag=TAG,
        summary=Text(
            "某日临时停课：若干学校、一个学区或全部学校；每人只收到一条汇总通知",
            "Close some schools, a district or everyone for a day, with one digest a person",
        ),
        body=SuspensionWish,
        answer=Suspension,
        status=HTTPStatus.CREATED,
        errors=(ForbiddenError, InvalidWishError),
        run=_suspended,
    ),
    Route(
        method="GET",
        path="/suspensions/{id}",
        tag=TAG,
        summary=Text("读取一次临时停课", "Read one suspension"),
        answer=Suspension,
        errors=(NotFoundError,),
        run=_read,
    ),
    Route(
        method="GET",
        path="/suspensions/{id}/sessions",
        tag=TAG,
        summary=Text(
            "还要决定的活动：停课期间可补到哪天；解除后能否恢复原处",
            "What is to be decided: when to make up for it, or, once lifted, what can return",
        ),
        query=DisruptedList,
        answer=Page[Disrupted],
        errors=(NotFoundError,),
        run=_to_decide,
    ),
    Route(
        method="POST",
        path="/suspensions/{id}/lifting",
        tag=TAG,
        summary=Text("解除停课，恢复校历", "Lift a suspension: the day tables are as before"),
        answer=Suspension,
        errors=(NotFoundError, ForbiddenError, StateError, StaleError),
        needs_if_match=True,
        run=_lifted,
    ),
    Route(
        method="POST",
        path="/suspensions/{id}/returns",
        tag=TAG,
        summary=Text(
            "停课解除后恢复所选活动，逐个重新审核、逐个答复",
            "Put sessions back once it is lifted; each is judged again and answered for itself",
        ),
        body=Returns,
        answer=Page[Remedied],
        errors=(NotFoundError, ForbiddenError, StateError, InvalidWishError),
        run=_put_back,
    ),
)
