"""What readers of published calendars get: bytes, kept until the ledger or the time moves on."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from scheduler.feeds.content import Content, write_content
from scheduler.feeds.ledger import Ledger, look
from scheduler.feeds.packing import Feed, packed
from scheduler.feeds.polling import Polls
from scheduler.feeds.reader import Reader
from scheduler.feeds.subscribing import require_calendar
from scheduler.feeds.watching import Watch
from scheduler.model import Actor, ActorRole, Resource, Subscription
from scheduler.store import Edition, Standing, Store, Transaction
from scheduler.tokens import hash_of

PUBLISHER: Final = Actor(name="lianke", role=ActorRole.DISPLAY, origin="feed")
MAX_MEMORY: Final = 128_000_000
"""Octets of feeds that are kept ready."""


class _State(NamedTuple):
    """One state of the database, and how far the calendar had come there."""

    standing: Standing
    ledger: Ledger


@dataclass(slots=True)
class _Kept:
    """One reader's feed in memory, with what it takes to see whether it is still right."""

    asked_at: datetime
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    is_looked_at: bool = False
    standing: Standing | None = None
    content: Content | None = None
    feed: Feed | None = None

    def current(self, standing: Standing, now: datetime) -> Feed | None:
        """The feed, unless the ledger, the time or another process has gone further."""
        if self.content is None or now >= self.content.valid_until:
            return None
        if self.standing is None or not self.standing.covers(standing):
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


@dataclass(frozen=True, slots=True)
class _Opened:
    """What an address opened. All of it holds until something of it is touched after `look`."""

    look: int
    resource: Resource | None
    subscription: Subscription
    kept: _Kept


class Feeds:
    """The feeds of one service, each kept as bytes until its revision or the time moves on.

    Subscriptions of equal readers share one. With several services on one database each keeps its
    own: every poll asks the database whether anything was committed, so none is ever stale.
    Editions of other processes are looked at only when something was touched: without that they
    tell of a later moment, not of a later ledger.
    """

    def __init__(self, store: Store, *, max_memory: int = MAX_MEMORY) -> None:
        self.polls = Polls()
        self._store = store
        self._max_memory = max_memory
        self._shelf: dict[Reader, _Kept] = {}
        self._watch = Watch(store)
        self._opened: dict[tuple[str, bool], _Opened] = {}

    async def at_hand(
        self, token: str, *, now: datetime, client: str = "", expand: bool = False
    ) -> Feed | None:
        """The feed that a token opens, if nothing has touched it since it was read last."""
        if (token, expand) not in self._opened:
            return None
        await self._watch.look(now)
        opened = self._opened.get((token, expand))
        if opened is None or self._watch.has_touched(
            opened.subscription.id, opened.resource, opened.look
        ):
            return None
        kept, subscription = opened.kept, opened.subscription
        if kept.content is None or now >= kept.content.valid_until or not subscription.is_open(now):
            return None
        self.polls.note(subscription.id, now, client)
        kept.asked_at = now
        return kept.feed

    async def read(
        self, token: str, *, now: datetime, client: str = "", expand: bool = False
    ) -> Feed:
        """The feed that a token opens, or `NotFoundError`, alike for wrong and revoked ones."""
        look = await self._watch.look(now)
        self._opened.pop((token, expand), None)
        async with self._store.read(now=now) as transaction:
            subscription = await transaction.subscription_opened_by(hash_of(token))
            require_calendar(subscription)
            reader = Reader.of(subscription, expand=expand)
            standing = await _standing(transaction, reader)
            kept = self._shelf.setdefault(reader, _Kept(now))
            feed = kept.current(standing, now)
            state = None
            if feed is None and not kept.is_looked_at:
                state = await _look(transaction, kept, reader, standing)
        self.polls.note(subscription.id, now, client)
        kept.asked_at = now
        if feed is None:
            async with kept.lock:
                feed = kept.current(standing, now)
                feed = feed or await self._write(kept, reader, now, state)
        self._opened[token, expand] = _Opened(look, reader.resource, subscription, kept)
        return feed

    async def _write(
        self, kept: _Kept, reader: Reader, now: datetime, state: _State | None
    ) -> Feed:
        """The feed as of now, or of the latest clock of those that have written it."""
        while True:
            if state is None:
                async with self._store.read(now=now) as transaction:
                    state = await _look(transaction, kept, reader)
            content, feed = await asyncio.to_thread(_written, state.ledger, reader, now, kept)
            edition = await self._published(reader, state.standing, feed.tag, now)
            if edition.tag == feed.tag:
                break
            now, state = max(now, edition.as_of), None
        if feed.modified != edition.modified:
            feed = replace(feed, modified=edition.modified)
        kept.standing = replace(state.standing, modified=edition.modified)
        kept.content, kept.feed = content, feed
        self._make_room()
        return feed

    async def _published(
        self, reader: Reader, standing: Standing, tag: str, now: datetime
    ) -> Edition:
        """The edition of these bytes, or a newer one of another process."""
        wish = Edition(tag=tag, as_of=now, shown=standing.shown, touched=standing.touched)
        return await self._store.write(
            lambda transaction: transaction.publish(_calendar(reader), wish),
            actor=PUBLISHER,
            now=now,
        )

    def _make_room(self) -> None:
        """Forget the feeds that were read longest ago, if all together have become too large."""
        octets = sum(kept.octets for kept in self._shelf.values())
        *others, _ = sorted(self._shelf.values(), key=lambda kept: kept.asked_at)
        for kept in others:
            if octets > self._max_memory:
                octets -= kept.octets
                kept.content = kept.feed = None


def _calendar(reader: Reader) -> str:
    """What the store calls the calendar of equal readers."""
    return msgspec.json.encode(reader).decode()


async def _standing(transaction: Transaction, reader: Reader) -> Standing:
    return await transaction.standing_of(_calendar(reader), reader.resource)


async def _look(
    transaction: Transaction, kept: _Kept, reader: Reader, standing: Standing | None = None
) -> _State:
    """The state to write from; `standing` is that of this transaction, if it is known already."""
    kept.is_looked_at = True
    try:
        before = None if kept.content is None else kept.content.ledger
        standing = standing or await _standing(transaction, reader)
        return _State(standing, await look(transaction, reader, before))
    finally:
        kept.is_looked_at = False


def _written(ledger: Ledger, reader: Reader, now: datetime, kept: _Kept) -> tuple[Content, Feed]:
    """The content as of now, and the feed that it makes: the one that is kept, if it is the same.

    Any other has no date yet.
    """
    content = write_content(ledger, reader, now=now, before=kept.content)
    if kept.feed is not None and kept.feed.plain == content.octets:
        return content, kept.feed
    name = reader.subject_id or content.ledger.alliance.alliance.id
    return content, packed(content.octets, f"{reader.scope}-{name.replace(':', '-')}.ics")
