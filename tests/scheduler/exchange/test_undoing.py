"""E56: a mistaken import is undone on the same day, all of it or nothing."""

from datetime import timedelta

import pytest

from scheduler.errors import NotFoundError, StateError
from scheduler.exchange import Undone, undo_import
from scheduler.members import Room, RoomId, School
from scheduler.store import Store, Transaction
from tests.builders import NOW
from tests.scheduler.desk import Desk
from tests.scheduler.exchange.test_load import imported

BEFORE = {
    "alliances.csv": "编号,名称\nA,联盟\n".encode(),
    "schools.csv": "编号,名称\nTF1,天府\n".encode(),
    "rooms.csv": "编号,学校,名称\nR1,TF1,一号\n".encode(),
}
MISTAKEN = {
    "schools.csv": "编号,名称\nTF1,天府一小\nJS,金沙\n".encode(),
    "rooms.csv": "编号,学校,名称\nR1,TF1,错误\nR2,JS,二号\n".encode(),
}


async def _names(desk: Desk) -> dict[str, str]:
    rooms = await desk.read(Transaction.list, Room)
    schools = await desk.read(Transaction.list, School)
    return {each.record.id: each.record.name for each in (*schools, *rooms)}


async def test_e56_every_record_is_as_it_was_and_new_ones_are_gone(store: Store) -> None:
    desk = Desk(store)
    await imported(store, BEFORE)
    before = await _names(desk)
    mistaken = await imported(store, MISTAKEN)
    assert len(await _names(desk)) == 4
    undone = await desk.do(undo_import, mistaken.id, now=NOW + timedelta(hours=3))
    assert undone == Undone(restored=2, removed=2)
    assert await _names(desk) == before
    with pytest.raises(StateError, match="changed since"):
        await desk.do(undo_import, mistaken.id)


async def test_what_was_changed_since_keeps_all_of_it(store: Store) -> None:
    desk = Desk(store)
    await imported(store, BEFORE)
    mistaken = await imported(store, MISTAKEN)
    await imported(store, {"rooms.csv": "编号,学校,名称\nR2,JS,改过\n".encode()})
    after = await _names(desk)
    with pytest.raises(StateError, match=r"1 of its records have been changed since \(room R2\)"):
        await desk.do(undo_import, mistaken.id)
    assert await _names(desk) == after


async def test_a_new_record_that_something_names_keeps_all_of_it(store: Store) -> None:
    desk = Desk(store)
    await imported(store, BEFORE)
    mistaken = await imported(store, MISTAKEN)
    await imported(store, {"teachers.csv": "编号,学校,姓名\nT1,JS,李娟\n".encode()})
    with pytest.raises(StateError, match="teacher T1"):
        await desk.do(undo_import, mistaken.id)
    room = await desk.read(Transaction.get, Room, RoomId("R1"))
    assert room.record.name == "错误"


async def test_only_today_and_only_what_was_imported(store: Store) -> None:
    desk = Desk(store)
    mistaken = await imported(store, BEFORE)
    with pytest.raises(StateError, match="on the same day only"):
        await desk.do(undo_import, mistaken.id, now=NOW + timedelta(days=1))
    with pytest.raises(NotFoundError):
        await desk.do(undo_import, "none")
