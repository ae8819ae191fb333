"""The only code that runs SQL: one store, two engines."""

from scheduler.store.changed import Ends
from scheduler.store.editions import Edition, Standing
from scheduler.store.file_imports import FileImport
from scheduler.store.showing import Shown
from scheduler.store.store import Backlog, Claim, Link, Stamp, Store, Stored, Transaction
from scheduler.store.surroundings import Surroundings
from scheduler.store.touched import Touched

__all__ = [
    "Backlog",
    "Claim",
    "Edition",
    "Ends",
    "FileImport",
    "Link",
    "Shown",
    "Stamp",
    "Standing",
    "Store",
    "Stored",
    "Surroundings",
    "Touched",
    "Transaction",
]
