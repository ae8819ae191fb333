"""What an allocation looks at, read from the ledger."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from calendars.slots import Slot
from scheduler.allocation.chains import ties_of
from scheduler.allocation.problem import Companion, Offered, Problem
from scheduler.errors import InvalidWishError, StateError
from scheduler.members import Offer, OfferId
from scheduler.model import (
    Placement,
    Plan,
    PlanId,
    Request,
    RequestId,
    RequestState,
    Session,
    SessionState,
    Supposed,
)
from scheduler.schools import Situation
from scheduler.store import Transaction

R = TypeVar("R", Offer, Request)
LIVE: Final = (SessionState.HELD, SessionState.CONFIRMED)


async def suppose(transaction: Transaction, supposed: Supposed) -> None:
    """Store what is supposed, in a transaction that will not be committed."""
    placed = [
        (f"supposing/{field.name}/{no}", record)
        for field in fields(supposed)
        for no, record in enumerate(getattr(supposed, field.name))
    ]
    try:
        await transaction.put_many([record for _, record in placed])
    except InvalidWishError as error:
        index, _, below = error.pointer[1:].partition("/")
        place, _ = placed[int(index)]
        raise InvalidWishError(
            error.text.zh, error.text.en, pointer=f"/{place}/{below}", value=error.value
        ) from None


def require_real(plan: Plan) -> None:
    """`StateError` for a plan that answers "what if"."""
    if plan.supposing is not None:
        raise StateError(
            f"方案 {plan.id} 只是假设，请与其他方案比较。",
            f"The plan {plan.id} only supposes something: compare it with others.",
        )


async def problem_of(
    transaction: Transaction,
    requests: Iterable[Request],
    *,
    close_to: PlanId | None = None,
    within: Slot | None = None,
) -> Problem:
    """These requests with all that the schools have told and every live session to come.

    `close_to` is the earlier plan that people know, if there is one. They are held `within` a time,
    if that is known.
    """
    now = transaction.now
    asked, known = tuple(requests), await every_request(transaction)
    sessions = await transaction.sessions(states=LIVE, within=within, limit=None)
    live = tuple(
        session for session in sessions if session.is_live(now) and session.slot.ends > now
    )
    alliance = await transaction.alliance()
    zone = ZoneInfo(alliance.alliance.zone)
    return Problem(
        requests=asked,
        situation=Situation(
            alliance=alliance,
            schools=await transaction.books(),
            sessions=live,
        ),
        now=now,
        companions=companions(known, sessions, zone, now),
        offers=await offers(transaction, known),
        earlier={} if close_to is None else _by_request(await transaction.plan(close_to)),
    )


def _by_request(plan: Plan) -> dict[RequestId, tuple[Placement, ...]]:
    found: dict[RequestId, tuple[Placement, ...]] = {}
    for placement in plan.placements:
        found[placement.request] = (*found.get(placement.request, ()), placement)
    return found


async def offers(transaction: Transaction, known: Iterable[Request]) -> tuple[Offered, ...]:
    """Every offer, with those of the `known` requests, placed already, that it serves."""
    serving: dict[OfferId | None, list[Request]] = defaultdict(list)
    for request in known:
        if request.state is RequestState.PLACED:
            serving[request.offer].append(request)
    return tuple(
        Offered(offer, tuple(serving[offer.id])) for offer in await _every(transaction, Offer)
    )


async def every_request(transaction: Transaction) -> Sequence[Request]:
    """All requests, by id."""
    return await _every(transaction, Request)


async def _every(transaction: Transaction, kind: type[R]) -> Sequence[R]:
    found: list[R] = []
    after = ""
    while page := await transaction.list(kind, after=after):
        found += (stored.record for stored in page)
        after = page[-1].record.id
    return found


def companions(
    known: Sequence[Request], sessions: Iterable[Session], zone: ZoneInfo, now: datetime
) -> tuple[Companion, ...]:
    """The placed requests that others go with, or that go with others, and when they are held."""
    tied = {request for tie in ties_of(known) for request in (tie.earlier, tie.later)}
    placed = [each for each in known if each.id in tied and each.state is RequestState.PLACED]
    wanted = {series for request in placed for series in request.series}
    held = [session for session in sessions if session.series in wanted and session.is_live(now)]
    return tuple(
        Companion(
            request,
            frozenset(
                session.slot.starts.astimezone(zone).date()
                for session in held
                if session.series in request.series
            ),
        )
        for request in placed
    )
