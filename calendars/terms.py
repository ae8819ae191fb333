"""The teaching weeks of a school, and the week grammar of Chinese timetables (1-16, 1-15单, 全)."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from calendars.bells import SchoolId
from calendars.fields import Identifier, Name, Weekday, check_weekday, check_year
from calendars.text import InvalidValueError

MAX_WEEKS: Final = 60
"""No term is longer: a longer one has a wrong date in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A school's own term; week 1 is the week that holds `first_day`.

    `week_starts_on` is the ISO weekday that opens a week (1 Monday, 7 Sunday). `days_confirmed`
    says that somebody has checked its holidays and make-up days: no package is that authority.
    """

    id: Identifier
    school: SchoolId
    name: Name
    first_day: date
    last_day: date
    week_starts_on: Weekday = 1
    days_confirmed: bool = False

    def __post_init__(self) -> None:
        check_weekday(self.week_starts_on, field="week_starts_on")
        check_year(self.first_day, field="first_day")
        check_year(self.last_day, field="last_day")
        if self.first_day > self.last_day:
            raise InvalidValueError(
                f"学期的最后一天 {self.last_day} 早于第一天 {self.first_day}。",
                f"The term's last_day {self.last_day} comes before its first_day {self.first_day}.",
                field="last_day",
            )
        if self.last_week > MAX_WEEKS:
            raise InvalidValueError(
                f"学期最长 {MAX_WEEKS} 周，而 {self.first_day} 至 {self.last_day} "
                f"有 {self.last_week} 周。",
                f"A term has at most {MAX_WEEKS} weeks; {self.first_day} to {self.last_day} "
                f"has {self.last_week}.",
                field="last_day",
            )

    @property
    def last_week(self) -> int:
        """The number of the week that holds `last_day`."""
        return self.week_of(self.last_day)

    def holds(self, on: date) -> bool:
        """Whether `on` lies in the term."""
        return self.first_day <= on <= self.last_day

    def week_of(self, on: date) -> int:
        """The number of the week of `on`; below 1 or past `last_week` outside the term."""
        return (on - self._first_week_opens).days // 7 + 1

    def date_in(self, week: int, weekday: int) -> date:
        """The date that is `weekday` of `week`, make-up days aside; may lie outside the term."""
        return self._first_week_opens + timedelta(
            weeks=week - 1, days=(weekday - self.week_starts_on) % 7
        )

    @property
    def _first_week_opens(self) -> date:
        return self.first_day - timedelta(
            days=(self.first_day.isoweekday() - self.week_starts_on) % 7
        )


_ADVICE_ZH: Final = "可写作 全、1-16、1-15单、2-16双 或 1-4,6,8-12。"
_ADVICE_EN: Final = "Write for example 全 (all), 1-16, 1-15单 (odd), 2-16双 (even) or 1-4,6,8-12."
_ALL: Final = {"全", "全周", "每周", "all"}
_ODD_OR_EVEN: Final = {"单": 1, "odd": 1, "双": 0, "even": 0}
_SIGNS: Final = str.maketrans(dict.fromkeys("、;", ",") | dict.fromkeys("~‐‑‒–—―−〜至到", "-"))
_PART: Final = re.compile(
    r"(?:第?(?P<first>[0-9]{1,4})(?:周?-第?(?P<last>[0-9]{1,4}))?周?)?"
    r"\(?(?P<parity>单|双|odd|even)?周?\)?周?"
)


@lru_cache(maxsize=4096)
def parse_weeks(text: str, last_week: int) -> tuple[int, ...]:
    """The weeks that `text` means in a term of `last_week` weeks, in order.

    A parity belongs to its own part: `1-4,5-11单` is 1 to 4 and 5, 7, 9, 11. Full-width digits and
    signs, `第…周`, brackets and `、` are read as people type them. Refuses reversed ranges, week 0,
    weeks past the last one, parts that mean no week, and everything else.
    """
    plain = "".join(unicodedata.normalize("NFKC", text).split()).translate(_SIGNS).lower()
    if plain in _ALL:
        return tuple(range(1, last_week + 1))
    weeks: set[int] = set()
    for part in plain.split(","):
        weeks.update(_weeks_of_part(part, text, last_week))
    return tuple(sorted(weeks))


def weeks_within(text: str, last_week: int) -> frozenset[int]:
    """Those weeks of `text` that a term of `last_week` weeks has, maybe none."""
    return frozenset(week for week in parse_weeks(text, MAX_WEEKS) if week <= last_week)


def _weeks_of_part(part: str, text: str, last_week: int) -> Sequence[int]:
    match = _PART.fullmatch(part)
    if match is None or not (match["first"] or match["parity"]):
        raise InvalidValueError(
            f"看不懂周次“{text}”中的“{part}”。{_ADVICE_ZH}",
            f"The weeks {text!r} cannot be read at {part!r}. {_ADVICE_EN}",
            field="weeks",
        )
    first = int(match["first"] or 1)
    last = int(match["last"] or match["first"] or last_week)
    _check_bounds(first, last, text, last_week)
    parity = _ODD_OR_EVEN.get(match["parity"])
    weeks = [week for week in range(first, last + 1) if parity is None or week % 2 == parity]
    if not weeks:
        raise InvalidValueError(
            f"周次“{text}”中的“{part}”不含任何一周，请检查单双周。",
            f"{part!r} of the weeks {text!r} holds no week: check odd (单) and even (双).",
            field="weeks",
        )
    return weeks


def _check_bounds(first: int, last: int, text: str, last_week: int) -> None:
    if first > last:
        raise InvalidValueError(
            f"周次“{text}”写反了，应为 {last}-{first}。",
            f"The weeks {text!r} are reversed: write {last}-{first}.",
            field="weeks",
        )
    if first < 1 or last > last_week:
        raise InvalidValueError(
            f"周次“{text}”超出范围，只能是第 1-{last_week} 周。",
            f"The weeks {text!r} are out of range: the weeks are 1-{last_week}.",
            field="weeks",
        )


def format_weeks(weeks: Iterable[int], last_week: int) -> str:
    """The shortest usual way to write `weeks` of a term, which `parse_weeks` reads back."""
    left = sorted(set(weeks))
    if not left:
        raise InvalidValueError("至少要有一周。", "There must be at least one week.")
    if left == list(range(1, last_week + 1)):
        return "全"
    parts = []
    while left:
        run = max(_run(left, 1), _run(left, 2), key=len)
        parts.append(_format_run(run))
        left = left[len(run) :]
    return ",".join(parts)


def _run(weeks: Sequence[int], step: int) -> Sequence[int]:
    """The longest run of `step` at the front; two weeks apart by two are no run yet."""
    length = 1
    while length < len(weeks) and weeks[length] - weeks[length - 1] == step:
        length += 1
    return weeks[: 1 if step > 1 and length < 3 else length]  # noqa: PLR2004 - 1,3,5 is the shortest


def _format_run(run: Sequence[int]) -> str:
    if len(run) == 1:
        return str(run[0])
    parity = "" if run[1] - run[0] == 1 else "单" if run[0] % 2 else "双"
    return f"{run[0]}-{run[-1]}{parity}"
