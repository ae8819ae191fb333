"""What one plan wins over another: the answer to "what if"."""

from collections import defaultdict
from dataclasses import dataclass

from calendars.series import Weekly
from calendars.text import Text
from scheduler.errors import StateError
from scheduler.model import Plan, PlanId, PlanState, RequestId
from scheduler.store import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How `plan` differs from `other`, request by request.

    `gained` has a place only in `plan`, `lost` only in `other`, `moved` another weekday or time.
    Points are those of all placements.
    """

    plan: PlanId
    other: PlanId
    gained: tuple[RequestId, ...]
    lost: tuple[RequestId, ...]
    moved: tuple[RequestId, ...]
    cost: int
    other_cost: int
    sentence: Text


async def compare(transaction: Transaction, id: PlanId, other_id: PlanId) -> Comparison:
    """Compare two plans that are solved (`StateError` otherwise)."""
    plan, other = await transaction.plan(id), await transaction.plan(other_id)
    for each in (plan, other):
        if each.state not in (PlanState.READY, PlanState.PUBLISHED):
            raise StateError(
                f"方案 {each.id} 还没有结果（{each.state}）。",
                f"The plan {each.id} has no result yet: it is {each.state}.",
            )
    here, there = _times(plan), _times(other)
    gained = tuple(sorted(here.keys() - there.keys()))
    lost = tuple(sorted(there.keys() - here.keys()))
    cost, other_cost = plan.cost or 0, other.cost or 0
    return Comparison(
        plan=id,
        other=other_id,
        gained=gained,
        lost=lost,
        moved=tuple(
            each for each in sorted(here.keys() & there.keys()) if here[each] != there[each]
        ),
        cost=cost,
        other_cost=other_cost,
        sentence=Text(
            f"多排上{len(gained)}个需求，少排{len(lost)}个，代价由{other_cost}变为{cost}。",
            f"{len(gained)} more requests are placed, {len(lost)} fewer; the cost is {cost} "
            f"instead of {other_cost}.",
        ),
    )


def _times(plan: Plan) -> dict[RequestId, set[Weekly]]:
    found: defaultdict[RequestId, set[Weekly]] = defaultdict(set)
    for placement in plan.placements:
        found[placement.request].add(placement.weekly)
    return dict(found)
