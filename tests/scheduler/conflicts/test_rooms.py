from dataclasses import replace
from typing import Any

import pytest

from calendars.slots import Slot
from scheduler.members import LinkPoolId, Room, RoomId, RoomTier
from scheduler.model import Form, Kind, Role, Session, SessionId
from scheduler.schools import Situation
from tests.builders import (
    a_block,
    a_book,
    a_room,
    a_session,
    a_site,
    a_situation,
    an_alliance,
    an_outage,
    at,
    some_books,
)
from tests.scheduler.conflicts.judging import judge, sentences


def at_site(school: str, no: int, slot: Slot, **fields: Any) -> Session:
    """Another session that shares nothing but a room: teacher 3 and class 2 of one school."""
    site = a_site(
        school,
        room=RoomId(f"{school}-R{no}"),
        teacher=f"{school}-T3",
        class_groups=(f"{school}-C2",),
    )
    return a_session("s2", slot, sites=(site,), link_pool=None, **fields)


def with_rooms(school: str, *rooms: Room) -> Situation:
    return a_situation(books=some_books(**{school: {"rooms": {room.id: room for room in rooms}}}))


def test_a_session_on_its_own_breaks_no_rule() -> None:
    assert judge(a_session(), a_situation()) == []


# H1


def test_a_room_is_in_one_session_at_a_time() -> None:
    other = at_site("JS", 1, at("14:20"), title="科学")

    assert judge(a_session(), a_situation(other)) == ["H1 room:JS-R1 | s2"]
    assert sentences(a_session(), a_situation(other)) == [
        (
            "JS的“JS 互动教室1”在9月8日（周二）14:20-15:00已安排“科学”。",
            "JS 互动教室1 of JS is taken by “科学”, Tue 8 Sep 14:20-15:00.",
        )
    ]


def test_another_room_of_the_same_school_is_free() -> None:
    assert judge(a_session(), a_situation(at_site("JS", 2, at("14:20")))) == []


def test_e27_moving_a_session_onto_another_in_its_room_is_refused() -> None:
    other = at_site("JS", 1, at("10:25"))
    moved = a_session(slot=at("10:35", 30))

    assert "H1 room:JS-R1 | s2" in judge(moved, a_situation(a_session(), other))


def test_every_session_in_the_way_is_named() -> None:
    others = (
        at_site("JS", 1, at("14:20")),
        replace(at_site("TF1", 1, at("13:50")), id=SessionId("s3")),
    )

    assert judge(a_session(), a_situation(*others)) == [
        "H1 room:TF1-R1 | s3",
        "H1 room:JS-R1 | s2",
    ]


def test_e38_two_rooms_that_share_a_kit_are_not_used_at_once() -> None:
    rooms = {room.id: room for room in (a_room("JS", 1, kit="cart"), a_room("JS", 2, kit="cart"))}
    situation = a_situation(at_site("JS", 2, at("14:20")), books=some_books(JS={"rooms": rooms}))

    assert judge(a_session(), situation) == ["H1 room:JS-R1 room:JS-R2 kit:cart | s2"]
    zh, en = sentences(a_session(), situation)[0]
    assert "与“JS 互动教室2”共用设备 cart" in zh
    assert "shares the kit cart with JS 互动教室2" in en


def test_rooms_with_kits_of_their_own_are_both_free() -> None:
    rooms = {room.id: room for room in (a_room("JS", 1, kit="cart"), a_room("JS", 2, kit="box"))}
    situation = a_situation(at_site("JS", 2, at("14:20")), books=some_books(JS={"rooms": rooms}))

    assert judge(a_session(), situation) == []


def test_a_kit_is_not_in_a_room_that_nobody_knows() -> None:
    rooms = {room.id: room for room in (a_room("JS", 1, kit="cart"),)}
    elsewhere = at_site("JS", 9, at("14:20"))

    assert judge(a_session(), a_situation(elsewhere, books=some_books(JS={"rooms": rooms}))) == []


def test_one_session_does_not_use_a_kit_twice() -> None:
    books = some_books(
        TF1={"rooms": {"TF1-R1": a_room("TF1", 1, kit="cart")}},
        JS={"rooms": {"JS-R1": a_room("JS", 1, kit="cart")}},
    )

    assert judge(a_session(), a_situation(books=books)) == ["H1 room:TF1-R1 room:JS-R1 kit:cart"]


def test_e37_a_room_used_by_others_is_occupied_and_nobody_learns_by_what() -> None:
    block = a_block(at("14:30"), "JS", room=RoomId("JS-R1"))
    situation = a_situation(books=some_books(JS={"busy": (block,)}))

    assert judge(a_session(), situation) == ["H1 room:JS-R1"]
    assert sentences(a_session(), situation) == [
        (
            "JS的“JS 互动教室1”在9月8日（周二）14:30-15:10占用。",
            "JS 互动教室1 of JS is occupied, Tue 8 Sep 14:30-15:10.",
        )
    ]


def test_a_room_is_free_when_its_other_use_ends_as_the_session_begins() -> None:
    block = a_block(at("13:20"), "JS", room=RoomId("JS-R1"))

    assert judge(a_session(), a_situation(books=some_books(JS={"busy": (block,)}))) == []


# H12


def test_e23_touching_sessions_of_different_classes_conflict_by_the_rooms_buffer() -> None:
    other = at_site("JS", 1, at("14:40"), title="科学")

    assert judge(a_session(), a_situation(other)) == ["H12 room:JS-R1 | s2"]
    assert sentences(a_session(), a_situation(other)) == [
        (
            (
                "JS的“JS 互动教室1”与“科学”（9月8日（周二）14:40-15:20）只隔0分钟，"
                "参与班级不同，需要10分钟换场。"
            ),
            (
                "JS 互动教室1 of JS has only 0 minutes between this and “科学” "
                "(Tue 8 Sep 14:40-15:20); other participants need 10."
            ),
        )
    ]


def test_e23_touching_sessions_do_not_conflict_without_a_buffer() -> None:
    rooms = {"JS-R1": a_room("JS", 1, buffer_minutes=0)}
    situation = a_situation(at_site("JS", 1, at("14:40")), books=some_books(JS={"rooms": rooms}))

    assert judge(a_session(), situation) == []


@pytest.mark.parametrize(
    ("starts", "minutes", "found"),
    [
        ("14:49", 40, ["H12 room:JS-R1 | s2"]),
        ("14:50", 40, []),
        ("13:10", 40, []),
        ("13:11", 40, ["H12 room:JS-R1 | s2"]),
    ],
)
def test_the_buffer_holds_to_the_minute_on_both_sides(
    starts: str, minutes: int, found: list[str]
) -> None:
    assert judge(a_session(), a_situation(at_site("JS", 1, at(starts, minutes)))) == found


def test_e36_the_same_classes_need_no_time_to_change_places() -> None:
    again = a_session("s2", at("14:40"))

    assert judge(a_session(), a_situation(again)) == []


def test_e36_another_group_of_the_same_schools_does() -> None:
    other = a_session(
        "s2",
        at("14:40"),
        sites=(
            a_site("TF1", room=None, teacher="TF1-T2", class_groups=()),
            a_site("JS", Role.LISTEN, teacher="JS-T2", class_groups=("JS-C2",)),
        ),
    )

    assert judge(a_session(), a_situation(other)) == ["H12 room:JS-R1 | s2"]


def test_a_kit_that_moves_between_rooms_takes_the_longer_buffer() -> None:
    rooms = {
        "JS-R1": a_room("JS", 1, kit="cart", buffer_minutes=0),
        "JS-R2": a_room("JS", 2, kit="cart", buffer_minutes=15),
    }
    situation = a_situation(at_site("JS", 2, at("14:50")), books=some_books(JS={"rooms": rooms}))

    assert judge(a_session(), situation) == ["H12 room:JS-R1 room:JS-R2 kit:cart | s2"]


# H9


def test_a_room_out_of_order_is_refused_with_the_reason() -> None:
    outage = an_outage(at("8:00", 480), school="JS", room=RoomId("JS-R1"))
    situation = a_situation(books=some_books(JS={"outages": (outage,)}))

    assert judge(a_session(), situation) == ["H9 room:JS-R1"]
    assert sentences(a_session(), situation) == [
        (
            "“JS JS 互动教室1”在9月8日（周二）08:00-16:00停用：话筒无声。",
            "JS JS 互动教室1 is out of order, Tue 8 Sep 08:00-16:00: 话筒无声.",
        )
    ]


@pytest.mark.parametrize(
    "outage",
    [
        an_outage(at("14:40"), school="JS", room=RoomId("JS-R1")),
        an_outage(at("14:00"), school="JS", room=RoomId("JS-R2")),
    ],
)
def test_an_outage_at_another_time_or_of_another_room_is_no_matter(outage: Any) -> None:
    assert judge(a_session(), a_situation(books=some_books(JS={"outages": (outage,)}))) == []


def test_a_link_pool_out_of_order_is_refused() -> None:
    outages = (
        an_outage(at("14:39", 60), link_pool=LinkPoolId("bridge"), reason=""),
        an_outage(at("14:40", 60), link_pool=LinkPoolId("bridge")),
        an_outage(at("14:00", 60), link_pool=LinkPoolId("second")),
    )
    situation = a_situation(alliance=an_alliance(outages=outages))

    assert judge(a_session(), situation) == ["H9 link_pool:bridge"]
    assert sentences(a_session(), situation)[0][0].endswith("停用。")
    assert judge(a_session(link_pool=None), situation) == []


def test_an_outage_of_a_link_pool_that_is_gone_is_still_named() -> None:
    outages = (an_outage(at("14:00"), link_pool=LinkPoolId("gone")),)
    situation = a_situation(alliance=an_alliance(outages=outages))

    assert judge(a_session(link_pool=LinkPoolId("gone")), situation) == [
        "H6 link_pool:gone",
        "H9 link_pool:gone",
    ]


def test_e32_a_room_that_only_watches_is_not_invited_to_listen() -> None:
    watching = with_rooms("JS", a_room("JS", 1, tier=RoomTier.WATCH_ONLY))

    assert judge(a_session(), watching) == ["H9 room:JS-R1"]


def test_a_room_that_only_watches_may_observe() -> None:
    watching = with_rooms("JS", a_room("JS", 1, tier=RoomTier.WATCH_ONLY))

    assert judge(a_session(sites=(a_site("TF1"), a_site("JS", Role.OBSERVE))), watching) == []


@pytest.mark.parametrize("tier", [RoomTier.INTERACTIVE, RoomTier.PORTABLE, RoomTier.LEAD])
def test_every_room_that_can_speak_may_listen(tier: RoomTier) -> None:
    assert judge(a_session(), with_rooms("JS", a_room("JS", 1, tier=tier))) == []


@pytest.mark.parametrize(
    ("kind", "tier", "found"),
    [
        (Kind.LESSON, RoomTier.INTERACTIVE, ["H9 room:TF1-R1"]),
        (Kind.LESSON, RoomTier.PORTABLE, ["H9 room:TF1-R1"]),
        (Kind.JOINT_RESEARCH, RoomTier.INTERACTIVE, []),
        (Kind.JOINT_RESEARCH, RoomTier.PORTABLE, []),
        (Kind.JOINT_RESEARCH, RoomTier.WATCH_ONLY, ["H9 room:TF1-R1"]),
        (Kind.VISIT, RoomTier.WATCH_ONLY, []),
    ],
)
def test_a_lesson_is_led_from_a_lead_room_and_research_from_any_that_can_speak(
    kind: Kind, tier: RoomTier, found: list[str]
) -> None:
    situation = with_rooms("TF1", a_room("TF1", 1, tier=tier))

    assert judge(a_session(kind=kind), situation) == found


@pytest.mark.parametrize(("seats", "found"), [(40, []), (39, ["H9 room:JS-R1 class_group:JS-C1"])])
def test_a_room_seats_the_pupils_of_its_site(seats: int, found: list[str]) -> None:
    assert judge(a_session(), with_rooms("JS", a_room("JS", 1, seats=seats))) == found


def test_two_classes_together_need_seats_for_both() -> None:
    both = a_site("JS", Role.LISTEN, class_groups=("JS-C1", "JS-C2"))

    assert judge(a_session(sites=(a_site("TF1"), both)), a_situation()) == [
        "H9 room:JS-R1 class_group:JS-C1 class_group:JS-C2"
    ]


def test_a_room_of_another_school_or_of_none_is_refused() -> None:
    elsewhere = a_session(sites=(a_site("TF1"), a_site("JS", Role.LISTEN, room="CB-R1")))
    nowhere = a_session(sites=(a_site("TF1"), a_site("JS", Role.LISTEN, room="X")))

    assert judge(elsewhere, a_situation()) == ["H9 room:CB-R1 school:JS"]
    assert judge(nowhere, a_situation()) == ["H9 room:X school:JS"]


def test_a_room_of_another_school_is_no_free_room_either() -> None:
    elsewhere = a_session(sites=(a_site("TF1"), a_site("JS", Role.LISTEN, room="CB-R1")))

    assert judge(elsewhere, a_situation(at_site("CB", 1, at("14:00")))) == [
        "H1 room:CB-R1 | s2",
        "H9 room:CB-R1 school:JS",
    ]


def test_pupils_need_a_room_and_staff_may_do_without() -> None:
    roomless = a_site("JS", Role.LISTEN, room=None)

    assert judge(a_session(sites=(a_site("TF1"), roomless)), a_situation()) == ["H9 school:JS"]
    staff = replace(roomless, class_groups=())
    assert judge(a_session(sites=(a_site("TF1"), staff)), a_situation()) == []


def test_rooms_are_judged_one_by_one_in_a_session_of_many_schools() -> None:
    books = (
        *some_books(),
        a_book("WA", rooms={"WA-R1": a_room("WA", 1, seats=10, tier=RoomTier.WATCH_ONLY)}),
    )
    session = a_session(
        form=Form.DEDICATED,
        sites=(
            a_site("TF1", class_groups=(), room="TF1-R9"),
            a_site("JS", Role.LISTEN, room=None),
            a_site("WA", Role.LISTEN),
        ),
    )

    assert judge(session, a_situation(books=books)) == [
        "H9 room:TF1-R9 school:TF1",
        "H9 school:JS",
        "H9 room:WA-R1",
        "H9 room:WA-R1 class_group:WA-C1",
    ]
