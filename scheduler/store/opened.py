"""What every question to the database needs: a connection, who asks, and when."""

from collections.abc import AsyncIterator, Collection, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, Final, TypeVar

from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    Executable,
    FromClause,
    Row,
    and_,
    bindparam,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncTransaction

from scheduler.model import Actor, Resource
from scheduler.schools import AllianceBook, SchoolBook
from scheduler.secrets import Keyring

T = TypeVar("T")
Condition = ColumnElement[bool]
Values = dict[str, Any]
Moment = datetime | int | BindParameter[Any]

AT_ONCE: Final = 500
"""How many values one statement carries."""


@dataclass(frozen=True, slots=True)
class ResourceRow:
    """What the database knows of a resource; `number` stands for it in claims."""

    number: int
    resource: Resource
    school: str | None
    kit: int | None
    buffer_seconds: int


@dataclass(slots=True)
class BookMemory:
    """Books as last read, with the revision they were read at; all transactions share it."""

    alliance: tuple[int, AllianceBook] | None = None
    schools: dict[str, tuple[tuple[int, str], SchoolBook]] = field(default_factory=dict)


class OpenTransaction:
    """A transaction between begin and commit, with what it has locked and changed so far.

    `reason` is why it is done, as far as the person said, and `noted` what the audit will hold of
    it when it ends.
    """

    def __init__(
        self,
        connection: AsyncConnection,
        memory: BookMemory,
        *,
        actor: Actor | None,
        now: datetime,
        keyring: Keyring,
        reason: str = "",
    ) -> None:
        self.now = now
        self.reason = reason
        self.noted: list[dict[str, Any]] = []
        self.keyring = keyring
        self._actor = actor
        self._connection = connection
        self.memory = memory
        self.locked: dict[Resource, ResourceRow] = {}
        self.changed_books: set[str] = set()

    @property
    def actor(self) -> Actor:
        """Who writes. A transaction that only reads has none, and so cannot write."""
        if self._actor is None:
            raise RuntimeError("This transaction only reads.")
        return self._actor

    async def run(
        self, statement: Executable, rows: list[dict[str, Any]] | Values | None = None
    ) -> int:
        """Run a statement, once for each of `rows` if given; how many rows it touched."""
        return (await self._connection.execute(statement, rows)).rowcount

    async def all(self, query: Executable, values: Values | None = None) -> list[Row[Any]]:
        """Every row of a query; `values` are those that it names but does not hold."""
        return list((await self._connection.execute(query, values)).all())

    async def first(self, query: Executable, values: Values | None = None) -> Row[Any] | None:
        """The first row of a query, if any; `values` as above."""
        return (await self._connection.execute(query, values)).first()

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[AsyncTransaction]:
        """A part that can fail or be rolled back without losing the rest.

        Its notes go with it, and so do its locks: who needs one of these takes it again.
        """
        noted, locked, kept = len(self.noted), dict(self.locked), False
        try:
            async with self._connection.begin_nested() as part:
                yield part
                kept = part.is_active
        finally:
            if not kept:
                del self.noted[noted:]
                self.locked.clear()
                self.locked.update(locked)


def chunks(values: Iterable[T], size: int = AT_ONCE) -> Iterator[list[T]]:
    """Parts small enough for the number of values that one statement may carry."""
    rest = iter(values)
    while part := list(islice(rest, size)):
        yield part


def one_of(name: str) -> BindParameter[Any]:
    """Any number of values that a statement names; they come when it is run."""
    return bindparam(name, expanding=True)


def touches(table: FromClause, *, opens: Moment, closes: Moment, earliest: Moment) -> Condition:
    """Whether the time of a session or claim touches a stretch.

    None is longer than a day, so none touches it that begins a day before it `opens`, at
    `earliest`, or before: that lets an index find the others.
    """
    return and_(table.c.starts < closes, table.c.starts > earliest, table.c.ends > opens)


def is_one_of(kind: Column[str], id: Column[str]) -> Condition:
    """Whether a row has one of the kinds and ids that come with `named`.

    For pairs in a list of pairs SQLite reads the whole table, for each alone it asks the index.
    """
    return and_(
        kind.in_(one_of("kinds")), id.in_(one_of("ids")), tuple_(kind, id).in_(one_of("names"))
    )


def named(names: Collection[tuple[str, str]]) -> dict[str, Any]:
    """The values of a statement that asks `is_one_of`."""
    kinds, ids = zip(*names, strict=True)
    return {"kinds": sorted({*kinds}), "ids": ids, "names": names}
