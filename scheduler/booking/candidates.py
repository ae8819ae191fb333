"""Where else a session might be held: candidates by preference, still to be judged. Pure."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from calendars.bells import PeriodKind, SchoolId, TimedPeriod
from calendars.slots import Slot
from calendars.windows import Fit, Tactic, Window, find_windows, fit
from scheduler.members import WORKDAY
from scheduler.model import (
    Booking,
    Conflict,
    OnDecline,
    Resource,
    ResourceKind,
    Role,
    SiteWish,
)
from scheduler.placing import rooms_for
from scheduler.schools import Situation

DAYS_SEARCHED: Final = 14
"""The week of the session and the next one."""
_STEP: Final = timedelta(minutes=10)


class Candidates:
    """The variations of one wish: other rooms, tactics, times, and one site fewer."""

    def __init__(self, wanted: Booking, situation: Situation) -> None:
        self.wanted = wanted
        self.situation = situation
        self.zone = situation.schools[wanted.sites[0].school].time.zone
        self.day = wanted.slot.starts.astimezone(self.zone).date()

    def at_the_same_time(self) -> Iterator[Booking]:
        """What was wanted (with rooms that are free), in each other room, with a tactic."""
        yield self.wanted
        for wish in self.wanted.sites:
            if wish.room is not None:
                for room in rooms_for(wish, self.situation):
                    yield _with_site(self.wanted, replace(wish, room=room.id))
        periods = self._periods(self.day)
        fits = [
            fit(school, bells, self.wanted.slot, min_minutes=self.wanted.min_minutes)
            for school, bells in periods.items()
        ]
        if fits and None not in fits:
            yield _with_fits(self.wanted, tuple(each for each in fits if each is not None))

    def times_on(self, on: date) -> Iterator[Booking]:
        """Every time of that date that suits the bells, the nearest to what was wanted first."""
        wished = on_date(self.wanted, on, self.zone)
        periods = self._periods(on)
        if not periods:
            yield from self._clock_times(wished, on)
            return
        lead = next(site.school for site in self.wanted.sites if site.role is Role.LEAD)
        windows = find_windows(
            periods,
            minutes=self.wanted.slot.minutes,
            min_minutes=self.wanted.min_minutes,
            lead=lead if lead in periods else None,
        )
        for window in sorted(windows, key=lambda window: _cost(window, wished.slot)):
            yield _with_fits(replace(wished, slot=window.slot), window.fits)

    def _clock_times(self, wished: Booking, on: date) -> Iterator[Booking]:
        """Where no class comes: every ten minutes of the working day, the nearest first."""
        rests = self._rests(on)
        opens, closes = (datetime.combine(on, clock, self.zone) for clock in WORKDAY)
        last = closes - (self.wanted.slot.ends - self.wanted.slot.starts)
        starts = [opens + no * _STEP for no in range((last - opens) // _STEP + 1)]
        for start in sorted(starts, key=lambda start: abs(start - wished.slot.starts)):
            slot = Slot.lasting(start, self.wanted.slot.minutes)
            if not any(slot.overlaps(rest) for rest in rests):
                yield replace(wished, slot=slot)

    def _rests(self, on: date) -> list[Slot]:
        """When one of the schools eats or sleeps."""
        return [
            timed.slot
            for site in self.wanted.sites
            for timed in self.situation.schools[site.school].time.periods(on)
            if timed.period.kind in (PeriodKind.LUNCH, PeriodKind.NAP)
        ]

    def _periods(self, on: date) -> dict[SchoolId, tuple[TimedPeriod, ...]]:
        """The bells of the date at every site where a class takes part."""
        schools = self.situation.schools
        return {
            site.school: schools[site.school].periods_of_class(site.class_groups[0], on)
            for site in self.wanted.sites
            if site.class_groups
        }

    def with_one_fewer(self) -> Iterator[Booking]:
        """The wished time with one site only observing, or left for a run of its own (E31)."""
        others = [site for site in self.wanted.sites if site.role is not Role.LEAD]
        for site in reversed(others):
            if site.role is Role.LISTEN:
                yield _with_site(self.wanted, replace(site, role=Role.OBSERVE, room=None))
        for site in reversed(others if len(others) > 1 else []):
            rest = tuple(each for each in self.wanted.sites if each != site)
            if site.school not in self.wanted.must_have and len(rest) >= self._fewest:
                yield replace(self.wanted, sites=rest)

    @property
    def _fewest(self) -> int:
        return self.wanted.quorum if self.wanted.on_decline is OnDecline.QUORUM else 1


def dates_around(day: date) -> list[date]:
    """The dates to look at: the day itself, the rest of its week, then the next week."""
    monday = day - timedelta(days=day.weekday())
    dates = [monday + timedelta(days=no) for no in range(DAYS_SEARCHED)]
    return sorted(
        dates, key=lambda on: ((on - monday).days // 7, abs(on.weekday() - day.weekday()), on)
    )


def on_date(booking: Booking, on: date, zone: ZoneInfo) -> Booking:
    """The booking at the same time of another date."""
    starts = datetime.combine(on, booking.slot.starts.astimezone(zone).time(), zone)
    return replace(booking, slot=Slot.lasting(starts, booking.slot.minutes))


def _cost(window: Window, wished: Slot) -> tuple[int, int, timedelta]:
    """Few tactics, then much for the weakest site, then close to what was wished."""
    tactics = sum(fit.tactic is not Tactic.NONE for fit in window.fits)
    away = abs(window.slot.starts - wished.starts)
    return tactics, -window.min_effective_minutes, away


def _with_site(booking: Booking, changed: SiteWish) -> Booking:
    return replace(
        booking,
        sites=tuple(changed if site.school == changed.school else site for site in booking.sites),
    )


def _with_fits(booking: Booking, fits: tuple[Fit, ...]) -> Booking:
    """The booking with the tactics that its slot needs at each school."""
    for each in fits:
        site = next(site for site in booking.sites if site.school == each.school)
        tactic = (
            Tactic.COVER
            if (each.tactic, site.tactic) == (Tactic.TRIM, Tactic.COVER)
            else each.tactic
        )
        booking = _with_site(
            booking,
            replace(site, tactic=tactic, shift_minutes=each.shift_minutes, period=None),
        )
    return booking


def with_rooms_open(booking: Booking, conflicts: tuple[Conflict, ...]) -> Booking:
    """Any room instead of those that are in the way."""
    taken = {resource.id for each in conflicts for resource in each.resources if _is_room(resource)}
    return replace(
        booking,
        sites=tuple(
            replace(site, room=None) if site.room in taken else site for site in booking.sites
        ),
    )


def in_any_room(booking: Booking) -> Booking:
    """The booking with every room left open."""
    return replace(booking, sites=tuple(replace(site, room=None) for site in booking.sites))


def with_swaps(booking: Booking) -> Booking:
    """Every class gives up whatever lesson it has then; the sentence will say so."""
    return replace(
        booking,
        sites=tuple(
            replace(site, swap_agreed=True) if site.class_groups else site for site in booking.sites
        ),
    )


def _is_room(resource: Resource) -> bool:
    return resource.kind is ResourceKind.ROOM


def names_a_room(conflict: Conflict) -> bool:
    return any(map(_is_room, conflict.resources))
