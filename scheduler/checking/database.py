"""Whether everything that must always be true is true of a database, and if not, what is wrong."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, Final, TypeVar

from scheduler.checking.aftermath import (
    operations_are_linked,
    outcomes_fit_the_plan,
    suspended_sessions_stay_cancelled,
)
from scheduler.checking.double_booking import nothing_is_used_twice, pools_carry_their_peaks
from scheduler.checking.promises import offers_are_held, proposals_are_whole
from scheduler.checking.rules import broken_by_proposals, broken_by_sessions, findings_of
from scheduler.checking.states import (
    dates_are_held_once,
    series_are_known,
    series_go_on,
    states_are_sound,
)
from scheduler.members import Alliance
from scheduler.model import (
    Adjustment,
    AdjustmentKind,
    Series,
    SeriesId,
    Session,
    SessionId,
    WaitingState,
)
from scheduler.model.findings import Check, Finding, found_in
from scheduler.store import Transaction

T = TypeVar("T", bound=Any)
_PAGE: Final = 500


async def check(transaction: Transaction) -> tuple[Finding, ...]:
    """Everything that is wrong or waits for people at this moment; nothing if all is well.

    Values that cannot be read come alone: nothing else can be told before they are mended.
    """
    found = list(await transaction.inconsistencies())
    if any(finding.check is Check.UNREADABLE for finding in found):
        return tuple(found)
    series = [each async for part in _pages(transaction.all_series) for each in part]
    found += await _states(transaction, series)
    found += await _promises(transaction, {each.id for each in series})
    found += await _aftermath(transaction)
    if await transaction.list(Alliance, limit=1):
        found += await _places(transaction)
    elif await transaction.sessions(limit=1):
        zh, en = "有活动而没有联盟。", "there are sessions, but none of these."
        found.append(found_in(Check.REFERENCES, "alliances", zh, en))
    found += await transaction.verify_chain()
    found += await transaction.follow_audit()
    found += await transaction.untold_changes()
    found += await transaction.open_secrets()
    return tuple(dict.fromkeys(found))


async def _pages(
    list_after: Callable[..., Awaitable[Sequence[T]]],
) -> AsyncIterator[Sequence[T]]:
    """Everything that a list holds, so much at once."""
    after = ""
    while page := await list_after(after=after, limit=_PAGE):
        yield page
        after = page[-1].id


async def _states(transaction: Transaction, series: Sequence[Series]) -> list[Finding]:
    """Each session by itself, and the series that they come from."""
    known = {each.id for each in series}
    found: list[Finding] = []
    async for page in transaction.sessions_by_id():
        found += states_are_sound(page, transaction.now)
        found += series_are_known(page, known)
    for each in await transaction.series_with_a_date_twice():
        sessions = await transaction.sessions(series=each, limit=None)
        found += dates_are_held_once(sessions, transaction.now)
    return [*found, *series_go_on(series)]


async def _promises(transaction: Transaction, series: Collection[SeriesId]) -> list[Finding]:
    """What is held for people who have yet to answer."""
    found: list[Finding] = []
    async for page in _pages(transaction.proposals):
        named = [each for proposal in page for each in proposal.sessions]
        found += proposals_are_whole(page, await transaction.sessions_named(named))
    waiting = await transaction.waiting_list(states=tuple(WaitingState))
    offered = [each.session for each in waiting if each.session is not None]
    sessions = await transaction.sessions_named(offered)
    for each in {each.series for each in waiting if each.series is not None}:
        of_series = await transaction.sessions(series=each, limit=None)
        sessions |= {session.id: session for session in of_series}
    return [*found, *offers_are_held(waiting, sessions, series, transaction.now)]


async def _aftermath(transaction: Transaction) -> list[Finding]:
    """What was told of sessions afterwards."""
    now, found = transaction.now, list[Finding]()
    for kind in AdjustmentKind:
        if kind is not AdjustmentKind.MAKE_UP:
            async for page in _pages(partial(transaction.adjustments, kind=kind)):
                found += operations_are_linked(page, await _adjusted(transaction, page), now)
    made_up = await transaction.adjustments(kind=AdjustmentKind.MAKE_UP, limit=None)
    found += operations_are_linked(made_up, await _adjusted(transaction, made_up), now)
    async for suspensions in _pages(transaction.suspensions):
        hit = [session.session for each in suspensions for session in each.sessions]
        found += suspended_sessions_stay_cancelled(
            suspensions, await transaction.sessions_named(hit)
        )
    async for outcomes in _pages(transaction.outcomes):
        told = await transaction.sessions_named(each.session for each in outcomes)
        found += outcomes_fit_the_plan(outcomes, told, now)
    return found


async def _adjusted(
    transaction: Transaction, adjustments: Sequence[Adjustment]
) -> dict[SessionId, Session]:
    named = (name for each in adjustments for name in (each.session, *each.linked))
    return await transaction.sessions_named(named)


async def _places(transaction: Transaction) -> list[Finding]:
    """What is booked against everything else that is booked, and what is to come by the rules."""
    now = transaction.now
    books = await transaction.books()
    rooms = {room.id: room for book in books.values() for room in book.rooms.values()}
    pools = (await transaction.alliance()).link_pools.values()
    pause = timedelta(minutes=max((room.buffer_minutes for room in rooms.values()), default=0))
    found: list[Finding] = []
    broken = await broken_by_proposals(transaction)
    async for live in transaction.live_sessions_by_time(pause):
        found += nothing_is_used_twice(live, rooms, now)
        found += pools_carry_their_peaks(live, pools, now)
        broken += await broken_by_sessions(transaction, live)
    return [*found, *await findings_of(transaction, broken)]
