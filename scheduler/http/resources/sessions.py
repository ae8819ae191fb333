"""Sessions: booked, changed, answered and cancelled as one unit over all their schools."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Final, Literal

from msgspec import Meta

from calendars.bells import SchoolId
from calendars.fields import Identifier
from calendars.slots import Slot
from calendars.text import InvalidValueError, Text
from scheduler.access import require_change_of, require_sessions_of
from scheduler.booking.consent import confirm, decline
from scheduler.booking.single import SessionChange, book, cancel, change
from scheduler.booking.swaps import Swapped, SwapWish, swap
from scheduler.disruptions.affected import Affected, sessions_to_judge
from scheduler.errors import (
    ClashError,
    ForbiddenError,
    InvalidWishError,
    NotFoundError,
    StaleError,
    StateError,
)
from scheduler.http.answers import Page
from scheduler.http.paging import PartOfList, page_of, position
from scheduler.http.resources import instead
from scheduler.http.routes import AnyRoute, Call, NoBody, Route
from scheduler.members import Note
from scheduler.model import (
    Booking,
    Resource,
    ResourceKind,
    SeriesId,
    Session,
    SessionId,
    SessionState,
)
from scheduler.store import Transaction

TAG: Final = Text("活动", "Sessions")
Reason = Annotated[Note, Meta(description="Why; it counts in the report of what was lost.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionList(PartOfList):
    """Which sessions to list: by the resource they use, the time they touch, their state."""

    kind: ResourceKind | None = None
    id: Identifier | None = None
    series: SeriesId | None = None
    starts: datetime | None = None
    ends: datetime | None = None
    states: tuple[SessionState, ...] = tuple(SessionState)

    def __post_init__(self) -> None:
        if (self.kind is None) != (self.id is None):
            raise InvalidValueError(
                "kind 与 id 须同时给出，例如 kind=room&id=TF1-R1。",
                "kind and id belong together, such as kind=room&id=TF1-R1.",
                field="kind" if self.kind is None else "id",
            )
        if (self.starts is None) != (self.ends is None):
            raise InvalidValueError(
                "starts 与 ends 须同时给出。",
                "starts and ends belong together.",
                field="starts" if self.starts is None else "ends",
            )
        _ = self.within

    @property
    def resource(self) -> Resource | None:
        """The resource whose sessions are meant."""
        if self.kind is None or self.id is None:
            return None
        return Resource(self.kind, self.id)

    @property
    def within(self) -> Slot | None:
        """The stretch of time that is meant."""
        if self.starts is None or self.ends is None:
            return None
        return Slot(self.starts, self.ends)


@dataclass(frozen=True, slots=True, kw_only=True)
class AffectedList(PartOfList):
    """Whose sessions to judge, and which part of the list."""

    school: SchoolId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation:
    """Why a session is not held."""

    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class SchoolAnswer:
    """What a school says to its part. A refusal needs a `reason`.

    It cancels the session, unless that may go on without the school (`on_decline`).
    """

    school: SchoolId
    says: Literal["yes", "no"]
    reason: Reason = ""


async def _listed(transaction: Transaction, call: Call[NoBody, SessionList]) -> Page[Session]:
    query = call.query
    found = await transaction.sessions(
        resource=query.resource,
        series=query.series,
        within=query.within,
        states=query.states,
        after=position(query.cursor),
        limit=query.limit + 1,
    )
    return page_of(found, query.limit)


async def _affected(
    transaction: Transaction, call: Call[NoBody, AffectedList]
) -> Callable[[], Page[Affected]]:
    query = call.query
    sessions, judge = await sessions_to_judge(
        transaction, school=query.school, after=position(query.cursor), limit=query.limit + 1
    )
    page = page_of(sessions, query.limit)
    return lambda: Page(items=judge(page.items), next=page.next)


async def _booked(transaction: Transaction, call: Call[Booking, object]) -> Session:
    require_sessions_of(call.actor, [site.school for site in call.body.sites])
    return await book(transaction, call.body)


async def _read(transaction: Transaction, call: Call[NoBody, object]) -> Session:
    return await transaction.session(SessionId(call.id))


async def _changed(transaction: Transaction, call: Call[SessionChange, object]) -> Session:
    session = await transaction.session(SessionId(call.id))
    require_change_of(call.actor, session, [site.school for site in call.body.sites or ()])
    return await change(transaction, session.id, call.body, call.if_match.expect(session.revision))


async def _cancelled(transaction: Transaction, call: Call[Cancellation, object]) -> Session:
    session = await transaction.session(SessionId(call.id))
    require_change_of(call.actor, session)
    revision = call.if_match.expect(session.revision)
    return await cancel(transaction, session.id, revision, reason=call.body.reason)


async def _answered(transaction: Transaction, call: Call[SchoolAnswer, object]) -> Session:
    session, answer = await transaction.session(SessionId(call.id)), call.body
    revision = call.if_match.expect(session.revision)
    if answer.says == "yes":
        return await confirm(transaction, session.id, answer.school, revision)
    return await decline(transaction, session.id, answer.school, revision, reason=answer.reason)


async def _swapped(transaction: Transaction, call: Call[SwapWish, object]) -> Swapped:
    session = await transaction.session(SessionId(call.id))
    other = await transaction.session(call.body.other)
    for each in (session, other):
        require_change_of(call.actor, each)
    return await swap(transaction, session.id, call.body, call.if_match.expect(session.revision))


OF_A_CHANGE: Final = (
    NotFoundError,
    ForbiddenError,
    ClashError,
    StateError,
    StaleError,
    InvalidWishError,
)

ROUTES: Final[tuple[AnyRoute, ...]] = (
    Route(
        method="GET",
        path="/sessions",
        tag=TAG,
        summary=Text("列出活动（按资源、时间、状态）", "List sessions by resource, time and state"),
        query=SessionList,
        answer=Page[Session],
        run=_listed,
    ),
    Route(
        method="POST",
        path="/sessions",
        tag=TAG,
        summary=Text("预约一次活动", "Book a session"),
        body=Booking,
        answer=Session,
        status=HTTPStatus.CREATED,
        errors=(ForbiddenError, NotFoundError, ClashError, InvalidWishError),
        run=_booked,
        alternatives=instead.of_booking,
        making_room=instead.if_another_moved,
    ),
    Route(
        method="GET",
        path="/affected-sessions",
        tag=TAG,
        summary=Text(
            "作息、校历或教室有变后，哪些未开始的活动不再合规、为什么；不会自动改动",
            "Which sessions to come no rule allows any more, and why; nothing moves by itself",
        ),
        query=AffectedList,
        answer=Page[Affected],
        run=_affected,
    ),
    Route(
        method="GET",
        path="/sessions/{id}",
        tag=TAG,
        summary=Text("读取一次活动", "Read one session"),
        answer=Session,
        errors=(NotFoundError,),
        run=_read,
    ),
    Route(
        method="PATCH",
        path="/sessions/{id}",
        tag=TAG,
        summary=Text("改期、换教室或改写一次活动", "Move or reword a session"),
        body=SessionChange,
        answer=Session,
        errors=OF_A_CHANGE,
        needs_if_match=True,
        run=_changed,
        alternatives=instead.of_change,
        making_room=instead.of_change_if_another_moved,
    ),
    Route(
        method="POST",
        path="/sessions/{id}/cancellation",
        tag=TAG,
        summary=Text("取消一次活动并说明原因", "Cancel a session, with the reason"),
        body=Cancellation,
        answer=Session,
        errors=OF_A_CHANGE,
        needs_if_match=True,
        run=_cancelled,
    ),
    Route(
        method="POST",
        path="/sessions/{id}/swap",
        tag=TAG,
        summary=Text(
            "换课：与另一次活动互换时间、教室或教师，两者同时成立或都不变",
            "Swap times, rooms or teachers with another session, both or neither",
        ),
        body=SwapWish,
        answer=Swapped,
        errors=OF_A_CHANGE,
        needs_if_match=True,
        run=_swapped,
        alternatives=instead.of_swap,
    ),
    Route(
        method="POST",
        path="/sessions/{id}/answers",
        tag=TAG,
        summary=Text("学校确认或谢绝", "A school says yes or no"),
        body=SchoolAnswer,
        answer=Session,
        errors=OF_A_CHANGE,
        needs_if_match=True,
        run=_answered,
    ),
)
