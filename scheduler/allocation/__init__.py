"""Requests to a plan: CPU only, no I/O, no clock but a stopwatch. The only user of OR-Tools.

`options` asks the rulebook where each request could be held by itself, `statement` turns that
into an abstract weekly problem, `solve` searches it, and the rulebook judges what comes out, date
by date.
"""

from scheduler.allocation.allocating import OnProgress, allocate
from scheduler.allocation.crew import Hands
from scheduler.allocation.explaining import Explanation, Question, explain
from scheduler.allocation.problem import Companion, Offered, Problem
from scheduler.allocation.repairing import Move, Repair, repair
from scheduler.allocation.result import Allocation
from scheduler.allocation.solve import Progress
from scheduler.allocation.trials import Option

__all__ = [
    "Allocation",
    "Companion",
    "Explanation",
    "Hands",
    "Move",
    "Offered",
    "OnProgress",
    "Option",
    "Problem",
    "Progress",
    "Question",
    "Repair",
    "allocate",
    "explain",
    "repair",
]
