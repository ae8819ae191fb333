"""Whether anybody has committed anything: the cheapest question that a database can be asked.

Two equal stamps mean that no transaction was committed between them, by whichever process. Unequal
ones mean nothing: it may have been another table, or on PostgreSQL another database.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from itertools import count
from pathlib import Path
from typing import Final, Protocol

from asyncpg import InterfaceError, PostgresError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

Stamp = tuple[int, object]
"""The number of the connection that was asked, and what it said."""

_Question = Callable[[], Awaitable[str]]

_connections: Final = count()


class Stamps(Protocol):
    """How the state of a database is told apart from the one before."""

    async def ask(self) -> Stamp:
        """The stamp of a state that is no older than this call."""

    async def close(self) -> None:
        """Let go of the connection."""


class FileStamps:
    """The stamps of an SQLite file, by a connection that never writes.

    `data_version` moves with what any other connection of any process commits, and is read from
    shared memory within microseconds, so that a thread would cost more than it would spare. Those
    who ask in one turn of the event loop share an answer: requests are received between turns, so
    none of them came after the question.
    """

    def __init__(self, file: Path) -> None:
        # To read and write, for only so can shared memory be read; and never creating a file.
        self._address = f"{file.absolute().as_uri()}?mode=rw"
        self._connection: sqlite3.Connection | None = None
        self._cursor: sqlite3.Cursor | None = None
        self._number = next(_connections)
        self._answer: Stamp | None = None

    async def ask(self) -> Stamp:
        """The stamp as of now; a file that cannot be read has a new one each time."""
        if self._answer is None:
            self._answer = self._read()
            asyncio.get_running_loop().call_soon(self._forget)
        return self._answer

    def _forget(self) -> None:
        self._answer = None

    def _read(self) -> Stamp:
        try:
            if self._connection is None or self._cursor is None:
                self._connection = sqlite3.connect(self._address, timeout=0, uri=True)
                self._cursor = self._connection.cursor()
            (version,) = self._cursor.execute("PRAGMA data_version").fetchone()
        except sqlite3.Error:
            self._drop()
            return next(_connections), None
        return self._number, version

    async def close(self) -> None:
        """Let go of the connection."""
        self._drop()

    def _drop(self) -> None:
        """Forget the connection. The next one counts anew, so it gets a number of its own."""
        if self._connection is not None:
            self._connection.close()
        self._connection, self._cursor, self._number = None, None, next(_connections)


class ServerStamps:
    """The stamps of a PostgreSQL server: which transactions a reader would see.

    Those who wait share the answer to a question that was put after they came. One that was on its
    way already may have missed a change that was acknowledged before they came. A question is put
    one turn of the event loop late, so that all requests which were received meanwhile share it.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._connection: AsyncConnection | None = None
        self._snapshot: _Question | None = None
        self._number = next(_connections)
        self._waiting: list[asyncio.Future[Stamp]] = []
        self._asking: asyncio.Task[None] | None = None

    async def ask(self) -> Stamp:
        """The stamp as of now; a server that does not answer has a new one each time."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Stamp] = loop.create_future()
        self._waiting.append(answer)
        if self._asking is None:
            self._asking = loop.create_task(self._answer_all())
        return await answer

    async def _answer_all(self) -> None:
        """One question after the other, each for all that wait when it is put."""
        while self._waiting:
            await asyncio.sleep(0)
            waiting, self._waiting = self._waiting, []
            stamp = await self._question()
            for each in waiting:
                if not each.done():  # whoever asked may have gone
                    each.set_result(stamp)
        self._asking = None

    async def _question(self) -> Stamp:
        try:
            if self._snapshot is None:
                self._connection = await self._engine.connect()
                raw = (await self._connection.get_raw_connection()).driver_connection
                assert raw is not None  # noqa: S101 - it was just opened, so it has its driver's
                asked = await raw.prepare("SELECT pg_current_snapshot()::text")
                self._snapshot = asked.fetchval
            return self._number, await self._snapshot()
        except (OSError, DBAPIError, PostgresError, InterfaceError):
            await self._drop()
            return next(_connections), None

    async def close(self) -> None:
        """Let go of the connection, once nobody waits for an answer."""
        if self._asking is not None:
            await self._asking
        await self._drop()

    async def _drop(self) -> None:
        connection, self._connection, self._snapshot = self._connection, None, None
        self._number = next(_connections)
        if connection is not None:
            await connection.invalidate()
            await connection.close()
