"""Bringing a database's schema up to date, one process at a time."""

from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from scheduler.store.engines import Engine


def migrations(connection: Connection) -> Config:
    """What Alembic needs to know to work on a connection."""
    config = Config()
    config.set_main_option("script_location", str(files("scheduler.store") / "migrations"))
    config.attributes["connection"] = connection
    return config


def revision_of(connection: Connection) -> str | None:
    """The schema that a database has; None before its first migration."""
    return MigrationContext.configure(connection).get_current_revision()


def known_revisions() -> list[str]:
    """Every schema that this version can make, the newest first."""
    scripts = ScriptDirectory(str(files("scheduler.store") / "migrations"))
    return [script.revision for script in scripts.walk_revisions()]


async def upgrade(opened: Engine) -> None:
    """Run the migrations that are missing, all or none; whoever comes at the same time waits."""
    async with opened.engine.connect() as connection:
        await connection.execution_options(**opened.to_write)
        async with connection.begin():
            for lock in opened.before_upgrade:
                await connection.execute(text(lock))
            await connection.run_sync(lambda inner: command.upgrade(migrations(inner), "head"))
