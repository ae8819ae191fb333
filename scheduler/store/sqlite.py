"""Connections to an embedded database that go to their thread once for each statement.

aiosqlite's own cursors go there four times: to be made, to execute, to fetch and to be closed.
Going there and back costs more than most statements do.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, Final

import aiosqlite

ROWS_AT_ONCE: Final = 1000
"""So many rows come with the statement itself; who asks for more of them goes again."""


async def connect(file: str, **options: Any) -> "Connection":  # noqa: ANN401 - as the driver's
    """A connection to this file, with the options of `sqlite3.connect`."""
    connection = Connection(partial(sqlite3.connect, file, **options), ROWS_AT_ONCE)
    # As SQLAlchemy does it: one that nobody has closed does not keep the process alive.
    connection._thread.daemon = True  # noqa: SLF001 - there is no other way to say so
    await connection
    return connection


class Connection(aiosqlite.Connection):
    """A connection as SQLAlchemy's dialect expects it."""

    async def rollback(self) -> None:
        """Undo what was begun; there is no need to go to the thread for nothing."""
        if self.in_transaction:
            await super().rollback()

    def cursor(self) -> "Cursor":  # type: ignore[override]  # made without going to the thread
        """A cursor that is nothing yet: its first statement makes it."""
        return Cursor(self)

    def new_cursor(self) -> sqlite3.Cursor:
        """One of SQLite's own; in the thread of the connection."""
        return self._conn.cursor()


class Cursor(aiosqlite.Cursor):
    """A cursor whose first rows come with the statement."""

    _conn: Connection

    def __init__(self, connection: Connection) -> None:
        self._conn = connection
        self._fetched: list[Any] = []
        self._has_more = False

    async def _in_thread(self, work: Callable[..., None], *values: object) -> None:
        await self._execute(work, *values)  # type: ignore[no-untyped-call]  # it has no types

    async def execute(self, sql: str, parameters: Iterable[Any] | None = None) -> "Cursor":
        """Run the statement and fetch what it finds, as far as that is not too much at once."""
        await self._in_thread(self._run, sql, parameters or ())
        return self

    def _run(self, sql: str, parameters: Sequence[Any]) -> None:
        self._cursor = self._conn.new_cursor().execute(sql, parameters)
        if self._cursor.description is not None:
            self._fetched = self._cursor.fetchmany(ROWS_AT_ONCE)
            self._has_more = len(self._fetched) == ROWS_AT_ONCE

    async def executemany(self, sql: str, parameters: Iterable[Iterable[Any]]) -> "Cursor":
        """Run the statement once for each of the rows."""
        await self._in_thread(self._run_each, sql, parameters)
        return self

    def _run_each(self, sql: str, parameters: Iterable[Any]) -> None:
        self._cursor = self._conn.new_cursor().executemany(sql, parameters)

    async def fetchmany(self, size: int | None = None) -> list[Any]:
        """Some rows, at most so many; none once all have been fetched."""
        if not self._fetched and self._has_more:
            self._fetched = list(await super().fetchmany(ROWS_AT_ONCE))
            self._has_more = bool(self._fetched)
        part, self._fetched = self._fetched[:size], self._fetched[size or ROWS_AT_ONCE :]
        return part

    async def fetchall(self) -> list[Any]:
        """All rows that are left."""
        fetched, self._fetched = self._fetched, []
        if self._has_more:
            fetched += await super().fetchall()
            self._has_more = False
        return fetched

    async def close(self) -> None:
        """Let go of what was not fetched."""
        if self._has_more:
            await super().close()
