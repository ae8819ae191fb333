"""Teachers, classes and studios, and what they do each week. Pupils are only ever a count."""

from dataclasses import dataclass
from typing import Annotated, NewType

from msgspec import Meta

from calendars.bells import SchoolId
from calendars.fields import IDENTIFIER, Grade, Line, Name, Weekday
from calendars.terms import MAX_WEEKS, parse_weeks

TeacherId = NewType("TeacherId", str)
ClassGroupId = NewType("ClassGroupId", str)
StudioId = NewType("StudioId", str)


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
