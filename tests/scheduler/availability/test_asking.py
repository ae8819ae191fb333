"""What every room, person, class and link is doing, in absolute time and in the school's words."""

from datetime import timedelta

import pytest

from calendars.bells import SchoolId
from calendars.days import DayKind
from calendars.slots import Slot
from scheduler.availability.asking import MAX_DAYS, Availability, availability
from scheduler.availability.stretches import Mark, Use, divide
from scheduler.booking.single import cancel
from scheduler.errors import InvalidWishError
from scheduler.members import LinkPool, LinkPoolId, RoomId, TeacherId
from scheduler.model import Kind, Resource, ResourceKind, Role
from tests.builders import (
    TUESDAY,
    a_block,
    a_day,
    a_lesson,
    a_room,
    a_teacher,
    a_timetable,
    an_alliance,
    an_outage,
    at,
    school_time,
    some_books,
)
from tests.scheduler.conftest import Open
from tests.scheduler.desk import Desk, a_booking, a_wish, coordinator_of

MORNING = Slot(at("8:00").starts, at("12:00").starts)
AFTERNOON = Slot(at("13:50").starts, at("15:00").starts)
JS = SchoolId("JS")


def uses(found: Availability) -> list[tuple[str, str]]:
    """Such as ("free", "周二第3节 10:35-11:15")."""
    return [(stretch.use.value, stretch.words.zh) for stretch in found.stretches]


async def _of(desk: Desk, kind: ResourceKind, id: str, within: Slot) -> Availability:
    (found,) = await desk.read(availability, [kind], within, ids=[id])
    return found


async def test_a_room_is_free_in_the_words_of_its_own_bells(desk: Desk) -> None:
    found = await _of(desk, ResourceKind.ROOM, "JS-R1", MORNING)
    assert (found.school, found.name) == ("JS", "JS 互动教室1")
    assert uses(found) == [
        ("closed", "9月8日（周二）08:00-08:25"),
        ("free", "9月8日（周二）第1-4节 08:25-12:00"),
    ]


async def test_a_held_session_shows_in_its_room_its_people_and_its_class(desk: Desk) -> None:
    session = await desk.book()
    for kind, name in (
        (ResourceKind.ROOM, "JS-R1"),
        (ResourceKind.TEACHER, "JS-T1"),
        (ResourceKind.CLASS_GROUP, "JS-C1"),
    ):
        found = await _of(desk, kind, name, AFTERNOON)
        assert uses(found) == [
            ("free", "9月8日（周二）13:50-14:00"),
            ("held", "9月8日（周二）第5节 14:00-14:40"),
            ("free", "9月8日（周二）第6节 14:40-15:00"),
        ]
        assert found.stretches[1].session == session.id
        assert found.stretches[1].what.zh == "“三年级音乐”"


async def test_a_cancelled_session_and_a_hold_that_ran_out_are_free(desk: Desk) -> None:
    session = await desk.book(by=coordinator_of("TF1"))
    assert session.hold_expires_at is not None
    (late,) = await desk.read(
        availability, [ResourceKind.ROOM], AFTERNOON, ids=["JS-R1"], now=session.hold_expires_at
    )
    assert [stretch.use for stretch in late.stretches] == [Use.FREE]
    await desk.do(cancel, session.id, 1, reason="停电")
    found = await _of(desk, ResourceKind.ROOM, "JS-R1", AFTERNOON)
    assert [stretch.use for stretch in found.stretches] == [Use.FREE]


async def test_which_rooms_are_free_is_one_question(desk: Desk) -> None:
    await desk.book()
    at_once = Slot.lasting(at("14:10").starts, 1)
    found = await desk.read(availability, [ResourceKind.ROOM], at_once, uses=[Use.FREE])
    assert {each.resource.id: bool(each.stretches) for each in found} == {
        "TF1-R1": False,
        "TF1-R2": True,
        "JS-R1": False,
        "JS-R2": True,
        "CB-R1": True,
        "CB-R2": True,
    }
    of_js = await desk.read(availability, [ResourceKind.ROOM], at_once, school=JS)
    assert [each.resource.id for each in of_js] == ["JS-R1", "JS-R2"]


async def test_outages_and_busy_blocks_show_without_the_details_of_others(
    open_desk: Open,
) -> None:
    desk = await open_desk(
        *some_books(
            JS={
                "outages": (an_outage(at("9:15"), school=JS, room=RoomId("JS-R1")),),
                "busy": (
                    a_block(at("10:25"), "JS", room=RoomId("JS-R1")),
                    a_block(at("11:15"), "JS", id="soft", room=RoomId("JS-R1"), soft=True),
                ),
            }
        )
    )
    found = await _of(desk, ResourceKind.ROOM, "JS-R1", MORNING)
    taken = [stretch for stretch in found.stretches if stretch.use not in (Use.FREE, Use.CLOSED)]
    assert [(stretch.use, stretch.what.zh) for stretch in taken] == [
        (Use.OUT_OF_ORDER, "话筒无声"),
        (Use.OCCUPIED, "占用"),
        (Use.SOFTLY_OCCUPIED, "占用（可让出）"),
    ]


async def test_a_shared_kit_is_taken_in_both_rooms(open_desk: Open) -> None:
    rooms = {room.id: room for room in (a_room("JS", no, kit="cart") for no in (1, 2))}
    desk = await open_desk(*some_books(JS={"rooms": rooms}))
    session = await desk.book()
    found = await _of(desk, ResourceKind.ROOM, "JS-R2", AFTERNOON)
    assert [stretch.session for stretch in found.stretches] == [None, session.id, None]


async def test_a_holiday_is_closed_and_named(open_desk: Open) -> None:
    holiday = a_day(on=TUESDAY, kind=DayKind.HOLIDAY, school="JS")
    desk = await open_desk(*some_books(JS={"time": school_time("JS", days=(holiday,))}))
    found = await _of(desk, ResourceKind.ROOM, "JS-R1", MORNING)
    assert [(stretch.use, stretch.what.zh) for stretch in found.stretches] == [
        (Use.CLOSED, "节假日")
    ]


async def test_lessons_occupy_the_class_and_its_teacher_at_every_school(open_desk: Open) -> None:
    teacher = a_teacher("JS", 1, also_at=(SchoolId("TF1"),))
    here = a_timetable("JS", 1, a_lesson(3, "音乐", teacher=TeacherId("JS-T1")))
    there = a_timetable("TF1", 1, a_lesson(4, "音乐", teacher=TeacherId("JS-T1")))
    js = some_books()[1]
    desk = await open_desk(
        *some_books(
            TF1={"timetables": (there,)},
            JS={"timetables": (here,), "teachers": dict(js.teachers) | {teacher.id: teacher}},
        )
    )
    of_class = await _of(desk, ResourceKind.CLASS_GROUP, "JS-C1", MORNING)
    assert [
        (stretch.words.zh, stretch.what.zh)
        for stretch in of_class.stretches
        if stretch.use is Use.OCCUPIED
    ] == [("9月8日（周二）第3节 10:25-11:05", "音乐")]
    found = await desk.read(availability, [ResourceKind.TEACHER], MORNING, school=JS, ids=["JS-T1"])
    assert [stretch.slot for stretch in found[0].stretches if stretch.use is Use.OCCUPIED] == [
        at("10:25"),
        at("11:30", 30),
    ]


async def test_a_class_on_an_exam_day_is_closed_while_its_room_is_not(open_desk: Open) -> None:
    exam = a_day(on=TUESDAY, kind=DayKind.EXAM, school="JS", grades=(3,))
    desk = await open_desk(*some_books(JS={"time": school_time("JS", days=(exam,))}))
    of_class = await _of(desk, ResourceKind.CLASS_GROUP, "JS-C1", AFTERNOON)
    of_room = await _of(desk, ResourceKind.ROOM, "JS-R1", AFTERNOON)
    assert [stretch.what.zh for stretch in of_class.stretches] == ["考试日"]
    assert [stretch.use for stretch in of_room.stretches] == [Use.FREE]


async def test_a_link_pool_is_booked_only_at_its_peak(open_desk: Open) -> None:
    pool = LinkPool(id=LinkPoolId("bridge"), name="视频桥", sessions=2)
    desk = await open_desk(
        *some_books(WA={}),
        alliance=an_alliance(
            link_pools={pool.id: pool},
            outages=(an_outage(at("14:50", 60), link_pool=LinkPoolId("bridge")),),
        ),
    )
    await desk.book()
    site = a_wish("CB", Role.LEAD, class_groups=())
    half = a_booking(slot=at("14:20", 30), sites=(site,), kind=Kind.JOINT_RESEARCH)
    await desk.book(half, by=coordinator_of("CB"))
    found = await _of(desk, ResourceKind.LINK_POOL, "bridge", AFTERNOON)
    assert found.school is None
    assert [(stretch.use, stretch.used, stretch.capacity) for stretch in found.stretches] == [
        (Use.FREE, 0, 2),
        (Use.FREE, 1, 2),
        (Use.HELD, 2, 2),
        (Use.FREE, 1, 2),
        (Use.OUT_OF_ORDER, 0, 2),
    ]


async def test_a_week_joins_its_nights(desk: Desk) -> None:
    week = Slot(at("17:00").starts, at("9:00", on=TUESDAY + timedelta(days=1)).starts)
    found = await _of(desk, ResourceKind.ROOM, "TF1-R1", week)
    assert uses(found) == [
        ("free", "9月8日（周二）17:00-17:40"),
        ("closed", "9月8日（周二）17:40至9月9日（周三）08:30"),
        ("free", "9月9日（周三）第1节 08:30-09:00"),
    ]


async def test_a_question_that_is_too_long_or_about_nothing_is_refused(desk: Desk) -> None:
    too_long = Slot.lasting(at("8:00").starts, 60 * 24 * MAX_DAYS + 1)
    with pytest.raises(InvalidWishError):
        await desk.read(availability, [ResourceKind.ROOM], too_long)
    with pytest.raises(InvalidWishError):
        await desk.read(availability, [ResourceKind.SCHOOL], MORNING)


def test_the_strongest_mark_wins_and_equal_neighbours_join() -> None:
    marks = [
        Mark(at("8:00", 60), Use.OCCUPIED),
        Mark(at("9:00", 60), Use.OCCUPIED),
        Mark(at("8:30", 20), Use.OUT_OF_ORDER),
        Mark(at("7:00", 61), Use.CLOSED),
    ]
    divided = divide(Slot(at("8:00").starts, at("11:00").starts), marks)
    assert [(mark.slot, mark.use) for mark in divided] == [
        (at("8:00", 30), Use.OCCUPIED),
        (at("8:30", 20), Use.OUT_OF_ORDER),
        (at("8:50", 70), Use.OCCUPIED),
        (at("10:00", 60), Use.FREE),
    ]


async def test_resources_are_named_by_kind_and_id(desk: Desk) -> None:
    kinds = [ResourceKind.CLASS_GROUP, ResourceKind.LINK_POOL]
    found = await desk.read(availability, kinds, MORNING, school=JS)
    assert [each.resource for each in found] == [
        Resource(ResourceKind.CLASS_GROUP, "JS-C1"),
        Resource(ResourceKind.CLASS_GROUP, "JS-C2"),
        Resource(ResourceKind.LINK_POOL, "bridge"),
    ]
