"""Published calendars: who may read which, what they read, and what nobody is told."""

from scheduler.feeds.free_busy import asked_stretch, read_free_busy
from scheduler.feeds.ledger import CANCELLED_IS_SHOWN_FOR
from scheduler.feeds.packing import Feed
from scheduler.feeds.polling import Polls, client_of
from scheduler.feeds.serving import Feeds
from scheduler.feeds.subscribing import (
    SubscriptionWish,
    renew,
    require_calendar,
    revoke,
    subject_of,
    subscribe,
)

__all__ = [
    "CANCELLED_IS_SHOWN_FOR",
    "Feed",
    "Feeds",
    "Polls",
    "SubscriptionWish",
    "asked_stretch",
    "client_of",
    "read_free_busy",
    "renew",
    "require_calendar",
    "revoke",
    "subject_of",
    "subscribe",
]
