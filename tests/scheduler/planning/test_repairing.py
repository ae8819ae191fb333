"""A repair is found in the ledger, and made by people: one move, or all together."""

import pytest

from scheduler import planning
from scheduler.disruptions.outages import Remedy
from scheduler.errors import ClashError, StaleError
from scheduler.members import RoomId, TeacherId
from scheduler.model import Kind, Role, Session
from scheduler.planning import AcceptedMoves, Repair, RepairWish
from scheduler.store import Transaction
from tests.builders import an_outage, at
from tests.scheduler.desk import Desk, a_booking, a_wish


async def found(desk: Desk, days: int = 28) -> Repair:
    find = await desk.read(planning.find_repair, RepairWish(days=days))
    repair: Repair = find()
    return repair


def accepted(repair: Repair) -> AcceptedMoves:
    return AcceptedMoves(
        moves=tuple(
            Remedy(
                session=move.session,
                revision=move.revision,
                slot=move.after.slot,
                sites=move.after.sites,
                link_pool=move.after.link_pool,
            )
            for move in repair.moves
        ),
        reason="设备故障",
    )


async def a_broken_room(desk: Desk) -> Session:
    """A lesson in a room of TF1 that has failed since."""
    booked = await desk.book()
    outage = an_outage(at("8:00", 600), room=RoomId("TF1-R1"))
    await desk.do(Transaction.put, outage, revision=None)
    return booked


async def test_what_a_failed_room_hits_is_put_right_and_told(each_desk: Desk) -> None:
    booked = await a_broken_room(each_desk)
    repair = await found(each_desk)
    (move,) = repair.moves
    assert (move.session, move.revision, repair.stuck) == (booked.id, booked.revision, ())
    told = len(await each_desk.notices())
    (moved,) = await each_desk.do(planning.accept_moves, accepted(repair))
    assert [site.room for site in moved.sites] == ["TF1-R2", "JS-R1"]
    assert await each_desk.session(booked) == moved
    assert len(await each_desk.notices()) > told
    assert (await found(each_desk)).moves == ()


async def test_a_move_that_became_impossible_moves_nothing(each_desk: Desk) -> None:
    booked = await a_broken_room(each_desk)
    repair = await found(each_desk)
    sites = (
        a_wish("TF1", room=RoomId("TF1-R2"), teacher=TeacherId("TF1-T2"), class_groups=()),
        a_wish("CB", Role.LISTEN, class_groups=()),
    )
    await each_desk.book(a_booking(sites=sites, kind=Kind.JOINT_RESEARCH))
    with pytest.raises(ClashError, match="TF1"):
        await each_desk.do(planning.accept_moves, accepted(repair))
    assert await each_desk.session(booked) == booked


async def test_a_session_that_changed_meanwhile_is_not_moved(desk: Desk) -> None:
    await a_broken_room(desk)
    repair = await found(desk)
    await desk.do(planning.accept_moves, accepted(repair))
    with pytest.raises(StaleError):
        await desk.do(planning.accept_moves, accepted(repair))


async def test_only_the_days_asked_for_are_looked_at(desk: Desk) -> None:
    await a_broken_room(desk)
    assert len((await found(desk, days=28)).moves) == 1
    assert (await found(desk, days=1)).moves == ()
