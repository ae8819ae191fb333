"""补课: a lesson that was missed is held another time, and the two are linked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import islice
from typing import Final
from uuid import uuid4

from calendars.bells import SchoolId
from calendars.slots import Slot
from scheduler.adjusting import adjustment_of
from scheduler.booking import notices
from scheduler.booking.alternatives import situation_around
from scheduler.booking.candidates import dates_around, in_any_room
from scheduler.booking.places import Wanted, find_places
from scheduler.booking.revisions import require_reason
from scheduler.disruptions.replacements import Replacement, later_place
from scheduler.errors import StateError
from scheduler.members import LinkPoolId, Note
from scheduler.model import (
    AdjustmentKind,
    Booking,
    OutcomeKind,
    Role,
    Session,
    SessionId,
    SessionState,
    Sites,
    SiteState,
    SiteWish,
)
from scheduler.placing import booking_of, wish_of
from scheduler.store import Transaction

_MOST_DATES: Final = 3
_OVER: Final = (SessionState.CANCELLED, SessionState.EXPIRED)


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeUp:
    """When a missed session is held instead, and why.

    Left out, the sites and the link are those of the missed one, with any room that is free.
    """

    slot: Slot
    sites: Sites | None = None
    link_pool: LinkPoolId | None = None
    reason: Note


async def make_up(
    transaction: Transaction,
    id: SessionId,
    wish: MakeUp,
    *,
    returning: bool = False,
    cause: str = "",
) -> Session:
    """Book what a session missed, linked to it; no school makes up for the same session twice.

    `returning`: it is held just as it was to be, so it takes the place of the missed one in its
    series, too, and what schools had agreed to stands.
    """
    require_reason(wish.reason)
    missed = await transaction.session(id)
    await _require_missed(transaction, missed)
    booking = _booking(missed, wish)
    await transaction.require(booking)
    new = SessionId(uuid4().hex)
    wanted = Wanted(id=new, booking=booking, instead_of=missed)
    (placed,), situation = await find_places(transaction, wanted)
    # Whoever makes up for the same session needs its schools' rows, so from here on we are alone.
    await _require_not_made_up(transaction, missed, booking)
    session = replace(placed, reason=wish.reason)
    if returning:
        session = _as_agreed(session, missed)
    await transaction.add_session(session)
    record = adjustment_of(
        AdjustmentKind.MAKE_UP,
        None,
        session,
        actor=transaction.actor,
        now=transaction.now,
        cause=cause,
        linked=(missed,),
    )
    await transaction.add_adjustment(record)
    await transaction.add_notices(notices.booked(session, situation.schools, transaction.now))
    return session


def _as_agreed(session: Session, missed: Session) -> Session:
    """The session in the series of the missed one, with the answers that its schools had given."""
    given = {wish_of(site): site for site in missed.sites} if session.slot == missed.slot else {}
    sites = tuple(given.get(wish_of(site), site) for site in session.sites)
    session = replace(session, sites=sites, series=missed.series, series_date=missed.series_date)
    if all(site.state is SiteState.CONFIRMED for site in sites):
        return replace(session, state=SessionState.CONFIRMED, hold_expires_at=None)
    return session


async def make_up_places(
    transaction: Transaction, id: SessionId
) -> Callable[[], tuple[Replacement, ...]]:
    """What finds the next dates on which the missed session could be held, for a thread."""
    missed = await transaction.session(id)
    await _require_missed(transaction, missed)
    now = transaction.now
    wanted, dates = await wanted_later(transaction, missed)
    situation = await situation_around(transaction, wanted, moving=[missed])

    def found() -> tuple[Replacement, ...]:
        places = (later_place(wanted, situation, [on], now=now, instead_of=missed) for on in dates)
        return tuple(islice((each for each in places if each is not None), _MOST_DATES))

    return found


async def wanted_later(transaction: Transaction, missed: Session) -> tuple[Booking, list[date]]:
    """What was missed, on its next weekday to come, and the dates around to look at, in order."""
    clock = (await transaction.books([missed.lead.school]))[missed.lead.school].time
    today, day = clock.date_of(transaction.now), clock.date_of(missed.slot.starts)
    later = timedelta(weeks=max(0, -(-(today - day).days // 7)))
    slot = Slot(missed.slot.starts + later, missed.slot.ends + later)
    dates = sorted(on for on in dates_around(day + later) if on >= today and on > day)
    return replace(booking_of(missed), slot=slot, pinned=False), dates


async def _require_missed(transaction: Transaction, session: Session) -> None:
    lost = {
        each.outcome
        for each in await transaction.outcomes(session=session.id)
        if each.outcome is not OutcomeKind.DELIVERED
    }
    if session.state not in _OVER and not lost:
        raise StateError(
            f"“{session.title}”没有停课或落空，不需要补课；要改时间请直接调课。",
            f"“{session.title}” was not missed: to hold it another time, move it.",
        )


async def _require_not_made_up(transaction: Transaction, missed: Session, booking: Booking) -> None:
    """No school that takes part now has a live make-up of the same session already."""
    for other in await made_up_by(transaction, missed.id):
        if _for_whom(other.sites) & _for_whom(booking.sites):
            raise StateError(
                f"“{missed.title}”已安排补课（活动 {other.id}）。",
                f"“{missed.title}” is made up for already, by session {other.id}.",
            )


async def made_up_by(transaction: Transaction, missed: SessionId) -> tuple[Session, ...]:
    """The live sessions that make up for a missed one."""
    records = await transaction.adjustments(session=missed, kind=AdjustmentKind.MAKE_UP, limit=None)
    sessions = [
        await transaction.session(each.session) for each in records if missed in each.linked
    ]
    return tuple(each for each in sessions if each.is_live(transaction.now))


def _for_whom(sites: Sequence[SiteWish]) -> set[SchoolId]:
    """The schools for which it is held: those that listen, or the lead where none does."""
    remote = {site.school for site in sites if site.role is not Role.LEAD}
    return remote or {site.school for site in sites}


def _booking(missed: Session, wish: MakeUp) -> Booking:
    booking = replace(booking_of(missed), slot=wish.slot, pinned=False)
    if wish.sites is None:
        return replace(in_any_room(booking), link_pool=wish.link_pool or booking.link_pool)
    return replace(booking, sites=wish.sites, link_pool=wish.link_pool or booking.link_pool)
