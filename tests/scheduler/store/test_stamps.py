"""Nothing is committed unseen: whoever asks for a stamp afterwards gets another one."""

import asyncio
import sqlite3
import sys
from pathlib import Path

import pytest

from scheduler.members import Teacher
from scheduler.store import Store, Transaction
from scheduler.store.stamps import FileStamps
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
