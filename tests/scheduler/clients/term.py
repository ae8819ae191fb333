"""A term with every kind of exception, made by the use cases that make them."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from calendars.bells import BellSchedule, SchoolId
from calendars.days import Day, DayKind
from calendars.slots import Slot
from calendars.windows import Tactic
from scheduler.booking.consent import confirm_series
from scheduler.booking.series import book_series
from scheduler.booking.series_cancelling import cancel_series
from scheduler.booking.series_changes import SeriesChange, change_series
from scheduler.booking.single import SessionChange, cancel, change
from scheduler.members import Alliance, AllianceId, RoomId, Studio, StudioId, TeacherId
from scheduler.model import (
    Kind,
    Role,
    Series,
    SeriesBooking,
    Session,
    SiteWish,
)
from scheduler.placing import wish_of
from scheduler.schools import SchoolBook
from scheduler.store import Transaction
from tests.builders import NOW, a_day, an_alliance, school_time, some_bells, some_books, wall
from tests.scheduler.conftest import Open
from tests.scheduler.desk import Desk, a_booking, a_series, a_wish, weekly

FIRST = date(2026, 9, 1)
HOLIDAYS = tuple(date(2026, 10, day) for day in range(1, 8))
MAKE_UP = date(2026, 9, 20)
WINTER = date(2026, 10, 19)
LATER = NOW + timedelta(hours=2)
OBSERVER = TeacherId("TF1-T3")
"""Looks on at every art lesson."""


def tuesday(week: int) -> date:
    """The Tuesday of a teaching week."""
    return FIRST + timedelta(weeks=week - 1)


def days_of(school: str) -> list[Day]:
    """A week of holidays, and a Sunday on which the Tuesday of week 3 is taught."""
    holidays = [a_day(on, DayKind.HOLIDAY, school=school) for on in HOLIDAYS]
    return [*holidays, a_day(MAKE_UP, DayKind.MAKEUP, (3, 2), school=school)]


def bells_of(school: str) -> list[BellSchedule]:
    """From the middle of October JS rings the afternoon ten minutes earlier."""
    if school != "JS":
        return [some_bells(school)]
    winter = "8:25-9:05 9:15-9:55 10:25-11:05 11:15-11:55 13:50-14:30 14:40-15:20"
    return [
        some_bells(school),
        some_bells(school, winter, id="JS-winter", valid_from=WINTER, valid_until=date(2027, 2, 1)),
    ]


def schools() -> tuple[SchoolBook, ...]:
    return some_books(
        **{
            school: {"time": school_time(school, days=days_of(school), bells=bells_of(school))}
            for school in ("TF1", "JS", "CB")
        }
    )


STUDIO = Studio(
    id=StudioId("S1"), name="音乐工作室", head=TeacherId("CB-T1"), members=(TeacherId("JS-T1"),)
)


async def a_term_with_everything(open_desk: Open, zone: str) -> Desk:
    """Lessons, fortnights and research; moved, swapped, substituted, split, cancelled, waiting."""
    alliance = an_alliance(
        alliance=Alliance(id=AllianceId("demo"), name="示意联盟", zone=zone),
        studios={STUDIO.id: STUDIO},
    )
    desk = await open_desk(*schools(), alliance=alliance)
    await _music(desk, ZoneInfo(zone))
    await _art(desk)
    await _research(desk)
    single = _lesson("8:30", tuesday(7), ZoneInfo(zone))
    await desk.book(a_booking(slot=single, sites=_sites("TF1", "JS")))
    return desk


def _lesson(starts: str, on: date, zone: ZoneInfo) -> Slot:
    """A lesson at a time of the alliance's clock."""
    return Slot.lasting(datetime.combine(on, wall(starts), zone), 40)


def _sites(*schools: str, **fields: Any) -> tuple[SiteWish, ...]:
    roles = (Role.LEAD, *(Role.LISTEN for _ in schools[1:]))
    return tuple(
        a_wish(school, role, tactic=Tactic.TRIM, swap_agreed=True, **fields)
        for school, role in zip(schools, roles, strict=True)
    )


async def _booked(
    desk: Desk, wish: SeriesBooking, *confirming: str
) -> tuple[Series, dict[date | None, Session]]:
    series = (await desk.do(book_series, wish)).series
    for school in confirming:
        await desk.do(confirm_series, series.id, SchoolId(school))
    sessions = await desk.read(Transaction.sessions, series=series.id)
    return series, {session.series_date: session for session in sessions}


async def _music(desk: Desk, zone: ZoneInfo) -> None:
    """Every Tuesday at 14:00, with whatever can happen to a date, and at 9:25 from week 14 on."""
    wish = a_series(weekly=weekly(weeks="全"), sites=_sites("TF1", "JS"), min_minutes=10)
    series, sessions = await _booked(desk, wish, "TF1", "JS")
    lead, listening = sessions[FIRST].sites
    other_room = replace(listening, room=RoomId("JS-R2"))
    substitute = replace(listening, teacher=TeacherId("JS-T2"))
    changes = {
        tuesday(2): SessionChange(slot=_lesson("10:35", tuesday(2), zone)),
        tuesday(4): SessionChange(slot=_lesson("14:00", tuesday(4) + timedelta(days=1), zone)),
        tuesday(7): SessionChange(sites=tuple(map(wish_of, (lead, other_room)))),
        tuesday(8): SessionChange(sites=tuple(map(wish_of, (lead, substitute)))),
        tuesday(9): SessionChange(note="请带葫芦丝", join_url="https://meeting.example.cn/j/1,2;3"),
    }
    for on, wished in changes.items():
        await desk.do(change, sessions[on].id, wished, sessions[on].revision, now=LATER)
    off = sessions[tuesday(10)]
    await desk.do(cancel, off.id, off.revision, reason="停电", now=LATER)
    split = SeriesChange(from_date=tuesday(14), weekly=weekly(starts="9:25", weeks="全"))
    await desk.do(change_series, series.id, split, series.revision, now=LATER)


async def _art(desk: Desk) -> None:
    """Every other Thursday, answered by nobody yet, and off from week 9 on."""
    wish = a_series(
        weekly=weekly(4, "9:10", "1-15单"),
        sites=_sites("TF1", "CB", observers=(OBSERVER,)),
        min_minutes=10,
        subject="美术",
    )
    series, _ = await _booked(desk, wish)
    off = tuesday(9)
    await desk.do(cancel_series, series.id, off, series.revision, reason="教师外出", now=LATER)


async def _research(desk: Desk) -> None:
    """The studio's Wednesdays, with one meeting at another hour."""
    wish = a_series(
        kind=Kind.JOINT_RESEARCH,
        term="CB-2026-1",
        weekly=weekly(3, "16:20", "2-16双"),
        sites=_sites("CB", "JS", class_groups=()),
        studio=STUDIO.id,
    )
    _, sessions = await _booked(desk, wish, "CB", "JS")
    meeting = sessions[tuesday(8) + timedelta(days=1)]
    later = SessionChange(slot=meeting.slot.moved(30))
    await desk.do(change, meeting.id, later, meeting.revision, now=LATER)
