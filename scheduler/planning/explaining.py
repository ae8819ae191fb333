"""Why a plan puts a request where it does, or nowhere: everything around it, loaded to be asked."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from scheduler.allocation.chains import members_of_chains
from scheduler.allocation.explaining import Explanation, Question, explain
from scheduler.allocation.offers import as_placed, as_taught, serving_too
from scheduler.allocation.problem import Companion, Problem
from scheduler.allocation.relaxing import SECONDS_TO_TRY
from scheduler.allocation.trials import Option
from scheduler.errors import NotFoundError, StateError
from scheduler.model import (
    Booking,
    Placement,
    Plan,
    PlanId,
    PlanState,
    Request,
    RequestId,
    SeriesId,
    Session,
    SessionId,
)
from scheduler.placing import agenda_of, draft
from scheduler.planning.loading import every_request, problem_of, require_real
from scheduler.store import Transaction


async def explain_request(
    transaction: Transaction,
    id: PlanId,
    request: RequestId,
    *,
    seconds: float = SECONDS_TO_TRY,
) -> Callable[[], Explanation]:
    """How to explain the request's place in a plan that is ready or published.

    Slow enough to be done elsewhere; relaxations are tried for so many `seconds`. Of a
    published plan the ledger as it is today counts. `NotFoundError` for a request that the plan
    does not hold.
    """
    plan = await transaction.plan(id)
    require_real(plan)
    if plan.state not in (PlanState.READY, PlanState.PUBLISHED):
        raise StateError(
            f"方案 {id} 还没有结果（{plan.state}）。",
            f"The plan {id} has no result yet: it is {plan.state}.",
        )
    placed = {each.request for each in plan.placements}
    if request not in placed | {each.request for each in plan.unplaced}:
        raise NotFoundError(
            f"方案 {id} 中没有需求 {request}。", f"The plan {id} holds no request {request}."
        )
    asked = (await transaction.get(Request, request)).record
    known = {each.id: each for each in await every_request(transaction)}
    others = [  # one that was deleted since takes nobody's place any more
        (known[placement.request], placement)
        for placement in plan.placements
        if placement.request != request and placement.request in known
    ]
    own = tuple(each for each in plan.placements if each.request == request)
    chain = () if own else _chain_of(asked, plan, known.values())
    problem = await problem_of(transaction, chain or (asked,), close_to=plan.close_to)
    return lambda: explain(_question(asked, own, others, problem, chain), seconds=seconds)


def _chain_of(asked: Request, plan: Plan, known: Iterable[Request]) -> tuple[Request, ...]:
    """The request and all that the plan left out because they go with it."""
    others = {each.request for each in plan.unplaced} - {asked.id}
    unplaced = [asked, *(each for each in known if each.id in others)]
    members = next((each for each, _ in members_of_chains(unplaced) if 0 in each), (0,))
    return tuple(unplaced[number] for number in members)


def _question(
    asked: Request,
    own: tuple[Placement, ...],
    others: Sequence[tuple[Request, Placement]],
    problem: Problem,
    chain: tuple[Request, ...],
) -> Question:
    options = tuple(_options(others, problem))
    companions = {each.request.id: each for each in problem.companions}
    companions |= {
        each.request.id: Companion(each.request, frozenset(each.dates)) for each in options
    }
    companions.pop(asked.id, None)
    planned = {asked.id, *(request.id for request, _ in others)}
    free = tuple(
        replace(each, serving=tuple(other for other in each.serving if other.id not in planned))
        for each in problem.offers
    )
    problem = replace(problem, companions=tuple(companions.values()), offers=free)
    served = [(placement.offer, request) for request, placement in others]
    without_own = _without(problem, asked.series)
    alone = _without(without_own, {each for request, _ in others for each in request.series})
    to_be_booked = tuple(
        session
        for (request, _), option in zip(others, options, strict=True)
        if not request.series
        for session in option.sessions
    )
    return Question(
        request=asked,
        chain=chain,
        placements=own,
        others=options,
        beside=replace(
            _with_sessions(without_own, (*without_own.situation.sessions, *to_be_booked)),
            offers=serving_too(without_own.offers, served),
        ),
        alone=alone,
    )


def _without(problem: Problem, series: Collection[SeriesId]) -> Problem:
    """The problem as if these series had not been booked."""
    gone = set(series)
    kept = tuple(each for each in problem.situation.sessions if each.series not in gone)
    return _with_sessions(problem, kept)


def _with_sessions(problem: Problem, sessions: tuple[Session, ...]) -> Problem:
    return replace(problem, situation=replace(problem.situation, sessions=sessions))


def _options(others: Sequence[tuple[Request, Placement]], problem: Problem) -> Iterator[Option]:
    """The other placements as the choices they are, with their dated sessions."""
    for request, placement in others:
        held = tuple(_sessions(request, placement, problem))
        yield Option(
            request=as_placed(request, placement),
            offer=placement.offer,
            weekly=placement.weekly,
            sites=placement.sites,
            dates=placement.dates,
            slots=tuple(each.slot for each in held),
            drafts=held,
            lost=placement.skipped,
            rooms={site.school: (site.room,) for site in placement.sites if site.room is not None},
        )


def _sessions(request: Request, placement: Placement, problem: Problem) -> Iterator[Session]:
    weekly = placement.weekly
    for on in placement.dates:
        slot = problem.slot_on(on, weekly.starts, weekly.minutes)
        booking = Booking(**agenda_of(as_taught(request)), slot=slot, sites=placement.sites)
        named = SessionId(f"{request.id}/{weekly.weekday}/{on}")
        yield draft(booking, problem.situation, id=named, now=problem.now)
