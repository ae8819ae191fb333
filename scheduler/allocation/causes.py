"""Why a request has no place: the causes of every refusal, and a smallest set that explains all."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Final, Self

from ortools.sat.python.cp_model import CpModel, CpSolver, IntVar, LinearExpr

from calendars.bells import SchoolId
from calendars.series import Weekly
from calendars.text import Text
from scheduler.model import Conflict, Resource, ResourceKind

SECONDS: Final = 5.0
"""How long to look for a smaller set; an ordinary request takes milliseconds."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Something that forbids: two are the same if `key` is, whatever example their sentence gives.

    A rule broken for the same people, classes or links is one cause, whatever is in the way; so are
    all rooms of a school together. One `at_all_times` forbids whatever is tried.
    """

    key: Hashable
    sentence: Text = field(compare=False)
    resources: tuple[Resource, ...] = field(default=(), compare=False)
    at_all_times: bool = field(default=False, compare=False)


CLOSED_DAYS: Final = Cause(
    "closed days",
    Text(
        "放假、补课等使这一天失去过多日期。",
        "Too many dates of the weekday are lost to holidays and the like.",
    ),
)


def no_shared_window(minutes: int) -> Cause:
    """The bells leave no time at which every class gets its minutes."""
    return Cause(
        "bells",
        Text(
            f"在要求的时间里，各校作息没有至少{minutes}分钟的共同窗口。",
            f"Within the times asked for, the schools' bells share no {minutes} minutes.",
        ),
    )


def cause_of(conflict: Conflict) -> Cause:
    """A broken rule that no other room would mend."""
    zh, en = conflict.sentence.zh, conflict.sentence.en
    return Cause(
        (conflict.rule, conflict.resources),
        Text(f"{conflict.rule}：{zh}", f"{conflict.rule}: {en}"),
        conflict.resources,
    )


def no_room(school: SchoolId, conflicts: Sequence[Conflict]) -> Cause:
    """No room of the school will do, each for a reason of its own."""
    example = cause_of(conflicts[0]).sentence
    return Cause(
        ("rooms", school),
        Text(f"没有可用的教室，例如{example.zh}", f"No room will do, for example {example.en}"),
        (Resource(ResourceKind.SCHOOL, school),),
    )


def no_room_all_term(school: SchoolId, name: str) -> Cause:
    """On each date some room would do, but not the same one on enough of them."""
    return Cause(
        ("same room", school),
        Text(
            f"{name}没有一间教室在足够多的日期都可用。",
            f"No room of {name} is to be had on enough of the dates.",
        ),
        (Resource(ResourceKind.SCHOOL, school),),
    )


@dataclass(frozen=True, slots=True)
class Obstacle:
    """So many dates are lost, for which each of the `causes` would be enough."""

    dates: int
    causes: frozenset[Cause]


@dataclass(frozen=True, slots=True)
class Refusal:
    """One weekday and time, with one staffing, that loses more than `most_lost` of its dates."""

    weekly: Weekly
    most_lost: int
    obstacles: tuple[Obstacle, ...]

    @classmethod
    def by(cls, cause: Cause, weekly: Weekly) -> Self:
        """A pattern of which this cause leaves nothing."""
        return cls(weekly, 0, (Obstacle(1, frozenset((cause,))),))

    @property
    def teachers(self) -> frozenset[str]:
        """Who is in the way."""
        return frozenset(
            resource.id
            for obstacle in self.obstacles
            for cause in obstacle.causes
            for resource in cause.resources
            if resource.kind is ResourceKind.TEACHER
        )


def smallest_set(
    refusals: Sequence[Refusal], *, times: int, open_weekdays: frozenset[int] = frozenset()
) -> tuple[Cause, ...]:
    """As few causes as together leave fewer than `times` weekdays with any possible time.

    `open_weekdays` have one whatever the causes. Of equally small sets one whose causes forbid the
    most times; they come in that order. The refusals must suffice by themselves.
    """
    reach = Counter(
        cause
        for refusal in refusals
        for cause in {cause for each in refusal.obstacles for cause in each.causes}
    )
    model = CpModel()
    taken = {cause: model.new_bool_var(str(number)) for number, cause in enumerate(reach)}
    by_weekday: dict[int, list[IntVar]] = defaultdict(list)
    for refusal in refusals:
        by_weekday[refusal.weekly.weekday].append(_explained(model, refusal, taken))
    left_open: list[IntVar | int] = [1 for _ in open_weekdays]
    for weekday, explained in by_weekday.items():
        if weekday not in open_weekdays:
            is_open = model.new_bool_var(f"weekday {weekday}")
            for each in explained:
                model.add_bool_or(each, is_open)
            left_open.append(is_open)
    model.add(LinearExpr.sum(left_open) < times)
    each_more = 1 + sum(reach.values())
    model.minimize(
        LinearExpr.weighted_sum(list(taken.values()), [each_more - reach[cause] for cause in taken])
    )
    solver = CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_time_in_seconds = SECONDS
    solver.solve(model)
    found = [cause for cause, is_taken in taken.items() if solver.boolean_value(is_taken)]
    return tuple(sorted(found, key=lambda cause: -reach[cause]))


def _explained(model: CpModel, refusal: Refusal, taken: dict[Cause, IntVar]) -> IntVar:
    """Whether the taken causes alone forbid the time; only if they do."""
    explained = model.new_bool_var("")
    lost = []
    for obstacle in refusal.obstacles:
        counts = model.new_bool_var("")
        model.add_bool_or(*(taken[cause] for cause in obstacle.causes), ~counts)
        lost.append(obstacle.dates * counts)
    model.add(LinearExpr.sum(lost) > refusal.most_lost).only_enforce_if(explained)
    return explained
