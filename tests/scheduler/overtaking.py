"""Two who write at once, in the worst of orders: one halts half-way while the other tries to pass.

Where the first has locked what both need, the other waits and comes second; where it has not, the
other is done by then. So a lock that is missing shows each time, not now and then.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from scheduler.errors import SchedulerError
from scheduler.model import Actor
from scheduler.store import Transaction
from tests.builders import NOW
from tests.scheduler.desk import OFFICE, Desk

A_MOMENT: Final = 0.3
"""Seconds in which whoever need not wait is done."""
UseCase = Callable[[Transaction], Awaitable[Any]]


@dataclass
class Encounter:
    """What both brought, or were told; and how often their transactions had to begin."""

    first: Any = None
    second: Any = None
    begun: int = 0
    halted: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def refused(self) -> list[SchedulerError]:
        """What was said to those who got nothing."""
        return [each for each in (self.first, self.second) if isinstance(each, SchedulerError)]


async def overtake(
    desk: Desk,
    first: UseCase,
    second: UseCase,
    *,
    halt: str,
    turn: int = 1,
    by: Actor = OFFICE,
    now: datetime = NOW,
) -> Encounter:
    """Run `first`, which halts as it asks `halt` of its transaction for the `turn`-th time.

    Then comes `second`, in a transaction of its own. The first goes on once that has ended, or
    after a moment if it waits.
    """
    met = Encounter()
    other = asyncio.create_task(_second(desk, second, met, by, now))

    async def halting(transaction: Transaction) -> Any:
        met.begun += 1
        if not met.halted.is_set():
            _halt(transaction, halt, turn, met, other)
        return await first(transaction)

    met.first, met.second = await asyncio.gather(
        desk.do(halting, by=by, now=now), other, return_exceptions=True
    )
    assert met.halted.is_set(), f"The first never asked {halt} for the {turn}. time."
    for each in (met.first, met.second):
        if isinstance(each, BaseException) and not isinstance(each, SchedulerError):
            raise each
    return met


async def _second(desk: Desk, use_case: UseCase, met: Encounter, by: Actor, now: datetime) -> Any:
    await met.halted.wait()

    async def counted(transaction: Transaction) -> Any:
        met.begun += 1
        return await use_case(transaction)

    return await desk.do(counted, by=by, now=now)


def _halt(
    transaction: Transaction, name: str, turn: int, met: Encounter, other: "asyncio.Task[Any]"
) -> None:
    asked, turns = getattr(transaction, name), iter(range(1, turn + 1))

    async def let_pass() -> None:
        if next(turns, None) == turn:
            met.halted.set()
            await asyncio.wait([other], timeout=A_MOMENT)

    async def later(*given: Any, **named: Any) -> Any:
        await let_pass()
        return await asked(*given, **named)

    setattr(transaction, name, later)
