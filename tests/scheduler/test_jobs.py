import asyncio
from datetime import datetime, timedelta
from typing import Final

from scheduler import jobs
from scheduler.jobs import JOBS, Job, schedule
from scheduler.store import Store
from tests.builders import NOW

SOON: Final = 10.0


async def test_a_job_that_fails_is_run_again(store: Store) -> None:
    runs = 0
    again = asyncio.Event()

    async def work(_: Store, clock: jobs.Clock) -> None:
        nonlocal runs
        runs += 1
        if runs > 1:
            again.set()
        raise RuntimeError(f"The {runs}. run fails at {clock()}.")

    scheduler = schedule(store, lambda: NOW, (Job(work, seconds=1),))
    scheduler.start()
    await asyncio.wait_for(again.wait(), SOON)
    scheduler.shutdown()
    assert runs > 1


async def test_no_job_runs_twice_at_once(store: Store) -> None:
    at_once = most = 0
    done = asyncio.Event()

    async def work(_: Store, __: jobs.Clock) -> None:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(1.5)
        at_once -= 1
        done.set()

    scheduler = schedule(store, lambda: NOW, (Job(work, seconds=1),))
    scheduler.start()
    await asyncio.wait_for(done.wait(), SOON)
    scheduler.shutdown()
    assert most == 1


async def test_every_job_does_nothing_on_an_empty_database(store: Store) -> None:
    def clock() -> datetime:
        return NOW + timedelta(days=1)

    for job in JOBS:
        await job.work(store, clock)
