"""Which window of the week holds on how many dates, and why not on the others."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from calendars.bells import SchoolId
from calendars.school_time import SchoolTime
from calendars.slots import Slot
from calendars.text import Text
from calendars.windows.attendance import Day
from calendars.windows.fits import Fit
from calendars.windows.search import Search
from calendars.windows.wording import later


@dataclass(frozen=True, slots=True)
class ClassTime:
    """The time of a class that would take part: its school's, by its grade if that is known."""

    time: SchoolTime
    grade: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldDates:
    """Dates on which a window gives every school the same; a change of bells begins a new row."""

    dates: tuple[date, ...]
    fits: tuple[Fit, ...]

    @property
    def min_effective_minutes(self) -> int:
        """What the weakest site gets on these dates."""
        return min(fit.effective_minutes for fit in self.fits)


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedDate:
    """A date on which a window cannot be held because of `school`."""

    date: date
    school: SchoolId
    why: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklyWindow:
    """A start on the alliance's clock, with the dates it holds on and those it does not."""

    starts: time
    minutes: int
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

    def slot_on(self, on: date, zone: ZoneInfo) -> Slot:
        """The slot on one date, by the alliance's clock."""
        return Slot.lasting(datetime.combine(on, self.starts, zone), self.minutes)


def find_weekly_windows(
    schools: Mapping[SchoolId, ClassTime],
    dates: Iterable[date],
    zone: ZoneInfo,
    *,
    minutes: int = 40,
    min_minutes: int = 30,
    max_shift_minutes: int = 10,
    lead: SchoolId | None = None,
    step: int = 5,
) -> tuple[WeeklyWindow, ...]:
    """The windows of these dates by their start on the clock of `zone`, as `find_windows` has them.

    The one that holds on most dates comes first, then as in `find_windows`. Every date is in each
    window's `held` or, with each school that stands in the way, in its `missed`.
    """
    search = Search(minutes, min_minutes, max_shift_minutes, lead, step)
    closed: list[MissedDate] = []
    alike: defaultdict[_Bells, list[date]] = defaultdict(list)
    for on in dates:
        if closures := _closures(schools, on):
            closed.extend(closures)
        else:
            alike[_bells(schools, on, zone)].append(on)
    starts = {found.starts for bells in alike for found in search.best(dict(bells))}
    windows = [
        _window(search, start, alike, closed)
        for start in starts
        if 0 <= start <= _A_DAY - minutes * 60
    ]
    return tuple(sorted(windows, key=_rank))


_A_DAY: Final = 86_400

_Bells = tuple[tuple[SchoolId, Day], ...]
"""The days of all schools in seconds of the alliance's clock: equal on dates that ring alike."""


def _bells(schools: Mapping[SchoolId, ClassTime], on: date, zone: ZoneInfo) -> _Bells:
    # Half a day before noon: on a day that changes the clocks, midnight is elsewhere.
    midnight = int(datetime.combine(on, time(12), zone).timestamp()) - _A_DAY // 2
    return tuple(
        (school, Day.of(who.time.periods(on, who.grade), since=midnight))
        for school, who in schools.items()
    )


def _closures(schools: Mapping[SchoolId, ClassTime], on: date) -> tuple[MissedDate, ...]:
    return tuple(
        MissedDate(date=on, school=school, why=why)
        for school, who in schools.items()
        if (why := _closed(who, on)) is not None
    )


def _closed(who: ClassTime, on: date) -> Text | None:
    day = who.time.day(on, who.grade)
    if day.term is None:
        return Text("当天不在本校学期内。", "It lies outside the school's terms.")
    if day.is_unmapped:
        return Text(
            "调休上班日，尚未指定按周几上课。",
            "A make-up day that nobody has mapped to a weekday yet.",
        )
    if not day.is_for_pupils:
        label = day.kind.label
        return Text(f"当天是{label.zh}，不上课。", f"It is {label.en}, without lessons.")
    if not who.time.periods(on, who.grade):
        return Text("当天没有作息时间表。", "No bells are known for that day.")
    return None


def _window(
    search: Search,
    start: int,
    alike: Mapping[_Bells, Sequence[date]],
    closed: Iterable[MissedDate],
) -> WeeklyWindow:
    held, missed = [], list(closed)
    for bells, dates in alike.items():
        days = dict(bells)
        found = search.at(days, start)
        if found is not None:
            held.append(HeldDates(dates=tuple(dates), fits=search.fits(days, found)))
            continue
        missed.extend(
            MissedDate(date=on, school=school, why=why)
            for school, why in search.refusals(days, start)
            for on in dates
        )
    return WeeklyWindow(
        starts=later(time(), start // 60),
        minutes=search.minutes,
        held=tuple(held),
        missed=tuple(sorted(missed, key=lambda miss: (miss.date, miss.school))),
    )


def _rank(window: WeeklyWindow) -> tuple[int, int, int, int, time]:
    shifts = [fit.shift_minutes for row in window.held for fit in row.fits]
    return (
        -len(window.dates),
        -window.min_effective_minutes,
        sum(shift != 0 for shift in shifts),
        sum(abs(shift) for shift in shifts),
        window.starts,
    )
