"""For those who run the service: is it alive, is it ready, how is it doing."""

import asyncio
from bisect import bisect_left
from collections import Counter as Counts
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from itertools import accumulate
from typing import Final

import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from scheduler.http.calls import CLOCK, STORE
from scheduler.http.logs import ACCESS_LOG, Answered
from scheduler.store import Backlog

routes = web.RouteTableDef()
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class JobsAtWork:
    """What happens by itself: whether it goes on, and the names of jobs that have long failed."""

    are_running: Callable[[], bool]
    late: Callable[[], Sequence[str]]


NO_JOBS: Final = JobsAtWork(are_running=lambda: True, late=tuple)
"""An application without jobs of its own waits for none."""


class Metrics(Collector):
    """What is counted of this application; nothing is shared between two in one process.

    Plain numbers, counted by one thread: a counter of the library's takes a lock for each.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(self)
        self._requests: Counts[tuple[str, str, int]] = Counts()
        self._buckets: dict[str, list[int]] = {}
        self._seconds: dict[str, float] = {}
        self._undelivered = Gauge(
            "lianke_undelivered",
            "What people have not been told yet: notices in no message, messages by state.",
            ("what",),
            registry=self.registry,
        )
        self._oldest = Gauge(
            "lianke_oldest_undelivered_seconds",
            "How long the oldest of them has waited (those that were given up left out).",
            registry=self.registry,
        )

    def note_backlog(self, backlog: Backlog | None, now: datetime) -> None:
        """What waits to be told; None where the database did not say."""
        unknown = float("nan")
        self._undelivered.labels("notices").set(backlog.notices if backlog else unknown)
        self._undelivered.labels("messages").set(backlog.waiting if backlog else unknown)
        self._undelivered.labels("dead").set(backlog.dead if backlog else unknown)
        seconds = unknown
        if backlog is not None:
            seconds = (now - backlog.oldest).total_seconds() if backlog.oldest else 0
        self._oldest.set(seconds)

    def count(self, answered: Answered) -> None:
        """Count one answered request. An unknown method would be a label without bound."""
        known = answered.method if answered.method in _METHODS else "OTHER"
        pattern, seconds = answered.path, answered.seconds
        self._requests[known, pattern, answered.status] += 1
        if pattern not in self._buckets:
            self._buckets[pattern], self._seconds[pattern] = [0] * (len(_BOUNDS) + 1), 0.0
        self._buckets[pattern][bisect_left(_BOUNDS, seconds)] += 1
        self._seconds[pattern] += seconds

    def collect(self) -> Iterator[Metric]:
        """The numbers in the library's words."""
        requests = CounterMetricFamily(
            "lianke_requests", "Requests answered.", labels=("method", "path", "status")
        )
        for (method, pattern, status), number in self._requests.items():
            requests.add_metric((method, pattern, str(status)), number)
        seconds = HistogramMetricFamily(
            "lianke_request_seconds", "Time to answer.", labels=("path",)
        )
        for pattern, counts in self._buckets.items():
            names = (*(str(bound) for bound in _BOUNDS), "+Inf")
            buckets = list(zip(names, accumulate(counts), strict=True))
            seconds.add_metric((pattern,), buckets, self._seconds[pattern])
        yield from (requests, seconds)


METRICS: Final = web.AppKey("metrics", Metrics)
JOBS: Final = web.AppKey("jobs", JobsAtWork)
STOPPING: Final = web.AppKey("stopping", asyncio.Event)
"""Set when the service has been told to stop; it still answers for a while."""
LEAST_ROOM: Final = 64 * 1024 * 1024
"""Octets that an embedded database must have left to be written to."""
UNSENT_TOO_LONG: Final = timedelta(hours=12)
"""Longer than any quiet hours."""
_BOUNDS: Final = Histogram.DEFAULT_BUCKETS[:-1]
"""Seconds; the last of the library's bounds is infinity."""
_METHODS: Final = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


@routes.get("/healthz")
async def is_alive(_request: web.Request) -> web.Response:
    """The process answers."""
    return web.json_response({"status": "alive"})


@routes.get("/readyz")
async def is_ready(request: web.Request) -> web.Response:
    """Whether a request that is sent here is answered and kept; what else people should look after.

    503 only for what another process may do better, or what would lose what is told: it stops, its
    jobs do not run, the database does not answer, has another schema, or no room left. Jobs that
    fail and messages that nobody gets are *concerns*: no other process would be better off.
    """
    app, now = request.app, request.app[CLOCK]()
    if app[STOPPING].is_set():
        return _not_ready("stopping")
    if not app[JOBS].are_running():
        return _not_ready("jobs are not running")
    room = app[STORE].room_left()
    if room is not None and room < LEAST_ROOM:
        return _not_ready("the disk of the database is full or cannot be written to")
    try:
        async with app[STORE].read(now=now) as transaction:
            if not await transaction.has_known_schema():
                return _not_ready("the database has another schema than this process knows")
            stuck = await transaction.stuck_messages()
    except Exception as error:  # noqa: BLE001 - whatever it is, we are not ready
        return _not_ready(type(error).__name__)
    concerns = [f"the job {name} has not succeeded for long" for name in app[JOBS].late()]
    return web.json_response({"status": "ready", "concerns": [*concerns, *_stuck(stuck, now)]})


def _stuck(messages: Backlog, now: datetime) -> Iterator[str]:
    if messages.dead:
        yield f"{messages.dead} messages were given up and wait for a person"
    if messages.oldest is not None and now - messages.oldest > UNSENT_TOO_LONG:
        hours = int((now - messages.oldest).total_seconds() // 3600)
        yield f"the oldest of {messages.waiting} unsent messages has waited for {hours} hours"


def _not_ready(reason: str) -> web.Response:
    return web.json_response(
        {"status": "not ready", "reason": reason}, status=HTTPStatus.SERVICE_UNAVAILABLE
    )


@routes.get("/metrics")
async def metrics(request: web.Request) -> web.Response:
    """Counters in the text format of Prometheus, also while the database does not answer."""
    counted, now = request.app[METRICS], request.app[CLOCK]()
    request.app[ACCESS_LOG].flush()
    backlog = None
    try:
        async with request.app[STORE].read(now=now) as transaction:
            backlog = await transaction.backlog()
    except Exception as error:  # noqa: BLE001 - whatever it is, the counters are still true
        await log.awarning("backlog unknown", error=type(error).__name__)
    counted.note_backlog(backlog, now)
    return web.Response(
        body=generate_latest(counted.registry),
        headers={"Content-Type": CONTENT_TYPE_LATEST},
    )
