"""A weekly series as one repeating event, with what became of single dates. Pure.

Told by dates and not by chance: whether a session belongs to the repeating event depends on its
series and its own date in it alone, so that its name in a calendar stays for good.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import reduce
from math import gcd
from zoneinfo import ZoneInfo

from calendars.ics import Entry, Repeat, Status
from calendars.slots import Slot
from scheduler.members import AllianceId
from scheduler.model import Series

_WEEK = timedelta(weeks=1)


@dataclass(frozen=True, slots=True)
class Dated:
    """A session as a reader sees it, with the moment at which its series would have it start."""

    starts: datetime
    entry: Entry


def series_uid(series: Series, alliance: AllianceId) -> str:
    """The name of the repeating event in every calendar."""
    return f"series-{series.id}@{alliance}.lianke"


def entries_of(
    series: Series, dated: Sequence[Dated], *, uid: str, changed_at: datetime, zone: ZoneInfo
) -> list[Entry] | None:
    """The repeating entry and those of dates that differ, by date; None if no rule can say it.

    `dated` are in order, no two of them start at once. `changed_at` is when anything of the series
    last changed for this reader; as a number of seconds it is the sequence, which never falls. Both
    are those of every date: one that becomes usual again must not seem older than it was.
    """
    starts = [each.starts for each in dated]
    interval = reduce(gcd, (round((later - starts[0]) / _WEEK) for later in starts[1:]), 0)
    instances = _instances(starts[0], starts[-1], interval)
    minutes = series.weekly.minutes
    ends = [at + timedelta(minutes=minutes) for at in instances]
    if not all(_is_plain(at, zone) for at in (*instances, *ends)):
        return None
    usual = _usual(dated, minutes)
    sequence = int((changed_at - series.created_at).total_seconds())
    if len(dated) == 1:
        (only,) = dated
        return [replace(only.entry, uid=uid, sequence=sequence, changed_at=changed_at)]
    held = set(starts)
    repeating = replace(
        usual,
        uid=uid,
        sequence=sequence,
        slot=Slot.lasting(starts[0], minutes),
        created_at=series.created_at,
        changed_at=changed_at,
        repeats=Repeat(
            interval=interval,
            last=starts[-1],
            without=tuple(at for at in instances if at not in held),
        ),
    )
    others = [
        replace(
            each.entry,
            uid=uid,
            sequence=sequence,
            changed_at=changed_at,
            instead_of=each.starts,
        )
        for each in dated
        if not _is_usual(each, usual, minutes)
    ]
    return [repeating, *others]


def _instances(first: datetime, last: datetime, interval: int) -> list[datetime]:
    """Every start of the rule, on the wall clock of `first`."""
    found = [first]
    while found[-1] < last:
        found.append(found[-1] + interval * _WEEK)
    return found


def _is_plain(at: datetime, zone: ZoneInfo) -> bool:
    """Whether the wall-clock time names one moment: it is neither left out nor there twice."""
    again = at.astimezone(UTC).astimezone(zone)
    return (
        again.replace(tzinfo=None) == at.replace(tzinfo=None)
        and at.utcoffset() == at.replace(fold=1).utcoffset()
    )


def _usual(dated: Iterable[Dated], minutes: int) -> Entry:
    """What most dates show, the earliest of equals; a cancelled date counts only among its like.

    A client that drops a cancelled repeating event would drop the dates that are held with it.
    """
    live = [each for each in dated if each.entry.status is not Status.CANCELLED]
    sought = live or list(dated)
    in_place = [each for each in sought if _is_in_place(each, minutes)]
    counted = Counter(_content(each.entry) for each in in_place or sought)
    ((most, _),) = counted.most_common(1)
    return next(each.entry for each in in_place or sought if _content(each.entry) == most)


def _is_usual(dated: Dated, usual: Entry, minutes: int) -> bool:
    return _is_in_place(dated, minutes) and _content(dated.entry) == _content(usual)


def _is_in_place(dated: Dated, minutes: int) -> bool:
    return dated.entry.slot == Slot.lasting(dated.starts, minutes)


def _content(entry: Entry) -> tuple[object, ...]:
    """What an entry says, besides who it is, when, and how often it has changed."""
    return (
        entry.summary,
        entry.status,
        entry.location,
        entry.description,
        entry.url,
        entry.join,
        entry.categories,
        entry.transparent,
    )
