"""What has become of wishes that wait: offers that were answered or not, times that have passed."""

from collections.abc import Container, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from scheduler.booking import waiting_notices
from scheduler.booking.waiting_needs import needs_to_come
from scheduler.booking.waiting_requests import offered_sessions, open_again, settled_request
from scheduler.model import Session, SessionState, Waiting, WaitingId, WaitingState
from scheduler.store import Transaction

OPEN: Final = (WaitingState.WAITING, WaitingState.OFFERED)
"""What is not over: it waits for a place, or for an answer to an offer."""
REST: Final = timedelta(days=1)
"""How long a date of a series rests after an offer that nobody answered, times such offers."""


def among(listed: Sequence[Waiting], named: Container[WaitingId] | None) -> Sequence[Waiting]:
    """Those of the list that are named; all, if none is."""
    return [each for each in listed if named is None or each.id in named]


async def settle_waiting(
    transaction: Transaction, *, named: Container[WaitingId] | None = None
) -> tuple[Waiting, ...]:
    """Write down what became of offers, and whose time has passed; the wishes that this changes.

    Of all wishes, or of those that are `named`.
    """
    settled = []
    for before in among(await transaction.waiting_list(states=OPEN), named):
        after = await _settled(transaction, before)
        if after == before:
            continue
        after = await transaction.replace_waiting(before, after)
        if after.state is WaitingState.PASSED:
            books = await transaction.books([before.school])
            await transaction.add_notices(
                waiting_notices.passed(after, books[before.school], transaction.now)
            )
        settled.append(after)
    return tuple(settled)


async def _settled(transaction: Transaction, waiting: Waiting) -> Waiting:
    """The wish as it stands now: the same, while it goes on waiting or waits for an answer."""
    if waiting.state is WaitingState.OFFERED:
        after = _answered(waiting, await _offered_sessions(transaction, waiting), transaction.now)
        if after.state in (WaitingState.DECLINED, WaitingState.LAPSED):
            await open_again(transaction, after)
        return after
    if waiting.request is not None:
        return await settled_request(transaction, waiting)
    if await is_held_otherwise(transaction, waiting):
        return replace(waiting, state=WaitingState.LEFT)
    if not await needs_to_come(transaction, waiting):
        return replace(waiting, state=WaitingState.PASSED)
    return waiting


def _answered(waiting: Waiting, offered: Sequence[Session], now: datetime) -> Waiting:
    """What an offer has come to: a date of a series that nobody answered for waits again."""
    if any(each.state is SessionState.HELD and each.is_live(now) for each in offered):
        return waiting
    states = {each.state for each in offered}
    if SessionState.CONFIRMED in states:
        return replace(waiting, state=WaitingState.TAKEN)
    if SessionState.CANCELLED in states:
        return replace(waiting, state=WaitingState.DECLINED)
    if waiting.series_date is None:
        return replace(waiting, state=WaitingState.LAPSED)
    return _again(waiting, now)


def _again(waiting: Waiting, now: datetime) -> Waiting:
    """A date of a series that goes on waiting after an offer that nobody answered.

    It rests for one day more each time, so that others may book what it has had on hold.
    """
    lapses = waiting.lapses + 1
    return replace(
        waiting,
        state=WaitingState.WAITING,
        session=None,
        lapses=lapses,
        rests_until=now + lapses * REST,
    )


async def _offered_sessions(transaction: Transaction, waiting: Waiting) -> Sequence[Session]:
    if waiting.request is not None:
        return await offered_sessions(transaction, waiting)
    if waiting.session is not None:
        return [await transaction.session(waiting.session)]
    return await transaction.sessions(series=waiting.series, limit=None)


async def is_held_otherwise(transaction: Transaction, waiting: Waiting) -> bool:
    """Whether the date of its series has been given another place meanwhile."""
    if waiting.series_date is None:
        return False
    return any(
        session.series_date == waiting.series_date and session.is_live(transaction.now)
        for session in await transaction.sessions(
            series=waiting.series, states=(SessionState.HELD, SessionState.CONFIRMED), limit=None
        )
    )
