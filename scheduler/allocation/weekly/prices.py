"""A bound for problems that are too large for one model: what each scarce moment is worth.

Every moment at which some people, rooms or links may not suffice gets a price, and each activity
takes its cheapest place at these prices. What they pay so, less what all that is offered would
bring in, is no more than the best answer costs, whatever the prices (a Lagrangian bound). Prices
of what is asked for too often rise, others fall, until the bound hardly grows.
"""

from array import array
from collections.abc import Iterator, Sequence
from math import ceil
from time import monotonic
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scheduler.allocation.weekly.compiled import entrance
from scheduler.allocation.weekly.crew import Stop
from scheduler.allocation.weekly.crowds import (
    Need,
    crowds,
    link_uses,
    moments_of_need,
    places_of_people,
    room_needs,
)
from scheduler.allocation.weekly.problem import WeeklyProblem
from scheduler.allocation.weekly.report import Report, highest_cost
from scheduler.allocation.weekly.timeline import Timeline

Numbers = NDArray[np.int64]
Amounts = NDArray[np.float64]

PATIENCE: Final = 20
"""Rounds without a better bound before the steps grow shorter."""
SHORTER: Final = 0.7
INERTIA: Final = 0.7
"""How much of the last direction is kept."""
AMBITION: Final = 0.05
"""How much more than the best bound is aimed at, as long as no known answer costs less."""
ROUNDING: Final = 0.01
"""More than all errors of rounding together."""
ROUNDS_BETWEEN_REPORTS: Final = 25

Row = tuple[int, tuple[tuple[int, int], ...]]
"""How much there is of something at a moment, and which places would take how much of it."""


class Market(NamedTuple):
    """What is offered and wanted, as tables.

    `begins` says where the places of each activity begin, `entries` where the rows of each place.
    `left_out` is what an activity counts that is not held.
    """

    begins: Numbers
    times: Numbers
    left_out: Amounts
    costs: Amounts
    entries: Numbers
    rows: NDArray[np.int32]
    amounts: NDArray[np.int32]
    offered: Amounts


def least_by_prices(
    problem: WeeklyProblem,
    goal: int,
    rounds: int,
    seconds: float,
    stop: Stop,
    report: Report | None = None,
) -> int:
    """What no answer's objective is below: a task for whoever has time.

    `goal` is the objective of a known answer: the nearer the best, the quicker the bound grows.
    """
    ends = monotonic() + seconds
    if report is not None:
        report.tell_least(least_alone(problem))
    market = _market(problem, Timeline(problem))
    prices = np.zeros(len(market.offered))
    best, kept, waited = -np.inf, prices, 0
    length, direction = 1.0, np.zeros(len(prices))
    for number in range(rounds):
        if stop.is_set() or monotonic() > ends:
            break
        asked = np.zeros(len(prices))
        bound = respond(market, prices, asked) - float(prices @ market.offered)
        surplus = asked - market.offered
        surplus[(prices <= 0) & (surplus < 0)] = 0
        waited = 0 if bound > best + ROUNDING else waited + 1
        if bound > best:
            best, kept = bound, prices
        if waited > PATIENCE:
            length, prices, waited = length * SHORTER, kept, 0
        direction = INERTIA * direction + (1 - INERTIA) * surplus
        steepness = float(direction @ direction)
        if steepness == 0 or bound >= goal:
            break
        aim = min(goal, best + max(1, AMBITION * best))
        prices = np.maximum(0, prices + length * (aim - bound) / steepness * direction)
        if report is not None and number % ROUNDS_BETWEEN_REPORTS == 0:
            report.tell_least(_whole(best))
    return max(_whole(best), least_alone(problem))


def least_alone(problem: WeeklyProblem) -> int:
    """What no answer's objective is below even if nobody were in anybody's way."""
    weight, total = 1 + highest_cost(problem), 0
    for activity in problem.activities:
        costs = [problem.places[place].cost for place in activity.places]
        left_out = weight * activity.weight
        total += min(left_out, activity.times * min(costs, default=left_out))
    return total


def _whole(bound: float) -> int:
    """Costs are whole numbers."""
    return max(0, ceil(bound - ROUNDING)) if bound > 0 else 0


@entrance
def respond(market: Market, prices: Amounts, asked: Amounts) -> float:
    """Everybody takes the cheapest, equals in equal parts: what they pay, and what is asked for."""
    total = 0.0
    paid = np.zeros(len(market.costs))
    for activity in range(len(market.times)):
        first, end = market.begins[activity], market.begins[activity + 1]
        times, least, equals = market.times[activity], np.inf, 0
        for place in range(first, end):
            paid[place] = market.costs[place]
            for at in range(market.entries[place], market.entries[place + 1]):
                paid[place] += market.amounts[at] * prices[market.rows[at]]
            if paid[place] < least:
                least, equals = paid[place], 0
            if paid[place] == least:
                equals += 1
        if times * least >= market.left_out[activity]:
            total += market.left_out[activity]
            continue
        total += times * least
        for place in range(first, end):
            if paid[place] == least:
                for at in range(market.entries[place], market.entries[place + 1]):
                    asked[market.rows[at]] += market.amounts[at] * times / equals
    return total


def _market(problem: WeeklyProblem, timeline: Timeline) -> Market:
    offered, rows, places, amounts = array("d"), array("i"), array("i"), array("i")
    known = set()
    for row in _rows(problem, timeline):
        # Two that only seem the same cost nothing but a little of the bound.
        if hash(row) in known:
            continue
        known.add(hash(row))
        for place, amount in row[1]:
            rows.append(len(offered))
            places.append(place)
            amounts.append(amount)
        offered.append(row[0])
    users = np.frombuffer(places, dtype=np.int32)
    by_place = np.argsort(users, kind="stable")
    counts = np.bincount(users, minlength=len(problem.places))
    weight = 1 + highest_cost(problem)
    return Market(
        begins=np.array([0, *(each.places.stop for each in problem.activities)], dtype=np.int64),
        times=np.array([each.times for each in problem.activities], dtype=np.int64),
        left_out=np.array([weight * each.weight for each in problem.activities], dtype=np.float64),
        costs=np.array([place.cost for place in problem.places], dtype=np.float64),
        entries=np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(counts))),
        rows=np.frombuffer(rows, dtype=np.int32)[by_place],
        amounts=np.frombuffer(amounts, dtype=np.int32)[by_place],
        offered=np.array(offered, dtype=np.float64),
    )


def _rows(problem: WeeklyProblem, timeline: Timeline) -> Iterator[Row]:
    """Whatever every answer keeps of people, rooms and links."""
    for places in places_of_people(problem, timeline).values():
        for _, crowd in crowds(problem, places):
            if len({problem.places[number].activity for number in crowd}) > 1:
                yield 1, tuple((number, 1) for number in crowd)
    for school, needs in room_needs(problem, timeline):
        for moment, rooms, wanting in moments_of_need(problem, school, needs):
            yield rooms.bit_count(), tuple(_companies(problem, moment, wanting))
    yield from link_uses(problem, timeline)


def _companies(
    problem: WeeklyProblem, moment: int, crowd: Sequence[Need]
) -> Iterator[tuple[int, int]]:
    """Who surely takes a room of their own: a company may follow itself in the same one."""
    present = {need.company for number, need in crowd if problem.places[number].ends > moment}
    for number, need in crowd:
        if problem.places[number].ends > moment or need.company not in present:
            yield number, 1
