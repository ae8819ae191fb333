"""A plan becomes bookings: shown as changes first, then held to today's ledger date by date."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby
from typing import Final
from uuid import uuid4
from zoneinfo import ZoneInfo

from calendars.bells import SchoolId
from calendars.series import Weekly
from calendars.slots import Slot
from calendars.text import Text
from scheduler.allocation.problem import term_of
from scheduler.booking import series_notices
from scheduler.booking.revisions import require_revision, to_lock
from scheduler.booking.series import SeriesBooked
from scheduler.booking.series_dates import Placed, WantedDate, place_dates
from scheduler.booking.series_waiting import watch_dates
from scheduler.errors import NotFoundError, StateError
from scheduler.model import (
    Actor,
    ActorRole,
    Booking,
    Conflict,
    Cost,
    Placement,
    Plan,
    PlanId,
    PlanState,
    Request,
    RequestId,
    RequestState,
    Series,
    SeriesId,
    Session,
    SessionId,
    SessionState,
    SiteState,
    SiteWish,
    WhenImpossible,
)
from scheduler.placing import agenda_of, outlines
from scheduler.planning.loading import require_real
from scheduler.schools import SchoolBook, Situation
from scheduler.store import Stored, Transaction

AGREED_IN_ADVANCE: Final = "申请时已同意 / agreed in the request"
"""Who answered for a school that had agreed to whatever the term's plan finds."""
_READER: Final = Actor(name="lianke", role=ActorRole.OBSERVER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One series that publishing would book, and what stands in the way on single dates today.

    `dates` would be booked; `impossible` is why nothing would be.
    """

    request: RequestId
    title: str
    weekly: Weekly
    sites: tuple[SiteWish, ...]
    dates: tuple[date, ...]
    costs: tuple[Cost, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    impossible: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedPlacement:
    """A placement that was not booked, and why: its request stays open."""

    placement: Placement
    reason: Text
    conflicts: tuple[Conflict, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedPlan:
    """What became of a plan: the series booked, with the dates left out, and the rest."""

    plan: Plan
    booked: tuple[SeriesBooked, ...]
    refused: tuple[RefusedPlacement, ...]


@dataclass(frozen=True, slots=True)
class _Laid:
    """A request with its placements as today's ledger takes them, or a `refusal`."""

    stored: Stored[Request] | None
    placements: tuple[Placement, ...]
    placed: tuple[Placed, ...] = ()
    refusal: Text | None = None

    @property
    def conflicts(self) -> tuple[Conflict, ...]:
        return tuple(conflict for each in self.placed for conflict in each.conflicts)


async def changes(transaction: Transaction, id: PlanId) -> tuple[Change, ...]:
    """What publishing the plan would do today, in the plan's order."""
    plan = await transaction.plan(id)
    _require_ready(plan)
    return tuple(
        Change(
            request=placement.request,
            title=laid.stored.record.title if laid.stored else placement.request,
            weekly=placement.weekly,
            sites=placement.sites,
            dates=_dates(laid.placed[number]) if laid.refusal is None else (),
            costs=placement.costs,
            conflicts=laid.placed[number].conflicts if laid.placed else (),
            impossible=laid.refusal,
        )
        for laid in await _lay_out(transaction, plan, _READER)
        for number, placement in enumerate(laid.placements)
    )


async def publish(transaction: Transaction, id: PlanId, revision: int) -> PublishedPlan:
    """Book what the plan proposes, as far as no rule forbids it today; the rest is listed.

    A site is confirmed if its school had agreed or has an open slot there, else held. Dates that
    became impossible are left out and listed; a request of which nothing is left stays open.
    `StateError` for a plan that is not ready or was published before, `StaleError` for another
    revision.
    """
    plan = await transaction.plan(id)
    _require_ready(plan)
    require_revision(plan.revision, revision)
    booked: list[SeriesBooked] = []
    refused: list[RefusedPlacement] = []
    books = await transaction.books()
    for laid in await _lay_out(transaction, plan, transaction.actor, lock=True):
        if laid.refusal is None and laid.stored is not None:
            booked += await _book(transaction, laid.stored, laid, books)
        else:
            refused += _refused(laid)
    published = replace(plan, state=PlanState.PUBLISHED, published_at=transaction.now)
    await transaction.replace_plan(plan, published)
    return PublishedPlan(
        plan=await transaction.plan(id), booked=tuple(booked), refused=tuple(refused)
    )


def _require_ready(plan: Plan) -> None:
    require_real(plan)
    if plan.state is PlanState.PUBLISHED:
        raise StateError(
            f"方案 {plan.id} 已经发布过。", f"The plan {plan.id} has been published already."
        )
    if plan.state is not PlanState.READY:
        raise StateError(
            f"方案 {plan.id} 还没有可发布的结果（{plan.state}）。",
            f"The plan {plan.id} has no result to publish: it is {plan.state}.",
        )


async def _lay_out(
    transaction: Transaction, plan: Plan, actor: Actor, *, lock: bool = False
) -> Sequence[_Laid]:
    """Every request of the plan against one state of the ledger, each beside those before it."""
    books = await transaction.books()
    zone = ZoneInfo((await transaction.alliance()).alliance.zone)
    asked = [
        (await _stored(transaction, request), tuple(placements))
        for request, placements in groupby(plan.placements, key=lambda each: each.request)
    ]
    wanted = {
        placement: _wanted(stored.record, placement, zone, transaction.now)
        for stored, placements in asked
        if stored is not None
        for placement in placements
    }
    sketches = [
        sketch
        for dates in wanted.values()
        for each in dates
        for sketch in outlines(each.booking, books, id=each.id, now=transaction.now)
    ]
    if lock:
        await transaction.lock(to_lock(sketches))
    situation = await transaction.situation(sketches)
    # Hundreds of dates are judged: elsewhere, so that the service goes on answering meanwhile.
    return await asyncio.to_thread(
        lambda: tuple(_laid(asked, wanted, situation, actor, transaction.now))
    )


async def _stored(transaction: Transaction, request: RequestId) -> Stored[Request] | None:
    try:
        return await transaction.get(Request, request)
    except NotFoundError:
        return None


def _wanted(
    request: Request, placement: Placement, zone: ZoneInfo, now: datetime
) -> tuple[WantedDate, ...]:
    """The placement's dates that still lie ahead."""
    slots = {
        on: Slot.lasting(
            datetime.combine(on, placement.weekly.starts, zone), placement.weekly.minutes
        )
        for on in placement.dates
    }
    return tuple(
        WantedDate(
            date=on,
            id=SessionId(uuid4().hex),
            booking=Booking(**agenda_of(request), slot=slot, sites=placement.sites),
        )
        for on, slot in slots.items()
        if slot.starts >= now
    )


def _laid(
    asked: Iterable[tuple[Stored[Request] | None, tuple[Placement, ...]]],
    wanted: Mapping[Placement, Sequence[WantedDate]],
    situation: Situation,
    actor: Actor,
    now: datetime,
) -> Iterator[_Laid]:
    for stored, placements in asked:
        if stored is None or stored.record.state is not RequestState.OPEN:
            yield _Laid(stored, placements, refusal=_NO_LONGER_OPEN)
            continue
        placed: list[Placed] = []
        beside = situation
        for placement in placements:
            dates = place_dates(
                wanted[placement],
                beside,
                series=SeriesId(uuid4().hex),
                when_impossible=WhenImpossible.SKIP,
                actor=actor,
                now=now,
            )
            placed.append(dates)
            beside = replace(beside, sessions=(*beside.sessions, *dates.sessions))
        if all(each.sessions for each in placed):
            situation = beside
            yield _Laid(stored, placements, tuple(placed))
        else:
            yield _Laid(stored, placements, tuple(placed), refusal=_NO_DATE_LEFT)


_NO_LONGER_OPEN: Final = Text("需求已不再待排。", "The request is no longer open.")
_NO_DATE_LEFT: Final = Text(
    "求解以后情况有变，没有可排的日期。", "Things have changed: no date of it is possible any more."
)


def _refused(laid: _Laid) -> Iterator[RefusedPlacement]:
    for placement in laid.placements:
        yield RefusedPlacement(
            placement=placement, reason=laid.refusal or _NO_DATE_LEFT, conflicts=laid.conflicts
        )


async def _book(
    transaction: Transaction,
    stored: Stored[Request],
    laid: _Laid,
    books: Mapping[SchoolId, SchoolBook],
) -> list[SeriesBooked]:
    """The series of one request, its sessions and notices; the request is placed with them."""
    request, now = stored.record, transaction.now
    booked = []
    for placement, placed in zip(laid.placements, laid.placed, strict=True):
        series = _series(request, placement, placed, books, now)
        await transaction.add_series(series)
        sessions = tuple(_with_consent(session, request) for session in placed.sessions)
        for session in sessions:
            await transaction.add_session(session)
        await transaction.add_notices(series_notices.booked(series, sessions, books, now))
        await watch_dates(transaction, series, placed.skipped, books)
        booked.append(SeriesBooked(series=series, booked=sessions, skipped=tuple(placed.skipped)))
    ids = tuple(each.series.id for each in booked)
    await transaction.put(
        replace(request, state=RequestState.PLACED, series=ids), revision=stored.revision
    )
    return booked


def _series(
    request: Request,
    placement: Placement,
    placed: Placed,
    books: Mapping[SchoolId, SchoolBook],
    now: datetime,
) -> Series:
    term = term_of(request, books)
    return Series(
        **agenda_of(request),
        id=placed.sessions[0].series or SeriesId(uuid4().hex),
        term=request.term if term is None else term.id,
        weekly=placement.weekly,
        sites=placement.sites,
        created_at=now,
        changed_at=now,
    )


def _with_consent(session: Session, request: Request) -> Session:
    """Schools that agreed when they asked need not be asked again (H10)."""
    agreed = {site.school for site in request.sites if site.agreed}
    sites = tuple(
        replace(site, state=SiteState.CONFIRMED, answered_by=AGREED_IN_ADVANCE)
        if site.school in agreed and site.state is SiteState.HELD
        else site
        for site in session.sites
    )
    if all(site.state is SiteState.CONFIRMED for site in sites):
        return replace(session, sites=sites, state=SessionState.CONFIRMED, hold_expires_at=None)
    return replace(session, sites=sites)


def _dates(placed: Placed) -> tuple[date, ...]:
    return tuple(
        session.series_date for session in placed.sessions if session.series_date is not None
    )
