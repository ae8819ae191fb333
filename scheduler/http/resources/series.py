"""Series: a weekly pattern over a term, booked as one unit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import Final

from calendars.text import Text
from scheduler.access import require_sessions_of
from scheduler.booking.alternatives import FindAlternatives
from scheduler.booking.consent import confirm_series, decline_series
from scheduler.booking.making_room_for_series import suggest_making_room_for_series
from scheduler.booking.series import SeriesBooked, book_series, suggest_for_series
from scheduler.booking.series_cancelling import cancel_series
from scheduler.booking.series_changes import SeriesChange, change_series
from scheduler.errors import (
    ClashError,
    ForbiddenError,
    InvalidWishError,
    NotFoundError,
)
from scheduler.http.answers import Page
from scheduler.http.paging import PartOfList, page_of, position
from scheduler.http.resources.sessions import OF_A_CHANGE, Reason, SchoolAnswer
from scheduler.http.routes import AnyRoute, Call, NoBody, Route
from scheduler.model import Alternative, Series, SeriesBooking, SeriesId, Session
from scheduler.store import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesCancellation:
    """From which date on the series is not held any more, and why."""

    from_date: date
    reason: Reason


async def _listed(transaction: Transaction, call: Call[NoBody, PartOfList]) -> Page[Series]:
    found = await transaction.all_series(
        after=position(call.query.cursor), limit=call.query.limit + 1
    )
    return page_of(found, call.query.limit)


async def _booked(transaction: Transaction, call: Call[SeriesBooking, object]) -> SeriesBooked:
    require_sessions_of(call.actor, [site.school for site in call.body.sites])
    return await book_series(transaction, call.body)


async def _read(transaction: Transaction, call: Call[NoBody, object]) -> Series:
    return await transaction.series(SeriesId(call.id))


async def _changed(transaction: Transaction, call: Call[SeriesChange, object]) -> SeriesBooked:
    series, wish = await transaction.series(SeriesId(call.id)), call.body
    require_sessions_of(call.actor, [site.school for site in series.sites])
    if wish.sites is not None:
        require_sessions_of(call.actor, [site.school for site in wish.sites])
    return await change_series(transaction, series.id, wish, call.if_match.expect(series.revision))


async def _cancelled(
    transaction: Transaction, call: Call[SeriesCancellation, object]
) -> Page[Session]:
    series, wish = await transaction.series(SeriesId(call.id)), call.body
    require_sessions_of(call.actor, [site.school for site in series.sites])
    revision = call.if_match.expect(series.revision)
    dropped = await cancel_series(
        transaction, series.id, wish.from_date, revision, reason=wish.reason
    )
    return Page(items=dropped, next=None)


async def _answered(transaction: Transaction, call: Call[SchoolAnswer, object]) -> Page[Session]:
    series, answer = SeriesId(call.id), call.body
    if answer.says == "yes":
        answered = await confirm_series(transaction, series, answer.school)
    else:
        answered = await decline_series(transaction, series, answer.school, reason=answer.reason)
    return Page(items=answered, next=None)


async def _instead(transaction: Transaction, call: Call[SeriesBooking, object]) -> FindAlternatives:
    return await suggest_for_series(transaction, call.body)


async def _if_another_moved(
    transaction: Transaction, call: Call[SeriesBooking, object], found: Sequence[Alternative]
) -> FindAlternatives | None:
    return await suggest_making_room_for_series(transaction, call.body, found, actor=call.actor)


_TAG: Final = Text("固定课（系列）", "Series")

ROUTES: Final[tuple[AnyRoute, ...]] = (
    Route(
        method="GET",
        path="/series",
        tag=_TAG,
        summary=Text("列出系列；其各次活动见 /sessions?series=", "List series"),
        query=PartOfList,
        answer=Page[Series],
        run=_listed,
    ),
    Route(
        method="POST",
        path="/series",
        tag=_TAG,
        summary=Text(
            "预约整学期的固定课；回答列明订了哪些日期",
            "Book a weekly series; the answer tells exactly which dates were booked",
        ),
        body=SeriesBooking,
        answer=SeriesBooked,
        status=HTTPStatus.CREATED,
        errors=(ForbiddenError, NotFoundError, ClashError, InvalidWishError),
        id_of=lambda booked: booked.series.id,
        run=_booked,
        alternatives=_instead,
        making_room=_if_another_moved,
    ),
    Route(
        method="GET",
        path="/series/{id}",
        tag=_TAG,
        summary=Text("读取一个系列", "Read one series"),
        answer=Series,
        errors=(NotFoundError,),
        run=_read,
    ),
    Route(
        method="PATCH",
        path="/series/{id}",
        tag=_TAG,
        summary=Text(
            "从某日起修改系列，之前的不变", "Change a series from a date on; the past stays"
        ),
        body=SeriesChange,
        answer=SeriesBooked,
        errors=OF_A_CHANGE,
        needs_if_match=True,
        run=_changed,
    ),
    Route(
        method="POST",
        path="/series/{id}/cancellation",
        tag=_TAG,
        summary=Text("从某日起取消系列并说明原因", "Cancel a series from a date on"),
        body=SeriesCancellation,
        answer=Page[Session],
        errors=OF_A_CHANGE,
        needs_if_match=True,
        run=_cancelled,
    ),
    Route(
        method="POST",
        path="/series/{id}/answers",
        tag=_TAG,
        summary=Text(
            "学校一次确认或谢绝全部待定日期",
            "A school says yes or no to every date that waits for it",
        ),
        body=SchoolAnswer,
        answer=Page[Session],
        errors=OF_A_CHANGE,
        run=_answered,
    ),
)
