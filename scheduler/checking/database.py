"""Whether everything that must always be true is true of a database, and if not, what is wrong."""

from collections.abc import Mapping, Sequence
from typing import Final

from scheduler.checking.aftermath import (
    operations_are_linked,
    outcomes_fit_the_plan,
    suspended_sessions_stay_cancelled,
)
from scheduler.checking.double_booking import nothing_is_used_twice, pools_carry_their_peaks
from scheduler.checking.promises import offers_are_held, proposals_are_whole
from scheduler.checking.rules import no_rule_is_broken
from scheduler.checking.states import series_hold_together, states_are_sound
from scheduler.members import Alliance
from scheduler.model import Proposal, Series, Session, SessionId, WaitingState
from scheduler.model.findings import Check, Finding, found_in
from scheduler.store import Transaction

_PAGE: Final = 500


async def check(transaction: Transaction) -> tuple[Finding, ...]:
    """Everything that is wrong or waits for people at this moment; nothing if all is well.

    Values that cannot be read come alone: nothing else can be told before they are mended.
    """
    found = list(await transaction.inconsistencies())
    if any(finding.check is Check.UNREADABLE for finding in found):
        return tuple(found)
    sessions = {each.id: each for each in await transaction.sessions(limit=None)}
    series = await _all_series(transaction)
    proposals = await transaction.proposals(limit=None)
    found += states_are_sound(sessions.values(), transaction.now)
    found += series_hold_together(sessions.values(), series, transaction.now)
    found += await _promises(transaction, sessions, series, proposals)
    found += await _aftermath(transaction, sessions)
    if await transaction.list(Alliance, limit=1):
        found += await _double_bookings(transaction, sessions)
        found += await no_rule_is_broken(transaction, sessions.values(), proposals)
    elif sessions:
        zh, en = "有活动而没有联盟。", "there are sessions, but none of these."
        found.append(found_in(Check.REFERENCES, "alliances", zh, en))
    return (*found, *await transaction.verify_chain(), *await transaction.follow_audit())


async def _all_series(transaction: Transaction) -> list[Series]:
    found: list[Series] = []
    while page := await transaction.all_series(after=found[-1].id if found else "", limit=_PAGE):
        found += page
    return found


async def _promises(
    transaction: Transaction,
    sessions: Mapping[SessionId, Session],
    series: Sequence[Series],
    proposals: Sequence[Proposal],
) -> list[Finding]:
    """What is held for people who have yet to answer."""
    waiting = await transaction.waiting_list(states=tuple(WaitingState))
    known = {each.id for each in series}
    return [
        *proposals_are_whole(proposals, sessions),
        *offers_are_held(waiting, sessions, known, transaction.now),
    ]


async def _aftermath(
    transaction: Transaction, sessions: Mapping[SessionId, Session]
) -> list[Finding]:
    """What was told of sessions afterwards."""
    adjustments = await transaction.adjustments(limit=None)
    suspensions = await transaction.suspensions(limit=None)
    outcomes = await transaction.outcomes(limit=None)
    return [
        *operations_are_linked(adjustments, sessions, transaction.now),
        *suspended_sessions_stay_cancelled(suspensions, sessions),
        *outcomes_fit_the_plan(outcomes, sessions, transaction.now),
    ]


async def _double_bookings(
    transaction: Transaction, sessions: Mapping[SessionId, Session]
) -> list[Finding]:
    """What is booked against everything else that is booked."""
    now = transaction.now
    live = sorted(
        (session for session in sessions.values() if session.is_live(now)),
        key=lambda session: (session.slot, session.id),
    )
    books = await transaction.books()
    rooms = {room.id: room for book in books.values() for room in book.rooms.values()}
    pools = (await transaction.alliance()).link_pools.values()
    return [*nothing_is_used_twice(live, rooms, now), *pools_carry_their_peaks(live, pools, now)]
