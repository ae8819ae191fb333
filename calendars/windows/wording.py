"""The sentences about a slot and the periods it takes, in a school's own words and wall clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, Self

from calendars.bells import Period, PeriodKind
from calendars.text import Text

_NAMES: Final = {
    PeriodKind.MORNING_READING: Text("早读", "morning reading"),
    PeriodKind.LONG_BREAK: Text("大课间", "the long break"),
    PeriodKind.LUNCH: Text("午餐", "lunch"),
    PeriodKind.NAP: Text("午休", "the nap"),
    PeriodKind.AFTER_SCHOOL: Text("课后服务", "after-school time"),
    PeriodKind.EVENING: Text("晚自习", "evening study"),
}


def name_of(period: Period) -> Text:
    """What the school calls a period."""
    if period.no is not None:
        return Text(f"第{period.no}节", f"period {period.no}")
    return _NAMES[period.kind]


def later(clock: time, minutes: int) -> time:
    """The wall clock `minutes` after `clock`, or before it if negative."""
    return (datetime.combine(date.min + timedelta(1), clock) + timedelta(minutes=minutes)).time()


def moved_by(shift: int) -> Text:
    """A shift, said with its direction."""
    if shift > 0:
        return Text(f"推迟{shift}分钟", f"{shift} minutes later")
    return Text(f"提前{-shift}分钟", f"{-shift} minutes earlier")


@dataclass(frozen=True, slots=True)
class Wording:
    """The periods that a slot takes, as named and rung by the school."""

    names: Text
    starts: time
    ends: time

    @classmethod
    def of(cls, periods: Sequence[Period]) -> Self:
        """The words for consecutive periods."""
        names = [name_of(period) for period in periods]
        return cls(
            Text("、".join(name.zh for name in names), " and ".join(name.en for name in names)),
            periods[0].starts,
            periods[-1].ends,
        )

    def clock(self, shift: int = 0) -> str:
        """From when to when they last, such as 10:20-11:00."""
        return f"{later(self.starts, shift):%H:%M}-{later(self.ends, shift):%H:%M}"

    def held(self, local: int) -> Text:
        """The slot lies inside; `local` minutes are left to the school."""
        zh = f"{self.names.zh} {self.clock()} 完整容纳本次活动"
        en = f"All of it lies inside {self.names.en}, {self.clock()}"
        if local:
            return Text(
                f"{zh}，另有{local}分钟由本校自行安排。", f"{en}; {local} minutes stay local."
            )
        return Text(f"{zh}。", f"{en}.")

    def trimmed(self, minutes: int, local: int) -> Text:
        """The slot sticks out; the assisting teacher could fill the `local` minutes."""
        zh = f"{self.names.zh} {self.clock()} 与本次重叠{minutes}分钟，需缩短（trim）"
        en = f"It shares {minutes} minutes with {self.names.en}, {self.clock()}: trim it"
        if local:
            return Text(
                f"{zh}，或由助教在本校补足其余{local}分钟（cover）。",
                f"{en}, or let the assisting teacher cover the other {local}.",
            )
        return Text(f"{zh}。", f"{en}.")

    def moved(self, shift: int, minutes: int) -> Text:
        """The school moves its own periods."""
        by = moved_by(shift)
        return Text(
            f"{self.names.zh} {self.clock()} {by.zh}（改为 {self.clock(shift)}），"
            f"与本次重叠{minutes}分钟（shift_break）。",
            f"{self.names.en.capitalize()}, {self.clock()}, moved {by.en} to {self.clock(shift)}, "
            f"shares {minutes} minutes with it (shift_break).",
        )

    def refused(self, minutes: int, min_minutes: int) -> Text:
        """The slot gets too little as the bells ring."""
        return Text(
            f"{self.names.zh} {self.clock()} 与本次只重叠{minutes}分钟，"
            f"少于要求的{min_minutes}分钟。",
            f"It shares only {minutes} minutes with {self.names.en}, {self.clock()}, "
            f"less than the required {min_minutes}.",
        )

    def best_shift(self, shift: int, minutes: int, min_minutes: int) -> Text:
        """What the best shift would give instead."""
        by = moved_by(shift)
        zh = f"若{self.names.zh}{by.zh}（改为 {self.clock(shift)}），"
        en = f"Moving {self.names.en} {by.en} ({self.clock(shift)}) would "
        if minutes >= min_minutes:
            return Text(f"{zh}可达{minutes}分钟。", f"{en}give {minutes} minutes.")
        return Text(f"{zh}也只有{minutes}分钟。", f"{en}still give only {minutes} minutes.")


NO_SHIFT_HELPS: Final = Text(
    "在允许的范围内挪动节次也不能增加重叠。", "No allowed shift makes it more."
)
NOTHING_OVERLAPS: Final = Text(
    "当天没有任何节次能与本次重叠。", "No period of that day can overlap it."
)
