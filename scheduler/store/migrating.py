"""Bringing a database's schema up to date, one process at a time."""

import asyncio
from contextlib import AsyncExitStack
from functools import cache
from importlib.resources import files
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.errors import StateError
from scheduler.store.engines import Engine
from scheduler.store.failures import unavailable
from scheduler.store.opened import OpenTransaction

_DOORS: Final = {"tokens", "subscriptions"}
"""What every request asks first: who is let in."""
_UNDER_WAY_SECONDS: Final = 0.5
"""How long those who are in already have to come to their end."""


def migrations(connection: Connection) -> Config:
    """What Alembic needs to know to work on a connection."""
    config = Config()
    config.set_main_option("script_location", str(files("scheduler.store") / "migrations"))
    config.attributes["connection"] = connection
    return config


def revision_of(connection: Connection) -> str | None:
    """The schema that a database has; None before its first migration."""
    return MigrationContext.configure(connection).get_current_revision()


@cache
def known_revisions() -> tuple[str, ...]:
    """Every schema that this version can make, the newest first."""
    scripts = ScriptDirectory(str(files("scheduler.store") / "migrations"))
    return tuple(script.revision for script in scripts.walk_revisions())


async def upgrade(opened: Engine) -> None:
    """Run the migrations that are missing, all or none; whoever comes at the same time waits.

    Whoever reads or writes meanwhile waits, too, and goes on with the new schema.
    """
    async with AsyncExitStack() as stack:
        try:
            connection = await stack.enter_async_context(opened.engine.connect())
        except OSError as error:
            raise unavailable() from error
        await connection.execution_options(**opened.to_write)
        async with connection.begin():
            for lock in opened.before_upgrade:
                await connection.execute(text(lock))
            is_behind = await connection.run_sync(_is_behind)
            if opened.shut_out and is_behind:
                await _shut_everybody_out(connection, opened.shut_out)
            await connection.run_sync(_upgrade)


async def _shut_everybody_out(connection: AsyncConnection, statement: str) -> None:
    """Lock every table: first those that all work begins with, and a moment later the rest.

    Migrations that took their tables one by one and whoever is under way would wait for each other.
    """
    names = await connection.run_sync(lambda inner: inspect(inner).get_table_names())
    first = [name for name in names if name in _DOORS]
    await connection.execute(text(statement.format(table=", ".join(first))))
    await asyncio.sleep(_UNDER_WAY_SECONDS)
    rest = sorted(set(names) - set(first))
    await connection.execute(text(statement.format(table=", ".join(rest))))


def _is_behind(connection: Connection) -> bool:
    """Whether an older version has worked here, and may be at work still."""
    return revision_of(connection) in known_revisions()[1:]


def _upgrade(connection: Connection) -> None:
    schema, newest = revision_of(connection), known_revisions()[0]
    if schema is not None and schema not in known_revisions():
        raise StateError(
            f"数据库的结构版本是 {schema}，比本程序所知的 {newest} 新；请升级本程序。",
            f"The database has schema {schema}, newer than {newest}, the newest that this version "
            "of Lianke knows: install the newer version.",
        )
    command.upgrade(migrations(connection), "head")


async def has_known_schema(transaction: OpenTransaction) -> bool:
    """Whether it still is the schema that this process has brought it to.

    A newer process may have changed it since, and somebody may have put an older database there.
    """
    row = await transaction.first(text("SELECT version_num FROM alembic_version"))
    return row is not None and row.version_num == known_revisions()[0]
