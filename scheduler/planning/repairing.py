"""The published plan changed with the least disturbance (S13), for people to accept.

A room, a link, a teacher or the bells have changed, or an urgent request finds no place.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated

from msgspec import Meta

from calendars.bells import SchoolId
from scheduler.allocation.alike import Alike
from scheduler.allocation.chains import ties_of
from scheduler.allocation.options import options_of
from scheduler.allocation.problem import Problem
from scheduler.allocation.repairing import Repair, make_room, repair, without
from scheduler.allocation.trials import Option
from scheduler.conflicts import find_conflicts
from scheduler.errors import StateError
from scheduler.members import IDENTIFIER
from scheduler.model import Request, RequestId, RequestState, Session
from scheduler.placing import near
from scheduler.planning.loading import problem_of
from scheduler.store import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairWish:
    """Which sessions to look at: those of the next `days`, of one school or of all.

    With a `request`, how that gets a place instead, whenever it is.
    """

    days: Annotated[int, Meta(ge=1, le=120)] = 28
    school: SchoolId | None = None
    request: Annotated[RequestId, IDENTIFIER] | None = None
    seconds: Annotated[int, Meta(ge=1, le=60)] = 10


async def find_repair(transaction: Transaction, wish: RepairWish) -> Callable[[], Repair]:
    """How to find the moves of least disturbance; slow enough to be done elsewhere.

    `NotFoundError` for an unknown request, `StateError` for one that waits for no place.
    """
    if wish.request is None:
        problem = await problem_of(transaction, ())
        return lambda: _repair(problem, wish)
    request = (await transaction.get(Request, wish.request)).record
    if request.state is not RequestState.OPEN:
        raise StateError(
            f"需求“{request.title}”不在待排（{request.state}），无须让位。",
            f"The request “{request.title}” is {request.state}: it waits for no place.",
        )
    problem = await problem_of(transaction, (request,))
    return lambda: _with_room_made(request, problem, wish.seconds)


def _repair(problem: Problem, wish: RepairWish) -> Repair:
    until = problem.now + timedelta(days=wish.days)
    coming = [
        each
        for each in problem.situation.sessions
        if problem.now < each.slot.starts <= until
        and (wish.school is None or each.site_of(wish.school) is not None)
    ]
    broken = [each for each in coming if _is_broken(each, problem)]
    return repair(broken, _beside(broken, problem), problem, seconds=wish.seconds)


def _is_broken(session: Session, problem: Problem) -> bool:
    around = near(problem.situation, session.slot.starts.date())
    return bool(find_conflicts(session, around, now=problem.now))


def _beside(broken: Sequence[Session], problem: Problem) -> list[Session]:
    """Sessions to come on the same dates at the same schools, which might make room."""
    known = {each.id for each in broken}
    hit = {(site.school, _date(each, problem)) for each in broken for site in each.sites}
    return [
        each
        for each in problem.situation.sessions
        if each.id not in known
        and each.slot.starts > problem.now
        and any((site.school, _date(each, problem)) in hit for site in each.sites)
    ]


def _with_room_made(request: Request, problem: Problem, seconds: int) -> Repair:
    """Whoever shares a school, a person or the link with it on one of its dates may make room."""
    may_move = [
        each
        for each in problem.situation.sessions
        if each.slot.starts > problem.now and not each.pinned
    ]
    alone = without(may_move, problem)
    places = options_of(request, alone, Alike(alone)).found
    dates = {on for place in places for on in place.dates}
    partners, used = _partners_of(request, problem), _Used(places)
    movable = [
        each
        for each in may_move
        if _date(each, problem) in dates
        and each.series not in partners
        and used.by(each)
        and not _is_broken(each, problem)
    ]
    return make_room(request, movable, problem, seconds=seconds)


def _partners_of(request: Request, problem: Problem) -> Collection[str | None]:
    """The series it goes with, whose dates decide about its own."""
    own = [each.request for each in problem.companions]
    named = {
        each
        for tie in ties_of([*own, request])
        if request.id in (tie.earlier, tie.later)
        for each in (tie.earlier, tie.later)
    }
    return {series for each in own if each.id in named for series in each.series}


class _Used:
    """The schools, people and links that some of these places would use, on whatever day."""

    def __init__(self, places: Sequence[Option]) -> None:
        sites = [site for place in places for site in place.sites]
        self._schools = {site.school for site in sites}
        self._people = {teacher for site in sites for teacher in site.required_teachers}
        self._links = {place.request.link_pool for place in places} - {None}

    def by(self, session: Session) -> bool:
        """Whether the session uses any of it."""
        return session.link_pool in self._links or any(
            site.school in self._schools or not self._people.isdisjoint(site.required_teachers)
            for site in session.sites
        )


def _date(session: Session, problem: Problem) -> date:
    return session.slot.starts.astimezone(problem.zone).date()
