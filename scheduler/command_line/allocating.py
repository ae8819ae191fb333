"""A term's plan on the terminal: the search as it goes, the result, and its publication."""

import asyncio
import signal
from threading import Event

from rich.table import Table

from scheduler import planning
from scheduler.command_line.terminal import OPERATOR, console
from scheduler.jobs import Clock
from scheduler.model import Plan, PlanState
from scheduler.store import Store
from scheduler.workers import THREADS, Workers


async def plan_term(
    store: Store, clock: Clock, wish: planning.PlanWish, workers: Workers = THREADS
) -> Plan:
    """A solved plan, with the search drawn as it goes; Ctrl-C ends it with the best plan so far."""
    plan = await store.write(
        lambda transaction: planning.request_plan(transaction, wish), actor=OPERATOR, now=clock()
    )
    with console.status("stating the problem ...") as status:

        def draw(progress: planning.Progress | planning.Stated) -> None:
            if isinstance(progress, planning.Stated):
                status.update(
                    f"{progress.requests} of {progress.of} requests stated "
                    "(Ctrl-C plans those that are)"
                )
                return
            proven = "nothing proven yet" if progress.bound is None else f"bound {progress.bound}"
            status.update(
                f"{progress.seconds:.0f} s: {progress.placed} placed, {progress.unplaced} not, "
                f"cost {progress.cost}, {proven} (Ctrl-C keeps the best plan so far)"
            )

        stop = Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, stop.set)
        solved: Plan | None = plan
        while solved is not None and (solved.id != plan.id or solved.state is PlanState.WAITING):
            solved = await planning.solve_next(
                store, clock=clock, on_progress=draw, stop=stop, workers=workers
            )
    async with store.read(now=clock()) as transaction:
        return await transaction.plan(plan.id)


async def publish_plan(store: Store, clock: Clock, plan: Plan) -> planning.PublishedPlan:
    """The plan as bookings; every rule is asked again."""
    now = clock()
    judged = await planning.judge(store, plan.id, actor=OPERATOR, now=now)
    return await store.write(
        lambda transaction: planning.publish(transaction, plan.id, plan.revision, judged),
        actor=OPERATOR,
        now=now,
    )


def show_plan(plan: Plan) -> None:
    """What was placed where and at what cost, what was not and why, and the solver's bound."""
    table = Table("申请 request", "星期 weekday", "开始 start", "次数 dates", "代价 cost", box=None)
    for placement in plan.placements:
        table.add_row(
            placement.request,
            "一二三四五六日"[placement.weekly.weekday - 1],
            f"{placement.weekly.starts:%H:%M}",
            str(len(placement.dates)),
            str(sum(cost.points for cost in placement.costs)),
        )
    console.print(table)
    for unplaced in plan.unplaced:
        for reason in unplaced.reasons:
            console.print(f"{unplaced.request}: {reason.zh} {reason.en}", markup=False)
    console.print(
        f"{len(plan.placements)} placed, {len(plan.unplaced)} requests not placed; "
        f"cost {plan.cost}, proven bound {plan.bound}."
    )
