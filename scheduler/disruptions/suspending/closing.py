"""Closing schools for one date: what becomes of each session, and what each person is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

from calendars.bells import SchoolId
from calendars.days import LESSON_KINDS, WORKING_KINDS, Day, DayKind, day_id
from calendars.fields import to_blame
from calendars.slots import Slot
from calendars.text import InvalidValueError
from scheduler.adjusting import Occasion, place_of
from scheduler.booking.partners import tell_partners
from scheduler.booking.revisions import successor, to_lock
from scheduler.booking.single import cancelled
from scheduler.digests import by_time
from scheduler.disruptions.suspending.telling import told_of_closing
from scheduler.errors import InvalidWishError
from scheduler.members import DistrictId, Name
from scheduler.model import (
    Effect,
    OnDecline,
    Resource,
    ResourceKind,
    Role,
    Session,
    SessionState,
    Site,
    SiteState,
    SuspendedSession,
    Suspension,
    SuspensionId,
)
from scheduler.schools import SchoolBook
from scheduler.store import Transaction

Books = Mapping[SchoolId, SchoolBook]


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspensionWish:
    """Which schools are closed on `date`, and why: some, those of a district, or everyone."""

    date: date
    schools: tuple[SchoolId, ...] = ()
    district: DistrictId | None = None
    everyone: bool = False
    reason: Name

    def __post_init__(self) -> None:
        if bool(self.schools) + (self.district is not None) + self.everyone != 1:
            raise InvalidValueError(
                "请三选一：列出学校 (schools)、指定学区 (district) 或全部学校 (everyone)。",
                "Say one of three: some schools, a district, or everyone.",
                field=to_blame(self, "schools", "district", "everyone"),
            )


async def suspend(transaction: Transaction, wish: SuspensionWish) -> Suspension:
    """Close schools for a date in one transaction: its sessions, its day table, a digest each.

    Schools that are closed by a suspension already are left alone; if all of them are, that
    suspension is the answer. What has begun goes on. The rows of the schools are locked, so that
    whoever books at the same moment is either here already or finds the school closed (H8).
    """
    await transaction.require(wish)
    asked = await _asked(transaction, wish)
    zone = next(iter(asked.values())).time.zone
    _require_to_come(wish.date, transaction.now.astimezone(zone).date())
    found = await _sessions_on(transaction, wish.date, zone, set(asked))
    schools = {Resource(ResourceKind.SCHOOL, school) for school in asked}
    await transaction.lock(schools | to_lock(found))
    standing = await transaction.suspensions_on(wish.date)
    closed = {school for each in standing for school in each.schools}
    new = set(asked) - closed
    if not new:
        return next(each for each in standing if set(each.schools) & set(asked))
    books = await transaction.books()
    working = {school for school in new if _works(books[school], wish.date)}
    sessions = await _sessions_on(transaction, wish.date, zone, new)
    suspension = Suspension(
        id=SuspensionId(uuid4().hex),
        date=wish.date,
        schools=tuple(sorted(new)),
        closed_already=tuple(sorted(new - working)),
        reason=wish.reason,
        sessions=tuple(_suspended(session, new) for session in sessions),
        suspended_by=transaction.actor.name,
        created_at=transaction.now,
    )
    suspension = await _close(transaction, suspension, working, books)
    await transaction.add_suspension(suspension)
    await _apply(transaction, suspension, sessions)
    await transaction.add_notices(told_of_closing(suspension, sessions, books, transaction.now))
    return suspension


async def _asked(transaction: Transaction, wish: SuspensionWish) -> Books:
    books = await transaction.books(wish.schools or None)
    if wish.district is not None:
        books = {
            school: book for school, book in books.items() if book.school.district == wish.district
        }
    if not books:
        raise InvalidWishError(
            "没有符合条件的学校。", "No school is meant.", pointer="/district", value=wish.district
        )
    return books


def _require_to_come(on: date, today: date) -> None:
    if on < today:
        raise InvalidWishError(
            f"{on} 已经过去，历史记录不能更改。",
            f"{on} is over, and the past stays as it was.",
            pointer="/date",
            value=on.isoformat(),
        )


async def _sessions_on(
    transaction: Transaction, on: date, zone: ZoneInfo, schools: set[SchoolId]
) -> list[Session]:
    """The live sessions of these schools on a date that have not begun."""
    midnight = datetime.combine(on, time(), zone)
    found = await transaction.sessions(
        within=Slot(midnight, datetime.combine(on + timedelta(days=1), time(), zone)),
        states=(SessionState.HELD, SessionState.CONFIRMED),
        limit=None,
    )
    return by_time(
        each
        for each in found
        if each.is_live(transaction.now)
        and each.slot.starts > transaction.now
        and not schools.isdisjoint(site.school for site in each.sites)
    )


def _works(book: SchoolBook, on: date) -> bool:
    """Whether anybody of the school would have come on that date."""
    kinds = {book.time.day(on).kind, *(row.kind for row in book.time.days if row.date == on)}
    return not kinds.isdisjoint(WORKING_KINDS | LESSON_KINDS)


def _suspended(session: Session, closed: set[SchoolId]) -> SuspendedSession:
    without = tuple(site.school for site in session.sites if site.school in closed)
    return SuspendedSession(
        session=session.id,
        title=session.title,
        before=place_of(session),
        effect=effect_on(session, closed),
        without=without,
    )


def effect_on(session: Session, closed: set[SchoolId]) -> Effect:
    """What becomes of a session some of whose schools are closed (E11, E13).

    Without its lead, or with nobody left to lead for, it falls. Those who only observe are never
    waited for; a listening school is, unless the session may be held by a quorum without it (E50).
    """
    staying = [site for site in session.sites if site.school not in closed]
    if session.lead.school in closed or len(staying) == 1:
        return Effect.CANCELLED
    leaving = [site for site in session.sites if site.school in closed]
    may_leave = all(
        site.role is Role.OBSERVE or _is_dispensable(session, site, len(staying))
        for site in leaving
    )
    return Effect.GOES_ON if may_leave else Effect.UNDECIDED


def _is_dispensable(session: Session, site: Site, staying: int) -> bool:
    return (
        session.on_decline is OnDecline.QUORUM
        and site.school not in session.must_have
        and staying >= session.quorum
    )


async def _close(
    transaction: Transaction, suspension: Suspension, working: set[SchoolId], books: Books
) -> Suspension:
    """Say in the day tables that the schools are closed, for every grade, whatever stood there."""
    before = [
        row
        for school in sorted(working)
        for row in books[school].time.days
        if row.date == suspension.date
    ]
    closed = [
        replace(_closed_row(row.school, suspension), id=row.id, grades=row.grades) for row in before
    ]
    told = {row.school for row in before if not row.grades}
    taken = {row.id for book in books.values() for row in book.time.days}
    for school in sorted(working - told):
        row = _closed_row(school, suspension)
        closed.append(replace(row, id=uuid4().hex) if row.id in taken else row)
    await transaction.put_many(closed)
    return replace(suspension, rows=tuple(row.id for row in closed), rows_before=tuple(before))


def _closed_row(school: SchoolId, suspension: Suspension) -> Day:
    return Day(
        id=day_id(school, suspension.date),
        school=school,
        date=suspension.date,
        kind=DayKind.SUSPENDED,
        note=suspension.reason,
    )


async def _apply(
    transaction: Transaction, suspension: Suspension, sessions: Sequence[Session]
) -> None:
    effects = {each.session: each.effect for each in suspension.sessions}
    changes = []
    for before in sessions:
        if effects[before.id] is Effect.CANCELLED:
            changes.append((before, cancelled(before, suspension.reason, transaction)))
        elif effects[before.id] is Effect.GOES_ON:
            after = without_schools(before, set(suspension.schools), suspension.reason)
            changes.append((before, successor(before, after, transaction.now)))
    if changes:
        await transaction.replace_sessions(changes, occasion=Occasion(cause=suspension.id))
    await tell_partners(
        transaction, [after for _, after in changes if after.state is SessionState.CANCELLED]
    )


def without_schools(session: Session, closed: set[SchoolId], reason: str) -> Session:
    """The session as it goes on; confirmed if all who are left have agreed."""
    sites = tuple(site for site in session.sites if site.school not in closed)
    session = replace(session, sites=sites, reason=reason)
    if all(site.state is SiteState.CONFIRMED for site in sites):
        return replace(session, state=SessionState.CONFIRMED, hold_expires_at=None)
    return session
