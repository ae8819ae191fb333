"""What is named is locked, however much it is, and nothing else."""

from scheduler.model import Resource, ResourceKind
from scheduler.store import Transaction
from scheduler.store.opened import AT_ONCE
from tests.builders import a_room, a_teacher
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
