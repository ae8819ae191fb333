"""What would ask less: each way to relax a request or its surroundings, in words.

Whether that gives a place is asked elsewhere.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from calendars.bells import BellSchedule, SchoolId
from calendars.school_time import SchoolTime
from calendars.terms import weeks_within
from calendars.text import InvalidValueError, Text
from calendars.windows import Unlock, find_unlocks
from calendars.windows.wording import later
from scheduler.allocation.giving_way import ways
from scheduler.allocation.offers import offers_for
from scheduler.allocation.problem import Problem, lead_of, term_of
from scheduler.local_words import weekday_name
from scheduler.members import WORKDAY
from scheduler.model import Request, RequestSite, Role

SHORTER: Final = (30, 25, 20)
LONGER_SHIFTS: Final = (15, 20, 30)
UNLOCKS_TRIED: Final = 3
WEEK: Final = 7
MOST_DAYS_BETWEEN: Final = 60


@dataclass(frozen=True, slots=True)
class Relaxed:
    """A request in a situation that asks less; `sentence` says what was given up, and by whom."""

    sentence: Text
    request: Request
    problem: Problem


Relaxation = Callable[[Request, Problem], Iterator[Relaxed]]


def another_weekday(request: Request, problem: Problem) -> Iterator[Relaxed]:
    """One weekday more."""
    for weekday in range(1, 6):
        if weekday not in request.weekdays:
            name = weekday_name(weekday)
            yield Relaxed(
                Text(f"也可在{name.zh}上", f"{name.en} would do too"),
                replace(request, weekdays=(*request.weekdays, weekday)),
                problem,
            )


def any_time_of_day(request: Request, problem: Problem) -> Iterator[Relaxed]:
    """From morning to evening."""
    earliest, latest = min(request.earliest, WORKDAY[0]), max(request.latest, WORKDAY[1])
    if (earliest, latest) != (request.earliest, request.latest):
        yield Relaxed(
            Text(
                f"{earliest:%H:%M}-{latest:%H:%M}之间都可以",
                f"any time from {earliest:%H:%M} to {latest:%H:%M} would do",
            ),
            replace(request, earliest=earliest, latest=latest),
            problem,
        )


def another_room(request: Request, problem: Problem) -> Iterator[Relaxed]:
    """Any room of a school that asked for a certain one."""
    for site in request.sites:
        if site.room is not None:
            name = problem.books[site.school].school.name
            yield Relaxed(
                Text(f"{name}换用其他教室", f"{name} takes another room"),
                _with_site(request, replace(site, room=None)),
                problem,
            )


def a_larger_shift(request: Request, problem: Problem) -> Iterator[Relaxed]:
    """A listening school moves its own period further."""
    for minutes in LONGER_SHIFTS:
        if minutes > request.max_shift_minutes:
            yield Relaxed(
                Text(f"允许调铃至{minutes}分钟", f"bells may shift by up to {minutes} minutes"),
                replace(request, max_shift_minutes=minutes),
                problem,
            )


def another_teacher(request: Request, problem: Problem) -> Iterator[Relaxed]:
    """Whoever is qualified, instead of the teacher named."""
    for site in request.sites:
        if site.teacher is not None and site.class_groups:
            book = problem.books[site.school]
            teacher = book.teachers.get(site.teacher)
            if teacher is not None:
                yield Relaxed(
                    Text(
                        f"{book.school.name}由其他教师代替{teacher.name}",
                        f"another teacher of {book.school.name} stands in for {teacher.name}",
                    ),
                    _with_site(request, replace(site, teacher=None)),
                    problem,
                )


def fewer_minutes(request: Request, problem: Problem) -> Iterator[Relaxed]:
    """Less for the site that gets least."""
    for minutes in SHORTER:
        if minutes < request.min_minutes:
            yield Relaxed(
                Text(f"最少有效时长降为{minutes}分钟", f"{minutes} effective minutes are enough"),
                replace(request, min_minutes=minutes),
                problem,
            )


def a_lesson_given_up(request: Request, problem: Problem) -> Iterator[Relaxed]:
    """A class swaps a lesson of another subject for it (H3)."""
    for site in request.sites:
        if site.class_groups and not site.swap_agreed:
            name = problem.books[site.school].school.name
            yield Relaxed(
                Text(f"{name}的班级同意换课", f"the class of {name} swaps another lesson for it"),
                _with_site(request, replace(site, swap_agreed=True)),
                problem,
            )


def a_bell_moved(request: Request, problem: Problem) -> Iterator[Relaxed]:
    """One school moves one period for good: the shifts that unlock most windows."""
    for unlock in islice(_unlocks(request, problem), UNLOCKS_TRIED):
        try:
            time_there = _rung(problem.books[unlock.school].time, unlock)
        except InvalidValueError:
            continue
        sentence = Text(unlock.sentence.zh.rstrip("。"), unlock.sentence.en.rstrip("."))
        yield Relaxed(sentence, request, _with_time(problem, unlock.school, time_there))


def one_link_more(request: Request, problem: Problem) -> Iterator[Relaxed]:
    """Room for one more session on the link, and for its sites."""
    book = problem.situation.alliance
    pool = None if request.link_pool is None else book.link_pools.get(request.link_pool)
    if pool is not None:
        wider = replace(pool, sessions=pool.sessions + 1, ports=pool.ports + len(request.sites))
        pools = {**book.link_pools, pool.id: wider}
        yield Relaxed(
            Text(f"“{pool.name}”多容纳一场", f"{pool.name} carries one session more"),
            request,
            replace(
                problem,
                situation=replace(problem.situation, alliance=replace(book, link_pools=pools)),
            ),
        )


def an_offer_more_often(request: Request, problem: Problem) -> Iterator[Relaxed]:
    """An offer that serves others already serves this need as well."""
    for offered in offers_for(request, problem.offers) if request.is_need else ():
        more = replace(offered.offer, per_week=min(40, offered.offer.per_week + request.per_week))
        name = problem.books[more.school].school.name
        yield Relaxed(
            Text(
                f"{name}的供给增加到每周{more.per_week}次",
                f"the offer of {name} grows to {more.per_week} a week",
            ),
            request,
            replace(
                problem,
                offers=tuple(
                    replace(each, offer=more) if each == offered else each
                    for each in problem.offers
                ),
            ),
        )


def more_days_between(request: Request, problem: Problem) -> Iterator[Relaxed]:
    """Sooner or later after what it goes with."""
    companions = (each.request for each in problem.companions)
    titles = {each.id: each.title for each in (*problem.requests, *companions)}
    for after in request.after:
        title = titles.get(after.request, after.request)
        latest = min(after.at_most_days + WEEK, MOST_DAYS_BETWEEN)
        wider = replace(after, at_least_days=0, at_most_days=latest)
        if wider != after:
            yield Relaxed(
                Text(
                    f"可以在“{title}”之后0至{latest}天",
                    f"it may be held 0 to {latest} days after “{title}”",
                ),
                replace(
                    request,
                    after=tuple(wider if each == after else each for each in request.after),
                ),
                problem,
            )


def once_a_week_less(request: Request, problem: Problem) -> Iterator[Relaxed]:
    """Fewer sessions a week."""
    if request.per_week > 1:
        less = request.per_week - 1
        yield Relaxed(
            Text(f"每周{less}次", f"{less} a week are enough"),
            replace(request, per_week=less),
            problem,
        )


def without_a_school(request: Request, problem: Problem) -> Iterator[Relaxed]:
    """One of several listening schools does without."""
    others = [site for site in request.sites if site.role is not Role.LEAD]
    for site in others if len(others) > 1 else ():
        name = problem.books[site.school].school.name
        yield Relaxed(
            Text(f"{name}不参加", f"{name} does without"),
            replace(request, sites=tuple(each for each in request.sites if each != site)),
            problem,
        )


def another_series_moved(request: Request, problem: Problem) -> Iterator[Relaxed]:
    """One booked series that is in the way is held at another time of the week."""
    for way in ways(request, problem):
        yield Relaxed(way.sentence, request, way.problem)


RELAXATIONS: Final[tuple[Relaxation, ...]] = (
    another_weekday,
    any_time_of_day,
    another_room,
    a_larger_shift,
    another_teacher,
    fewer_minutes,
    a_lesson_given_up,
    a_bell_moved,
    one_link_more,
    an_offer_more_often,
    more_days_between,
    once_a_week_less,
    without_a_school,
)
"""What asks least of people first."""


def _with_site(request: Request, changed: RequestSite) -> Request:
    return replace(
        request,
        sites=tuple(changed if site.school == changed.school else site for site in request.sites),
    )


def _unlocks(request: Request, problem: Problem) -> Sequence[Unlock]:
    """The shifts that bring most windows to these schools in the first full week of the weeks."""
    term = term_of(request, problem.books)
    classes = {site.school: site.class_groups[0] for site in request.sites if site.class_groups}
    weeks = () if term is None else weeks_within(request.weeks, term.last_week)
    if term is None or not weeks or lead_of(request) not in classes:
        return ()
    week = min(weeks)
    days = [
        {
            school: problem.books[school].periods_of_class(group, term.date_in(week, weekday))
            for school, group in classes.items()
        }
        for weekday in sorted({*request.weekdays})
    ]
    return find_unlocks(
        [day for day in days if all(day.values())],
        len(classes) - 1,
        minutes=request.minutes,
        lead=lead_of(request),
        names={school: problem.books[school].school.name for school in classes},
    )


def _rung(time_there: SchoolTime, unlock: Unlock) -> SchoolTime:
    """The school's time with that period moved in all its bells, or `InvalidValueError`."""
    return SchoolTime(
        time_there.zone,
        terms=time_there.terms,
        days=time_there.days,
        bells=[_moved(bells, unlock.period, unlock.shift_minutes) for bells in time_there.bells],
    )


def _moved(bells: BellSchedule, no: int, minutes: int) -> BellSchedule:
    return replace(
        bells,
        periods=tuple(
            replace(
                period,
                starts=later(period.starts, minutes),
                ends=later(period.ends, minutes),
            )
            if period.no == no
            else period
            for period in bells.periods
        ),
    )


def _with_time(problem: Problem, school: SchoolId, time_there: SchoolTime) -> Problem:
    books = {**problem.books, school: replace(problem.books[school], time=time_there)}
    return replace(problem, situation=replace(problem.situation, schools=books))
