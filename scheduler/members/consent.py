"""What a school has agreed to in advance: open slots, and teachers it lends."""

from dataclasses import dataclass
from datetime import time
from typing import Annotated, NewType

from msgspec import Meta

from calendars.bells import SchoolId
from calendars.fields import IDENTIFIER, Grade, Line, Name, Note, Weekday
from calendars.terms import MAX_WEEKS, parse_weeks
from calendars.text import InvalidValueError
from scheduler.members.alliance import WORKDAY
from scheduler.members.people import TeacherId

OfferId = NewType("OfferId", str)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSlot:
    """Standing consent (开放时段): a request inside it confirms at once. On the school's clock."""

    id: Annotated[str, IDENTIFIER]
    school: SchoolId
    weekday: Weekday
    starts: time
    ends: time
    weeks: Line = "全"
    subjects: tuple[Name, ...] = ()

    def __post_init__(self) -> None:
        parse_weeks(self.weeks, MAX_WEEKS)
        if self.starts >= self.ends:
            raise InvalidValueError(
                f"开放时段必须先开始后结束，而不是 {self.starts:%H:%M}-{self.ends:%H:%M}。",
                f"An open slot must end after it starts, unlike "
                f"{self.starts:%H:%M}-{self.ends:%H:%M}.",
                field="ends",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A teacher (any qualified one if open) whom a school lends for lessons given to others.

    Offering is consent given in advance: for one of `schools` (any, if none is named) a plan may
    take it up `per_week` times a week, within its times on the alliance's clock, and the school
    need not be asked again.
    """

    id: Annotated[OfferId, IDENTIFIER]
    school: SchoolId
    term: Annotated[str, IDENTIFIER]
    subject: Name
    grades: tuple[Grade, ...] = ()
    teacher: TeacherId | None = None
    per_week: Annotated[int, Meta(ge=1, le=40)] = 1
    weeks: Line = "全"
    weekdays: tuple[Weekday, ...] = (1, 2, 3, 4, 5)
    earliest: time = WORKDAY[0]
    latest: time = WORKDAY[1]
    schools: tuple[SchoolId, ...] = ()
    note: Note = ""

    def __post_init__(self) -> None:
        parse_weeks(self.weeks, MAX_WEEKS)
        if self.earliest >= self.latest:
            raise InvalidValueError(
                "earliest 必须早于 latest。", "earliest must come before latest.", field="latest"
            )
