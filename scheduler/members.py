"""Who and what belongs to an alliance: schools, rooms, links, people and groups, as told by them.

Frozen values that are also the wire format. Knows nothing of sessions, storage or HTTP.
"""

from dataclasses import dataclass
from datetime import time
from enum import StrEnum
from typing import Annotated, Final, NewType
from zoneinfo import ZoneInfo

from msgspec import Meta

from calendars import fields
from calendars.bells import SchoolId
from calendars.slots import Slot
from calendars.terms import MAX_WEEKS, parse_weeks
from calendars.text import InvalidValueError, Language

AllianceId = NewType("AllianceId", str)
DistrictId = NewType("DistrictId", str)
RoomId = NewType("RoomId", str)
LinkPoolId = NewType("LinkPoolId", str)
TeacherId = NewType("TeacherId", str)
ClassGroupId = NewType("ClassGroupId", str)
StudioId = NewType("StudioId", str)
OutageId = NewType("OutageId", str)
OfferId = NewType("OfferId", str)

WORKDAY: Final = (time(8), time(18))
"""When people without a class may meet, on the alliance's clock."""
IDENTIFIER: Final = fields.IDENTIFIER
NAME: Final = fields.NAME
NOTE: Final = fields.NOTE
Name = fields.Name
Note = fields.Note
Line = fields.Line
Weekday = fields.Weekday
Grade = fields.Grade
Count = Annotated[int, Meta(ge=0, le=100_000)]


class Tier(StrEnum):
    """A school's part in the alliance."""

    LEAD = "lead"
    GUIDE = "guide"
    MEMBER = "member"


class RoomTier(StrEnum):
    """What a room's equipment can do: a `watch_only` room neither leads nor speaks."""

    LEAD = "lead"
    INTERACTIVE = "interactive"
    WATCH_ONLY = "watch_only"
    PORTABLE = "portable"


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
            )
        try:
            ZoneInfo(self.zone)
        except (KeyError, ValueError, OSError):
            raise InvalidValueError(
                f"没有名为 {self.zone!r} 的时区，请用 IANA 名称，例如 Asia/Shanghai。",
                f"No time zone is called {self.zone!r}: use an IANA name such as Asia/Shanghai.",
            ) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class District:
    """A district, whose research half-days bind its schools."""

    id: Annotated[DistrictId, IDENTIFIER]
    name: Name
    research: tuple[ResearchHalfDay, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class School:
    """One site with its own bells; a campus with other bells is another School."""

    id: Annotated[SchoolId, IDENTIFIER]
    name: Name
    district: DistrictId | None = None
    tier: Tier = Tier.MEMBER
    support_priority: bool = False
    confirmer: Annotated[
        Line, Meta(description="The one person who answers for this school outside its open slots.")
    ] = ""
    research: tuple[ResearchHalfDay, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """An interactive room; rooms with the same portable `kit` cannot be used at once (E38)."""

    id: Annotated[RoomId, IDENTIFIER]
    school: SchoolId
    name: Name
    tier: RoomTier = RoomTier.INTERACTIVE
    seats: Count = 50
    max_remote_sites: Annotated[int, Meta(ge=0, le=100)] = 3
    buffer_minutes: Annotated[int, Meta(ge=0, le=120)] = 10
    kit: Annotated[str, IDENTIFIER] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkPool:
    """A shared video bridge: concurrent sessions, and sites (`ports`) over all of them."""

    id: Annotated[LinkPoolId, IDENTIFIER]
    name: Name
    sessions: Annotated[int, Meta(ge=1, le=10_000)]
    ports: Annotated[int, Meta(ge=2, le=100_000)] = 100_000
    max_sites: Annotated[int, Meta(ge=2, le=1000, description="Sites of one session.")] = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Teacher:
    """A member of staff; `school` is the home, `also_at` other schools of the same person."""

    id: Annotated[TeacherId, IDENTIFIER]
    school: SchoolId
    name: Name
    subjects: tuple[Name, ...] = ()
    also_at: tuple[SchoolId, ...] = ()
    max_sessions_a_day: Annotated[int, Meta(ge=1, le=12)] = 2

    @property
    def schools(self) -> tuple[SchoolId, ...]:
        """Every school where this teacher may stand in a room."""
        return (self.school, *self.also_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class TextbookEdition:
    """The edition of a subject's textbook that a class uses (H16)."""

    subject: Name
    edition: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassGroup:
    """A class; its pupils are only ever a count."""

    id: Annotated[ClassGroupId, IDENTIFIER]
    school: SchoolId
    name: Name
    grade: Grade
    pupils: Annotated[int, Meta(ge=0, le=500)] = 40
    editions: tuple[TextbookEdition, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Studio:
    """A master teacher's studio: members from several schools who research together."""

    id: Annotated[StudioId, IDENTIFIER]
    name: Name
    head: TeacherId
    members: tuple[TeacherId, ...]
    subject: Name | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What a class does in one period of its week; `weeks` in the grammar of `calendars.terms`."""

    weekday: Weekday
    period: Annotated[int, Meta(ge=1, le=20)]
    subject: Name
    teacher: TeacherId | None = None
    weeks: Line = "全"

    def __post_init__(self) -> None:
        parse_weeks(self.weeks, MAX_WEEKS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timetable:
    """The weekly timetable of one class in one term; importing it again replaces it as a whole."""

    id: Annotated[str, IDENTIFIER]
    school: SchoolId
    class_group: ClassGroupId
    term: Annotated[str, IDENTIFIER]
    lessons: tuple[Lesson, ...]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """A while in which a room (of `school`) or a link pool (of no school) cannot be used."""

    id: Annotated[OutageId, IDENTIFIER]
    school: SchoolId | None = None
    room: RoomId | None = None
    link_pool: LinkPoolId | None = None
    slot: Slot
    reason: Note = ""

    def __post_init__(self) -> None:
        if (self.room is None) == (self.link_pool is None):
            raise InvalidValueError(
                "停用登记必须且只能指向一个教室 (room) 或一个链路池 (link_pool)。",
                "An outage names either a room or a link_pool.",
            )
        if (self.room is None) != (self.school is None):
            raise InvalidValueError(
                "教室停用须注明学校 (school)；链路池属于联盟，不填学校。",
                "An outage of a room names its school, one of a link_pool names none.",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class BusyBlock:
    """Time taken from outside this alliance (E35, E37): others see only that it is occupied.

    A `soft` one forbids nothing: it is noted, and avoided where there is a choice.
    """

    id: Annotated[str, IDENTIFIER]
    school: SchoolId
    room: RoomId | None = None
    teacher: TeacherId | None = None
    class_group: ClassGroupId | None = None
    slot: Slot
    soft: bool = False
    note: Note = ""

    def __post_init__(self) -> None:
        named = (self.room, self.teacher, self.class_group)
        if sum(name is not None for name in named) != 1:
            raise InvalidValueError(
                "占用时段必须且只能指向一个教室、教师或班级。",
                "A busy block names exactly one room, teacher or class_group.",
            )
