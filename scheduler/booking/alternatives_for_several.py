"""What would work instead for sessions that were refused together: a swap, a bump, a proposal."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from scheduler.booking.alternatives import (
    FindAlternatives,
    alternatives_for,
    moved_to,
    situation_around,
)
from scheduler.booking.places import Wanted
from scheduler.booking.proposals import wanted_now
from scheduler.booking.swaps import SwapWish, exchanged
from scheduler.model import Alternative, ProposalId, Session, SessionId
from scheduler.placing import draft
from scheduler.schools import Situation
from scheduler.store import Transaction


async def suggest_for_swap(
    transaction: Transaction, id: SessionId, wish: SwapWish
) -> FindAlternatives:
    """Where else each of the two could go than into the other's place."""
    pair = await transaction.session(id), await transaction.session(wish.other)
    wanted = [
        Wanted(id=before.id, booking=booking, before=before)
        for before, booking in zip(pair, exchanged(*pair, wish.what), strict=True)
    ]
    return await suggest_for_each(transaction, wanted)


async def suggest_for_proposal(transaction: Transaction, id: ProposalId) -> FindAlternatives:
    """Where else the sessions of a proposal could go, which rules forbid by now."""
    proposal = await transaction.proposal(id)
    wanted = [await wanted_now(transaction, proposal, place) for place in proposal.places]
    return await suggest_for_each(transaction, wanted)


async def suggest_for_each(
    transaction: Transaction, wanted: Sequence[Wanted], *, beside: Sequence[Wanted] = ()
) -> FindAlternatives:
    """Alternatives for each, all others where they are; `beside` are those that get their wish.

    What the first alternative of one takes is not offered to the next, so that these fit together.
    """
    named = (*wanted, *beside)
    moving = [each.before for each in named if each.before is not None]
    situation = await situation_around(
        transaction, *(each.booking for each in named), moving=moving
    )
    ids = {each.id for each in named}
    others = tuple(each for each in situation.sessions if each.id not in ids)
    staying = tuple(each.before for each in wanted if each.before is not None)
    now = transaction.now
    around = replace(situation, sessions=(*others, *staying))
    for each in beside:
        around = _with(around, draft(each.booking, around, id=each.id, now=now))
    return partial(_for_each, tuple(wanted), around, now)


def _for_each(
    wanted: Sequence[Wanted], around: Situation, now: datetime
) -> tuple[Alternative, ...]:
    found: list[Alternative] = []
    for each in wanted:
        own = alternatives_for(each.booking, around, now=now, published=each.before)
        found += [replace(alternative, session=each.id) for alternative in own]
        if own:
            place = draft(each.booking, around, id=each.id, now=now)
            around = _with(around, moved_to(place, own[0].slot, own[0].sites, place.link_pool))
    return tuple(found)


def _with(around: Situation, session: Session) -> Situation:
    return replace(around, sessions=(*around.sessions, session))
