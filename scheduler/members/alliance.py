"""The alliance and its districts: one clock, and what a good plan is to them."""

from dataclasses import dataclass
from datetime import time
from enum import StrEnum
from typing import Annotated, Final, NewType
from zoneinfo import ZoneInfo

from msgspec import Meta

from calendars.fields import IDENTIFIER, Name, Weekday
from calendars.text import InvalidValueError, Language

AllianceId = NewType("AllianceId", str)
DistrictId = NewType("DistrictId", str)

WORKDAY: Final = (time(8), time(18))
"""When people without a class may meet, on the alliance's clock."""


class HalfDay(StrEnum):
    """Half a school day, split at noon."""

    MORNING = "morning"
    AFTERNOON = "afternoon"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResearchHalfDay:
    """When the teachers of a subject do their own research (S4)."""

    subject: Name
    weekday: Weekday
    half: HalfDay


class Preference(StrEnum):
    """What a term's plan should do well; the numbers are the field's."""

    WISH = "wish"
    S1 = "S1"
    S3 = "S3"
    S4 = "S4"
    S5 = "S5"
    S6 = "S6"
    S7 = "S7"
    S8 = "S8"
    S9 = "S9"
    S10 = "S10"
    S11 = "S11"
    S12 = "S12"
    S13 = "S13"
    S14 = "S14"
    S15 = "S15"
    FAIR = "fair"
    SOFT = "soft"


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """How many points one unit of a preference costs in this alliance; 0 ignores it."""

    preference: Preference
    points: Annotated[int, Meta(ge=0, le=1000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alliance:
    """The whole: its clock's zone and the numbers its rules use."""

    id: Annotated[AllianceId, IDENTIFIER]
    name: Name
    zone: Name = "Asia/Shanghai"
    language: Language = "zh-CN"
    hold_hours: Annotated[int, Meta(ge=1, le=720, description="Working hours a hold lasts.")] = 48
    travel_minutes: Annotated[int, Meta(ge=0, le=240, description="Between two schools.")] = 30
    link_test_minutes: Annotated[
        int,
        Meta(ge=0, le=60, description="Before a session, who has not tested is told; 0: nobody."),
    ] = 0
    weights: Annotated[
        tuple[Weight, ...], Meta(description="Preferences that matter otherwise than usual.")
    ] = ()
    illustrative: bool = False

    def __post_init__(self) -> None:
        named = [weight.preference for weight in self.weights]
        if twice := {name for name in named if named.count(name) > 1}:
            raise InvalidValueError(
                f"weights 中 {'、'.join(sorted(twice))} 出现了两次，每项只写一次。",
                f"weights names {', '.join(sorted(twice))} twice: once is enough.",
                field="weights",
            )
        try:
            ZoneInfo(self.zone)
        except (KeyError, ValueError, OSError):
            raise InvalidValueError(
                f"没有名为 {self.zone!r} 的时区，请用 IANA 名称，例如 Asia/Shanghai。",
                f"No time zone is called {self.zone!r}: use an IANA name such as Asia/Shanghai.",
                field="zone",
            ) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class District:
    """A district, whose research half-days bind its schools."""

    id: Annotated[DistrictId, IDENTIFIER]
    name: Name
    research: tuple[ResearchHalfDay, ...] = ()
