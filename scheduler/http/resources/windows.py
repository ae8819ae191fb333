"""Windows: when several schools could meet, and which bell stands in the way."""

from collections.abc import Callable
from typing import Final

from calendars.text import Text
from calendars.windows import Unlock
from scheduler.availability.meeting_times import MeetingTime, StudioMeeting, meeting_times
from scheduler.availability.narrowing import WeeklyWindowForAll, WindowForAll
from scheduler.availability.shared_windows import (
    InWeekOf,
    OnDate,
    OnWeekday,
    unlocking_shifts,
    windows_on_date,
    windows_on_weekday,
)
from scheduler.errors import InvalidWishError, NotFoundError
from scheduler.http.answers import Page
from scheduler.http.routes import AnyRoute, Call, NoBody, Route
from scheduler.store import Transaction


async def _on_date(
    transaction: Transaction, call: Call[NoBody, OnDate]
) -> Callable[[], Page[WindowForAll]]:
    found = await windows_on_date(transaction, call.query)
    return lambda: Page(items=found(), next=None)


async def _on_weekday(
    transaction: Transaction, call: Call[NoBody, OnWeekday]
) -> Callable[[], Page[WeeklyWindowForAll]]:
    found = await windows_on_weekday(transaction, call.query)
    return lambda: Page(items=found(), next=None)


async def _shifts(
    transaction: Transaction, call: Call[NoBody, InWeekOf]
) -> Callable[[], Page[Unlock]]:
    found = await unlocking_shifts(transaction, call.query)
    return lambda: Page(items=found(), next=None)


async def _of_studio(
    transaction: Transaction, call: Call[NoBody, StudioMeeting]
) -> Callable[[], Page[MeetingTime]]:
    found = await meeting_times(transaction, call.query)
    return lambda: Page(items=found(), next=None)


_TAG: Final = Text("共同时段", "Windows")

ROUTES: Final[tuple[AnyRoute, ...]] = (
    Route(
        method="GET",
        path="/windows",
        tag=_TAG,
        summary=Text(
            "某一天几所学校的共同时段，最好的在前",
            "Windows of a date that schools share, best first",
        ),
        query=OnDate,
        answer=Page[WindowForAll],
        errors=(InvalidWishError,),
        run=_on_date,
    ),
    Route(
        method="GET",
        path="/windows/weekly",
        tag=_TAG,
        summary=Text(
            "学期中每周某天的共同时段，以及哪些日期不行、为什么",
            "Windows of a weekday over a term, and on which dates they fail and why",
        ),
        query=OnWeekday,
        answer=Page[WeeklyWindowForAll],
        errors=(InvalidWishError, NotFoundError),
        run=_on_weekday,
    ),
    Route(
        method="GET",
        path="/windows/shifts",
        tag=_TAG,
        summary=Text(
            "哪所学校把哪一节课移动几分钟，能多出最多的完整共同时段",
            "Which school would unlock most full windows by moving which lesson",
        ),
        query=InWeekOf,
        answer=Page[Unlock],
        errors=(InvalidWishError,),
        run=_shifts,
    ),
    Route(
        method="GET",
        path="/windows/studio",
        tag=_TAG,
        summary=Text(
            "工作室成员最早什么时候能凑齐（例如八成的人、60 分钟）",
            "The earliest times at which enough members of a studio are free",
        ),
        query=StudioMeeting,
        answer=Page[MeetingTime],
        errors=(NotFoundError,),
        run=_of_studio,
    ),
)
