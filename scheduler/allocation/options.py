"""Where each request could be held by itself, and what forbids the other times."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from calendars.series import Occurrence, OccurrenceState, Weekly, occurrences
from calendars.terms import Term, parse_weeks
from calendars.text import InvalidValueError
from scheduler.allocation.alike import Alike
from scheduler.allocation.causes import CLOSED_DAYS, Cause, Refusal, no_shared_window
from scheduler.allocation.offers import no_offer, offers_for, served_by
from scheduler.allocation.problem import Problem, lead_of, term_of
from scheduler.allocation.starts import starts_on
from scheduler.allocation.trials import MOST_LOST, Option, Trial
from scheduler.model import Request
from scheduler.schools import site_time


@dataclass(slots=True)
class Options:
    """The options of one request, and why each other weekday, time and staffing is none.

    Of a request that is not `is_stated` not all were sought.
    """

    found: list[Option] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    is_stated: bool = True


def options_of(request: Request, problem: Problem, alike: Alike) -> Options:
    """Every option of a request, in the order of weekdays and times; of a need offer by offer."""
    if request.is_need:
        return _by_offers(request, problem, alike)
    options = Options()
    term = term_of(request, problem.books)
    if term is None:
        return options
    if (why := _beyond_the_term(request, term)) is not None:
        options.refusals += _refused_by(why, request)
        return options
    for weekday in request.weekdays:
        pattern = Weekly(
            weekday=weekday,
            starts=request.earliest,
            minutes=request.minutes,
            weeks=request.weeks,
        )
        for result in _on_weekday(request, pattern, term, problem, alike):
            if isinstance(result, Refusal):
                options.refusals.append(result)
            else:
                options.found.append(result)
    return options


def _beyond_the_term(request: Request, term: Term) -> Cause | None:
    """Its weeks are not of this term, which may be shorter than the one that it names."""
    try:
        parse_weeks(request.weeks, term.last_week)
    except InvalidValueError as error:
        return Cause("weeks", error.text, at_all_times=True)
    return None


def _by_offers(need: Request, problem: Problem, alike: Alike) -> Options:
    options = Options()
    offers = offers_for(need, problem.offers)
    for offered in offers:
        served = served_by(need, offered, problem.books)
        if isinstance(served, Cause):
            options.refusals += _refused_by(served, need)
            continue
        found = options_of(served, problem, alike)
        options.found += [replace(each, offer=offered.offer.id) for each in found.found]
        options.refusals += found.refusals
    if not offers:
        options.refusals += _refused_by(no_offer(need), need)
    return options


def _refused_by(cause: Cause, need: Request) -> Iterator[Refusal]:
    for weekday in need.weekdays:
        yield Refusal.by(
            cause,
            Weekly(weekday=weekday, starts=need.earliest, minutes=need.minutes, weeks=need.weeks),
        )


def _on_weekday(
    request: Request, pattern: Weekly, term: Term, problem: Problem, alike: Alike
) -> Iterator[Option | Refusal]:
    found = _occurrences(request, pattern, term, problem)
    dates = [
        each.date
        for each in found
        if each.state is OccurrenceState.HELD and each.slot.starts >= problem.now
    ]
    if not dates or len(dates) < len(found) * (1 - MOST_LOST):
        yield Refusal.by(CLOSED_DAYS, pattern)
        return
    starts = tuple(starts_on(request, dates, problem))
    if not starts:
        yield Refusal.by(no_shared_window(request.min_minutes), pattern)
    for start in starts:
        weekly = replace(pattern, starts=start.starts)
        all_dates = [each.date for each in found]
        possible, refused = Trial(request, problem, alike, weekly, all_dates, dates).run(start)
        yield from possible
        yield from refused


def _occurrences(
    request: Request, pattern: Weekly, term: Term, problem: Problem
) -> tuple[Occurrence, ...]:
    lead = lead_of(request)
    times = {site.school: site_time(site, problem.books) for site in request.sites}
    return occurrences(
        pattern, term, times[lead], [time for school, time in times.items() if school != lead]
    )
