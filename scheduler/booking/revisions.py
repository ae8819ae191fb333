"""How a session follows itself: which revision counts, who answers, what calendars see."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from calendars.bells import SchoolId
from scheduler.errors import ForbiddenError, InvalidWishError, NotFoundError, StaleError, StateError
from scheduler.model import (
    Actor,
    ActorRole,
    OnDecline,
    Resource,
    ResourceKind,
    Session,
    SessionId,
    SessionState,
    Site,
    SiteState,
)

if TYPE_CHECKING:
    from scheduler.store import Transaction


async def current_session(transaction: "Transaction", id: SessionId, revision: int) -> Session:
    """The session, or `StaleError` if the caller has read another revision of it."""
    session = await transaction.session(id)
    require_revision(session.revision, revision)
    return session


async def require_unchanged(transaction: "Transaction", sessions: Iterable[Session]) -> None:
    """`StaleError` if one of them was changed after it was read and before its locks were had.

    Asked before a refusal for other reasons, which may only follow from that change.
    """
    for each in sessions:
        await current_session(transaction, each.id, each.revision)


def to_lock(sessions: Iterable[Session]) -> set[Resource]:
    """Everything these sessions are written against, observers included: locked in one go."""
    sessions = tuple(sessions)
    observers = {
        Resource(ResourceKind.TEACHER, teacher)
        for session in sessions
        for site in session.sites
        for teacher in site.observers
    }
    return observers.union(*(session.resources() for session in sessions))


def require_revision(current: int, read: int) -> None:
    """`StaleError` if the caller has read another revision than the current one."""
    if current != read:
        raise StaleError(
            f"内容已被他人修改（当前版本 {current}，您看到的是 {read}），请刷新后再试。",
            f"It was changed meanwhile: revision {current} is current, you have read {read}.",
        )


def require_reason(reason: str) -> None:
    """Whoever drops a session says why (E52)."""
    if not reason.strip():
        raise InvalidWishError(
            "请填写原因。", "A reason is required.", pointer="/reason", value=reason
        )


def require_site(session: Session, school: SchoolId) -> Site:
    """The school's part, or `NotFoundError` if it has none."""
    site = session.site_of(school)
    if site is None:
        raise NotFoundError(
            f"学校 {school} 不参加“{session.title}”。",
            f"School {school} takes no part in “{session.title}”.",
        )
    return site


def require_voice(actor: Actor, school: SchoolId) -> None:
    """Only the school itself answers; the alliance's office may note an answer by telephone."""
    is_coordinator = actor.role is ActorRole.SCHOOL_COORDINATOR and actor.school == school
    if not is_coordinator and actor.role is not ActorRole.ALLIANCE_ADMIN:
        raise ForbiddenError(
            f"只有学校 {school} 的教导处或联盟办公室可以答复。",
            f"Only the coordinator of school {school} or the alliance's office may answer.",
        )


def require_booker(actor: Actor, session: Session) -> None:
    """Whoever booked a session says what a school's no does to it, or the alliance's office."""
    is_booker = actor.role is ActorRole.SCHOOL_COORDINATOR and actor.school == session.booked_by
    if not is_booker and actor.role is not ActorRole.ALLIANCE_ADMIN:
        zh, en = (session.booked_by or each for each in ("联盟办公室", "the alliance's office"))
        raise ForbiddenError(
            f"谢绝规则（on_decline、quorum、must_have）由预约方（{zh}）修改。",
            f"What a school's no does (on_decline, quorum, must_have) is for {en} to change, "
            "who booked it.",
        )


def consent_of(session: Session) -> tuple[OnDecline, int, frozenset[SchoolId]]:
    """What a school's no does to the session."""
    return session.on_decline, session.quorum, frozenset(session.must_have)


def require_changeable(session: Session, now: datetime) -> None:
    """`StateError` for what has ended (the past stays), was cancelled or has expired (E51)."""
    if session.state is SessionState.CANCELLED:
        raise StateError(
            f"“{session.title}”已取消，不能再更改。",
            f"“{session.title}” is cancelled and can no longer be changed.",
        )
    if not session.is_live(now):
        raise StateError(
            f"“{session.title}”的暂占已到期，资源已释放，请重新预约。",
            f"The hold of “{session.title}” ran out and freed everything: book it again.",
        )
    if session.slot.ends <= now:
        raise StateError(
            f"“{session.title}”已经结束，历史记录不能更改。",
            f"“{session.title}” has ended, and the past stays as it was.",
        )


def successor(before: Session, after: Session, now: datetime) -> Session:
    """The next revision. SEQUENCE and the stamp move only with what a calendar shows (E53)."""
    revised = replace(
        after,
        created_at=before.created_at,
        changed_at=before.changed_at,
        sequence=before.sequence,
        revision=before.revision + 1,
    )
    if calendar_shows_the_same(before, revised):
        return revised
    return replace(revised, changed_at=now, sequence=before.sequence + 1)


def calendar_shows_the_same(before: Session, after: Session) -> bool:
    """Whether a feed would show both alike: all but the inner life of a booking."""
    return _shown(before) == _shown(after)


def _shown(session: Session) -> Session:
    sites = tuple(
        replace(site, state=SiteState.HELD, answered_by="", swap_agreed=False, link_test=None)
        for site in session.sites
    )
    return replace(
        session,
        sites=sites,
        pinned=False,
        hold_expires_at=None,
        reason="",
        link_pool=None,
        override_reason="",
        on_decline=OnDecline.ALL_REQUIRED,
        quorum=1,
        must_have=(),
        declined=(),
        series=None,
        series_date=None,
        sequence=0,
        revision=1,
    )
