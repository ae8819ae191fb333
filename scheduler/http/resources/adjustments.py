"""What was done to agreed sessions: 调课, 代课, 补课, 停课, 换课, listed and counted."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal
from zoneinfo import ZoneInfo

from calendars.bells import SchoolId
from calendars.fields import Line
from calendars.slots import Slot
from calendars.text import Text
from scheduler.access import school_to_read_of
from scheduler.errors import ForbiddenError, InvalidWishError
from scheduler.exchange.adjustments import export_adjustments
from scheduler.http.answers import Page
from scheduler.http.paging import Cursor, Limit, page_of, position
from scheduler.http.routes import SPREADSHEET, AnyRoute, Call, NoBody, Route
from scheduler.members import TeacherId
from scheduler.model import (
    Actor,
    Adjustment,
    AdjustmentKind,
    Resource,
    ResourceKind,
    SessionId,
    Tally,
)
from scheduler.schools import unknown_school
from scheduler.store import Transaction
from scheduler.terms.stretches import stretch_of, terms_called


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustmentsWanted:
    """Which operations, the oldest first.

    Those that concern the school, the teacher and the session; `term` is the id of a term or the
    name that schools share; `cause` an outage or a suspension. Only the office reads of other
    schools than its own.
    """

    school: SchoolId | None = None
    teacher: TeacherId | None = None
    session: SessionId | None = None
    kind: AdjustmentKind | None = None
    term: Line = ""
    cause: Line = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustmentList(AdjustmentsWanted):
    """The same, and which part of the list."""

    cursor: Cursor = ""
    limit: Limit = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class TallyList:
    """Whose operations to count, each school's or teacher's; of those that concern the `school`."""

    of: Literal["school", "teacher"] = "school"
    school: SchoolId | None = None
    term: Line = ""


async def within_term(transaction: Transaction, term: str) -> Slot | None:
    """The stretch of the term that is asked about; none means all time."""
    if not term:
        return None
    terms = terms_called(term, (await transaction.books()).values())
    zone = (await transaction.alliance()).alliance.zone
    return stretch_of(terms, ZoneInfo(zone))


async def _listed(transaction: Transaction, call: Call[NoBody, AdjustmentList]) -> Page[Adjustment]:
    query = call.query
    found = await transaction.adjustments(
        parties=await _parties(transaction, call.actor, query),
        session=query.session,
        kind=query.kind,
        cause=query.cause,
        within=await within_term(transaction, query.term),
        after=position(query.cursor),
        limit=query.limit + 1,
    )
    return page_of(found, query.limit)


async def _exported(
    transaction: Transaction, call: Call[NoBody, AdjustmentsWanted]
) -> Callable[[], bytes]:
    query = call.query
    return await export_adjustments(
        transaction,
        parties=await _parties(transaction, call.actor, query),
        session=query.session,
        kind=query.kind,
        cause=query.cause,
        within=await within_term(transaction, query.term),
    )


async def _parties(
    transaction: Transaction, actor: Actor, query: AdjustmentsWanted
) -> list[Resource]:
    school = await _school(transaction, actor, query.school)
    named = ((ResourceKind.SCHOOL, school), (ResourceKind.TEACHER, query.teacher))
    return [Resource(kind, name) for kind, name in named if name is not None]


async def _school(
    transaction: Transaction, actor: Actor, wished: SchoolId | None
) -> SchoolId | None:
    school = school_to_read_of(actor, wished)
    if school is not None and not await transaction.books([school]):
        raise unknown_school(school)
    return school


async def _counted(transaction: Transaction, call: Call[NoBody, TallyList]) -> Page[Tally]:
    query = call.query
    tallies = await transaction.tally_adjustments(
        of=ResourceKind(query.of),
        school=await _school(transaction, call.actor, query.school),
        within=await within_term(transaction, query.term),
    )
    return Page(items=tallies, next=None)


TAG: Final = Text("调课记录", "Adjustments")

ROUTES: Final[tuple[AnyRoute, ...]] = (
    Route(
        method="GET",
        path="/adjustments",
        tag=TAG,
        summary=Text(
            "调课、代课、补课、停课、换课的记录：谁、为什么、何时、前后",
            "What was rescheduled, substituted, made up, cancelled or swapped, by whom and why",
        ),
        query=AdjustmentList,
        answer=Page[Adjustment],
        errors=(ForbiddenError, InvalidWishError),
        run=_listed,
    ),
    Route(
        method="GET",
        path="/adjustments/export",
        tag=TAG,
        summary=Text(
            "同上，导出为中文表头的 CSV（Excel、WPS 可直接打开）",
            "The same as a CSV file with Chinese headings, for Excel or WPS",
        ),
        query=AdjustmentsWanted,
        answer=bytes,
        media_type=SPREADSHEET,
        errors=(ForbiddenError, InvalidWishError),
        run=_exported,
    ),
    Route(
        method="GET",
        path="/adjustments/counts",
        tag=TAG,
        summary=Text(
            "各校或各教师的调课、代课、补课、停课、换课次数",
            "How often each school or teacher had each of them",
        ),
        query=TallyList,
        answer=Page[Tally],
        errors=(ForbiddenError, InvalidWishError),
        run=_counted,
    ),
)
