"""A store with an alliance of three schools whose calendars are read: what tests of feeds share."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from calendars.bells import SchoolId
from scheduler.feeds import SubscriptionWish, subscribe
from scheduler.members import LinkPool, LinkPoolId, Room, School
from scheduler.model import Actor, ActorRole, Scope, Session
from scheduler.records import Record
from scheduler.store import Store, Transaction
from tests.builders import NOW, a_class, a_room, a_teacher, a_term, an_alliance, some_bells

OFFICE = Actor(name="office", role=ActorRole.ALLIANCE_ADMIN)
SCHOOLS = ("TF1", "JS", "CB")
WISHES = (
    SubscriptionWish(scope=Scope.TEACHER, subject_id="TF1-T1", owner="a"),
    SubscriptionWish(scope=Scope.SCHOOL, subject_id="JS", owner="b", language="en"),
    SubscriptionWish(scope=Scope.ROOM, subject_id="CB-R1", owner="c"),
    SubscriptionWish(scope=Scope.ALLIANCE, owner="d"),
)


def records() -> list[Record]:
    """An alliance of three schools, all of them able to hold lessons."""
    found: list[Record] = [
        an_alliance().alliance,
        LinkPool(id=LinkPoolId("bridge"), name="视频桥", sessions=2),
    ]
    for school in SCHOOLS:
        found += [
            School(id=SchoolId(school), name=school),
            *(a_room(school, no) for no in (1, 2)),
            *(a_teacher(school, no) for no in (1, 2)),
            a_class(school),
            a_term(school),
            some_bells(school),
        ]
    return found


async def write(
    store: Store, use_case: Callable[[Transaction], Awaitable[Any]], now: datetime = NOW
) -> Any:
    return await store.write(use_case, actor=OFFICE, now=now)


async def settle(store: Store, *others: Record) -> None:
    await write(store, lambda transaction: transaction.put_many([*records(), *others]))


async def opened(store: Store, wish: SubscriptionWish) -> str:
    _, token = await write(store, lambda transaction: subscribe(transaction, wish))
    return str(token)


async def add(store: Store, session: Session) -> None:
    await write(store, lambda transaction: transaction.add_session(session))


async def change(store: Store, before: Session, after: Session, now: datetime = NOW) -> None:
    await write(store, lambda transaction: transaction.replace_session(before, after), now)


async def rename(store: Store, room: Room, name: str) -> None:
    async def put(transaction: Transaction) -> None:
        stored = await transaction.get(Room, room.id)
        await transaction.put(replace(room, name=name), revision=stored.revision)

    await write(store, put)
