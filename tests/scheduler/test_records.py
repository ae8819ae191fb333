"""Records know whose they are and whom they name."""

from dataclasses import fields

import pytest

from calendars.bells import SchoolId
from calendars.series import Weekly
from calendars.terms import Term
from scheduler.members import (
    ClassGroup,
    District,
    DistrictId,
    Lesson,
    LinkPool,
    Room,
    School,
    Studio,
    StudioId,
    Teacher,
    TeacherId,
    Timetable,
)
from scheduler.model import Booking, Request, RequestId, RequestSite, Role, SeriesBooking, SiteWish
from scheduler.records import KINDS, NAMES, WORDS, Record, Reference, references, school_of
from tests.builders import a_class, a_room, a_session, a_teacher, a_term, an_alliance, at, wall


def pointers(value: object) -> dict[str, tuple[type[Record], str]]:
    return {each.pointer: (each.kind, each.id) for each in references(value)}


def test_a_session_names_everybody_at_every_site() -> None:
    assert list(references(a_session()))[:4] == [
        Reference("/link_pool", LinkPool, "bridge"),
        Reference("/sites/0/school", School, "TF1"),
        Reference("/sites/0/room", Room, "TF1-R1"),
        Reference("/sites/0/teacher", Teacher, "TF1-T1"),
    ]
    assert pointers(a_session())["/sites/1/class_groups/0"] == (ClassGroup, "JS-C1")


def test_wishes_name_participants_and_observers_by_their_place() -> None:
    site = SiteWish(
        school=SchoolId("TF1"),
        role=Role.LEAD,
        participants=(TeacherId("a"), TeacherId("b")),
        observers=(TeacherId("c"),),
    )
    booking = Booking(title="教研", slot=at("14:00"), sites=(site,), studio=StudioId("st"))
    assert pointers(booking) == {
        "/studio": (Studio, "st"),
        "/sites/0/school": (School, "TF1"),
        "/sites/0/participants/0": (Teacher, "a"),
        "/sites/0/participants/1": (Teacher, "b"),
        "/sites/0/observers/0": (Teacher, "c"),
    }


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (an_alliance().alliance, {}),
        (
            School(id=SchoolId("TF1"), name="TF1", district=DistrictId("east")),
            {"/district": (District, "east")},
        ),
        (
            a_teacher(also_at=("JS",)),
            {"/school": (School, "TF1"), "/also_at/0": (School, "JS")},
        ),
        (
            Timetable(
                id="t",
                school=SchoolId("TF1"),
                class_group=a_class().id,
                term="TF1-2026-1",
                lessons=(
                    Lesson(weekday=1, period=1, subject="数学"),
                    Lesson(weekday=1, period=2, subject="数学", teacher=TeacherId("TF1-T1")),
                ),
            ),
            {
                "/school": (School, "TF1"),
                "/class_group": (ClassGroup, "TF1-C1"),
                "/term": (Term, "TF1-2026-1"),
                "/lessons/1/teacher": (Teacher, "TF1-T1"),
            },
        ),
        (
            Request(
                id=RequestId("q"),
                title="三年级音乐",
                school=SchoolId("TF1"),
                term="TF1-2026-1",
                sites=(RequestSite(school=SchoolId("JS"), role=Role.LEAD),),
            ),
            {
                "/school": (School, "TF1"),
                "/term": (Term, "TF1-2026-1"),
                "/sites/0/school": (School, "JS"),
            },
        ),
        (
            SeriesBooking(
                title="三年级音乐",
                term="TF1-2026-1",
                weekly=Weekly(weekday=2, starts=wall("14:00"), minutes=40),
                sites=(SiteWish(school=SchoolId("TF1"), role=Role.LEAD),),
            ),
            {"/term": (Term, "TF1-2026-1"), "/sites/0/school": (School, "TF1")},
        ),
    ],
)
def test_each_value_names_what_it_refers_to(
    value: object, named: dict[str, tuple[type[Record], str]]
) -> None:
    assert pointers(value) == named


def test_a_record_belongs_to_its_school_and_a_school_to_itself() -> None:
    assert [school_of(each) for each in (a_room("JS"), a_term("CB"))] == ["JS", "CB"]
    assert school_of(School(id=SchoolId("TF1"), name="TF1")) == "TF1"
    assert school_of(an_alliance().alliance) is None


def test_every_kind_has_a_name_a_word_and_an_id() -> None:
    assert {kind: name for name, kind in KINDS.items()} == NAMES
    assert set(KINDS.values()) == set(WORDS)
    assert all("id" in {field.name for field in fields(kind)} for kind in KINDS.values())


def test_each_kind_names_only_those_before_it_and_itself() -> None:
    order = list(KINDS.values())
    for record in (
        a_room(),
        a_teacher(also_at=("JS",)),
        a_class(),
        a_term(),
        Studio(id=StudioId("st"), name="名师", head=TeacherId("a"), members=(TeacherId("b"),)),
    ):
        place = order.index(type(record))
        assert all(order.index(each.kind) < place for each in references(record))
