"""What became of a foreign calendar: what was taken, what was not and why, never what it was about.

Events are named by the line on which they begin: their titles stay with their owners.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from calendars.slots import Slot
from calendars.text import Text


class Reason(StrEnum):
    """Why a part of a calendar was left out, or was not read as it stands."""

    CANCELLED = "cancelled"
    FREE = "free"
    SUPERSEDED = "superseded"
    NO_START = "no_start"
    NO_LENGTH = "no_length"
    ENDS_FIRST = "ends_first"
    ODD_VALUE = "odd_value"
    ODD_DATE = "odd_date"
    ODD_RULE = "odd_rule"
    TOO_OFTEN = "too_often"
    TOO_LONG = "too_long"
    UNKNOWN_ZONE = "unknown_zone"
    OFFSET_OF_NAME = "offset_of_name"
    ZONE_INCOMPLETE = "zone_incomplete"
    ZONE_CONTRADICTS = "zone_contradicts"
    ZONE_OF_CALENDAR = "zone_of_calendar"
    ONE_DATE_ONLY = "one_date_only"
    SAME_NAME = "same_name"
    ODD_CHARACTERS = "odd_characters"


SENTENCES: Final = {
    Reason.CANCELLED: Text("已取消，不占用时间", "cancelled: takes no time"),
    Reason.FREE: Text("标为空闲，不占用时间", "marked as free: takes no time"),
    Reason.SUPERSEDED: Text("已被较新的版本取代", "replaced by a newer version of itself"),
    Reason.NO_START: Text("没有开始时间，未读入", "has no start: left out"),
    Reason.NO_LENGTH: Text("没有时长，未读入", "has no length: left out"),
    Reason.ENDS_FIRST: Text("结束早于开始，未读入", "ends before it starts: left out"),
    Reason.ODD_VALUE: Text("时间写法无法识别，未读入", "has a time that cannot be read: left out"),
    Reason.ODD_DATE: Text(
        "有一个例外或附加日期无法识别，未计入",
        "has an exception or an extra date that cannot be read: that one was ignored",
    ),
    Reason.ODD_RULE: Text(
        "重复规则无法识别，只读入第一次",
        "has a rule that cannot be read: only its first date taken",
    ),
    Reason.TOO_OFTEN: Text(
        "一天内重复多次（每时、每分或每秒），只读入第一次",
        "repeats within the day (hourly or faster): only its first date taken",
    ),
    Reason.TOO_LONG: Text(
        "重复次数过多，无法展开，只读入第一次",
        "repeats too many times to be worked out: only its first date taken",
    ),
    Reason.UNKNOWN_ZONE: Text(
        "时区名称未知，文件也没有写明它与 UTC 的时差，按联盟时区读入",
        "names a time zone that is not known, and that the file gives no offset for: "
        "read on the alliance's clock",
    ),
    Reason.OFFSET_OF_NAME: Text(
        "时区名称未知，按名称中的时差读入，不计夏令时",
        "names a time zone that is not known: read by the offset in its name, without summer time",
    ),
    Reason.ZONE_INCOMPLETE: Text(
        "文件对时区的定义不完整，只按写明的部分读入",
        "has its time zone defined in part only: read by that part",
    ),
    Reason.ZONE_CONTRADICTS: Text(
        "文件对时区的定义与标准时区不符，按标准时区读入",
        "defines its time zone unlike the zone of that name: the known zone was used",
    ),
    Reason.ZONE_OF_CALENDAR: Text(
        "未写时区，按日历自己的时区（X-WR-TIMEZONE）读入",
        "has no time zone of its own: read on the calendar's clock (X-WR-TIMEZONE)",
    ),
    Reason.ONE_DATE_ONLY: Text(
        "改动注明“此后各次”，只按当次读入",
        "changes this and all following dates: only this one was changed",
    ),
    Reason.SAME_NAME: Text("标识与另一日程相同，两者都读入", "shares its UID: both were taken"),
    Reason.ODD_CHARACTERS: Text(
        "部分文字编码有误，不影响时间",
        "has characters in a broken encoding: times are not affected",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """One reason, how many events it concerns, and the line on which the first of them begins."""

    reason: Reason
    events: int
    line: int

    @property
    def sentence(self) -> Text:
        """Such as "2 项日程（首见第 12 行）: 已取消，不占用时间。"."""
        why, events = SENTENCES[self.reason], "event" if self.events == 1 else "events"
        return Text(
            f"{self.events} 项日程（首见第 {self.line} 行）：{why.zh}。",
            f"{self.events} {events} (first on line {self.line}): {why.en}.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The busy time of a calendar: sorted, merged, cut to `window`; and how it was come by.

    `events` are those found in the file, `occurrences` what they take within the window.
    """

    busy: tuple[Slot, ...]
    window: Slot
    events: int
    occurrences: int
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What to read of a calendar: on whose clock times without a zone are, and which time."""

    zone: str
    window: Slot


class Refusal(StrEnum):
    """Why nothing at all was read."""

    EMPTY = "empty"
    WEB_PAGE = "web_page"
    NOT_A_CALENDAR = "not_a_calendar"
    TRUNCATED = "truncated"
    TOO_LARGE = "too_large"
    TOO_DEEP = "too_deep"
    TOO_MANY_EVENTS = "too_many_events"
    TOO_MANY_OCCURRENCES = "too_many_occurrences"
    TOO_SLOW = "too_slow"


REFUSALS: Final = {
    Refusal.EMPTY: Text("文件是空的。", "The file is empty."),
    Refusal.WEB_PAGE: Text(
        "得到的是网页（可能是登录页），不是日历；请使用日历的 ICS 订阅地址。",
        "This is a web page, perhaps one to sign in, and no calendar: "
        "use the calendar's ICS address.",
    ),
    Refusal.NOT_A_CALENDAR: Text(
        "内容不是 iCalendar 日历：应以 BEGIN:VCALENDAR 开头。",
        "This is no iCalendar: it should begin with BEGIN:VCALENDAR.",
    ),
    Refusal.TRUNCATED: Text(
        "日历不完整：没有以 END:VCALENDAR 结束。",
        "The calendar is cut off: it does not end with END:VCALENDAR.",
    ),
    Refusal.TOO_LARGE: Text(
        "日历过大：最多 5 MB。", "The calendar is too large: at most 5 MB are read."
    ),
    Refusal.TOO_DEEP: Text("日历的嵌套层次过多。", "The calendar is nested too deeply."),
    Refusal.TOO_MANY_EVENTS: Text(
        "日程过多：最多 20000 项。", "The calendar has too many events: at most 20,000 are read."
    ),
    Refusal.TOO_MANY_OCCURRENCES: Text(
        "展开后的占用过多：最多 20000 次。",
        "The calendar's events take place too often: at most 20,000 times are read.",
    ),
    Refusal.TOO_SLOW: Text(
        "读取日历用时过长或占用内存过多。",
        "The calendar takes too long, or too much memory, to be read.",
    ),
}


class UnreadableCalendarError(Exception):
    """Nothing was read of it."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(REFUSALS[refusal].en)
        self.refusal = refusal
        self.text = REFUSALS[refusal]


@dataclass(slots=True)
class Notes:
    """Remarks as they are come by."""

    _lines: defaultdict[Reason, set[int]] = field(default_factory=lambda: defaultdict(set))

    def add(self, reason: Reason, line: int) -> None:
        """The event that begins on this line, once, however many of its times are concerned."""
        self._lines[reason].add(line)

    def remarks(self) -> tuple[Remark, ...]:
        """One a reason, in the order of `Reason`."""
        return tuple(
            Remark(reason=reason, events=len(lines), line=min(lines))
            for reason in Reason
            if (lines := self._lines.get(reason))
        )
