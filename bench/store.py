"""What does the store add to writing a session's rows, and how long does a large import take?

Locks, looks and adds sessions through `Store.write` on SQLite, then writes the very same rows
(session, claims, revisions, audit; same guards, same syncs) with bare aiosqlite into another copy,
in turns, so that both meet the same disk. Run: `.venv/bin/python bench/store.py [SESSIONS]`.
"""

import asyncio
import shutil
import sys
import tempfile
from collections.abc import Awaitable, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import aiosqlite

sys.path.insert(0, str(Path(__file__).parent.parent))

from scheduler.members import Lesson, Timetable
from scheduler.model import Session
from scheduler.records import Record
from scheduler.store import Store, Transaction
from tests.builders import NOW, a_class, a_session, a_teacher, a_term, at
from tests.scheduler.store.desk import OFFICE, alliance_records

ROWS = ("sessions", "claims", "audit")


async def book(transaction: Transaction, session: Session) -> None:
    """What every booking asks of the store."""
    await transaction.require(session)
    await transaction.lock(session.resources())
    await transaction.situation([session])
    await transaction.add_session(session)


async def timed(work: Awaitable[object]) -> float:
    """Milliseconds."""
    started = perf_counter()
    await work
    return (perf_counter() - started) * 1000


async def rows_of(file: Path, session: Session) -> dict[str, Sequence[tuple[Any, ...]]]:
    async with aiosqlite.connect(file) as connection:
        found: dict[str, Sequence[tuple[Any, ...]]] = {}
        for table in ROWS:
            key = {"sessions": "id", "claims": "session", "audit": "subject_id"}[table]
            query = f"SELECT * FROM {table} WHERE {key} = ?"  # noqa: S608 - names from above
            rows = await connection.execute_fetchall(query, (session.id,))
            found[table] = [tuple(row) for row in rows]
        return found


async def write_bare(
    connection: aiosqlite.Connection, rows: dict[str, Sequence[tuple[Any, ...]]]
) -> None:
    await connection.execute("BEGIN IMMEDIATE")
    for table in ROWS:
        marks = ",".join("?" * len(rows[table][0]))
        statement = f"INSERT INTO {table} VALUES ({marks})"  # noqa: S608 - names from above
        await connection.executemany(statement, rows[table])
    await connection.executemany(
        "UPDATE resources SET revision = revision + 1 WHERE number = ?",
        [(claim[1],) for claim in rows["claims"]],
    )
    await connection.execute("COMMIT")


async def compare(folder: Path, count: int) -> None:
    through, bare = folder / "store.db", folder / "bare.db"
    store = await Store.open(f"sqlite+aiosqlite:///{through}")
    await store.write(lambda t: t.put_many(alliance_records()), actor=OFFICE, now=NOW)
    await store.close()
    shutil.copy(through, bare)
    store = await Store.open(f"sqlite+aiosqlite:///{through}")
    ours, theirs = [], []
    async with aiosqlite.connect(bare, isolation_level=None) as connection:
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            await connection.execute(f"PRAGMA {pragma}")
        for no in range(count):
            session = a_session(f"s{no}", at("14:00").moved(no * 24 * 60))
            work = store.write(partial(book, session=session), actor=OFFICE, now=NOW)
            ours.append(await timed(work))
            theirs.append(await timed(write_bare(connection, await rows_of(through, session))))
    await store.close()
    print(
        f"one session: {median(ours):.1f} ms through the store, {median(theirs):.1f} ms bare, "
        f"ratio {median(ours) / median(theirs):.1f}"
    )


def an_import() -> list[Record]:
    """400 teachers, 200 classes and their timetables of 30 lessons."""
    teachers = [a_teacher("TF1", no) for no in range(100, 500)]
    classes = [a_class("TF1", no) for no in range(100, 300)]
    timetables = [
        Timetable(
            id=f"table-{group.id}",
            school=group.school,
            class_group=group.id,
            term=a_term().id,
            lessons=tuple(
                Lesson(weekday=1 + no % 5, period=1 + no // 5, subject="数学", teacher=teacher.id)
                for no, teacher in enumerate(teachers[place : place + 30])
            ),
        )
        for place, group in enumerate(classes)
    ]
    return [*teachers, *classes, *timetables]


async def import_much(folder: Path) -> None:
    store = await Store.open(f"sqlite+aiosqlite:///{folder / 'import.db'}")
    await store.write(lambda t: t.put_many(alliance_records()), actor=OFFICE, now=NOW)
    records = an_import()
    for what in ("new", "unchanged"):
        work = store.write(lambda t: t.put_many(records), actor=OFFICE, now=NOW)
        print(f"import of {len(records)} records, {what}: {await timed(work):.0f} ms")
    async with store.read(now=NOW) as transaction:
        for what in ("read", "from memory"):
            print(f"books of 3 schools, {what}: {await timed(transaction.books()):.1f} ms")
    await store.close()


async def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        await compare(Path(name), count)
        await import_much(Path(name))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 300))
