"""Times in words: a school's own bells ("第3节 10:20-11:00") and the wall clock (H17). Pure."""

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Final

from calendars.bells import TimedPeriod
from calendars.slots import Slot
from calendars.text import Text
from calendars.windows import Tactic, attend
from calendars.windows.wording import moved_by, name_of
from scheduler.model import SiteWish
from scheduler.schools import SchoolBook

_WEEKDAYS: Final = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
_WEEKDAYS_EN: Final = (
    *("Monday", "Tuesday", "Wednesday", "Thursday", "Friday"),
    *("Saturday", "Sunday"),
)
_MONTHS_EN: Final = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)


def weekday_name(weekday: int) -> Text:
    """Such as "周二" and "Tuesday" for 2."""
    return Text(_WEEKDAYS[weekday - 1], _WEEKDAYS_EN[weekday - 1])


def clock_times(slot: Slot, zone: tzinfo) -> str:
    """Such as "14:00-14:40"."""
    return f"{slot.starts.astimezone(zone):%H:%M}-{slot.ends.astimezone(zone):%H:%M}"


def date_words(moment: datetime, zone: tzinfo) -> Text:
    """Such as "9月8日（周二）" and "Tue 8 Sep"."""
    local = moment.astimezone(zone)
    weekday = local.weekday()
    return Text(
        f"{local.month}月{local.day}日（{_WEEKDAYS[weekday]}）",
        f"{_WEEKDAYS_EN[weekday][:3]} {local.day} {_MONTHS_EN[local.month - 1]}",
    )


def wall_clock(slot: Slot, zone: tzinfo) -> Text:
    """Date and times on one clock, such as "9月8日（周二）14:00-14:40"."""
    day, times = date_words(slot.starts, zone), clock_times(slot, zone)
    return Text(f"{day.zh}{times}", f"{day.en} {times}")


def shift_of(site: SiteWish) -> int:
    """The minutes by which the site's school moves its own period; only `shift_break` moves any."""
    return site.shift_minutes if site.tactic is Tactic.SHIFT_BREAK else 0


def local_words(book: SchoolBook, slot: Slot, site: SiteWish) -> Text:
    """When a session is, as the people of this site say it (H17).

    What its class attends in the words of its bells, such as "第3节 10:20-11:00"; the plain clock
    where no period of that school is met. Without a class, the bells that hold for all grades.
    """
    on = book.time.date_of(slot.starts)
    if site.class_groups:
        periods = book.periods_of_class(site.class_groups[0], on)
    else:
        periods = book.time.periods(on)
    shift = shift_of(site)
    attendance = attend(periods, slot, shift_minutes=shift)
    if attendance is None:
        times = clock_times(slot, book.time.zone)
        return Text(times, times)
    name = _names(attendance.periods)
    moved = moved_by(shift) if shift else None
    times = clock_times(attendance.stretch, book.time.zone)
    return Text(
        f"{name.zh}{f'（{moved.zh}）' if moved else ''} {times}",
        f"{name.en}{f' ({moved.en})' if moved else ''} {times}",
    )


def _names(attended: Sequence[TimedPeriod]) -> Text:
    """The periods met: "第3节", "第3节、第4节", "课后服务"."""
    names = [name_of(timed.period) for timed in attended]
    return Text("、".join(name.zh for name in names), " and ".join(name.en for name in names))
