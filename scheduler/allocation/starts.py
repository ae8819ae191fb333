"""The times of day worth trying on a weekday, and what each asks of every school's bells."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Final

from calendars.bells import SchoolId, TimedPeriod
from calendars.slots import Slot
from calendars.text import Text
from calendars.windows import Fit, Tactic, find_windows, fit
from scheduler.allocation.problem import Problem, lead_of
from scheduler.model import Request, SiteWish

STEP: Final = timedelta(minutes=5)
"""Between starts where nobody's bells matter."""


_NO_TEXT: Final = Text("", "")


@dataclass(frozen=True, slots=True)
class Start:
    """A time of day on the alliance's clock, and how it fits each school with pupils."""

    starts: time
    fits: tuple[Fit, ...] = ()

    def at(self, sites: Sequence[SiteWish]) -> tuple[SiteWish, ...]:
        """The sites with the tactic that this start needs there, the same all term."""
        fits = {fit.school: fit for fit in self.fits}
        return tuple(
            _with_fit(site, fits[site.school]) if site.school in fits else site for site in sites
        )


def _with_fit(site: SiteWish, fit: Fit) -> SiteWish:
    keeps_cover = (fit.tactic, site.tactic) == (Tactic.TRIM, Tactic.COVER)
    tactic = Tactic.COVER if keeps_cover else fit.tactic
    return replace(site, tactic=tactic, shift_minutes=fit.shift_minutes, period=None)


def starts_on(request: Request, dates: Sequence[date], problem: Problem) -> Iterator[Start]:
    """Every start that suits the bells of some of the dates, earliest first."""
    days = {on: _bells(request, on, problem) for on in dates}
    if not any(days.values()):
        yield from _any_time(request, dates[0], problem)
        return
    known: set[Start] = set()
    ringing: list[object] = []
    for on, bells in days.items():
        clock = {school: _on_the_clock(periods, problem) for school, periods in bells.items()}
        if clock not in ringing:
            ringing.append(clock)
            known.update(_by_the_bells(request, on, bells, problem))
    within = (start for start in known if _is_within(request, start.starts))
    yield from sorted(within, key=lambda start: (start.starts, _shifts(start)))


def _shifts(start: Start) -> list[tuple[str, str, int]]:
    return [(fit.school, fit.tactic, fit.shift_minutes) for fit in start.fits]


def _is_within(request: Request, starts: time) -> bool:
    ends = starts.hour * 60 + starts.minute + request.minutes
    return request.earliest <= starts and ends <= request.latest.hour * 60 + request.latest.minute


def _bells(request: Request, on: date, problem: Problem) -> dict[SchoolId, tuple[TimedPeriod, ...]]:
    """The bells of a date at every site where a class takes part."""
    return {
        site.school: problem.books[site.school].periods_of_class(site.class_groups[0], on)
        for site in request.sites
        if site.class_groups
    }


def _on_the_clock(periods: Sequence[TimedPeriod], problem: Problem) -> tuple[time, ...]:
    return tuple(
        moment.astimezone(problem.zone).time()
        for timed in periods
        for moment in (timed.slot.starts, timed.slot.ends)
    )


def _by_the_bells(
    request: Request, on: date, bells: dict[SchoolId, tuple[TimedPeriod, ...]], problem: Problem
) -> Iterator[Start]:
    lead = lead_of(request)
    windows = find_windows(
        bells,
        minutes=request.minutes,
        min_minutes=request.min_minutes,
        max_shift_minutes=request.max_shift_minutes,
        lead=lead if lead in bells else None,
    )
    for window in windows:
        yield Start(_clock(window.slot.starts, problem), _without_why(window.fits))
    if lead in bells:
        return
    # A lead without a class has a teacher with lessons of her own: her bells are worth trying.
    for timed in problem.books[lead].time.periods(on, request.grade):
        slot = Slot.lasting(timed.slot.starts, request.minutes)
        fits = [
            fit(
                school,
                periods,
                slot,
                min_minutes=request.min_minutes,
                max_shift_minutes=request.max_shift_minutes,
            )
            for school, periods in bells.items()
        ]
        if None not in fits:
            found = _without_why([each for each in fits if each is not None])
            yield Start(_clock(slot.starts, problem), found)


def _without_why(fits: Sequence[Fit]) -> tuple[Fit, ...]:
    """Fits that ask the same are the same, whatever day they were found on."""
    return tuple(
        replace(each, why=_NO_TEXT, effective_minutes=0, period=None)
        for each in sorted(fits, key=lambda each: each.school)
    )


def _clock(moment: datetime, problem: Problem) -> time:
    return moment.astimezone(problem.zone).time()


def _any_time(request: Request, on: date, problem: Problem) -> Iterator[Start]:
    """Every few minutes of the time that the request allows."""
    starts = datetime.combine(on, request.earliest, problem.zone)
    while _is_within(request, starts.time()) and starts.date() == on:
        yield Start(starts.time())
        starts += STEP
