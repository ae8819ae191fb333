"""Which window of the week holds on how many dates of a term, and why not on the others."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from calendars.bells import SchoolId
from calendars.series import OccurrenceState, SiteTime, Weekly, occurrences
from calendars.terms import Term
from calendars.text import Text
from calendars.windows.attendance import BellDay
from calendars.windows.fits import Fit
from calendars.windows.occupied import Occupied, barred_on_day
from calendars.windows.search import BellDays, Found, Search


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldDates:
    """Dates on which a window gives every school the same; other bells make another row (E20)."""

    dates: tuple[date, ...]
    fits: tuple[Fit, ...]

    @property
    def min_effective_minutes(self) -> int:
        """What the weakest site gets on these dates."""
        return min(fit.effective_minutes for fit in self.fits)


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedDate:
    """A date on which a window cannot be held, with one school that stands in the way."""

    date: date
    school: SchoolId
    why: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklyWindow:
    """A weekly slot on the lead's clock, with the dates it holds on and those it does not."""

    weekly: Weekly
    held: tuple[HeldDates, ...]
    missed: tuple[MissedDate, ...]

    @property
    def dates(self) -> tuple[date, ...]:
        """Every date it holds on, in order."""
        return tuple(sorted(on for row in self.held for on in row.dates))

    @property
    def min_effective_minutes(self) -> int:
        """What the weakest site gets on its weakest date."""
        return min(row.min_effective_minutes for row in self.held)


def find_weekly_windows(  # noqa: PLR0913 - what is looked for, each by its name
    weekday: int,
    term: Term,
    sites: Sequence[SiteTime],
    *,
    weeks: str = "全",
    minutes: int = 40,
    min_minutes: int = 30,
    max_shift_minutes: int = 10,
    keep_lead: bool = False,
    occupied: Sequence[Occupied] = (),
) -> tuple[WeeklyWindow, ...]:
    """The windows on `weekday` in the `weeks` of the lead's term, as `find_windows` has them.

    The lead is the first of `sites`. What holds on most dates comes first, then as in
    `find_windows`. Every date of the pattern is in `held` or, once for each school that stands in
    the way, in `missed`; so are the dates on which the schools are out of step, and those on which
    the window meets what is `occupied`. `keep_lead`: begin with a period of the lead, which moves
    nothing.
    """
    lead, *others = sites
    search = Search(minutes, min_minutes, max_shift_minutes, lead.school if keep_lead else None)
    pattern = Weekly(weekday=weekday, starts=time(), minutes=minutes, weeks=weeks)
    on_dates = occurrences(pattern, term, lead, others)
    open_dates = [each.date for each in on_dates if each.state is OccurrenceState.HELD]
    closed = [
        MissedDate(date=each.date, school=school, why=why)
        for each in on_dates
        if each.date not in open_dates
        for school, why in zip(each.missing, each.why, strict=True)
    ]
    alike: defaultdict[_Day, list[date]] = defaultdict(list)
    for on in open_dates:
        midnight = _midnight(on, lead.time.zone)
        barred = barred_on_day(occupied, midnight, _A_DAY)
        alike[search._replace(barred=barred), _days(sites, on, midnight)].append(on)
    starts = {found.starts for day in alike for found in _best(*day)}
    windows = [
        _window(start, pattern, alike, closed)
        for start in starts
        if 0 <= start <= _A_DAY - minutes * 60
    ]
    return tuple(sorted(windows, key=_rank))


_A_DAY: Final = 86_400
_Day = tuple[Search, BellDays]
"""What is looked for on a date, with what is taken then, and what rings."""


@lru_cache(maxsize=128)
def _best(search: Search, days: BellDays) -> tuple[Found, ...]:
    """Remembered, since most weekdays ring alike."""
    return tuple(search.best(days))


def _midnight(on: date, zone: ZoneInfo) -> int:
    """Half a day before noon: on a day that changes the clocks, midnight is elsewhere."""
    return int(datetime.combine(on, time(12), zone).timestamp()) - _A_DAY // 2


def _days(sites: Sequence[SiteTime], on: date, midnight: int) -> BellDays:
    """What rings where, in seconds of the lead's clock, so that dates that ring alike are equal."""
    return tuple(
        dict.fromkeys(
            (site.school, BellDay.of(site.time.periods(on, grade), since=midnight))
            for site in sites
            for grade in site.grades or (None,)
        )
    )


def _window(
    start: int,
    pattern: Weekly,
    alike: Mapping[_Day, Sequence[date]],
    closed: Iterable[MissedDate],
) -> WeeklyWindow:
    held: defaultdict[tuple[Fit, ...], list[date]] = defaultdict(list)
    missed = list(closed)
    for (search, days), dates in alike.items():
        found = search.at(days, start)
        if found is not None:
            held[search.fits(days, found)].extend(dates)
            continue
        missed.extend(
            MissedDate(date=on, school=school, why=why)
            for school, why in search.refusals(days, start)
            for on in dates
        )
    return WeeklyWindow(
        weekly=replace(pattern, starts=time(start // 3600, start // 60 % 60, start % 60)),
        held=tuple(HeldDates(dates=tuple(sorted(on)), fits=fits) for fits, on in held.items()),
        missed=tuple(sorted(missed, key=lambda miss: (miss.date, miss.school))),
    )


def _rank(window: WeeklyWindow) -> tuple[int, int, int, int, time]:
    shifts = [fit.shift_minutes for row in window.held for fit in row.fits]
    return (
        -len(window.dates),
        -window.min_effective_minutes,
        sum(shift != 0 for shift in shifts),
        sum(abs(shift) for shift in shifts),
        window.weekly.starts,
    )
