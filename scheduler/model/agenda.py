"""What a session is about and who takes part: what wishes, requests and sessions share."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final, NewType

from msgspec import Meta

from calendars.bells import SchoolId
from calendars.fields import EXPECTED
from calendars.text import InvalidValueError, Text
from calendars.windows import Tactic
from scheduler.members import (
    ClassGroupId,
    Grade,
    Line,
    LinkPoolId,
    Name,
    Note,
    RoomId,
    StudioId,
    TeacherId,
)

SessionId = NewType("SessionId", str)
SeriesId = NewType("SeriesId", str)
RequestId = NewType("RequestId", str)
PlanId = NewType("PlanId", str)

MAX_SESSION_MINUTES: Final = 240


class ResourceKind(StrEnum):
    """What a session can take from others. All but a link pool and a school serve one at a time."""

    SCHOOL = "school"
    ROOM = "room"
    KIT = "kit"
    TEACHER = "teacher"
    CLASS_GROUP = "class_group"
    LINK_POOL = "link_pool"


@dataclass(frozen=True, slots=True, order=True)
class Resource:
    """A resource by kind and id; sorting these is the order in which they are locked."""

    kind: ResourceKind
    id: str


class Kind(StrEnum):
    """What the people meet for."""

    LESSON = "lesson"
    JOINT_RESEARCH = "joint_research"
    LESSON_PREP = "lesson_prep"
    REHEARSAL_TALK = "rehearsal_talk"
    TRIAL = "trial"
    LESSON_REVIEW = "lesson_review"
    MICRO_LESSON = "micro_lesson"
    EXCHANGE = "exchange"
    PROJECT = "project"
    VISIT = "visit"


class Mode(StrEnum):
    """The three classrooms of the ministry: 专递课堂, 名师课堂, 名校网络课堂."""

    DELIVERY = "delivery"
    MASTER = "master"
    OPEN = "open"


class Form(StrEnum):
    """How a lesson is given: to a lead class too, by two teachers, or from an empty studio.

    `recorded`: nobody leads it live, a recording is shown.
    """

    SYNCHRONOUS = "synchronous"
    DUAL_TEACHER = "dual_teacher"
    DEDICATED = "dedicated"
    RECORDED = "recorded"


class Role(StrEnum):
    """One school's part in a session. The role belongs to the site, not to the room."""

    LEAD = "lead"
    LISTEN = "listen"
    OBSERVE = "observe"


JoinUrl = Annotated[
    str,
    Meta(
        pattern=r"^(https://[^\s\x00-\x1f<>\"]{1,500})?(?![\s\S])",
        extra={
            EXPECTED: Text(
                "以 https:// 开头的链接，不含空格；没有就留空",
                "a link that begins with https:// and holds no space, or nothing",
            )
        },
    ),
]


class SiteState(StrEnum):
    """What a school has said to its part."""

    HELD = "held"
    CONFIRMED = "confirmed"
    DECLINED = "declined"


class SessionState(StrEnum):
    """A held session waits for a school; only held and confirmed ones use anything."""

    HELD = "held"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class OnDecline(StrEnum):
    """What a school's no does: the session falls, or goes on without it while enough remain."""

    ALL_REQUIRED = "all_required"
    QUORUM = "quorum"


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteWish:
    """One school's part as somebody wishes it.

    `teacher` leads, or assists at a listening site; `participants` must be free, `observers` need
    not (E45). `room` left open means any room of the school that fits. `shift_minutes` moves the
    school's own period (later if positive) when the tactic is `shift_break`; `period` is the
    lesson number this school has been told (H17), found from its bells when left open.
    `swap_agreed` says that the class gives up a lesson of another subject on purpose (H3).
    """

    school: SchoolId
    role: Role
    room: RoomId | None = None
    teacher: TeacherId | None = None
    participants: tuple[TeacherId, ...] = ()
    observers: tuple[TeacherId, ...] = ()
    class_groups: tuple[ClassGroupId, ...] = ()
    tactic: Tactic = Tactic.NONE
    shift_minutes: Annotated[int, Meta(ge=-30, le=30)] = 0
    period: Annotated[int, Meta(ge=1, le=20)] | None = None
    swap_agreed: bool = False

    @property
    def required_teachers(self) -> tuple[TeacherId, ...]:
        """Everybody who must be there."""
        return tuple(
            dict.fromkeys(
                (*((self.teacher,) if self.teacher is not None else ()), *self.participants)
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkTest:
    """Whether a school reached the others before a session, in the room and at the time it has."""

    passed: bool
    tested_by: Line
    tested_at: datetime
    note: Note = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site(SiteWish):
    """One school's part in a session, with what its bells make of the slot and what it said.

    `effective_minutes` is what the site's class gets of the session (the slot's length where no
    class takes part).
    """

    state: SiteState = SiteState.HELD
    effective_minutes: int
    answered_by: Line = ""
    link_test: LinkTest | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Agenda:
    """What a session is about, wherever and whenever it is held, and what becomes of it at a no.

    With `on_decline` `quorum` it goes on while `quorum` schools remain, those of `must_have` and
    the one that leads among them.
    """

    title: Name
    kind: Kind = Kind.LESSON
    mode: Mode = Mode.DELIVERY
    form: Form = Form.SYNCHRONOUS
    subject: Name | None = None
    grade: Grade | None = None
    min_minutes: Annotated[int, Meta(ge=5, le=MAX_SESSION_MINUTES)] = 30
    link_pool: LinkPoolId | None = None
    studio: StudioId | None = None
    join_url: JoinUrl = ""
    override_reason: Annotated[
        Note, Meta(description="Why grades or textbook editions may differ (H16).")
    ] = ""
    note: Note = ""
    on_decline: OnDecline = OnDecline.ALL_REQUIRED
    quorum: Annotated[int, Meta(ge=1, le=40)] = 2
    must_have: tuple[SchoolId, ...] = ()


def check_sites(sites: "tuple[SiteWish, ...]", *, lead_may_be_open: bool = False) -> None:
    leads = [no for no, site in enumerate(sites) if site.role is Role.LEAD]
    if len(leads) > 1 or not (leads or lead_may_be_open):
        raise InvalidValueError(
            "必须恰好有一个主讲 (lead) 参与点。",
            "Exactly one site must have the role lead.",
            field=f"sites/{leads[1]}/role" if leads else "sites",
        )
    schools = [site.school for site in sites]
    for no, site in enumerate(sites):
        if site.school in schools[:no]:
            raise InvalidValueError(
                f"学校 {site.school} 写了两次：每所学校只能有一个参与点，"
                "合班请在同一参与点写多个班级。",
                f"School {site.school} is named twice: a school has one site; list several classes "
                "in that site's class_groups.",
                field=f"sites/{no}/school",
            )
        if len(set(site.class_groups)) != len(site.class_groups):
            raise InvalidValueError(
                f"{site.school} 的同一个班级写了两次。",
                f"{site.school} names the same class twice.",
                field=f"sites/{no}/class_groups",
            )


def check_consent(agenda: Agenda, sites: Sequence[SiteWish]) -> None:
    schools = {site.school for site in sites}
    if absent := sorted(set(agenda.must_have) - schools):
        raise InvalidValueError(
            f"必到学校 (must_have) {', '.join(absent)} 不是参与点。",
            f"must_have names {', '.join(absent)}, without a site in this session.",
            field="must_have",
        )
    if agenda.on_decline is OnDecline.QUORUM and agenda.quorum > len(schools):
        raise InvalidValueError(
            f"最少校数 (quorum) {agenda.quorum} 多于参与学校数 {len(schools)}。",
            f"A quorum of {agenda.quorum} is more than the {len(schools)} schools that take part.",
            field="quorum",
        )


def check_length(slot_minutes: int, min_minutes: int, *, field: str) -> None:
    if slot_minutes > MAX_SESSION_MINUTES:
        raise InvalidValueError(
            f"一次活动最长 {MAX_SESSION_MINUTES} 分钟，而不是 {slot_minutes} 分钟。",
            f"A session lasts at most {MAX_SESSION_MINUTES} minutes, not {slot_minutes}.",
            field=field,
        )
    if slot_minutes < min_minutes:
        raise InvalidValueError(
            f"时长 {slot_minutes} 分钟短于要求的最少有效时长 {min_minutes} 分钟 (min_minutes)。",
            f"{slot_minutes} minutes are less than the required min_minutes of {min_minutes}.",
            field=field,
        )


Sites = Annotated[tuple[SiteWish, ...], Meta(min_length=1, max_length=40)]
