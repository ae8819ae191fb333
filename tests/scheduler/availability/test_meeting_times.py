"""E46: the earliest time at which enough members of a studio are free."""

from datetime import date
from typing import Any

import pytest

from calendars.slots import Slot
from scheduler.availability.meeting_times import MeetingTime, StudioMeeting, meeting_times
from scheduler.errors import NotFoundError
from scheduler.members import Studio, StudioId, TeacherId
from scheduler.store import Transaction
from tests.builders import SHANGHAI, TUESDAY, a_block, a_day, at
from tests.scheduler.desk import Desk, a_booking

MEMBERS = tuple(TeacherId(name) for name in ("TF1-T2", "JS-T1", "JS-T2", "CB-T1"))


async def asked(desk: Desk, **fields: Any) -> list[MeetingTime]:
    wish = StudioMeeting(**dict[str, Any]({"studio": StudioId("studio"), "date": TUESDAY}) | fields)
    find = await desk.read(meeting_times, wish)
    return list(find())


@pytest.fixture
async def studio(desk: Desk) -> Desk:
    """Five people of three schools: at 8 all are free, in the afternoon TF1's head teaches JS."""
    found = Studio(
        id=StudioId("studio"), name="音乐工作室", head=TeacherId("TF1-T1"), members=MEMBERS
    )
    await desk.do(Transaction.put, found, revision=None)
    return desk


def clock(found: MeetingTime) -> str:
    return f"{found.slot.starts.astimezone(SHANGHAI):%m-%d %H:%M}"


async def busy(desk: Desk, teacher: str, starts: str, ends: str, on: date = TUESDAY) -> None:
    block = a_block(
        Slot(at(starts, on=on).starts, at(ends, on=on).starts),
        teacher.split("-", maxsplit=1)[0],
        id=f"{teacher}-{on}",
        teacher=TeacherId(teacher),
    )
    await desk.do(Transaction.put, block, revision=None)


async def test_the_earliest_come_first_and_none_overlaps_another(studio: Desk) -> None:
    found = await asked(studio)
    assert [clock(each) for each in found] == [f"09-08 {hour:02}:00" for hour in range(8, 13)]
    assert {(each.members, each.free, each.absent) for each in found} == {(5, 5, ())}
    assert {each.slot.minutes for each in found} == {60}


async def test_e46_one_of_five_may_be_missing_at_eighty_in_a_hundred(studio: Desk) -> None:
    await busy(studio, "JS-T1", "08:00", "18:00")
    await busy(studio, "CB-T1", "08:00", "09:05")
    first = (await asked(studio))[0]
    assert (clock(first), first.free) == ("09-08 09:05", 4)
    assert [each.teacher for each in first.absent] == ["JS-T1"]
    assert clock((await asked(studio, share=60))[0]) == "09-08 08:00"
    assert clock((await asked(studio, share=100))[0]) == "09-09 08:00"


async def test_lessons_sessions_and_holidays_take_people(studio: Desk) -> None:
    await studio.book(a_booking(slot=at("14:00", on=TUESDAY)))
    await busy(studio, "JS-T2", "08:00", "14:00")
    await busy(studio, "CB-T1", "08:00", "14:00")
    first = (await asked(studio))[0]
    # TF1-T1 and JS-T1 teach until 14:40, and with them two of five would be missing.
    assert clock(first) == "09-08 14:40"
    await studio.do(Transaction.put, a_day(TUESDAY, school="JS"), revision=None)
    assert clock((await asked(studio))[0]) == "09-09 08:00"
    assert [each.teacher for each in (await asked(studio, share=60))[0].absent] == [
        "JS-T1",
        "JS-T2",
    ]


async def test_nobody_meets_in_the_past_or_beyond_the_days_asked_for(studio: Desk) -> None:
    assert await asked(studio, date=date(2026, 8, 1), days=1) == []
    assert await asked(studio, date=date(2026, 9, 12), days=2) == []  # a weekend
    with pytest.raises(NotFoundError):
        await asked(studio, studio=StudioId("none"))
