"""What would work instead of a session that rules refuse, for the routes of sessions."""

from collections.abc import Sequence

from scheduler.booking.alternatives import FindAlternatives, suggest, suggest_for_change
from scheduler.booking.alternatives_for_several import suggest_for_swap
from scheduler.booking.making_room import suggest_making_room, suggest_making_room_for_change
from scheduler.booking.single import SessionChange
from scheduler.booking.swaps import SwapWish
from scheduler.http.routes import Call
from scheduler.model import Alternative, Booking, SessionId
from scheduler.store import Transaction


async def of_booking(transaction: Transaction, call: Call[Booking, object]) -> FindAlternatives:
    """Other places for a session."""
    return await suggest(transaction, call.body)


async def if_another_moved(
    transaction: Transaction, call: Call[Booking, object], found: Sequence[Alternative]
) -> FindAlternatives | None:
    """Places for a session that has none, if one other session moved first."""
    return await suggest_making_room(transaction, call.body, found, actor=call.actor)


async def of_change(
    transaction: Transaction, call: Call[SessionChange, object]
) -> FindAlternatives:
    """Other places for a session that is to change."""
    return await suggest_for_change(transaction, SessionId(call.id), call.body)


async def of_change_if_another_moved(
    transaction: Transaction, call: Call[SessionChange, object], found: Sequence[Alternative]
) -> FindAlternatives | None:
    """The same, if one other session moved first."""
    return await suggest_making_room_for_change(
        transaction, SessionId(call.id), call.body, found, actor=call.actor
    )


async def of_swap(transaction: Transaction, call: Call[SwapWish, object]) -> FindAlternatives:
    """Other places for each of two sessions."""
    return await suggest_for_swap(transaction, SessionId(call.id), call.body)
