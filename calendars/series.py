"""Weekly patterns and the dates they fall on at several schools at once."""

from dataclasses import dataclass
from datetime import time


@dataclass(frozen=True, slots=True, kw_only=True)
class Weekly:
    """Every `weekday` (ISO, 1 Monday) of the teaching `weeks` at `starts` on the alliance's clock.

    `weeks` is in the grammar of `calendars.terms`: `全`, `1-16`, `1-15单`, `2-16双`, `1-4,6,8-12`.
    """

    weekday: int
    starts: time
    minutes: int
    weeks: str = "全"
