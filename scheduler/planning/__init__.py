"""A term's plan: asked for, solved in the background, shown as changes, and published."""

from scheduler.allocation import Explanation, Progress
from scheduler.planning.asking import PlanWish, request_plan, stop_plan
from scheduler.planning.comparing import Comparison, compare
from scheduler.planning.explaining import explain_request
from scheduler.planning.publishing import (
    Change,
    PublishedPlan,
    RefusedPlacement,
    changes,
    publish,
)
from scheduler.planning.solving import solve_next

__all__ = [
    "Change",
    "Comparison",
    "Explanation",
    "PlanWish",
    "Progress",
    "PublishedPlan",
    "RefusedPlacement",
    "changes",
    "compare",
    "explain_request",
    "publish",
    "request_plan",
    "solve_next",
    "stop_plan",
]
