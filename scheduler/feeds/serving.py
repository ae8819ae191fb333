"""What readers of published calendars get: bytes, kept until the ledger or the time moves on."""

import asyncio
import gzip
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

import brotli

from scheduler.feeds.content import Content, write_content
from scheduler.feeds.ledger import Ledger, look
from scheduler.feeds.polling import Polls
from scheduler.feeds.reader import Reader
from scheduler.feeds.subscribing import require_calendar
from scheduler.model import Subscription
from scheduler.store import Store
from scheduler.tokens import hash_of

MAX_MEMORY: Final = 128_000_000
"""Octets of feeds that are kept ready."""

GZIP_LEVEL: Final = 4
BROTLI_QUALITY: Final = 3
"""For 1,000 events: 4 ms and 2 ms. The levels above cost as much again for a few per cent."""

_SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Feed:
    """A published calendar, ready to be sent.

    `tag` is the hash of `plain`; `found_at` the moment when these bytes were first written.
    """

    filename: str
    tag: str
    plain: bytes
    gzip: bytes
    br: bytes
    found_at: datetime

    def last_modified(self, now: datetime) -> datetime:
        """The date to tell a client, in whole seconds; it never goes back.

        HTTP dates cannot tell two versions within one second apart. So a version younger than that
        is told as of the second before: who comes back with this date will read it again.
        """
        if now - self.found_at < _SECOND:
            return (self.found_at - _SECOND).replace(microsecond=0)
        return self.found_at.replace(microsecond=0)

    def is_unchanged_since(self, moment: datetime) -> bool:
        """Whether a client that was told `moment` has these bytes."""
        return self.found_at.replace(microsecond=0) <= moment


@dataclass(slots=True)
class _Kept:
    """One reader's feed in memory, with what it takes to see whether it is still right."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    revision: str = ""
    content: Content | None = None
    feed: Feed | None = None

    def current(self, revision: str, now: datetime) -> Feed | None:
        """The feed, unless the ledger or the time has moved on."""
        if self.content is None or self.revision != revision or now >= self.content.valid_until:
            return None
        return self.feed

    @property
    def octets(self) -> int:
        """About how much memory it takes: the bytes as a whole, by event, and compressed."""
        return (
            0
            if self.feed is None
            else 2 * len(self.feed.plain) + len(self.feed.gzip) + len(self.feed.br)
        )


class Feeds:
    """The feeds of one service, each kept as bytes until its revision or the time moves on.

    Subscriptions of equal readers share one. With several services on one database each keeps its
    own: every request asks the database for the revision, so none is ever stale.
    """

    def __init__(self, store: Store, *, max_memory: int = MAX_MEMORY) -> None:
        self.polls = Polls()
        self._store = store
        self._max_memory = max_memory
        self._shelf: OrderedDict[Reader, _Kept] = OrderedDict()

    async def read(
        self, token: str, *, now: datetime, client: str = "", expand: bool = False
    ) -> Feed:
        """The feed that a token opens, or `NotFoundError`, alike for wrong and revoked ones."""
        async with self._store.read(now=now) as transaction:
            subscription = await transaction.subscription_opened_by(hash_of(token))
            require_calendar(subscription)
            revision = await transaction.feed_revision(subscription)
        self.polls.note(subscription.id, now, client)
        reader = Reader.of(subscription, expand=expand)
        kept = self._shelf.setdefault(reader, _Kept())
        self._shelf.move_to_end(reader)
        if feed := kept.current(revision, now):
            return feed
        async with kept.lock:
            return kept.current(revision, now) or await self._write(kept, subscription, reader, now)

    async def _write(
        self, kept: _Kept, subscription: Subscription, reader: Reader, now: datetime
    ) -> Feed:
        async with self._store.read(now=now) as transaction:
            revision = await transaction.feed_revision(subscription)
            ledger = await look(transaction, reader)
        content, feed = await asyncio.to_thread(_prepare, ledger, reader, now, kept)
        kept.revision, kept.content, kept.feed = revision, content, feed
        self._make_room()
        return feed

    def _make_room(self) -> None:
        """Forget the feeds that were read longest ago, if all together have become too large."""
        octets = sum(kept.octets for kept in self._shelf.values())
        while octets > self._max_memory and len(self._shelf) > 1:
            _, forgotten = self._shelf.popitem(last=False)
            octets -= forgotten.octets


def _prepare(ledger: Ledger, reader: Reader, now: datetime, kept: _Kept) -> tuple[Content, Feed]:
    """The new content, and the feed to send: the one before if its bytes are the same."""
    content = write_content(ledger, reader, now=now, before=kept.content)
    before = kept.feed
    if before is not None and before.plain == content.octets:
        return content, before
    name = reader.subject_id or ledger.alliance.alliance.id
    return content, Feed(
        filename=f"{reader.scope}-{name.replace(':', '-')}.ics",
        tag=sha256(content.octets).hexdigest(),
        plain=content.octets,
        gzip=gzip.compress(content.octets, GZIP_LEVEL, mtime=0),
        br=brotli.compress(content.octets, quality=BROTLI_QUALITY),
        found_at=now if before is None else max(now, before.found_at),
    )
