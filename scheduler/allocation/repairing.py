"""The published sessions that a rule no longer allows, put right with the least disturbance (S13).

Rooms stay or change, then times of the same day, then dates soon after. Sessions beside them may
move too where that disturbs less in all. A pinned session never moves.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from calendars.series import Weekly
from scheduler.allocation.alike import Alike
from scheduler.allocation.problem import Problem
from scheduler.allocation.result import broken_by, sites_of
from scheduler.allocation.solve import solve_weekly
from scheduler.allocation.starts import Start, starts_on
from scheduler.allocation.statement import Statement, priced
from scheduler.allocation.trials import Option, Trial
from scheduler.allocation.weekly import Chosen, WeeklyProblem
from scheduler.booking.candidates import WORKDAY
from scheduler.model import (
    Place,
    Request,
    RequestId,
    RequestSite,
    Session,
    SessionId,
    SiteWish,
)
from scheduler.placing import agenda_of, fields_of, wish_of

SEED: Final = 1
DAYS_AHEAD: Final = 14
"""How far a session is postponed."""
OTHER_ROOM, OTHER_TIME, OTHER_DATE = 2, 6, 12
"""What a change is worth, for each person told again and by notice; one more for a room besides."""
NOTICE: Final = ((2, 4), (7, 3), (28, 2))
"""Within so many days a change weighs so many times as much as later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One session, at the revision it was read, and where it would go for how many points."""

    session: SessionId
    revision: int
    title: str
    before: Place
    after: Place
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """The moves that together put everything right again, as far as anything can.

    `stuck` sessions have no place and wait for a person; `points` is the sum over all moves, and no
    other way that leaves as few stuck costs less than `bound` (empty where nothing is proven).
    """

    moves: tuple[Move, ...]
    stuck: tuple[SessionId, ...]
    points: int
    bound: int | None


def repair(
    broken: Sequence[Session], movable: Sequence[Session], problem: Problem, *, seconds: float
) -> Repair:
    """Find a place for every broken session; `movable` ones beside them may make room.

    `problem` holds every live session, these included. Later dates are looked at only if the day
    itself has no place for all.
    """
    free = [each for each in (*broken, *movable) if not each.pinned]
    leaving = {each.id for each in free}
    kept = tuple(each for each in problem.situation.sessions if each.id not in leaving)
    alone = replace(problem, situation=replace(problem.situation, sessions=kept))
    hit = [each for each in broken if not each.pinned]
    found = _search(free, hit, alone, days_ahead=0, seconds=seconds)
    if found.stuck:
        found = _search(free, hit, alone, days_ahead=DAYS_AHEAD, seconds=seconds)
    pinned = tuple(each.id for each in broken if each.pinned)
    return replace(found, stuck=(*found.stuck, *pinned))


def _search(
    sessions: Sequence[Session],
    hit: Sequence[Session],
    alone: Problem,
    *,
    days_ahead: int,
    seconds: float,
) -> Repair:
    """`alone` holds none of the sessions."""
    alike = Alike(alone)
    found = [
        _priced_options(session, days_ahead if session in hit else 0, alone, alike)
        for session in sessions
    ]
    statement = priced(
        [_request_of(session, alone) for session in sessions],
        [[option for option, _ in options] for options in found],
        [points for options in found for _, points in options],
        alone,
    )
    answer = solve_weekly(
        _nobody_else_falls(statement.weekly, sessions, hit), seconds=seconds, seed=SEED
    )
    refused = {str(each) for each in broken_by(statement, answer.chosen, alone)}
    moves = tuple(
        _move(session, statement, chosen)
        for chosen in answer.chosen
        if statement.weekly.places[chosen.place].cost
        and (session := sessions[statement.weekly.places[chosen.place].activity]).id not in refused
    )
    return Repair(
        moves=moves,
        stuck=tuple(
            session.id
            for number, session in enumerate(sessions)
            if number in answer.unplaced or session.id in refused
        ),
        points=sum(move.points for move in moves),
        bound=None if refused else answer.bound,
    )


def _nobody_else_falls(
    weekly: WeeklyProblem, sessions: Sequence[Session], hit: Sequence[Session]
) -> WeeklyProblem:
    """A session that may stay where it is never loses its place to one that may not."""
    most = 1 + sum(activity.weight for activity in weekly.activities)
    return replace(
        weekly,
        activities=tuple(
            activity if session in hit else replace(activity, weight=activity.weight * most)
            for activity, session in zip(weekly.activities, sessions, strict=True)
        ),
    )


def _move(session: Session, statement: Statement, chosen: Chosen) -> Move:
    option = statement.options[chosen.place]
    return Move(
        session=session.id,
        revision=session.revision,
        title=session.title,
        before=Place(
            slot=session.slot,
            sites=tuple(map(wish_of, session.sites)),
            link_pool=session.link_pool,
        ),
        after=Place(
            slot=option.sessions[0].slot,
            sites=sites_of(statement, chosen),
            link_pool=session.link_pool,
        ),
        points=statement.weekly.places[chosen.place].cost,
    )


def _priced_options(
    session: Session, days_ahead: int, alone: Problem, alike: Alike
) -> list[tuple[Option, int]]:
    """Every place the session could have by itself, with what the change to it is worth."""
    request = _request_of(session, alone)
    local = session.slot.starts.astimezone(alone.zone)
    own_day, own_time = local.date(), local.time()
    found: list[tuple[Option, int]] = []
    for ahead in range(days_ahead + 1):
        on = own_day + timedelta(days=ahead)
        own = [Start(own_time)] if not ahead else []
        others = (each for each in starts_on(request, [on], alone) if each not in own)
        for start in (*own, *others):
            weekly = Weekly(
                weekday=on.isoweekday(), starts=start.starts, minutes=session.slot.minutes
            )
            options, _ = Trial(request, alone, alike, weekly, [on], [on]).run(start)
            for option in options:
                found += _with_prices(option, session, ahead, alone)
    return found


def _with_prices(
    option: Option, session: Session, ahead: int, alone: Problem
) -> Iterator[tuple[Option, int]]:
    """The option in the rooms that the session has, as far as they will do, and in any rooms."""
    rooms = {site.school: site.room for site in session.sites}
    kept = {
        school: (room,) if (room := rooms.get(school)) in possible else possible
        for school, possible in option.rooms.items()
    }
    stays = option.sessions[0].slot == session.slot and _same_tactics(option.sites, session)
    in_its_rooms = all(rooms.get(school) in possible for school, possible in kept.items())
    weight = _notice(session, alone) * _people(session)
    if stays and in_its_rooms:
        yield replace(option, rooms=kept), 0
    if stays:
        yield replace(option, rooms=option.rooms if in_its_rooms else kept), OTHER_ROOM * weight
    else:
        kind = OTHER_DATE if ahead else OTHER_TIME
        yield replace(option, rooms=kept), kind * weight + ahead
    yield option, (OTHER_DATE if ahead else OTHER_TIME) * weight + ahead + 1


def _same_tactics(sites: Sequence[SiteWish], session: Session) -> bool:
    return all(
        (site.tactic, site.shift_minutes) == (known.tactic, known.shift_minutes)
        for site in sites
        if (known := session.site_of(site.school)) is not None
    )


def _notice(session: Session, problem: Problem) -> int:
    days = (session.slot.starts - problem.now).days
    return next((weight for within, weight in NOTICE if days <= within), 1)


def _people(session: Session) -> int:
    """Teachers and classes that are told again."""
    return sum(len(site.required_teachers) + len(site.class_groups) for site in session.sites)


def _request_of(session: Session, problem: Problem) -> Request:
    """The session as a wish for one date, whatever rooms it takes."""
    starts = session.slot.starts.astimezone(problem.zone).time()
    ends = session.slot.ends.astimezone(problem.zone).time()
    return Request(
        **agenda_of(session),
        id=RequestId(session.id),
        school=session.lead.school,
        term=session.id,
        minutes=session.slot.minutes,
        earliest=min(starts, WORKDAY[0]),
        latest=max(ends, WORKDAY[1]),
        sites=tuple(
            RequestSite(**fields_of(replace(site, room=None, period=None)))
            for site in session.sites
        ),
    )
