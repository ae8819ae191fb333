"""The booked requests that go together, found by the series of one of them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

from sqlalchemy import select

from scheduler.model import Request, RequestId, RequestState, Series, SeriesId, Session, SessionId
from scheduler.records import NAMES
from scheduler.store import tables
from scheduler.store.codec import decode
from scheduler.store.opened import OpenTransaction, chunks
from scheduler.store.records import get, put
from scheduler.ties import Held, Tied

_REQUESTS = NAMES[Request]


async def ties_of(
    transaction: OpenTransaction, sessions: Iterable[Session], zone: ZoneInfo
) -> tuple[Tied, ...]:
    """All that ties the series of these sessions to others, with every live session of both."""
    return await ties_of_series(transaction, {session.series for session in sessions}, zone)


async def ties_of_series(
    transaction: OpenTransaction, series: Iterable[SeriesId | None], zone: ZoneInfo
) -> tuple[Tied, ...]:
    """All that ties these series to others."""
    concerned = {*series} - {None}
    if not concerned:
        return ()
    tied = list(_ties_among(await _tied_requests(transaction), concerned))
    named = sorted({each for one, other, *_ in tied for each in (*one.series, *other.series)})
    held = await _held(transaction, named, zone)
    return tuple(
        Tied(
            earlier=frozenset(earlier.series),
            later=frozenset(later.series),
            earlier_title=earlier.title,
            later_title=later.title,
            at_least_days=least,
            at_most_days=most,
            held={
                session: each
                for session, each in held.items()
                if each.series in earlier.series or each.series in later.series
            },
        )
        for earlier, later, least, most in tied
    )


async def continue_ties(transaction: OpenTransaction, series: Series) -> None:
    """A series that was split from another goes with whatever that one goes with."""
    requests = (await _tied_requests(transaction)).values()
    booked = next((each for each in requests if series.split_from in each.series), None)
    if booked is not None:
        stored = await get(transaction, Request, booked.id)
        after = replace(stored.record, series=(*stored.record.series, series.id))
        await put(transaction, after, revision=stored.revision)


async def _tied_requests(transaction: OpenTransaction) -> dict[RequestId, Request]:
    """The requests that name others or are named by them: few, if any."""
    names, records = tables.record_references, tables.records
    pairs = await transaction.all(
        select(names.c.from_id, names.c.to_id).where(
            names.c.from_kind == _REQUESTS, names.c.to_kind == _REQUESTS
        )
    )
    found: dict[RequestId, Request] = {}
    for part in chunks(sorted({each for row in pairs for each in (row.from_id, row.to_id)})):
        rows = await transaction.all(
            select(records.c.body).where(records.c.kind == _REQUESTS, records.c.id.in_(part))
        )
        found |= {each.id: each for each in (decode(Request, row.body) for row in rows)}
    return found


def _ties_among(
    requests: Mapping[RequestId, Request], concerned: set[SeriesId | None]
) -> Iterator[tuple[Request, Request, int, int]]:
    """The earlier and the later one, both booked, and how many days lie between them."""
    for later in requests.values():
        for after in later.after:
            earlier = requests[after.request]
            if RequestState.PLACED is earlier.state is later.state and not concerned.isdisjoint(
                (*earlier.series, *later.series)
            ):
                yield earlier, later, after.at_least_days, after.at_most_days


async def _held(
    transaction: OpenTransaction, series: Sequence[SeriesId], zone: ZoneInfo
) -> dict[SessionId, Held]:
    sessions = tables.sessions
    found: dict[SessionId, Held] = {}
    for part in chunks(series):
        rows = await transaction.all(select(sessions.c.body).where(sessions.c.series.in_(part)))
        for each in (decode(Session, row.body) for row in rows):
            if each.series is not None and each.is_live(transaction.now):
                on = each.slot.starts.astimezone(zone).date()
                found[each.id] = Held(series=each.series, on=on)
    return found
