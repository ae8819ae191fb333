"""Lifting a suspension: day tables are as before, and sessions are offered their places back."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated

from msgspec import Meta

from calendars.days import Day, DayKind
from scheduler.access import require_change_of
from scheduler.adjusting import Occasion
from scheduler.booking.revisions import to_lock
from scheduler.booking.single import SessionChange, change
from scheduler.disruptions.making_up import MakeUp, made_up_by, make_up
from scheduler.disruptions.one_by_one import Remedied, attempt
from scheduler.disruptions.replacements import booking_at
from scheduler.disruptions.suspending.telling import told_of_opening
from scheduler.errors import InvalidWishError, StateError
from scheduler.model import (
    Effect,
    Place,
    Resource,
    ResourceKind,
    Session,
    SessionId,
    SessionState,
    Suspension,
)
from scheduler.placing import outlines
from scheduler.store import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Returns:
    """Which sessions are put back where they were before the suspension."""

    sessions: Annotated[tuple[SessionId, ...], Meta(min_length=1, max_length=200)]


async def lift(transaction: Transaction, before: Suspension) -> Suspension:
    """Open the schools again, as far as nobody has changed their rows of the day table since.

    Sessions do not come back by themselves: they are offered their places, for people to confirm.
    """
    if before.lifted_at is not None:
        raise StateError("这次停课已经解除。", "The suspension has been lifted already.")
    await transaction.lock([Resource(ResourceKind.SCHOOL, school) for school in before.schools])
    await _put_days_back(transaction, before)
    after = await transaction.replace_suspension(before, replace(before, lifted_at=transaction.now))
    books = await transaction.books()
    waiting = [each for each, _ in await sessions_to_return(transaction, after)]
    await transaction.add_notices(told_of_opening(after, waiting, books, transaction.now))
    return after


async def _put_days_back(transaction: Transaction, suspension: Suspension) -> None:
    books = await transaction.books(suspension.schools)
    rows = {row.id: row for book in books.values() for row in book.time.days}
    known = [rows[name] for name in suspension.rows if name in rows]
    ours = [row for row in known if _is_ours(row, suspension)]
    before = {row.id: row for row in suspension.rows_before}
    await transaction.put_many([before[row.id] for row in ours if row.id in before])
    for row in ours:
        if row.id not in before:
            stored = await transaction.get(Day, row.id)
            await transaction.delete(Day, row.id, revision=stored.revision)


def _is_ours(row: Day, suspension: Suspension) -> bool:
    return (row.date, row.kind, row.note) == (
        suspension.date,
        DayKind.SUSPENDED,
        suspension.reason,
    )


async def sessions_to_return(
    transaction: Transaction, suspension: Suspension
) -> list[tuple[Session, Place]]:
    """The sessions that the suspension took something from and has not been given back, by time.

    With the place each had; what should have begun by now can no longer be put back.
    """
    found = []
    for each in suspension.sessions:
        if each.before.slot.starts <= transaction.now or await made_up_by(
            transaction, each.session
        ):
            continue
        session = await transaction.session(each.session)
        if each.effect is Effect.CANCELLED or (
            each.effect is Effect.GOES_ON and _misses(session, each.without, transaction)
        ):
            found.append((session, each.before))
    return found


def _misses(session: Session, schools: Sequence[str], transaction: Transaction) -> bool:
    present = {site.school for site in session.sites}
    return session.is_live(transaction.now) and present.isdisjoint(schools)


async def put_back(
    transaction: Transaction, suspension: Suspension, wish: Returns
) -> tuple[Remedied, ...]:
    """Hold these sessions again as they were, each judged anew and answered for itself.

    A cancelled session stays cancelled (H14): another one takes its place, in its series too, and
    is linked to it. Where only a school had dropped out, that school takes part again.
    """
    if suspension.lifted_at is None:
        raise StateError(
            "停课尚未解除，不能恢复活动。", "The suspension has not been lifted: nothing returns."
        )
    waiting = {
        session.id: (session, place)
        for session, place in await sessions_to_return(transaction, suspension)
    }
    for no, named in enumerate(wish.sessions):
        if named not in waiting:
            raise InvalidWishError(
                f"活动 {named} 没有可恢复的位置。",
                f"The session {named} has no place to return to.",
                pointer=f"/sessions/{no}",
                value=named,
            )
        require_change_of(transaction.actor, waiting[named][0])
    chosen = [waiting[named] for named in dict.fromkeys(wish.sessions)]
    needed = [
        sketch
        for session, place in chosen
        for sketch in outlines(booking_at(session, place), {}, id=session.id, now=transaction.now)
    ]
    await transaction.lock(to_lock(needed))
    return tuple(
        [
            await attempt(
                transaction, session.id, _returning(transaction, suspension, session, place)
            )
            for session, place in chosen
        ]
    )


def _returning(
    transaction: Transaction, suspension: Suspension, session: Session, place: Place
) -> Callable[[], Awaitable[Session]]:
    booking = booking_at(session, place)
    reason = f"停课解除，恢复原安排 / restored ({suspension.reason})"
    if session.state is SessionState.CANCELLED:
        wish = MakeUp(slot=place.slot, sites=booking.sites, reason=reason)
        return partial(make_up, transaction, session.id, wish, returning=True, cause=suspension.id)
    back = SessionChange(sites=booking.sites, reason=reason)
    occasion = Occasion(cause=suspension.id)
    return partial(change, transaction, session.id, back, session.revision, occasion=occasion)
