"""Sessions, series, requests and plans: what people wish for and what is held.

Frozen values that are also the wire format; a second type exists only where the content differs.
Knows nothing of storage or HTTP, and never asks what time it is.
"""

from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from typing import Annotated, Final, NewType

from msgspec import Meta

from calendars.bells import SchoolId
from calendars.series import Weekly
from calendars.slots import Slot
from calendars.terms import MAX_WEEKS, parse_weeks
from calendars.text import InvalidValueError, Language, Text
from calendars.windows import Tactic
from scheduler.members import (
    IDENTIFIER,
    ClassGroupId,
    Grade,
    Line,
    LinkPoolId,
    Name,
    Note,
    RoomId,
    StudioId,
    TeacherId,
    Weekday,
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
    """How a lesson is given: to the lead class too (同步), by two teachers, or from an empty studio."""

    SYNCHRONOUS = "synchronous"
    DUAL_TEACHER = "dual_teacher"
    DEDICATED = "dedicated"


class Role(StrEnum):
    """One school's part in a session. The role belongs to the site, not to the room."""

    LEAD = "lead"
    LISTEN = "listen"
    OBSERVE = "observe"


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
class Site(SiteWish):
    """One school's part in a session, with what its bells make of the slot and what it said.

    `effective_minutes` is what the site's class gets of the session (the slot's length where no
    class takes part).
    """

    state: SiteState = SiteState.HELD
    effective_minutes: int
    answered_by: Line = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agenda:
    """What a session is about, wherever and whenever it is held."""

    title: Name
    kind: Kind = Kind.LESSON
    mode: Mode = Mode.DELIVERY
    form: Form = Form.SYNCHRONOUS
    subject: Name | None = None
    grade: Grade | None = None
    min_minutes: Annotated[int, Meta(ge=5, le=MAX_SESSION_MINUTES)] = 30
    link_pool: LinkPoolId | None = None
    studio: StudioId | None = None
    join_url: Annotated[str, Meta(pattern=r"^(https://[^\s\x00-\x1f<>\"]{1,500})?(?![\s\S])")] = ""
    override_reason: Annotated[
        Note, Meta(description="Why grades or textbook editions may differ (H16).")
    ] = ""
    note: Note = ""


def _check_sites(sites: "tuple[SiteWish, ...]") -> None:
    if sum(site.role is Role.LEAD for site in sites) != 1:
        raise InvalidValueError(
            "必须恰好有一个主讲 (lead) 参与点。", "Exactly one site must have the role lead."
        )
    schools = [site.school for site in sites]
    if len(set(schools)) != len(schools):
        raise InvalidValueError(
            "每所学校只能有一个参与点; 合班请在同一参与点写多个班级。",
            "A school has one site; list several classes in that site's class_groups.",
        )


def _check_length(slot_minutes: int, min_minutes: int) -> None:
    if slot_minutes > MAX_SESSION_MINUTES:
        raise InvalidValueError(
            f"一次活动最长 {MAX_SESSION_MINUTES} 分钟, 而不是 {slot_minutes} 分钟。",
            f"A session lasts at most {MAX_SESSION_MINUTES} minutes, not {slot_minutes}.",
        )
    if slot_minutes < min_minutes:
        raise InvalidValueError(
            f"时长 {slot_minutes} 分钟短于要求的最少有效时长 {min_minutes} 分钟 (min_minutes)。",
            f"{slot_minutes} minutes are less than the required min_minutes of {min_minutes}.",
        )


Sites = Annotated[tuple[SiteWish, ...], Meta(min_length=1, max_length=40)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking(Agenda):
    """The wish for one session, with its slot."""

    slot: Slot
    sites: Sites
    pinned: bool = False

    def __post_init__(self) -> None:
        _check_sites(self.sites)
        _check_length(self.slot.minutes, self.min_minutes)


class WhenImpossible(StrEnum):
    """What to do with the dates of a series on which a rule says no."""

    REFUSE = "refuse"
    SKIP = "skip"
    ALTERNATIVE = "alternative"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesBooking(Agenda):
    """The wish for a weekly series: the lead school's `term` gives the weeks."""

    term: Annotated[str, IDENTIFIER]
    weekly: Weekly
    sites: Sites
    when_impossible: WhenImpossible = WhenImpossible.REFUSE
    pinned: bool = False

    def __post_init__(self) -> None:
        _check_sites(self.sites)
        _check_length(self.weekly.minutes, self.min_minutes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session(Agenda):
    """One dated joint lesson or research meeting: all its sites are one unit with one revision.

    `series_date` is the date on which its series put it, whatever became of it since. `sequence`
    and `changed_at` move only with what a calendar shows (RFC 5545 SEQUENCE, LAST-MODIFIED);
    `revision` moves with every change.
    """

    id: Annotated[SessionId, IDENTIFIER]
    slot: Slot
    sites: tuple[Site, ...]
    state: SessionState
    series: SeriesId | None = None
    series_date: date | None = None
    pinned: bool = False
    hold_expires_at: datetime | None = None
    reason: Note = ""
    created_at: datetime
    changed_at: datetime
    sequence: int = 0
    revision: int = 1

    def site_of(self, school: SchoolId) -> Site | None:
        """The part of `school`, if it has one."""
        return next((site for site in self.sites if site.school == school), None)

    @property
    def lead(self) -> Site:
        """The site that leads."""
        return next(site for site in self.sites if site.role is Role.LEAD)

    def is_live(self, now: datetime) -> bool:
        """Whether it still uses its resources: not cancelled, and no hold that has run out (H14)."""
        if self.state is SessionState.HELD:
            return self.hold_expires_at is None or now < self.hold_expires_at
        return self.state is SessionState.CONFIRMED

    def participants(self) -> tuple[frozenset[SchoolId], frozenset[ClassGroupId]]:
        """The schools and classes that take part: the same ones need no buffer in a room (H12)."""
        groups = (group for site in self.sites for group in site.class_groups)
        return frozenset(site.school for site in self.sites), frozenset(groups)

    def resources(self) -> tuple[Resource, ...]:
        """Everything it locks, sorted: schools, rooms, people, class groups, the link pool.

        Kits depend on the rooms and are added by whoever knows them.
        """
        found = {Resource(ResourceKind.SCHOOL, site.school) for site in self.sites}
        for site in self.sites:
            if site.room is not None:
                found.add(Resource(ResourceKind.ROOM, site.room))
            found |= {Resource(ResourceKind.TEACHER, teacher) for teacher in site.required_teachers}
            found |= {Resource(ResourceKind.CLASS_GROUP, group) for group in site.class_groups}
        if self.link_pool is not None:
            found.add(Resource(ResourceKind.LINK_POOL, self.link_pool))
        return tuple(sorted(found))


@dataclass(frozen=True, slots=True, kw_only=True)
class Series(Agenda):
    """The weekly pattern that sessions come from; `split_from` is the series it continues (E54)."""

    id: Annotated[SeriesId, IDENTIFIER]
    term: str
    weekly: Weekly
    sites: tuple[SiteWish, ...]
    pinned: bool = False
    split_from: SeriesId | None = None
    created_at: datetime
    changed_at: datetime
    revision: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """One broken rule of H1-H17, in a sentence, with everything involved."""

    rule: str
    sentence: Text
    resources: tuple[Resource, ...] = ()
    sessions: tuple[SessionId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """A place that no rule forbids at the moment of asking, with what it changes and costs."""

    slot: Slot
    sites: tuple[SiteWish, ...]
    weekly: Weekly | None = None
    changes: Text
    min_effective_minutes: int


class Lane(StrEnum):
    """Planned for the term, first come first served, or by telephone within a day."""

    TERM = "term"
    ROLLING = "rolling"
    URGENT = "urgent"


class RequestState(StrEnum):
    """Where a request stands."""

    OPEN = "open"
    PLACED = "placed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestSite(SiteWish):
    """A site of a request; `agreed` is its school's consent to whatever the term's plan finds."""

    agreed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Request(Agenda):
    """A wish for the allocation of a term: who, how long, how often, in which weeks.

    `weekdays` lists what would do, `preferred_weekdays` what would be nicest. `earliest` and
    `latest` bound the time of day on the alliance's clock. `max_shift_minutes` is how far a
    listening school may move one period.
    """

    id: Annotated[RequestId, IDENTIFIER]
    school: SchoolId
    term: Annotated[str, IDENTIFIER]
    lane: Lane = Lane.TERM
    minutes: Annotated[int, Meta(ge=5, le=MAX_SESSION_MINUTES)] = 40
    per_week: Annotated[int, Meta(ge=1, le=5)] = 1
    weeks: Line = "全"
    weekdays: tuple[Weekday, ...] = (1, 2, 3, 4, 5)
    preferred_weekdays: tuple[Weekday, ...] = ()
    earliest: time = time(8, 0)
    latest: time = time(18, 0)
    max_shift_minutes: Annotated[int, Meta(ge=0, le=30)] = 10
    sites: Annotated[tuple[RequestSite, ...], Meta(min_length=1, max_length=40)]
    state: RequestState = RequestState.OPEN
    series: tuple[SeriesId, ...] = ()

    def __post_init__(self) -> None:
        _check_sites(self.sites)
        _check_length(self.minutes, self.min_minutes)
        parse_weeks(self.weeks, MAX_WEEKS)
        if self.earliest >= self.latest:
            raise InvalidValueError(
                "earliest 必须早于 latest。", "earliest must come before latest."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one preference (S1-S15) charged for a placement."""

    preference: str
    points: int
    sentence: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where a plan puts one weekly series of a request; `skipped` are the dates it cannot be held."""

    request: RequestId
    weekly: Weekly
    sites: tuple[SiteWish, ...]
    dates: tuple[date, ...]
    skipped: tuple[date, ...] = ()
    costs: tuple[Cost, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unplaced:
    """A request the plan has no place for, and why."""

    request: RequestId
    reasons: tuple[Text, ...]


class PlanState(StrEnum):
    """How far a plan has come."""

    WAITING = "waiting"
    SOLVING = "solving"
    READY = "ready"
    PUBLISHED = "published"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The solver's proposal for many requests. It changes nothing until somebody publishes it.

    `cost` is the sum of the placements' points and `bound` what no plan that places as many can
    beat, proven by the solver; both are empty before it has run. `term` is the id or the name of
    the terms whose requests it is about, empty for all of them; `failure` says why there is none.
    """

    id: Annotated[PlanId, IDENTIFIER]
    term: str
    seconds: Annotated[int, Meta(ge=1, le=3600)] = 30
    seed: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 1
    state: PlanState = PlanState.WAITING
    placements: tuple[Placement, ...] = ()
    unplaced: tuple[Unplaced, ...] = ()
    cost: int | None = None
    bound: int | None = None
    failure: Text | None = None
    created_at: datetime
    published_at: datetime | None = None
    revision: int = 1


class ActorRole(StrEnum):
    """What somebody may do."""

    ALLIANCE_ADMIN = "alliance_admin"
    SCHOOL_COORDINATOR = "school_coordinator"
    IT_SUPPORT = "it_support"
    TEACHER = "teacher"
    OBSERVER = "observer"
    DISPLAY = "display"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who asks. `school` is empty for the alliance's own office; `origin` is where from, for the audit."""

    name: Name
    role: ActorRole
    school: SchoolId | None = None
    origin: str = ""


class Scope(StrEnum):
    """What a feed is about."""

    TEACHER = "teacher"
    SCHOOL = "school"
    ROOM = "room"
    ALLIANCE = "alliance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A published calendar that somebody opened for themselves. Its token is shown once and stored
    hashed; `subject_id` is the teacher, school or room (none for the alliance).
    """

    id: Annotated[str, IDENTIFIER]
    scope: Scope
    subject_id: str | None = None
    language: Language = "zh-CN"
    owner: Name
    created_at: datetime
    revoked_at: datetime | None = None
    last_polled_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What somebody is told, written down in the transaction that caused it; `key` shows it once."""

    id: Annotated[str, IDENTIFIER]
    key: str
    school: SchoolId
    teacher: TeacherId | None = None
    session: SessionId | None = None
    sentence: Text
    created_at: datetime
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Who did what to what, when, from where and why. Append-only."""

    no: int
    at: datetime
    actor: str
    role: ActorRole
    origin: str
    action: str
    subject_kind: str
    subject_id: str
    reason: str = ""
    before: object = None
    after: object = None
