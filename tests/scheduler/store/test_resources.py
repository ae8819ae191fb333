"""What is named is locked, however much it is, and nothing else."""

import asyncio
from contextlib import suppress

import pytest

from scheduler.errors import StateError
from scheduler.model import Resource, ResourceKind
from scheduler.store import Store, Transaction
from scheduler.store.opened import AT_ONCE
from tests.builders import NOW, a_room, a_teacher
from tests.scheduler.desk import OFFICE
from tests.scheduler.store.desk import Desk

MANY = AT_ONCE + 10


async def locked_for(desk: Desk, wanted: set[Resource]) -> set[Resource]:
    async def lock(transaction: Transaction) -> set[Resource]:
        await transaction.lock(wanted)
        return set(transaction.locked)

    return await desk.write(lock)


async def test_more_than_one_question_carries_is_locked_with_the_kits_of_its_rooms(
    desk: Desk,
) -> None:
    rooms = [a_room("TF1", no, kit="cart") for no in range(10, 10 + MANY)]
    await desk.put(*rooms)
    wanted = {Resource(ResourceKind.ROOM, room.id) for room in rooms}
    assert await locked_for(desk, wanted) == {*wanted, Resource(ResourceKind.KIT, "cart")}


async def test_a_resource_is_told_from_one_of_another_kind_by_the_same_name(desk: Desk) -> None:
    await desk.put(a_teacher("TF1", 7, id="same"), a_room("TF1", 7, id="same"))
    room, teacher = a_room("TF1", 1).id, a_teacher("TF1", 1).id
    wanted = {
        Resource(ResourceKind.ROOM, room),
        Resource(ResourceKind.TEACHER, teacher),
        Resource(ResourceKind.TEACHER, "same"),
    }
    assert await locked_for(desk, wanted) == wanted


async def test_what_was_locked_in_a_part_that_is_undone_is_locked_again(
    desk: Desk, database_url: str
) -> None:
    """The database gives up the locks of such a part: to remember them would lock nothing."""
    room = Resource(ResourceKind.ROOM, a_room("TF1", 1).id)
    other = await Store.open(database_url)

    async def lock(transaction: Transaction) -> None:
        await transaction.lock([room])

    async def lock_again(transaction: Transaction) -> None:
        with suppress(StateError):
            async with transaction.savepoint():
                await lock(transaction)
                raise StateError("撤销。", "Undone.")
        await lock(transaction)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await other.write(lock, actor=OFFICE, now=NOW)

    await desk.write(lock_again)
    await other.close()
