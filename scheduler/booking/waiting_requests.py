"""Requests that no plan has placed and that wait for a place: who joins, and what became of it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import uuid4

from calendars.bells import SchoolId
from calendars.series import OccurrenceState, Weekly, occurrences
from calendars.text import InvalidValueError, Text
from scheduler.allocation.problem import lead_of, term_of
from scheduler.allocation.trials import MOST_LOST
from scheduler.booking import waiting_notices
from scheduler.model import (
    Request,
    RequestState,
    Session,
    Waiting,
    WaitingId,
    WaitingState,
)
from scheduler.schools import SchoolBook, site_time
from scheduler.store import Transaction


async def put_on_list(
    transaction: Transaction, request: Request, unplaced: Sequence[Text] = ()
) -> Waiting:
    """Let an open request wait, for its own school, which is told if a plan has put it here."""
    actor = transaction.actor
    waiting = Waiting(
        request=request.id,
        request_title=request.title,
        request_brings_pupils=any(site.class_groups for site in request.sites),
        unplaced=tuple(unplaced),
        id=WaitingId(uuid4().hex),
        school=request.school,
        filed_by=actor.name,
        filed_as=actor.role,
        filed_at=transaction.now,
    )
    await transaction.add_waiting(waiting)
    if unplaced:
        await transaction.add_notices(waiting_notices.joined(waiting, transaction.now))
    return waiting


async def request_of(transaction: Transaction, waiting: Waiting) -> Request:
    """The request that waits, as it stands now."""
    assert waiting.request is not None  # noqa: S101 - whoever asks knows that it is one
    return (await transaction.get(Request, waiting.request)).record


async def offered_sessions(transaction: Transaction, waiting: Waiting) -> Sequence[Session]:
    """What the request and those that go with it were offered."""
    found: list[Session] = []
    for request in waiting.offered_requests:
        stored = await transaction.get(Request, request)
        for series in stored.record.series:
            found += await transaction.sessions(series=series, limit=None)
    return found


async def settled_request(transaction: Transaction, waiting: Waiting) -> Waiting:
    """A request that waits as it stands now: placed otherwise or withdrawn, it waits no more.

    Nor does one that has too few dates left for a series, wherever it were held.
    """
    request = await request_of(transaction, waiting)
    if request.state is not RequestState.OPEN:
        return replace(waiting, state=WaitingState.LEFT)
    books = await transaction.books({request.school, *(site.school for site in request.sites)})
    if not has_dates(request, books, transaction.now):
        return replace(waiting, state=WaitingState.PASSED)
    return waiting


async def open_again(transaction: Transaction, waiting: Waiting) -> None:
    """What was offered and not taken is to be placed once more."""
    for request in waiting.offered_requests:
        stored = await transaction.get(Request, request)
        again = replace(stored.record, state=RequestState.OPEN, series=(), offer=None)
        await transaction.put(again, revision=stored.revision)


def has_dates(request: Request, books: Mapping[SchoolId, SchoolBook], now: datetime) -> bool:
    """Whether on some weekday enough of its dates are still to come, as an allocation counts."""
    term = term_of(request, books)
    if term is None:
        return False
    times = {site.school: site_time(site, books) for site in request.sites}
    lead = times.pop(lead_of(request), None) or times.pop(request.sites[0].school)
    for weekday in request.weekdays:
        pattern = Weekly(
            weekday=weekday, starts=request.earliest, minutes=request.minutes, weeks=request.weeks
        )
        try:
            found = occurrences(pattern, term, lead, list(times.values()))
        except InvalidValueError:  # the term has fewer weeks by now
            return False
        to_come = sum(
            each.state is OccurrenceState.HELD and each.slot.starts >= now for each in found
        )
        if to_come and to_come >= len(found) * (1 - MOST_LOST):
            return True
    return False
