"""Plans: asked for, looked at, compared with today, and published by people."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Final

from aiohttp import web

from calendars.text import Text
from scheduler.access import require_office
from scheduler.errors import (
    ForbiddenError,
    InvalidWishError,
    NotFoundError,
    StaleError,
    StateError,
)
from scheduler.http.answers import Page
from scheduler.http.calls import CLOCK, STORE
from scheduler.http.paging import PartOfList, page_of, position
from scheduler.http.routes import AnyRoute, Call, NoBody, Route
from scheduler.members import IDENTIFIER
from scheduler.model import Plan, PlanId, RequestId, Search
from scheduler.planning import (
    Change,
    Comparison,
    Explanation,
    Judged,
    PlanWish,
    PublishedPlan,
    changes,
    compare,
    explain_request,
    judge,
    publish,
    request_plan,
    stop_plan,
)
from scheduler.store import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class OfRequest:
    """Which request of the plan."""

    request: Annotated[RequestId, IDENTIFIER]


@dataclass(frozen=True, slots=True, kw_only=True)
class WithOther:
    """Which plan to compare with."""

    other: Annotated[PlanId, IDENTIFIER]


async def _listed(transaction: Transaction, call: Call[NoBody, PartOfList]) -> Page[Plan]:
    found = await transaction.plans(after=position(call.query.cursor), limit=call.query.limit + 1)
    return page_of(found, call.query.limit)


async def _requested(transaction: Transaction, call: Call[PlanWish, object]) -> Plan:
    require_office(call.actor)
    return await request_plan(transaction, call.body)


async def _read(transaction: Transaction, call: Call[NoBody, object]) -> Plan:
    return await transaction.plan(PlanId(call.id))


async def _progress(transaction: Transaction, call: Call[NoBody, object]) -> Search:
    return await transaction.search((await transaction.plan(PlanId(call.id))).id)


async def _stopped(transaction: Transaction, call: Call[NoBody, object]) -> Plan:
    require_office(call.actor)
    plan = await transaction.plan(PlanId(call.id))
    return await stop_plan(transaction, plan.id, call.if_match.expect(plan.revision))


async def _changes(transaction: Transaction, call: Call[NoBody, object]) -> Page[Change]:
    return Page(items=await changes(transaction, PlanId(call.id)), next=None)


async def _explained(
    transaction: Transaction, call: Call[NoBody, OfRequest]
) -> Callable[[], Explanation]:
    return await explain_request(transaction, PlanId(call.id), call.query.request)


async def _compared(transaction: Transaction, call: Call[NoBody, WithOther]) -> Comparison:
    return await compare(transaction, PlanId(call.id), call.query.other)


async def _judged(app: web.Application, call: Call[NoBody, object]) -> Judged | None:
    require_office(call.actor)
    return await judge(app[STORE], PlanId(call.id), actor=call.actor, now=app[CLOCK]())


async def _published(transaction: Transaction, call: Call[Judged | None, object]) -> PublishedPlan:
    plan = await transaction.plan(PlanId(call.id))
    return await publish(transaction, plan.id, call.if_match.expect(plan.revision), call.body)


_TAG: Final = Text("学期方案", "Plans")

ROUTES: Final[tuple[AnyRoute, ...]] = (
    Route(
        method="GET",
        path="/plans",
        tag=_TAG,
        summary=Text("列出方案", "List plans"),
        query=PartOfList,
        answer=Page[Plan],
        run=_listed,
    ),
    Route(
        method="POST",
        path="/plans",
        tag=_TAG,
        summary=Text(
            "为学期的全部申请求解方案（后台进行）",
            "Ask for a plan; it is solved later",
        ),
        body=PlanWish,
        answer=Plan,
        status=HTTPStatus.ACCEPTED,
        errors=(ForbiddenError, InvalidWishError),
        run=_requested,
    ),
    Route(
        method="GET",
        path="/plans/{id}",
        tag=_TAG,
        summary=Text("读取方案", "Read a plan"),
        answer=Plan,
        errors=(NotFoundError,),
        run=_read,
    ),
    Route(
        method="GET",
        path="/plans/{id}/progress",
        tag=_TAG,
        summary=Text("求解进展：已排、代价、下界", "How far the search for a plan has come"),
        answer=Search,
        errors=(NotFoundError,),
        run=_progress,
    ),
    Route(
        method="POST",
        path="/plans/{id}/stop",
        tag=_TAG,
        summary=Text(
            "停止求解，保留目前最好的方案；还在排队的则撤回",
            "Stop the search and keep the best plan so far; withdraw one that waits",
        ),
        answer=Plan,
        errors=(NotFoundError, ForbiddenError, StateError, StaleError),
        needs_if_match=True,
        run=_stopped,
    ),
    Route(
        method="GET",
        path="/plans/{id}/changes",
        tag=_TAG,
        summary=Text("如果今天发布会有哪些变化", "What publishing the plan would change today"),
        answer=Page[Change],
        errors=(NotFoundError, StateError),
        run=_changes,
    ),
    Route(
        method="GET",
        path="/plans/{id}/explanation",
        tag=_TAG,
        summary=Text(
            "为什么这样排、次优是什么；排不上的是哪些原因、放宽什么就能排上",
            "Why a request is where it is and what is next best; or why it has no place, and what "
            "would give it one",
        ),
        query=OfRequest,
        answer=Explanation,
        errors=(NotFoundError, StateError),
        takes_seconds=True,
        run=_explained,
    ),
    Route(
        method="GET",
        path="/plans/{id}/comparison",
        tag=_TAG,
        summary=Text(
            "与另一方案相比：多排、少排、改动了哪些（“如果……”的答案）",
            "What the plan wins over another one: the answer to “what if”",
        ),
        query=WithOther,
        answer=Comparison,
        errors=(NotFoundError, StateError),
        run=_compared,
    ),
    Route(
        method="POST",
        path="/plans/{id}/publication",
        tag=_TAG,
        summary=Text("发布方案：逐条复核后预约", "Publish a plan: checked again and booked"),
        answer=PublishedPlan,
        errors=(NotFoundError, ForbiddenError, StateError, StaleError),
        needs_if_match=True,
        prepare=_judged,
        run=_published,
    ),
)
