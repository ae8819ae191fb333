"""How far the search for a plan has come. No audit: it changes nothing that anybody relies on."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import insert, select, update

from scheduler.errors import NotFoundError
from scheduler.model import Placement, PlanId, Search
from scheduler.store import tables
from scheduler.store.codec import decode, encode
from scheduler.store.opened import OpenTransaction

_TABLE = tables.searches


async def begin_search(
    transaction: OpenTransaction, plan: PlanId, alive_until: datetime
) -> tuple[Search, tuple[Placement, ...]]:
    """Mark the search as running; how far an earlier run had come, and its best placements."""
    row = await transaction.first(select(_TABLE.c.body, _TABLE.c.best).where(_TABLE.c.plan == plan))
    if row is None:
        search = Search(plan=plan, told_at=transaction.now)
        body, best = encode(search), encode(())
        await transaction.run(
            insert(_TABLE), [{"plan": plan, "alive_until": alive_until, "body": body, "best": best}]
        )
        return search, ()
    await transaction.run(
        update(_TABLE).where(_TABLE.c.plan == plan).values(alive_until=alive_until)
    )
    return decode(Search, row.body), decode(tuple[Placement, ...], row.best)


async def tell_search(
    transaction: OpenTransaction,
    search: Search,
    *,
    alive_until: datetime,
    best: Sequence[Placement] | None = None,
) -> None:
    """Store how far it has come; `best` replaces the placements kept, None leaves them."""
    values: dict[str, object] = {"alive_until": alive_until, "body": encode(search)}
    if best is not None:
        values["best"] = encode(tuple(best))
    await transaction.run(update(_TABLE).where(_TABLE.c.plan == search.plan).values(values))


async def search(transaction: OpenTransaction, plan: PlanId) -> Search:
    """How far the search for a plan has come, or `NotFoundError` before it has begun."""
    row = await transaction.first(select(_TABLE.c.body).where(_TABLE.c.plan == plan))
    if row is None:
        raise NotFoundError(
            f"方案 {plan} 还没有开始求解。", f"The search for the plan {plan} has not begun."
        )
    return decode(Search, row.body)
