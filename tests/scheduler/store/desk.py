"""Who works with a store in its tests: an office that writes, reads and books."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from calendars.bells import SchoolId
from scheduler.errors import ClashError
from scheduler.members import School
from scheduler.model import Actor, ActorRole, Session
from scheduler.records import Record
from scheduler.store import Store, Transaction
from tests.builders import (
    NOW,
    a_class,
    a_room,
    a_teacher,
    a_term,
    an_alliance,
    some_bells,
)

T = TypeVar("T")

OFFICE: Final = Actor(name="联盟办公室", role=ActorRole.ALLIANCE_ADMIN, origin="127.0.0.1")


def records_of(school: str) -> list[Record]:
    """A school with two rooms, two teachers and two classes."""
    return [
        School(id=SchoolId(school), name=school),
        *(a_room(school, no) for no in (1, 2)),
        *(a_teacher(school, no) for no in (1, 2)),
        *(a_class(school, no) for no in (1, 2)),
        a_term(school),
        some_bells(school),
    ]


def alliance_records() -> list[Record]:
    """An alliance with a bridge for two sessions, and TF1, JS and CB."""
    book = an_alliance()
    return [
        book.alliance,
        *book.link_pools.values(),
        *(record for school in ("TF1", "JS", "CB") for record in records_of(school)),
    ]


@dataclass(frozen=True)
class Desk:
    """A store at which the alliance's office works; SQL can be typed past it by hand."""

    store: Store
    by_hand: AsyncEngine

    async def write(
        self,
        use_case: Callable[[Transaction], Awaitable[T]],
        *,
        now: datetime = NOW,
        dry_run: bool = False,
    ) -> T:
        return await self.store.write(use_case, actor=OFFICE, now=now, dry_run=dry_run)

    def read(self, *, now: datetime = NOW) -> AbstractAsyncContextManager[Transaction]:
        return self.store.read(now=now)

    async def put(self, *records: Record) -> int:
        return await self.write(lambda transaction: transaction.put_many(records))

    async def add(self, *sessions: Session, now: datetime = NOW) -> None:
        async def add_all(transaction: Transaction) -> None:
            for session in sessions:
                await transaction.add_session(session)

        await self.write(add_all, now=now)

    async def replace(self, before: Session, after: Session, *, now: datetime = NOW) -> None:
        await self.write(lambda transaction: transaction.replace_session(before, after), now=now)

    async def book(self, session: Session, *, now: datetime = NOW) -> None:
        """Book as every use case does: lock, look, decide, store."""

        async def decide(transaction: Transaction) -> None:
            await transaction.lock(session.resources())
            situation = await transaction.situation([session])
            if any(other.slot.overlaps(session.slot) for other in situation.sessions):
                raise ClashError(())
            await transaction.add_session(session)

        await self.write(decide, now=now)

    async def type(self, statement: str, **values: Any) -> list[Any]:
        """Run one statement that somebody typed, and commit it."""
        async with self.by_hand.begin() as connection:
            result = await connection.execute(text(statement), values)
            return list(result.all()) if result.returns_rows else []
