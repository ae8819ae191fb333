"""代课: another teacher stands in for one session, and who could (E41, E42)."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from calendars.bells import SchoolId
from scheduler.adjusting import Occasion
from scheduler.booking.qualified import is_qualified, require_qualified
from scheduler.booking.revisions import current_session, require_reason, require_site
from scheduler.booking.single import SessionChange, change
from scheduler.conflicts import find_conflicts
from scheduler.errors import InvalidWishError
from scheduler.members import Name, Note, Teacher, TeacherId
from scheduler.model import (
    Adjustment,
    AdjustmentKind,
    Session,
    SessionId,
    Site,
)
from scheduler.placing import wish_of
from scheduler.schools import SchoolBook, Situation
from scheduler.store import Transaction
from scheduler.terms.stretches import stretch_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Substitution:
    """Who stands in at a school's site, for whom (left open: who leads or assists there), and why.

    The hours of the session go to the teacher who stands in.
    """

    school: SchoolId
    teacher: TeacherId
    instead_of: TeacherId | None = None
    reason: Note


@dataclass(frozen=True, slots=True, kw_only=True)
class Substitute:
    """Somebody who could stand in: free, and of the subject where the lesson is led.

    `stood_in` counts the term's substitutions, so that it is not always the same one;
    `sessions_that_day` are those the teacher has besides.
    """

    id: TeacherId
    name: Name
    stood_in: int
    sessions_that_day: int


async def substitute(
    transaction: Transaction, id: SessionId, wish: Substitution, revision: int
) -> Session:
    """Let another teacher take a session over, or raise `ClashError` with what is in the way."""
    require_reason(wish.reason)
    await transaction.require(wish)
    session = await current_session(transaction, id, revision)
    site = require_site(session, wish.school)
    teacher = (await transaction.get(Teacher, wish.teacher)).record
    require_qualified(session, site, teacher, "/teacher")
    changed = _stood_in_for(site, wish)
    sites = tuple(changed if each is site else each for each in session.sites)
    return await change(
        transaction,
        id,
        SessionChange(sites=tuple(map(wish_of, sites)), reason=wish.reason),
        revision,
        occasion=Occasion(kind=AdjustmentKind.SUBSTITUTE),
    )


async def substitutes(
    transaction: Transaction, id: SessionId, school: SchoolId
) -> Callable[[], tuple[Substitute, ...]]:
    """What finds the teachers who could stand in, those who have done so least first."""
    session = await transaction.session(id)
    site = require_site(session, school)
    books = await transaction.books()
    candidates = [
        teacher
        for _, book in sorted(books.items())
        for teacher in book.teachers.values()
        if school in teacher.schools
        and teacher.id not in _required_in(session)
        and is_qualified(session, site, teacher)
    ]
    wanted = {teacher.id: _with_teacher(session, site, teacher.id) for teacher in candidates}
    situation = await transaction.situation([session, *wanted.values()])
    times = await _stood_in(transaction, session, books)
    now = transaction.now

    def found() -> tuple[Substitute, ...]:
        able = [
            Substitute(
                id=teacher.id,
                name=teacher.name,
                stood_in=times[teacher.id],
                sessions_that_day=_sessions_of(teacher.id, session, situation, books[school]),
            )
            for teacher in candidates
            if not find_conflicts(wanted[teacher.id], situation, now=now, published=session)
        ]
        return tuple(
            sorted(able, key=lambda each: (each.stood_in, each.sessions_that_day, each.id))
        )

    return found


def _stood_in_for(site: Site, wish: Substitution) -> Site:
    instead_of = wish.instead_of or site.teacher
    if wish.teacher in site.required_teachers:
        raise InvalidWishError(
            f"教师 {wish.teacher} 已经参加。",
            f"The teacher {wish.teacher} takes part already.",
            pointer="/teacher",
            value=wish.teacher,
        )
    if instead_of == site.teacher:
        return replace(site, teacher=wish.teacher)
    if instead_of not in site.participants:
        raise InvalidWishError(
            f"教师 {instead_of} 不在这所学校的参与名单中。",
            f"The teacher {instead_of} does not take part at this school.",
            pointer="/instead_of",
            value=instead_of,
        )
    others = tuple(wish.teacher if each == instead_of else each for each in site.participants)
    return replace(site, participants=others)


def _with_teacher(session: Session, site: Site, teacher: TeacherId) -> Session:
    changed = replace(site, teacher=teacher)
    return replace(
        session, sites=tuple(changed if each is site else each for each in session.sites)
    )


def _required_in(session: Session) -> set[TeacherId]:
    return {teacher for site in session.sites for teacher in site.required_teachers}


def _sessions_of(
    teacher: TeacherId, session: Session, situation: Situation, book: SchoolBook
) -> int:
    on = book.time.date_of(session.slot.starts)
    return sum(
        teacher in _required_in(other)
        for other in situation.sessions
        if other.id != session.id and book.time.date_of(other.slot.starts) == on
    )


async def _stood_in(
    transaction: Transaction, session: Session, books: Mapping[SchoolId, SchoolBook]
) -> Counter[TeacherId]:
    """How often each teacher has stood in, in the term of the session."""
    lead = books[session.lead.school].time
    term = lead.term_of(lead.date_of(session.slot.starts))
    records = await transaction.adjustments(
        kind=AdjustmentKind.SUBSTITUTE,
        within=None if term is None else stretch_of([term], lead.zone),
        limit=None,
    )
    return Counter(teacher for record in records for teacher in _newcomers(record))


def _newcomers(record: Adjustment) -> Iterator[TeacherId]:
    before, after = (
        {teacher for site in place.sites for teacher in site.required_teachers} if place else set()
        for place in (record.before, record.after)
    )
    yield from after - before
