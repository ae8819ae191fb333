"""Move and book several sessions in one, at once or when every school asked has agreed."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import uuid4

from scheduler.adjusting import Occasion
from scheduler.booking import notices, proposal_notices
from scheduler.booking.places import Wanted, find_places
from scheduler.booking.revisions import successor
from scheduler.errors import StateError
from scheduler.model import (
    Actor,
    AdjustmentKind,
    Proposal,
    ProposalId,
    ProposalKind,
    ProposalState,
    ProposedPlace,
    Session,
    SessionState,
)
from scheduler.schools import Situation
from scheduler.store import Transaction


async def arrange(
    transaction: Transaction,
    kind: ProposalKind,
    wanted: Sequence[Wanted],
    *,
    reason: str,
    cause: str = "",
) -> Proposal:
    """Move all of them at once if every school has agreed in advance; else hold and ask.

    `ClashError` if rules forbid any of the places.
    """
    places, situation = await find_places(transaction, *wanted)
    return await carry_out_or_ask(
        transaction, kind, wanted, places, situation, reason=reason, cause=cause
    )


async def carry_out_or_ask(
    transaction: Transaction,
    kind: ProposalKind,
    wanted: Sequence[Wanted],
    places: Sequence[Session],
    situation: Situation,
    *,
    reason: str,
    cause: str = "",
) -> Proposal:
    """`arrange` with places that are found already."""
    expires_at = _expiry(wanted, places)
    if expires_at <= transaction.now and any(each.hold_expires_at for each in places):
        raise StateError(
            "活动即将开始或已经开始，来不及征得同意。",
            "It begins too soon to ask anybody.",
        )
    proposal = Proposal(
        id=ProposalId(uuid4().hex),
        kind=kind,
        places=tuple(
            ProposedPlace(before=each.before, after=_held_until(expires_at, place))
            for each, place in zip(wanted, places, strict=True)
        ),
        proposed_by=transaction.actor.name,
        proposed_as=transaction.actor.role,
        school=transaction.actor.school,
        reason=reason,
        cause=cause,
        expires_at=expires_at,
        created_at=transaction.now,
    )
    if not proposal.asked:
        proposal = await carry_out(transaction, proposal, wanted, places, situation)
    await transaction.add_proposal(proposal)
    if proposal.state is ProposalState.OPEN:
        await transaction.add_notices(
            proposal_notices.asked(proposal, situation.schools, transaction.now)
        )
    return proposal


async def carry_out(
    transaction: Transaction,
    proposal: Proposal,
    wanted: Sequence[Wanted],
    places: Sequence[Session],
    situation: Situation,
) -> Proposal:
    """Move and book all of it, tell everybody why, and say so in the proposal.

    `StaleError` if a session was changed after it was read and before its locks were had.
    """
    now, done = transaction.now, []
    changes: list[tuple[Session, Session]] = []
    for each, place in zip(wanted, places, strict=True):
        if each.before is None:
            continue
        before = each.before
        reason = proposal_notices.reason_of(proposal, place)
        changes.append((before, successor(before, replace(place, reason=reason), now)))
    await transaction.replace_sessions(changes, occasion=_occasion(proposal))
    moved = {after.id: (before, after) for before, after in changes}
    for asked, place in zip(proposal.places, places, strict=True):
        if place.id in moved:
            before, after = moved[place.id]
            why = proposal_notices.why(proposal, after)
            told = notices.changed(before, after, situation.schools, now, why=why)
        else:
            after = place
            await transaction.add_session(after)
            told = notices.booked(after, situation.schools, now)
        await transaction.add_notices(told)
        done.append(replace(asked, after=after))
    return replace(proposal, places=tuple(done), state=ProposalState.ACCEPTED)


def _occasion(proposal: Proposal) -> Occasion:
    """Who proposed it asked for it, whoever said the last yes."""
    asked_by = Actor(name=proposal.proposed_by, role=proposal.proposed_as, school=proposal.school)
    match proposal.kind:
        case ProposalKind.SWAP:
            return Occasion(kind=AdjustmentKind.SWAP, asked_by=asked_by)
        case ProposalKind.BUMP:
            return Occasion(cause=proposal.places[0].after.id, asked_by=asked_by)
        case _:
            return Occasion(cause=proposal.cause, asked_by=asked_by)


def _expiry(wanted: Sequence[Wanted], places: Sequence[Session]) -> datetime:
    """Every school asked gets its working hours, but never past a start or an older hold's end."""
    limits = [place.slot.starts for place in places]
    for each in wanted:
        if each.before is not None:
            limits.append(each.before.slot.starts)
            if each.before.hold_expires_at is not None:
                limits.append(each.before.hold_expires_at)
    hours = [place.hold_expires_at for place in places if place.hold_expires_at is not None]
    return min([*limits, max(hours)] if hours else limits)


def _held_until(moment: datetime, place: Session) -> Session:
    if place.state is SessionState.HELD:
        return replace(place, hold_expires_at=moment)
    return place
