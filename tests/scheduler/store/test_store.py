"""Transactions: all or nothing, one at a time where it matters, tried again when asked to."""

import asyncio
import os
import signal
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from calendars.bells import SchoolId
from scheduler.errors import ClashError, NotFoundError, UnavailableError
from scheduler.members import Room, School
from scheduler.model import Resource, ResourceKind, Session, SessionId, SessionState
from scheduler.records import Record
from scheduler.store import Store, Transaction
from scheduler.store.engines import open_engine
from tests.builders import (
    NOW,
    a_block,
    a_class,
    a_lesson,
    a_room,
    a_session,
    a_site,
    a_teacher,
    a_timetable,
    at,
)
from tests.scheduler.store.desk import OFFICE, Desk

ROOT = Path(__file__).parents[3]


async def outcomes(*work: Any) -> list[type[BaseException] | None]:
    """What each of several pieces of work at once ended with."""
    ended = await asyncio.gather(*work, return_exceptions=True)
    return [type(each) if isinstance(each, BaseException) else None for each in ended]


def of_school(id: str, school: str, **site: Any) -> Session:
    return a_session(id, sites=(a_site(school, **site),), link_pool=None)


async def test_of_twenty_who_want_one_room_exactly_one_gets_it(desk: Desk) -> None:
    wishes = [of_school(f"s{no}", "TF1") for no in range(20)]
    ended = await outcomes(*(desk.book(wish) for wish in wishes))
    assert sorted(map(str, ended)) == sorted([str(None), *[str(ClashError)] * 19])
    async with desk.read() as transaction:
        assert len(await transaction.sessions()) == 1


async def test_of_two_schools_that_want_one_teacher_exactly_one_gets_them(desk: Desk) -> None:
    wishes = [of_school(school, school, teacher=a_teacher().id) for school in ("JS", "CB")] * 5
    named = [replace(wish, id=SessionId(f"s{no}")) for no, wish in enumerate(wishes)]
    ended = await outcomes(*(desk.book(wish) for wish in named))
    assert ended.count(None) == 1


async def test_without_any_lock_the_database_still_lets_only_one_through(desk: Desk) -> None:
    wishes = [of_school(f"s{no}", "TF1") for no in range(10)]
    ended = await outcomes(*(desk.add(wish) for wish in wishes))
    assert ended.count(None) == 1
    assert set(ended) == {None, ClashError}


async def test_of_many_at_once_a_link_pool_takes_what_it_can_carry(desk: Desk) -> None:
    wishes = [
        a_session(
            f"{school}-{no}",
            sites=(
                a_site(
                    school,
                    room=a_room(school, no).id,
                    teacher=a_teacher(school, no).id,
                    class_groups=(a_class(school, no).id,),
                ),
            ),
        )
        for school in ("TF1", "JS", "CB")
        for no in (1, 2)
    ]
    ended = await outcomes(*(desk.add(wish) for wish in wishes))
    assert ended.count(None) == 2


async def test_writers_of_one_room_queue_rather_than_collide_and_try_again(desk: Desk) -> None:
    begun = []

    async def look_and_write(transaction: Transaction) -> None:
        begun.append(transaction)
        await transaction.lock([Resource(ResourceKind.ROOM, a_room().id)])
        stored = await transaction.get(Room, a_room().id)
        await asyncio.sleep(0.005)
        larger = a_room(seats=100 + stored.revision)
        await transaction.put(larger, revision=stored.revision)

    await asyncio.gather(*(desk.write(look_and_write) for _ in range(10)))
    assert len(begun) == 10


async def test_opposite_orders_of_locking_end_well(desk: Desk) -> None:
    rooms = [Resource(ResourceKind.ROOM, f"{school}-R1") for school in ("TF1", "JS")]

    async def lock_in_turn(transaction: Transaction, order: list[Resource]) -> None:
        for resource in order:
            await transaction.lock([resource])
            await asyncio.sleep(0.02)

    orders = [rooms, rooms[::-1]] * 3
    ended = await outcomes(*(desk.write(partial(lock_in_turn, order=order)) for order in orders))
    assert ended == [None] * 6


async def test_a_resource_that_does_not_exist_cannot_be_locked(desk: Desk) -> None:
    with pytest.raises(NotFoundError, match="No such room: R9"):
        await desk.write(lambda transaction: transaction.lock([Resource(ResourceKind.ROOM, "R9")]))


async def test_a_use_case_that_fails_leaves_nothing(desk: Desk) -> None:
    async def fail(transaction: Transaction) -> None:
        await transaction.put_many([a_room(no=9)])
        await transaction.add_session(a_session())
        raise NotFoundError("没有。", "No.")

    with pytest.raises(NotFoundError):
        await desk.write(fail)
    async with desk.read() as transaction:
        assert await transaction.sessions() == ()
        assert len(await transaction.list(Room)) == 6
        assert {each.action for each in await transaction.audit()} == {"import"}


async def test_a_dry_run_answers_and_leaves_nothing(desk: Desk) -> None:
    async def count(transaction: Transaction) -> int:
        await transaction.add_session(a_session())
        return len(await transaction.sessions())

    assert await desk.write(count, dry_run=True) == 1
    async with desk.read() as transaction:
        assert await transaction.sessions() == ()


async def test_a_use_case_cancelled_half_way_leaves_nothing_and_blocks_nobody(desk: Desk) -> None:
    half_way = asyncio.Event()

    async def dawdle(transaction: Transaction) -> None:
        await transaction.add_session(a_session())
        half_way.set()
        await asyncio.sleep(60)

    task = asyncio.create_task(desk.write(dawdle))
    await half_way.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await desk.add(a_session("s2"))
    async with desk.read() as transaction:
        assert [each.id for each in await transaction.sessions()] == ["s2"]


class BusyError(Exception):
    """What a driver raises when others were quicker."""

    sqlstate = "40001"


class BrokenError(Exception):
    """What a driver raises when the server has gone."""

    sqlstate = "57P01"


@pytest.mark.parametrize(("failures", "raises"), [(3, False), (100, True)])
async def test_work_is_tried_again_a_bounded_number_of_times(
    desk: Desk, failures: int, *, raises: bool
) -> None:
    attempts = []

    async def collide(transaction: Transaction) -> int:
        attempts.append(1)
        await transaction.put_many([a_room(no=9)])
        if len(attempts) <= failures:
            raise DBAPIError("COMMIT", None, BusyError())
        return len(attempts)

    if raises:
        with pytest.raises(UnavailableError, match="try again in a few seconds"):
            await desk.write(collide)
        assert len(attempts) == 8
    else:
        assert await desk.write(collide) == 4


async def test_an_error_that_trying_again_cannot_cure_is_not_tried_again(desk: Desk) -> None:
    attempts: list[datetime] = []

    async def ask_nonsense(transaction: Transaction) -> None:
        attempts.append(transaction.now)
        raise DBAPIError("SELECT nonsense", None, ValueError("nonsense"))

    with pytest.raises(DBAPIError):
        await desk.write(ask_nonsense)
    assert len(attempts) == 1


async def test_a_connection_that_breaks_before_the_commit_costs_another_attempt(
    desk: Desk,
) -> None:
    attempts = []

    async def break_once(transaction: Transaction) -> None:
        await transaction.put_many([a_room(no=9)])
        attempts.append(1)
        if len(attempts) == 1:
            raise DBAPIError("INSERT", None, BrokenError(), connection_invalidated=True)

    await desk.write(break_once)
    async with desk.read() as transaction:
        assert (await transaction.get(Room, a_room(no=9).id)).revision == 1


async def test_a_database_that_nobody_serves_is_unavailable() -> None:
    store = Store(open_engine("postgresql+asyncpg://lianke@127.0.0.1:1/lianke"))
    with pytest.raises(UnavailableError):
        await store.write(lambda transaction: transaction.list(Room), actor=OFFICE, now=NOW)
    with pytest.raises(UnavailableError):
        async with store.read(now=NOW):
            pass
    await store.close()


async def test_more_readers_than_there_are_connections_wait_for_their_turn(desk: Desk) -> None:
    at_once = most = 0

    async def read_slowly() -> None:
        nonlocal at_once, most
        async with desk.read() as transaction:
            at_once += 1
            most = max(most, at_once)
            await transaction.list(Room)
            await asyncio.sleep(0.01)
            at_once -= 1

    await asyncio.gather(*(read_slowly() for _ in range(100)))
    assert most == 10


async def test_two_who_create_the_same_record_at_once_get_one_record(desk: Desk) -> None:
    ended = await outcomes(*(desk.put(School(id=SchoolId("QB"), name="QB")) for _ in range(4)))
    assert ended == [None] * 4
    async with desk.read() as transaction:
        assert (await transaction.get(School, "QB")).revision == 1


async def test_a_reader_sees_one_state_while_others_write(desk: Desk) -> None:
    async with desk.read() as transaction:
        assert await transaction.sessions() == ()
        await desk.add(a_session())
        assert await transaction.sessions() == ()
    async with desk.read() as transaction:
        assert len(await transaction.sessions()) == 1


async def test_a_second_process_sees_and_respects_what_the_first_did(
    desk: Desk, database_url: str
) -> None:
    second = await Store.open(database_url)
    await desk.add(a_session())
    with pytest.raises(ClashError):
        await second.write(
            lambda transaction: transaction.add_session(a_session("s2")), actor=OFFICE, now=NOW
        )
    await second.write(
        lambda transaction: transaction.put_many([a_room("JS", seats=61)]), actor=OFFICE, now=NOW
    )
    async with desk.read() as transaction:
        assert (await transaction.books())[SchoolId("JS")].rooms[a_room("JS").id].seats == 61
    await second.close()


@pytest.mark.parametrize(
    "change",
    [
        a_room(seats=61),
        a_teacher("JS", max_sessions_a_day=1),
        a_block(at("14:00"), "TF1", room=a_room().id),
        a_timetable("JS", 1, a_lesson(1, teacher=a_teacher("JS").id)),
    ],
)
async def test_nothing_that_decides_a_booking_changes_while_its_resources_are_locked(
    desk: Desk, change: Record
) -> None:
    locked, decided = asyncio.Event(), asyncio.Event()
    resources = [
        Resource(ResourceKind.ROOM, a_room().id),
        Resource(ResourceKind.TEACHER, a_teacher("JS").id),
    ]

    async def decide_slowly(transaction: Transaction) -> None:
        await transaction.lock(resources)
        locked.set()
        await decided.wait()

    booking = asyncio.create_task(desk.write(decide_slowly))
    await locked.wait()
    changing = asyncio.create_task(desk.put(change))
    done, _ = await asyncio.wait([changing], timeout=0.3)
    assert not done
    decided.set()
    await booking
    assert await changing == 1


CLIENT = """
import asyncio, sys
from dataclasses import replace
from scheduler.store import Store
from tests.builders import NOW, a_session, at
from tests.scheduler.store.desk import OFFICE

async def main() -> None:
    store = await Store.open(sys.argv[1])
    for no in range(1000):
        session = a_session(f"s{no:04}", at("14:00").moved(no * 24 * 60))
        await store.write(lambda t: t.add_session(session), actor=OFFICE, now=NOW)
        print(session.id, flush=True)

asyncio.run(main())
"""


async def test_what_was_acknowledged_survives_a_killed_process(
    desk: Desk, database_url: str
) -> None:
    client = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        CLIENT,
        database_url,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert client.stdout is not None
    acknowledged = [(await client.stdout.readline()).decode().strip() for _ in range(5)]
    client.send_signal(signal.SIGKILL)
    acknowledged += (await client.stdout.read()).decode().split()
    await client.wait()
    async with desk.read() as transaction:
        kept = await transaction.sessions(limit=None)
        audited = {each.subject_id for each in await transaction.audit(limit=5000)}
    assert {each.id for each in kept} >= set(acknowledged)
    assert {each.id for each in kept} <= audited


async def test_only_sqlite_and_postgresql_are_opened() -> None:
    with pytest.raises(ValueError, match="mysql"):
        await Store.open("mysql+aiomysql://localhost/lianke")


async def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "lianke.db"
    file.write_text("课表" * 1000)
    with pytest.raises(DBAPIError):
        await Store.open(f"sqlite+aiosqlite:///{file}")
    assert file.read_text() == "课表" * 1000


async def test_a_hold_due_now_frees_its_room_in_a_race(desk: Desk) -> None:
    held = replace(
        of_school("s0", "TF1"),
        state=SessionState.HELD,
        hold_expires_at=NOW + timedelta(minutes=1),
    )
    await desk.add(held)
    wishes = [of_school(f"s{no}", "TF1") for no in range(1, 6)]
    later = NOW + timedelta(minutes=1)
    ended = await outcomes(*(desk.book(wish, now=later) for wish in wishes))
    assert ended.count(None) == 1
