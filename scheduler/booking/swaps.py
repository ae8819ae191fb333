"""Two sessions exchange their times, their rooms or their teachers: both or neither (换课)."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from calendars.bells import SchoolId
from calendars.slots import Slot
from calendars.text import Text
from scheduler.adjusting import Occasion
from scheduler.booking import notices
from scheduler.booking.arranging import carry_out_or_ask
from scheduler.booking.places import Wanted, find_places, require_to_come
from scheduler.booking.revisions import current_session, require_changeable, successor
from scheduler.errors import InvalidWishError
from scheduler.members import Note
from scheduler.model import (
    AdjustmentKind,
    Booking,
    Proposal,
    ProposalKind,
    Session,
    SessionId,
    SessionState,
    Site,
    SiteWish,
)
from scheduler.placing import booking_of
from scheduler.store import Transaction


class Exchange(StrEnum):
    """What two sessions give each other."""

    TIMES = "times"
    ROOMS = "rooms"
    TEACHERS = "teachers"


@dataclass(frozen=True, slots=True, kw_only=True)
class SwapWish:
    """With which session to swap what; `other_revision` is that of the other as it was read.

    With `times` each begins when the other did and lasts as long as before; a bell shift stays with
    its time. `rooms` and `teachers` (who leads or assists) are exchanged at every school that takes
    part in both.
    """

    other: SessionId
    other_revision: int
    what: Exchange
    reason: Note = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Swapped:
    """Both sessions as they are now, the one that was asked for first.

    With a `proposal` they have not moved yet: schools that had agreed are asked first.
    """

    sessions: tuple[Session, Session]
    proposal: Proposal | None = None


async def swap(transaction: Transaction, id: SessionId, wish: SwapWish, revision: int) -> Swapped:
    """Exchange what the wish says, or raise `ClashError` with everything in the way of either.

    A school whose time, room or people change is asked unless its open slot agrees. A session that
    all had agreed to stays where it is until they agree to the swap.
    """
    if wish.other == id:
        raise InvalidWishError(
            "不能与自己互换。", "A session cannot swap with itself.", pointer="/other", value=id
        )
    pair = (
        await current_session(transaction, id, revision),
        await current_session(transaction, wish.other, wish.other_revision),
    )
    for session in pair:
        require_changeable(session, transaction.now)
    wanted = [
        Wanted(id=before.id, booking=booking, before=before)
        for before, booking in zip(pair, exchanged(*pair, wish.what), strict=True)
    ]
    for session, pointer in zip(pair, ("/what", "/other"), strict=True):
        if wish.what is Exchange.TIMES:
            require_to_come(session.slot.starts, transaction.now, pointer=pointer)
    places, situation = await find_places(transaction, *wanted)
    if any(
        before.state is SessionState.CONFIRMED and place.state is SessionState.HELD
        for before, place in zip(pair, places, strict=True)
    ):
        proposal = await carry_out_or_ask(
            transaction, ProposalKind.SWAP, wanted, places, situation, reason=wish.reason
        )
        return Swapped(sessions=pair, proposal=proposal)
    first, second = (
        successor(before, replace(place, reason=wish.reason), transaction.now)
        for before, place in zip(pair, places, strict=True)
    )
    await transaction.replace_sessions(
        [(pair[0], first), (pair[1], second)], occasion=Occasion(kind=AdjustmentKind.SWAP)
    )
    for before, after, other in ((pair[0], first, pair[1]), (pair[1], second, pair[0])):
        why = Text(f"与“{other.title}”互换。", f"It was swapped with “{other.title}”.")
        await transaction.add_notices(
            notices.changed(before, after, situation.schools, transaction.now, why=why)
        )
    return Swapped(sessions=(first, second))


def exchanged(first: Session, second: Session, what: Exchange) -> tuple[Booking, Booking]:
    """What each of the two would be after the swap; `InvalidWishError` if that changes nothing."""
    given = _GIVEN[what]
    bookings = given(first, second), given(second, first)
    if bookings == (booking_of(first), booking_of(second)):
        raise InvalidWishError(
            f"两次活动没有可互换的{_WORDS[what].zh}。",
            f"The two sessions have no {_WORDS[what].en} to swap.",
            pointer="/what",
            value=what.value,
        )
    return bookings


_WORDS: Final = {
    Exchange.TIMES: Text("不同时间", "different times"),
    Exchange.ROOMS: Text("同校的不同教室", "different rooms of one school"),
    Exchange.TEACHERS: Text("同校的不同教师", "different teachers of one school"),
}


def _at_time_of(session: Session, other: Session) -> Booking:
    wanted = booking_of(session)
    return replace(
        wanted,
        slot=Slot.lasting(other.slot.starts, session.slot.minutes),
        sites=tuple(_with_shift_of(site, other.site_of(site.school)) for site in wanted.sites),
    )


def _with_shift_of(site: SiteWish, other: Site | None) -> SiteWish:
    if other is None:
        return site
    return replace(site, tactic=other.tactic, shift_minutes=other.shift_minutes)


def _in_rooms_of(session: Session, other: Session) -> Booking:
    return _with_sites(
        session,
        {
            theirs.school: replace(own, room=theirs.room)
            for own, theirs in _in_both(session, other)
            if own.room is not None and theirs.room is not None
        },
    )


def _with_teachers_of(session: Session, other: Session) -> Booking:
    return _with_sites(
        session,
        {
            theirs.school: replace(own, teacher=theirs.teacher)
            for own, theirs in _in_both(session, other)
            if own.teacher is not None and theirs.teacher is not None
        },
    )


def _in_both(session: Session, other: Session) -> Iterator[tuple[SiteWish, Site]]:
    for site in booking_of(session).sites:
        if (theirs := other.site_of(site.school)) is not None:
            yield site, theirs


def _with_sites(session: Session, changed: Mapping[SchoolId, SiteWish]) -> Booking:
    wanted = booking_of(session)
    return replace(wanted, sites=tuple(changed.get(site.school, site) for site in wanted.sites))


_GIVEN: Final[dict[Exchange, Callable[[Session, Session], Booking]]] = {
    Exchange.TIMES: _at_time_of,
    Exchange.ROOMS: _in_rooms_of,
    Exchange.TEACHERS: _with_teachers_of,
}
