"""Outcomes: how each school's part of a session went, closed after the fact, and the report."""

from scheduler.outcomes.closing import close, close_due
from scheduler.outcomes.recording import Correction, HowItWent, correct, record
from scheduler.outcomes.reporting import Report, report

__all__ = [
    "Correction",
    "HowItWent",
    "Report",
    "close",
    "close_due",
    "correct",
    "record",
    "report",
]
