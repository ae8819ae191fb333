"""Outages: a room or link goes out of use; whom it hits, where they could go, and the way back."""

from scheduler.disruptions.outages.applying import Remedies, Remedy, apply_remedies
from scheduler.disruptions.outages.hit import key_of, sessions_hit, sessions_moved
from scheduler.disruptions.outages.marking import mark, unmark

__all__ = [
    "Remedies",
    "Remedy",
    "apply_remedies",
    "key_of",
    "mark",
    "sessions_hit",
    "sessions_moved",
    "unmark",
]
