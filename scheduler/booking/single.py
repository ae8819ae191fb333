"""Booking, changing and cancelling one session: all its sites at once or none (invariant 2)."""

from dataclasses import dataclass, replace
from typing import Annotated
from uuid import uuid4

from msgspec import Meta

from calendars.bells import SchoolId
from calendars.slots import Slot
from scheduler.adjusting import ORDINARY, Occasion
from scheduler.booking import notices
from scheduler.booking.partners import tell_partners
from scheduler.booking.places import Wanted, find_places
from scheduler.booking.revisions import (
    calendar_shows_the_same,
    consent_of,
    current_session,
    require_booker,
    require_changeable,
    require_reason,
    successor,
)
from scheduler.errors import NotFoundError
from scheduler.members import LinkPoolId, Name, Note
from scheduler.model import (
    Booking,
    Form,
    OnDecline,
    Session,
    SessionId,
    SessionState,
    SiteWish,
)
from scheduler.model.agenda import JoinUrl
from scheduler.placing import booking_of, wish_of
from scheduler.store import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionChange:
    """What to change of a session; whatever is left out stays.

    With `sites` all sites are given anew; a room left open there may be any that fits. What a
    school's no does (`on_decline`, `quorum`, `must_have`) is for whoever booked it to change.
    """

    slot: Slot | None = None
    sites: Annotated[tuple[SiteWish, ...], Meta(min_length=1, max_length=40)] | None = None
    title: Name | None = None
    note: Note | None = None
    join_url: JoinUrl | None = None
    link_pool: LinkPoolId | None = None
    form: Form | None = None
    pinned: bool | None = None
    on_decline: OnDecline | None = None
    quorum: Annotated[int, Meta(ge=1, le=40)] | None = None
    must_have: tuple[SchoolId, ...] | None = None
    reason: Note = ""

    @property
    def asks_the_rules(self) -> bool:
        """Whether it touches time, people, places, links or consent, not only words and the pin."""
        given = (self.slot, self.sites, self.link_pool, self.form)
        return self.changes_consent or any(each is not None for each in given)

    @property
    def changes_consent(self) -> bool:
        """Whether it touches what a school's no does."""
        given = (self.on_decline, self.quorum, self.must_have)
        return any(each is not None for each in given)


async def book(transaction: Transaction, booking: Booking) -> Session:
    """Book a session, or raise `ClashError` with everything that is in its way.

    It is confirmed at once where every school agreed in advance (its open slot) or asks for itself
    (its coordinator); otherwise it is held until the schools asked have answered.
    """
    if booking.studio is not None:
        await transaction.require(booking)
    wanted = Wanted(id=SessionId(uuid4().hex), booking=booking)
    try:
        (session,), situation = await find_places(transaction, wanted)
    except NotFoundError:
        # Whatever else it names was to be locked; this points at what does not exist.
        await transaction.require(booking)
        raise
    await transaction.add_session(session)
    await transaction.add_notices(notices.booked(session, situation.schools, transaction.now))
    return session


async def change(
    transaction: Transaction,
    id: SessionId,
    wish: SessionChange,
    revision: int,
    *,
    occasion: Occasion = ORDINARY,
) -> Session:
    """Move or reword a session; its own place counts as free, its id and series stay (E27, E53).

    A school whose time, room or people change is asked again unless its open slot agrees.
    """
    before = await current_session(transaction, id, revision)
    require_changeable(before, transaction.now)
    if wish.changes_consent:
        require_booker(transaction.actor, before)
    booking = changed_booking(before, wish)
    await transaction.require(booking)
    after = (
        await _moved(transaction, before, booking)
        if wish.asks_the_rules
        else _reworded(before, booking)
    )
    after = successor(before, replace(after, reason=wish.reason), transaction.now)
    await transaction.replace_session(before, after, occasion=occasion)
    consent_differs = consent_of(before) != consent_of(after)
    if consent_differs or not calendar_shows_the_same(before, after):
        books = await transaction.books({site.school for site in (*before.sites, *after.sites)})
        why = notices.consent_words(after, books) if consent_differs else None
        told = notices.changed(before, after, books, transaction.now, why=why)
        await transaction.add_notices(told)
    return after


async def cancel(transaction: Transaction, id: SessionId, revision: int, *, reason: str) -> Session:
    """Cancel a session that has not ended; the reason counts in the report of losses (E52).

    The schools of what has gone with it are told.
    """
    require_reason(reason)
    before = await current_session(transaction, id, revision)
    require_changeable(before, transaction.now)
    after = cancelled(before, reason, transaction)
    await transaction.replace_session(before, after)
    books = await transaction.books([site.school for site in after.sites])
    await transaction.add_notices(notices.dropped(after, books, transaction.now))
    await tell_partners(transaction, [after])
    return after


def cancelled(before: Session, reason: str, transaction: Transaction) -> Session:
    """The session as it stays in the ledger when it is cancelled."""
    return successor(
        before,
        replace(before, state=SessionState.CANCELLED, hold_expires_at=None, reason=reason),
        transaction.now,
    )


def changed_booking(before: Session, wish: SessionChange) -> Booking:
    """The whole wish that a change amounts to. Periods are found again when the time moves."""
    wanted = booking_of(before)
    sites = tuple(wish_of(site) for site in before.sites) if wish.slot is None else wanted.sites
    return replace(
        wanted,
        slot=wish.slot or wanted.slot,
        sites=wish.sites or sites,
        title=wanted.title if wish.title is None else wish.title,
        note=wanted.note if wish.note is None else wish.note,
        join_url=wanted.join_url if wish.join_url is None else wish.join_url,
        link_pool=wish.link_pool or wanted.link_pool,
        form=wish.form or wanted.form,
        pinned=wanted.pinned if wish.pinned is None else wish.pinned,
        on_decline=wish.on_decline or wanted.on_decline,
        quorum=wish.quorum or wanted.quorum,
        must_have=wanted.must_have if wish.must_have is None else wish.must_have,
    )


async def _moved(transaction: Transaction, before: Session, booking: Booking) -> Session:
    wanted = Wanted(id=before.id, booking=booking, before=before)
    (after,), _ = await find_places(transaction, wanted)
    return after


def _reworded(before: Session, booking: Booking) -> Session:
    return replace(
        before,
        title=booking.title,
        note=booking.note,
        join_url=booking.join_url,
        pinned=booking.pinned,
    )
