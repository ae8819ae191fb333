"""Planned and delivered, school by school: the numbers the bureau asks for."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from calendars.bells import SchoolId
from scheduler.model import (
    Adjustment,
    AdjustmentKind,
    Outcome,
    OutcomeKind,
    Session,
    SessionId,
    SessionState,
    Site,
)
from scheduler.schools import unknown_school
from scheduler.store import Transaction
from scheduler.terms.stretches import stretch_of, terms_called


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one school planned and got in a term, up to now.

    `planned` are the parts in sessions that are over, `planned_minutes` what they should have
    given; each is `delivered`, `partial`, `failed`, `no_show`, `cancelled` or still `untold`.
    What was only a recording is none of these but `recorded`, with `recorded_minutes` that are no
    part of the delivered ones (E62). `made_up` are sessions held for missed ones, counted among the
    planned as well.
    """

    school: SchoolId
    planned: int
    planned_minutes: int
    delivered_minutes: int
    delivered: int
    partial: int
    failed: int
    no_show: int
    cancelled: int
    untold: int
    recorded: int
    recorded_minutes: int
    made_up: int


async def report(
    transaction: Transaction, *, term: str, school: SchoolId | None
) -> Callable[[], tuple[Report, ...]]:
    """What counts the sessions of a term (its id, or the name schools share), for a thread.

    Without a term, those of every term. `InvalidWishError` for a school or term that nobody knows.
    """
    books = await transaction.books(None if school is None else [school])
    if school is not None and not books:
        raise unknown_school(school)
    every = [each for book in books.values() for each in book.time.terms]
    terms = terms_called(term, books.values()) if term else every
    if not terms:
        return tuple
    zone = next(iter(books.values())).time.zone
    within = stretch_of(terms, zone)
    sessions = await transaction.sessions(
        within=within, states=(SessionState.CONFIRMED,), limit=None
    )
    outcomes = await transaction.outcomes(school=school, within=within, limit=None)
    made_up = await transaction.adjustments(kind=AdjustmentKind.MAKE_UP, within=within, limit=None)
    schools = sorted({each.school for each in terms})
    over = [session for session in sessions if session.slot.ends <= transaction.now]
    return lambda: _counted(schools, over, outcomes, made_up)


def _counted(
    schools: Iterable[SchoolId],
    over: Iterable[Session],
    outcomes: Iterable[Outcome],
    made_up: Iterable[Adjustment],
) -> tuple[Report, ...]:
    told: defaultdict[SchoolId, dict[SessionId, Outcome]] = defaultdict(dict)
    for outcome in outcomes:
        told[outcome.school][outcome.session] = outcome
    untold: defaultdict[SchoolId, list[Site]] = defaultdict(list)
    for session in over:
        for site in session.sites:
            if session.id not in told[site.school]:
                untold[site.school].append(site)
    held = {session.id for session in over}
    again = Counter(
        site.school
        for each in made_up
        if each.session in held and each.after is not None
        for site in each.after.sites
    )
    return tuple(
        _of_school(school, tuple(told[school].values()), untold[school], again[school])
        for school in schools
    )


def _of_school(
    school: SchoolId, told: Sequence[Outcome], untold: Sequence[Site], made_up: int
) -> Report:
    live = [each for each in told if not each.recorded_only]
    recorded = [each for each in told if each.recorded_only]
    kinds = Counter(each.outcome for each in live)
    return Report(
        school=school,
        planned=len(told) + len(untold),
        planned_minutes=sum(each.planned_minutes for each in told)
        + sum(site.effective_minutes for site in untold),
        delivered_minutes=sum(each.minutes for each in live),
        delivered=kinds[OutcomeKind.DELIVERED],
        partial=kinds[OutcomeKind.PARTIAL],
        failed=kinds[OutcomeKind.FAILED],
        no_show=kinds[OutcomeKind.NO_SHOW],
        cancelled=kinds[OutcomeKind.CANCELLED],
        untold=len(untold),
        recorded=len(recorded),
        recorded_minutes=sum(each.minutes for each in recorded),
        made_up=made_up,
    )
