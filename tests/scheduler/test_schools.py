from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from calendars.bells import SchoolId
from calendars.days import DayKind
from calendars.slots import Slot
from calendars.text import InvalidValueError
from scheduler.members import BusyBlock, Lesson, OpenSlot, RoomId, TeacherId, Timetable
from scheduler.model import Resource, ResourceKind
from scheduler.schools import SchoolBook, TimedLesson
from tests.builders import (
    TUESDAY,
    a_book,
    a_class,
    a_day,
    a_session,
    a_situation,
    a_term,
    at,
    school_time,
)

SUNDAY = date(2026, 9, 20)
SCHOOL = SchoolId("TF1")
CLASS, OTHER_CLASS = a_class(no=1).id, a_class(no=2).id
MUSIC, MATHS = TeacherId("TF1-T1"), TeacherId("TF1-T2")


def a_lesson(weekday: int = 2, period: int = 1, **fields: Any) -> Lesson:
    return Lesson(
        **dict[str, Any](
            {"weekday": weekday, "period": period, "subject": "音乐", "teacher": MUSIC}
        )
        | fields
    )


def a_timetable(*lessons: Lesson, class_group: str = CLASS, term: str = "TF1-2026-1") -> Timetable:
    return Timetable(
        **dict[str, Any](
            {
                "id": f"{class_group}.{term}",
                "school": "TF1",
                "class_group": class_group,
                "term": term,
                "lessons": lessons,
            }
        )
    )


def given(book: SchoolBook, on: date = TUESDAY) -> list[tuple[str, int]]:
    return [
        (lesson.class_group, lesson.lesson.period) for lesson in book.lessons_of_teacher(MUSIC, on)
    ]


def had(book: SchoolBook, on: date = TUESDAY) -> list[int]:
    return [lesson.lesson.period for lesson in book.lessons_of_class(CLASS, on)]


def test_a_class_has_the_lessons_of_the_weekday_in_order_of_the_day() -> None:
    third, first = a_lesson(period=3), a_lesson(period=1, teacher=MATHS)
    book = a_book(timetables=(a_timetable(third, first, a_lesson(weekday=3, period=2)),))
    bells = book.time.periods(TUESDAY, 3)
    assert book.lessons_of_class(CLASS, TUESDAY) == (
        TimedLesson(bells[0], CLASS, first),
        TimedLesson(bells[2], CLASS, third),
    )


def test_lessons_of_odd_and_even_weeks_take_turns() -> None:
    odd, even = a_lesson(period=1, weeks="1-21单"), a_lesson(period=2, weeks="双周")
    book = a_book(timetables=(a_timetable(odd, even),))
    assert had(book, date(2026, 9, 15)) == [1]
    assert had(book, date(2026, 9, 22)) == [2]


def test_a_make_up_day_has_the_lessons_of_the_week_it_follows() -> None:
    """E03: odd week 3 follows even week 6."""
    odd, even = a_lesson(period=1, weeks="单周"), a_lesson(period=2, weeks="双周")
    makeup = a_day(SUNDAY, DayKind.MAKEUP, (6, 2))
    book = a_book(time=school_time(days=[makeup]), timetables=(a_timetable(odd, even),))
    assert had(book, SUNDAY) == [2]


def test_a_make_up_day_nobody_has_mapped_has_no_lessons() -> None:
    """E02."""
    makeup = a_day(SUNDAY, DayKind.MAKEUP)
    book = a_book(time=school_time(days=[makeup]), timetables=(a_timetable(a_lesson(weekday=7)),))
    assert had(book, SUNDAY) == []


def test_holidays_and_exam_days_have_no_lessons() -> None:
    """E04."""
    for kind in (DayKind.HOLIDAY, DayKind.EXAM):
        book = a_book(
            time=school_time(days=[a_day(TUESDAY, kind)]), timetables=(a_timetable(a_lesson()),)
        )
        assert had(book) == []


def test_a_grade_on_a_trip_leaves_its_teachers_free() -> None:
    """E12."""
    trip = a_day(TUESDAY, DayKind.ACTIVITY, grades=(6,))
    big = a_class(no=2, grade=6)
    book = a_book(
        time=school_time(days=[trip]),
        class_groups={CLASS: a_class(no=1), big.id: big},
        timetables=(
            a_timetable(a_lesson(period=1)),
            a_timetable(a_lesson(period=2), class_group=big.id),
        ),
    )
    assert given(book) == [(CLASS, 1)]
    assert book.day_of_class(big.id, TUESDAY).kind is DayKind.ACTIVITY
    assert book.day_of_class(CLASS, TUESDAY).kind is DayKind.TEACHING


def test_a_teacher_gives_lessons_in_several_classes() -> None:
    book = a_book(
        timetables=(
            a_timetable(a_lesson(period=3), a_lesson(period=2, teacher=MATHS)),
            a_timetable(
                a_lesson(period=1), a_lesson(period=4, teacher=None), class_group=OTHER_CLASS
            ),
        )
    )
    assert given(book) == [(OTHER_CLASS, 1), (CLASS, 3)]
    assert book.lessons_of_teacher(TeacherId("TF1-T3"), TUESDAY) == ()


def test_a_lesson_whose_period_does_not_ring_is_not_given() -> None:
    """E19: the short day has fewer periods than the timetable."""
    book = a_book(timetables=(a_timetable(a_lesson(period=1), a_lesson(period=9)),))
    assert had(book) == [1]


def test_the_timetable_of_another_term_does_not_count() -> None:
    book = a_book(timetables=(a_timetable(a_lesson(), term="TF1-2026-2"),))
    assert had(book) == []


def test_each_term_has_its_own_timetable() -> None:
    spring = a_term(id="TF1-2026-2", first_day=date(2027, 2, 22), last_day=date(2027, 7, 2))
    book = a_book(
        time=school_time(terms=[a_term(), spring]),
        timetables=(
            a_timetable(a_lesson(period=1)),
            a_timetable(a_lesson(period=2), term="TF1-2026-2"),
        ),
    )
    assert had(book, TUESDAY) == [1]
    assert had(book, date(2027, 3, 2)) == [2]


def test_a_class_nobody_knows_has_no_lessons() -> None:
    """E72."""
    assert a_book(class_groups={}).lessons_of_class(CLASS, TUESDAY) == ()


def test_answers_are_remembered_and_two_books_that_know_the_same_are_equal() -> None:
    timetables = (a_timetable(a_lesson()),)
    book = a_book(timetables=timetables)
    assert book.lessons_of_class(CLASS, TUESDAY) is book.lessons_of_class(CLASS, TUESDAY)
    assert book == a_book(timetables=timetables, time=book.time)


def an_open_slot(**fields: Any) -> OpenSlot:
    return OpenSlot(
        **dict[str, Any](
            {"id": "open", "school": "TF1", "weekday": 2, "starts": time(14), "ends": time(16)}
        )
        | fields
    )


def test_a_session_inside_an_open_slot_has_standing_consent() -> None:
    """E48."""
    book = a_book(open_slots=(an_open_slot(),))
    assert book.open_slot_covering(at("14:00")) == an_open_slot()
    assert book.open_slot_covering(at("15:20")) == an_open_slot()
    assert book.open_slot_covering(at("15:21")) is None
    assert book.open_slot_covering(at("13:59")) is None
    assert book.open_slot_covering(at("14:00", on=date(2026, 9, 9))) is None


def test_an_open_slot_is_open_in_its_weeks_and_for_its_subjects() -> None:
    """E48."""
    odd = a_book(open_slots=(an_open_slot(weeks="单周"),))
    assert odd.open_slot_covering(at("14:00")) is None
    assert odd.open_slot_covering(at("14:00", on=date(2026, 9, 15))) is not None
    music = a_book(open_slots=(an_open_slot(subjects=("音乐", "美术")),))
    assert music.open_slot_covering(at("14:00"), "音乐") is not None
    assert music.open_slot_covering(at("14:00"), "数学") is None
    assert music.open_slot_covering(at("14:00")) is None


def test_an_open_slot_moves_with_the_make_up_day_and_closes_on_holidays() -> None:
    """E48, E01."""
    rows = [a_day(SUNDAY, DayKind.MAKEUP, (6, 2)), a_day(TUESDAY, DayKind.HOLIDAY)]
    book = a_book(time=school_time(days=rows), open_slots=(an_open_slot(),))
    assert book.open_slot_covering(at("14:00", on=SUNDAY)) == an_open_slot()
    assert book.open_slot_covering(at("14:00")) is None


@pytest.mark.parametrize("weeks", ["8-3", "0", "", "单双"])
def test_lessons_and_open_slots_refuse_weeks_that_cannot_be(weeks: str) -> None:
    """E70."""
    with pytest.raises(InvalidValueError):
        a_lesson(weeks=weeks)
    with pytest.raises(InvalidValueError):
        an_open_slot(weeks=weeks)


def test_busy_time_is_found_by_what_it_takes() -> None:
    """E35, E37, E12."""
    visit = BusyBlock(id="visit", school=SCHOOL, room=RoomId("TF1-R1"), slot=at("14:00"))
    leave = BusyBlock(id="leave", school=SCHOOL, teacher=MUSIC, slot=at("8:30"))
    trip = BusyBlock(id="trip", school=SCHOOL, class_group=CLASS, slot=at("9:25"))
    book = a_book(busy=(visit, leave, trip))
    room, teacher, group = ResourceKind.ROOM, ResourceKind.TEACHER, ResourceKind.CLASS_GROUP
    assert book.busy_time.of(Resource(room, "TF1-R1")) == [visit]
    assert book.busy_time.of(Resource(teacher, MUSIC)) == [leave]
    assert book.busy_time.of(Resource(group, CLASS)) == [trip]
    assert book.busy_time.of(Resource(room, "TF1-R2")) == ()
    assert book.busy_time.of(Resource(teacher, MATHS)) == ()
    assert book.busy_time.of(Resource(group, OTHER_CLASS)) == ()


def test_a_situation_finds_rooms_teachers_and_classes_in_every_school() -> None:
    situation = a_situation()
    js = situation.schools[a_book("JS").school.id]
    for room in js.rooms.values():
        assert situation.room(room.id) == room
    for teacher in js.teachers.values():
        assert situation.teacher(teacher.id) == teacher
    for group in js.class_groups.values():
        assert situation.class_group(group.id) == group
    empty = replace(situation, schools={})
    assert empty.room(next(iter(js.rooms))) is None
    assert empty.teacher(next(iter(js.teachers))) is None
    assert empty.class_group(next(iter(js.class_groups))) is None


def test_sessions_near_a_date_are_those_that_touch_it_or_the_day_before_or_after() -> None:
    midnight = datetime.combine(TUESDAY, time(), UTC)
    stretches = [(hours, length) for hours in range(-60, 72, 6) for length in (1, 12, 72)]
    sessions = tuple(
        a_session(f"s{no}", Slot.lasting(midnight + timedelta(hours=hours), length * 60))
        for no, (hours, length) in enumerate(reversed(stretches))
    )
    reach = Slot(midnight - timedelta(days=1), midnight + timedelta(days=2))
    near = replace(a_situation(), sessions=sessions).sessions_near(TUESDAY)
    assert near == tuple(each for each in sessions if each.slot.overlaps(reach))
    assert 0 < len(near) < len(sessions)
