"""The only code that runs SQL: one store, two engines."""

from scheduler.store.store import Backlog, Claim, Link, Store, Stored, Transaction

__all__ = ["Backlog", "Claim", "Link", "Store", "Stored", "Transaction"]
