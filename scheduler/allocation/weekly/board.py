"""A weekly problem as tables of numbers, for compiled code."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import accumulate
from random import Random
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scheduler.allocation.weekly.problem import Link, Place, WeeklyProblem, bits_of
from scheduler.allocation.weekly.timeline import Timeline

Numbers = NDArray[np.int64]

WORD: Final = 31
"""Dates in one number, the sign left alone."""
FORBIDDING: Final = 32
"""So many times the price of leaving out everything is more than any temperature accepts."""

# Columns of `places`. Pairs say where in the pool a list begins and ends.
COST, STARTS, ENDS, DAY, PART, KIND, CELLS, CELLS_END, ALLOWANCES, ALLOWANCES_END, DATES = range(11)
# Columns of `units`.
OPTIONS, OPTIONS_END, SIBLINGS, SIBLINGS_END, SHARE, REST = range(6)
# What stands in the pool where a kind begins.
PEOPLE, PEOPLE_END, NEEDS, NEEDS_END, LINKS, LINKS_END = range(6)
# Columns of `resources`, followed by where its users begin, by part.
GAP, USERS = range(2)
# Columns of `allowances`.
FREE, POINTS = range(2)
# Columns of `held`, followed by the rooms.
PLACE, EAGER, ROOMS = range(3)


class Board(NamedTuple):
    """What never changes.

    A unit is one weekly holding of an activity. People and rooms are resources; whoever uses one
    has a tag (a person's site, a room's company), and `GAP` minutes lie between users of different
    tags. A kind is everything a place takes besides its time: people (resource, tag), needs
    (company, and where its rooms begin and end), links (link, amount, capacity). Parts are groups
    of dates: places in different parts share no date. Cells are the moments that count on links.
    """

    places: Numbers
    units: Numbers
    resources: Numbers
    allowances: Numbers
    pool: Numbers


class Standing(NamedTuple):
    """An answer in the making."""

    held: Numbers
    """By unit: its place or -1, where it stands among the eager or -1, its rooms."""
    users: Numbers
    """By resource and part: units with their tags."""
    counts: Numbers
    """By resource and part: how many users there are."""
    load: Numbers
    """By link and cell."""
    used: Numbers
    """By allowance."""
    eager: Numbers
    """How many units are left out or dearer than need be, then which."""


class _Pool:
    """Lists of numbers laid end to end."""

    def __init__(self) -> None:
        self.numbers: list[int] = []

    def add(self, numbers: Iterable[int]) -> tuple[int, int]:
        """Where the list begins and ends."""
        begins = len(self.numbers)
        self.numbers.extend(numbers)
        return begins, len(self.numbers)


class _Kinds:
    """Everything that places take besides their time, each different kind once."""

    def __init__(self, problem: WeeklyProblem, pool: _Pool) -> None:
        self.gaps = [gap for buffers in problem.buffers for gap in buffers]
        self.resources: dict[int, frozenset[int]] = {}
        self._problem = problem
        self._pool = pool
        self._first_room = first_rooms(problem)
        self._people: dict[int, int] = {}
        self._ample = ample_links(problem)
        self._known: dict[object, int] = {}

    def of(self, place: Place) -> int:
        """Where the kind begins in the pool."""
        # Nearly always the places of an activity are of few kinds, and no two activities share one.
        key = (place.activity, place.people, place.needs, place.links)
        if key not in self._known:
            self._known[key] = self._add(place)
        return self._known[key]

    def _add(self, place: Place) -> int:
        people = [(self._person(each.person), each.site) for each in place.people]
        rooms = [
            [self._first_room[need.school] + room for room in bits_of(need.rooms)]
            for need in place.needs
        ]
        needs = [
            (need.company, *self._pool.add(suitable))
            for need, suitable in zip(place.needs, rooms, strict=True)
        ]
        links = [
            (use.link, use.amount, self._problem.links[use.link].capacity)
            for use in place.links
            if use.link not in self._ample
        ]
        lists = [self._pool.add(_flat(each)) for each in (people, needs, links)]
        kind, _ = self._pool.add(_flat(lists))
        self.resources[kind] = frozenset([*(person for person, _ in people), *_flat(rooms)])
        return kind

    def _person(self, person: int) -> int:
        if person not in self._people:
            self._people[person] = len(self.gaps)
            self.gaps.append(self._problem.travel)
        return self._people[person]


def first_rooms(problem: WeeklyProblem) -> list[int]:
    """The number among all rooms of each school's first one."""
    return [0, *accumulate(map(len, problem.buffers))]


def board_of(problem: WeeklyProblem, timeline: Timeline, seed: int) -> Board:
    """The problem as tables. The seed orders places that cost the same.

    A quota is an allowance whose price nobody would pay.
    """
    pool = _Pool()
    kinds = _Kinds(problem, pool)
    parts = parts_of(place.dates & timeline.dates for place in problem.places)
    places = _places(problem, timeline, parts, kinds, pool)
    units = _units(problem, pool, seed)
    price = FORBIDDING * (1 + sum(row[SHARE] + row[REST] for row in units))
    resources = _resources(problem, kinds, [row[KIND] for row in places], len(parts))
    return Board(
        places=_table(places, DATES + 1),
        units=_table(units, REST + 1),
        resources=_table(resources, USERS + 1),
        allowances=_table(
            [
                *((each.free, each.points) for each in problem.allowances),
                *((quota.most, price) for quota in problem.quotas),
            ],
            POINTS + 1,
        ),
        pool=np.array(pool.numbers, dtype=np.int64),
    )


def _places(
    problem: WeeklyProblem, timeline: Timeline, parts: Sequence[int], kinds: _Kinds, pool: _Pool
) -> list[tuple[int, ...]]:
    words = max((-(-part.bit_count() // WORD) for part in parts), default=1)
    dates = {
        mask: _part_and_words(mask, parts, words)
        for mask in {place.dates & timeline.dates for place in problem.places}
    }
    cells: dict[tuple[int, int, int], tuple[int, int]] = {}
    counted = _allowances_by_place(problem)
    found = []
    for number, place in enumerate(problem.places):
        stretch = (place.dates & timeline.dates, place.starts, place.ends)
        if stretch not in cells:
            cells[stretch] = pool.add(bits_of(timeline.bits(*stretch)))
        part, packed = dates[stretch[0]]
        kind = kinds.of(place)
        times = (place.cost, place.starts, place.ends, place.day, part, kind)
        found.append((*times, *cells[stretch], *pool.add(counted.get(number, ())), *packed))
    return found


def _part_and_words(mask: int, parts: Sequence[int], words: int) -> tuple[int, tuple[int, ...]]:
    """The part that a set of dates lies in, and the set in words of the part's dates."""
    number = next((number for number, part in enumerate(parts) if part & mask), 0)
    ranks = enumerate(bits_of(parts[number]) if parts else ())
    packed = sum(1 << rank for rank, date in ranks if mask >> date & 1)
    return number, tuple(packed >> WORD * word & (1 << WORD) - 1 for word in range(words))


def parts_of(masks: Iterable[int]) -> list[int]:
    """Groups of dates, as bit sets: no mask has dates of two of them."""
    found: list[int] = []
    for mask in sorted(set(masks)):
        joined, apart = mask, []
        for part in found:
            if part & joined:
                joined |= part
            else:
                apart.append(part)
        found = [*apart, joined]
    return sorted(part for part in found if part)


def _allowances_by_place(problem: WeeklyProblem) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    limited = [each.places for each in problem.allowances]
    limited += [each.places for each in problem.quotas]
    for number, places in enumerate(limited):
        for place in places:
            found.setdefault(place, []).append(number)
    return found


def _units(problem: WeeklyProblem, pool: _Pool, seed: int) -> list[tuple[int, ...]]:
    """Each activity as often as it is held; its cheapest places come first.

    To leave out a unit costs its share, and the rest as soon as one of its activity is left out.
    """
    random = Random(seed)  # noqa: S311 - to be repeated, not to be secret
    dearest = 1 + max((place.cost for place in problem.places), default=0)
    dearest += sum(allowance.points for allowance in problem.allowances)
    found: list[tuple[int, ...]] = []
    for activity in problem.activities:
        places = list(activity.places)
        random.shuffle(places)
        options = pool.add(sorted(places, key=lambda number: problem.places[number].cost))
        share = dearest * -(-activity.weight // activity.times)
        first = len(found)
        siblings = (first, first + activity.times)
        found += [(*options, *siblings, share, share * activity.times)] * activity.times
    return found


def _resources(
    problem: WeeklyProblem, kinds: _Kinds, kind: Sequence[int], parts: int
) -> list[tuple[int, ...]]:
    """Each has space, in every part, for all units that could use it; twice is a kind's most."""
    most = [0] * len(kinds.gaps)
    for activity in problem.activities:
        used = {kind[number] for number in activity.places}
        for resource in frozenset().union(*(kinds.resources[each] for each in used)):
            most[resource] += 2 * activity.times
    found = []
    begins = 0
    for gap, users in zip(kinds.gaps, most, strict=True):
        found.append((gap, *(begins + users * part for part in range(max(1, parts)))))
        begins += users * max(1, parts)
    return [*found, (0, *[begins] * max(1, parts))]


def empty_standing(problem: WeeklyProblem, timeline: Timeline, board: Board) -> Standing:
    """Nothing is placed; links carry what stays on them."""
    load = np.zeros((len(problem.links), timeline.length), dtype=np.int64)
    for number, link in enumerate(problem.links):
        for booked in link.loads:
            for cell in bits_of(timeline.bits(booked.dates, booked.starts, booked.ends)):
                load[number, cell] += booked.amount
    units = len(board.units)
    needs = max((len(place.needs) for place in problem.places), default=0)
    held = np.zeros((units, ROOMS + needs), dtype=np.int64)
    held[:, PLACE] = -1
    held[:, EAGER] = np.arange(1, units + 1)
    return Standing(
        held=held,
        users=np.zeros((int(board.resources[-1, USERS]), 2), dtype=np.int64),
        counts=np.zeros((len(board.resources), board.resources.shape[1] - USERS), dtype=np.int64),
        load=load,
        used=np.zeros(len(board.allowances), dtype=np.int64),
        eager=np.append(np.int64(units), np.arange(units, dtype=np.int64)),
    )


def ample_links(problem: WeeklyProblem) -> frozenset[int]:
    """Links that suffice even if everything meets at the moment when most is booked."""
    wished = [_most_booked(link) for link in problem.links]
    for activity in problem.activities:
        most: dict[int, int] = {}
        for number in activity.places:
            for use in problem.places[number].links:
                most[use.link] = max(most.get(use.link, 0), use.amount)
        for link, amount in most.items():
            wished[link] += amount * activity.times
    return frozenset(
        number for number, link in enumerate(problem.links) if wished[number] <= link.capacity
    )


def _most_booked(link: Link) -> int:
    """The most that is taken at one moment by what stays on a link."""
    changes: dict[int, Counter[int]] = defaultdict(Counter)
    for load in link.loads:
        for date in bits_of(load.dates):
            changes[date][load.starts] += load.amount
            changes[date][load.ends] -= load.amount
    return max(
        (
            taken
            for at in changes.values()
            for taken in accumulate(at[moment] for moment in sorted(at))
        ),
        default=0,
    )


def _flat(rows: Iterable[Iterable[int]]) -> list[int]:
    return [number for row in rows for number in row]


def _table(rows: Sequence[Sequence[int]], columns: int) -> Numbers:
    if not rows:
        return np.zeros((0, columns), dtype=np.int64)
    return np.array(rows, dtype=np.int64)
