"""Where the tasks of a search go, as the operator decides."""

import os

from distributed import LocalCluster

from scheduler.workers import Workers


def test_without_a_wish_there_are_only_our_own_threads() -> None:
    with Workers().opened() as executor:
        assert executor is None


def test_processes_work_beside_the_service() -> None:
    with Workers("processes").opened() as executor:
        assert executor is not None
        assert executor.submit(os.getppid).result() == os.getpid()


def test_a_dask_scheduler_takes_tasks_for_its_workers() -> None:
    with (
        LocalCluster(n_workers=1, host="127.0.0.1", dashboard_address="127.0.0.1:0") as cluster,
        Workers(cluster.scheduler_address).opened() as executor,
    ):
        assert executor is not None
        assert executor.submit(os.getpid).result() != os.getpid()


def test_where_nobody_answers_our_own_threads_do_it() -> None:
    with Workers("tcp://127.0.0.1:9").opened() as executor:
        assert executor is None
