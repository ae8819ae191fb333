"""The published sessions that a rule no longer allows, put right with the least disturbance (S13).

A room changes, or else the time of the same day, or else the date. Sessions beside them may change
too where that disturbs less in all. A pinned session never moves.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from calendars.bells import SchoolId
from calendars.series import Weekly
from scheduler.allocation.alike import Alike
from scheduler.allocation.chains import keeps_its_partners
from scheduler.allocation.problem import Problem
from scheduler.allocation.result import broken_by, sites_of
from scheduler.allocation.starts import Start, starts_on
from scheduler.allocation.statement import Statement, priced
from scheduler.allocation.trials import Option, Trial
from scheduler.allocation.weekly.changes import Change
from scheduler.allocation.weekly.fewest_moves import repair_weekly
from scheduler.allocation.weekly.problem import Chosen, WeeklyProblem
from scheduler.members import WORKDAY
from scheduler.model import (
    Place,
    Request,
    RequestId,
    RequestSite,
    Session,
    SessionId,
    Site,
    SiteWish,
)
from scheduler.placing import agenda_of, fields_of, wish_of

SEED: Final = 1
DAYS_AHEAD: Final = 14
"""How far a session is postponed."""
OTHER_ROOM, OTHER_TIME, OTHER_DATE = 2, 6, 12
"""What a change is worth, for each person told again and by notice.

Another room concerns the people of its school only; besides another time it is worth a point.
"""
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
    options = [
        list(_options(session, days_ahead if session in hit else 0, alone, alike))
        for session in sessions
    ]
    statement = priced(
        [_request_of(session, alone) for session in sessions],
        options,
        [0] * sum(map(len, options)),
        alone,
    )
    weekly = _nobody_else_falls(statement.weekly, sessions, hit)
    changes = _Changes(sessions, statement, alone)
    found = repair_weekly(weekly, changes.before, changes.by_place, seconds=seconds, seed=SEED)
    refused = {str(each) for each in broken_by(statement, found.answer.chosen, alone)}
    moves = [
        _move(session, statement, chosen, points)
        for chosen in found.answer.chosen
        if (points := changes.by_place[chosen.place].with_rooms(chosen.rooms))
        and (session := sessions[weekly.places[chosen.place].activity]).id not in refused
    ]
    return Repair(
        moves=tuple(moves),
        stuck=tuple(
            session.id
            for number, session in enumerate(sessions)
            if number in found.answer.unplaced or session.id in refused
        ),
        points=sum(move.points for move in moves),
        bound=None if refused else found.least,
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


def _move(session: Session, statement: Statement, chosen: Chosen, points: int) -> Move:
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
            slot=statement.options[chosen.place].sessions[0].slot,
            sites=sites_of(statement, chosen),
            link_pool=session.link_pool,
        ),
        points=points,
    )


def _options(session: Session, days_ahead: int, alone: Problem, alike: Alike) -> Iterator[Option]:
    """Every place the session could have by itself, its own rooms first."""
    request = _request_of(session, alone)
    local = session.slot.starts.astimezone(alone.zone)
    own_day, own_time = local.date(), local.time()
    for ahead in range(days_ahead + 1):
        on = own_day + timedelta(days=ahead)
        if ahead and not keeps_its_partners(session, on, alone):
            continue
        own = [Start(own_time)] if not ahead else []
        others = (each for each in starts_on(request, [on], alone) if each not in own)
        for start in (*own, *others):
            weekly = Weekly(
                weekday=on.isoweekday(), starts=start.starts, minutes=session.slot.minutes
            )
            found, _ = Trial(request, alone, alike, weekly, [on], [on]).run(start)
            yield from (_with_own_rooms_first(option, session) for option in found)


def _with_own_rooms_first(option: Option, session: Session) -> Option:
    """Of the rooms that share a kit, the one that it has is taken."""
    own = {site.school: site.room for site in session.sites}
    rooms = {
        school: tuple(sorted(possible, key=lambda room: room != own.get(school)))
        for school, possible in option.rooms.items()
    }
    return replace(option, rooms=rooms)


class _Changes:
    """Where the sessions are, and what it disturbs for each of their options to be there."""

    def __init__(self, sessions: Sequence[Session], statement: Statement, alone: Problem) -> None:
        self._statement = statement
        self._alone = alone
        self.before: list[Chosen] = []
        self.by_place: list[Change] = []
        for number, (place, option) in enumerate(
            zip(statement.weekly.places, statement.options, strict=True)
        ):
            session = sessions[place.activity]
            change = self._change(session, option)
            self.by_place.append(change)
            if not change.points:
                rooms = tuple(self._number(session, school) for school in option.rooms)
                self.before.append(Chosen(number, rooms))

    def _change(self, session: Session, option: Option) -> Change:
        stays = option.sessions[0].slot == session.slot and _same_tactics(option.sites, session)
        notice = _notice(session, self._alone)
        ahead = (option.dates[0] - self._day(session)).days
        points = (OTHER_DATE if ahead else OTHER_TIME) * notice * _people(session) + ahead
        own, rooms = [], []
        for school, possible in option.rooms.items():
            site = session.site_of(school)
            is_possible = site is not None and site.room in possible
            own.append(1 << self._number(session, school) if is_possible else 0)
            people = 0 if site is None else _people_at(site)
            rooms.append(OTHER_ROOM * notice * people if stays else 1)
        return Change(0 if stays else points, tuple(own), tuple(rooms))

    def _number(self, session: Session, school: SchoolId) -> int:
        """The number of the session's room there, one too high if the school has it no more."""
        site = session.site_of(school)
        units = self._statement.rooms[school]
        found = (
            number for number, unit in enumerate(units) if site is not None and site.room in unit
        )
        return next(found, len(units))

    def _day(self, session: Session) -> date:
        return session.slot.starts.astimezone(self._alone.zone).date()


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
    return sum(map(_people_at, session.sites))


def _people_at(site: Site) -> int:
    return max(1, len(site.required_teachers) + len(site.class_groups))


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
