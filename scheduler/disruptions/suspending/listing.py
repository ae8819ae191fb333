"""What is still to be decided of the sessions of a suspension, and where each could go."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from scheduler.booking.alternatives import situation_around
from scheduler.conflicts import find_conflicts
from scheduler.disruptions.making_up import made_up_by, wanted_later
from scheduler.disruptions.outages import key_of
from scheduler.disruptions.replacements import (
    Disrupted,
    booking_at,
    later_place,
    replacements_for,
    way_back,
    with_place,
)
from scheduler.disruptions.suspending.opening import sessions_to_return
from scheduler.model import Booking, Effect, Place, Session, Suspension
from scheduler.placing import booking_of
from scheduler.schools import Situation
from scheduler.store import Transaction

Judge = Callable[[Sequence[Session]], tuple[Disrupted, ...]]


@dataclass(frozen=True, slots=True)
class _Open:
    """A session to decide about: what to load for it, and what finds where it could go."""

    session: Session
    wanted: Booking
    find: Callable[[Situation], Disrupted]


async def sessions_to_decide(
    transaction: Transaction, suspension: Suspension, *, after: str, limit: int
) -> tuple[list[Session], Judge]:
    """A part of what is open, by time, and what finds places, for a thread.

    While the schools are closed: cancelled sessions to make up for on another date, and those of
    which nobody has said yet whether they go on. Once the suspension is lifted: what can return.
    """
    if suspension.lifted_at is None:
        found = await _while_closed(transaction, suspension)
    else:
        found = [
            _to_return(session, place, transaction)
            for session, place in await sessions_to_return(transaction, suspension)
        ]
    part = [each for each in found if key_of(each.session) > after][:limit]
    bookings = [each.wanted for each in part]
    situation = await situation_around(transaction, *bookings) if bookings else None
    finders = {each.session.id: each.find for each in part}

    def judge(some: Sequence[Session]) -> tuple[Disrupted, ...]:
        return tuple(_together([finders[each.id] for each in some], situation))

    return [each.session for each in part], judge


def _together(
    finders: Iterable[Callable[[Situation], Disrupted]], situation: Situation | None
) -> Iterator[Disrupted]:
    """What one session would take is not offered to the next."""
    for find in finders:
        if situation is None:
            return
        found = find(situation)
        if found.replacements:
            situation = with_place(found.session, found.replacements[0], situation)
        yield found


async def _while_closed(transaction: Transaction, suspension: Suspension) -> list[_Open]:
    found = []
    for each in suspension.sessions:
        session = await transaction.session(each.session)
        if each.effect is Effect.CANCELLED:
            if not await made_up_by(transaction, session.id):
                found.append(await _to_make_up(transaction, session))
        elif each.effect is Effect.UNDECIDED and _is_undecided(session, suspension, transaction):
            found.append(_to_settle(session, transaction))
    return found


def _is_undecided(session: Session, suspension: Suspension, transaction: Transaction) -> bool:
    schools = {site.school for site in session.sites}
    day = {each.session: each.before.slot for each in suspension.sessions}[session.id]
    return (
        session.is_live(transaction.now)
        and session.slot.starts > transaction.now
        and session.slot == day
        and not schools.isdisjoint(suspension.schools)
    )


async def _to_make_up(transaction: Transaction, session: Session) -> _Open:
    now = transaction.now
    wanted, dates = await wanted_later(transaction, session)

    def find(situation: Situation) -> Disrupted:
        place = later_place(wanted, situation, dates, now=now, instead_of=session)
        return Disrupted(
            session=session, conflicts=(), replacements=() if place is None else (place,)
        )

    return _Open(session, wanted, find)


def _to_settle(session: Session, transaction: Transaction) -> _Open:
    now = transaction.now

    def find(situation: Situation) -> Disrupted:
        return Disrupted(
            session=session,
            conflicts=find_conflicts(session, situation, now=now),
            replacements=replacements_for(session, situation, now=now),
        )

    return _Open(session, booking_of(session), find)


def _to_return(session: Session, place: Place, transaction: Transaction) -> _Open:
    now = transaction.now

    def find(situation: Situation) -> Disrupted:
        replacements, obstacles = way_back(session, place, situation, now=now)
        return Disrupted(
            session=session, conflicts=(), replacements=replacements, obstacles=obstacles
        )

    return _Open(session, booking_at(session, place), find)
