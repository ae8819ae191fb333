"""Outages: a room or link goes out of use; whom it hits, where they could go, and the way back."""

from scheduler.disruptions.outages.applying import Remedies, Remedy, apply_remedies
from scheduler.disruptions.outages.hit import key_of, sessions_hit, sessions_moved
from scheduler.disruptions.outages.importing import Hit, ImportedAndTold, import_and_warn
from scheduler.disruptions.outages.marking import Foreseen, foresee, mark, unmark

__all__ = [
    "Foreseen",
    "Hit",
    "ImportedAndTold",
    "Remedies",
    "Remedy",
    "apply_remedies",
    "foresee",
    "import_and_warn",
    "key_of",
    "mark",
    "sessions_hit",
    "sessions_moved",
    "unmark",
]
