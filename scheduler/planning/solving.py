"""The search for a plan, in the background: it tells how far it is, and can be taken up again.

The solver runs in a thread. Meanwhile the loop writes down every few seconds what was found and
reads whether somebody wants the search to stop; a process that is killed loses no more than that.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import chain
from threading import Event
from typing import Final

from calendars.text import Text
from scheduler.allocation.allocating import allocate
from scheduler.allocation.problem import Problem
from scheduler.allocation.result import Allocation
from scheduler.allocation.seeking import Stated
from scheduler.allocation.weekly.report import Progress
from scheduler.model import (
    Actor,
    ActorRole,
    Lane,
    Placement,
    Plan,
    PlanState,
    RequestState,
    Search,
)
from scheduler.planning.asking import terms_called
from scheduler.planning.loading import every_request, problem_of, suppose
from scheduler.store import Store, Transaction
from scheduler.workers import THREADS, Workers

BEAT_SECONDS: Final = 2.0
"""How often a search is written down."""
PATIENCE: Final = timedelta(seconds=60)
"""A search that has not been written down for so long has lost its process."""

NOTHING_STATED: Final = Stated(0, 0)

SOLVER: Final = Actor(name="lianke", role=ActorRole.ALLIANCE_ADMIN, origin="allocation")


@dataclass(slots=True)
class _Run:
    """A claimed plan; what its solver's thread has found and what it is asked."""

    plan: Plan
    earlier: Search
    start: tuple[Placement, ...]
    on_progress: Callable[[Progress | Stated], None]
    stop: Event
    workers: Workers
    stated: Stated = NOTHING_STATED
    progress: Progress | None = None
    best: Callable[[], Sequence[Placement]] | None = None

    def hear_of_requests(self, stated: Stated) -> None:
        """Called by the solver's thread before it searches."""
        self.stated = stated
        self.on_progress(stated)

    def hear(self, progress: Progress, best: Callable[[], Sequence[Placement]]) -> None:
        """Called by the solver's thread."""
        if self.progress is None or progress.answer is not self.progress.answer:
            self.best = best
        self.progress = progress
        self.on_progress(progress)

    def solve(self, problem: Problem) -> Allocation:
        """What is left of the plan's time, spent."""
        with self.workers.opened() as hands:
            return allocate(
                problem,
                seconds=max(0.0, self.plan.seconds - self.earlier.seconds),
                seed=self.plan.seed,
                on_progress=self.hear,
                start=self.start or tuple(chain.from_iterable(problem.earlier.values())),
                stop=self.stop,
                on_stated=self.hear_of_requests,
                hands=hands,
            )


_Note = Callable[[Transaction, _Run, Sequence[Placement] | None], Awaitable[None]]


async def solve_next(
    store: Store,
    *,
    clock: Callable[[], datetime],
    on_progress: Callable[[Progress | Stated], None] = lambda _: None,
    stop: Event | None = None,
    workers: Workers = THREADS,
) -> Plan | None:
    """Search for the plan that waits longest; None if none waits.

    Whoever sets `stop` ends the search early with the best plan so far. A cancelled search goes
    back to those that wait, with what it has found. A plan that breaks the solver is kept as
    failed.
    """
    claimed = await store.write(_claim, actor=SOLVER, now=clock())
    if claimed is None:
        return None
    run = _Run(*claimed, on_progress, stop or Event(), workers)
    try:
        problem = await _problem_of(store, run.plan, clock())
        allocation = await _watched(store, run, problem, clock)
    except Exception as error:
        await _settle(store, run, partial(_failed, error), clock())
        raise
    return await _settle(store, run, partial(_ready, allocation), clock())


async def _claim(
    transaction: Transaction,
) -> tuple[Plan, Search, tuple[Placement, ...]] | None:
    waiting = await transaction.claim_waiting_plan()
    if waiting is None:
        return None
    await transaction.replace_plan(waiting, replace(waiting, state=PlanState.SOLVING))
    earlier, start = await transaction.begin_search(waiting.id, transaction.now + PATIENCE)
    return await transaction.plan(waiting.id), earlier, start


async def _watched(
    store: Store, run: _Run, problem: Problem, clock: Callable[[], datetime]
) -> Allocation:
    """The allocation, found in a thread while the search is written down."""
    finding = asyncio.get_running_loop().run_in_executor(None, run.solve, problem)
    try:
        while not finding.done():
            await asyncio.wait((finding,), timeout=BEAT_SECONDS)
            await _write_down(store, run, _beat, clock())
        return finding.result()
    except asyncio.CancelledError:
        run.stop.set()
        await asyncio.wait((finding,))
        await _write_down(store, run, _hand_back, clock())
        raise


async def _write_down(store: Store, run: _Run, how: _Note, now: datetime) -> None:
    newer, run.best = run.best, None
    best = None if newer is None else await asyncio.to_thread(newer)
    await store.write(lambda transaction: how(transaction, run, best), actor=SOLVER, now=now)


async def _beat(transaction: Transaction, run: _Run, best: Sequence[Placement] | None) -> None:
    """Write down what was found, and ask whether to go on."""
    plan = await transaction.plan(run.plan.id)
    if plan.stop_requested:
        run.stop.set()
    await transaction.tell_search(
        _search(run, transaction.now), alive_until=transaction.now + PATIENCE, best=best
    )


async def _hand_back(transaction: Transaction, run: _Run, best: Sequence[Placement] | None) -> None:
    await _beat(transaction, run, best)
    plan = await transaction.plan(run.plan.id)
    if plan.state is PlanState.SOLVING:
        await transaction.replace_plan(plan, replace(plan, state=PlanState.WAITING))


def _search(run: _Run, now: datetime) -> Search:
    found, stated = run.progress, run.stated
    so_far = replace(run.earlier, stated=stated.requests, requests=stated.of, told_at=now)
    if found is None:
        return so_far
    return replace(
        so_far,
        seconds=round(run.earlier.seconds + found.seconds, 3),
        placed=found.placed,
        unplaced=found.unplaced,
        cost=found.cost,
        bound=found.bound,
        gap=None if found.bound is None else found.cost - found.bound,
    )


async def _settle(store: Store, run: _Run, outcome: Callable[[Plan], Plan], now: datetime) -> Plan:
    """Store what became of the plan, unless another process was quicker."""

    async def put(transaction: Transaction) -> Plan:
        plan = await transaction.plan(run.plan.id)
        if plan.state is PlanState.SOLVING:
            await transaction.replace_plan(plan, outcome(plan))
            search = _search(run, transaction.now)
            await transaction.tell_search(search, alive_until=transaction.now, best=())
        return await transaction.plan(run.plan.id)

    return await store.write(put, actor=SOLVER, now=now)


def _ready(allocation: Allocation, plan: Plan) -> Plan:
    return replace(
        plan,
        state=PlanState.READY,
        placements=allocation.placements,
        unplaced=allocation.unplaced,
        balance=allocation.balance,
        cost=allocation.cost,
        bound=allocation.bound,
    )


def _failed(error: Exception, plan: Plan) -> Plan:
    name = type(error).__name__
    why = Text(f"求解时出错（{name}），请联系管理员。", f"The solver failed ({name}).")
    return replace(plan, state=PlanState.FAILED, failure=why)


async def _problem_of(store: Store, plan: Plan, now: datetime) -> Problem:
    """The open requests of the plan's term and everything that decides about them."""

    async def loaded(transaction: Transaction) -> Problem:
        if plan.supposing is not None:
            await suppose(transaction, plan.supposing)
        books = await transaction.books()
        terms = terms_called(plan.term, books.values()) if plan.term else None
        return await problem_of(
            transaction,
            (
                request
                for request in await every_request(transaction)
                if request.state is RequestState.OPEN
                and request.lane is Lane.TERM
                and (terms is None or request.term in terms)
            ),
            close_to=plan.close_to,
        )

    if plan.supposing is None:
        async with store.read(now=now) as transaction:
            return await loaded(transaction)
    return await store.write(loaded, actor=SOLVER, now=now, dry_run=True)
