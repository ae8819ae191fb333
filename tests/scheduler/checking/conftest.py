"""A database whose health is looked at, with somebody who types SQL past everything."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from scheduler.booking.proposals import propose_move
from scheduler.booking.single import SessionChange
from scheduler.checking.database import check
from scheduler.model import Proposal, Session
from scheduler.model.findings import Check, Finding
from scheduler.store.codec import encode
from tests.builders import NOW, at
from tests.scheduler.desk import Desk, a_booking, coordinator_of


@dataclass
class Patient:
    """A database with a desk, and somebody who types SQL past everything."""

    desk: Desk
    by_hand: AsyncEngine

    async def type(self, statement: str, **values: Any) -> None:
        async with self.by_hand.begin() as connection:
            await connection.execute(text(statement), values)

    async def rewrite(self, session: Session, **fields: Any) -> None:
        """Change only what the body of a session says."""
        body = encode(replace(session, **fields))
        await self.type("UPDATE sessions SET body = :body WHERE id = :id", body=body, id=session.id)

    async def proposed(self) -> Proposal:
        """A lesson of 14:00 for which its schools are asked whether 16:10 would do."""
        session = await self.desk.book(a_booking())
        wish = SessionChange(slot=at("16:10"), reason="班会")
        return await self.desk.do(
            propose_move, session.id, wish, session.revision, by=coordinator_of("TF1")
        )

    async def findings(self, now: Any = NOW) -> set[tuple[Check, str]]:
        """What is wrong."""
        return {(each.check, each.subject) for each in await self._all(now, waiting=False)}

    async def waiting(self, now: Any = NOW) -> set[tuple[Check, str]]:
        """What is not wrong, but waits for people."""
        return {(each.check, each.subject) for each in await self._all(now, waiting=True)}

    async def _all(self, now: Any, *, waiting: bool) -> list[Finding]:
        found = await self.desk.read(check, now=now)
        for each in found:
            assert re.search("[一-鿿]", each.sentence.zh)
            assert each.subject.split()[-1] in each.sentence.en
        return [each for each in found if each.waits_for_people == waiting]


@pytest.fixture
async def patient(each_desk: Desk, database_url: str) -> AsyncIterator[Patient]:
    by_hand = create_async_engine(database_url)
    yield Patient(each_desk, by_hand)
    await by_hand.dispose()
