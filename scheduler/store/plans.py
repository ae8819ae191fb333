"""What the solver proposes, kept until somebody publishes it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy import and_, insert, or_, select

from calendars.text import Text
from scheduler.errors import NotFoundError, StateError
from scheduler.model import Plan, PlanId, PlanState
from scheduler.store import tables
from scheduler.store.audit import write_audit
from scheduler.store.codec import decode, encode
from scheduler.store.opened import OpenTransaction
from scheduler.store.successors import write_over

_TABLE = tables.plans
_KIND: Final = "plans"
_CALLED: Final = Text("方案", "plan")


async def plan(transaction: OpenTransaction, id: PlanId) -> Plan:
    """One plan, or `NotFoundError`."""
    row = await transaction.first(select(_TABLE.c.body).where(_TABLE.c.id == id))
    if row is None:
        raise NotFoundError(f"没有编号为 {id} 的方案。", f"No such plan: {id}.")
    return decode(Plan, row.body)


async def plans(
    transaction: OpenTransaction, *, after: str = "", limit: int = 100
) -> Sequence[Plan]:
    """Plans by id, those that come after `after`."""
    query = select(_TABLE.c.body).where(_TABLE.c.id > after).order_by(_TABLE.c.id).limit(limit)
    return tuple(decode(Plan, row.body) for row in await transaction.all(query))


async def add_plan(transaction: OpenTransaction, plan: Plan) -> None:
    """Store a new plan (`StateError` if the id is taken)."""
    if await transaction.first(select(_TABLE.c.id).where(_TABLE.c.id == plan.id)):
        raise StateError(f"方案 {plan.id} 已经存在。", f"The plan {plan.id} already exists.")
    await transaction.run(insert(_TABLE), [_columns(plan)])
    await write_audit(transaction, "create", (_KIND, plan.id), after=_told(plan))


async def replace_plan(transaction: OpenTransaction, before: Plan, after: Plan) -> None:
    """Store the successor of `before`, one revision later; `StaleError` if it changed meanwhile."""
    after = replace(after, id=before.id, revision=before.revision + 1)
    await write_over(transaction, _TABLE, before, _columns(after), called=_CALLED)
    await write_audit(
        transaction, "change", (_KIND, after.id), before=_told(before), after=_told(after)
    )


async def claim_waiting_plan(transaction: OpenTransaction) -> Plan | None:
    """The plan that has waited longest, locked so that no other process takes it; None if none.

    A plan whose search has not told anything in time (its process was killed) waits again.
    """
    searches = tables.searches
    is_abandoned = select(searches.c.plan).where(searches.c.alive_until <= transaction.now)
    row = await transaction.first(
        select(_TABLE.c.body)
        .where(
            or_(
                _TABLE.c.state == PlanState.WAITING,
                and_(_TABLE.c.state == PlanState.SOLVING, _TABLE.c.id.in_(is_abandoned)),
            )
        )
        .order_by(_TABLE.c.created_at, _TABLE.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    return None if row is None else decode(Plan, row.body)


def _columns(plan: Plan) -> dict[str, object]:
    return {
        "id": plan.id,
        "state": plan.state.value,
        "created_at": plan.created_at,
        "revision": plan.revision,
        "body": encode(plan),
    }


def _told(plan: Plan) -> dict[str, object]:
    """What the audit keeps of a plan: the placements themselves stay with the plan."""
    return {
        "term": plan.term,
        "state": plan.state,
        "placed": len(plan.placements),
        "unplaced": len(plan.unplaced),
        "cost": plan.cost,
    }
