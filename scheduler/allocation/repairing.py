"""The published sessions changed with the least disturbance (S13).

A rule no longer allows some of them, or a request has no place beside them. A room changes, or else
the time of the same day, or else the date. Sessions beside them may change too where that disturbs
less in all. A pinned session never moves.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final

from scheduler.allocation.alike import Alike
from scheduler.allocation.chains import fitting
from scheduler.allocation.disturbance import Disturbance, as_request, places_of
from scheduler.allocation.judging import broken_by
from scheduler.allocation.options import options_of
from scheduler.allocation.preferences import costs_of
from scheduler.allocation.problem import Problem
from scheduler.allocation.result import sites_of
from scheduler.allocation.statement import Statement, priced
from scheduler.allocation.trials import Option
from scheduler.allocation.weekly.fewest_moves import Repaired, repair_weekly
from scheduler.allocation.weekly.problem import Chosen, WeeklyProblem
from scheduler.model import Place, Request, Session, SessionId, WeeklyPlace
from scheduler.placing import POSTPONED_AT_MOST_DAYS, wish_of

SEED: Final = 1


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
    `placements` are where the request that was asked about would be held once all moves are made;
    there are none, and no moves, if it has no place even so.
    """

    moves: tuple[Move, ...]
    stuck: tuple[SessionId, ...]
    points: int
    bound: int | None
    placements: tuple[WeeklyPlace, ...] = ()


def repair(
    broken: Sequence[Session], movable: Sequence[Session], problem: Problem, *, seconds: float
) -> Repair:
    """Find a place for every broken session; `movable` ones beside them may make room.

    `problem` holds every live session, these included. Later dates are looked at only if the day
    itself has no place for all.
    """
    free = [each for each in (*broken, *movable) if not each.pinned]
    hit = frozenset(each.id for each in broken if not each.pinned)
    alone = without(free, problem)
    found = _Search(free, hit, alone).run(days_ahead=0, seconds=seconds)
    if found.stuck:
        found = _Search(free, hit, alone).run(days_ahead=POSTPONED_AT_MOST_DAYS, seconds=seconds)
    pinned = tuple(each.id for each in broken if each.pinned)
    return replace(found, stuck=(*found.stuck, *pinned))


def make_room(
    request: Request, movable: Sequence[Session], problem: Problem, *, seconds: float
) -> Repair:
    """Find a place for a request, for which as little of what is `movable` as can be moves.

    None of these is broken. Other dates of theirs are looked at only if the request has no place
    while they stay on their own.
    """
    free = [each for each in movable if not each.pinned]
    alone = without(free, problem)
    asked = fitting(request, options_of(request, alone, Alike(alone)).found, alone)
    search = _Search(free, frozenset(), alone, request, asked)
    found = search.run(days_ahead=0, seconds=seconds)
    if asked and not found.placements:
        found = search.run(days_ahead=POSTPONED_AT_MOST_DAYS, seconds=seconds)
    return found if found.placements else Repair(moves=(), stuck=(), points=0, bound=None)


def without(sessions: Collection[Session], problem: Problem) -> Problem:
    """The problem as if these were not booked."""
    leaving = {each.id for each in sessions}
    kept = tuple(each for each in problem.situation.sessions if each.id not in leaving)
    return replace(problem, situation=replace(problem.situation, sessions=kept))


@dataclass(frozen=True, slots=True)
class _Search:
    """The sessions that may move, of which those `hit` cannot stay; `alone` holds none of them.

    The request is to get one of the places `asked` beside them.
    """

    sessions: Sequence[Session]
    hit: frozenset[SessionId]
    alone: Problem
    request: Request | None = None
    asked: Sequence[Option] = ()

    def run(self, *, days_ahead: int, seconds: float) -> Repair:
        """The least disturbance if sessions may be postponed by so many days.

        All may for a request, else only those hit.
        """
        statement = self._statement(days_ahead)
        disturbance = Disturbance(self.sessions, statement, self.alone)
        found = repair_weekly(
            self._nobody_else_falls(statement.weekly),
            disturbance.before,
            disturbance.by_place,
            seconds=seconds,
            seed=SEED,
        )
        return self._told(found, statement, disturbance)

    def _statement(self, days_ahead: int) -> Statement:
        alike = Alike(self.alone)
        options = [
            list(places_of(each, self._days(each, days_ahead), self.alone, alike))
            for each in self.sessions
        ]
        requests = [as_request(each, self.alone) for each in self.sessions]
        points = [0] * sum(map(len, options))
        if self.request is not None:
            requests.append(self.request)
            options.append(list(self.asked))
            points += (
                sum(cost.points for cost in costs_of(option, self.alone)) for option in self.asked
            )
        return priced(requests, options, points, self.alone)

    def _days(self, session: Session, days_ahead: int) -> int:
        return days_ahead if self.request is not None or session.id in self.hit else 0

    def _nobody_else_falls(self, weekly: WeeklyProblem) -> WeeklyProblem:
        """A session that may stay where it is never loses its place to anything that may not."""
        most = 1 + sum(activity.weight for activity in weekly.activities)
        stays = [each.id not in self.hit for each in self.sessions]
        return replace(
            weekly,
            activities=tuple(
                replace(activity, weight=activity.weight * most)
                if number < len(stays) and stays[number]
                else activity
                for number, activity in enumerate(weekly.activities)
            ),
        )

    def _told(self, found: Repaired, statement: Statement, disturbance: Disturbance) -> Repair:
        refused = {str(each) for each in broken_by(statement, found.answer.chosen, self.alone)}
        moves, placed = [], []
        for chosen in found.answer.chosen:
            number = statement.weekly.places[chosen.place].activity
            if number >= len(self.sessions):
                placed.append(chosen)
                continue
            session = self.sessions[number]
            points = disturbance.by_place[chosen.place].with_rooms(chosen.rooms)
            if points and session.id not in refused:
                moves.append(_move(session, statement, chosen, points))
        return Repair(
            moves=tuple(sorted(moves, key=lambda each: (each.before.slot, each.session))),
            stuck=tuple(
                session.id
                for number, session in enumerate(self.sessions)
                if number in found.answer.unplaced or session.id in refused
            ),
            points=sum(move.points for move in moves),
            bound=None if refused else found.least,
            placements=() if refused else tuple(_place(statement, each) for each in placed),
        )


def _place(statement: Statement, chosen: Chosen) -> WeeklyPlace:
    option = statement.options[chosen.place]
    return WeeklyPlace(
        request=option.request.id,
        weekly=option.weekly,
        sites=sites_of(statement, chosen),
        dates=option.dates,
        skipped=option.lost,
        offer=option.offer,
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
            slot=statement.options[chosen.place].slots[0],
            sites=sites_of(statement, chosen),
            link_pool=session.link_pool,
        ),
        points=points,
    )
