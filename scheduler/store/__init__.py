"""The only code that runs SQL: one store, two engines."""

from scheduler.store.store import Backlog, Claim, Store, Stored, Transaction

__all__ = ["Backlog", "Claim", "Store", "Stored", "Transaction"]
