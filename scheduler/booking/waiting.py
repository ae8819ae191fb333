"""The waiting list: what cannot be placed waits, and who comes first is offered what frees.

Nobody reports what frees: a look at the list finds whose whole need fits now, whatever made room.
"""

from collections.abc import Callable, Container, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from uuid import uuid4

from scheduler.access import require_sessions_of
from scheduler.booking import notices, waiting_notices
from scheduler.booking.notices import moment_words
from scheduler.booking.places import Wanted, find_places, require_to_come
from scheduler.booking.priority import turn_of
from scheduler.booking.revisions import require_revision
from scheduler.booking.series import store_series
from scheduler.booking.series_waiting import that_go_together
from scheduler.booking.waiting_needs import (
    Found,
    Need,
    find_all,
    in_the_way,
    needs_of,
    needs_to_come,
)
from scheduler.booking.waiting_settled import among, is_held_otherwise
from scheduler.errors import (
    ClashError,
    InvalidWishError,
    StateError,
)
from scheduler.model import (
    Conflict,
    Role,
    SessionId,
    Waiting,
    WaitingId,
    WaitingState,
    WaitingWish,
)
from scheduler.schools import Situation
from scheduler.store import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A wish on the list, its position (None: it waits no more) and why it does not fit now."""

    waiting: Waiting
    position: int | None
    reasons: tuple[Conflict, ...] = ()


async def join(transaction: Transaction, wish: WaitingWish) -> Waiting:
    """Wait for any of the times; `StateError` if one of them can be booked right now.

    The coordinator's school waits, or for the office that which leads.
    """
    await transaction.require(wish)
    if wish.booking is not None:
        places = ("/booking/slot", *(f"/also_at/{no}" for no in range(len(wish.also_at))))
        for slot, place in zip(wish.slots, places, strict=True):
            require_to_come(slot.starts, transaction.now, pointer=f"{place}/starts")
    actor = transaction.actor
    lead = next(site.school for site in wish.wish.sites if site.role is Role.LEAD)
    waiting = Waiting(
        booking=wish.booking,
        series_booking=wish.series_booking,
        also_at=wish.also_at,
        also_weekly=wish.also_weekly,
        id=WaitingId(uuid4().hex),
        school=actor.school or lead,
        filed_by=actor.name,
        filed_as=actor.role,
        filed_at=transaction.now,
    )
    for no, need in enumerate(await needs_of(transaction, waiting)):
        if not need.dates:
            raise InvalidWishError(
                "这个系列没有可以上课的日期，不能候补；请换一个星期几、时间或周次。",
                "The series has no date on which it could be held and cannot wait: choose another "
                "weekday, time or weeks.",
                pointer=f"/also_weekly/{no - 1}" if no else "/series_booking/weekly",
            )
        try:
            await find_all(transaction, waiting, need, actor=actor)
        except ClashError:
            continue
        book = (await transaction.books([waiting.school]))[waiting.school]
        when = moment_words(need.dates[0].booking.slot.starts, book)
        raise StateError(
            f"{when.zh}现在就可以预约，不必候补。",
            f"{when.en} can be booked right now: there is no need to wait.",
        )
    await transaction.add_waiting(waiting)
    return waiting


async def leave(transaction: Transaction, id: WaitingId, revision: int) -> Waiting:
    """Take a wish off the list. An offer is answered instead, as any held session is."""
    before = await transaction.waiting(id)
    require_revision(before.revision, revision)
    require_sessions_of(transaction.actor, [before.school])
    if before.state is not WaitingState.WAITING:
        raise StateError(
            f"“{before.title}”已不在候补；如已有暂留的位置，请直接确认或谢绝。",
            f"“{before.title}” waits no more: an offer is confirmed or declined.",
        )
    return await transaction.replace_waiting(before, replace(before, state=WaitingState.LEFT))


async def look_at_list(
    transaction: Transaction,
    states: Sequence[WaitingState] = (WaitingState.WAITING,),
    *,
    named: Container[WaitingId] | None = None,
) -> Callable[[], tuple[Turn, ...]]:
    """What reads the list in its order, with the reasons of this moment; call it in a thread.

    What is in the way of a request is not looked for: its plan has said it. With `named` it reads
    these wishes alone, as if no other waited.
    """
    found = among(await transaction.waiting_list(states=states), named)
    if not found:
        return tuple
    schools = {site.school for each in found if not each.request for site in each.wish.sites}
    books = await transaction.books(schools | {each.school for each in found})
    queue = [
        (each, await needs_to_come(transaction, each) if _has_needs(each) else ())
        for each in sorted(found, key=lambda each: turn_of(each, books[each.school].school))
    ]
    now = transaction.now
    sketches = [
        sketch for _, needs in queue for need in needs for sketch in need.sketches(books, now)
    ]
    situation = await transaction.situation(sketches)
    return partial(_read, queue, situation, now)


def _has_needs(waiting: Waiting) -> bool:
    return waiting.state is WaitingState.WAITING and waiting.request is None


async def offer_place(transaction: Transaction, id: WaitingId) -> Waiting | None:
    """Hold for the wish the first of its times at which all of it fits; None if there is none.

    The school that waits is asked even where it keeps open hours, for it may have made other plans.
    """
    before = await transaction.waiting(id)
    if (
        before.state is not WaitingState.WAITING
        or before.rests(transaction.now)
        or await is_held_otherwise(transaction, before)
    ):
        return None
    if before.series_date is not None:
        with suppress(ClashError):
            return await _offer_dates(transaction, before)
        return None
    for need in await needs_to_come(transaction, before):
        with suppress(ClashError):
            found = await find_all(transaction, before, need, actor=before.filer)
            return await _offered(transaction, before, found)
    return None


async def _offer_dates(transaction: Transaction, before: Waiting) -> Waiting | None:
    """The date of a series held again, together with what else waits and it goes with."""
    dates = [
        each
        for each in await that_go_together(transaction, before)
        if await needs_to_come(transaction, each)
    ]
    if before not in dates:
        return None
    sessions, situation = await find_places(
        transaction,
        *(
            Wanted(
                id=SessionId(uuid4().hex),
                booking=each.booking,
                ask=each.school,
                of_series=(each.series, each.series_date),
            )
            for each in dates
            if each.booking and each.series and each.series_date
        ),
        actor=before.filer,
    )
    offered = [
        await _offered(
            transaction,
            each,
            Found(sessions=(session,), series=None, schools=situation.schools),
        )
        for each, session in zip(dates, sessions, strict=True)
    ]
    return offered[0]


async def _offered(transaction: Transaction, before: Waiting, found: Found) -> Waiting:
    """The wish with all of it held, and everybody told."""
    if found.series is not None:
        await store_series(transaction, found.series, found.sessions)
        after = replace(before, state=WaitingState.OFFERED, series=found.series.id)
        offered = await transaction.replace_waiting(before, after)
    else:
        (session,) = found.sessions
        await transaction.add_session(session)
        after = replace(before, state=WaitingState.OFFERED, session=session.id)
        offered = await transaction.replace_waiting(before, after)
        told = notices.booked(session, found.schools, transaction.now)
        await transaction.add_notices(told)
    book = (await transaction.books([before.school]))[before.school]
    await transaction.add_notices(
        waiting_notices.offered(offered, found.sessions, book, transaction.now)
    )
    return offered


def _read(
    queue: Sequence[tuple[Waiting, Sequence[Need]]], situation: Situation, now: datetime
) -> tuple[Turn, ...]:
    turns, position = [], 0
    for each, needs in queue:
        if each.state is not WaitingState.WAITING:
            turns.append(Turn(waiting=each, position=None))
            continue
        position += 1
        told = [in_the_way(need, situation, now) for need in needs]
        reasons = () if () in told else next(iter(told), ())
        turns.append(Turn(waiting=each, position=position, reasons=reasons))
    return tuple(turns)
