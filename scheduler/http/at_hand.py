"""Polls of calendars that are at hand, answered ahead of all that other requests need.

Routing, middlewares and a response of aiohttp's take longer than the whole of such an answer.
"""

import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import datetime
from typing import Final, NamedTuple
from weakref import WeakKeyDictionary

from aiohttp import web

from scheduler.feeds import Feed
from scheduler.http.calls import CLOCK
from scheduler.http.feeds import FEEDS, PATTERN, Poll, client_told, reply_to, wants_single_events
from scheduler.http.logs import ACCESS_LOG, Answered
from scheduler.http.observing import SAFE_HEADERS, request_id
from scheduler.http.operations import STOPPING
from scheduler.http.ready import ReadyAnswer, Reply, http_date, takes_octets

Answering = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
Ready = tuple[int, bytes, bytes]
"""A status, the head without its end, and the body."""
Octets = tuple[object, ...]
"""All that a request without a body consists of."""

_ADDRESS: Final = re.compile(r"/feeds/(?P<token>[A-Za-z0-9_-]+)\.ics(?:\?.*)?")
_METHODS: Final = frozenset({"GET", "HEAD"})
_QUESTIONS: Final = 1024
"""How many questions are known by their octets; clients ask the same over and over."""
_SORTS_OF_POLLS: Final = 64
"""How many answers of one calendar are kept ready."""


class Question(NamedTuple):
    """What a poll asks for."""

    token: str
    expand: bool
    client: str
    poll: Poll

    @classmethod
    def of(cls, request: web.BaseRequest) -> "Question | None":
        """The question, if it is one and its answer may be short."""
        address = _ADDRESS.fullmatch(request.raw_path)
        if address is None or request.method not in _METHODS or "Expect" in request.headers:
            return None
        if not takes_octets(request):
            return None
        expand = wants_single_events(request)
        return cls(address["token"], expand, client_told(request), Poll.of(request))


def answer_polls_first(runner: web.AppRunner) -> None:
    """Let a server that has been set up answer from what is at hand before it asks its app."""
    server = runner.server
    if server is None:
        raise RuntimeError("Set the runner up first.")
    server.request_handler = _AtHand(runner.app, server.request_handler).answer


class _AtHand:
    """What polls of one application need.

    They go into the log and the counts like any other request. What is not at hand takes the long
    way: `otherwise`.
    """

    def __init__(self, app: web.Application, otherwise: Answering) -> None:
        self._otherwise = otherwise
        self._clock, self._feeds = app[CLOCK], app[FEEDS]
        self._log, self._stopping = app[ACCESS_LOG], app[STOPPING]
        self._questions: dict[Octets, Question] = {}
        self._ready: MutableMapping[Feed, dict[Poll, Ready]] = WeakKeyDictionary()

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """The answer to any request."""
        if not request.raw_path.startswith("/feeds/") or self._stopping.is_set():
            return await self._otherwise(request)
        started, now = time.perf_counter(), self._clock()
        octets = (request.method, request.raw_path, request.version, request.raw_headers)
        question = self._questions.get(octets) or Question.of(request)
        feed = None if question is None else await self._feed(question, now)
        if question is None or feed is None:
            return await self._otherwise(request)
        self._remember(octets, question)
        status, head, body = self._reply(question.poll, feed, now)
        name = request_id(request)
        rest = f"Date: {http_date(int(now.timestamp()))}\r\nX-Request-ID: {name}\r\n\r\n"
        seconds = time.perf_counter() - started
        self._log.add(Answered(name, request.method, PATTERN, status, seconds, now))
        return ReadyAnswer(status, head, rest.encode(), body)

    async def _feed(self, question: Question, now: datetime) -> Feed | None:
        token, expand, client, _ = question
        try:
            return await self._feeds.at_hand(token, now=now, client=client, expand=expand)
        except Exception:  # noqa: BLE001 - whatever it is, the long way meets it too and explains it
            return None

    def _remember(self, octets: Octets, question: Question) -> None:
        if octets not in self._questions:
            if len(self._questions) >= _QUESTIONS:
                self._questions.clear()
            self._questions[octets] = question

    def _reply(self, poll: Poll, feed: Feed, now: datetime) -> Ready:
        """The answer to such a poll: as it was given before, if it was."""
        known = self._ready.get(feed)
        if known is None:
            known = self._ready[feed] = {}
        if poll not in known:
            reply = reply_to(poll, feed, now)
            head = Reply(reply.status, {**reply.headers, **SAFE_HEADERS}, reply.body).head()
            if len(known) >= _SORTS_OF_POLLS or not feed.has_settled(now):
                known.clear()
            known[poll] = (reply.status.value, head, b"" if poll.method == "HEAD" else reply.body)
        return known[poll]
