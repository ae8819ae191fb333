"""The best answer to a jcs-1 instance by soft cost and `fair` together, as its checker adds them.

`fair` is the worst school's 10 x burden / parts, rounded up, of schools with three parts or more.
The product's search is asked again, cap by cap: no school may bear more than a cap allows. A cap is
a quota of the weekly problem for each school, in which a place is named once for each point that it
burdens the school with.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any, Final

from scheduler.allocation.weekly.problem import Quota, WeeklyAnswer, WeeklyProblem
from scheduler.allocation.weekly.solve import solve_weekly

Json = dict[str, Any]
Burdens = Sequence[Sequence[tuple[str, int]]]
"""By place: what each school that takes part bears there."""

FEW_PARTS: Final = 3
"""A school with fewer parts does not count."""
TIMES: Final = 10


@dataclass(frozen=True, slots=True)
class Schools:
    """The parts of each school that counts, and what each place burdens the schools with."""

    parts: Counter[str]
    burdens: Burdens

    @classmethod
    def of(cls, raw: Json, burdens: Burdens) -> "Schools":
        parts = Counter(part["school"] for session in raw["sessions"] for part in session["parts"])
        counted = {school: count for school, count in parts.items() if count >= FEW_PARTS}
        return cls(Counter(counted), burdens)

    def fair(self, answer: WeeklyAnswer) -> int:
        """What the checker says of an answer that leaves nothing out."""
        borne: Counter[str] = Counter()
        for each in answer.chosen:
            for school, points in self.burdens[each.place]:
                borne[school] += points
        return max(
            (-(-TIMES * borne[each] // parts) for each, parts in self.parts.items()), default=0
        )

    def capped(self, problem: WeeklyProblem, cap: int) -> WeeklyProblem:
        """The problem where `fair` is no more than the cap."""
        named: dict[str, list[int]] = defaultdict(list)
        for place, burdens in enumerate(self.burdens):
            for school, points in burdens:
                named[school] += [place] * points
        quotas = (
            Quota(tuple(named[school]), cap * parts // TIMES)
            for school, parts in self.parts.items()
            if named[school]
        )
        return replace(problem, quotas=tuple(quotas))


def with_fair(
    problem: WeeklyProblem, answer: WeeklyAnswer, schools: Schools, *, seconds: float, seed: int
) -> tuple[WeeklyAnswer, int]:
    """The best answer by both together that is found from this one, and what none is below.

    What is as fair as a cap costs at least what is proven under it, and what is fairer no less.
    """
    ends = monotonic() + seconds
    best, fair, proven = answer, schools.fair(answer), answer.bound or 0
    least, cap = proven + fair, fair - 1
    while cap >= 0 and proven < best.cost + fair and (left := ends - monotonic()) > 0:
        found = solve_weekly(
            schools.capped(problem, cap), seconds=left, seed=seed, start=best.chosen
        )
        if found.unplaced:
            if found.bound == found.cost > 0:  # proven: nothing so fair holds every session
                return replace(best, bound=answer.bound), least
            break
        reached, proven = schools.fair(found), max(proven, found.bound or 0)
        least = min(least, proven + reached)
        if found.cost + reached < best.cost + fair:
            best, fair = found, reached
        cap = min(cap, reached) - 1
    return replace(best, bound=answer.bound), min(least, proven) if cap >= 0 else least
