"""Every write leaves who, what, when and from where, and nobody can change that."""

from dataclasses import replace

from scheduler.members import Room
from scheduler.model import AuditEntry, AuditFilter, SessionState
from tests.builders import NOW, a_room, a_session, at
from tests.scheduler.store.desk import OFFICE, Desk


async def entries(desk: Desk, subject_id: str) -> list[AuditEntry]:
    async with desk.read() as transaction:
        return list(await transaction.audit(AuditFilter(subject_id=subject_id)))


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


async def test_an_import_leaves_an_entry_for_each_record_that_is_new_or_changed(
    desk: Desk,
) -> None:
    async with desk.read() as transaction:
        before = (await transaction.audit(limit=1000))[-1].no
    await desk.put(a_room(no=9), a_room(seats=61), a_room("JS", 1))
    async with desk.read() as transaction:
        noted = await transaction.audit(after=before)
    assert [(each.action, each.subject_kind, each.subject_id) for each in noted] == [
        ("import", "rooms", "TF1-R1"),
        ("import", "rooms", "TF1-R9"),
    ]
    changed, new = noted
    assert isinstance(changed.before, dict)
    assert isinstance(changed.after, dict)
    assert (changed.before["seats"], changed.after["seats"], new.before) == (50, 61, None)


async def test_entries_are_numbered_and_paged_in_the_order_they_were_written(desk: Desk) -> None:
    await desk.add(a_session())
    async with desk.read() as transaction:
        everything = await transaction.audit(limit=1000)
        first = await transaction.audit(limit=3)
        rest = await transaction.audit(after=first[-1].no, limit=1000)
    assert (*first, *rest) == everything
    assert [each.no for each in everything] == sorted(each.no for each in everything)
