"""What happens by itself. What is due is a query, so a missed or doubled run is harmless."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, cast

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.schedulers.base import STATE_RUNNING
from apscheduler.triggers.interval import IntervalTrigger

from scheduler import outcomes, planning
from scheduler.booking import consent, expiring_links
from scheduler.booking.proposals import close_proposals
from scheduler.delivery.gathering import gather, route
from scheduler.delivery.mail import MailServer
from scheduler.delivery.outlets import Outlets
from scheduler.delivery.sending import send_due
from scheduler.disruptions import link_tests
from scheduler.errors import NotFoundError
from scheduler.feeds import CANCELLED_IS_SHOWN_FOR, Polls
from scheduler.imports import CalendarFetcher, CalendarReader, refresh_due
from scheduler.invitations import tell_due
from scheduler.model import Actor, ActorRole
from scheduler.planning import freed_places
from scheduler.planning.waiting_requests import Tried
from scheduler.store import Store
from scheduler.workers import Workers

ANSWERS_KEPT: Final = timedelta(hours=48)
"""How long an Idempotency-Key is remembered."""

log = structlog.get_logger()
Clock = Callable[[], datetime]
SHORTEST_DELAY: Final = timedelta(minutes=5)
DELAYS: Final = 3
"""So many times its own pause, and so long at least, a job may fail before it counts as late."""
LONGEST_SEARCH: Final = timedelta(hours=2)
"""Twice what a plan may ask for: what is at hand has to be read and written, too."""
PATIENCE_SECONDS: Final = 15.0
"""How long a job may take to come to its end once it shall stop."""
MACHINE: Final = Actor(name="lianke", role=ActorRole.ALLIANCE_ADMIN, origin="job")


@dataclass(frozen=True, slots=True)
class Job:
    """A piece of work and how often it is asked for; longer than `at_most` at work, it hangs."""

    work: Callable[[Store, Clock], Awaitable[None]]
    seconds: int
    at_most: timedelta = timedelta(minutes=15)


async def expire_holds(store: Store, clock: Clock) -> None:
    """Free what unanswered holds and proposals take."""
    await store.write(consent.expire_holds, actor=MACHINE, now=clock())
    await store.write(close_proposals, actor=MACHINE, now=clock())


def offering_freed_places() -> Job:
    """The job that offers what has become free to those who wait."""
    tried = Tried()

    async def offer_freed_places(store: Store, clock: Clock) -> None:
        await freed_places.offer_freed_places(store, clock, MACHINE, tried)

    return Job(offer_freed_places, seconds=10)


async def warn_in_time(store: Store, clock: Clock) -> None:
    """Tell of links that were not tested or run out, while there is time to see to it."""
    with suppress(NotFoundError):  # before an alliance is imported
        await link_tests.warn_of_untested(store, clock(), MACHINE)
        await expiring_links.warn_of_expiring(store, clock(), MACHINE)


def solving_with(workers: Workers) -> Job:
    """The job that solves the plan that waits longest."""

    async def solve_plans(store: Store, clock: Clock) -> None:
        await planning.solve_next(store, clock=clock, workers=workers)

    return Job(solve_plans, seconds=2, at_most=LONGEST_SEARCH)


async def close_outcomes(store: Store, clock: Clock) -> None:
    """Note what was cancelled, and close the outcomes that are old enough, as many as there are."""
    while await store.write(outcomes.close_due, actor=MACHINE, now=clock()):
        pass


def writing_down(polls: Polls) -> Job:
    """Note once a minute who has read which calendar, so that no reader waits for a write."""

    async def note_polls(store: Store, clock: Clock) -> None:
        await polls.write_down(store, actor=MACHINE, now=clock())

    return Job(note_polls, seconds=60)


async def gather_notices(store: Store, clock: Clock) -> None:
    """Turn what has been told into messages, as many as are ripe."""
    while await store.write(route, actor=MACHINE, now=clock()):
        pass
    await store.write(gather, actor=MACHINE, now=clock())


def sending_through(outlets: Outlets) -> Job:
    """The job that sends what is due."""

    async def send_messages(store: Store, clock: Clock) -> None:
        await send_due(store, outlets, clock)

    return Job(send_messages, seconds=2)


def reading_calendars(fetcher: CalendarFetcher, reader: CalendarReader) -> Job:
    """The job that reads imported calendars which are due."""

    async def refresh_imports(store: Store, clock: Clock) -> None:
        while await refresh_due(store, fetcher, reader, clock):
            pass

    return Job(refresh_imports, seconds=5)


LETTERS_AT_ONCE: Final = 10


def telling_guests(server: MailServer | None) -> Job:
    """The job that tells invited guests what has become of their session, if there is mail."""

    async def send_invitations(store: Store, clock: Clock) -> None:
        for _ in range(LETTERS_AT_ONCE if server is not None else 0):
            if server is None or not await tell_due(store, server, clock):
                return

    return Job(send_invitations, seconds=5)


def forgetting(*, audit_days: int, notice_days: int) -> Job:
    """Forget once an hour what need not be remembered: old answers, what left calendars long ago.

    Of what was told and of the audit the oldest, in parts between which others write.
    """

    async def forget(store: Store, clock: Clock) -> None:
        now = clock()
        for forgotten in (
            lambda transaction: transaction.forget_answers(now - ANSWERS_KEPT),
            lambda transaction: transaction.forget_departures(now - CANCELLED_IS_SHOWN_FOR),
        ):
            await store.write(forgotten, actor=MACHINE, now=now)
        for part in (
            lambda transaction: transaction.forget_told(now - timedelta(days=notice_days)),
            lambda transaction: transaction.purge_audit(now - timedelta(days=audit_days)),
        ):
            while await store.write(part, actor=MACHINE, now=now):
                pass

    return Job(forget, seconds=3600)


JOBS: Final = (
    Job(expire_holds, seconds=60),
    Job(warn_in_time, seconds=60),
    Job(gather_notices, seconds=5),
    Job(close_outcomes, seconds=600),
)


class Jobs:
    """The jobs of one process, each at most once at a time; a failure is logged and retried."""

    def __init__(self, store: Store, clock: Clock, jobs: Sequence[Job] = JOBS) -> None:
        self._store = store
        self._clock = clock
        self._at_work: dict[Job, asyncio.Task[None]] = {}
        self._began: dict[Job, datetime] = {}
        self._succeeded: dict[Job, datetime] = {job: clock() for job in jobs}
        self._scheduler = AsyncIOScheduler(job_defaults={"coalesce": True, "max_instances": 1})
        for job in jobs:
            # Without a trigger: at once, so that what has waited for this process waits no longer.
            self._scheduler.add_job(self._run, args=[job])
            self._scheduler.add_job(self._run, IntervalTrigger(seconds=job.seconds), args=[job])

    @property
    def are_running(self) -> bool:
        """Whether what is due will be done."""
        return bool(self._scheduler.state == STATE_RUNNING)

    @property
    def late(self) -> tuple[str, ...]:
        """The names of those that have not succeeded for long; while at work, that hang."""
        return tuple(job.work.__name__ for job in self._succeeded if self._is_late(job))

    def _is_late(self, job: Job) -> bool:
        now = self._clock()
        if job in self._at_work:
            return now - self._began[job] > job.at_most
        pause = timedelta(seconds=job.seconds)
        return now - self._succeeded[job] > max(SHORTEST_DELAY, DELAYS * pause)

    def start(self) -> None:
        """Do from now on what is due."""
        self._scheduler.start()

    def pause(self) -> None:
        """Begin nothing more."""
        self._scheduler.pause()

    async def stop(self, patience: float = PATIENCE_SECONDS) -> bool:
        """Begin nothing more, and end what is at work where it waits: undone, or handed back.

        Whether all of it has ended: a thread that computes goes on until it looks up.
        """
        self._scheduler.pause()
        at_work = tuple(self._at_work.values())
        for task in at_work:
            task.cancel()
        if at_work:
            await asyncio.wait(at_work, timeout=patience)
        self._scheduler.shutdown()
        return all(task.done() for task in at_work)

    async def _run(self, job: Job) -> None:
        if job in self._at_work:
            return
        self._at_work[job] = cast("asyncio.Task[None]", asyncio.current_task())
        self._began[job] = self._clock()
        try:
            await job.work(self._store, self._clock)
            self._succeeded[job] = self._clock()
        except asyncio.CancelledError:
            await log.ainfo("job stopped", job=job.work.__name__)
        except Exception:  # noqa: BLE001 - the next run tries again
            await log.aexception("job failed", job=job.work.__name__)
        finally:
            del self._at_work[job]
