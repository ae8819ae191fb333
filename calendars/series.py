"""Weekly patterns and the dates they fall on at several schools at once."""

from dataclasses import dataclass
from datetime import time, timedelta
from typing import Annotated, Final

from msgspec import Meta

from calendars.fields import Line, Weekday, check_weekday
from calendars.terms import MAX_WEEKS, parse_weeks
from calendars.text import InvalidValueError

MINUTES_A_DAY: Final = 24 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Weekly:
    """Every `weekday` (ISO, 1 Monday) of the teaching `weeks` at `starts` on the alliance's clock.

    `weeks` is in the grammar of `calendars.terms`: `全`, `1-16`, `1-15单`, `2-16双`, `1-4,6,8-12`.
    Whether its weeks lie in the term shows only where the term is known (`parse_weeks`).
    """

    weekday: Weekday
    starts: time
    minutes: Annotated[int, Meta(ge=1, le=MINUTES_A_DAY)]
    weeks: Line = "全"

    def __post_init__(self) -> None:
        check_weekday(self.weekday)
        if self.starts.tzinfo:
            raise InvalidValueError(
                "starts 是联盟的钟面时间，不带时区。",
                "starts is a time on the alliance's clock and carries no offset.",
            )
        if self.minutes < 1:
            raise InvalidValueError(
                f"时长至少 1 分钟，而不是 {self.minutes} 分钟。",
                f"It must last at least 1 minute, not {self.minutes}.",
            )
        begins = timedelta(
            hours=self.starts.hour, minutes=self.starts.minute, seconds=self.starts.second
        )
        if begins + timedelta(minutes=self.minutes) > timedelta(days=1):
            raise InvalidValueError(
                f"{self.starts:%H:%M} 起 {self.minutes} 分钟会跨过午夜，请在当天结束。",
                f"{self.minutes} minutes from {self.starts:%H:%M} pass midnight; end the same day.",
            )
        parse_weeks(self.weeks, MAX_WEEKS)
