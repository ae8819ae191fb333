"""The variables of the model: places that are used, activities that are held, what goes beyond.

Of each chain also the way in which its activities suit each other.
"""

from dataclasses import dataclass

from ortools.sat.python.cp_model import CpModel, IntVar

from scheduler.allocation.weekly.problem import WeeklyProblem


@dataclass(frozen=True, slots=True)
class Choices:
    """`used` by place, `held` by activity, `beyond` by allowance, `ways` by chain."""

    used: tuple[IntVar, ...]
    held: tuple[IntVar, ...]
    beyond: tuple[IntVar, ...]
    ways: tuple[tuple[IntVar, ...], ...]


def choices(model: CpModel, problem: WeeklyProblem) -> Choices:
    """One boolean for each place, activity and way of a chain, a number for each allowance.

    Rooms have none: they are counted here and given out afterwards.
    """
    return Choices(
        used=tuple(model.new_bool_var("") for _ in problem.places),
        held=tuple(model.new_bool_var("") for _ in problem.activities),
        beyond=tuple(
            model.new_int_var(0, max(0, len(allowance.places) - allowance.free), "")
            for allowance in problem.allowances
        ),
        ways=tuple(tuple(model.new_bool_var("") for _ in chain.ways) for chain in problem.chains),
    )
