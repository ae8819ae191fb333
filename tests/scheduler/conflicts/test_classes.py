from typing import Any

import pytest

from calendars.windows import Tactic
from scheduler.members import TextbookEdition
from scheduler.model import Form, Kind, Role, Session
from scheduler.schools import Situation
from tests.builders import (
    a_block,
    a_class,
    a_lesson,
    a_session,
    a_site,
    a_situation,
    a_timetable,
    at,
    some_books,
)
from tests.scheduler.conflicts.judging import judge, sentences


def taking(group: str, starts: str) -> Session:
    """Another session that shares nothing but a class of JS."""
    site = a_site("JS", room="JS-R2", teacher="JS-T3", class_groups=(group,))
    return a_session("s2", at(starts), sites=(site,), link_pool=None, title="科学")


def with_lessons(*lessons: Any, school: str = "JS") -> Situation:
    timetables = (a_timetable(school, 1, *lessons),)
    return a_situation(books=some_books(**{school: {"timetables": timetables}}))


def listening(**fields: Any) -> Session:
    return a_session(sites=(a_site("TF1"), a_site("JS", Role.LISTEN, **fields)))


# H3: one place


def test_a_class_is_in_one_session_at_a_time() -> None:
    situation = a_situation(taking("JS-C1", "14:39"))

    assert judge(a_session(), situation) == ["H3 class_group:JS-C1 | s2"]
    assert sentences(a_session(), situation) == [
        (
            "JS 三年级1班在9月8日（周二）14:39-15:19要参加“科学”。",
            "JS 三年级1班 takes part in “科学”, Tue 8 Sep 14:39-15:19.",
        )
    ]


@pytest.mark.parametrize(("group", "starts"), [("JS-C2", "14:00"), ("JS-C1", "14:40")])
def test_another_class_or_another_time_is_free(group: str, starts: str) -> None:
    assert judge(a_session(), a_situation(taking(group, starts))) == []


def test_e12_a_class_on_a_trip_cannot_take_part() -> None:
    trip = a_block(at("8:00", 361), "JS", class_group="JS-C1")
    situation = a_situation(books=some_books(JS={"busy": (trip,)}))

    assert judge(a_session(), situation) == ["H3 class_group:JS-C1"]
    assert sentences(a_session(), situation) == [
        (
            "JS 三年级1班在9月8日（周二）08:00-14:01占用。",
            "JS 三年级1班 is occupied, Tue 8 Sep 08:00-14:01.",
        )
    ]


def test_a_class_that_is_back_in_time_takes_part() -> None:
    trip = a_block(at("8:00", 360), "JS", class_group="JS-C1")

    assert judge(a_session(), a_situation(books=some_books(JS={"busy": (trip,)}))) == []


def test_a_class_of_another_school_or_of_none_is_refused() -> None:
    session = listening(class_groups=("JS-C1", "CB-C1", "X"))

    assert judge(session, a_situation()) == [
        "H3 class_group:CB-C1 school:JS",
        "H3 class_group:X school:JS",
    ]


# H3: what it gives up


def test_a_class_does_not_give_up_another_subject_unasked() -> None:
    situation = with_lessons(a_lesson(5, "数学"))

    assert judge(a_session(), situation) == ["H3 class_group:JS-C1"]
    assert sentences(a_session(), situation) == [
        (
            "JS 三年级1班第5节是数学，不是音乐；换课须注明已商定。",
            "JS 三年级1班 has 数学 in period 5, not 音乐; an exchange of lessons must be agreed.",
        )
    ]
    assert judge(listening(swap_agreed=True), situation) == []


@pytest.mark.parametrize("lesson", [a_lesson(5, "音乐"), a_lesson(4), a_lesson(6)])
def test_a_class_gives_up_its_lesson_of_the_same_subject(lesson: Any) -> None:
    assert judge(a_session(), with_lessons(lesson)) == []


def test_a_session_without_a_subject_replaces_nothing_unasked() -> None:
    research = a_session(kind=Kind.JOINT_RESEARCH, subject=None)

    assert judge(research, with_lessons(a_lesson(5, "音乐"))) == ["H3 class_group:JS-C1"]
    assert "不是本次内容" in sentences(research, with_lessons(a_lesson(5, "音乐")))[0][0]


def test_a_class_that_moves_its_period_gives_up_the_lesson_of_that_period() -> None:
    """JS rings period 3 at 10:25; five minutes later it is 10:30-11:10, before period 4."""
    moved = a_site("JS", Role.LISTEN, tactic=Tactic.SHIFT_BREAK, shift_minutes=5)
    session = a_session(
        slot=at("10:30"), sites=(a_site("TF1", tactic=Tactic.TRIM, effective_minutes=35), moved)
    )

    assert judge(session, with_lessons(a_lesson(3, "音乐"), a_lesson(4, "数学"))) == []
    assert judge(session, with_lessons(a_lesson(3, "数学"))) == ["H3 class_group:JS-C1"]


def test_a_class_outside_its_bells_gives_up_nothing() -> None:
    assert judge(a_session(slot=at("18:00"), sites=(a_site("JS"),)), with_lessons(a_lesson(6))) == [
        "H7 class_group:JS-C1",
        "H13 school:JS",
    ]


# H3: the class of the lead teacher


def test_a_synchronous_lesson_has_a_class_with_its_lead_teacher() -> None:
    alone = a_session(sites=(a_site("TF1", class_groups=()), a_site("JS", Role.LISTEN)))

    assert judge(alone, a_situation()) == ["H3 school:TF1"]
    assert sentences(alone, a_situation()) == [
        (
            "同步课堂需要TF1的班级在主讲现场；没有班级请选“专门开课”。",
            (
                "A synchronous lesson needs a class of TF1 with its lead teacher; without one "
                "it is a dedicated lesson."
            ),
        )
    ]


@pytest.mark.parametrize(
    "fields", [{"form": Form.DEDICATED}, {"form": Form.DUAL_TEACHER}, {"kind": Kind.JOINT_RESEARCH}]
)
def test_other_forms_and_kinds_are_led_without_a_class(fields: Any) -> None:
    sites = a_site("TF1", class_groups=()), a_site("JS", Role.LISTEN)

    assert judge(a_session(sites=sites, **fields), a_situation()) == []


# H16


def with_class(**fields: Any) -> Situation:
    return a_situation(books=some_books(JS={"class_groups": {"JS-C1": a_class("JS", **fields)}}))


def edition(name: str) -> tuple[TextbookEdition, ...]:
    return (
        TextbookEdition(subject="音乐", edition=name),
        TextbookEdition(subject="数学", edition="X"),
    )


def test_the_classes_of_a_synchronous_lesson_are_of_one_grade() -> None:
    situation = with_class(grade=4)

    assert judge(a_session(), situation) == ["H16 class_group:TF1-C1 class_group:JS-C1"]
    assert sentences(a_session(), situation) == [
        (
            "同步课应是同一年级（3年级）：TF1 三年级1班是3年级、JS 三年级1班是4年级。",
            (
                "A synchronous lesson is for one grade (3): TF1 三年级1班 is grade 3, "
                "JS 三年级1班 is grade 4."
            ),
        )
    ]


def test_the_grade_that_the_lesson_is_for_counts_too() -> None:
    assert judge(a_session(grade=4), a_situation()) == ["H16 class_group:TF1-C1 class_group:JS-C1"]
    assert judge(a_session(grade=None), a_situation()) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"override_reason": "混龄社团"},
        {"form": Form.DUAL_TEACHER},
        {"kind": Kind.JOINT_RESEARCH},
    ],
)
def test_a_reason_or_another_form_or_kind_lets_grades_differ(fields: Any) -> None:
    assert judge(a_session(**fields), with_class(grade=4)) == []


def test_a_lesson_without_any_class_is_for_no_wrong_grade() -> None:
    staff = a_session(sites=(a_site("TF1", class_groups=()),))

    assert judge(staff, a_situation()) == ["H3 school:TF1"]


def test_the_textbooks_of_a_synchronous_lesson_are_compatible() -> None:
    books = some_books(
        TF1={"class_groups": {"TF1-C1": a_class("TF1", editions=edition("人教版"))}},
        JS={"class_groups": {"JS-C1": a_class("JS", editions=edition("苏教版"))}},
    )

    assert judge(a_session(), a_situation(books=books)) == [
        "H16 class_group:TF1-C1 class_group:JS-C1"
    ]
    assert sentences(a_session(), a_situation(books=books)) == [
        (
            "教材版本不一致：TF1 三年级1班用人教版、JS 三年级1班用苏教版。",
            "The textbooks differ: TF1 三年级1班 uses 人教版, JS 三年级1班 uses 苏教版.",
        )
    ]


@pytest.mark.parametrize("theirs", [edition("人教版"), ()])
def test_the_same_edition_or_an_untold_one_is_compatible(theirs: Any) -> None:
    books = some_books(
        TF1={"class_groups": {"TF1-C1": a_class("TF1", editions=edition("人教版"))}},
        JS={"class_groups": {"JS-C1": a_class("JS", editions=theirs)}},
    )

    assert judge(a_session(), a_situation(books=books)) == []
