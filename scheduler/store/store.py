"""The door to the database: transactions, and one method for each question a use case asks."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from shutil import disk_usage
from typing import Any, TypeVar

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncTransaction

from scheduler.model import Actor
from scheduler.secrets import Keyring
from scheduler.store.audit_chain import Link, seal
from scheduler.store.engines import Engine, open_engine
from scheduler.store.failures import (
    in_the_callers_words,
    is_lost,
    outcome_unknown,
    unavailable,
)
from scheduler.store.messages import Backlog
from scheduler.store.migrating import upgrade
from scheduler.store.opened import BookMemory
from scheduler.store.records import Stored
from scheduler.store.retrying import retried
from scheduler.store.sending import Claim
from scheduler.store.stamps import Stamp
from scheduler.store.transaction import Transaction

__all__ = ["Backlog", "Claim", "Link", "Stamp", "Store", "Stored", "Transaction"]

T = TypeVar("T")


class Store:
    """A database of either engine."""

    def __init__(self, engine: Engine, keyring: Keyring | None = None) -> None:
        self._opened = engine
        self._keyring = keyring or Keyring()
        self._memory = BookMemory()
        self._writers = asyncio.Semaphore(engine.writers)
        self._readers = asyncio.Semaphore(engine.readers)

    @classmethod
    async def open(cls, url: str, *, keyring: Keyring | None = None) -> "Store":
        """Connect and bring the schema up to date; safe when several processes start at once.

        `UnavailableError` if nobody answers there, `StateError` if the schema is newer than ours.
        `url` is SQLAlchemy's: `sqlite+aiosqlite:///FILE` or `postgresql+asyncpg://...`. Without a
        `keyring` nothing secret can be kept.
        """
        opened = open_engine(url)
        try:
            await retried(lambda: upgrade(opened))
        except BaseException:
            await opened.engine.dispose()
            raise
        return cls(opened, keyring)

    async def close(self) -> None:
        """Let go of every connection."""
        await self._opened.stamps.close()
        await self._opened.engine.dispose()

    def room_left(self) -> int | None:
        """The octets that an embedded database may still grow by: 0 where nothing can be written.

        None for a server, which knows that by itself.
        """
        file = self._opened.file
        if file is None:
            return None
        if not (os.access(file, os.W_OK) and os.access(file.parent, os.W_OK)):
            return 0
        return disk_usage(file.parent).free

    def stamp(self) -> Awaitable[Stamp]:
        """What differs from an earlier stamp if anything was committed since, by any process.

        Whatever was acknowledged before this is called has been seen.
        """
        return self._opened.stamps.ask()

    async def write(
        self,
        use_case: Callable[[Transaction], Awaitable[T]],
        *,
        actor: Actor,
        now: datetime,
        dry_run: bool = False,
        reason: str = "",
    ) -> T:
        """Run `use_case` in one transaction and commit it, or roll back if it raises or `dry_run`.

        Retries a bounded number of times, with jitter, when the database asks for it
        (serialization failure, deadlock, busy), so the use case must do nothing but ask the
        transaction. `UnavailableError` if that did not help. `reason` is why the actor does it.
        """
        return await retried(
            lambda: self._write_once(use_case, actor=actor, now=now, dry_run=dry_run, reason=reason)
        )

    async def _write_once(
        self,
        use_case: Callable[[Transaction], Awaitable[T]],
        *,
        actor: Actor,
        now: datetime,
        dry_run: bool,
        reason: str,
    ) -> T:
        async with self._writers, self._begun(self._opened.to_write) as (connection, begun):
            transaction = Transaction(
                connection,
                self._memory,
                actor=actor,
                now=now,
                keyring=self._keyring,
                reason=reason,
            )
            result = await use_case(transaction)
            if dry_run:
                await begun.rollback()
            else:
                await seal(transaction)
                await _commit(begun)
            return result

    @asynccontextmanager
    async def read(self, *, now: datetime) -> AsyncIterator[Transaction]:
        """A transaction that sees one state of the database and changes nothing."""
        try:
            async with self._readers, self._begun(self._opened.to_read) as (connection, _):
                yield Transaction(
                    connection, self._memory, actor=None, now=now, keyring=self._keyring
                )
        except DBAPIError as error:
            raise in_the_callers_words(error) from error

    @asynccontextmanager
    async def _begun(
        self, options: Mapping[str, Any]
    ) -> AsyncIterator[tuple[AsyncConnection, AsyncTransaction]]:
        """A transaction that rolls back, for whatever reason it is left, unless it is committed."""
        async with AsyncExitStack() as opened:
            try:
                connection = await opened.enter_async_context(self._opened.engine.connect())
            except OSError as error:  # nobody listens there, or not in time
                raise unavailable() from error
            await connection.execution_options(**options)
            yield connection, await connection.begin()


async def _commit(begun: AsyncTransaction) -> None:
    try:
        await begun.commit()
    except DBAPIError as error:
        raise (outcome_unknown() if is_lost(error) else error) from error
