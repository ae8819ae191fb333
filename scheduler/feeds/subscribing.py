"""Who may read which calendar: a secret address is opened, shown once, renewed, closed for good."""

import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import uuid4
from zoneinfo import ZoneInfo

from calendars.bells import SchoolId
from calendars.text import Language
from scheduler.errors import InvalidWishError, NotFoundError, StateError
from scheduler.feeds.free_busy import HAVE_BUSY_TIMES
from scheduler.feeds.ledger import midnight
from scheduler.members import ClassGroup, Name, Room, School, Studio, Teacher
from scheduler.model import Scope, Subscription
from scheduler.records import school_of
from scheduler.store import Transaction
from scheduler.tokens import hash_of

_SUBJECTS: Final[dict[Scope, type[Teacher | School | Room | ClassGroup | Studio]]] = {
    Scope.TEACHER: Teacher,
    Scope.SCHOOL: School,
    Scope.ROOM: Room,
    Scope.CLASS_GROUP: ClassGroup,
    Scope.STUDIO: Studio,
    Scope.SUBJECT: School,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionWish:
    """The calendar that somebody (`owner`) wants to read, and in which language.

    `subject` is the one that a calendar of a subject within a school is about. `only_busy`: an
    address of busy times, which opens no calendar. `ends_with_term`: it closes with the term that
    runs, or with the next one.
    """

    scope: Scope
    subject_id: str | None = None
    subject: Name | None = None
    only_busy: bool = False
    ends_with_term: bool = False
    language: Language = "zh-CN"
    owner: Name


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a calendar is about: the school it belongs to, and the teachers whose own it is."""

    school: SchoolId | None = None
    people: tuple[Teacher, ...] = ()


async def subscribe(transaction: Transaction, wish: SubscriptionWish) -> tuple[Subscription, str]:
    """Open a calendar. The token of its address is told here and never again."""
    subject = await _require_subject(transaction, wish)
    token = secrets.token_urlsafe(32)
    subscription = Subscription(
        id=uuid4().hex,
        scope=wish.scope,
        subject_id=wish.subject_id,
        subject=wish.subject,
        only_busy=wish.only_busy,
        ends_with_term=wish.ends_with_term,
        language=wish.language,
        owner=wish.owner,
        created_at=transaction.now,
        expires_at=await _end_of_term(transaction, subject) if wish.ends_with_term else None,
    )
    await transaction.add_subscription(subscription, hash_of(token))
    return subscription, token


async def renew(transaction: Transaction, id: str) -> tuple[Subscription, str]:
    """A new secret for the same calendar; the old address is dead at once.

    One that ends with a term now ends with the term that runs.
    """
    before = await _not_revoked(transaction, id)
    subject = await subject_of(transaction, before.scope, before.subject_id)
    token = secrets.token_urlsafe(32)
    after = replace(
        before,
        renewed_at=transaction.now,
        expires_at=await _end_of_term(transaction, subject) if before.ends_with_term else None,
        last_polled_at=None,
        client="",
    )
    await transaction.replace_subscription(before, after, token_hash=hash_of(token))
    return after, token


async def revoke(transaction: Transaction, id: str) -> Subscription:
    """Close the address for good: from now on it looks like one that never was (E69)."""
    before = await _not_revoked(transaction, id)
    after = replace(before, revoked_at=transaction.now)
    await transaction.replace_subscription(before, after)
    return after


def require_calendar(subscription: Subscription) -> None:
    """An address of busy times opens no calendar: it looks like one that never was."""
    if subscription.only_busy:
        raise NotFoundError("没有这个日历。", "No such calendar.")


async def subject_of(transaction: Transaction, scope: Scope, subject_id: str | None) -> Subject:
    """Whom the calendar is about, or `NotFoundError` where there is no such teacher, room, ..."""
    kind = _SUBJECTS.get(scope)
    if kind is None or subject_id is None:
        return Subject()
    record = (await transaction.get(kind, subject_id)).record
    if isinstance(record, Studio):
        members = dict.fromkeys((record.head, *record.members))
        people = [(await transaction.get(Teacher, each)).record for each in members]
        return Subject(people=tuple(people))
    return Subject(school_of(record), (record,) if isinstance(record, Teacher) else ())


async def _not_revoked(transaction: Transaction, id: str) -> Subscription:
    found = await transaction.subscription(id)
    if found.revoked_at is not None:
        raise StateError("该订阅已经撤销。", "This subscription is revoked already.")
    return found


async def _require_subject(transaction: Transaction, wish: SubscriptionWish) -> Subject:
    if (wish.scope not in _SUBJECTS) != (wish.subject_id is None):
        raise InvalidWishError(
            "联盟日历没有 subject_id, 其他日历必须有。",
            "The alliance's calendar has no subject_id, every other one needs it.",
            pointer="/subject_id",
            value=wish.subject_id,
        )
    if (wish.scope is Scope.SUBJECT) != (wish.subject is not None):
        raise InvalidWishError(
            "学科日历（scope: subject）须写明学科 subject, 其他日历不写。",
            "A calendar of one subject (scope: subject) names it in `subject`, no other does.",
            pointer="/subject",
            value=wish.subject,
        )
    if wish.only_busy and wish.scope not in HAVE_BUSY_TIMES:
        raise InvalidWishError(
            "忙闲地址（only_busy）只为教师和教室开通。",
            "Addresses of busy times (only_busy) are opened for teachers and rooms.",
            pointer="/only_busy",
            value=wish.only_busy,
        )
    if wish.subject is not None:
        await _require_taught(transaction, wish.subject)
    try:
        return await subject_of(transaction, wish.scope, wish.subject_id)
    except NotFoundError as error:
        raise InvalidWishError(
            error.text.zh, error.text.en, pointer="/subject_id", value=wish.subject_id
        ) from None


async def _require_taught(transaction: Transaction, subject: Name) -> None:
    """A misspelt subject would be a calendar that stays empty for ever."""
    books = (await transaction.books()).values()
    taught = {
        *(
            each
            for book in books
            for teacher in book.teachers.values()
            for each in teacher.subjects
        ),
        *(
            lesson.subject
            for book in books
            for timetable in book.timetables
            for lesson in timetable.lessons
        ),
    }
    if subject not in taught:
        known = sorted(taught)
        raise InvalidWishError(
            f"没有学校开设“{subject}”，已知的学科：{'、'.join(known)}。",
            f"No school teaches {subject}; known subjects: {', '.join(known)}.",
            pointer="/subject",
            value=subject,
        )


async def _end_of_term(transaction: Transaction, subject: Subject) -> datetime:
    """The midnight after the last day of the term that runs or comes next; the last of all schools.

    Where the calendar belongs to no school, all of them count.
    """
    zone = ZoneInfo((await transaction.alliance()).alliance.zone)
    today = transaction.now.astimezone(zone).date()
    schools = None if subject.school is None else (subject.school,)
    books = (await transaction.books(schools)).values()
    to_come = [
        [term.last_day for term in book.time.terms if term.last_day >= today] for book in books
    ]
    if not any(to_come):
        raise InvalidWishError(
            "没有正在进行或将要开始的学期，不能随学期到期。",
            "No term runs or is to come, so nothing can end with it.",
            pointer="/ends_with_term",
            value=True,
        )
    last = max(min(days) for days in to_come if days)
    return midnight(last + timedelta(days=1), zone).astimezone(UTC)
