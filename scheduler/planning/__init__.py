"""A term's plan: asked for, solved in the background, shown as changes, and published."""

from scheduler.allocation import Progress
from scheduler.planning.asking import PlanWish, request_plan, stop_plan
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
    "PlanWish",
    "Progress",
    "PublishedPlan",
    "RefusedPlacement",
    "changes",
    "publish",
    "request_plan",
    "solve_next",
    "stop_plan",
]
