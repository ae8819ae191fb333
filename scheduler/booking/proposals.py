"""Sessions that others have agreed to move together, once every school concerned has agreed.

Until then they stay where they are, and the places they would take are held.
"""

from dataclasses import replace
from typing import Final

from calendars.bells import SchoolId
from scheduler.booking import proposal_notices
from scheduler.booking.arranging import arrange, carry_out
from scheduler.booking.places import Wanted, find_places
from scheduler.booking.revisions import (
    current_session,
    require_changeable,
    require_reason,
    require_revision,
    require_voice,
)
from scheduler.booking.single import SessionChange, changed_booking
from scheduler.errors import ForbiddenError, InvalidWishError, NotFoundError, StateError
from scheduler.model import (
    Actor,
    ActorRole,
    Booking,
    Proposal,
    ProposalId,
    ProposalKind,
    ProposalState,
    ProposedPlace,
    Session,
    SessionId,
    SessionState,
    SiteState,
)
from scheduler.placing import booking_of, is_where_it_was, wish_of
from scheduler.store import Transaction

_EVERYBODY: Final = Actor(name="lianke", role=ActorRole.ALLIANCE_ADMIN)
"""Asks for what all schools have agreed to: nobody's single voice decides any more."""


async def propose_move(
    transaction: Transaction,
    id: SessionId,
    wish: SessionChange,
    revision: int,
    *,
    cause: str = "",
) -> Proposal:
    """Propose another time, other rooms or people; the session stays until all have agreed.

    This is how a school that is asked says "rather then". Nobody left to ask: it moves at once.
    """
    before = await current_session(transaction, id, revision)
    require_changeable(before, transaction.now)
    booking = _moved(before, wish)
    await transaction.require(booking)
    return await arrange(
        transaction,
        ProposalKind.MOVE,
        [Wanted(id=id, booking=booking, before=before)],
        reason=wish.reason,
        cause=cause,
    )


def _moved(before: Session, wish: SessionChange) -> Booking:
    """The whole wish, or `InvalidWishError` if it moves nothing."""
    if wish.changes_consent:
        raise InvalidWishError(
            "谢绝规则不经提议，请直接修改活动。",
            "What a school's no does is not proposed: change the session itself.",
            pointer="/on_decline",
        )
    if not wish.asks_the_rules:
        raise InvalidWishError(
            "请提出另一个时间、教室、人员或链路。",
            "Propose another time, room, person or link.",
            pointer="/slot",
        )
    booking = changed_booking(before, wish)
    if _without_periods(booking) == _without_periods(booking_of(before)):
        raise InvalidWishError(
            "活动现在就是这样安排的，没有需要提议的改动。",
            "It is arranged like that already: nothing would change.",
            pointer="/slot" if wish.slot else "/sites",
        )
    return booking


def _without_periods(booking: Booking) -> Booking:
    """They follow from the time."""
    return replace(booking, sites=tuple(replace(site, period=None) for site in booking.sites))


async def answer_proposal(
    transaction: Transaction,
    id: ProposalId,
    school: SchoolId,
    revision: int,
    *,
    agrees: bool,
    reason: str = "",
) -> Proposal:
    """A school agrees or declines; the last yes moves everything, one no leaves all as it was.

    `StateError` if it ran out or its sessions have changed meanwhile, `ClashError` if rules forbid
    by now what was proposed.
    """
    require_voice(transaction.actor, school)
    before = await _open_proposal(transaction, id, revision)
    _require_asked(before, school)
    if not agrees:
        require_reason(reason)
        after = replace(before, state=ProposalState.DECLINED, answer=reason)
        return await _closed(transaction, before, after)
    agreed = replace(
        before,
        places=tuple(
            replace(each, after=_agreed(each.after, school, transaction.actor.name))
            for each in before.places
        ),
    )
    if agreed == before:
        return before  # who proposed it, or has answered, need not say yes again
    if agreed.asked:
        return await transaction.replace_proposal(before, agreed)
    wanted = [await wanted_now(transaction, agreed, each) for each in agreed.places]
    found, situation = await find_places(transaction, *wanted, actor=_EVERYBODY)
    places = [
        _as_all_agreed(session, place.after)
        for session, place in zip(found, agreed.places, strict=True)
    ]
    done = await carry_out(transaction, agreed, wanted, places, situation)
    return await transaction.replace_proposal(before, done)


async def withdraw_proposal(transaction: Transaction, id: ProposalId, revision: int) -> Proposal:
    """Whoever proposed it, or the office, takes it back."""
    before = await _open_proposal(transaction, id, revision)
    actor = transaction.actor
    is_proposer = actor.role is ActorRole.SCHOOL_COORDINATOR and actor.school == before.school
    if actor.role is not ActorRole.ALLIANCE_ADMIN and not is_proposer:
        raise ForbiddenError(
            "只有提议的学校或联盟办公室可以撤回。",
            "Only the school that proposed it, or the alliance's office, may take it back.",
        )
    return await _closed(transaction, before, replace(before, state=ProposalState.WITHDRAWN))


async def close_proposals(transaction: Transaction) -> tuple[Proposal, ...]:
    """Write down which open proposals ran out or were overtaken by other changes, and tell.

    What they held is free already: this only says so.
    """
    still_open = await transaction.proposals(states=(ProposalState.OPEN,), limit=None)
    overtaken = {each.id for each in await transaction.overtaken_among(still_open)}
    closed = []
    for before in still_open:
        if before.id in overtaken:
            state = ProposalState.OVERTAKEN
        elif not before.is_open(transaction.now):
            state = ProposalState.EXPIRED
        else:
            continue
        closed.append(await _closed(transaction, before, replace(before, state=state)))
    return tuple(closed)


async def _open_proposal(transaction: Transaction, id: ProposalId, revision: int) -> Proposal:
    proposal = await transaction.proposal(id)
    require_revision(proposal.revision, revision)
    if not proposal.is_open(transaction.now):
        raise StateError(
            "这个提议已经结束或到期，不能再答复。",
            f"The proposal is {proposal.state} or has run out and can no longer be answered.",
        )
    return proposal


def _require_asked(proposal: Proposal, school: SchoolId) -> None:
    if all(each.after.site_of(school) is None for each in proposal.places):
        raise NotFoundError(
            f"这个提议与学校 {school} 无关。", f"The proposal does not concern school {school}."
        )


async def _closed(transaction: Transaction, before: Proposal, after: Proposal) -> Proposal:
    after = await transaction.replace_proposal(before, after)
    books = await transaction.books(proposal_notices.schools_of(after))
    await transaction.add_notices(proposal_notices.closed(after, books, transaction.now))
    return after


async def wanted_now(transaction: Transaction, proposal: Proposal, place: ProposedPlace) -> Wanted:
    """The place for the session as it is now; `StateError` if it is not where it was."""
    automatic = proposal.kind is ProposalKind.BUMP
    if place.before is None:
        return Wanted(id=place.after.id, booking=booking_of(place.after))
    current = await transaction.session(place.before.id)
    if not is_where_it_was(place.before, current, transaction.now):
        raise StateError(
            f"“{current.title}”在此期间已变动或结束，这个提议作废，请重新提议。",
            f"“{current.title}” was changed or has ended meanwhile: propose anew.",
        )
    booking = replace(
        booking_of(current),
        slot=place.after.slot,
        sites=tuple(replace(wish_of(site), period=None) for site in place.after.sites),
        link_pool=place.after.link_pool,
    )
    return Wanted(id=current.id, booking=booking, before=current, automatic=automatic)


def _agreed(session: Session, school: SchoolId, name: str) -> Session:
    return replace(
        session,
        sites=tuple(
            replace(site, state=SiteState.CONFIRMED, answered_by=name)
            if site.school == school and site.state is SiteState.HELD
            else site
            for site in session.sites
        ),
    )


def _as_all_agreed(session: Session, agreed: Session) -> Session:
    """The session as it is placed now, with the answers that were given to the proposal."""
    named = {site.school: site.answered_by for site in agreed.sites}
    return replace(
        session,
        sites=tuple(
            replace(site, state=SiteState.CONFIRMED, answered_by=named[site.school])
            for site in session.sites
        ),
        state=SessionState.CONFIRMED,
        hold_expires_at=None,
    )
