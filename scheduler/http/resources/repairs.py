"""What is published put right with the least disturbance: found, looked at, accepted by people."""

from collections.abc import Callable
from typing import Final

from calendars.text import Text
from scheduler.access import require_arranger, require_office
from scheduler.errors import (
    ClashError,
    ForbiddenError,
    InvalidWishError,
    NotFoundError,
    StaleError,
    StateError,
)
from scheduler.http.answers import Page
from scheduler.http.routes import AnyRoute, Call, NoBody, Route
from scheduler.model import Session
from scheduler.planning import AcceptedMoves, Repair, RepairWish, accept_moves, find_repair
from scheduler.store import Transaction


async def _found(transaction: Transaction, call: Call[NoBody, RepairWish]) -> Callable[[], Repair]:
    require_arranger(call.actor)
    return await find_repair(transaction, call.query)


async def _accepted(transaction: Transaction, call: Call[AcceptedMoves, object]) -> Page[Session]:
    require_office(call.actor)
    return Page(items=await accept_moves(transaction, call.body), next=None)


_TAG: Final = Text("修复", "Repairs")

ROUTES: Final[tuple[AnyRoute, ...]] = (
    Route(
        method="GET",
        path="/repairs",
        tag=_TAG,
        summary=Text(
            "已不符合规则的活动，或急需安排的需求，怎样以最小的调整安排妥当",
            "How sessions that a rule no longer allows, or a request that finds no place, could be "
            "put right with least disturbance",
        ),
        query=RepairWish,
        answer=Repair,
        errors=(ForbiddenError, NotFoundError, StateError),
        takes_seconds=True,
        run=_found,
    ),
    Route(
        method="POST",
        path="/repairs",
        tag=_TAG,
        summary=Text(
            "采纳调整：一条，或多条一起（可互相让位），连同需求的安排",
            "Accept moves: one, or many together, where each may take what another gives up, and "
            "the request they make room for",
        ),
        body=AcceptedMoves,
        answer=Page[Session],
        errors=(
            NotFoundError,
            ForbiddenError,
            StateError,
            StaleError,
            ClashError,
            InvalidWishError,
        ),
        run=_accepted,
    ),
)
