"""Where the tasks of a search go, as the operator decides."""

import os
from collections.abc import Iterator
from dataclasses import replace
from threading import Event, Timer
from time import monotonic, sleep
from typing import Final

import pytest
from distributed import LocalCluster

from scheduler.allocation.weekly import crew
from scheduler.allocation.weekly.crew import Crew, Hands, Stop
from scheduler.workers import Workers

LONG: Final = 60.0
SOON: Final = 40.0


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine a process hears of a stop late; what never hears works for a minute."""
    monkeypatch.setattr(crew, "STOP_PATIENCE_SECONDS", SOON)


def test_without_a_wish_there_are_only_our_own_threads() -> None:
    with Workers().opened() as hands:
        assert hands == Hands()


def test_processes_work_beside_the_service() -> None:
    with Workers("processes").opened() as hands:
        assert hands.executor is not None
        assert hands.executor.submit(os.getppid).result() == os.getpid()


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    with LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0"
    ) as cluster:
        yield cluster


def test_a_dask_scheduler_takes_tasks_for_its_workers(cluster: LocalCluster) -> None:
    with Workers(cluster.scheduler_address).opened() as hands:
        assert hands.executor is not None
        assert hands.executor.submit(os.getpid).result() != os.getpid()


def test_where_nobody_answers_our_own_threads_do_it() -> None:
    with Workers("tcp://127.0.0.1:9").opened() as hands:
        assert hands.executor is None


def busy_until(stop: Stop) -> tuple[int, bool]:
    """Who has worked until the stop was heard, or for a minute."""
    ends = monotonic() + LONG
    while not stop.is_set() and monotonic() < ends:
        sleep(0.02)
    return os.getpid(), stop.is_set()


def stopped(workers: Workers) -> tuple[list[tuple[int, bool]], float]:
    """What two tasks tell when the search is stopped soon after they began, and when they ended."""
    asked, told = Event(), list[Exception]()
    stop = Stop(asked)
    with workers.opened() as opened:
        hands = replace(opened, on_loss=told.append)
        with Crew(hands, stop=stop) as ours:
            ready = [ours.start(divmod, 7, 2) for _ in range(2)]
            assert [ours.result(each, monotonic() + LONG) for each in ready] == [(3, 1)] * 2
            tasks = [ours.start(busy_until, stop) for _ in range(2)]
            begun = monotonic()
            Timer(0.5, asked.set).start()
            found = [ours.result(each, begun + LONG) for each in tasks]
    assert told == []
    return found, monotonic() - begun


def test_a_stop_is_heard_by_processes() -> None:
    found, seconds = stopped(Workers("processes"))
    assert [heard for _, heard in found] == [True, True]
    assert os.getpid() not in {pid for pid, _ in found}
    assert seconds < SOON


def test_a_stop_is_heard_by_the_workers_of_a_dask_scheduler(cluster: LocalCluster) -> None:
    found, seconds = stopped(Workers(cluster.scheduler_address))
    assert [heard for _, heard in found] == [True, True]
    assert os.getpid() not in {pid for pid, _ in found}
    assert seconds < SOON
    # Another search on the same workers goes on.
    with Workers(cluster.scheduler_address).opened() as hands:
        assert hands.executor is not None
        assert hands.executor.submit(Stop.is_set, Stop()).result() is False
