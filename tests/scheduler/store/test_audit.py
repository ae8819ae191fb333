"""Every write leaves who, what, when and from where, and nobody can change that."""

from dataclasses import replace

import pytest
from sqlalchemy.exc import DBAPIError

from scheduler.members import Room
from scheduler.model import AuditEntry, SessionState
from tests.builders import NOW, a_room, a_session, at
from tests.scheduler.store.desk import OFFICE, Desk


async def entries(desk: Desk, subject_id: str) -> list[AuditEntry]:
    async with desk.read() as transaction:
        return list(await transaction.audit(subject_id=subject_id))


async def test_a_sessions_life_can_be_read(desk: Desk) -> None:
    session = a_session()
    await desk.add(session)
    moved = replace(session, slot=at("9:00"), revision=2)
    await desk.replace(session, moved)
    noted = replace(moved, note="带口琴", revision=3)
    await desk.replace(moved, noted)
    gone = replace(noted, state=SessionState.CANCELLED, reason="教师生病", revision=4)
    await desk.replace(noted, gone)
    read = await entries(desk, "s1")
    assert [each.action for each in read] == ["create", "move", "change", "cancel"]
    last = read[-1]
    assert (last.at, last.actor, last.role, last.origin, last.subject_kind, last.reason) == (
        NOW,
        OFFICE.name,
        OFFICE.role,
        OFFICE.origin,
        "sessions",
        "教师生病",
    )
    assert isinstance(last.before, dict)
    assert isinstance(last.after, dict)
    assert (last.before["state"], last.after["state"]) == ("confirmed", "cancelled")


async def test_a_records_life_can_be_read(desk: Desk) -> None:
    room = a_room(no=9)
    await desk.write(lambda transaction: transaction.put(room, revision=None))
    larger = replace(room, seats=70)
    await desk.write(lambda transaction: transaction.put(larger, revision=1))
    await desk.write(lambda transaction: transaction.delete(Room, room.id, revision=2))
    assert [each.action for each in await entries(desk, room.id)] == ["create", "change", "delete"]


async def test_an_import_leaves_one_entry_for_each_kind_and_school(desk: Desk) -> None:
    async with desk.read() as transaction:
        before = (await transaction.audit(limit=1000))[-1].no
    await desk.put(a_room(no=8), a_room(no=9), a_room(seats=61), a_room("JS", 9))
    async with desk.read() as transaction:
        noted = await transaction.audit(after=before)
    assert [(each.subject_kind, each.subject_id, each.after) for each in noted] == [
        ("rooms", "JS", {"new": ["JS-R9"], "changed": []}),
        ("rooms", "TF1", {"new": ["TF1-R8", "TF1-R9"], "changed": ["TF1-R1"]}),
    ]


async def test_entries_are_numbered_and_paged_in_the_order_they_were_written(desk: Desk) -> None:
    await desk.add(a_session())
    async with desk.read() as transaction:
        everything = await transaction.audit(limit=1000)
        first = await transaction.audit(limit=3)
        rest = await transaction.audit(after=first[-1].no, limit=1000)
    assert (*first, *rest) == everything
    assert [each.no for each in everything] == sorted(each.no for each in everything)


@pytest.mark.parametrize(
    "statement", ["UPDATE audit SET actor = 'nobody'", "DELETE FROM audit WHERE no = 1"]
)
async def test_the_audit_cannot_be_changed_by_hand(desk: Desk, statement: str) -> None:
    with pytest.raises(DBAPIError, match="append-only"):
        await desk.type(statement)
