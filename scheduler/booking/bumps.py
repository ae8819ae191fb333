"""A session of higher priority takes the place of others, each of which gets a valid new one."""

from dataclasses import dataclass, replace
from typing import Annotated
from uuid import uuid4

from msgspec import Meta

from calendars.slots import Slot
from calendars.text import InvalidValueError, Text
from scheduler.booking.alternatives import FindAlternatives
from scheduler.booking.alternatives_for_several import suggest_for_each
from scheduler.booking.arranging import arrange
from scheduler.booking.places import Wanted
from scheduler.booking.priority import rank_of, require_higher
from scheduler.booking.revisions import current_session, require_changeable
from scheduler.booking.single import SessionChange, changed_booking
from scheduler.errors import ClashError, InvalidWishError, told_at
from scheduler.members import NOTE
from scheduler.model import (
    Booking,
    Conflict,
    Proposal,
    ProposalKind,
    Session,
    SessionId,
    SiteWish,
)
from scheduler.store import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPlace:
    """Where a displaced session goes, as its `revision` was read. Left out: time or sites stay."""

    session: SessionId
    revision: int
    slot: Slot | None = None
    sites: Annotated[tuple[SiteWish, ...], Meta(min_length=1, max_length=40)] | None = None

    @property
    def is_new(self) -> bool:
        """Whether it says where at all."""
        return self.slot is not None or self.sites is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Displacing:
    """Which sessions are `displaced`, and why.

    A displaced session without a new place is refused with places that would do.
    """

    displaced: Annotated[tuple[NewPlace, ...], Meta(min_length=1, max_length=5)]
    reason: Annotated[str, Meta(min_length=1), NOTE]

    def __post_init__(self) -> None:
        named = [each.session for each in self.displaced]
        for no, session in enumerate(named):
            if session in named[:no]:
                raise InvalidValueError(
                    f"活动 {session} 写了两次，请只写一次。",
                    f"Session {session} is named twice: name it once.",
                    field=f"displaced/{no}/session",
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class BumpWish(Displacing):
    """A new `booking` that takes the place of others."""

    booking: Booking


@dataclass(frozen=True, slots=True, kw_only=True)
class BumpingMove(Displacing):
    """Another `slot`, or other `sites`, for a session that takes the place of others."""

    slot: Slot | None = None
    sites: Annotated[tuple[SiteWish, ...], Meta(min_length=1, max_length=40)] | None = None


async def bump(transaction: Transaction, wish: BumpWish) -> Proposal:
    """Displace sessions of lower priority: at once where standing consent covers all, else asked.

    `StateError` if one of them does not come after, `ClashError` with everything in the way (a
    pinned session is never displaced).
    """
    return await _displace(transaction, _booked(wish), wish)


async def bump_by_moving(
    transaction: Transaction, id: SessionId, wish: BumpingMove, revision: int
) -> Proposal:
    """The same for a session that moves to where others are."""
    before = await current_session(transaction, id, revision)
    require_changeable(before, transaction.now)
    for no, each in enumerate(wish.displaced):
        if each.session == id:
            raise InvalidWishError(
                "活动不能让位给自己。",
                "A session does not make room for itself.",
                pointer=f"/displaced/{no}/session",
                value=id,
            )
    return await _displace(transaction, _moved(before, wish), wish)


async def _displace(transaction: Transaction, first: Wanted, wish: Displacing) -> Proposal:
    with told_at(first.place):
        await transaction.require(first.booking)
    rank = rank_of(first.booking, all_term=bool(first.before and first.before.series))
    wanted, unplaced = [first], []
    for no, place in enumerate(wish.displaced):
        before = await current_session(transaction, place.session, place.revision)
        require_changeable(before, transaction.now)
        require_higher(rank, before)
        if not place.is_new:
            unplaced.append(before)
        with told_at(f"displaced/{no}"):
            displaced = replace(_moved(before, place), automatic=True, place=f"displaced/{no}")
            await transaction.require(displaced.booking)
        wanted.append(displaced)
    if unplaced:
        raise ClashError(tuple(map(_needs_a_place, unplaced)))
    return await arrange(transaction, ProposalKind.BUMP, wanted, reason=wish.reason)


async def suggest_for_bump(transaction: Transaction, wish: BumpWish) -> FindAlternatives:
    """Where each displaced session that was given no place could go; if all were, each of them."""
    return await _suggest(transaction, _booked(wish), wish)


async def suggest_for_bump_by_moving(
    transaction: Transaction, id: SessionId, wish: BumpingMove
) -> FindAlternatives:
    """The same where a session moves."""
    return await _suggest(transaction, _moved(await transaction.session(id), wish), wish)


async def _suggest(transaction: Transaction, first: Wanted, wish: Displacing) -> FindAlternatives:
    all_have_one = all(each.is_new for each in wish.displaced)
    refused, beside = list[Wanted](), [first]
    for place in wish.displaced:
        goes = _moved(await transaction.session(place.session), place)
        (beside if place.is_new and not all_have_one else refused).append(goes)
    return await suggest_for_each(transaction, refused, beside=beside)


def _booked(wish: BumpWish) -> Wanted:
    return Wanted(id=SessionId(uuid4().hex), booking=wish.booking, place="booking")


def _moved(before: Session, place: NewPlace | BumpingMove) -> Wanted:
    booking = changed_booking(before, SessionChange(slot=place.slot, sites=place.sites))
    return Wanted(id=before.id, booking=booking, before=before)


def _needs_a_place(session: Session) -> Conflict:
    return Conflict(
        rule="bump",
        sentence=Text(
            f"“{session.title}”让位须同时给出新的时间或教室。",
            f"“{session.title}” makes room only for another time or room of its own.",
        ),
        sessions=(session.id,),
    )
