"""Taking up replacements: each is judged again and answered for itself; none blocks another."""

from dataclasses import dataclass
from functools import partial
from typing import Annotated

from msgspec import Meta

from calendars.slots import Slot
from scheduler.access import require_remedy
from scheduler.adjusting import Occasion
from scheduler.booking.proposals import propose_move
from scheduler.booking.revisions import current_session, to_lock
from scheduler.booking.single import SessionChange, change, changed_booking
from scheduler.disruptions.one_by_one import Remedied, attempt
from scheduler.disruptions.outages.hit import original_places
from scheduler.errors import NotFoundError, told_at
from scheduler.members import LinkPoolId, Note, Outage, OutageId
from scheduler.model import (
    Proposal,
    ProposalState,
    Session,
    SessionId,
    SessionState,
    SiteWish,
)
from scheduler.placing import outlines
from scheduler.store import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """Another place that is taken up, for the revision of the session that it was found for."""

    session: SessionId
    revision: int
    slot: Slot
    sites: Annotated[tuple[SiteWish, ...], Meta(min_length=1, max_length=40)]
    link_pool: LinkPoolId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedies:
    """One replacement for a session, or those for many at once. A session is named once."""

    remedies: Annotated[tuple[Remedy, ...], Meta(min_length=1, max_length=200)]
    reason: Note = ""


async def apply_remedies(
    transaction: Transaction, outage: OutageId, wish: Remedies
) -> tuple[Remedied, ...]:
    """Move each session where its replacement says, if no rule forbids it by now.

    Whoever may not move one of them moves none (`ForbiddenError`). The record of each move names
    the outage, which is what the way back is found by.
    """
    if not await original_places(transaction, outage):
        await transaction.get(Outage, outage)
    await _lock_everything(transaction, wish)
    return tuple(
        [await _apply(transaction, remedy, outage, wish.reason) for remedy in wish.remedies]
    )


async def _apply(
    transaction: Transaction, remedy: Remedy, outage: OutageId, reason: str
) -> Remedied:
    return await attempt(
        transaction, remedy.session, partial(_move_or_ask, transaction, remedy, outage, reason)
    )


async def _move_or_ask(
    transaction: Transaction, remedy: Remedy, outage: OutageId, reason: str
) -> Session | Proposal:
    """Move a hold; what schools have agreed to moves once they agree to that, too."""
    named, wish = remedy.session, _change(remedy, reason)
    before = await current_session(transaction, named, remedy.revision)
    if before.state is not SessionState.CONFIRMED:
        occasion = Occasion(cause=outage)
        return await change(transaction, named, wish, remedy.revision, occasion=occasion)
    proposal = await propose_move(transaction, named, wish, remedy.revision, cause=outage)
    if proposal.state is ProposalState.OPEN:
        return proposal
    return await transaction.session(named)


def _change(remedy: Remedy, reason: str) -> SessionChange:
    return SessionChange(
        slot=remedy.slot, sites=remedy.sites, link_pool=remedy.link_pool, reason=reason
    )


async def _lock_everything(transaction: Transaction, wish: Remedies) -> None:
    """Lock what all of them leave and take, in one go.

    A savepoint that is rolled back gives up the locks that were taken inside it.
    """
    concerned: list[Session] = []
    for no, remedy in enumerate(wish.remedies):
        try:
            session = await transaction.session(remedy.session)
        except NotFoundError:
            continue
        with told_at(f"remedies/{no}"):
            booking = changed_booking(session, _change(remedy, wish.reason))
            require_remedy(transaction.actor, session, booking)
            await transaction.require(booking)
        books = await transaction.books([site.school for site in booking.sites])
        concerned += outlines(booking, books, id=session.id, now=transaction.now)
        concerned.append(session)
    await transaction.lock(to_lock(concerned))
