"""The published plan put right after a room, a link, a teacher or the bells have changed (S13)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Annotated

from msgspec import Meta

from calendars.bells import SchoolId
from calendars.text import Text
from scheduler.allocation.problem import Problem
from scheduler.allocation.repairing import Repair, repair
from scheduler.booking import notices
from scheduler.booking.places import Wanted, find_places
from scheduler.booking.revisions import current_session, require_changeable, successor
from scheduler.conflicts import find_conflicts
from scheduler.disruptions.outages import Remedy
from scheduler.errors import InvalidWishError, told_at
from scheduler.members import Note
from scheduler.model import Session, SessionId
from scheduler.placing import booking_of, near
from scheduler.planning.loading import problem_of
from scheduler.store import Transaction

_WHY = Text(
    "原来的安排已无法进行，按影响最小的方案调整。", "It could not stay; this disturbs least."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairWish:
    """Which sessions to look at: those of the next `days`, of one school or of all."""

    days: Annotated[int, Meta(ge=1, le=120)] = 28
    school: SchoolId | None = None
    seconds: Annotated[int, Meta(ge=1, le=60)] = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedMoves:
    """Moves made together: each may take what another gives up. A session is named once."""

    moves: Annotated[tuple[Remedy, ...], Meta(min_length=1, max_length=500)]
    reason: Note = ""


async def find_repair(transaction: Transaction, wish: RepairWish) -> Callable[[], Repair]:
    """How to find the moves of least disturbance; slow enough to be done elsewhere."""
    problem = await problem_of(transaction, ())
    return lambda: _repair(problem, wish)


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
    hit = {
        (site.school, each.slot.starts.astimezone(problem.zone).date())
        for each in broken
        for site in each.sites
    }
    return [
        each
        for each in problem.situation.sessions
        if each.id not in known
        and each.slot.starts > problem.now
        and any(
            (site.school, each.slot.starts.astimezone(problem.zone).date()) in hit
            for site in each.sites
        )
    ]


async def accept_moves(transaction: Transaction, wish: AcceptedMoves) -> tuple[Session, ...]:
    """Make these moves together, or raise `ClashError` with everything that is in the way by now.

    Schools whose time, room or people change are asked unless their open slot agrees.
    """
    _require_each_once(wish.moves)
    before = [
        await current_session(transaction, each.session, each.revision) for each in wish.moves
    ]
    for session in before:
        require_changeable(session, transaction.now)
    wanted = []
    for no, (session, move) in enumerate(zip(before, wish.moves, strict=True)):
        with told_at(f"moves/{no}"):
            booking = replace(
                booking_of(session), slot=move.slot, sites=move.sites, link_pool=move.link_pool
            )
            await transaction.require(booking)
        wanted.append(
            Wanted(
                id=session.id,
                booking=booking,
                before=session,
                automatic=True,
                place=f"moves/{no}",
            )
        )
    places, situation = await find_places(transaction, *wanted)
    after = [
        successor(old, replace(place, reason=wish.reason), transaction.now)
        for old, place in zip(before, places, strict=True)
    ]
    await transaction.replace_sessions(list(zip(before, after, strict=True)))
    for old, new in zip(before, after, strict=True):
        told = notices.changed(old, new, situation.schools, transaction.now, why=_WHY)
        await transaction.add_notices(told)
    return tuple(after)


def _require_each_once(moves: Sequence[Remedy]) -> None:
    named: set[SessionId] = set()
    for no, move in enumerate(moves):
        if move.session in named:
            raise InvalidWishError(
                f"活动 {move.session} 列出了两次，请只列一次。",
                f"Session {move.session} is named twice: name it once.",
                pointer=f"/moves/{no}/session",
                value=move.session,
            )
        named.add(move.session)
