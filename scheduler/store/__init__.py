"""The only code that runs SQL: one store, two engines."""

from scheduler.store.store import Store, Stored, Transaction

__all__ = ["Store", "Stored", "Transaction"]
