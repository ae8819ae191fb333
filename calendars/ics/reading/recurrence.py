"""Repetition (RFC 5545, RRULE) on the wall clock, in a number of steps that is bounded beforehand.

A general library runs as long as a rule asks for, and a hostile rule asks for ever. Here each
period (day, week, month, year) is looked at day by day, and looking is counted.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import product
from math import prod
from typing import Final

from calendars.ics.reading.report import Reason

_WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_BY_DAY: Final = re.compile(r"([+-]?\d{0,2})(MO|TU|WE|TH|FR|SA|SU)")
_LIMITS: Final = {
    "BYSECOND": (0, 59),
    "BYMINUTE": (0, 59),
    "BYHOUR": (0, 23),
    "BYMONTHDAY": (-31, 31),
    "BYYEARDAY": (-366, 366),
    "BYWEEKNO": (-53, 53),
    "BYMONTH": (1, 12),
    "BYSETPOS": (-366, 366),
}
_NO_END: Final = 10**18
_LAST_YEAR: Final = 9990
_WEEK: Final = 7


class RuleError(Exception):
    """A rule that is not followed; `reason` says why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


class Frequency(StrEnum):
    """How long a period is; what repeats faster is nobody's appointment."""

    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"
    YEARLY = "YEARLY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule as written; `until` is its value as text, for its form depends on the event's zone."""

    frequency: Frequency
    interval: int = 1
    count: int | None = None
    until: str = ""
    week_starts: int = 0
    days: frozenset[tuple[int, int]] = frozenset()
    numbers: dict[str, tuple[int, ...]]

    def by(self, name: str) -> tuple[int, ...]:
        """The numbers of one BY part, none if it is not there."""
        return self.numbers.get(name, ())


@dataclass(slots=True)
class Budget:
    """How many days may still be looked at, and dates found."""

    left: int

    def spend(self, amount: int = 1) -> None:
        """`RuleError` when there is nothing left."""
        self.left -= amount
        if self.left < 0:
            raise RuleError(Reason.TOO_LONG)


def parse_rule(value: str) -> Rule:
    """The rule that an RRULE writes, or `RuleError`."""
    parts: dict[str, str] = {}
    for part in value.upper().replace(" ", "").strip(";").split(";"):
        name, equals, told = part.partition("=")
        if not equals or not told or name in parts:
            raise RuleError(Reason.ODD_RULE)
        parts[name] = told
    frequency = parts.pop("FREQ", "")
    if frequency in {"SECONDLY", "MINUTELY", "HOURLY"}:
        raise RuleError(Reason.TOO_OFTEN)
    if frequency not in Frequency.__members__ or parts.keys() >= {"COUNT", "UNTIL"}:
        raise RuleError(Reason.ODD_RULE)
    week_starts = parts.pop("WKST", "MO")
    if week_starts not in _WEEKDAYS:
        raise RuleError(Reason.ODD_RULE)
    return Rule(
        frequency=Frequency(frequency),
        interval=_number(parts.pop("INTERVAL", "1"), 1, 10_000),
        count=_number(count, 1, _NO_END) if (count := parts.pop("COUNT", "")) else None,
        until=parts.pop("UNTIL", ""),
        week_starts=_WEEKDAYS.index(week_starts),
        days=_days(parts.pop("BYDAY", "")),
        numbers={name: _numbers(name, told) for name, told in parts.items()},
    )


def _number(told: str, least: int, most: int) -> int:
    if not re.fullmatch(r"[+-]?\d{1,18}", told, re.ASCII) or not least <= int(told) <= most:
        raise RuleError(Reason.ODD_RULE)
    return int(told)


def _numbers(name: str, told: str) -> tuple[int, ...]:
    if name not in _LIMITS:
        raise RuleError(Reason.ODD_RULE)
    found = {_number(each, *_LIMITS[name]) for each in told.split(",")}
    if 0 in found and _LIMITS[name][0] < 0:
        raise RuleError(Reason.ODD_RULE)
    return tuple(sorted(found))


def _days(told: str) -> frozenset[tuple[int, int]]:
    """Weekdays, each with which of its period is meant (0: all)."""
    found = set()
    for each in told.split(",") if told else ():
        match = _BY_DAY.fullmatch(each)
        if match is None or match[1] in {"+", "-"}:
            raise RuleError(Reason.ODD_RULE)
        found.add((int(match[1] or 0), _WEEKDAYS.index(match[2])))
    return frozenset(found)


def expand(
    rule: Rule, starts: datetime, within: tuple[datetime, datetime], budget: Budget
) -> Iterator[datetime]:
    """The dates of the rule from `starts` that lie `within`, all naive, in order; UNTIL not minded.

    The first date of an event is its start, whether the rule names it or not: not repeated here
    unless the rule does.
    """
    earliest, latest = within
    matcher = _Matcher(rule, starts.date())
    budget.spend(prod(len(rule.by(name)) or 1 for name in ("BYHOUR", "BYMINUTE", "BYSECOND")))
    times = _times(rule, starts.time())
    found = 0
    for days in _periods(rule, starts.date(), earliest.date()):
        if days[0] > latest.date():
            return
        budget.spend(len(days))
        matching = [day for day in days if matcher.matches(day)]
        budget.spend(len(matching) * len(times))
        moments = [datetime.combine(day, at) for day in matching for at in times]
        for moment in _chosen(rule, moments):
            if moment < starts:
                continue
            found += 1
            if rule.count is not None and found > rule.count:
                return
            if earliest <= moment <= latest:
                yield moment


def _chosen(rule: Rule, moments: Sequence[datetime]) -> Sequence[datetime]:
    positions = rule.by("BYSETPOS")
    if not positions:
        return moments
    size = len(moments)
    wanted = {at - 1 if at > 0 else size + at for at in positions}
    return [moments[at] for at in sorted(wanted) if 0 <= at < size]


def _times(rule: Rule, at: time) -> tuple[time, ...]:
    return tuple(
        time(hour, minute, second)
        for hour, minute, second in product(
            rule.by("BYHOUR") or (at.hour,),
            rule.by("BYMINUTE") or (at.minute,),
            rule.by("BYSECOND") or (at.second,),
        )
    )


def _periods(rule: Rule, first: date, earliest: date) -> Iterator[tuple[date, ...]]:
    """The days of each period that the interval leaves, from the first one on.

    If nothing is counted, only from shortly before `earliest`.
    """
    skipped = max(0, (earliest - first).days) if rule.count is None else 0
    step = rule.interval
    match rule.frequency:
        case Frequency.DAILY | Frequency.WEEKLY:
            length = 1 if rule.frequency is Frequency.DAILY else _WEEK
            lead = 0 if length == 1 else (first.weekday() - rule.week_starts) % _WEEK
            begins = first.toordinal() - lead
            begins += max(0, skipped // (length * step) - 1) * length * step
            while begins + length < date(_LAST_YEAR, 1, 1).toordinal():
                yield tuple(
                    date.fromordinal(begins + no) for no in range(length) if begins + no > 0
                )
                begins += length * step
        case Frequency.MONTHLY:
            month = first.year * 12 + first.month - 1
            month += max(0, skipped // 31 // step - 1) * step
            while month < _LAST_YEAR * 12:
                yield _days_from(_month(month), _month(month + 1))
                month += step
        case _:
            year = first.year + max(0, skipped // 366 // step - 1) * step
            while year < _LAST_YEAR:
                yield _days_from(date(year, 1, 1), date(year + 1, 1, 1))
                year += step


def _days_from(first: date, end: date) -> tuple[date, ...]:
    return tuple(map(date.fromordinal, range(first.toordinal(), end.toordinal())))


def _month(number: int) -> date:
    return date(number // 12, number % 12 + 1, 1)


class _Matcher:
    """Whether the rule means a day; what it leaves open is as its first day is."""

    def __init__(self, rule: Rule, first: date) -> None:
        self._rule = rule
        self._months = set(rule.by("BYMONTH"))
        self._month_days = set(rule.by("BYMONTHDAY"))
        self._year_days = set(rule.by("BYYEARDAY"))
        self._weeks = set(rule.by("BYWEEKNO"))
        self._counts_weekdays = rule.frequency in {Frequency.MONTHLY, Frequency.YEARLY}
        # A number means nothing within a day or a week.
        self._days = (
            rule.days if self._counts_weekdays else frozenset((0, day) for _, day in rule.days)
        )
        if not (self._month_days or self._year_days or self._weeks or self._days):
            match rule.frequency:
                case Frequency.WEEKLY:
                    self._days = frozenset({(0, first.weekday())})
                case Frequency.MONTHLY:
                    self._month_days = {first.day}
                case Frequency.YEARLY:
                    self._months = self._months or {first.month}
                    self._month_days = {first.day}
        self._within_months = rule.frequency is Frequency.MONTHLY or bool(self._months)

    def matches(self, day: date) -> bool:
        if self._months and day.month not in self._months:
            return False
        if self._days and self._days.isdisjoint(self._names(day)):
            return False
        if self._month_days:
            length = (_month(day.year * 12 + day.month) - timedelta(days=1)).day
            if self._month_days.isdisjoint((day.day, day.day - length - 1)):
                return False
        if self._year_days:
            number, length = _day_of_year(day), _day_of_year(date(day.year, 12, 31))
            if self._year_days.isdisjoint((number, number - length - 1)):
                return False
        return not self._weeks or self._is_in_week(day)

    def _names(self, day: date) -> tuple[tuple[int, int], ...]:
        """How the rule may name the day: by its weekday, and which of its period that is."""
        weekday = day.weekday()
        if not self._counts_weekdays:
            return ((0, weekday),)
        if self._within_months:
            before, after = day.day - 1, (_month(day.year * 12 + day.month) - day).days - 1
        else:
            before, after = _day_of_year(day) - 1, (date(day.year + 1, 1, 1) - day).days - 1
        return (0, weekday), (before // _WEEK + 1, weekday), (-(after // _WEEK) - 1, weekday)

    def _is_in_week(self, day: date) -> bool:
        """By the week's own year: the one that most of its days lie in."""
        middle = self._middle_of_week(day)
        last = self._middle_of_week(date(middle.year, 12, 31))
        if last.year != middle.year:
            last -= timedelta(days=_WEEK)
        number, weeks = ((_day_of_year(each) - 1) // _WEEK + 1 for each in (middle, last))
        return not self._weeks.isdisjoint((number, number - weeks - 1))

    def _middle_of_week(self, day: date) -> date:
        return day + timedelta(days=3 - (day.weekday() - self._rule.week_starts) % _WEEK)


def _day_of_year(day: date) -> int:
    return day.toordinal() - date(day.year, 1, 1).toordinal() + 1
