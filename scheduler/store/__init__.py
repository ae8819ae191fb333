"""The only code that runs SQL: one store, two engines."""

from scheduler.store.editions import Edition, Standing
from scheduler.store.showing import Shown
from scheduler.store.store import Backlog, Claim, Link, Stamp, Store, Stored, Transaction

__all__ = [
    "Backlog",
    "Claim",
    "Edition",
    "Link",
    "Shown",
    "Stamp",
    "Standing",
    "Store",
    "Stored",
    "Transaction",
]
