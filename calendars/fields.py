"""What a single field of a value may hold, said once for the code and for the API's schema."""

import re
from datetime import date
from typing import Annotated, Final

from msgspec import Meta

from calendars.text import InvalidValueError, Text

IDENTIFIER: Final = Meta(
    pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}(?![\s\S])",
    description="Up to 64 letters, digits, dots, colons, dashes and underscores.",
)
NAME: Final = Meta(
    min_length=1,
    max_length=120,
    pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*(?![\s\S])",
    description="One line, without control characters.",
)
NOTE: Final = Meta(
    max_length=1000,
    pattern=r"^[^\x00-\x09\x0b-\x1f\x7f-\x9f]*(?![\s\S])",
    description="Text without control characters other than line feeds.",
)
UNSEEN: Final = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
"""Marks that nobody sees, or that turn the direction of writing: a name with one would deceive."""
EXPECTED: Final = "expected"
"""Under this name a field's `Meta.extra` holds, as a noun phrase, what would do in it."""
Identifier = Annotated[str, IDENTIFIER]
Name = Annotated[str, NAME]
Note = Annotated[str, NOTE]
Line = Annotated[str, Meta(max_length=NAME.max_length, pattern=NAME.pattern)]
Weekday = Annotated[int, Meta(ge=1, le=7, description="ISO weekday, 1 is Monday.")]
Grade = Annotated[int, Meta(ge=1, le=12)]

FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2999
WEEKDAYS: Final = (
    Text("周一", "Monday"),
    Text("周二", "Tuesday"),
    Text("周三", "Wednesday"),
    Text("周四", "Thursday"),
    Text("周五", "Friday"),
    Text("周六", "Saturday"),
    Text("周日", "Sunday"),
)


def weekday_text(weekday: int) -> Text:
    """The name of an ISO weekday."""
    return WEEKDAYS[weekday - 1]


def date_text(on: date) -> Text:
    """A date with its weekday, as a sentence names it."""
    weekday = weekday_text(on.isoweekday())
    return Text(
        f"{on.year}年{on.month}月{on.day}日（{weekday.zh}）", f"{on.isoformat()} ({weekday.en})"
    )


def to_blame(value: object, *names: str) -> str:
    """The field to blame where one of several is to be given: the second that is, or the first."""
    given = [name for name in names if getattr(value, name)]
    return given[1] if len(given) > 1 else names[0]


def check_weekday(weekday: int, *, field: str = "weekday") -> None:
    """Refuse what is no ISO weekday."""
    if not 1 <= weekday <= len(WEEKDAYS):
        raise InvalidValueError(
            f"星期用 1（周一）到 7（周日）表示，而不是 {weekday}。",
            f"A weekday is 1 (Monday) to 7 (Sunday), not {weekday}.",
            field=field,
        )


def check_year(moment: date, *, field: str = "date") -> None:
    """Refuse dates so far away that reckoning with them would leave the calendar."""
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise InvalidValueError(
            f"日期 {moment.isoformat()} 不在 {FIRST_YEAR} 年至 {LAST_YEAR} 年之间。",
            f"{moment.isoformat()} does not lie in the years {FIRST_YEAR} to {LAST_YEAR}.",
            field=field,
        )
