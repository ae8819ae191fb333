"""A plan becomes bookings: shown as changes first, then held to today's ledger date by date."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from calendars.series import Weekly
from calendars.text import Text
from scheduler.booking.expiring_links import outlived
from scheduler.booking.revisions import require_revision
from scheduler.booking.series import SeriesBooked
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
    RequestId,
    SiteWish,
    Waiting,
)
from scheduler.planning.laying_out import (
    Judged,
    Laid,
    dates_of,
    grounds_of,
    judge_placements,
    lay_out,
)
from scheduler.planning.loading import require_real
from scheduler.planning.taking_up import book_laid
from scheduler.planning.waiting_requests import let_wait
from scheduler.store import Store, Transaction

_READER: Final = Actor(name="lianke", role=ActorRole.OBSERVER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One series that publishing would book, and what stands in the way on single dates today.

    `offer` is the one that serves a need.

    `dates` would be booked; `lone_dates` are left out because what the request goes with is not
    held then; `impossible` is why nothing would be, `notes` what should be known (E34).
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
    notes: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedPlacement:
    """A placement that was not booked, and why: its request stays open."""

    placement: Placement
    reason: Text
    conflicts: tuple[Conflict, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedPlan:
    """What became of a plan: the series booked, with the dates left out, and the rest.

    `waiting` are requests without a place that wait for one from now on, each with what it goes
    with.
    """

    plan: Plan
    booked: tuple[SeriesBooked, ...]
    refused: tuple[RefusedPlacement, ...]
    waiting: tuple[Waiting, ...] = ()


async def changes(transaction: Transaction, id: PlanId) -> tuple[Change, ...]:
    """What publishing the plan would do today, in the plan's order."""
    plan = await transaction.plan(id)
    _require_ready(plan)
    grounds = await grounds_of(transaction, plan.placements)
    pools = grounds.situation.alliance.link_pools
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
            notes=outlived(laid.placed[number].sessions, pools, grounds.zone)
            if laid.placed
            else (),
        )
        for laid in await asyncio.to_thread(lay_out, grounds, _READER)
        for number, placement in enumerate(laid.placements)
    )


async def judge(store: Store, id: PlanId, *, actor: Actor, now: datetime) -> Judged | None:
    """The plan held to today's ledger before it is published, while others go on booking.

    None for a plan that cannot be published: `publish` says why.
    """
    async with store.read(now=now) as transaction:
        plan = await transaction.plan(id)
        if plan.state is not PlanState.READY:
            return None
    return await judge_placements(store, plan.placements, actor=actor, now=now)


async def publish(
    transaction: Transaction, id: PlanId, revision: int, judged: Judged | None = None
) -> PublishedPlan:
    """Book what the plan proposes, as far as no rule forbids it today; the rest is listed.

    What was `judged` counts if the ledger is as it was then; else it is judged anew.

    A site is confirmed if its school had agreed or has an open slot there, else held. Dates that
    became impossible are left out and listed; a request of which nothing is left stays open. What
    stays open waits for a place.
    `StateError` for a plan that is not ready or was published before, `StaleError` for another
    revision.
    """
    plan = await transaction.plan(id)
    _require_ready(plan)
    require_revision(plan.revision, revision)
    booked: list[SeriesBooked] = []
    refused: list[RefusedPlacement] = []
    books = await transaction.books()
    grounds = await grounds_of(transaction, plan.placements, lock=True)
    if judged is None or judged.grounds != grounds:
        judged = Judged(grounds, await asyncio.to_thread(lay_out, grounds, transaction.actor))
    for laid in judged.laid:
        if laid.stored is not None and laid.refusal is None:
            booked += await book_laid(transaction, laid.stored, laid, books)
        elif laid.refusal is not None:
            refused += _refused(laid, laid.refusal)
    published = replace(plan, state=PlanState.PUBLISHED, published_at=transaction.now)
    await transaction.replace_plan(plan, published)
    unplaced: dict[RequestId, tuple[Text, ...]] = {
        each.request: each.reasons for each in plan.unplaced
    }
    unplaced |= {each.placement.request: (each.reason,) for each in refused}
    return PublishedPlan(
        plan=await transaction.plan(id),
        booked=tuple(booked),
        refused=tuple(refused),
        waiting=await let_wait(transaction, unplaced),
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
