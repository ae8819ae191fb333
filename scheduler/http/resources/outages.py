"""Outages beyond their records: whom one hits, where they could go, and the way back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from msgspec import Meta

from calendars.text import Text
from scheduler.disruptions.one_by_one import Remedied
from scheduler.disruptions.outages import (
    Remedies,
    apply_remedies,
    key_of,
    sessions_hit,
    sessions_moved,
)
from scheduler.disruptions.replacements import Disrupted
from scheduler.errors import ForbiddenError, InvalidWishError, NotFoundError
from scheduler.http.answers import Page
from scheduler.http.paging import Cursor, cursor_after, position
from scheduler.http.routes import AnyRoute, Call, NoBody, Route
from scheduler.members import OutageId
from scheduler.model import Session
from scheduler.store import Transaction

FewAtOnce = Annotated[int, Meta(ge=1, le=100, description="How many at most.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class DisruptedList:
    """Which part of the list, the soonest sessions first."""

    cursor: Cursor = ""
    limit: FewAtOnce = 20


def part_of(
    sessions: Sequence[Session],
    limit: int,
    judge: Callable[[Sequence[Session]], tuple[Disrupted, ...]],
) -> Callable[[], Page[Disrupted]]:
    """What finds places for the first `limit`; one more says that the list goes on."""
    some = sessions[:limit]
    more = cursor_after(key_of(some[-1])) if len(sessions) > limit else None
    return lambda: Page(items=judge(some), next=more)


async def _hit(
    transaction: Transaction, call: Call[NoBody, DisruptedList]
) -> Callable[[], Page[Disrupted]]:
    query = call.query
    sessions, judge = await sessions_hit(
        transaction, OutageId(call.id), after=position(query.cursor), limit=query.limit + 1
    )
    return part_of(sessions, query.limit, judge)


async def _moved(
    transaction: Transaction, call: Call[NoBody, DisruptedList]
) -> Callable[[], Page[Disrupted]]:
    query = call.query
    sessions, judge = await sessions_moved(
        transaction, OutageId(call.id), after=position(query.cursor), limit=query.limit + 1
    )
    return part_of(sessions, query.limit, judge)


async def _applied(transaction: Transaction, call: Call[Remedies, object]) -> Page[Remedied]:
    return Page(items=await apply_remedies(transaction, OutageId(call.id), call.body), next=None)


TAG: Final = Text("停用登记", "Outages")

ROUTES: Final[tuple[AnyRoute, ...]] = (
    Route(
        method="GET",
        path="/outages/{id}/affected-sessions",
        tag=TAG,
        summary=Text(
            "停用影响哪些活动，可换到哪个教室、时间或日期；不会自动改动",
            "Whom an outage hits, and which room, time or date each could take; nothing moves by "
            "itself",
        ),
        query=DisruptedList,
        answer=Page[Disrupted],
        errors=(NotFoundError,),
        run=_hit,
    ),
    Route(
        method="GET",
        path="/outages/{id}/moved-sessions",
        tag=TAG,
        summary=Text(
            "因停用而调开的活动，现在能否调回原处",
            "Who has moved because of an outage, and whether the old place is free and allowed",
        ),
        query=DisruptedList,
        answer=Page[Disrupted],
        errors=(NotFoundError,),
        run=_moved,
    ),
    Route(
        method="POST",
        path="/outages/{id}/remedies",
        tag=TAG,
        summary=Text(
            "采用一个或多个方案，逐个重新审核、逐个答复",
            "Take up one or many replacements; each is judged again and answered for itself",
        ),
        body=Remedies,
        answer=Page[Remedied],
        errors=(NotFoundError, ForbiddenError, InvalidWishError),
        run=_applied,
    ),
)
