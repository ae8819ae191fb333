"""A term's plan: asked for, solved in the background, shown as changes, and published."""

from scheduler.allocation.explaining import Explanation
from scheduler.allocation.repairing import Move, Repair
from scheduler.allocation.seeking import Stated
from scheduler.allocation.weekly.report import Progress
from scheduler.planning.accepting import AcceptedMoves, accept_moves
from scheduler.planning.asking import PlanWish, request_plan, stop_plan
from scheduler.planning.comparing import Comparison, compare
from scheduler.planning.explaining import explain_request
from scheduler.planning.laying_out import Judged
from scheduler.planning.publishing import (
    Change,
    PublishedPlan,
    RefusedPlacement,
    changes,
    judge,
    publish,
)
from scheduler.planning.repairing import RepairWish, find_repair
from scheduler.planning.solving import solve_next

__all__ = [
    "AcceptedMoves",
    "Change",
    "Comparison",
    "Explanation",
    "Judged",
    "Move",
    "PlanWish",
    "Progress",
    "PublishedPlan",
    "RefusedPlacement",
    "Repair",
    "RepairWish",
    "Stated",
    "accept_moves",
    "changes",
    "compare",
    "explain_request",
    "find_repair",
    "judge",
    "publish",
    "request_plan",
    "solve_next",
    "stop_plan",
]
