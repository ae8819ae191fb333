from typing import Any

import pytest

from calendars.windows import Tactic
from scheduler.members import Alliance, AllianceId, TeacherId
from scheduler.model import Kind, Role, Session, Site
from scheduler.schools import Situation
from tests.builders import (
    a_block,
    a_lesson,
    a_session,
    a_site,
    a_situation,
    a_teacher,
    a_timetable,
    an_alliance,
    at,
    some_books,
)
from tests.scheduler.conflicts.judging import judge, sentences


def a_meeting(id: str, starts: str, *sites: Site, minutes: int = 40) -> Session:
    return a_session(
        id, at(starts, minutes), sites=sites, link_pool=None, kind=Kind.JOINT_RESEARCH, title="教研"
    )


def attended_by(school: str, *teachers: str, **fields: Any) -> Site:
    """A site in no room and without pupils."""
    return a_site(
        school,
        **{"room": None, "teacher": None, "class_groups": (), "participants": teachers} | fields,
    )


def with_timetable(school: str, *timetables: Any, **more: Any) -> Situation:
    return a_situation(books=some_books(**{school: {"timetables": timetables} | more}))


# H2: other sessions


def test_a_teacher_is_in_one_session_at_a_time() -> None:
    other = a_meeting("s2", "14:30", attended_by("JS", "JS-T1"))

    assert judge(a_session(), a_situation(other)) == ["H2 teacher:JS-T1 | s2"]
    assert sentences(a_session(), a_situation(other)) == [
        (
            "JS 教师1 9月8日（周二）14:30-15:10在JS参加“教研”。",
            "JS 教师1 takes part in “教研” at JS, Tue 8 Sep 14:30-15:10.",
        )
    ]


def test_a_teacher_who_assists_there_cannot_lead_here() -> None:
    other = a_meeting("s2", "14:30", attended_by("TF1", teacher="TF1-T1"))

    assert judge(a_session(), a_situation(other)) == ["H2 teacher:TF1-T1 | s2"]


def test_a_teacher_goes_from_one_session_to_the_next_in_the_same_school() -> None:
    others = (
        a_meeting("s2", "13:20", attended_by("JS", "JS-T1")),
        a_meeting("s3", "14:40", attended_by("JS", "JS-T1")),
    )

    assert judge(a_session(), a_situation(*others)) == []


@pytest.mark.parametrize(
    ("starts", "found"),
    [
        ("15:09", ["H2 teacher:JS-T1 | s2"]),
        ("15:10", []),
        ("12:50", []),
        ("12:51", ["H2 teacher:JS-T1 | s2"]),
    ],
)
def test_e40_the_way_to_another_school_takes_its_time(starts: str, found: list[str]) -> None:
    other = a_meeting("s2", starts, attended_by("CB", "JS-T1"))

    assert judge(a_session(), a_situation(other)) == found


def test_e40_the_refusal_says_how_long_the_way_is() -> None:
    other = a_meeting("s2", "14:40", attended_by("CB", "JS-T1"))

    assert sentences(a_session(), a_situation(other)) == [
        (
            "JS 教师1 9月8日（周二）14:40-15:20在CB参加“教研”，两校之间需要30分钟路程。",
            (
                "JS 教师1 takes part in “教研” at CB, Tue 8 Sep 14:40-15:20, "
                "and the way between takes 30 minutes."
            ),
        )
    ]


def test_a_long_way_is_looked_for_far_enough() -> None:
    far = an_alliance(alliance=Alliance(id=AllianceId("demo"), name="示意联盟", travel_minutes=240))
    other = a_meeting("s2", "18:39", attended_by("CB", "JS-T1"))

    assert judge(a_session(), a_situation(other, alliance=far)) == ["H2 teacher:JS-T1 | s2"]


def test_e45_an_observer_who_is_needed_elsewhere_blocks_nothing() -> None:
    other = a_meeting("s2", "14:00", attended_by("JS", "JS-T2"))
    watched = a_session(
        sites=(a_site("TF1"), a_site("JS", Role.LISTEN, observers=(TeacherId("JS-T2"),)))
    )

    assert judge(watched, a_situation(other)) == []
    assert judge(other, a_situation(watched)) == []


def test_nobody_is_at_two_sites_of_one_session() -> None:
    session = a_session(sites=(a_site("TF1"), a_site("JS", Role.LISTEN, participants=("TF1-T1",))))

    assert judge(session, a_situation()) == ["H2 teacher:TF1-T1 school:TF1 school:JS"]
    assert sentences(session, a_situation()) == [
        ("TF1 教师1 被同时安排在TF1、JS。", "TF1 教师1 cannot be at TF1 and JS at once.")
    ]


def test_a_teacher_whom_nobody_knows_is_named() -> None:
    session = a_session(sites=(a_site("TF1", teacher="X"), a_site("JS", Role.LISTEN)))
    other = a_meeting("s2", "14:00", attended_by("TF1", "X"))

    assert judge(session, a_situation()) == ["H2 teacher:X"]
    assert judge(session, a_situation(other)) == ["H2 teacher:X | s2", "H2 teacher:X"]


# H2: own lessons


def test_a_teacher_does_not_leave_another_class_alone() -> None:
    situation = with_timetable("JS", a_timetable("JS", 2, a_lesson(5, teacher="JS-T1")))

    assert judge(a_session(), situation) == ["H2 teacher:JS-T1 class_group:JS-C2"]
    assert sentences(a_session(), situation) == [
        (
            "JS 教师1 第5节（14:00-14:40）要给JS 三年级2班上数学。",
            "JS 教师1 teaches 数学 to JS 三年级2班 in period 5 (14:00-14:40).",
        )
    ]


def test_the_lesson_that_the_class_gives_up_keeps_nobody() -> None:
    situation = with_timetable("JS", a_timetable("JS", 1, a_lesson(5, "音乐", teacher="JS-T1")))

    assert judge(a_session(), situation) == []


def test_lessons_before_and_after_keep_nobody() -> None:
    around = a_timetable("JS", 2, a_lesson(4, teacher="JS-T1"), a_lesson(6, teacher="JS-T1"))

    assert judge(a_session(), with_timetable("JS", around)) == []


def test_own_lessons_count_only_while_the_class_attends() -> None:
    """The slot runs into JS's period 6, which the class does not attend."""
    situation = with_timetable("JS", a_timetable("JS", 2, a_lesson(6, teacher="JS-T1")))
    trimmed = a_site("JS", Role.LISTEN, tactic=Tactic.TRIM, effective_minutes=30)
    session = a_session(
        slot=at("14:10", 50),
        sites=(a_site("TF1", tactic=Tactic.TRIM, effective_minutes=30), trimmed),
    )

    assert judge(session, situation) == []


def test_without_a_class_own_lessons_count_for_the_whole_slot() -> None:
    situation = with_timetable("JS", a_timetable("JS", 2, a_lesson(6, teacher="JS-T1")))
    sites = attended_by("TF1", "TF1-T1"), attended_by("JS", "JS-T1", role=Role.LISTEN)

    assert judge(a_meeting("s1", "14:10", *sites), situation) == []
    assert judge(a_meeting("s1", "14:11", *sites), situation) == [
        "H2 teacher:JS-T1 class_group:JS-C2"
    ]


@pytest.mark.parametrize(
    ("period", "found"), [(6, ["H2 teacher:JS-T1 class_group:CB-C1"]), (2, [])]
)
def test_e40_lessons_at_another_school_need_the_way_there(period: int, found: list[str]) -> None:
    """CB rings period 6 at 15:20, but its period 5 would not leave half an hour."""
    books = some_books(
        JS={"teachers": {"JS-T1": a_teacher("JS", also_at=("CB", "ZZ"))}},
        CB={"timetables": (a_timetable("CB", 1, a_lesson(period, teacher="JS-T1")),)},
    )
    session = a_session(
        slot=at("14:55", 20),
        min_minutes=15,
        sites=(
            a_site("TF1", effective_minutes=20),
            a_site("JS", Role.LISTEN, effective_minutes=20),
        ),
    )

    assert judge(session, a_situation(books=books)) == found


def test_e12_the_teacher_of_a_class_that_is_away_is_free() -> None:
    lessons = a_timetable("JS", 2, a_lesson(5, teacher="JS-T1"))
    trip = a_block(at("13:30", 120), "JS", class_group="JS-C2")
    half_a_lesson = a_block(at("14:10", 120), "JS", class_group="JS-C2")

    assert judge(a_session(), with_timetable("JS", lessons, busy=(trip,))) == []
    assert judge(a_session(), with_timetable("JS", lessons, busy=(half_a_lesson,))) == [
        "H2 teacher:JS-T1 class_group:JS-C2"
    ]


# H2: occupied elsewhere


def test_a_teacher_taken_by_something_else_is_occupied_and_nobody_learns_by_what() -> None:
    block = a_block(at("14:30"), "JS", teacher="JS-T1")
    situation = a_situation(books=some_books(JS={"busy": (block,)}))

    assert judge(a_session(), situation) == ["H2 teacher:JS-T1"]
    assert sentences(a_session(), situation) == [
        (
            "JS 教师1 在9月8日（周二）14:30-15:10占用。",
            "JS 教师1 is occupied, Tue 8 Sep 14:30-15:10.",
        )
    ]


@pytest.mark.parametrize(
    ("school", "starts", "found"),
    [
        ("JS", "14:40", []),
        ("CB", "15:09", ["H2 teacher:JS-T1"]),
        ("CB", "15:10", []),
    ],
)
def test_e40_what_another_school_entered_needs_the_way_there(
    school: str, starts: str, found: list[str]
) -> None:
    block = a_block(at(starts), school, teacher="JS-T1")

    assert (
        judge(a_session(), a_situation(books=some_books(**{school: {"busy": (block,)}}))) == found
    )


# H4


def test_e42_listening_pupils_are_not_left_alone() -> None:
    session = a_session(sites=(a_site("TF1"), a_site("JS", Role.LISTEN, teacher=None)))

    assert judge(session, a_situation()) == ["H4 school:JS"]
    assert sentences(session, a_situation()) == [
        (
            "JS有学生听课，必须安排一名本校助教。",
            "JS listens with pupils and needs an assisting teacher.",
        )
    ]


def test_watching_pupils_are_not_left_alone_either() -> None:
    session = a_session(sites=(a_site("TF1"), a_site("JS", Role.OBSERVE, teacher=None)))

    assert judge(session, a_situation()) == ["H4 school:JS"]


def test_a_site_without_pupils_needs_no_assistant() -> None:
    session = a_session(
        sites=(a_site("TF1"), a_site("JS", Role.LISTEN, teacher=None, class_groups=()))
    )

    assert judge(session, a_situation()) == []


def test_the_assistant_belongs_to_the_school() -> None:
    session = a_session(sites=(a_site("TF1"), a_site("JS", Role.LISTEN, teacher="CB-T1")))

    assert judge(session, a_situation()) == ["H4 teacher:CB-T1 school:JS"]
    assert sentences(session, a_situation()) == [
        (
            "CB 教师1 不是JS的教师，不能在那里担任助教。",
            "CB 教师1 does not belong to JS and cannot assist there.",
        )
    ]


def test_the_assistant_may_belong_to_two_schools() -> None:
    books = some_books(CB={"teachers": {"CB-T1": a_teacher("CB", also_at=("JS",))}})
    session = a_session(sites=(a_site("TF1"), a_site("JS", Role.LISTEN, teacher="CB-T1")))

    assert judge(session, a_situation(books=books)) == []


def test_a_guest_may_lead() -> None:
    session = a_session(sites=(a_site("TF1", teacher="CB-T1"), a_site("JS", Role.LISTEN)))

    assert judge(session, a_situation()) == []


def test_an_unknown_assistant_is_named_once() -> None:
    session = a_session(sites=(a_site("TF1"), a_site("JS", Role.LISTEN, teacher="X")))

    assert judge(session, a_situation()) == ["H2 teacher:X"]
