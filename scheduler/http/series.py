"""Series: a weekly pattern over a term, booked as one unit."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from calendars.bells import SchoolId
from calendars.text import Text
from scheduler.access import require_sessions_of
from scheduler.consent import confirm_series
from scheduler.errors import (
    ClashError,
    ForbiddenError,
    InvalidWishError,
    NotFoundError,
    StateError,
)
from scheduler.http.answers import Page
from scheduler.http.paging import Cursor, Limit, page_of, position
from scheduler.http.routes import AnyRoute, Call, NoBody, Route
from scheduler.model import Alternative, Series, SeriesBooking, SeriesId, Session
from scheduler.series_booking import SeriesBooked, book_series, suggest_for_series
from scheduler.store import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesList:
    """Which part of the list."""

    cursor: Cursor = ""
    limit: Limit = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesConfirmation:
    """The school that agrees to every date that still waits for it."""

    school: SchoolId


async def _listed(transaction: Transaction, call: Call[NoBody, SeriesList]) -> Page[Series]:
    found = await transaction.all_series(
        after=position(call.query.cursor), limit=call.query.limit + 1
    )
    return page_of(found, call.query.limit)


async def _booked(transaction: Transaction, call: Call[SeriesBooking, object]) -> SeriesBooked:
    require_sessions_of(call.actor, [site.school for site in call.body.sites])
    return await book_series(transaction, call.body)


async def _read(transaction: Transaction, call: Call[NoBody, object]) -> Series:
    return await transaction.series(SeriesId(call.id))


async def _confirmed(
    transaction: Transaction, call: Call[SeriesConfirmation, object]
) -> Page[Session]:
    confirmed = await confirm_series(transaction, SeriesId(call.id), call.body.school)
    return Page(items=confirmed, next=None)


async def _instead(
    transaction: Transaction, call: Call[SeriesBooking, object]
) -> tuple[Alternative, ...]:
    return await suggest_for_series(transaction, call.body)


_TAG: Final = Text("固定课 (系列)", "Series")

ROUTES: Final[tuple[AnyRoute, ...]] = (
    Route(
        method="GET",
        path="/series",
        tag=_TAG,
        summary=Text("列出系列; 其各次活动见 /sessions?series=", "List series"),
        query=SeriesList,
        answer=Page[Series],
        run=_listed,
    ),
    Route(
        method="POST",
        path="/series",
        tag=_TAG,
        summary=Text(
            "预约整学期的固定课; 回答列明订了哪些日期",
            "Book a weekly series; the answer tells exactly which dates were booked",
        ),
        body=SeriesBooking,
        answer=SeriesBooked,
        status=HTTPStatus.CREATED,
        errors=(ForbiddenError, NotFoundError, ClashError, InvalidWishError),
        id_of=lambda booked: booked.series.id,
        run=_booked,
        alternatives=_instead,
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
        method="POST",
        path="/series/{id}/confirmations",
        tag=_TAG,
        summary=Text("学校一次确认全部待定日期", "A school agrees to every date that waits for it"),
        body=SeriesConfirmation,
        answer=Page[Session],
        errors=(NotFoundError, ForbiddenError, ClashError, StateError),
        run=_confirmed,
    ),
)
