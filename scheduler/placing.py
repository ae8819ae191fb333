"""From a wish to a session: rooms chosen, periods found, consent given in advance noted. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import date, datetime
from functools import partial
from typing import Any, Final

from calendars.bells import SchoolId
from calendars.days import later_by_working_hours
from calendars.school_time import SchoolTime
from calendars.slots import Slot
from scheduler.busy_time import soft_time_met
from scheduler.conflicts import find_conflicts
from scheduler.conflicts.case import attend_once
from scheduler.errors import ForbiddenError
from scheduler.local_words import shift_of
from scheduler.members import Room, RoomId, RoomTier
from scheduler.model import (
    Actor,
    ActorRole,
    Agenda,
    Booking,
    Resource,
    ResourceKind,
    Role,
    Session,
    SessionId,
    SessionState,
    Site,
    SiteState,
    SiteWish,
)
from scheduler.schools import SchoolBook, Situation

STANDING_CONSENT: Final = "开放时段 / open slot"
"""Who answered for a school whose published open slot holds the session (E48)."""

POSTPONED_AT_MOST_DAYS: Final = 14
"""How much later a session may be held that cannot be held on its date."""
_PLAINEST_FIRST: Final[dict[Role, tuple[RoomTier, ...]]] = {
    Role.LEAD: (RoomTier.INTERACTIVE, RoomTier.LEAD, RoomTier.PORTABLE, RoomTier.WATCH_ONLY),
    Role.LISTEN: (RoomTier.INTERACTIVE, RoomTier.PORTABLE, RoomTier.LEAD, RoomTier.WATCH_ONLY),
    Role.OBSERVE: (RoomTier.WATCH_ONLY, RoomTier.INTERACTIVE, RoomTier.PORTABLE, RoomTier.LEAD),
}
"""Which equipment to spend on a role first, so that the best rooms stay for those who need them."""


_AGENDA: Final = tuple(field.name for field in fields(Agenda))
_WISH: Final = tuple(field.name for field in fields(SiteWish))


def agenda_of(value: Agenda) -> dict[str, Any]:
    """The fields that say what a session, series or booking is about."""
    return {name: getattr(value, name) for name in _AGENDA}


def wish_of(site: SiteWish) -> SiteWish:
    """A site without what its bells and its school said."""
    return SiteWish(**fields_of(site))


def is_where_it_was(before: Session, current: Session, now: datetime) -> bool:
    """Whether the session still is held at that time, with those people, rooms and link."""
    return (
        current.is_live(now)
        and now < current.slot.ends
        and current.slot == before.slot
        and current.link_pool == before.link_pool
        and tuple(map(wish_of, current.sites)) == tuple(map(wish_of, before.sites))
    )


def booking_of(session: Session) -> Booking:
    """The wish that a session fulfils: its own rooms, periods to be found again."""
    return Booking(
        **agenda_of(session),
        slot=session.slot,
        sites=tuple(replace(wish_of(site), period=None) for site in session.sites),
        pinned=session.pinned,
    )


def outlines(
    booking: Booking, books: Mapping[SchoolId, SchoolBook], *, id: SessionId, now: datetime
) -> tuple[Session, ...]:
    """Sessions that between them use everything the booking could.

    Every room where one was left open: they tell what to lock and to load beforehand.
    """
    open_rooms = {
        wish.school: tuple(books[wish.school].rooms)
        for wish in booking.sites
        if wish.room is None and wish.school in books
    }
    most = max((len(rooms) for rooms in open_rooms.values()), default=1)
    return tuple(
        Session(
            **agenda_of(booking),
            id=id,
            slot=booking.slot,
            sites=tuple(
                _sketched(wish, open_rooms.get(wish.school, ()), no) for wish in booking.sites
            ),
            state=SessionState.HELD,
            created_at=now,
            changed_at=now,
        )
        for no in range(max(most, 1))
    )


def _sketched(wish: SiteWish, rooms: tuple[RoomId, ...], no: int) -> Site:
    chosen = rooms[min(no, len(rooms) - 1)] if rooms else wish.room
    return Site(**fields_of(replace(wish, room=chosen)), effective_minutes=0)


def fields_of(site: SiteWish) -> dict[str, Any]:
    """The fields that make up the wish."""
    return {name: getattr(site, name) for name in _WISH}


def draft(booking: Booking, situation: Situation, *, id: SessionId, now: datetime) -> Session:
    """The session a booking asks for, held at every site, with a room wherever one was left open.

    Nothing is judged but the rooms to choose from: a draft may well break rules.
    """
    session = session_of(booking, booking.slot, booking.sites, situation, id=id, now=now)
    for site in session.sites:
        if site.room is None:
            session = _with_best_room(session, site, situation, now)
    return replace(session, pinned=booking.pinned)


def session_of(
    agenda: Agenda,
    slot: Slot,
    sites: Sequence[SiteWish],
    situation: Situation,
    *,
    id: SessionId,
    now: datetime,
) -> Session:
    """What is asked for as a session held at every site, in the rooms that are named."""
    return Session(
        **agenda_of(agenda),
        id=id,
        slot=slot,
        sites=tuple(_site(wish, slot, situation) for wish in sites),
        state=SessionState.HELD,
        created_at=now,
        changed_at=now,
    )


def _site(wish: SiteWish, slot: Slot, situation: Situation) -> Site:
    """A wished site with the period it attends in and the minutes its class gets."""
    clock = situation.schools[wish.school].time
    on = clock.date_of(slot.starts)
    groups = [situation.class_group(group) for group in wish.class_groups]
    grades: list[int | None] = [group.grade for group in groups if group is not None]
    attended = [attend_once(clock, on, grade, slot, shift_of(wish)) for grade in grades or [None]]
    period = next((each.period for each in attended if each is not None), None)
    minutes = min(0 if each is None else each.effective_minutes for each in attended)
    return Site(
        **fields_of(wish) | {"period": period if wish.period is None else wish.period},
        effective_minutes=minutes if wish.class_groups else slot.minutes,
    )


def near(situation: Situation, on: date) -> Situation:
    """The situation without the sessions too far from a UTC date to matter to any rule."""
    return replace(situation, sessions=situation.sessions_near(on))


def rooms_for(wish: SiteWish, situation: Situation) -> tuple[Room, ...]:
    """The school's rooms, the plainest that seats the site's pupils first."""
    groups = [situation.class_group(group) for group in wish.class_groups]
    pupils = sum(group.pupils for group in groups if group is not None)
    tiers = _PLAINEST_FIRST[wish.role]
    return tuple(
        sorted(
            situation.schools[wish.school].rooms.values(),
            key=lambda room: (room.seats < pupils, tiers.index(room.tier), room.seats, room.id),
        )
    )


def with_room(session: Session, school: SchoolId, room: RoomId) -> Session:
    """The same session with another room at one of its sites."""
    return replace(
        session,
        sites=tuple(
            replace(site, room=room) if site.school == school else site for site in session.sites
        ),
    )


def _with_best_room(session: Session, site: Site, situation: Situation, now: datetime) -> Session:
    """The first room that no rule forbids, else the one that fewest forbid.

    Of rooms alike in this, one that nobody would rather keep.
    """
    best: Session = session
    fewest: tuple[int, int] | None = None
    everywhere = [situation.schools[site.school].busy_time]
    for room in rooms_for(site, situation):
        candidate = with_room(session, site.school, room.id)
        named = Resource(ResourceKind.ROOM, room.id)
        forbidding = sum(
            named in conflict.resources
            for conflict in find_conflicts(candidate, situation, now=now)
        )
        softly = sum(resource == named for resource, _ in soft_time_met(candidate, everywhere))
        if fewest is None or (forbidding, softly) < fewest:
            best, fewest = candidate, (forbidding, softly)
        if fewest == (0, 0):
            break
    return best


def with_answers(
    session: Session,
    situation: Situation,
    *,
    actor: Actor,
    now: datetime,
    before: Session | None = None,
    ask: SchoolId | None = None,
) -> Session:
    """The session with each school's answer as far as it is known already, and a hold for the rest.

    A school has agreed if its open slot holds the session or its own coordinator asks. A site that
    stays as it was `before` keeps its answer; all others are asked (again). `ForbiddenError` if
    somebody is named whose school nobody asks. The school to `ask` answers for itself, whatever it
    keeps open.
    """
    _require_guests_are_asked_for(session, situation, actor)
    booked_by = actor.school if before is None else before.booked_by
    session = replace(session, booked_by=booked_by)
    sites = tuple(
        replace(site, state=SiteState.HELD, answered_by="")
        if site.school == ask
        else _answered(site, session, situation, actor, before)
        for site in session.sites
    )
    if all(site.state is SiteState.CONFIRMED for site in sites):
        return replace(session, sites=sites, state=SessionState.CONFIRMED, hold_expires_at=None)
    held = replace(session, sites=sites, state=SessionState.HELD)
    if before is not None and _asks_nobody_new(held, before):
        return replace(held, hold_expires_at=before.hold_expires_at)
    return replace(held, hold_expires_at=_hold_expiry(held, situation, now))


def _require_guests_are_asked_for(session: Session, situation: Situation, actor: Actor) -> None:
    """A guest's school takes part and is asked, or the alliance's office has arranged it."""
    if actor.role is ActorRole.ALLIANCE_ADMIN:
        return
    asked = {site.school for site in session.sites}
    for named in (each for site in session.sites for each in site.required_teachers):
        teacher = situation.teacher(named)
        if teacher is not None and asked.isdisjoint(teacher.schools):
            raise ForbiddenError(
                f"{teacher.name} 不是参与学校的教师：请把其所在学校列为参与点以征得同意，"
                "或请联盟办公室安排。",
                f"{teacher.name} belongs to no school that takes part: give that school a site, "
                "so that it is asked, or let the alliance's office arrange it.",
            )


def _answered(
    site: Site, session: Session, situation: Situation, actor: Actor, before: Session | None
) -> Site:
    known = before.site_of(site.school) if before is not None else None
    if before is not None and known is not None and before.slot == session.slot:
        stays = wish_of(known) == wish_of(site)
        if stays or _only_changes_rooms(known, site, session, situation, actor):
            test = known.link_test if stays else None
            return replace(site, state=known.state, answered_by=known.answered_by, link_test=test)
    if actor.role is ActorRole.SCHOOL_COORDINATOR and actor.school == site.school:
        return replace(site, state=SiteState.CONFIRMED, answered_by=actor.name)
    if situation.schools[site.school].open_slot_covering(session.slot, session.subject):
        return replace(site, state=SiteState.CONFIRMED, answered_by=STANDING_CONSENT)
    return replace(site, state=SiteState.HELD, answered_by="")


def _only_changes_rooms(
    known: Site, site: Site, session: Session, situation: Situation, actor: Actor
) -> bool:
    """A school that has agreed need not again for a mere change of rooms in its own building.

    Its IT support makes it, or the room it had is out of order.
    """
    if wish_of(replace(known, room=site.room)) != wish_of(site):
        return False
    is_out_of_order = any(
        outage.room == known.room and outage.slot.overlaps(session.slot)
        for outage in situation.schools[site.school].outages
    )
    is_own_it = actor.role is ActorRole.IT_SUPPORT and actor.school == site.school
    return is_out_of_order or is_own_it


def _asks_nobody_new(held: Session, before: Session) -> bool:
    """Whether every school still to answer was being asked the very same already."""
    return before.slot == held.slot and all(
        any(
            known.state is SiteState.HELD and wish_of(known) == wish_of(site)
            for known in before.sites
        )
        for site in held.sites
        if site.state is SiteState.HELD
    )


def _hold_expiry(session: Session, situation: Situation, now: datetime) -> datetime:
    """Every school asked gets the alliance's working hours to answer, but never past the start."""
    hours = situation.alliance.alliance.hold_hours
    asked = [site.school for site in session.sites if site.state is SiteState.HELD]
    ends = (
        later_by_working_hours(now, hours, partial(_counts, clock, session), clock.zone)
        for clock in (situation.schools[school].time for school in asked)
    )
    return min(session.slot.starts, max(ends))


def _counts(clock: SchoolTime, session: Session, on: date) -> bool:
    """Whether a date counts for a hold; from the session's own date on the start ends it anyway."""
    return on >= clock.date_of(session.slot.starts) or clock.day(on).is_for_staff
