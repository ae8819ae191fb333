"""Plans asked for, and searches asked to stop."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Annotated
from uuid import uuid4

from msgspec import Meta

from calendars.fields import Line
from scheduler.booking.revisions import require_revision
from scheduler.errors import InvalidWishError, StateError
from scheduler.model import Plan, PlanId, PlanState, Supposed
from scheduler.planning.loading import suppose
from scheduler.schools import SchoolBook
from scheduler.store import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanWish:
    """The wish to allocate all open requests of a term.

    `term` is the id of one school's term or the name that several schools' terms share; empty means
    every open request. The search takes up to `seconds`; the same `seed` gives the same plan.
    `supposing` asks what the plan would be if these records were so; it is never published.
    `close_to` is an earlier plan that people know: each session elsewhere costs points (S13).
    """

    term: Line = ""
    seconds: Annotated[int, Meta(ge=1, le=3600)] = 30
    seed: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 1
    supposing: Supposed | None = None
    close_to: PlanId | None = None


async def request_plan(transaction: Transaction, wish: PlanWish) -> Plan:
    """Put a plan in the queue; a job solves it.

    What is supposed must be possible: it is refused like records that are really stored. The plan
    that it shall be close to must have been solved.
    """
    if wish.supposing is not None:
        async with transaction.savepoint() as tried:
            await suppose(transaction, wish.supposing)
            await tried.rollback()
    books = await transaction.books()
    if wish.term and not terms_called(wish.term, books.values()):
        raise InvalidWishError(
            f"没有编号或名称为“{wish.term}”的学期。",
            f"No term has the id or the name {wish.term!r}.",
            pointer="/term",
            value=wish.term,
        )
    if wish.close_to is not None:
        await _require_solved(transaction, wish.close_to)
    plan = Plan(
        id=PlanId(uuid4().hex),
        term=wish.term,
        seconds=wish.seconds,
        seed=wish.seed,
        supposing=wish.supposing,
        close_to=wish.close_to,
        created_at=transaction.now,
    )
    await transaction.add_plan(plan)
    return plan


async def _require_solved(transaction: Transaction, id: PlanId) -> None:
    earlier = await transaction.plan(id)
    if earlier.state not in (PlanState.READY, PlanState.PUBLISHED):
        raise InvalidWishError(
            f"方案 {id} 还没有结果（{earlier.state}），无从少改动。",
            f"The plan {id} has no result that this one could be close to: it is {earlier.state}.",
            pointer="/close_to",
            value=id,
        )


async def stop_plan(transaction: Transaction, id: PlanId, revision: int) -> Plan:
    """End the search early, keeping the best plan found so far; one that waits is withdrawn.

    `StateError` for a plan that is no longer searched for, `StaleError` for another revision.
    """
    plan = await transaction.plan(id)
    require_revision(plan.revision, revision)
    match plan.state:
        case PlanState.WAITING:
            after = replace(plan, state=PlanState.WITHDRAWN)
        case PlanState.SOLVING:
            after = replace(plan, stop_requested=True)
        case _:
            raise StateError(
                f"方案 {id} 不在求解中，无需停止（{plan.state}）。",
                f"The plan {id} is not being searched for: it is {plan.state}.",
            )
    await transaction.replace_plan(plan, after)
    return await transaction.plan(id)


def terms_called(label: str, books: Iterable[SchoolBook]) -> set[str]:
    """The ids of the terms with this id or name."""
    return {term.id for book in books for term in book.time.terms if label in (term.id, term.name)}
