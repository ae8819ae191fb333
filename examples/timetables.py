"""Weekly timetables for the classes of one school, in which nobody is in two places."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Final

from ortools.sat.python.cp_model import FEASIBLE, OPTIMAL, CpModel, CpSolver, IntVar

from scheduler.members import TeacherId

WEEKLY: Final = {
    "语文": 7, "数学": 4, "体育": 3, "英语": 2, "科学": 2, "音乐": 2, "美术": 2, "道德与法治": 2,
    "综合": 2, "书法": 1, "信息科技": 1, "劳动": 1, "班会": 1,
}  # fmt: skip
"""Lessons a week of grades 3-6, thirty in all (domain: the Shandong table)."""

When = tuple[int, int]
"""A weekday and a period."""
WEEKDAYS, PERIODS, AFTERNOON = range(1, 6), range(1, 7), (5, 6)
WEEK: Final = tuple(product(WEEKDAYS, PERIODS))
Given = Mapping[tuple[int, str, When], IntVar]
"""Whether the class of an index has a subject at a time."""


def solve_timetables(
    taught: Sequence[Mapping[str, TeacherId]],
    fixed: Sequence[tuple[int, str, When]],
    research: Mapping[str, int],
) -> tuple[dict[When, str], ...]:
    """The subject of each class at each time of the week.

    `taught` names each class's teachers, `fixed` lessons that stand already, `research` the weekday
    on whose afternoon a subject is not taught.
    """
    model = CpModel()
    given: Given = {
        (index, subject, when): model.new_bool_var("")
        for index, _ in enumerate(taught)
        for subject in WEEKLY
        for when in WEEK
    }
    for index, _ in enumerate(taught):
        _one_class(model, given, index)
    _teachers_in_one_place(model, given, taught)
    for (_, subject, (weekday, period)), lesson in given.items():
        if research.get(subject) == weekday and period in AFTERNOON and subject != "综合":
            model.add(lesson == 0)
    for index, subject, when in fixed:
        model.add(given[index, subject, when] == 1)
    solver = CpSolver()
    solver.parameters.random_seed = 1
    solver.parameters.num_workers = 1
    if (status := solver.solve(model)) not in (OPTIMAL, FEASIBLE):
        raise RuntimeError(f"No timetable: {solver.status_name(status)}.")
    return tuple(
        {
            when: subject
            for subject, when in product(WEEKLY, WEEK)
            if solver.value(given[index, subject, when])
        }
        for index, _ in enumerate(taught)
    )


def _one_class(model: CpModel, given: Given, index: int) -> None:
    """Each lesson of the week once, spread over it; no physical education first thing."""
    for when in WEEK:
        model.add_exactly_one(given[index, subject, when] for subject in WEEKLY)
    for subject, lessons in WEEKLY.items():
        model.add(sum(given[index, subject, when] for when in WEEK) == lessons)
        for weekday in WEEKDAYS:
            most = 2 if lessons > len(WEEKDAYS) else 1
            model.add(sum(given[index, subject, (weekday, no)] for no in PERIODS) <= most)
    model.add(sum(given[index, "体育", (weekday, 1)] for weekday in WEEKDAYS) == 0)


def _teachers_in_one_place(
    model: CpModel, given: Given, taught: Sequence[Mapping[str, TeacherId]]
) -> None:
    busy: dict[tuple[TeacherId, When], list[IntVar]] = defaultdict(list)
    for (index, subject, when), lesson in given.items():
        busy[taught[index][subject], when].append(lesson)
    for lessons in busy.values():
        model.add_at_most_one(lessons)
