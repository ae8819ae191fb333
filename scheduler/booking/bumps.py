"""A session of higher priority takes the place of others, each of which gets a valid new one."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated
from uuid import uuid4

from msgspec import Meta

from calendars.slots import Slot
from calendars.text import InvalidValueError, Text
from scheduler.booking.alternatives import FindAlternatives, alternatives_for, situation_around
from scheduler.booking.places import Wanted
from scheduler.booking.priority import rank_of, require_higher
from scheduler.booking.proposals import arrange
from scheduler.booking.revisions import current_session, require_changeable
from scheduler.booking.single import SessionChange, changed_booking
from scheduler.errors import ClashError
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
from scheduler.placing import draft
from scheduler.store import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPlace:
    """Where a session goes, as its `revision` was read. Left out: time or sites stay."""

    session: SessionId
    revision: int
    slot: Slot | None = None
    sites: Annotated[tuple[SiteWish, ...], Meta(min_length=1, max_length=40)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BumpWish:
    """What takes the place (a new `booking`, or a session that is `moving`) of which `displaced`.

    A displaced session without a new place is refused with places that would do.
    """

    booking: Booking | None = None
    moving: NewPlace | None = None
    displaced: Annotated[tuple[NewPlace, ...], Meta(min_length=1, max_length=5)]
    reason: Annotated[str, Meta(min_length=1), NOTE]

    def __post_init__(self) -> None:
        if (self.booking is None) == (self.moving is None):
            raise InvalidValueError(
                "请给出 booking（新预约）或 moving（改期的活动），且只给一个。",
                "Give either a new booking or the session that is moving.",
            )
        named = [each.session for each in self.displaced]
        named += [self.moving.session] if self.moving is not None else []
        if len(set(named)) != len(named):
            raise InvalidValueError("同一次活动只能写一次。", "Name each session once.")


async def bump(transaction: Transaction, wish: BumpWish) -> Proposal:
    """Displace sessions of lower priority: at once where standing consent covers all, else asked.

    `StateError` if one of them does not come after, `ClashError` with everything in the way (a
    pinned session is never displaced).
    """
    first = await _first(transaction, wish)
    await transaction.require(first.booking)
    rank = rank_of(first.booking, all_term=bool(first.before and first.before.series))
    wanted, unplaced = [first], []
    for place in wish.displaced:
        before = await current_session(transaction, place.session, place.revision)
        require_changeable(before, transaction.now)
        require_higher(rank, before)
        if place.slot is None and place.sites is None:
            unplaced.append(before)
        booking = _booking_at(before, place)
        await transaction.require(booking)
        wanted.append(Wanted(id=before.id, booking=booking, before=before, automatic=True))
    if unplaced:
        raise ClashError(tuple(map(_needs_a_place, unplaced)))
    return await arrange(transaction, ProposalKind.BUMP, wanted, reason=wish.reason)


async def suggest_for_bump(transaction: Transaction, wish: BumpWish) -> FindAlternatives:
    """Where the first displaced session that was given no place, or a bad one, could go."""
    first = await _first(transaction, wish)
    place = next(
        (each for each in wish.displaced if each.slot is None and each.sites is None),
        wish.displaced[0],
    )
    before = await transaction.session(place.session)
    booking = _booking_at(before, place)
    situation = await situation_around(transaction, booking, first.booking)
    takes = draft(first.booking, situation, id=first.id, now=transaction.now)
    others = tuple(each for each in situation.sessions if each.id != first.id)
    return partial(
        alternatives_for,
        booking,
        replace(situation, sessions=(*others, takes)),
        now=transaction.now,
        published=before,
    )


async def _first(transaction: Transaction, wish: BumpWish) -> Wanted:
    """What takes the place."""
    if wish.moving is None:
        assert wish.booking is not None  # noqa: S101 - the wish has one of the two
        return Wanted(id=SessionId(uuid4().hex), booking=wish.booking)
    before = await current_session(transaction, wish.moving.session, wish.moving.revision)
    require_changeable(before, transaction.now)
    return Wanted(id=before.id, booking=_booking_at(before, wish.moving), before=before)


def _booking_at(before: Session, place: NewPlace) -> Booking:
    return changed_booking(before, SessionChange(slot=place.slot, sites=place.sites))


def _needs_a_place(session: Session) -> Conflict:
    return Conflict(
        rule="bump",
        sentence=Text(
            f"“{session.title}”让位须同时给出新的时间或教室。",
            f"“{session.title}” makes room only for another time or room of its own.",
        ),
        sessions=(session.id,),
    )
