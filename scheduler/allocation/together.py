"""The preferences that many placements decide together: what is free, and each one beyond it."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Final

from calendars.bells import PeriodKind, SchoolId
from calendars.text import Text
from scheduler.allocation.pairs import (
    Share,
    SharedPreference,
    sessions_of_a_group_are_adjacent,
    the_same_course_keeps_pace,
)
from scheduler.allocation.preferences import NOON, awkward_at
from scheduler.allocation.problem import Problem, lead_of
from scheduler.allocation.trials import Option
from scheduler.allocation.usual_week import dates_of, usual_week, usually
from scheduler.members import Preference
from scheduler.model import RequestId
from scheduler.schools import SchoolBook

KEPT_FREE: Final = 2
"""Periods a week that stay free in each room for urgent use (S11)."""
WEEKDAYS: Final = 5
AWKWARD_SHARE: Final = Fraction(1, 3)
SUPPORTED_SHARE: Final = Fraction(1, 6)
"""Of a school's sessions, those that may be at awkward times."""


def teachers_have_few_a_day(options: Sequence[Option], problem: Problem) -> Iterator[Share]:
    """S5: a teacher takes part in no more sessions a day than suits them, with those booked."""
    found = defaultdict(list)
    for number, option in enumerate(options):
        for site in option.sites:
            for person in site.required_teachers:
                found[person, option.weekly.weekday].append(number)
    for (teacher_id, _), numbers in found.items():
        teacher = problem.situation.teacher(teacher_id)
        if teacher is not None:
            dates = dates_of(options[number] for number in numbers)
            busy = problem.booked.many_with(teacher.id, dates)
            yield Share(
                Preference.S5,
                tuple(numbers),
                max(0, teacher.max_sessions_a_day - usually(busy, len(dates))),
                problem.weights[Preference.S5],
                Text(
                    f"{teacher.name}当天超过{teacher.max_sessions_a_day}场。",
                    f"{teacher.name} has more than {teacher.max_sessions_a_day} that day.",
                ),
            )


def leading_is_shared(options: Sequence[Option], problem: Problem) -> Iterator[Share]:
    """S6: schools that offer teachers lead alike often, a supported one half as often.

    What they lead by name or as booked counts; only what an offer serves can be charged.
    """
    by_school: dict[SchoolId, list[int]] = defaultdict(list)
    times = dict[tuple[SchoolId | None, RequestId], int]()
    for number, option in enumerate(options):
        lead = lead_of(option.request)
        if option.offer is not None:
            by_school[lead].append(number)
        times[None if option.offer is not None else lead, option.request.id] = (
            option.request.per_week
        )
    dates = dates_of(options) if by_school else ()
    named: Counter[SchoolId | None] = Counter(
        {school: usual_week(school, dates, problem).led for school in by_school}
    )
    for (school, _), per_week in times.items():
        named[school] += per_week
    weights = {
        school: 1 if problem.books[school].school.support_priority else 2 for school in by_school
    }
    duty = named[None] + sum(named[school] for school in by_school)
    for school, numbers in by_school.items():
        share = -(-duty * weights[school] // sum(weights.values()))
        name = problem.books[school].school.name
        yield Share(
            Preference.S6,
            tuple(numbers),
            max(0, share - named[school]),
            problem.weights[Preference.S6],
            Text(
                f"{name}主讲超过应分担的每周{share}次。",
                f"{name} leads more than its share of {share} a week.",
            ),
        )


def rooms_keep_free_periods(options: Sequence[Option], problem: Problem) -> Iterator[Share]:
    """S11: each room keeps two periods a week free for urgent use, beside what is booked."""
    found: dict[SchoolId, list[int]] = defaultdict(list)
    for number, option in enumerate(options):
        for school in option.rooms:
            found[school].append(number)
    for school, numbers in found.items():
        book = problem.books[school]
        dates = dates_of(options[number] for number in numbers)
        in_rooms = usual_week(school, dates, problem).in_rooms
        free = len(book.rooms) * max(0, _periods_a_week(book) - KEPT_FREE)
        yield Share(
            Preference.S11,
            tuple(numbers),
            max(0, free - in_rooms),
            problem.weights[Preference.S11],
            Text(
                f"{book.school.name}的教室每周空闲不足{KEPT_FREE}节。",
                f"The rooms of {book.school.name} keep fewer than {KEPT_FREE} free periods.",
            ),
        )


def _periods_a_week(book: SchoolBook) -> int:
    """The most lessons that ring in any week of a term."""
    return max(
        (
            sum(
                timed.period.kind is PeriodKind.LESSON
                for weekday in range(1, WEEKDAYS + 1)
                for timed in book.time.periods(term.date_in(week, weekday))
            )
            for term in book.time.terms
            for week in range(1, term.last_week + 1)
        ),
        default=0,
    )


def afternoons_are_shared(options: Sequence[Option], problem: Problem) -> Iterator[Share]:
    """S15: no more than half of a school's sessions, booked ones too, are in the afternoon."""
    afternoons: dict[SchoolId, list[int]] = defaultdict(list)
    for number, option in enumerate(options):
        if option.weekly.starts >= NOON:
            for site in option.sites:
                afternoons[site.school].append(number)
    times, dates = _times_a_week(options), _dates_at(options)
    for school, numbers in afternoons.items():
        book = problem.books[school]
        held = usual_week(school, dates[school], problem)
        half = -(-(times[school] + held.sessions) // 2)
        yield Share(
            Preference.S15,
            tuple(numbers),
            max(0, half - held.afternoons),
            problem.weights[Preference.S15],
            Text(
                f"{book.school.name}的场次过半在下午。",
                f"More than half of the sessions of {book.school.name} are in the afternoon.",
            ),
        )


def awkward_times_are_shared(options: Sequence[Option], problem: Problem) -> Iterator[Share]:
    """fair: at most a third of a school's sessions are awkward, a sixth of a supported one's.

    Those that are booked already count.
    """
    awkward: dict[SchoolId, list[int]] = defaultdict(list)
    for number, option in enumerate(options):
        for school in awkward_at(option, problem):
            awkward[school].append(number)
    times, dates = _times_a_week(options), _dates_at(options)
    for school, numbers in awkward.items():
        book = problem.books[school]
        share = SUPPORTED_SHARE if book.school.support_priority else AWKWARD_SHARE
        held = usual_week(school, dates[school], problem)
        yield Share(
            Preference.FAIR,
            tuple(numbers),
            max(0, int((times[school] + held.sessions) * share) - held.awkward),
            problem.weights[Preference.FAIR],
            Text(
                f"{book.school.name}不合适的时间超过了应分担的份额。",
                f"{book.school.name} has more than its share of awkward times.",
            ),
        )


def _dates_at(options: Sequence[Option]) -> Mapping[SchoolId, set[date]]:
    """All dates on which each school would take part in one of these."""
    found: dict[SchoolId, set[date]] = defaultdict(set)
    for option in options:
        dates = option.dates
        for site in option.sites:
            found[site.school].update(dates)
    return found


def _times_a_week(options: Sequence[Option]) -> Counter[SchoolId]:
    """How many sessions a week each school is wanted for."""
    wanted = {
        (site.school, option.request.id): option.request.per_week
        for option in options
        for site in option.sites
    }
    times: Counter[SchoolId] = Counter()
    for (school, _), per_week in wanted.items():
        times[school] += per_week
    return times


SHARED_PREFERENCES: Final[tuple[SharedPreference, ...]] = (
    teachers_have_few_a_day,
    leading_is_shared,
    sessions_of_a_group_are_adjacent,
    the_same_course_keeps_pace,
    rooms_keep_free_periods,
    afternoons_are_shared,
    awkward_times_are_shared,
)


def shares_of(options: Sequence[Option], problem: Problem) -> tuple[Share, ...]:
    """What could be charged for options together, whatever is chosen."""
    return tuple(
        share
        for preference in SHARED_PREFERENCES
        for share in preference(options, problem)
        if share.points and _used_at_most(share, options) > share.free
    )


def _used_at_most(share: Share, options: Sequence[Option]) -> int:
    """A request uses no more of its options than it is held a week."""
    requests = Counter(options[number].request.id for number in share.options)
    times = {
        options[number].request.id: options[number].request.per_week for number in share.options
    }
    return sum(min(count, times[request]) for request, count in requests.items())
