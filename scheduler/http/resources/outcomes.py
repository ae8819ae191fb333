"""Outcomes: how each school's part of a session went, corrected, closed, and the term's report."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from calendars.bells import SchoolId
from calendars.fields import Line
from calendars.text import Text
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
from scheduler.model import Outcome, OutcomeId, Session, SessionId
from scheduler.outcomes import Correction, HowItWent, Report, close, correct, record, report
from scheduler.store import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeList(PartOfList):
    """Which outcomes to list."""

    session: SessionId | None = None
    school: SchoolId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UntoldList(PartOfList):
    """Of which school's part nobody has told yet how it went (open: of any part)."""

    school: SchoolId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportWish:
    """The term (its id, or the name that schools share) and the school; left open, all of them."""

    term: Line = ""
    school: SchoolId | None = None


async def _listed(transaction: Transaction, call: Call[NoBody, OutcomeList]) -> Page[Outcome]:
    query = call.query
    found = await transaction.outcomes(
        session=query.session,
        school=query.school,
        after=position(query.cursor),
        limit=query.limit + 1,
    )
    return page_of(found, query.limit)


async def _untold(transaction: Transaction, call: Call[NoBody, UntoldList]) -> Page[Session]:
    query = call.query
    found = await transaction.sessions_without_outcome(
        school=query.school, after=position(query.cursor), limit=query.limit + 1
    )
    return page_of(found, query.limit)


async def _reported(
    transaction: Transaction, call: Call[NoBody, ReportWish]
) -> Callable[[], Page[Report]]:
    found = await report(transaction, term=call.query.term, school=call.query.school)
    return lambda: Page(items=found(), next=None)


async def _recorded(transaction: Transaction, call: Call[HowItWent, object]) -> Outcome:
    return await record(transaction, call.body)


async def _read(transaction: Transaction, call: Call[NoBody, object]) -> Outcome:
    return await transaction.outcome(OutcomeId(call.id))


async def _corrected(transaction: Transaction, call: Call[Correction, object]) -> Outcome:
    outcome = await transaction.outcome(OutcomeId(call.id))
    call.if_match.expect(outcome.revision)
    return await correct(transaction, outcome, call.body)


async def _closed(transaction: Transaction, call: Call[NoBody, object]) -> Outcome:
    outcome = await transaction.outcome(OutcomeId(call.id))
    call.if_match.expect(outcome.revision)
    return await close(transaction, outcome)


TAG: Final = Text("结果登记", "Outcomes")
_OF_ONE: Final = (NotFoundError, ForbiddenError, StateError, StaleError, InvalidWishError)

ROUTES: Final[tuple[AnyRoute, ...]] = (
    Route(
        method="GET",
        path="/outcomes",
        tag=TAG,
        summary=Text("列出结果登记", "List outcomes"),
        query=OutcomeList,
        answer=Page[Outcome],
        run=_listed,
    ),
    Route(
        method="POST",
        path="/outcomes",
        tag=TAG,
        summary=Text(
            "登记一所学校的结果：完成、部分（实到分钟）、未成、无人到场、取消",
            "Tell how a session went at a school: delivered, partial, failed, no-show, cancelled",
        ),
        body=HowItWent,
        answer=Outcome,
        status=HTTPStatus.CREATED,
        errors=(NotFoundError, ForbiddenError, StateError, InvalidWishError),
        run=_recorded,
    ),
    Route(
        method="GET",
        path="/outcomes/untold",
        tag=TAG,
        summary=Text("已结束而本校尚未登记结果的活动", "What is over and nobody has told of"),
        query=UntoldList,
        answer=Page[Session],
        run=_untold,
    ),
    Route(
        method="GET",
        path="/outcomes/report",
        tag=TAG,
        summary=Text(
            "学期报表：各校计划与实到的场次、分钟", "Planned and delivered in a term, by school"
        ),
        query=ReportWish,
        answer=Page[Report],
        errors=(InvalidWishError,),
        run=_reported,
    ),
    Route(
        method="GET",
        path="/outcomes/{id}",
        tag=TAG,
        summary=Text("读取一条结果登记", "Read one outcome"),
        answer=Outcome,
        errors=(NotFoundError,),
        run=_read,
    ),
    Route(
        method="PUT",
        path="/outcomes/{id}",
        tag=TAG,
        summary=Text("更正结果，归档之前", "Correct an outcome before it is closed"),
        body=Correction,
        answer=Outcome,
        errors=_OF_ONE,
        needs_if_match=True,
        run=_corrected,
    ),
    Route(
        method="POST",
        path="/outcomes/{id}/closing",
        tag=TAG,
        summary=Text("归档一条结果，此后不再更改", "Close an outcome: it changes no more"),
        answer=Outcome,
        errors=_OF_ONE[:-1],
        needs_if_match=True,
        run=_closed,
    ),
)
