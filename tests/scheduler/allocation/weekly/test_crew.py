"""Whoever does the work - threads, processes, other machines - the answer is the same."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from threading import Event, Timer
from time import monotonic

import pytest
from distributed import Client, LocalCluster, Worker

from scheduler.allocation.weekly import crew, search
from scheduler.allocation.weekly.crew import Crew, Hands
from scheduler.allocation.weekly.problem import WeeklyAnswer, WeeklyProblem
from scheduler.allocation.weekly.solve import solve_weekly
from tests.scheduler.allocation.weekly.test_apart import side_by_side
from tests.scheduler.allocation.weekly.weeks import a_crowded_week, faults_of, is_complete

LARGE = a_crowded_week(7, activities=40, places=8)


@pytest.fixture(scope="module")
def processes() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        yield pool


def a_cluster(workers: int) -> LocalCluster:
    return LocalCluster(
        n_workers=workers, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0"
    )


@pytest.fixture(scope="module")
def machines() -> Iterator[Client]:
    """Two worker processes and their scheduler, as they would run on three machines."""
    with a_cluster(workers=2) as cluster, Client(cluster) as client:
        yield client


@pytest.fixture
def _in_many_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the problem were too large for one model, with little to do for each task."""
    monkeypatch.setattr(search, "WHOLE_PLACES", 0)
    monkeypatch.setattr(search, "MOVES_A_SECOND", 100)
    monkeypatch.setattr(search, "WINDOWS_A_SECOND", 0.01)
    monkeypatch.setattr(search, "WINDOW_EFFORT", 0.05)
    monkeypatch.setattr("scheduler.allocation.weekly.annealing.MOVES_OF_A_TASK", 20_000)


def solved(executor: Executor | None = None, problem: WeeklyProblem = LARGE) -> WeeklyAnswer:
    return solve_weekly(problem, seconds=600, seed=1, hands=Hands(executor=executor))


@pytest.mark.usefixtures("_in_many_tasks")
def test_processes_give_the_same_answer_as_threads(processes: ProcessPoolExecutor) -> None:
    answer = solved()
    assert solved(processes) == answer
    assert faults_of(LARGE, answer.chosen) == []
    assert is_complete(LARGE, answer)


@pytest.mark.usefixtures("_in_many_tasks")
def test_two_workers_of_a_dask_scheduler_share_the_work_and_give_the_same_answer(
    machines: Client,
) -> None:
    assert solved(machines.get_executor()) == solved()
    assert all(done > 0 for done in machines.run(tasks_done).values())


def tasks_done(dask_worker: Worker) -> int:
    return sum("compute-task" in str(each) for each in dask_worker.state.log)


def test_parts_of_a_problem_are_spread_too(
    machines: Client, processes: ProcessPoolExecutor
) -> None:
    towns = side_by_side([a_crowded_week(number) for number in range(4)])
    answer = solved(problem=towns)
    assert solved(machines.get_executor(), towns) == answer
    assert solved(processes, towns) == answer
    assert answer.bound == answer.cost


@pytest.mark.usefixtures("_in_many_tasks")
def test_processes_that_die_change_nothing() -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        with pytest.raises(BrokenExecutor):
            pool.submit(os._exit, 1).result()
        assert solved(pool) == solved()


def test_whoever_asks_is_told_once_that_processes_have_died() -> None:
    told: list[Exception] = []
    divide: Callable[[int, int], tuple[int, int]] = divmod
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        pool.submit(os._exit, 1)
        with Crew(Hands(executor=pool, on_loss=told.append)) as hands:
            tasks = [hands.start(divide, 7, 2) for _ in range(3)]
            assert [hands.result(task, monotonic() + 60) for task in tasks] == [(3, 1)] * 3
    assert [type(error) for error in told] == [BrokenProcessPool]


@pytest.mark.usefixtures("_in_many_tasks")
def test_workers_that_never_answer_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "PATIENCE_SECONDS", -599.0)
    with a_cluster(workers=0) as cluster, Client(cluster) as client:
        assert solved(client.get_executor()) == solved()


@pytest.mark.usefixtures("_in_many_tasks")
def test_a_search_by_workers_that_never_answer_stops_soon_when_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(crew, "STOP_PATIENCE_SECONDS", 0.2)
    stop = Event()
    with a_cluster(workers=0) as cluster, Client(cluster) as client:
        asking = Timer(0.5, stop.set)
        asking.start()
        begun = monotonic()
        hands = Hands(executor=client.get_executor())
        answer = solve_weekly(LARGE, seconds=600, seed=1, stop=stop, hands=hands)
        assert monotonic() - begun < 60
        asking.join()
    assert is_complete(LARGE, answer)


def test_a_task_that_fails_by_itself_fails_here_too(processes: ProcessPoolExecutor) -> None:
    divide: Callable[[int, int], tuple[int, int]] = divmod
    with Crew(Hands(executor=processes)) as hands:
        task = hands.start(divide, 1, 0)
        with pytest.raises(ZeroDivisionError):
            hands.result(task, monotonic() + 60)
