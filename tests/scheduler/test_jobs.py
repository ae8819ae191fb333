import asyncio
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from calendars.bells import SchoolId
from scheduler import jobs
from scheduler.jobs import (
    ANSWERS_KEPT,
    JOBS,
    MACHINE,
    SHORTEST_DELAY,
    Job,
    Jobs,
    forgetting,
    offering_freed_places,
)
from scheduler.members import School
from scheduler.store import Store, Transaction
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

    at_work = Jobs(store, lambda: NOW, (Job(work, seconds=1),))
    at_work.start()
    await asyncio.wait_for(again.wait(), SOON)
    await at_work.stop()
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

    at_work = Jobs(store, lambda: NOW, (Job(work, seconds=1),))
    at_work.start()
    await asyncio.wait_for(done.wait(), SOON)
    await at_work.stop()
    assert most == 1


async def test_a_job_that_will_not_end_keeps_nobody_waiting(store: Store) -> None:
    begun = asyncio.Event()

    async def work(_: Store, __: jobs.Clock) -> None:
        begun.set()
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(SOON)
        await asyncio.sleep(0.3)

    at_work = Jobs(store, lambda: NOW, (Job(work, seconds=60),))
    at_work.start()
    await asyncio.wait_for(begun.wait(), SOON)
    assert not await at_work.stop(patience=0.05)
    await asyncio.sleep(0.5)


async def test_a_job_that_fails_for_long_is_late_until_it_succeeds(store: Store) -> None:
    now, fails = NOW, True

    async def work(_: Store, __: jobs.Clock) -> None:
        if fails:
            raise RuntimeError("It fails.")

    at_work = Jobs(store, lambda: now, (Job(work, seconds=1),))
    at_work.start()
    assert at_work.late == ()
    now = NOW + SHORTEST_DELAY + timedelta(seconds=1)
    await until_late_is(at_work, "work")
    fails = False
    await until_late_is(at_work)
    await at_work.stop()


async def test_a_job_that_hangs_is_late_once_it_is_at_work_for_longer_than_it_may_take(
    store: Store,
) -> None:
    now, begun = NOW, asyncio.Event()

    async def work(_: Store, __: jobs.Clock) -> None:
        begun.set()
        await asyncio.sleep(SOON)

    at_work = Jobs(store, lambda: now, (Job(work, seconds=1, at_most=timedelta(hours=1)),))
    at_work.start()
    await asyncio.wait_for(begun.wait(), SOON)
    now = NOW + timedelta(hours=1)
    await until_late_is(at_work)
    now += timedelta(seconds=1)
    await until_late_is(at_work, "work")
    await at_work.stop()


async def until_late_is(at_work: Jobs, *names: str) -> None:
    async with asyncio.timeout(SOON):
        while True:
            if at_work.late == names:
                return
            await asyncio.sleep(0.05)


async def test_what_is_due_is_done_as_soon_as_the_jobs_start(store: Store) -> None:
    done = asyncio.Event()

    async def work(_: Store, __: jobs.Clock) -> None:
        done.set()

    at_work = Jobs(store, lambda: NOW, (Job(work, seconds=3600),))
    at_work.start()
    await asyncio.wait_for(done.wait(), SOON)
    assert await at_work.stop()


async def test_every_job_does_nothing_on_an_empty_database(store: Store) -> None:
    def clock() -> datetime:
        return NOW + timedelta(days=1)

    for job in (*JOBS, offering_freed_places()):
        await job.work(store, clock)


async def test_a_key_is_remembered_for_two_days_and_is_new_again_then(store: Store) -> None:
    async def ask(transaction: Transaction) -> bytes | None:
        return await transaction.remembered("k", b"fingerprint")

    async def answer(transaction: Transaction) -> None:
        await ask(transaction)
        await transaction.remember("k", b"fingerprint", b"answer")

    await store.write(answer, actor=MACHINE, now=NOW)
    forget = forgetting(audit_days=180, notice_days=365).work
    await forget(store, lambda: NOW + ANSWERS_KEPT)
    assert await store.write(ask, actor=MACHINE, now=NOW) == b"answer"
    await forget(store, lambda: NOW + ANSWERS_KEPT + timedelta(seconds=1))
    later = NOW + ANSWERS_KEPT + timedelta(seconds=2)
    other = await store.write(
        lambda transaction: transaction.remembered("k", b"another request"),
        actor=MACHINE,
        now=later,
    )
    assert other is None


async def test_the_audit_is_forgotten_when_it_is_as_old_as_the_operator_says(store: Store) -> None:
    school = School(id=SchoolId("JS"), name="锦水")
    await store.write(lambda transaction: transaction.put_many([school]), actor=MACHINE, now=NOW)

    async def actions() -> list[str]:
        async with store.read(now=NOW) as transaction:
            return [entry.action for entry in await transaction.audit()]

    forget = forgetting(audit_days=200, notice_days=365).work
    await forget(store, lambda: NOW + timedelta(days=200))
    assert await actions() == ["import"]
    await forget(store, lambda: NOW + timedelta(days=200, seconds=1))
    assert await actions() == ["purge"]
