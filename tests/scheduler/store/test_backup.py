"""A backup is the database at one moment, whichever engine wrote it and whichever reads it."""

import asyncio
import gzip
import shutil
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from alembic import command
from sqlalchemy import Connection, inspect, select
from sqlalchemy.ext.asyncio import create_async_engine

from scheduler.checking.database import check
from scheduler.errors import InvalidValueError, StateError
from scheduler.exchange import import_files
from scheduler.feeds import Feeds, SubscriptionWish, subscribe
from scheduler.members import LinkPool, Room
from scheduler.model import Kind, Role, Scope, Session
from scheduler.model.findings import Check
from scheduler.store import Store, Transaction, tables
from scheduler.store.backup import backup, restore
from scheduler.store.backup_file import VERSION, written_whole
from scheduler.store.engines import open_engine
from scheduler.store.migrating import known_revisions, migrations
from tests.builders import NOW, TUESDAY, a_notice, a_room, a_session, a_site, a_teacher, at
from tests.conftest import ENGINES, PostgresqlServer
from tests.scheduler.store.desk import OFFICE, Desk

EXAMPLE = Path(__file__).parents[3] / "examples" / "fourth-alliance"
LATER = NOW + timedelta(days=60)
WEDNESDAY = TUESDAY + timedelta(days=1)


@pytest.fixture(params=ENGINES)
def server_elsewhere(request: pytest.FixtureRequest) -> PostgresqlServer | None:
    if request.param == "sqlite":
        return None
    server: PostgresqlServer = request.getfixturevalue("postgresql_server")
    return server


@pytest.fixture
async def elsewhere(
    server_elsewhere: PostgresqlServer | None, tmp_path: Path
) -> AsyncIterator[str]:
    """The address of a database of either engine that has nothing, not even tables."""
    if server_elsewhere is None:
        yield f"sqlite+aiosqlite:///{tmp_path / 'elsewhere.sqlite'}"
    else:
        name = f"elsewhere_{uuid4().hex}"
        await server_elsewhere.run(f"CREATE DATABASE {name}")
        yield server_elsewhere.url_of(name)
        await server_elsewhere.run(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "lianke.backup"


async def contents(url: str) -> dict[str, list[Any]]:
    """Every row of every table."""
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        found = {
            table.name: sorted(
                (tuple(row) for row in await connection.execute(select(table))), key=repr
            )
            for table in tables.metadata.sorted_tables
        }
    await engine.dispose()
    return found


async def opened_and_checked(url: str) -> Store:
    store = await Store.open(url)
    async with store.read(now=NOW) as transaction:
        # What is added here past the use cases is told to nobody.
        assert {each.check for each in await check(transaction)} <= {Check.NOTICES}
    return store


def rewritten(file: Path, change: Callable[[list[bytes]], list[bytes]]) -> None:
    """Change the lines of a backup and seal it again as if it had been written so."""
    *lines, footer = gzip.decompress(file.read_bytes()).splitlines(keepends=True)
    lines = change(lines)
    counted = msgspec.json.decode(footer)["rows"]
    with suppress(msgspec.DecodeError, KeyError):
        counted = {name: counted[name] for name in msgspec.json.decode(lines[0])["tables"]}
    sealed = {"rows": counted, "sha256": sha256(b"".join(lines)).hexdigest()}
    file.write_bytes(gzip.compress(b"".join(lines) + msgspec.json.encode(sealed) + b"\n"))


def with_header(**fields: Any) -> Callable[[list[bytes]], list[bytes]]:
    def change(lines: list[bytes]) -> list[bytes]:
        return [msgspec.json.encode(msgspec.json.decode(lines[0]) | fields) + b"\n", *lines[1:]]

    return change


async def columns_at(schema: str, folder: Path) -> dict[str, list[str]]:
    """The tables of an older schema, and their columns."""
    opened = open_engine(f"sqlite+aiosqlite:///{folder / schema}.sqlite")

    def migrate(connection: Connection) -> dict[str, list[str]]:
        command.upgrade(migrations(connection), schema)
        looked = inspect(connection)
        return {
            table: [column["name"] for column in looked.get_columns(table)]
            for table in looked.get_table_names()
        }

    async with opened.engine.connect() as connection:
        found = await connection.run_sync(migrate)
    await opened.engine.dispose()
    return found


def as_of(schema: str, known: Mapping[str, list[str]]) -> Callable[[list[bytes]], list[bytes]]:
    """The backup as a version with this schema would have written it."""

    def change(lines: list[bytes]) -> list[bytes]:
        header = msgspec.json.decode(lines[0])
        written = header["tables"]
        kept = {
            table: [place for place, name in enumerate(columns) if name in known.get(table, ())]
            for table, columns in written.items()
        }
        header["schema"] = schema
        header["tables"] = {
            table: [written[table][place] for place in places]
            for table, places in kept.items()
            if places
        }
        table, changed = "", [msgspec.json.encode(header) + b"\n"]
        for line in lines[1:]:
            read = msgspec.json.decode(line)
            if isinstance(read, dict):
                table = read["table"]
            else:
                read = [read[place] for place in kept[table]]
            if kept[table]:
                changed.append(msgspec.json.encode(read) + b"\n")
        return changed

    return change


async def test_what_is_restored_is_what_was_there(
    desk: Desk, database_url: str, elsewhere: str, file: Path
) -> None:
    await desk.add(a_session("a"), a_session("b", at("14:00", on=WEDNESDAY)))
    await desk.replace(a_session("a"), replace(a_session("a"), title="别的课"))
    await desk.put(a_room("TF1", 1, kit="kit-1"))  # the kit's row comes after its room's
    made = await backup(database_url, file, now=NOW)
    restored = await restore(elsewhere, file)
    assert restored == made
    assert made.rows["sessions"] == 2
    assert await contents(elsewhere) == await contents(database_url)


async def test_the_drill(store: Store, database_url: str, elsewhere: str, file: Path) -> None:
    """Import the example, book, subscribe, back up, restore: feeds and ledger are the same."""
    files = {path.name: path.read_bytes() for path in EXAMPLE.glob("*.csv")}

    async def settle(transaction: Transaction) -> tuple[Session, str]:
        await import_files(transaction, files)
        meeting = a_session(
            kind=Kind.JOINT_RESEARCH,
            grade=None,
            link_pool=None,
            slot=at("16:10", 60),
            sites=tuple(
                a_site(school, role, teacher=None, class_groups=(), effective_minutes=60)
                for school, role in (("TF1", Role.LEAD), ("JS", Role.LISTEN))
            ),
        )
        await transaction.add_session(meeting)
        wish = SubscriptionWish(scope=Scope.SCHOOL, subject_id="JS", owner="drill")
        return meeting, (await subscribe(transaction, wish))[1]

    meeting, token = await store.write(settle, actor=OFFICE, now=NOW)
    await backup(database_url, file, now=NOW)
    await restore(elsewhere, file)
    copy = await opened_and_checked(elsewhere)
    before, after = await Feeds(store).read(token, now=NOW), await Feeds(copy).read(token, now=NOW)
    assert after.plain == before.plain
    assert b"BEGIN:VEVENT" in after.plain
    async with copy.read(now=NOW) as transaction:
        assert await transaction.sessions() == (meeting,)
        assert len(await transaction.books()) == 8
    await copy.close()


async def test_work_goes_on_after_a_restore(
    desk: Desk, database_url: str, elsewhere: str, file: Path
) -> None:
    """Numbers go on where they were, the guards stand, and the audit still is append-only."""
    await desk.add(a_session("a"))
    await backup(database_url, file, now=NOW)
    await restore(elsewhere, file)
    copy = await opened_and_checked(elsewhere)
    there = Desk(copy, create_async_engine(elsewhere))
    await there.put(a_room("CB", 9), a_teacher("CB", 9))
    with pytest.raises(Exception, match="taken by session a"):
        await there.add(a_session("b"))
    await there.add(a_session("c", at("14:00", on=WEDNESDAY)))
    with pytest.raises(Exception, match="append-only"):
        await there.type("DELETE FROM audit")
    await there.by_hand.dispose()
    await copy.close()
    await (await opened_and_checked(elsewhere)).close()


async def test_a_backup_during_writes_is_one_moment(
    desk: Desk, database_url: str, elsewhere: str, file: Path
) -> None:
    """Each session comes with all its claims and its audit row, or not at all."""
    await desk.add(a_session("first"))
    stopped = asyncio.Event()

    async def go_on_writing() -> int:
        number = 0
        while not stopped.is_set():
            number += 1
            slot = at("14:00", on=NOW.date() + timedelta(days=30 + number))
            await desk.add(a_session(f"s{number}", slot))
        return number

    writing = asyncio.create_task(go_on_writing())
    copies = []
    for number in range(3):
        await asyncio.sleep(0.1)
        copies.append(await backup(database_url, file.with_suffix(f".{number}"), now=NOW))
    stopped.set()
    written = await writing
    assert [copy.rows["sessions"] for copy in copies] == sorted(
        copy.rows["sessions"] for copy in copies
    )
    assert 1 < copies[-1].rows["sessions"] <= written + 1
    await restore(elsewhere, file.with_suffix(".2"))
    store = await Store.open(elsewhere)
    async with store.read(now=NOW) as transaction:
        findings = await check(transaction)
        sessions = await transaction.sessions(limit=None)
    # Some of the dates are weekends (H8); everything else has to fit.
    assert {finding.check for finding in findings} <= {Check.RULES, Check.NOTICES}
    assert len(sessions) == copies[-1].rows["sessions"]
    await store.close()


async def test_the_past_comes_back_though_it_would_not_be_allowed_today(
    desk: Desk, database_url: str, elsewhere: str, file: Path
) -> None:
    """A longer buffer and a smaller pool bind what is to come only."""
    teachers_only: dict[str, Any] = {"teacher": None, "class_groups": ()}
    await desk.add(
        a_session("a"),
        a_session("b", at("14:50"), sites=(a_site("TF1"),)),
        a_session("c", sites=(a_site("CB", room="CB-R2", **teachers_only),)),
    )

    async def tighten(transaction: Transaction) -> None:
        for kind, name, fields in (
            (Room, "TF1-R1", {"buffer_minutes": 60}),
            (LinkPool, "bridge", {"sessions": 1}),
        ):
            stored: Any = await transaction.get(kind, name)
            record = replace(stored.record, **fields)
            await transaction.put(record, revision=stored.revision)

    await desk.write(tighten, now=LATER)
    await backup(database_url, file, now=LATER)
    await restore(elsewhere, file)
    assert await contents(elsewhere) == await contents(database_url)


async def test_a_backup_that_books_twice_is_refused_whole(
    desk: Desk, database_url: str, elsewhere: str, file: Path
) -> None:
    """The guards of the database hold for what is restored, too."""
    await desk.add(a_session("a"), a_session("b", at("14:00", on=WEDNESDAY)))
    await backup(database_url, file, now=NOW)
    early, late = (int(at("14:00", on=on).starts.timestamp()) for on in (TUESDAY, WEDNESDAY))
    rewritten(
        file,
        lambda lines: [
            line.replace(b"%d,%d" % (late, late + 2400), b"%d,%d" % (early, early + 2400))
            for line in lines
        ],
    )
    with pytest.raises(StateError, match=r"claim"):
        await restore(elsewhere, file)
    await backup(database_url, file, now=NOW)
    await restore(elsewhere, file)


async def test_only_an_empty_database_is_restored_into(
    desk: Desk, database_url: str, file: Path
) -> None:
    await backup(database_url, file, now=NOW)
    before = await contents(database_url)
    with pytest.raises(StateError, match="not empty"):
        await restore(database_url, file)
    assert await contents(database_url) == before
    assert desk.store is not None


async def test_a_migrated_and_empty_database_will_do(
    store: Store, database_url: str, file: Path
) -> None:
    await backup(database_url, file, now=NOW)
    await restore(database_url, file)
    async with store.read(now=NOW) as transaction:
        assert await check(transaction) == ()


async def test_a_backup_of_an_older_schema_is_brought_up_to_date(
    desk: Desk, database_url: str, elsewhere: str, file: Path, tmp_path: Path
) -> None:
    await desk.add(a_session("a"))
    await desk.write(lambda transaction: transaction.add_notices([a_notice("n1")]))
    await backup(database_url, file, now=NOW)
    rewritten(file, as_of("0001", await columns_at("0001", tmp_path)))
    with pytest.raises(StateError, match=f"schema {known_revisions()[0]}, the backup 0001"):
        await restore(database_url, file)
    await restore(elsewhere, file)
    copy = await opened_and_checked(elsewhere)
    async with copy.read(now=NOW) as transaction:
        assert [notice.id for notice in await transaction.notices()] == ["n1"]
        assert (await transaction.backlog()).notices == 0
    there = Desk(copy, create_async_engine(elsewhere))
    with pytest.raises(Exception, match="taken by session a"):
        await there.add(a_session("b"))
    await there.by_hand.dispose()
    await copy.close()


@pytest.fixture
async def backed_up(migrated_file: Path, file: Path) -> Path:
    """A backup of an empty database, on the engine that opens at once."""
    await backup(f"sqlite+aiosqlite:///{migrated_file}", file, now=NOW)
    return file


def sealed_with(*more: bytes) -> Callable[[Path], None]:
    return lambda file: rewritten(file, lambda lines: [*lines, *more])


def repacked(change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    """Change the plain bytes and seal nothing."""
    return lambda file: _ignored(
        file.write_bytes(gzip.compress(change(gzip.decompress(file.read_bytes()))))
    )


def cut_short(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-9])


def a_flipped_bit(file: Path) -> None:
    whole = bytearray(file.read_bytes())
    whole[len(whole) // 2] ^= 1
    file.write_bytes(whole)


def _ignored(_written: int) -> None:
    pass


SERIES = b'{"table":"series"}\n'


@pytest.mark.parametrize(
    "damage",
    [
        cut_short,
        a_flipped_bit,
        repacked(lambda plain: plain[: plain[:-1].rindex(b"\n") + 1]),
        repacked(lambda plain: plain + b"[]\n"),
        repacked(lambda plain: plain.replace(SERIES, b"")),
        lambda file: rewritten(file, lambda lines: [lines[0], b"[1]\n", *lines[1:]]),
        sealed_with(b'{"table":"pupils"}\n'),
        sealed_with(SERIES, b'["x",1]\n'),
        sealed_with(SERIES, b'["x",1,"{}"]\n'),
        sealed_with(b"null\n"),
    ],
    ids=[
        "cut short",
        "a flipped bit",
        "no last line",
        "a line too many",
        "a line too few",
        "rows of no table",
        "another table",
        "no row",
        "a row uncounted",
        "no line",
    ],
)
async def test_a_damaged_backup_leaves_the_database_as_new(
    backed_up: Path, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'new.sqlite'}"
    copy = Path(shutil.copy(backed_up, tmp_path / "damaged"))
    damage(copy)
    with pytest.raises(InvalidValueError, match=r"damaged|no backup|knows"):
        await restore(url, copy)
    await restore(url, backed_up)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"schema": "9999"}, "newer than this program"),
        ({"version": VERSION + 1}, "format version 2"),
        ({"tables": {"pupils": []}}, "table pupils"),
        ({"tables": {"series": ["pupil"]}}, "table series"),
        ({"format": "zip"}, "no backup of Lianke"),
        ({"made_at": "yesterday"}, "no backup of Lianke"),
    ],
)
async def test_a_backup_of_another_version_is_named(
    backed_up: Path, tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    rewritten(backed_up, with_header(**change))
    with pytest.raises(InvalidValueError, match=said):
        await restore(f"sqlite+aiosqlite:///{tmp_path / 'new.sqlite'}", backed_up)
    assert contents_of(tmp_path) == [backed_up.name]


@pytest.mark.parametrize(
    "content",
    [b"", b"hello", gzip.compress(b""), gzip.compress(b"{}")],
    ids=["empty", "plain", "packed nothing", "another object"],
)
async def test_what_is_no_backup_is_named(file: Path, tmp_path: Path, content: bytes) -> None:
    with pytest.raises(InvalidValueError, match="no file"):
        await restore(f"sqlite+aiosqlite:///{tmp_path / 'new.sqlite'}", file)
    fill(file, content)
    with pytest.raises(InvalidValueError, match="no backup of Lianke"):
        await restore(f"sqlite+aiosqlite:///{tmp_path / 'new.sqlite'}", file)
    assert contents_of(tmp_path) == [file.name]


def fill(file: Path, content: bytes = b"") -> None:
    file.write_bytes(content)


def contents_of(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


async def test_only_a_database_of_this_version_is_backed_up(file: Path, tmp_path: Path) -> None:
    with pytest.raises(StateError, match="no database"):
        await backup(f"sqlite+aiosqlite:///{tmp_path / 'nowhere.sqlite'}", file, now=NOW)
    fill(tmp_path / "empty.sqlite")
    with pytest.raises(StateError, match="schema None"):
        await backup(f"sqlite+aiosqlite:///{tmp_path / 'empty.sqlite'}", file, now=NOW)
    assert file.name not in contents_of(tmp_path)


async def test_a_database_with_tables_of_others_is_left_alone(
    backed_up: Path, tmp_path: Path
) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'others.sqlite'}"
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.exec_driver_sql("CREATE TABLE pupils (id INTEGER)")
    await engine.dispose()
    with pytest.raises(StateError, match="new"):
        await restore(url, backed_up)


async def test_a_file_that_cannot_be_written_is_said_in_words(
    migrated_file: Path, tmp_path: Path
) -> None:
    with pytest.raises(StateError, match="not done"):
        await backup(f"sqlite+aiosqlite:///{migrated_file}", tmp_path / "no" / "x", now=NOW)


def test_a_backup_that_breaks_off_leaves_the_one_before(file: Path) -> None:
    file.write_bytes(b"yesterday's")

    def break_off() -> None:
        with written_whole(file) as stream:
            stream.write(b"today's")
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        break_off()
    assert file.read_bytes() == b"yesterday's"
    assert list(file.parent.iterdir()) == [file]


def test_only_its_owner_reads_a_backup(backed_up: Path) -> None:
    assert backed_up.stat().st_mode & 0o777 == 0o600
