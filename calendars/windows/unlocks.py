"""Which single shift of a bell, at which school, unlocks the most full windows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import comb
from typing import NamedTuple, Self

from calendars.bells import SchoolId
from calendars.text import Text
from calendars.windows.attendance import BellDay, Taken
from calendars.windows.shares import Schools, lessons_of
from calendars.windows.wording import moved_by


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlock:
    """A lasting shift of one lesson, and how many more full windows it brings."""

    school: SchoolId
    period: int
    shift_minutes: int
    more_windows: int
    sentence: Text


def find_unlocks(
    days: Sequence[Schools],
    listeners: int,
    *,
    minutes: int = 40,
    max_shift_minutes: int = 15,
    step: int = 5,
    lead: SchoolId | None = None,
    names: Mapping[SchoolId, str] | None = None,
) -> tuple[Unlock, ...]:
    """Every shift of one lesson that brings more full windows than it costs, the best first.

    `days` are the dates that count, such as the five of a week. A window is a lesson of the lead
    (of each school in turn if left open) before a set of `listeners` others; it is full if every
    site gets `minutes` of the slot that begins with the lesson, with no further shift. On every day
    the lesson moves alike, and the breaks beside it stay as `shift_is_allowed` wants them.
    """
    rings = [{school: BellDay.of(periods) for school, periods in day.items()} for day in days]
    found = []
    for school in sorted({school for ring in rings for school in ring}):
        name = (names or {}).get(school, school)
        parts = [
            _Part.of(school, ring, listeners, minutes, lead) for ring in rings if school in ring
        ]
        now = sum(part.windows(part.day) for part in parts)
        for period, shift in _shifts(parts, max_shift_minutes, step):
            days_after = [part.day_after(period, shift) for part in parts]
            if (after := _windows(parts, days_after)) > now:
                found.append(_unlock(school, name, period, shift, after - now, listeners))
    return tuple(sorted(found, key=_rank))


class _Part(NamedTuple):
    """What one school contributes to the windows of one day, as lead and as listener.

    `leads` are the starts of other schools' lessons, each with the number of full windows that
    this school completes by listening to it.
    """

    day: BellDay
    others: tuple[BellDay, ...]
    leads: tuple[tuple[int, int], ...]
    may_lead: bool
    listeners: int
    seconds: int

    @classmethod
    def of(
        cls,
        school: SchoolId,
        ring: Mapping[SchoolId, BellDay],
        listeners: int,
        minutes: int,
        lead: SchoolId | None,
    ) -> Self:
        """The part of `school` on the day `ring`."""
        others = {other: day for other, day in ring.items() if other != school}
        seconds = minutes * 60
        leads = []
        for leading, lesson in lessons_of(others):
            able = {other for other, day in others.items() if _is_full(day, lesson.starts, seconds)}
            if lead in (None, leading) and leading in able:
                leads.append((lesson.starts, comb(len(able) - 1, listeners - 1)))
        return cls(
            day=ring[school],
            others=tuple(others.values()),
            leads=tuple(leads),
            may_lead=lead in (None, school),
            listeners=listeners,
            seconds=seconds,
        )

    def windows(self, day: BellDay) -> int:
        """The full windows that have this school in them if its bells ring as on `day`."""
        listening = sum(
            windows for starts, windows in self.leads if _is_full(day, starts, self.seconds)
        )
        if not self.may_lead:
            return listening
        return listening + sum(
            comb(
                sum(_is_full(other, stretch.starts, self.seconds) for other in self.others),
                self.listeners,
            )
            for stretch in day.stretches
            if stretch.moves and _is_full(day, stretch.starts, self.seconds)
        )

    def day_after(self, period: int, shift: int) -> BellDay | None:
        """The day with one lesson moved by `shift` minutes; None if its breaks forbid it."""
        seconds = shift * 60
        for index, (rung, stretch) in enumerate(
            zip(self.day.periods, self.day.stretches, strict=True)
        ):
            if rung.no == period:
                if not self.day.may_move(Taken(index, index, 0), seconds):
                    return None
                moved = stretch._replace(
                    starts=stretch.starts + seconds, ends=stretch.ends + seconds
                )
                before, after = self.day.stretches[:index], self.day.stretches[index + 1 :]
                return self.day._replace(stretches=(*before, moved, *after))
        return self.day


def _is_full(day: BellDay, starts: int, seconds: int) -> bool:
    taken = day.taken_by(starts, starts + seconds, 0)
    return taken is not None and taken.seconds >= seconds


def _shifts(parts: Sequence[_Part], max_shift: int, step: int) -> Iterator[tuple[int, int]]:
    numbers = {rung.no for part in parts for rung in part.day.periods if rung.no is not None}
    for period in sorted(numbers):
        for shift in range(step, max_shift + 1, step):
            yield period, shift
            yield period, -shift


def _windows(parts: Sequence[_Part], days: Sequence[BellDay | None]) -> int:
    """All full windows, or none if some day does not allow the shift."""
    windows = 0
    for part, day in zip(parts, days, strict=True):
        if day is None:
            return 0
        windows += part.windows(day)
    return windows


def _unlock(
    school: SchoolId, name: str, period: int, shift: int, more: int, listeners: int
) -> Unlock:
    by = moved_by(shift)
    windows = "window" if more == 1 else "windows"
    return Unlock(
        school=school,
        period=period,
        shift_minutes=shift,
        more_windows=more,
        sentence=Text(
            f"若{name}第{period}节{by.zh}，可多出{more}个完整窗口（1+{listeners}）。",
            f"If {name} moved period {period} {by.en}, there would be {more} more full {windows} "
            f"(1+{listeners}).",
        ),
    )


def _rank(unlock: Unlock) -> tuple[int, int, str, int, int]:
    return (
        -unlock.more_windows,
        abs(unlock.shift_minutes),
        unlock.school,
        unlock.period,
        -unlock.shift_minutes,
    )
