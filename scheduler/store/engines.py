"""How each engine is opened. All that differs between them is named here and in the migrations.

- SQLite: one file, WAL, every commit synced. Its driver would begin transactions late and on its
  own, so a transaction is begun by hand: with `BEGIN IMMEDIATE` to write, which makes writers wait
  for each other, and `BEGIN` to read. Writers of this process queue in fair order before they ask.
- PostgreSQL: READ COMMITTED with locks on rows to write, REPEATABLE READ to read.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from scheduler.store.sqlite import connect
from scheduler.store.stamps import FileStamps, ServerStamps, Stamps

_BUSY_MILLISECONDS: Final = 10_000
_PRAGMAS: Final = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}",
)
_BEGIN: Final = "begin"
_POOL: Final = 10
_MIGRATION_LOCK: Final = 0x4C69616E6B65
"""Any number that no other program of the same database locks."""


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine with how its transactions begin.

    `stamps` tells whether anything was committed. `writers` and `readers` are how many it serves at
    once; more wait for their turn. `before_upgrade` keeps two processes from migrating at once,
    where beginning to write does not. `file` holds an embedded database.
    `shut_out` keeps everybody else from a table, and `renumber` makes a column go on counting after
    its highest number, where the engine does not do so by itself.
    """

    engine: AsyncEngine
    stamps: Stamps
    to_write: dict[str, Any]
    to_read: dict[str, Any]
    writers: int
    readers: int = _POOL
    before_upgrade: tuple[str, ...] = ()
    file: Path | None = None
    shut_out: str = ""
    renumber: str = ""


def open_engine(url: str) -> Engine:
    """The engine for `sqlite+aiosqlite:///FILE` or `postgresql+asyncpg://...`, not connected."""
    backend = make_url(url).get_backend_name()
    if backend == "sqlite":
        return _open_sqlite(url)
    if backend == "postgresql":
        return _open_postgresql(url)
    raise ValueError(f"Lianke stores its data in SQLite or PostgreSQL, not in {backend}.")


def _open_sqlite(url: str) -> Engine:
    engine = create_async_engine(
        url, pool_size=_POOL + 1, connect_args={"async_creator_fn": connect}
    )

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: DBAPIConnection, _record: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in _PRAGMAS:
            cursor.execute(pragma)
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN, "BEGIN"))

    file = Path(make_url(url).database or "")
    return Engine(
        engine,
        stamps=FileStamps(file),
        to_write={_BEGIN: "BEGIN IMMEDIATE"},
        to_read={_BEGIN: "BEGIN"},
        writers=1,
        file=file,
    )


def _open_postgresql(url: str) -> Engine:
    engine = create_async_engine(
        url, pool_size=2 * _POOL + 1, isolation_level="READ COMMITTED", pool_pre_ping=True
    )
    read = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    lock = f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"
    return Engine(
        engine,
        stamps=ServerStamps(engine),
        to_write={},
        to_read=read,
        writers=_POOL,
        before_upgrade=(lock,),
        shut_out="LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE",
        renumber="SELECT setval(pg_get_serial_sequence('{table}', '{column}'), max({column})) "
        "FROM {table}",
    )
