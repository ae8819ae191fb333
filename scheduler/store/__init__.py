"""The only code that runs SQL: one store, two engines."""

from scheduler.store.store import Claim, Store, Stored, Transaction

__all__ = ["Claim", "Store", "Stored", "Transaction"]
