"""One weekly series that is in the way of a request, held at another time of the week instead."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from calendars.series import Weekly
from calendars.terms import Term, format_weeks
from calendars.text import Text
from scheduler.allocation.alike import Alike
from scheduler.allocation.chains import ties_of
from scheduler.allocation.options import options_of
from scheduler.allocation.preferences import costs_of
from scheduler.allocation.problem import Problem, term_of
from scheduler.allocation.result import sessions_of
from scheduler.allocation.statement import Statement, priced
from scheduler.allocation.trials import Option
from scheduler.allocation.weekly.one_move import Crowd
from scheduler.allocation.weekly.problem import Chosen, bits_of
from scheduler.allocation.weekly.timeline import Timeline
from scheduler.local_words import clock_times, weekday_name
from scheduler.members import WORKDAY
from scheduler.model import Request, RequestId, RequestSite, Session
from scheduler.placing import agenda_of, fields_of, wish_of, with_room

PLACES_TRIED: Final = 24
"""Of the request, each with the series that alone is in its way."""


@dataclass(frozen=True, slots=True)
class GivenWay:
    """The situation once a series is held elsewhere, and a sentence that says where."""

    sentence: Text
    problem: Problem


def ways(request: Request, problem: Problem) -> Iterator[GivenWay]:
    """For each series that alone is in the way and has another place, the situation with it there.

    Pinned series stay, and so does what is held once or goes with others (a chain).
    """
    term = term_of(request, problem.books)
    near = () if term is None else _series_near(request, problem)
    series = [each for each in near if term is not None and _weeks_of(each, problem, term)]
    if term is None or not series:
        return
    done: set[int] = set()
    for by, place in islice(_in_the_way(request, series, problem, term), PLACES_TRIED):
        if by not in done:
            without = _with(problem, (), leaving=series[by])
            to = _best_elsewhere(series[by], _with(without, place), term)
            if to is not None:
                done.add(by)
                yield GivenWay(_sentence(series[by], to, problem), _with(without, _held(to)))


def _in_the_way(
    request: Request, series: Sequence[tuple[Session, ...]], problem: Problem, term: Term
) -> Iterator[tuple[int, tuple[Session, ...]]]:
    """Which series, by number, alone keeps the request from which of its places, cheapest first."""
    alone = _with(problem, (), leaving=[each for sessions in series for each in sessions])
    mine = options_of(request, alone, Alike(alone)).found
    held = [
        _as_option(sessions, _request_of(sessions, problem, term), problem) for sessions in series
    ]
    points = [sum(cost.points for cost in costs_of(option, alone)) for option in mine]
    statement = priced(
        [request, *(option.request for option in held)],
        [mine, *([option] for option in held)],
        [*points, *(0 for _ in held)],
        alone,
    )
    chosen = [
        Chosen(len(mine) + number, _room_numbers(statement, option))
        for number, option in enumerate(held)
    ]
    crowd = Crowd(statement.weekly, Timeline(statement.weekly), chosen)
    for number in sorted(range(len(mine)), key=points.__getitem__):
        for by, rooms in crowd.alone_in_the_way(number):
            place = Chosen(number, tuple(next(bits_of(mask)) for mask in rooms))
            yield by, sessions_of(statement, (place,))


def _as_option(series: Sequence[Session], request: Request, problem: Problem) -> Option:
    """Where it is held, in the rooms that it has."""
    first = series[0]
    starts = first.slot.starts.astimezone(problem.zone)
    return Option(
        request=request,
        weekly=Weekly(
            weekday=starts.isoweekday(), starts=starts.time(), minutes=first.slot.minutes
        ),
        sites=tuple(map(wish_of, first.sites)),
        dates=tuple(each.series_date for each in series if each.series_date is not None),
        slots=tuple(each.slot for each in series),
        drafts=tuple(series),
        lost=(),
        rooms={
            site.school: (site.room,)
            for site in first.sites
            if site.room is not None and site.room in problem.books[site.school].rooms
        },
    )


def _room_numbers(statement: Statement, option: Option) -> tuple[int, ...]:
    return tuple(
        next(number for number, unit in enumerate(statement.rooms[school]) if room in unit)
        for school, (room,) in option.rooms.items()
    )


def _series_near(request: Request, problem: Problem) -> Iterator[tuple[Session, ...]]:
    """Booked series of the same schools, people or link, by the first of their dates."""
    schools = {site.school for site in request.sites}
    people = {teacher for site in request.sites for teacher in site.required_teachers}
    found: dict[str, list[Session]] = defaultdict(list)
    for session in sorted(problem.situation.sessions, key=lambda each: (each.slot, each.id)):
        if session.series_date is not None and session.slot.starts > problem.now:
            found[session.series or session.id.rsplit("/", 1)[0]].append(session)
    tied = _tied(problem)
    for name, sessions in found.items():
        if name in tied or name.rsplit("/", 1)[0] in tied:
            continue
        first = sessions[0]
        is_near = any(
            site.school in schools or not people.isdisjoint(site.required_teachers)
            for site in first.sites
        )
        shares_link = first.link_pool is not None and first.link_pool == request.link_pool
        if (is_near or shares_link) and not any(each.pinned for each in sessions):
            yield tuple(sessions)


def _tied(problem: Problem) -> set[str]:
    """The series, and requests that a plan has placed, that another weekday would tear apart."""
    companions = [each.request for each in problem.companions]
    ties = ties_of([*problem.requests, *companions])
    requests = {request for tie in ties for request in (tie.earlier, tie.later)}
    return {*requests, *(series for each in companions for series in each.series)}


def _with(problem: Problem, more: Sequence[Session], *, leaving: Sequence[Session] = ()) -> Problem:
    gone = {each.id for each in leaving}
    kept = (each for each in problem.situation.sessions if each.id not in gone)
    return replace(problem, situation=replace(problem.situation, sessions=(*kept, *more)))


def _held(option: Option) -> tuple[Session, ...]:
    """Its dates, each in the first room of every school that will do."""
    sessions = []
    for number, session in enumerate(option.sessions):
        for school, rooms in option.rooms.items():
            session = with_room(session, school, rooms[0])  # noqa: PLW2901 - room by room
        sessions.append(replace(session, id=type(session.id)(f"{session.id}#{number}")))
    return tuple(sessions)


def _best_elsewhere(series: Sequence[Session], beside: Problem, term: Term) -> Option | None:
    """Where it loses fewest dates and costs least."""
    asked = _request_of(series, beside, term)
    return min(
        options_of(asked, beside, Alike(beside)).found,
        key=lambda option: (
            len(option.lost),
            sum(cost.points for cost in costs_of(option, beside)),
            option.weekly.weekday,
            option.weekly.starts,
        ),
        default=None,
    )


def _request_of(series: Sequence[Session], problem: Problem, term: Term) -> Request:
    """The series as a wish for any weekday and time, whatever rooms it takes."""
    first = series[0]
    return Request(
        **agenda_of(first),
        id=RequestId(first.series or first.id.rsplit("/", 1)[0]),
        school=first.lead.school,
        term=term.id,
        minutes=first.slot.minutes,
        weeks=format_weeks(_weeks_of(series, problem, term), term.last_week),
        earliest=WORKDAY[0],
        latest=WORKDAY[1],
        sites=tuple(
            RequestSite(**fields_of(replace(site, room=None, period=None))) for site in first.sites
        ),
    )


def _weeks_of(series: Sequence[Session], problem: Problem, term: Term) -> list[int]:
    """In which weeks of the term it is held; none where all its dates are closed or outside."""
    clock = problem.books[series[0].lead.school].time
    dates = (each.series_date for each in series)
    within = (on for on in dates if on is not None and term.first_day <= on <= term.last_day)
    weeks = {day.follows.week for on in within if (day := clock.day(on)).follows is not None}
    return sorted(week for week in weeks if week <= term.last_week)


def _sentence(series: Sequence[Session], to: Option, problem: Problem) -> Text:
    """Where it goes, and whose consent that needs."""
    name, times = weekday_name(to.weekly.weekday), clock_times(to.slots[0], problem.zone)
    asked = [
        problem.books[site.school].school.name
        for site in to.sites
        if not all(
            problem.books[site.school].open_slot_covering(each.slot, each.subject)
            for each in to.sessions
        )
    ]
    consent = Text(
        f"（须经{'、'.join(asked)}同意）" if asked else "",
        f" ({', '.join(asked)} must agree)" if asked else "",
    )
    title = series[0].title
    return Text(
        f"“{title}”改到{name.zh} {times}{consent.zh}",
        f"“{title}” moves to {name.en} {times}{consent.en}",
    )
