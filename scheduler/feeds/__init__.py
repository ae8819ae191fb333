"""Published calendars: who may read which, what they read, and what nobody is told."""

from scheduler.feeds.serving import Feed, Feeds
from scheduler.feeds.subscribing import SubscriptionWish, revoke, subscribe

__all__ = ["Feed", "Feeds", "SubscriptionWish", "revoke", "subscribe"]
