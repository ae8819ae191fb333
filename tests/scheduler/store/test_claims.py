"""The database itself refuses a double claim, whoever writes it; what is not live is free."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from calendars.slots import Slot
from scheduler.errors import ClashError
from scheduler.members import LinkPool, LinkPoolId
from scheduler.model import (
    Resource,
    ResourceKind,
    Role,
    Session,
    SessionState,
)
from tests.builders import NOW, a_class, a_room, a_session, a_site, a_teacher, at
from tests.scheduler.store.desk import Desk

LATER = at("16:00")


def alone(id: str, slot: Slot | None = None, school: str = "TF1", **site: Any) -> Session:
    """A session of one school without a link."""
    return a_session(id, slot, sites=(a_site(school, **site),), link_pool=None)


def elsewhere(no: int, **given: Any) -> dict[str, Any]:
    """Fields of a site that shares nothing with the first of its school."""
    return {
        "room": a_room(no=no).id,
        "teacher": a_teacher(no=no).id,
        "class_groups": (a_class(no=no).id,),
    } | given


@pytest.mark.parametrize(
    ("shared", "rule"),
    [
        ({"room": a_room().id}, "H1"),
        ({"teacher": a_teacher().id}, "H2"),
        ({"teacher": None, "participants": (a_teacher().id,)}, "H2"),
        ({"class_groups": (a_class().id,)}, "H3"),
    ],
)
async def test_whatever_two_sessions_share_is_refused_by_name(
    desk: Desk, shared: dict[str, Any], rule: str
) -> None:
    await desk.add(alone("s1"))
    with pytest.raises(ClashError) as refused:
        await desk.add(alone("s2", **elsewhere(2, **shared)))
    assert [(each.rule, each.sessions) for each in refused.value.conflicts] == [(rule, ("s1",))]


async def test_sessions_that_share_nothing_are_held_at_once(desk: Desk) -> None:
    await desk.add(alone("s1"), alone("s2", **elsewhere(2)))
    async with desk.read() as transaction:
        assert [each.id for each in await transaction.sessions()] == ["s1", "s2"]


async def test_rooms_that_share_a_kit_are_not_used_at_once(desk: Desk) -> None:
    await desk.put(a_room(no=1, kit="cart"), a_room(no=2, kit="cart"))
    await desk.add(alone("s1"))
    with pytest.raises(ClashError) as refused:
        await desk.add(alone("s2", **elsewhere(2)))
    assert [each.resources for each in refused.value.conflicts] == [
        (Resource(ResourceKind.KIT, "cart"),)
    ]


async def test_back_to_back_in_one_room_needs_its_buffer_unless_the_participants_are_the_same(
    desk: Desk,
) -> None:
    slot = at("14:00")
    await desk.add(alone("s1", slot))
    close = slot.moved(45)
    with pytest.raises(ClashError):
        await desk.add(alone("s2", close, **elsewhere(2, room=a_room().id)))
    await desk.add(alone("s3", close))
    await desk.add(alone("s4", slot.moved(-50), **elsewhere(2, room=a_room().id)))


async def test_a_teacher_and_a_class_need_no_buffer(desk: Desk) -> None:
    slot = at("14:00")
    await desk.add(alone("s1", slot), alone("s2", slot.moved(40), room=a_room(no=2).id))


def linked(id: str, *sites: tuple[str, int], slot: Slot | None = None) -> Session:
    """A session over the bridge whose sites use the given rooms, teachers and classes."""
    return a_session(
        id,
        slot,
        sites=tuple(
            a_site(
                school,
                Role.LEAD if first == 0 else Role.LISTEN,
                room=a_room(school, no).id,
                teacher=a_teacher(school, no).id,
                class_groups=(a_class(school, no).id,),
            )
            for first, (school, no) in enumerate(sites)
        ),
    )


async def test_a_link_pool_carries_its_sessions_at_the_peak_and_no_more(desk: Desk) -> None:
    first, second = at("14:00"), at("14:30")
    await desk.add(linked("s1", ("TF1", 1), slot=first), linked("s2", ("JS", 1), slot=second))
    with pytest.raises(ClashError) as refused:
        await desk.add(linked("s3", ("CB", 1), slot=at("14:20")))
    assert {each.rule for each in refused.value.conflicts} == {"H6"}
    # Never more than two at one moment, although three touch the longest slot.
    await desk.add(linked("s4", ("CB", 1), slot=Slot(at("13:30").starts, second.starts)))
    await desk.add(linked("s5", ("CB", 2), slot=Slot(first.ends, at("15:20").starts)))


async def test_a_link_pool_carries_its_ports_and_no_more(desk: Desk) -> None:
    await desk.put(LinkPool(id=LinkPoolId("bridge"), name="视频桥", sessions=9, ports=4))
    await desk.add(linked("s1", ("TF1", 1), ("JS", 1)))
    with pytest.raises(ClashError):
        await desk.add(linked("s2", ("TF1", 2), ("JS", 2), ("CB", 1)))
    await desk.add(linked("s3", ("TF1", 2), ("JS", 2)))


async def test_an_observer_claims_nothing_but_is_shown(desk: Desk) -> None:
    await desk.add(alone("s1"))
    await desk.add(alone("s2", **elsewhere(2, observers=(a_teacher().id,))))
    async with desk.read() as transaction:
        shown = await transaction.sessions(resource=Resource(ResourceKind.TEACHER, a_teacher().id))
    assert [each.id for each in shown] == ["s1", "s2"]


async def test_a_cancelled_session_frees_everything(desk: Desk) -> None:
    session = alone("s1")
    await desk.add(session)
    await desk.replace(session, replace(session, state=SessionState.CANCELLED))
    await desk.add(alone("s2"))


async def test_a_hold_that_ran_out_frees_everything_at_once_and_cannot_take_it_back(
    desk: Desk,
) -> None:
    held = replace(alone("s1"), state=SessionState.HELD, hold_expires_at=NOW + timedelta(hours=1))
    await desk.add(held)
    with pytest.raises(ClashError):
        await desk.add(alone("s2"), now=NOW + timedelta(minutes=59))
    await desk.add(alone("s2"), now=NOW + timedelta(hours=1))
    with pytest.raises(ClashError):
        await desk.replace(held, replace(held, state=SessionState.CONFIRMED, hold_expires_at=None))


async def test_a_move_is_refused_as_a_whole(desk: Desk) -> None:
    session = alone("s1")
    await desk.add(session, alone("s2", LATER))
    with pytest.raises(ClashError):
        await desk.replace(session, replace(session, slot=LATER))
    async with desk.read() as transaction:
        assert await transaction.session(session.id) == session
    await desk.replace(session, replace(session, slot=LATER.moved(90)))
    await desk.add(alone("s3"))


async def test_a_refused_session_leaves_the_rest_of_its_transaction(desk: Desk) -> None:
    await desk.add(alone("s1"))

    async def book_what_can_be(transaction: Any) -> None:
        with pytest.raises(ClashError):
            await transaction.add_session(alone("s2"))
        await transaction.add_session(alone("s3", LATER))

    await desk.write(book_what_can_be)
    async with desk.read() as transaction:
        assert [each.id for each in await transaction.sessions()] == ["s1", "s3"]


REFUSED = "lianke:|claims_stay_apart"
TYPED = """
    INSERT INTO claims (session, resource, kind, starts, ends, sites, party, exclusive, live)
    SELECT 'free', number, kind, :starts, :ends, 1, 7, :exclusive, true
    FROM resources WHERE kind = :kind AND id = :id"""
MOVED = """
    UPDATE claims SET starts = :starts, ends = :ends
    WHERE session = 'free'
    AND resource = (SELECT number FROM resources WHERE kind = :kind AND id = :id)"""


def seconds(slot: Slot) -> dict[str, int]:
    return {"starts": int(slot.starts.timestamp()), "ends": int(slot.ends.timestamp())}


async def settle_by_hand(desk: Desk) -> None:
    """s1 claims something of every kind, and `free`, a day later, lends its id to typed claims."""
    await desk.put(a_room(no=1, kit="cart"))
    session = alone("s1")
    await desk.add(
        replace(session, link_pool=LinkPoolId("bridge")),
        alone("free", at("14:00").moved(24 * 60), "CB"),
    )
    await desk.put(LinkPool(id=LinkPoolId("bridge"), name="视频桥", sessions=1))


@pytest.mark.parametrize(
    ("kind", "id", "minutes_off"),
    [
        ("room", "TF1-R1", 0),
        ("room", "TF1-R1", 45),
        ("room", "TF1-R1", -45),
        ("kit", "cart", 39),
        ("teacher", "TF1-T1", -39),
        ("class_group", "TF1-C1", 0),
        ("link_pool", "bridge", 20),
    ],
)
async def test_a_double_claim_typed_by_hand_is_refused(
    desk: Desk, kind: str, id: str, minutes_off: int
) -> None:
    await settle_by_hand(desk)
    taken = at("14:00").moved(minutes_off)
    claim = {"kind": kind, "id": id}
    exclusive = {"exclusive": kind != "link_pool"}
    with pytest.raises(DBAPIError, match=REFUSED):
        await desk.type(TYPED, **claim, **exclusive, **seconds(taken))
    await desk.type(TYPED, **claim, **exclusive, **seconds(taken.moved(300)))
    with pytest.raises(DBAPIError, match=REFUSED):
        await desk.type(MOVED, **claim, **seconds(taken))
    await desk.type(MOVED, **claim, **seconds(taken.moved(400)))


@pytest.mark.parametrize("change", ["live = true", "exclusive = true, live = true"])
async def test_a_dead_claim_cannot_be_brought_back_by_hand(desk: Desk, change: str) -> None:
    session = alone("s1")
    await desk.add(session)
    await desk.replace(session, replace(session, state=SessionState.CANCELLED))
    await desk.add(alone("s2"))
    with pytest.raises(DBAPIError, match=REFUSED):
        await desk.type(f"UPDATE claims SET {change} WHERE session = 's1'")  # noqa: S608 - no input


async def test_a_room_cannot_be_claimed_as_something_that_may_be_shared(desk: Desk) -> None:
    await desk.add(alone("s1"), alone("free", LATER, "CB"))
    claim = {"kind": "room", "id": "TF1-R1", "exclusive": False, **seconds(at("14:00"))}
    for statement in (TYPED, TYPED.replace("number, kind,", "number, 'school',")):
        with pytest.raises(DBAPIError):
            await desk.type(statement, **claim)


async def test_a_room_that_gets_a_kit_brings_its_sessions_along(desk: Desk) -> None:
    await desk.add(alone("s1"), alone("s2", LATER, **elsewhere(2)))
    await desk.put(a_room(no=1, kit="cart"), a_room(no=2, kit="cart"))
    with pytest.raises(ClashError):
        await desk.add(alone("s3", **elsewhere(2)))


async def test_a_room_cannot_get_a_kit_that_is_in_use_then(desk: Desk) -> None:
    await desk.put(a_room(no=1, kit="cart"))
    await desk.add(alone("s1"), alone("s2", **elsewhere(2)))
    with pytest.raises(ClashError):
        await desk.put(a_room(no=2, kit="cart"))


async def test_a_pool_cannot_shrink_below_what_is_booked_but_may_once_that_is_past(
    desk: Desk,
) -> None:
    await desk.add(linked("s1", ("TF1", 1)), linked("s2", ("JS", 1)))
    smaller = LinkPool(id=LinkPoolId("bridge"), name="视频桥", sessions=1)
    with pytest.raises(ClashError):
        await desk.put(smaller)
    await desk.write(
        lambda transaction: transaction.put_many([smaller]), now=NOW + timedelta(days=60)
    )


async def test_a_buffer_cannot_grow_over_what_is_booked(desk: Desk) -> None:
    slot = at("14:00")
    await desk.add(alone("s1", slot), alone("s2", slot.moved(55), **elsewhere(2, room=a_room().id)))
    await desk.put(a_room(buffer_minutes=15))
    with pytest.raises(ClashError):
        await desk.put(a_room(buffer_minutes=16))


async def test_a_session_of_another_century_and_one_with_odd_seconds_are_kept_apart_too(
    desk: Desk,
) -> None:
    far = at("14:00").moved(-60 * 24 * 365 * 110)
    odd = Slot(at("9:00").starts + timedelta(seconds=30.5), at("9:40").ends)
    await desk.add(alone("s1", far), alone("s2", odd))
    for name, slot in (
        ("s3", far),
        ("s4", Slot(at("8:20").starts, odd.starts + timedelta(seconds=1))),
    ):
        with pytest.raises(ClashError):
            await desk.add(alone(name, slot))
