"""Windows against a brute force that walks every minute and knows nothing of the search."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from calendars.bells import Period, PeriodKind, SchoolId, TimedPeriod
from calendars.slots import Slot
from calendars.windows import Tactic, Window, attend, find_windows, fit, shift_is_allowed
from calendars.windows.wording import later
from tests.builders import SHANGHAI, TUESDAY, wall

MORNING = datetime.combine(TUESDAY, wall("8:00"), SHANGHAI)
KINDS = (*[PeriodKind.LESSON] * 6, *(kind for kind in PeriodKind if kind is not PeriodKind.LESSON))


class Ring(NamedTuple):
    """A period of the random day, in minutes since eight."""

    kind: PeriodKind
    starts: int
    ends: int

    @property
    def minutes(self) -> set[int]:
        return set(range(self.starts, self.ends))

    @property
    def is_attended(self) -> bool:
        return self.kind not in (PeriodKind.LONG_BREAK, PeriodKind.LUNCH, PeriodKind.NAP)


@st.composite
def days(draw: st.DrawFn) -> tuple[Ring, ...]:
    """Up to five periods with breaks of 0 to 20 minutes."""
    rings, clock = [], draw(st.integers(0, 30))
    for _ in range(draw(st.integers(1, 5))):
        clock += draw(st.integers(0, 20))
        length = draw(st.sampled_from((20, 35, 40, 45)))
        rings.append(Ring(draw(st.sampled_from(KINDS)), clock, clock + length))
        clock += length
    return tuple(rings)


def timed(day: Sequence[Ring]) -> tuple[TimedPeriod, ...]:
    numbers = iter(range(1, 20))
    return tuple(
        TimedPeriod(
            slot(ring.starts, ring.ends - ring.starts),
            Period(
                kind=ring.kind,
                no=next(numbers) if ring.kind is PeriodKind.LESSON else None,
                starts=later(wall("8:00"), ring.starts),
                ends=later(wall("8:00"), ring.ends),
            ),
        )
        for ring in day
    )


def slot(starts: int, length: int) -> Slot:
    return Slot.lasting(MORNING + timedelta(minutes=starts), length)


def attended(day: Sequence[Ring], wanted: set[int], shift: int) -> list[int]:
    """The indexes of the periods that a class attends if they move."""
    shares = [
        len({minute + shift for minute in ring.minutes} & wanted) if ring.is_attended else 0
        for ring in day
    ]
    if not any(shares):
        return []
    chosen = [max(range(len(day)), key=lambda index: (shares[index], -index))]
    if len(wanted) <= len(day[chosen[0]].minutes):
        return chosen
    for direction in (1, -1):
        index = chosen[0] if direction < 0 else chosen[-1]
        while 0 <= (index := index + direction) < len(day):
            ring = day[index]
            if ring.kind is PeriodKind.LONG_BREAK:
                continue
            if not ring.is_attended or 2 * shares[index] < len(ring.minutes):
                break
            chosen = sorted((*chosen, index))
    return chosen


def effective(day: Sequence[Ring], chosen: Sequence[int], wanted: set[int], shift: int) -> int:
    inside = {minute + shift for index in chosen for minute in day[index].minutes}
    return len(inside & wanted)


def is_allowed(day: Sequence[Ring], chosen: Sequence[int], shift: int) -> bool:
    """Every minute moved into, and five more, must be free of what does not move."""
    if not chosen or shift == 0:
        return bool(chosen)
    if any(day[index].kind is not PeriodKind.LESSON for index in chosen):
        return False
    first, last = day[chosen[0]], day[chosen[-1]]
    needed = (
        set(range(last.ends, last.ends + shift + 5))
        if shift > 0
        else set(range(first.starts + shift - 5, first.starts))
    )
    return not any(
        ring.minutes & needed
        for index, ring in enumerate(day)
        if index not in chosen and ring.kind is not PeriodKind.LONG_BREAK
    )


class Best(NamedTuple):
    effective: int
    shift: int
    chosen: tuple[int, ...]


def best(day: Sequence[Ring], starts: int, length: int, reach: int) -> Best | None:
    wanted = set(range(starts, starts + length))
    found = []
    for shift in range(-reach, reach + 1):
        chosen = attended(day, wanted, shift)
        if is_allowed(day, chosen, shift):
            found.append(Best(effective(day, chosen, wanted, shift), shift, tuple(chosen)))
    return min(
        found, key=lambda each: (-each.effective, abs(each.shift), each.shift < 0), default=None
    )


LENGTHS = st.sampled_from((20, 30, 40, 45, 80, 95))


@given(days(), st.integers(-60, 300), LENGTHS, st.integers(-15, 15))
@settings(max_examples=400, deadline=None)
def test_attending_and_shifting_agree_with_counting_minutes(
    day: tuple[Ring, ...], starts: int, length: int, shift: int
) -> None:
    wanted = set(range(starts, starts + length))
    chosen = attended(day, wanted, shift)
    periods, attendance = timed(day), attend(timed(day), slot(starts, length), shift_minutes=shift)
    assert (attendance is None) == (not chosen)
    if attendance is not None:
        assert attendance.periods == tuple(periods[index] for index in chosen)
        assert attendance.effective_minutes == effective(day, chosen, wanted, shift)
        inside = [
            minute
            for minute in wanted
            if day[chosen[0]].starts <= minute - shift < day[chosen[-1]].ends
        ]
        assert attendance.stretch == slot(min(inside), len(inside))
    assert shift_is_allowed(periods, slot(starts, length), shift) == is_allowed(day, chosen, shift)


@given(days(), st.integers(-60, 300), LENGTHS, st.integers(0, 15), st.integers(1, 45))
@settings(max_examples=400, deadline=None)
def test_a_fit_is_the_best_of_all_shifts(
    day: tuple[Ring, ...], starts: int, length: int, reach: int, least: int
) -> None:
    found = fit(
        SchoolId("CB"),
        timed(day),
        slot(starts, length),
        min_minutes=least,
        max_shift_minutes=reach,
    )
    wanted = best(day, starts, length, reach)
    if wanted is None or wanted.effective < least:
        assert found is None
        return
    assert found is not None
    assert (found.effective_minutes, found.shift_minutes) == (wanted.effective, wanted.shift)
    attendance = attend(timed(day), slot(starts, length), shift_minutes=found.shift_minutes)
    assert attendance is not None
    assert found.period == attendance.period
    if found.tactic is not Tactic.SHIFT_BREAK:
        is_inside = attendance.stretch == slot(starts, length)
        assert (found.tactic is Tactic.NONE) == is_inside
    assert (found.tactic is Tactic.SHIFT_BREAK) == (found.shift_minutes != 0)


class Held(NamedTuple):
    starts: int
    sites: tuple[Best, ...]

    @property
    def rank(self) -> tuple[int, int, int, int]:
        shifts = [abs(site.shift) for site in self.sites]
        return (
            -min(site.effective for site in self.sites),
            len([shift for shift in shifts if shift]),
            sum(shifts),
            self.starts,
        )


def windows(
    schools: Sequence[Sequence[Ring]], length: int, reach: int, least: int, *, is_led: bool
) -> list[Held]:
    rings = [ring for day in schools for ring in day if ring.is_attended]
    starts = {bell for ring in rings for bell in (ring.starts, ring.ends - length)} | set(
        range(-240, 600, 5)
    )
    if is_led:
        starts = {ring.starts for ring in schools[0] if ring.is_attended}
    kept: dict[tuple[tuple[int, ...], ...], Held] = {}
    for start in starts:
        sites = [
            best(day, start, length, 0 if is_led and index == 0 else reach)
            for index, day in enumerate(schools)
        ]
        enough = tuple(site for site in sites if site is not None and site.effective >= least)
        if len(enough) < len(schools):
            continue
        held = Held(start, enough)
        key = tuple(site.chosen for site in enough)
        kept[key] = min(held, kept.get(key, held), key=lambda each: each.rank)
    return sorted(kept.values(), key=lambda held: held.rank)


def shown(window: Window) -> tuple[int, list[tuple[int, int]]]:
    return (
        int((window.slot.starts - MORNING).total_seconds()) // 60,
        [(fit.effective_minutes, fit.shift_minutes) for fit in window.fits],
    )


@given(
    st.lists(days(), min_size=1, max_size=3),
    st.sampled_from((30, 40, 85)),
    st.integers(0, 12),
    st.integers(10, 40),
    st.sampled_from((None, SchoolId("S0"))),
)
@settings(max_examples=60, deadline=None)
def test_windows_are_those_that_a_walk_over_every_start_finds(
    schools: list[tuple[Ring, ...]], length: int, reach: int, least: int, lead: SchoolId | None
) -> None:
    named = {SchoolId(f"S{index}"): timed(day) for index, day in enumerate(schools)}
    found = find_windows(
        named,
        minutes=length,
        min_minutes=least,
        max_shift_minutes=reach,
        lead=lead,
    )
    wanted = windows(schools, length, reach, least, is_led=lead is not None)
    assert [shown(window) for window in found] == [
        (held.starts, [(site.effective, site.shift) for site in held.sites]) for held in wanted
    ]
    assert [window.min_effective_minutes for window in found] == [-held.rank[0] for held in wanted]
