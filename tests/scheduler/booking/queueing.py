"""People who wait at a desk, and the job that looks what has become free for them."""

from datetime import datetime
from typing import Any

from scheduler.booking.waiting import Turn, join, look_at_list
from scheduler.model import Session, Waiting, WaitingState, WaitingWish
from scheduler.planning.freed_places import offer_freed_places
from scheduler.store import Transaction
from tests.builders import NOW
from tests.scheduler.desk import OFFICE, Desk, a_booking, a_series, coordinator_of


async def wait_for(desk: Desk, *, by: str = "TF1", now: datetime = NOW, **fields: Any) -> Waiting:
    """That school waits for the lesson of the builders, which is taken."""
    also_at = fields.pop("also_at", ())
    wish = WaitingWish(booking=a_booking(**fields), also_at=also_at)
    return await desk.do(join, wish, by=coordinator_of(by), now=now)


async def wait_for_series(desk: Desk, *, now: datetime = NOW, **fields: Any) -> Waiting:
    """TF1 waits for all dates of the series of the builders."""
    also = fields.pop("also_weekly", ())
    wish = WaitingWish(series_booking=a_series(**fields), also_weekly=also)
    return await desk.do(join, wish, by=coordinator_of("TF1"), now=now)


async def look(desk: Desk, now: datetime = NOW) -> list[Session]:
    """The sessions that the job offers at this moment, the soonest first."""
    before = {each.id for each in await desk.read(Transaction.sessions, limit=None)}
    await offer_freed_places(desk.store, lambda: now, OFFICE)
    found = await desk.read(Transaction.sessions, limit=None)
    offered = [each for each in found if each.id not in before]
    return sorted(offered, key=lambda each: each.slot)


async def state_of(desk: Desk, waiting: Waiting) -> WaitingState:
    return (await desk.read(Transaction.waiting, waiting.id)).state


async def turns_at(desk: Desk, now: datetime = NOW) -> tuple[Turn, ...]:
    return (await desk.read(look_at_list, now=now))()
