"""Day tables beyond their rows: what a date is, what is still to settle, and first rows."""

from collections.abc import Callable
from typing import Final

from calendars.text import Text
from calendars.unsettled import Matter
from scheduler.errors import ForbiddenError, InvalidWishError, NotFoundError
from scheduler.http.answers import Page
from scheduler.http.routes import AnyRoute, Call, NoBody, Route
from scheduler.store import Transaction
from scheduler.terms.day_tables import DayRange, ResolvedDay, SeededDays, resolved_days, seed_term
from scheduler.terms.unsettled import OfTerms, unsettled


async def _resolved(
    transaction: Transaction, call: Call[NoBody, DayRange]
) -> Callable[[], Page[ResolvedDay]]:
    found = await resolved_days(transaction, call.query)
    return lambda: Page(items=found(), next=None)


async def _unsettled(transaction: Transaction, call: Call[NoBody, OfTerms]) -> Page[Matter]:
    return Page(items=await unsettled(transaction, call.query), next=None)


async def _seeded(transaction: Transaction, call: Call[NoBody, object]) -> SeededDays:
    return await seed_term(transaction, call.id)


_TAG: Final = Text("校历", "Day tables")

ROUTES: Final[tuple[AnyRoute, ...]] = (
    Route(
        method="GET",
        path="/days/resolved",
        tag=_TAG,
        summary=Text(
            "每天是什么日子、第几周、按周几上课、几点打铃",
            "What each date is: its kind, week, the weekday followed and when bells ring",
        ),
        query=DayRange,
        answer=Page[ResolvedDay],
        errors=(InvalidWishError,),
        run=_resolved,
    ),
    Route(
        method="GET",
        path="/days/unsettled",
        tag=_TAG,
        summary=Text(
            "校历中还有哪些事要定、怎么定",
            "What is still to be settled before the dates can be trusted, and how",
        ),
        query=OfTerms,
        answer=Page[Matter],
        errors=(InvalidWishError, NotFoundError),
        run=_unsettled,
    ),
    Route(
        method="POST",
        path="/terms/{id}/seed-days",
        tag=_TAG,
        summary=Text(
            "为学期预填节假日和调休日，不改动已有的行",
            "Fill in holidays and make-up days of a term; rows that are there stay",
        ),
        answer=SeededDays,
        errors=(NotFoundError, ForbiddenError),
        run=_seeded,
    ),
)

ADDRESSES: Final = frozenset(route.path for route in ROUTES)
"""No row of a day table may have an id that leads to one of these."""
