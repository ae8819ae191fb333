"""Requests for a term's allocation, and the plans that place them."""

from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from calendars.bells import BellSchedule, SchoolId
from calendars.days import Day
from calendars.series import Weekly
from calendars.terms import MAX_WEEKS, Term, parse_weeks
from calendars.text import InvalidValueError, Text
from scheduler.members import (
    IDENTIFIER,
    WORKDAY,
    ClassGroup,
    Line,
    LinkPool,
    Offer,
    OfferId,
    Outage,
    Preference,
    Room,
    School,
    Teacher,
    Timetable,
    Weekday,
)
from scheduler.model.agenda import (
    MAX_SESSION_MINUTES,
    Agenda,
    PlanId,
    RequestId,
    Role,
    SeriesId,
    SiteWish,
    check_consent,
    check_length,
    check_sites,
)


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
class After:
    """Another request that this one goes with, and how many days after it this one is held.

    Each session of the later one has a session of the earlier one so many days before it, and each
    of the earlier one has its follower.
    """

    request: RequestId
    at_least_days: Annotated[int, Meta(ge=0, le=60)] = 0
    at_most_days: Annotated[int, Meta(ge=0, le=60)] = 7

    def __post_init__(self) -> None:
        if self.at_least_days > self.at_most_days:
            raise InvalidValueError(
                f"“之后至少{self.at_least_days}天、至多{self.at_most_days}天”不可能；"
                "至少不能多于至多。",
                f"At least {self.at_least_days} and at most {self.at_most_days} days after it is "
                "impossible.",
                field="at_most_days",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Request(Agenda):
    """A wish for the allocation of a term: who, how long, how often, in which weeks.

    `weekdays` lists what would do, `preferred_weekdays` what would be nicest. `earliest` and
    `latest` bound the time of day on the alliance's clock. `max_shift_minutes` is how far a
    listening school may move one period. A request without a site that leads is a need: the plan
    finds an offer of its subject, and `offer` says which one serves it. With those that it comes
    `after` (a preparation, the lesson that it reviews) it is placed together or not at all.
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
    earliest: time = WORKDAY[0]
    latest: time = WORKDAY[1]
    max_shift_minutes: Annotated[int, Meta(ge=0, le=30)] = 10
    sites: Annotated[tuple[RequestSite, ...], Meta(min_length=1, max_length=40)]
    after: tuple[After, ...] = ()
    state: RequestState = RequestState.OPEN
    series: tuple[SeriesId, ...] = ()
    offer: OfferId | None = None

    def __post_init__(self) -> None:
        check_sites(self.sites, lead_may_be_open=True)
        self._check_its_need()
        self._check_what_it_comes_after()
        check_consent(self, self.sites)
        check_length(self.minutes, self.min_minutes, field="minutes")
        parse_weeks(self.weeks, MAX_WEEKS)
        if self.earliest >= self.latest:
            raise InvalidValueError(
                "earliest 必须早于 latest。", "earliest must come before latest.", field="latest"
            )

    @property
    def is_need(self) -> bool:
        """Whether it is open who leads: some school's offer is to serve it."""
        return all(site.role is not Role.LEAD for site in self.sites)

    def _check_its_need(self) -> None:
        if self.is_need and self.subject is None:
            raise InvalidValueError(
                "没有写主讲 (lead) 参与点的需求由供给来满足，须写明学科 (subject)。",
                "A request without a lead is met by an offer: it must say its subject.",
                field="subject",
            )

    def _check_what_it_comes_after(self) -> None:
        named = [each.request for each in self.after]
        if self.id in named or len(set(named)) < len(named):
            raise InvalidValueError(
                f"after 中的 {'、'.join(named)} 不能是本需求，也不能重复。",
                f"after names {', '.join(named)}: each once, and never the request itself.",
                field="after",
            )
        if named and self.per_week != 1:
            raise InvalidValueError(
                "有先后要求 (after) 的需求每周一次 (per_week 为 1)；请分成几个需求。",
                "A request that comes after another is held once a week: split it into several.",
                field="per_week",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one preference (S1-S15) charged for a placement."""

    preference: Preference
    points: int
    sentence: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklyPlace:
    """Where one weekly series of a request is held; `skipped` are dates it cannot be.

    `offer` is the one that serves a need.
    """

    request: RequestId
    weekly: Weekly
    sites: tuple[SiteWish, ...]
    dates: tuple[date, ...]
    skipped: tuple[date, ...] = ()
    offer: OfferId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement(WeeklyPlace):
    """Where a plan puts one weekly series of a request, and what that costs."""

    costs: tuple[Cost, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unplaced:
    """A request the plan has no place for, and why."""

    request: RequestId
    reasons: tuple[Text, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What a plan makes one school give and take over the term, in sessions and minutes.

    `given_minutes` are those of its lead, counted for each listening site; `received_minutes` what
    its own classes get as listeners. `awkward` sessions are in its first or last lesson, after
    school or right after PE; for `shifted` ones it moves a bell.
    """

    school: SchoolId
    support_priority: bool
    leads: int
    listens: int
    given_minutes: int
    received_minutes: int
    awkward: int
    afternoons: int
    shifted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Supposed:
    """Reference records as they would be: new ones, or others in place of those with their id."""

    link_pools: tuple[LinkPool, ...] = ()
    schools: tuple[School, ...] = ()
    rooms: tuple[Room, ...] = ()
    teachers: tuple[Teacher, ...] = ()
    class_groups: tuple[ClassGroup, ...] = ()
    terms: tuple[Term, ...] = ()
    days: tuple[Day, ...] = ()
    bells: tuple[BellSchedule, ...] = ()
    timetables: tuple[Timetable, ...] = ()
    outages: tuple[Outage, ...] = ()
    offers: tuple[Offer, ...] = ()
    requests: tuple[Request, ...] = ()


class PlanState(StrEnum):
    """How far a plan has come."""

    WAITING = "waiting"
    SOLVING = "solving"
    READY = "ready"
    PUBLISHED = "published"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The solver's proposal for many requests. It changes nothing until somebody publishes it.

    `cost` is the sum of the placements' points and `bound` what no plan that places as many can
    beat, proven by the solver; both are empty before it has run. `balance` is the ledger of what
    each school gives and takes. `term` is the id or the name of the terms whose requests it is
    about, empty for all of them; `failure` says why there is none.
    With `stop_requested` its search ends early and the best plan found so far is kept. A plan that
    supposes something answers "what if": it is compared with others, never published. What the plan
    `close_to` has is moved only for a reason (S13).
    """

    id: Annotated[PlanId, IDENTIFIER]
    term: str
    seconds: Annotated[int, Meta(ge=1, le=3600)] = 30
    seed: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 1
    state: PlanState = PlanState.WAITING
    placements: tuple[Placement, ...] = ()
    unplaced: tuple[Unplaced, ...] = ()
    balance: tuple[Balance, ...] = ()
    cost: int | None = None
    bound: int | None = None
    failure: Text | None = None
    created_at: datetime
    stop_requested: bool = False
    supposing: Supposed | None = None
    close_to: PlanId | None = None
    published_at: datetime | None = None
    revision: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """How far the search for a plan has come, over all its runs.

    Each of the `requests` is put to the rulebook by itself first (`stated`), then places are
    searched for all of them. `placed` and `unplaced` count requests. No plan that places as many
    costs less than `bound`; it and `gap`, what is left between it and `cost`, are empty before
    anything is proven.
    """

    plan: Annotated[PlanId, IDENTIFIER]
    stated: int = 0
    requests: int = 0
    seconds: float = 0.0
    placed: int = 0
    unplaced: int = 0
    cost: int = 0
    bound: int | None = None
    gap: int | None = None
    told_at: datetime
