"""Saying how a session went at one school, and correcting it until it is closed."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final
from uuid import uuid4

from calendars.bells import SchoolId
from calendars.text import Text
from scheduler.access import require_outcome_of
from scheduler.booking.revisions import require_reason, require_site
from scheduler.digests import digests
from scheduler.errors import InvalidWishError, StateError
from scheduler.local_words import wall_clock
from scheduler.members import Note, TeacherId
from scheduler.model import (
    ActorRole,
    Form,
    Outcome,
    OutcomeId,
    OutcomeKind,
    Resource,
    ResourceKind,
    Session,
    SessionId,
    SessionState,
    Site,
)
from scheduler.model.outcomes import Minutes
from scheduler.store import Transaction

DAYS_OPEN: Final = 7
"""After so many days outcomes are closed, and only the office tells of what nobody has told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """How it went. `minutes` is needed where it was `partial`, a `reason` unless all went well.

    `recorded_only`: nothing but a recording was shown; left out, as the session was planned.
    """

    outcome: OutcomeKind
    minutes: Minutes | None = None
    recorded_only: bool | None = None
    taught_by: TeacherId | None = None
    reason: Note = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HowItWent(Correction):
    """How a session went at one school."""

    session: SessionId
    school: SchoolId


async def record(transaction: Transaction, wish: HowItWent) -> Outcome:
    """Say for the first time how a session went at a school, once it has begun."""
    require_outcome_of(transaction.actor, wish.school)
    await transaction.require(wish)
    await transaction.lock([Resource(ResourceKind.SCHOOL, wish.school)])
    session = await transaction.session(wish.session)
    site = require_site(session, wish.school)
    _require_held(session, wish, transaction)
    known = await transaction.outcomes(session=session.id, school=wish.school)
    if known:
        raise StateError(
            f"“{session.title}”在学校 {wish.school} 的结果已经登记（{known[0].id}），请更正它。",
            f"How “{session.title}” went at {wish.school} is on record as {known[0].id}: "
            "correct that.",
        )
    outcome = Outcome(
        id=OutcomeId(uuid4().hex),
        session=session.id,
        school=wish.school,
        outcome=wish.outcome,
        minutes=_minutes(wish, site),
        planned_minutes=site.effective_minutes,
        recorded_only=_recorded_only(wish, session),
        taught_by=wish.taught_by or site.teacher,
        reason=wish.reason,
        recorded_by=transaction.actor.name,
        recorded_at=transaction.now,
    )
    await transaction.add_outcome(outcome, session)
    await _tell(transaction, session, outcome)
    return outcome


async def correct(transaction: Transaction, before: Outcome, wish: Correction) -> Outcome:
    """Say it anew. `StateError` once it is closed."""
    require_outcome_of(transaction.actor, before.school)
    require_open(before)
    await transaction.require(wish)
    session = await transaction.session(before.session)
    _require_over(session, wish, transaction)
    after = replace(
        before,
        outcome=wish.outcome,
        minutes=_minutes(wish, require_site(session, before.school)),
        recorded_only=_recorded_only(wish, session),
        taught_by=wish.taught_by or before.taught_by,
        reason=wish.reason,
        recorded_by=transaction.actor.name,
        recorded_at=transaction.now,
    )
    after = await transaction.replace_outcome(before, after)
    await _tell(transaction, session, after)
    return after


def require_open(outcome: Outcome) -> None:
    """`StateError` once the outcome is closed."""
    if outcome.closed_at is not None:
        raise StateError(
            "结果已经归档，不能再更正。", "The outcome is closed and can no longer be corrected."
        )


def _require_held(session: Session, wish: HowItWent, transaction: Transaction) -> None:
    if session.state is not SessionState.CONFIRMED:
        raise StateError(
            f"“{session.title}”没有按确认的安排举行，无须登记结果。",
            f"“{session.title}” was not held as confirmed: there is no outcome to tell.",
        )
    _require_over(session, wish, transaction)
    late = transaction.now - session.slot.ends > timedelta(days=DAYS_OPEN)
    if late and transaction.actor.role is not ActorRole.ALLIANCE_ADMIN:
        raise StateError(
            f"已过 {DAYS_OPEN} 天，请由联盟办公室补登。",
            f"More than {DAYS_OPEN} days have passed: the alliance's office can still tell it.",
        )


_SAID_EARLY: Final = (OutcomeKind.FAILED, OutcomeKind.NO_SHOW, OutcomeKind.CANCELLED)


def _require_over(session: Session, wish: Correction, transaction: Transaction) -> None:
    """What failed can be told once it has begun, what was delivered only when it is over."""
    since = session.slot.starts if wish.outcome in _SAID_EARLY else session.slot.ends
    if transaction.now < since:
        raise StateError(
            f"“{session.title}”还没有{'开始' if wish.outcome in _SAID_EARLY else '结束'}。",
            f"“{session.title}” has not {'begun' if wish.outcome in _SAID_EARLY else 'ended'} yet.",
        )


def _minutes(wish: Correction, site: Site) -> int:
    """The minutes that the outcome stands for, or `InvalidWishError`."""
    if wish.outcome is not OutcomeKind.DELIVERED:
        require_reason(wish.reason)
    planned, told = site.effective_minutes, wish.minutes
    if wish.outcome is OutcomeKind.PARTIAL:
        if told is None or not 0 < told < planned:
            raise InvalidWishError(
                f"部分完成须填写实到分钟数，1 到 {planned - 1} 之间。",
                f"A partial delivery tells its minutes, 1 to {planned - 1}.",
                pointer="/minutes",
                value=told,
            )
        return told
    stands_for = planned if wish.outcome is OutcomeKind.DELIVERED else 0
    if told not in {None, stands_for}:
        raise InvalidWishError(
            f"这个结果对应 {stands_for} 分钟，而不是 {told}；请改用 partial。",
            f"This outcome stands for {stands_for} minutes, not {told}: say partial.",
            pointer="/minutes",
            value=told,
        )
    return stands_for


_HELD: Final = (OutcomeKind.DELIVERED, OutcomeKind.PARTIAL)


def _recorded_only(wish: Correction, session: Session) -> bool:
    """Whether what the school got was a recording; it got nothing if the session was not held."""
    if wish.outcome not in _HELD:
        if wish.recorded_only:
            raise InvalidWishError(
                "没有上成的课不能登记为录像（recorded_only）。",
                "What was not held was no recording either: leave recorded_only out.",
                pointer="/recorded_only",
                value=wish.recorded_only,
            )
        return False
    if wish.recorded_only is None:
        return session.form is Form.RECORDED
    return wish.recorded_only


_WORDS: Final = {
    OutcomeKind.PARTIAL: Text("只上了一部分", "was held in part"),
    OutcomeKind.FAILED: Text("没有上成", "failed"),
    OutcomeKind.NO_SHOW: Text("无人到场", "had nobody there"),
    OutcomeKind.CANCELLED: Text("临时取消", "was called off"),
}


async def _tell(transaction: Transaction, session: Session, outcome: Outcome) -> None:
    """The school and the one that led learn of what was lost, and that it can be made up."""
    words = _WORDS.get(outcome.outcome)
    if words is None:
        return
    books = await transaction.books({outcome.school, session.lead.school})
    book = books[outcome.school]
    when = wall_clock(session.slot, book.time.zone)
    sentence = Text(
        f"{when.zh}的“{session.title}”在{book.school.name}{words.zh}：{outcome.reason}。"
        "可以安排补课。",
        f"“{session.title}” on {when.en} {words.en} at {book.school.name}: {outcome.reason}. It "
        "can be made up.",
    )
    key = f"outcome:{outcome.id}:{outcome.revision}"
    readers = dict.fromkeys((outcome.school, session.lead.school))
    notices = digests((((each, None), sentence) for each in readers), None, key, transaction.now)
    await transaction.add_notices(notices)
