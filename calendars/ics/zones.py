"""VTIMEZONE: what a zone's clocks do over the years of a calendar, as rules and without RDATE.

Derived from the zone database for just those years: with a zone's whole history, clients were seen
to be an hour wrong.
"""

from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from calendars.ics.lines import line, text, utc, wall
from calendars.slots import Slot

FIRST_YEAR: Final = 1970
"""Where rules that hold throughout are written to begin, as every publisher does."""

_WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@dataclass(frozen=True, slots=True)
class _Turn:
    """A moment when the clocks change; `shown` is what they show just then, not yet changed."""

    at: datetime
    shown: datetime
    before: timedelta
    after: timedelta
    name: str
    to_summer: bool

    @property
    def rule(self) -> tuple[object, ...]:
        """What the turns of one rule have in common, apart from the week of the month."""
        offsets = (self.before, self.after, self.name, self.to_summer)
        return (self.shown.month, self.shown.weekday(), self.shown.time(), *offsets)

    @property
    def weeks(self) -> frozenset[int]:
        """Which such weekday of its month it is: counted from the start, and -1 for the last."""
        day = self.shown.day
        is_last = day + 7 > monthrange(self.shown.year, self.shown.month)[1]
        return frozenset(((day - 1) // 7 + 1, -1) if is_last else ((day - 1) // 7 + 1,))


def write_zone(zone: ZoneInfo, span: Slot | None) -> bytes:
    """The VTIMEZONE for everything within `span`."""
    if span is None:
        return _vtimezone(zone, FIRST_YEAR + 1, FIRST_YEAR + 1)
    return _vtimezone(zone, span.starts.astimezone(zone).year, span.ends.astimezone(zone).year)


@lru_cache(maxsize=256)
def _vtimezone(zone: ZoneInfo, first: int, last: int) -> bytes:
    # From the year before, so that where clocks turn every event comes after a turn.
    before = first - 1
    turns = tuple(_turns(zone, before, last))
    blocks = [_observance(run, before, last) for run in _runs(turns)]
    if not turns or turns[0].shown.year > before or all(turn.to_summer for turn in turns):
        blocks.insert(0, _opening(zone, before))
    return b"".join((b"BEGIN:VTIMEZONE\r\n", line("TZID", zone.key), *blocks, b"END:VTIMEZONE\r\n"))


def _turns(zone: ZoneInfo, first: int, last: int) -> Iterator[_Turn]:
    """Every change of the offset in these years, found by looking once a day."""
    day = datetime(first, 1, 1, tzinfo=UTC) - timedelta(days=1)
    days = [day + timedelta(days=n) for n in range((last - first + 1) * 366 + 3)]
    for early, late in pairwise(days):
        if early.astimezone(zone).utcoffset() != late.astimezone(zone).utcoffset():
            yield _turn(zone, early, late)


def _turn(zone: ZoneInfo, early: datetime, late: datetime) -> _Turn:
    """The change between two moments, to the minute."""
    before = early.astimezone(zone)
    offset = _offset(before)
    while late - early > timedelta(minutes=1):
        middle = early + (late - early) // timedelta(minutes=2) * timedelta(minutes=1)
        if _offset(middle.astimezone(zone)) == offset:
            early = middle
        else:
            late = middle
    after = late.astimezone(zone)
    return _Turn(
        at=late,
        shown=(late + offset).replace(tzinfo=None),
        before=offset,
        after=_offset(after),
        name=after.tzname() or "",
        to_summer=_offset(after) > offset and bool(before.dst() or after.dst()),
    )


def _runs(turns: Sequence[_Turn]) -> list[list[_Turn]]:
    """The turns cut into runs that one yearly rule describes, in the order in which they begin."""
    alike: dict[object, list[_Turn]] = defaultdict(list)
    for turn in turns:
        alike[turn.rule].append(turn)
    runs: list[list[_Turn]] = []
    for group in alike.values():
        runs.append([group[0]])
        for turn in group[1:]:
            follows = turn.shown.year == runs[-1][-1].shown.year + 1
            if follows and _weeks([*runs[-1], turn]):
                runs[-1].append(turn)
            else:
                runs.append([turn])
    return sorted(runs, key=lambda run: run[0].at)


def _weeks(run: Sequence[_Turn]) -> frozenset[int]:
    return frozenset.intersection(*(turn.weeks for turn in run))


def _observance(run: Sequence[_Turn], first: int, last: int) -> bytes:
    """One STANDARD or DAYLIGHT part; turns were sought in the years from `first` to `last`."""
    turn, starts, rule = run[0], run[0].shown, ""
    if len(run) > 1:
        week = min(_weeks(run))
        rule = f"FREQ=YEARLY;BYMONTH={starts.month};BYDAY={week}{_WEEKDAYS[starts.weekday()]}"
        if run[-1].shown.year < last:
            # A day late, for readers that take it for wall-clock time and would lose the last turn.
            rule += f";UNTIL={utc(run[-1].at + timedelta(days=1))}"
        elif starts.year == first:
            starts = _in_year(FIRST_YEAR, starts, week)
    return _part(turn, starts, rule)


def _part(turn: _Turn, starts: datetime, rule: str) -> bytes:
    kind = b"DAYLIGHT" if turn.to_summer else b"STANDARD"
    return b"".join(
        (
            b"BEGIN:%s\r\n" % kind,
            line("DTSTART", wall(starts)),
            line("RRULE", rule) if rule else b"",
            line("TZOFFSETFROM", _written(turn.before)),
            line("TZOFFSETTO", _written(turn.after)),
            line("TZNAME", text(turn.name)),
            b"END:%s\r\n" % kind,
        )
    )


def _opening(zone: ZoneInfo, year: int) -> bytes:
    """The part that holds before any turn, or always."""
    at = datetime(year, 1, 1, tzinfo=zone)
    offset = _offset(at)
    turn = _Turn(at, at, offset, offset, at.tzname() or "", to_summer=False)
    return _part(turn, datetime(FIRST_YEAR, 1, 1), "")  # noqa: DTZ001 - VTIMEZONE speaks wall clock


def _in_year(year: int, shown: datetime, week: int) -> datetime:
    """The same weekday and week of the month, in another year."""
    days = monthrange(year, shown.month)[1]
    first = shown.replace(year=year, day=1 if week > 0 else days - 6)
    ahead = (shown.weekday() - first.weekday()) % 7
    return first + timedelta(days=ahead + (7 * (week - 1) if week > 0 else 0))


def _offset(local: datetime) -> timedelta:
    return local.utcoffset() or timedelta()


def _written(offset: timedelta) -> str:
    """`+0800`, in whole minutes."""
    minutes = round(offset / timedelta(minutes=1))
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}{abs(minutes) % 60:02}"
