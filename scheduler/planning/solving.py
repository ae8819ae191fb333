"""From wishes to a plan: asked for, then solved in the background."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, Final
from uuid import uuid4

from msgspec import Meta

from calendars.fields import Line
from calendars.text import Text
from scheduler.allocation import Allocation, OnProgress, Problem, allocate
from scheduler.errors import InvalidWishError
from scheduler.model import (
    Actor,
    ActorRole,
    Lane,
    Plan,
    PlanId,
    PlanState,
    Request,
    RequestState,
    SessionState,
)
from scheduler.schools import SchoolBook, Situation
from scheduler.store import Store, Transaction

PATIENCE: Final = timedelta(minutes=10)
"""How much longer than its search a solver may take before it is given up: stating a large problem
and judging its plan come on top."""

SOLVER: Final = Actor(name="lianke", role=ActorRole.ALLIANCE_ADMIN, origin="allocation")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanWish:
    """The wish to allocate all open requests of a term.

    `term` is the id of one school's term or the name that several schools' terms share; empty means
    every open request. The search takes up to `seconds`; the same `seed` gives the same plan.
    """

    term: Line = ""
    seconds: Annotated[int, Meta(ge=1, le=3600)] = 30
    seed: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 1


async def request_plan(transaction: Transaction, wish: PlanWish) -> Plan:
    """Put a plan in the queue; a job solves it."""
    books = await transaction.books()
    if wish.term and not _terms_called(wish.term, books.values()):
        raise InvalidWishError(
            f"没有编号或名称为“{wish.term}”的学期。",
            f"No term has the id or the name {wish.term!r}.",
            pointer="/term",
            value=wish.term,
        )
    plan = Plan(
        id=PlanId(uuid4().hex),
        term=wish.term,
        seconds=wish.seconds,
        seed=wish.seed,
        created_at=transaction.now,
    )
    await transaction.add_plan(plan)
    return plan


async def solve_next(
    store: Store,
    *,
    clock: Callable[[], datetime],
    on_progress: OnProgress = lambda _: None,
) -> Plan | None:
    """Solve the plan that waits longest; None if none waits.

    No transaction stays open meanwhile. A plan that breaks the solver is kept as failed.
    """
    plan = await store.write(_claim, actor=SOLVER, now=clock())
    if plan is None:
        return None
    try:
        problem = await _problem_of(store, plan, clock())
        allocation = await asyncio.to_thread(
            allocate, problem, seconds=plan.seconds, seed=plan.seed, on_progress=on_progress
        )
    except Exception as error:
        await _settle(store, plan, _failed(plan, error), clock())
        raise
    return await _settle(store, plan, _ready(plan, allocation), clock())


async def _claim(transaction: Transaction) -> Plan | None:
    waiting = await transaction.claim_waiting_plan()
    if waiting is None:
        return None
    overdue = transaction.now + timedelta(seconds=waiting.seconds) + PATIENCE
    await transaction.replace_plan(
        waiting, replace(waiting, state=PlanState.SOLVING, solving_until=overdue)
    )
    return await transaction.plan(waiting.id)


async def _settle(store: Store, before: Plan, after: Plan, now: datetime) -> Plan:
    async def put(transaction: Transaction) -> Plan:
        await transaction.replace_plan(before, after)
        return await transaction.plan(before.id)

    return await store.write(put, actor=SOLVER, now=now)


def _ready(plan: Plan, allocation: Allocation) -> Plan:
    return replace(
        plan,
        state=PlanState.READY,
        placements=allocation.placements,
        unplaced=allocation.unplaced,
        cost=allocation.cost,
        bound=allocation.bound,
    )


def _failed(plan: Plan, error: Exception) -> Plan:
    name = type(error).__name__
    why = Text(f"求解时出错（{name}），请联系管理员。", f"The solver failed ({name}).")
    return replace(plan, state=PlanState.FAILED, failure=why)


async def _problem_of(store: Store, plan: Plan, now: datetime) -> Problem:
    """The open requests of the plan's term and everything that decides about them."""
    async with store.read(now=now) as transaction:
        alliance = await transaction.alliance()
        books = await transaction.books()
        sessions = await transaction.sessions(
            states=(SessionState.HELD, SessionState.CONFIRMED), limit=None
        )
        requests = await _open_requests(transaction)
    terms = _terms_called(plan.term, books.values()) if plan.term else None
    return Problem(
        requests=tuple(each for each in requests if terms is None or each.term in terms),
        situation=Situation(
            alliance=alliance,
            schools=books,
            sessions=tuple(
                session for session in sessions if session.is_live(now) and session.slot.ends > now
            ),
        ),
        now=now,
    )


async def _open_requests(transaction: Transaction) -> Sequence[Request]:
    found: list[Request] = []
    after = ""
    while page := await transaction.list(Request, after=after):
        found += (stored.record for stored in page)
        after = page[-1].record.id
    return [
        request
        for request in found
        if request.state is RequestState.OPEN and request.lane is Lane.TERM
    ]


def _terms_called(label: str, books: Iterable[SchoolBook]) -> set[str]:
    """The ids of the terms with this id or name."""
    return {term.id for book in books for term in book.time.terms if label in (term.id, term.name)}
