"""Who and what is free: the question that school IT asks every morning is one request."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from calendars.bells import SchoolId
from calendars.fields import Identifier
from calendars.slots import Slot
from calendars.text import InvalidValueError, Text
from scheduler.availability.asking import Availability, availability
from scheduler.availability.stretches import Use
from scheduler.errors import InvalidWishError, NotFoundError
from scheduler.http.answers import Page
from scheduler.http.paging import PartOfList, cursor_after, number_position
from scheduler.http.routes import AnyRoute, Call, NoBody, Route
from scheduler.model import ResourceKind
from scheduler.store import Transaction

Kind = Literal["room", "teacher", "class_group", "link_pool"]
Span = Literal["now", "today", "week"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AvailabilityQuery(PartOfList):
    """What is asked about, and for when: `at`, or from `starts` to `ends`.

    `now` is this minute, `today` and `week` (from Monday) the alliance's. `state` keeps only what
    is in one of these states.
    """

    kind: tuple[Kind, ...] = ("room",)
    state: tuple[Use, ...] = tuple(Use)
    at: Span | None = None
    starts: datetime | None = None
    ends: datetime | None = None
    school: SchoolId | None = None
    id: tuple[Identifier, ...] = ()

    def __post_init__(self) -> None:
        if (self.starts is None) != (self.ends is None):
            raise InvalidValueError(
                "starts 与 ends 须同时给出。",
                "starts and ends belong together.",
                field="starts" if self.starts is None else "ends",
            )
        if self.at is not None and self.starts is not None:
            raise InvalidValueError(
                "at 与 starts、ends 只能二选一。",
                "Give either at, or starts and ends.",
                field="at",
            )
        if self.starts is not None and self.ends is not None:
            Slot(self.starts, self.ends)

    def within(self, now: datetime, zone: ZoneInfo) -> Slot:
        """The stretch that is meant, at this moment."""
        if self.starts is not None and self.ends is not None:
            return Slot(self.starts, self.ends)
        if self.at == "now":
            return Slot.lasting(now, 1)
        today = now.astimezone(zone).date()
        first, days = (
            (today - timedelta(days=today.weekday()), 7) if self.at == "week" else (today, 1)
        )
        midnights = (
            datetime.combine(on, time(), zone) for on in (first, first + timedelta(days=days))
        )
        return Slot(*midnights)


async def _available(
    transaction: Transaction, call: Call[NoBody, AvailabilityQuery]
) -> Page[Availability]:
    query, zone = call.query, ZoneInfo((await transaction.alliance()).alliance.zone)
    found = await availability(
        transaction,
        [ResourceKind(kind) for kind in query.kind],
        query.within(transaction.now, zone),
        school=query.school,
        uses=query.state,
        ids=query.id,
    )
    asked = [each for each in found if each.stretches]
    start = number_position(query.cursor)
    more = len(asked) > start + query.limit
    return Page(
        items=tuple(asked[start : start + query.limit]),
        next=cursor_after(str(start + query.limit)) if more else None,
    )


ROUTES: Final[tuple[AnyRoute, ...]] = (
    Route(
        method="GET",
        path="/availability",
        tag=Text("空闲情况", "Availability"),
        summary=Text(
            "哪些教室、教师、班级、链路池空闲：例如 ?kind=room&state=free&at=now",
            "Which rooms, teachers, classes and links are free: ?kind=room&state=free&at=now",
        ),
        query=AvailabilityQuery,
        answer=Page[Availability],
        errors=(NotFoundError, InvalidWishError),
        run=_available,
    ),
)
