"""The preferences that two placements decide together, and how they are told."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations, product

from calendars.text import Text
from scheduler.allocation.preferences import RIGHT_AFTER
from scheduler.allocation.problem import Problem, monday_of
from scheduler.allocation.trials import Option
from scheduler.allocation.weekly.problem import Allowance
from scheduler.members import Preference
from scheduler.model import Cost, Kind, RequestId


@dataclass(frozen=True, slots=True)
class Share:
    """What some options share: how many of them are free of charge, and what is said beyond."""

    preference: Preference
    options: tuple[int, ...]
    free: int
    points: int
    sentence: Text

    @property
    def allowance(self) -> Allowance:
        return Allowance(self.options, self.free, self.points)

    @property
    def cost(self) -> Cost:
        """What one option beyond is charged."""
        return Cost(preference=self.preference, points=self.points, sentence=self.sentence)


SharedPreference = Callable[[Sequence[Option], Problem], Iterator[Share]]


def sessions_of_a_group_are_adjacent(
    options: Sequence[Option], problem: Problem
) -> Iterator[Share]:
    """S10: two sessions of the same group on one day follow each other."""
    groups: dict[object, list[int]] = defaultdict(list)
    for number, option in enumerate(options):
        groups[company_of(option), option.weekly.weekday].append(number)
    for numbers in groups.values():
        for one, other in combinations(numbers, 2):
            if options[one].request.id != options[other].request.id and _are_apart(
                options[one], options[other]
            ):
                yield Share(
                    Preference.S10,
                    (one, other),
                    1,
                    problem.weights[Preference.S10],
                    Text(
                        "同一组合当天的两场之间有空档。",
                        "The two sessions of this group that day do not follow each other.",
                    ),
                )


def company_of(option: Option) -> object:
    """Who meets, as far as a room's buffer cares (H12): the schools and their classes."""
    return (
        frozenset(site.school for site in option.sites),
        frozenset(group for site in option.sites for group in site.class_groups),
    )


def _are_apart(one: Option, other: Option) -> bool:
    first, second = sorted((one, other), key=lambda option: option.weekly.starts)
    lasts = timedelta(minutes=first.weekly.minutes)
    return _clock(second) - _clock(first) - lasts > RIGHT_AFTER


def _clock(option: Option) -> timedelta:
    return timedelta(hours=option.weekly.starts.hour, minutes=option.weekly.starts.minute)


def the_same_course_keeps_pace(options: Sequence[Option], problem: Problem) -> Iterator[Share]:
    """S12: of two runs of a course none is ever more than a week ahead of the other."""
    courses: dict[object, dict[RequestId, dict[tuple[date, ...], list[int]]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(list))
    )
    for number, option in enumerate(options):
        if option.request.kind is Kind.LESSON and option.request.per_week == 1:
            courses[_course_of(option)][option.request.id][option.dates].append(number)
    for runs in courses.values():
        for one, other in combinations(runs.values(), 2):
            for (dates, here), (others, there) in product(one.items(), other.items()):
                if apart := _lessons_apart(dates, others):
                    yield Share(
                        Preference.S12,
                        (*here, *there),
                        1,
                        problem.weights[Preference.S12] * apart,
                        Text(
                            f"与同一课程的另一组相比，有{apart}次进度相差超过一周。",
                            f"At {apart} of its lessons it is more than a week from where the "
                            "same course is with others.",
                        ),
                    )


def _course_of(option: Option) -> object:
    """What is taught unit by unit: the same teacher, subject, grade and weeks."""
    request, lead = option.request, option.drafts[0].lead
    return (lead.school, lead.teacher, request.subject, request.grade, request.weeks)


def _lessons_apart(dates: Sequence[date], others: Sequence[date]) -> int:
    """How often the same lesson of the two lies more than a week apart."""
    return sum(
        abs(monday_of(on) - monday_of(other)) > timedelta(weeks=1)
        for on, other in zip(dates, others, strict=False)
    )
