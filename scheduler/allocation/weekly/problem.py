"""The abstract problem of a term: activities, the places where each could be held, what they share.

Knows nothing of schools, requests or rules: days are bits, people and rooms are numbers, times are
minutes after midnight on one clock. Whoever states it answers for every place being possible alone.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Presence:
    """Somebody (a teacher, a class) who takes part, and at which site."""

    person: int
    site: int = 0


@dataclass(frozen=True, slots=True)
class RoomNeed:
    """One room of a school out of `rooms` (a bit set of its room numbers).

    `company` says who meets in it: the same company may follow itself without a buffer (H12).
    """

    school: int
    rooms: int
    company: int = 0


@dataclass(frozen=True, slots=True)
class LinkUse:
    """How much of a shared link is taken."""

    link: int
    amount: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One way to hold an activity: a time of day on a bit set of `dates`, with all it takes.

    `day` is the weekday of the pattern; `cost` is what this place alone is charged. `team` says who
    serves it, where several may: the same all week.
    """

    activity: int
    day: int
    dates: int
    starts: int
    ends: int
    people: tuple[Presence, ...] = ()
    needs: tuple[RoomNeed, ...] = ()
    links: tuple[LinkUse, ...] = ()
    cost: int = 0
    team: int = 0


@dataclass(frozen=True, slots=True)
class Activity:
    """What is held `times` a week on different days, or not at all.

    `places` are the numbers of its places, `weight` how many participations it is worth.
    """

    places: range
    times: int = 1
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Load:
    """What is already booked on a link and stays."""

    dates: int
    starts: int
    ends: int
    amount: int = 1


@dataclass(frozen=True, slots=True)
class Link:
    """A shared capacity, with the loads that stay on it."""

    capacity: int
    loads: tuple[Load, ...] = ()


@dataclass(frozen=True, slots=True)
class Allowance:
    """Of `places`, `free` cost nothing; each further one that is used costs `points`."""

    places: tuple[int, ...]
    free: int
    points: int


@dataclass(frozen=True, slots=True)
class Quota:
    """Of `places`, no more than `most` are used; one that is named twice counts twice."""

    places: tuple[int, ...]
    most: int


@dataclass(frozen=True, slots=True)
class Way:
    """How the activities of a chain may suit each other: each uses one of its set of places.

    It costs so much more than the places by themselves.
    """

    places: tuple[frozenset[int], ...]
    cost: int = 0


@dataclass(frozen=True, slots=True)
class Chain:
    """Activities, each held once a week, that are held in one of these ways or not at all."""

    activities: tuple[int, ...]
    ways: tuple[Way, ...]

    def way_in(self, used: frozenset[int] | set[int]) -> int | None:
        """Which way the used places make, if they make one."""
        return next(
            (
                number
                for number, way in enumerate(self.ways)
                if not any(places.isdisjoint(used) for places in way.places)
            ),
            None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklyProblem:
    """Everything the solver looks at.

    `buffers` are minutes between two companies, by school and room; `travel` those that a person
    needs from one site to another.
    """

    activities: tuple[Activity, ...]
    places: tuple[Place, ...]
    buffers: tuple[tuple[int, ...], ...] = ()
    links: tuple[Link, ...] = ()
    allowances: tuple[Allowance, ...] = ()
    quotas: tuple[Quota, ...] = ()
    chains: tuple[Chain, ...] = ()
    travel: int = 0


@dataclass(frozen=True, slots=True, order=True)
class Chosen:
    """A place that is used, with a room number for each of its needs."""

    place: int
    rooms: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklyAnswer:
    """What is held, by place number, and what it costs.

    No answer that leaves out as little costs less than `bound`, given these places; None where
    nothing was proven.
    """

    chosen: tuple[Chosen, ...]
    unplaced: tuple[int, ...]
    cost: int
    bound: int | None = None


def bits_of(mask: int) -> Iterator[int]:
    """The numbers in a bit set, ascending."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


def teams_of(problem: WeeklyProblem, activity: Activity) -> list[tuple[int, ...]]:
    """The places of an activity, apart for each team that must serve it all week."""
    if activity.times == 1:
        return [tuple(activity.places)]
    teams: dict[int, list[int]] = {}
    for place in activity.places:
        teams.setdefault(problem.places[place].team, []).append(place)
    return [tuple(places) for places in teams.values()]


def charged(allowance: Allowance, used: frozenset[int] | set[int]) -> tuple[int, ...]:
    """The used places of an allowance that go beyond what is free, in their order there."""
    return tuple(place for place in allowance.places if place in used)[allowance.free :]


def cost_of(problem: WeeklyProblem, used: set[int]) -> int:
    """What these places cost, alone and together."""
    ways = [(chain, chain.way_in(used)) for chain in problem.chains]
    return (
        sum(problem.places[place].cost for place in used)
        + sum(allowance.points * len(charged(allowance, used)) for allowance in problem.allowances)
        + sum(chain.ways[way].cost for chain, way in ways if way is not None)
    )


def answer_of(problem: WeeklyProblem, chosen: Iterable[Chosen]) -> WeeklyAnswer:
    """The answer that uses these places: whatever has none is left out."""
    held = tuple(sorted(chosen))
    placed = {problem.places[each.place].activity for each in held}
    return WeeklyAnswer(
        chosen=held,
        unplaced=tuple(n for n in range(len(problem.activities)) if n not in placed),
        cost=cost_of(problem, {each.place for each in held}),
    )


def with_their_chains(problem: WeeklyProblem, activities: Iterable[int]) -> set[int]:
    """These activities and all that are held together with one of them."""
    found = set(activities)
    for chain in problem.chains:
        if not found.isdisjoint(chain.activities):
            found.update(chain.activities)
    return found


def missed(problem: WeeklyProblem, unplaced: tuple[int, ...]) -> int:
    """How many participations these activities are worth."""
    return sum(problem.activities[number].weight for number in unplaced)
