"""Nothing is committed unseen: whoever asks for a stamp afterwards gets another one."""

import asyncio
import sqlite3
import sys
from pathlib import Path

import pytest

from scheduler.members import Teacher
from scheduler.store import Store, Transaction
from scheduler.store.engines import open_engine
from scheduler.store.stamps import FileStamps, ServerStamps
from tests.builders import a_teacher
from tests.scheduler.store.desk import Desk

BY_ANOTHER_PROCESS = """
import asyncio, sys
from scheduler.store import Store
from tests.builders import NOW, a_teacher
from tests.scheduler.store.desk import OFFICE

async def main():
    store = await Store.open(sys.argv[1])
    for no in range(3):
        record = a_teacher("JS", 7 + no)
        await store.write(lambda t: t.put(record, revision=None), actor=OFFICE, now=NOW)
        print("committed", flush=True)
        sys.stdin.readline()
    await store.close()

asyncio.run(main())
"""


async def rename(desk: Desk, name: str) -> None:
    async def put(transaction: Transaction) -> None:
        stored = await transaction.get(Teacher, "JS-T1")
        await transaction.put(a_teacher("JS", name=name), revision=stored.revision)

    await desk.write(put)


async def test_a_stamp_stays_while_nothing_is_committed(desk: Desk) -> None:
    before = await desk.store.stamp()
    async with desk.read() as transaction:
        await transaction.list(Teacher)
    assert await desk.store.stamp() == before


async def test_what_this_process_commits_gives_another_stamp(desk: Desk) -> None:
    seen = []
    for no in range(20):
        await rename(desk, f"{no}")
        seen.append(await desk.store.stamp())
    assert len(set(seen)) == 20


async def test_what_another_process_commits_gives_another_stamp(
    desk: Desk, database_url: str
) -> None:
    seen = [await desk.store.stamp()]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", BY_ANOTHER_PROCESS, database_url),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    )
    assert process.stdin is not None
    assert process.stdout is not None
    for _ in range(3):
        assert await process.stdout.readline() == b"committed\n"
        seen.append(await desk.store.stamp())
        process.stdin.write(b"\n")
    assert await process.wait() == 0
    assert len(set(seen)) == 4


async def test_whoever_asks_after_a_commit_sees_it_while_others_ask_all_the_time(
    desk: Desk, database_url: str
) -> None:
    """An answer to a question that was put before the commit must not be shared."""
    other = await Store.open(database_url)
    done = asyncio.Event()

    async def keep_asking() -> None:
        while not done.is_set():
            await other.stamp()
            await asyncio.sleep(0)

    try:
        askers = [asyncio.ensure_future(keep_asking()) for _ in range(8)]
        before = await other.stamp()
        for no in range(30):
            await rename(desk, f"{no}")
            after = await other.stamp()
            assert after != before
            before = after
        done.set()
        await asyncio.gather(*askers)
    finally:
        await other.close()


@pytest.mark.parametrize("migrated", ["postgresql"], indirect=True)
async def test_an_answer_that_is_on_its_way_is_not_for_those_who_come_later(
    desk: Desk, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite answers within the question."""
    stamps = open_engine(database_url).stamps
    assert isinstance(stamps, ServerStamps)
    await stamps.ask()
    answered, arrives = asyncio.Event(), asyncio.Event()
    ask_server = stamps._snapshot  # noqa: SLF001 - its answers are real, only late
    assert ask_server is not None

    async def slowly() -> str:
        answer = await ask_server()
        answered.set()
        await arrives.wait()
        return answer

    monkeypatch.setattr(stamps, "_snapshot", slowly)
    early = asyncio.create_task(stamps.ask())
    await answered.wait()
    await rename(desk, "新名字")
    late = asyncio.create_task(stamps.ask())
    await asyncio.sleep(0)
    arrives.set()
    assert await early != await late
    await stamps.close()


@pytest.mark.parametrize("migrated", ["postgresql"], indirect=True)
async def test_those_who_ask_in_one_turn_share_an_answer_and_one_who_goes_takes_it_from_nobody(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stamps = open_engine(database_url).stamps
    assert isinstance(stamps, ServerStamps)
    await stamps.ask()
    asked, ask_server = 0, stamps._snapshot  # noqa: SLF001 - it is real, only counted
    assert ask_server is not None

    async def counting() -> str:
        nonlocal asked
        asked += 1
        return await ask_server()

    monkeypatch.setattr(stamps, "_snapshot", counting)
    first, *others = [asyncio.create_task(stamps.ask()) for _ in range(5)]
    await asyncio.sleep(0)
    first.cancel()
    assert len({await each for each in others}) == 1
    assert asked == 1
    await stamps.close()


async def test_a_database_that_does_not_answer_has_no_stamp_twice(desk: Desk) -> None:
    before = await desk.store.stamp()
    await desk.store.close()
    assert await desk.store.stamp() != before


async def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    stamps = FileStamps(tmp_path / "none.sqlite")
    first = await stamps.ask()
    await asyncio.sleep(0)
    assert await stamps.ask() != first
    with pytest.raises(sqlite3.OperationalError):
        sqlite3.connect(f"{(tmp_path / 'none.sqlite').as_uri()}?mode=ro", uri=True)


@pytest.mark.parametrize("name", ["a b.sqlite", "学校#1?.sqlite", "100%.sqlite"])
async def test_a_file_may_have_any_name(tmp_path: Path, name: str) -> None:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path / name}".replace("?", "%3F"))
    try:
        assert await store.stamp() == await store.stamp()
    finally:
        await store.close()
