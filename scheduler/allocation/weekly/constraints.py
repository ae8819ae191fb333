"""What every answer keeps: one function a constraint, its docstring the rule."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Final

from ortools.sat.python.cp_model import CpModel, IntVar, LinearExpr

from scheduler.allocation.weekly.choices import Choices
from scheduler.allocation.weekly.crowds import (
    Need,
    crowds,
    link_uses,
    moments_of_need,
    places_of_people,
    room_needs,
    travellers,
)
from scheduler.allocation.weekly.problem import WeeklyProblem, teams_of
from scheduler.allocation.weekly.timeline import Timeline

Constraint = Callable[[CpModel, WeeklyProblem, Timeline, Choices], None]


def held_as_often_as_wished(
    model: CpModel, problem: WeeklyProblem, timeline: Timeline, choices: Choices
) -> None:
    """An activity is held as often a week as it was wished for, or not at all."""
    del timeline
    for activity, held in zip(problem.activities, choices.held, strict=True):
        used = [choices.used[place] for place in activity.places]
        model.add(LinearExpr.sum(used) == activity.times * held)


def on_different_days(
    model: CpModel, problem: WeeklyProblem, timeline: Timeline, choices: Choices
) -> None:
    """An activity that is held several times a week is held on different weekdays."""
    del timeline
    for activity in problem.activities:
        if activity.times == 1:
            continue
        by_day = defaultdict(list)
        for place in activity.places:
            by_day[problem.places[place].day].append(choices.used[place])
        for used in by_day.values():
            model.add_at_most_one(used)


def one_team_all_week(
    model: CpModel, problem: WeeklyProblem, timeline: Timeline, choices: Choices
) -> None:
    """What is held several times a week is served by the same offer each time."""
    del timeline
    for activity in problem.activities:
        teams = teams_of(problem, activity)
        if len(teams) > 1:
            serving = [model.new_bool_var("") for _ in teams]
            model.add_at_most_one(serving)
            for places, serves in zip(teams, serving, strict=True):
                for place in places:
                    model.add_implication(choices.used[place], serves)


def quotas_are_kept(
    model: CpModel, problem: WeeklyProblem, timeline: Timeline, choices: Choices
) -> None:
    """An offer serves no more a week than it is for."""
    del timeline
    for quota in problem.quotas:
        model.add(LinearExpr.sum([choices.used[place] for place in quota.places]) <= quota.most)


def people_are_in_one_place(
    model: CpModel, problem: WeeklyProblem, timeline: Timeline, choices: Choices
) -> None:
    """A teacher or a class takes part in one activity at a time (H2, H3)."""
    known = set()
    for places in places_of_people(problem, timeline).values():
        for _, crowd in crowds(problem, places):
            activities = {problem.places[number].activity for number in crowd}
            if len(activities) > 1 and frozenset(crowd) not in known:
                known.add(frozenset(crowd))
                model.add_at_most_one(choices.used[number] for number in crowd)


def people_have_time_to_travel(
    model: CpModel, problem: WeeklyProblem, timeline: Timeline, choices: Choices
) -> None:
    """Between two sites a teacher has the time that the way takes (H2)."""
    for sites in travellers(problem, timeline) if problem.travel else ():
        for (one, here), (other, there) in combinations(sites, 2):
            first, second = problem.places[one], problem.places[other]
            if (
                here != there
                and first.activity != second.activity
                and first.starts < second.ends + problem.travel
                and second.starts < first.ends + problem.travel
            ):
                model.add_at_most_one((choices.used[one], choices.used[other]))


def rooms_suffice(
    model: CpModel, problem: WeeklyProblem, timeline: Timeline, choices: Choices
) -> None:
    """At no moment do more activities need one of some rooms than there are (H1, H12).

    The buffers between different companies count.
    """
    known = set()
    for school, needs in room_needs(problem, timeline):
        for moment, rooms, crowd in moments_of_need(problem, school, needs):
            fact = (school, rooms, frozenset(crowd))
            if fact not in known:
                known.add(fact)
                taken = _companies(model, problem, choices, moment, crowd)
                model.add(LinearExpr.sum(taken) <= rooms.bit_count())


def _companies(
    model: CpModel, problem: WeeklyProblem, choices: Choices, moment: int, crowd: Sequence[Need]
) -> list[IntVar]:
    """Booleans whose sum is how many rooms are taken: a company that follows itself takes one."""
    by_company: dict[int, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for number, need in crowd:
        is_over = problem.places[number].ends <= moment
        by_company[need.company][is_over].append(number)
    taken = []
    for present, gone in by_company.values():
        if present and gone:
            together = model.new_bool_var("")
            for places in (present, gone):
                model.add(LinearExpr.sum([choices.used[each] for each in places]) <= together)
            taken.append(together)
        else:
            taken += [choices.used[number] for number in (*present, *gone)]
    return taken


def links_suffice(
    model: CpModel, problem: WeeklyProblem, timeline: Timeline, choices: Choices
) -> None:
    """At no moment is more taken of a link than its capacity, counting what is booked (H6)."""
    known = set()
    for left, crowd in link_uses(problem, timeline):
        if (left, crowd) not in known:
            known.add((left, crowd))
            taken = [choices.used[number] * amount for number, amount in crowd]
            model.add(LinearExpr.sum(taken) <= left)


def chains_stay_whole(
    model: CpModel, problem: WeeklyProblem, timeline: Timeline, choices: Choices
) -> None:
    """Activities that go together are held on dates that suit each other, or not at all."""
    del timeline
    for chain, ways in zip(problem.chains, choices.ways, strict=True):
        for at, number in enumerate(chain.activities):
            model.add(LinearExpr.sum(list(ways)) == choices.held[number])
            by_places: dict[frozenset[int], list[IntVar]] = defaultdict(list)
            for way, taken in zip(chain.ways, ways, strict=True):
                by_places[way.places[at]].append(taken)
            for places, taken_ways in by_places.items():
                used = [choices.used[place] for place in sorted(places)]
                model.add(LinearExpr.sum(used) == LinearExpr.sum(taken_ways))


CONSTRAINTS: Final[tuple[Constraint, ...]] = (
    held_as_often_as_wished,
    on_different_days,
    one_team_all_week,
    quotas_are_kept,
    people_are_in_one_place,
    people_have_time_to_travel,
    rooms_suffice,
    links_suffice,
    chains_stay_whole,
)
