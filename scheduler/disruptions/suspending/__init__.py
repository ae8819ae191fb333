"""Suspensions: schools closed for a day all at once, what becomes of their sessions, and back."""

from scheduler.disruptions.suspending.closing import SuspensionWish, suspend
from scheduler.disruptions.suspending.listing import sessions_to_decide
from scheduler.disruptions.suspending.opening import Returns, lift, put_back

__all__ = ["Returns", "SuspensionWish", "lift", "put_back", "sessions_to_decide", "suspend"]
