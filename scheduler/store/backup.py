"""One consistent copy of every table in one file, and back into an empty database of either engine.

Both work row by row, so they need little memory, and a backup is made while the service runs.
"""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from alembic import command
from sqlalchemy import (
    Connection,
    Table,
    TypeDecorator,
    bindparam,
    func,
    insert,
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.errors import InvalidValueError, StateError
from scheduler.store import tables
from scheduler.store.backup_file import (
    ROWS_AT_ONCE,
    BackupReader,
    BackupWriter,
    Header,
    Row,
    written_whole,
)
from scheduler.store.engines import Engine, open_engine
from scheduler.store.migrating import known_revisions, migrations, revision_of

_LIMITS: Final = ("buffer_seconds", "sessions", "ports")
_SET_LIMITS: Final = (
    update(tables.resources)
    .where(tables.resources.c.number == bindparam("of_number"))
    .values({name: bindparam(f"new_{name}") for name in _LIMITS})
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """What was copied: the schema, the moment at which it was true, and the rows of each table."""

    schema: str
    made_at: datetime
    rows: dict[str, int]


async def backup(url: str, file: Path, *, now: datetime) -> Copy:
    """Copy every table as it is at one moment; `file` is there whole or not at all.

    `StateError` if there is no database with the schema of this version, or no place for the file.
    """
    opened = open_engine(url)
    if opened.file is not None and not opened.file.exists():
        raise StateError(f"没有数据库 {opened.file}。", f"There is no database {opened.file}.")
    async with _connected(opened, opened.to_read) as connection:
        schema = await connection.run_sync(revision_of)
        if schema != known_revisions()[0]:
            raise StateError(
                f"数据库的结构版本是 {schema}，本程序需要 {known_revisions()[0]}："
                "请用正在运行的那个版本备份，或先启动一次新版本。",
                f"The database has the schema {schema}, this program {known_revisions()[0]}: back "
                "it up with the version that runs, or start this one first.",
            )
        columns = {
            str(table.name): tuple(str(column.name) for column in table.columns)
            for table in tables.metadata.sorted_tables
        }
        header = Header(schema=schema, made_at=now, tables=columns)
        with written_whole(file) as stream:
            writer = BackupWriter(stream, header)
            for table in tables.metadata.sorted_tables:
                await _copy_out(connection, table, writer)
            writer.finish()
    return Copy(schema=schema, made_at=now, rows=writer.rows)


async def restore(url: str, file: Path) -> Copy:
    """Fill an empty database with a backup and bring its schema up to date, all of it or nothing.

    `InvalidValueError` if the file is not a whole backup that this version knows, `StateError` if
    the database holds anything.
    """
    reader = BackupReader(file)
    header = reader.header
    _require_known(header)
    opened = open_engine(url)
    async with _connected(opened, opened.to_write) as connection:
        for lock in opened.before_upgrade:
            await connection.execute(text(lock))
        await connection.run_sync(_prepare, header.schema)
        await _require_empty(connection, opened, header)
        await _copy_in(connection, opened, reader)
        await connection.run_sync(lambda inner: command.upgrade(migrations(inner), "head"))
        await connection.commit()
    return Copy(schema=header.schema, made_at=header.made_at, rows=reader.rows)


@asynccontextmanager
async def _connected(opened: Engine, options: dict[str, Any]) -> AsyncIterator[AsyncConnection]:
    """A connection in one transaction, undone unless committed; its errors are told in words."""
    try:
        async with opened.engine.connect() as connection:
            await connection.execution_options(**options)
            await connection.begin()
            yield connection
    except (SQLAlchemyError, OSError) as error:
        reason = getattr(error, "orig", None) or error
        raise StateError(f"没有完成：{reason}。", f"It was not done: {reason}.") from error
    finally:
        await opened.engine.dispose()


async def _copy_out(connection: AsyncConnection, table: Table, writer: BackupWriter) -> None:
    # A row that names another of its own table comes after it.
    own = [each.parent for each in table.foreign_keys if each.column.table is table]
    order = (*(column.nulls_first() for column in own), *table.primary_key)
    query = select(table).order_by(*order).execution_options(yield_per=ROWS_AT_ONCE)
    name = str(table.name)
    writer.begin(name)
    async for part in (await connection.stream(query)).partitions():
        writer.add(name, [tuple(row) for row in part])


def _require_known(header: Header) -> None:
    if header.schema not in known_revisions():
        raise InvalidValueError(
            f"备份的结构版本 {header.schema} 比本程序新，请用更新的版本恢复。",
            f"The backup has the schema {header.schema}, which is newer than this program: "
            "restore it with a newer version.",
        )
    for name, columns in header.tables.items():
        table = tables.metadata.tables.get(name)
        if table is None or not set(columns) <= set(table.columns.keys()):
            raise InvalidValueError(
                f"备份中的表 {name} 与本程序不符。",
                f"The backup's table {name} is none that this program knows.",
            )


def _prepare(connection: Connection, schema: str) -> None:
    """Give a database that has no table the schema of the backup."""
    found = revision_of(connection)
    if found is None and not inspect(connection).get_table_names():
        command.upgrade(migrations(connection), schema)
    elif found != schema:
        raise StateError(
            f"目标数据库的结构版本是 {found}，备份的是 {schema}：请恢复到一个全新的数据库。",
            f"The database has the schema {found}, the backup {schema}: "
            "restore into a database that is new.",
        )


async def _require_empty(connection: AsyncConnection, opened: Engine, header: Header) -> None:
    for name in header.tables:
        if opened.shut_out:
            await connection.execute(text(opened.shut_out.format(table=name)))
        if count := await _count(connection, name):
            raise StateError(
                f"目标数据库不是空的：{name} 有 {count} 行。请恢复到一个全新的数据库。",
                f"The database is not empty: {name} has {count} rows. "
                "Restore into one that is new.",
            )


async def _count(connection: AsyncConnection, name: str) -> int:
    counted = select(func.count()).select_from(tables.metadata.tables[name])
    return (await connection.execute(counted)).scalar_one()


async def _copy_in(connection: AsyncConnection, opened: Engine, reader: BackupReader) -> None:
    known = {name: tables.metadata.tables[name] for name in reader.header.tables}
    decoders = {name: _decoder(known[name], reader.header.tables[name]) for name in known}
    limits: list[dict[str, Any]] = []
    for name, rows in reader.parts(decoders):
        values = [dict(zip(reader.header.tables[name], row, strict=True)) for row in rows]
        if known[name] is tables.resources:
            limits += _lifted(values)
        await connection.execute(insert(known[name]), values)
    if limits:
        await connection.execute(_SET_LIMITS, limits)
    for table in known.values():
        numbered = table.autoincrement_column
        if opened.renumber and numbered is not None:
            statement = opened.renumber.format(table=table.name, column=numbered.name)
            await connection.execute(text(statement))
        if await _count(connection, table.name) != reader.rows[table.name]:
            raise StateError(
                f"表 {table.name} 的行数与备份不符。",
                f"The table {table.name} does not hold as many rows as the backup.",
            )


def _lifted(resources: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Take away what rooms and pools can carry, to be set again when all claims are there.

    What they carry today may be less than what past sessions had, and these come back as they were.
    Two exclusive claims at once are refused all the same.
    """
    limits = []
    for row in resources:
        if any(row[name] for name in _LIMITS):
            limits.append(
                {"of_number": row["number"]} | {f"new_{name}": row[name] for name in _LIMITS}
            )
            row |= {"buffer_seconds": 0, "sessions": None, "ports": None}
    return limits


def _decoder(table: Table, columns: Iterable[str]) -> "msgspec.json.Decoder[Row]":
    """Reads the rows of a table as values of its columns' types."""
    kinds: list[Any] = []
    for name in columns:
        column = table.columns[name]
        kind = column.type.impl if isinstance(column.type, TypeDecorator) else column.type
        python: Any = kind.python_type
        if python is datetime:
            python = Annotated[datetime, msgspec.Meta(tz=True)]
        kinds.append(python | None if column.nullable else python)
    return msgspec.json.Decoder(tuple.__class_getitem__(tuple(kinds)))
