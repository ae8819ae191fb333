"""A plan becomes bookings: shown as changes first, then held to today's ledger date by date."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final
from uuid import uuid4

from calendars.bells import SchoolId
from calendars.series import Weekly
from calendars.text import Text
from scheduler.allocation.offers import as_placed
from scheduler.allocation.problem import lead_of, term_of
from scheduler.booking import series_notices
from scheduler.booking.revisions import require_revision
from scheduler.booking.series import SeriesBooked
from scheduler.booking.series_dates import Placed, SkippedDate
from scheduler.booking.series_waiting import watch_dates
from scheduler.errors import StateError
from scheduler.members import OfferId
from scheduler.model import (
    Actor,
    ActorRole,
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
    SessionState,
    SiteState,
    SiteWish,
)
from scheduler.placing import agenda_of
from scheduler.planning.laying_out import Grounds, Laid, dates_of, grounds_of, lay_out
from scheduler.planning.loading import require_real
from scheduler.schools import SchoolBook
from scheduler.store import Store, Stored, Transaction

AGREED_IN_ADVANCE: Final = "申请时已同意 / agreed in the request"
"""Who answered for a school that had agreed to whatever the term's plan finds."""
OFFERED: Final = "供给中已同意 / agreed in the offer"
"""Who answered for a school that lends its teacher."""
_READER: Final = Actor(name="lianke", role=ActorRole.OBSERVER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One series that publishing would book, and what stands in the way on single dates today.

    `offer` is the one that serves a need.

    `dates` would be booked; `lone_dates` are left out because what the request goes with is not
    held then; `impossible` is why nothing would be.
    """

    request: RequestId
    title: str
    weekly: Weekly
    sites: tuple[SiteWish, ...]
    dates: tuple[date, ...]
    costs: tuple[Cost, ...] = ()
    offer: OfferId | None = None
    conflicts: tuple[Conflict, ...] = ()
    lone_dates: tuple[date, ...] = ()
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
            dates=dates_of(laid.placed[number]) if laid.refusal is None else (),
            costs=placement.costs,
            offer=placement.offer,
            conflicts=laid.placed[number].conflicts if laid.placed else (),
            lone_dates=laid.lone,
            impossible=laid.refusal,
        )
        for laid in await asyncio.to_thread(lay_out, await grounds_of(transaction, plan), _READER)
        for number, placement in enumerate(laid.placements)
    )


@dataclass(frozen=True, slots=True)
class Judged:
    """A plan held to the rules, and to what: still right where that is what there is."""

    grounds: Grounds
    laid: tuple[Laid, ...]


async def judge(store: Store, id: PlanId, *, actor: Actor, now: datetime) -> Judged | None:
    """The plan held to today's ledger before it is published, while others go on booking.

    None for a plan that cannot be published: `publish` says why.
    """
    async with store.read(now=now) as transaction:
        plan = await transaction.plan(id)
        if plan.state is not PlanState.READY:
            return None
        grounds = await grounds_of(transaction, plan)
    return Judged(grounds, await asyncio.to_thread(lay_out, grounds, actor))


async def publish(
    transaction: Transaction, id: PlanId, revision: int, judged: Judged | None = None
) -> PublishedPlan:
    """Book what the plan proposes, as far as no rule forbids it today; the rest is listed.

    What was `judged` counts if the ledger is as it was then; else it is judged anew.

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
    grounds = await grounds_of(transaction, plan, lock=True)
    if judged is None or judged.grounds != grounds:
        judged = Judged(grounds, await asyncio.to_thread(lay_out, grounds, transaction.actor))
    for laid in judged.laid:
        if laid.stored is not None and laid.refusal is None:
            booked += await _book(transaction, laid.stored, laid, books)
        elif laid.refusal is not None:
            refused += _refused(laid, laid.refusal)
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


def _refused(laid: Laid, reason: Text) -> Iterator[RefusedPlacement]:
    for placement in laid.placements:
        yield RefusedPlacement(placement=placement, reason=reason, conflicts=laid.conflicts)


async def _book(
    transaction: Transaction,
    stored: Stored[Request],
    laid: Laid,
    books: Mapping[SchoolId, SchoolBook],
) -> list[SeriesBooked]:
    """The series of one request, its sessions and notices; the request is placed with them."""
    asked, now = stored.record, transaction.now
    request = as_placed(asked, laid.placements[0])
    offered = lead_of(request) if asked.is_need else None
    booked = []
    for placement, placed in zip(laid.placements, laid.placed, strict=True):
        series = _series(request, placement, placed, books, now)
        await transaction.add_series(series)
        sessions = tuple(_with_consent(each, request, offered) for each in placed.sessions)
        await transaction.add_sessions(sessions)
        await transaction.add_notices(series_notices.booked(series, sessions, books, now))
        if not laid.is_tied:  # a date that comes free later would come without its partners
            await watch_dates(transaction, series, placed.skipped, books)
        skipped = (*placed.skipped, *map(_lone_date, laid.lone))
        booked.append(SeriesBooked(series=series, booked=sessions, skipped=skipped))
    ids = tuple(each.series.id for each in booked)
    offer = laid.placements[0].offer
    await transaction.put(
        replace(asked, state=RequestState.PLACED, series=ids, offer=offer),
        revision=stored.revision,
    )
    return booked


def _lone_date(on: date) -> SkippedDate:
    why = Text(f"{on}：与它配套的活动那次不上。", f"{on}: what it goes with is not held then.")
    return SkippedDate(date=on, reason=why)


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


def _with_consent(session: Session, request: Request, offered: SchoolId | None) -> Session:
    """Schools that agreed when they asked or offered need not be asked again (H10)."""
    agreed = {
        site.school: OFFERED if site.school == offered else AGREED_IN_ADVANCE
        for site in request.sites
        if site.agreed
    }
    sites = tuple(
        replace(site, state=SiteState.CONFIRMED, answered_by=agreed[site.school])
        if site.school in agreed and site.state is SiteState.HELD
        else site
        for site in session.sites
    )
    if all(site.state is SiteState.CONFIRMED for site in sites):
        return replace(session, sites=sites, state=SessionState.CONFIRMED, hold_expires_at=None)
    return replace(session, sites=sites)
