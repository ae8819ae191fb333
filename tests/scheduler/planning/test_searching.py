"""The search for a plan: written down as it goes, stopped by people, taken up after a crash."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from threading import Event
from typing import Any

import pytest

from scheduler import planning
from scheduler.allocation.allocating import OnProgress, allocate
from scheduler.allocation.problem import Problem
from scheduler.allocation.reasons import NOT_REACHED
from scheduler.allocation.result import Allocation
from scheduler.allocation.weekly.crew import Hands
from scheduler.errors import NotFoundError, StaleError, StateError
from scheduler.model import Placement, Plan, PlanState
from scheduler.planning import PlanWish, solving
from scheduler.store import Transaction
from tests.builders import NOW
from tests.scheduler.allocation.terms import a_request
from tests.scheduler.desk import Desk

AFTERNOON: dict[str, Any] = {"weekdays": (2,), "earliest": time(13), "latest": time(15)}
WITHIN_SECONDS = 20


async def a_waiting_plan(desk: Desk, **wish: Any) -> Plan:
    await desk.do(Transaction.put_many, (a_request(**AFTERNOON),))
    return await desk.do(planning.request_plan, PlanWish(**wish))


def endless(started: Event, starts: list[Sequence[Placement]]) -> Callable[..., Allocation]:
    """The real allocation, which then goes on searching until it is asked to stop."""

    def search(
        problem: Problem,
        *,
        seconds: float,
        seed: int,
        on_progress: OnProgress,
        start: Sequence[Placement],
        stop: Event,
        on_stated: Callable[[planning.Stated], None],
        hands: Hands,
    ) -> Allocation:
        starts.append(start)
        found = allocate(
            problem,
            seconds=seconds,
            seed=seed,
            on_progress=on_progress,
            start=start,
            on_stated=on_stated,
            hands=hands,
        )
        started.set()
        assert stop.wait(WITHIN_SECONDS)
        return found

    return search


async def until_written_down(desk: Desk, plan: Plan) -> None:
    async with asyncio.timeout(WITHIN_SECONDS):
        while True:
            await asyncio.sleep(0.02)
            try:
                if (await desk.read(Transaction.search, plan.id)).gap is not None:
                    return
            except NotFoundError:
                continue


@pytest.fixture
def search(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[Placement]]:
    """Searches do not end by themselves; what each was started from."""
    starts: list[Sequence[Placement]] = []
    monkeypatch.setattr(solving, "allocate", endless(Event(), starts))
    monkeypatch.setattr(solving, "BEAT_SECONDS", 0.05)
    return starts


@pytest.mark.usefixtures("search")
async def test_a_search_tells_how_far_it_is_and_stops_with_its_best_plan(each_desk: Desk) -> None:
    plan = await a_waiting_plan(each_desk, seconds=600)
    with pytest.raises(NotFoundError, match="has not begun"):
        await each_desk.read(Transaction.search, plan.id)
    solving_it = asyncio.ensure_future(planning.solve_next(each_desk.store, clock=lambda: NOW))
    await until_written_down(each_desk, plan)
    search = await each_desk.read(Transaction.search, plan.id)
    assert (search.placed, search.unplaced, search.gap) == (1, 0, 0)
    assert (search.stated, search.requests) == (1, 1)
    running = await each_desk.read(Transaction.plan, plan.id)
    with pytest.raises(StaleError):
        await each_desk.do(planning.stop_plan, plan.id, running.revision - 1)
    stopping = await each_desk.do(planning.stop_plan, plan.id, running.revision)
    assert (stopping.state, stopping.stop_requested) == (PlanState.SOLVING, True)
    solved = await solving_it
    assert solved is not None
    assert (solved.state, len(solved.placements)) == (PlanState.READY, 1)
    with pytest.raises(StateError, match="not being searched for: it is ready"):
        await each_desk.do(planning.stop_plan, plan.id, solved.revision)


async def test_a_plan_that_waits_is_withdrawn(desk: Desk) -> None:
    plan = await a_waiting_plan(desk)
    stopped = await desk.do(planning.stop_plan, plan.id, plan.revision)
    assert stopped.state is PlanState.WITHDRAWN
    assert await planning.solve_next(desk.store, clock=lambda: NOW) is None


async def test_a_search_whose_service_stops_is_taken_up_where_it_was(
    each_desk: Desk, search: list[Sequence[Placement]]
) -> None:
    plan = await a_waiting_plan(each_desk, seconds=600)
    running = asyncio.ensure_future(planning.solve_next(each_desk.store, clock=lambda: NOW))
    await until_written_down(each_desk, plan)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert (await each_desk.read(Transaction.plan, plan.id)).state is PlanState.WAITING
    stop = Event()
    stop.set()
    solved = await planning.solve_next(each_desk.store, clock=lambda: NOW, stop=stop)
    assert solved is not None
    assert solved.state is PlanState.READY
    assert search == [(), solved.placements]


async def test_a_search_whose_process_was_killed_is_taken_up_after_a_minute(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object, **__: object) -> None:
        raise SystemExit

    waiting = await a_waiting_plan(desk)
    with monkeypatch.context() as patch:
        patch.setattr(solving, "_problem_of", killed)
        with pytest.raises(SystemExit):
            await planning.solve_next(desk.store, clock=lambda: NOW)
    abandoned = await desk.read(Transaction.plan, waiting.id)
    assert abandoned.state is PlanState.SOLVING
    assert await planning.solve_next(desk.store, clock=lambda: NOW) is None
    later = NOW + timedelta(minutes=1)
    solved = await planning.solve_next(desk.store, clock=lambda: later)
    assert solved is not None
    assert (solved.id, solved.state) == (waiting.id, PlanState.READY)


async def test_a_search_that_was_taken_up_elsewhere_does_not_overwrite_its_plan(
    desk: Desk, search: list[Sequence[Placement]]
) -> None:
    plan = await a_waiting_plan(desk, seconds=600)
    slow = asyncio.ensure_future(planning.solve_next(desk.store, clock=lambda: NOW))
    await until_written_down(desk, plan)
    stop = Event()
    stop.set()
    later = NOW + timedelta(minutes=2)
    quick = await planning.solve_next(desk.store, clock=lambda: later, stop=stop)
    assert quick is not None
    running = await desk.read(Transaction.plan, plan.id)
    assert running.state is PlanState.READY
    slow.cancel()
    with pytest.raises(asyncio.CancelledError):
        await slow
    assert await desk.read(Transaction.plan, plan.id) == running
    assert len(search) == 2


async def test_the_time_that_was_spent_is_not_spent_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[float] = []

    def timed(problem: Problem, *, seconds: float, **rest: Any) -> Allocation:
        asked.append(seconds)
        return allocate(problem, seconds=1, **rest)

    def clock() -> datetime:
        return NOW

    monkeypatch.setattr(solving, "allocate", timed)
    plan = await a_waiting_plan(desk, seconds=10)

    async def interrupted(transaction: Transaction) -> None:
        earlier, _ = await transaction.begin_search(plan.id, NOW)
        spent = replace(earlier, seconds=4.0)
        await transaction.tell_search(spent, alive_until=NOW)

    await desk.do(interrupted)
    await planning.solve_next(desk.store, clock=clock)
    assert asked == [6.0]
    assert (await desk.read(Transaction.search, plan.id)).seconds >= 4.0


async def test_a_plan_that_breaks_the_solver_is_kept_as_failed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(solving, "allocate", broken)
    waiting = await a_waiting_plan(desk)
    with pytest.raises(MemoryError):
        await planning.solve_next(desk.store, clock=lambda: NOW)
    failed = await desk.read(Transaction.plan, waiting.id)
    assert failed.state is PlanState.FAILED
    assert failed.failure is not None
    assert failed.failure.en == "The solver failed (MemoryError)."


async def test_progress_is_passed_on_as_it_comes(desk: Desk) -> None:
    await a_waiting_plan(desk, seconds=5)
    told: list[planning.Progress | planning.Stated] = []
    solved = await planning.solve_next(desk.store, clock=lambda: NOW, on_progress=told.append)
    assert solved is not None
    assert told[:2] == [planning.Stated(0, 1), planning.Stated(1, 1)]
    last = told[-1]
    assert isinstance(last, planning.Progress)
    assert (last.placed, last.cost, last.bound) == (1, solved.cost, solved.bound)


async def test_a_plan_is_stopped_between_two_requests_before_its_search_begins(
    each_desk: Desk,
) -> None:
    requests = (a_request("r1", **AFTERNOON), a_request("r2", **AFTERNOON | {"weekdays": (3,)}))
    await each_desk.do(Transaction.put_many, requests)
    plan = await each_desk.do(planning.request_plan, PlanWish(seconds=600))
    stop = Event()

    def stop_at_the_second(progress: planning.Progress | planning.Stated) -> None:
        if progress == planning.Stated(1, 2):
            stop.set()

    solved = await planning.solve_next(
        each_desk.store, clock=lambda: NOW, on_progress=stop_at_the_second, stop=stop
    )
    assert solved is not None
    assert (solved.state, [each.request for each in solved.placements]) == (PlanState.READY, ["r1"])
    assert [(each.request, each.reasons) for each in solved.unplaced] == [("r2", (NOT_REACHED,))]
    search = await each_desk.read(Transaction.search, plan.id)
    assert (search.stated, search.requests) == (1, 2)


async def test_a_search_handed_back_before_all_requests_are_stated_keeps_what_was_found_before(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = await a_waiting_plan(desk, seconds=600)
    stating = Event()
    starts: list[Sequence[Placement]] = []

    def slow(problem: Problem, *, start: Sequence[Placement], stop: Event, **rest: Any) -> Any:
        starts.append(start)
        on_stated = rest.pop("on_stated")

        def wait(stated: planning.Stated) -> None:
            on_stated(stated)
            stating.set()
            assert stop.wait(WITHIN_SECONDS)

        return allocate(problem, start=start, stop=stop, on_stated=wait, **rest)

    with monkeypatch.context() as patch:
        patch.setattr(solving, "allocate", endless(Event(), starts))
        patch.setattr(solving, "BEAT_SECONDS", 0.05)
        running = asyncio.ensure_future(planning.solve_next(desk.store, clock=lambda: NOW))
        await until_written_down(desk, plan)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        patch.setattr(solving, "allocate", slow)
        running = asyncio.ensure_future(planning.solve_next(desk.store, clock=lambda: NOW))
        assert await asyncio.to_thread(stating.wait, WITHIN_SECONDS)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    _, best = await desk.do(Transaction.begin_search, plan.id, NOW)
    assert (len(best), starts) == (1, [(), best])
