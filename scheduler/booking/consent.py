"""What schools say to the sessions they are asked for, and what becomes of those without answer."""

from collections.abc import Sequence
from dataclasses import replace

from calendars.bells import SchoolId
from calendars.text import Text
from scheduler.booking import notices
from scheduler.booking.partners import tell_partners
from scheduler.booking.revisions import (
    current_session,
    require_changeable,
    require_reason,
    require_site,
    require_unchanged,
    require_voice,
    successor,
    to_lock,
)
from scheduler.conflicts import find_conflicts
from scheduler.errors import ClashError, StateError
from scheduler.model import (
    Actor,
    Conflict,
    OnDecline,
    Role,
    SeriesId,
    Session,
    SessionId,
    SessionState,
    Site,
    SiteState,
)
from scheduler.store import Transaction


async def confirm(
    transaction: Transaction, id: SessionId, school: SchoolId, revision: int
) -> Session:
    """A school agrees to its part; with the last one the session is confirmed (H10).

    The rulebook is asked again. A hold that ran out can no longer be confirmed (E51).
    """
    require_voice(transaction.actor, school)
    before = await current_session(transaction, id, revision)
    require_site(before, school)
    require_changeable(before, transaction.now)
    confirmed = await _confirm(transaction, (before,), school)
    return confirmed[0] if confirmed else before


async def confirm_series(
    transaction: Transaction, series: SeriesId, school: SchoolId
) -> tuple[Session, ...]:
    """One tap for all dates of a series that still wait for this school: all of them or none."""
    require_voice(transaction.actor, school)
    return await _confirm(transaction, await _lock_waiting(transaction, series, school), school)


async def decline_series(
    transaction: Transaction, series: SeriesId, school: SchoolId, *, reason: str
) -> tuple[Session, ...]:
    """One no to all dates of a series that still wait for this school, each as `decline` has it."""
    require_voice(transaction.actor, school)
    require_reason(reason)
    return tuple(
        [
            await decline(transaction, each.id, school, each.revision, reason=reason)
            for each in await _lock_waiting(transaction, series, school)
        ]
    )


async def _lock_waiting(
    transaction: Transaction, series: SeriesId, school: SchoolId
) -> tuple[Session, ...]:
    """The dates of the series that the school has still to answer, as they are under its lock.

    Whoever answers a series has read no revision: of two at once the later answers what the other
    has left, and is told (`StateError`) if that is nothing.
    """
    await transaction.series(series)
    await transaction.lock(to_lock(await _waiting_for(transaction, series, school)))
    if waiting := await _waiting_for(transaction, series, school):
        return waiting
    answered = await _answered_by(transaction, series, school)
    raise StateError(
        f"这个系列没有等待学校 {school} 答复的日期了{answered.zh}。",
        f"No date of this series waits for an answer of school {school} any more{answered.en}.",
    )


async def _waiting_for(
    transaction: Transaction, series: SeriesId, school: SchoolId
) -> tuple[Session, ...]:
    sessions = await transaction.sessions(series=series, states=(SessionState.HELD,), limit=None)
    return tuple(
        session
        for session in sessions
        if session.is_live(transaction.now)
        and (site := session.site_of(school)) is not None
        and site.state is SiteState.HELD
    )


async def _answered_by(transaction: Transaction, series: SeriesId, school: SchoolId) -> Text:
    """Who has answered dates of the series for the school, in brackets."""
    sessions = await transaction.sessions(series=series, limit=None)
    sites = [site for session in sessions for site in session.sites if site.school == school]
    names = sorted({site.answered_by for site in sites if site.answered_by})
    if not names:
        return Text("", "")
    return Text(f"（已由{'、'.join(names)}答复）", f" ({', '.join(names)} has answered)")


async def decline(
    transaction: Transaction, id: SessionId, school: SchoolId, revision: int, *, reason: str
) -> Session:
    """A school says no: it leaves a session that may go on without it, any other falls (E50).

    Whatever it gave is free at once. A session that all have agreed to falls only when somebody
    cancels it (`StateError`), and is left only if no rule is broken by that (`ClashError`).
    """
    require_voice(transaction.actor, school)
    require_reason(reason)
    before = await current_session(transaction, id, revision)
    site = require_site(before, school)
    require_changeable(before, transaction.now)
    await transaction.lock(to_lock([before]))
    if not _goes_on_without(before, site):
        return await _fallen(transaction, before, site, reason)
    left = successor(before, replace(_without(before, site), reason=reason), transaction.now)
    situation = await transaction.situation([before])
    conflicts = find_conflicts(left, situation, now=transaction.now, published=before)
    if conflicts and before.state is SessionState.HELD:
        return await _fallen(transaction, before, site, reason)
    if conflicts:
        await require_unchanged(transaction, [before])
        raise ClashError(conflicts)
    await transaction.replace_session(before, left)
    name = situation.schools[school].school.name
    why = Text(f"{name}谢绝参加：{reason}", f"{name} declined: {reason}")
    await transaction.add_notices(
        notices.changed(before, left, situation.schools, transaction.now, why=why)
    )
    return left


async def _fallen(transaction: Transaction, before: Session, site: Site, reason: str) -> Session:
    """The held session is cancelled by one school's no, and everybody is told."""
    if before.state is not SessionState.HELD:
        raise StateError(
            f"“{before.title}”已由各校确认；如不能参加，请取消并说明原因。",
            f"“{before.title}” is confirmed by all schools; cancel it instead, with a reason.",
        )
    declined = replace(site, state=SiteState.DECLINED, answered_by=transaction.actor.name)
    after = successor(
        before,
        replace(
            _with_site(before, declined),
            state=SessionState.CANCELLED,
            hold_expires_at=None,
            reason=reason,
        ),
        transaction.now,
    )
    await transaction.replace_session(before, after)
    books = await transaction.books([site.school for site in after.sites])
    await transaction.add_notices(notices.dropped(after, books, transaction.now))
    await tell_partners(transaction, [after])
    return after


def _goes_on_without(session: Session, site: Site) -> bool:
    """Whether the session's rule lets it be held without that school."""
    return (
        session.on_decline is OnDecline.QUORUM
        and site.role is not Role.LEAD
        and site.school not in session.must_have
        and len(session.sites) > session.quorum
    )


def _without(session: Session, site: Site) -> Session:
    """The session as the others hold it."""
    return _settled(
        replace(
            session,
            sites=tuple(each for each in session.sites if each != site),
            declined=(*session.declined, site.school),
        )
    )


async def expire_holds(transaction: Transaction) -> tuple[Session, ...]:
    """Mark holds that ran out as expired and tell everybody; the sessions concerned.

    What they held is free already (H14): this only writes down what the clock has decided.
    """
    if not (due := await transaction.due_holds()):
        return ()
    await transaction.lock(to_lock(due))
    expired = []
    for hold in await transaction.due_holds():
        after = successor(hold, replace(hold, state=SessionState.EXPIRED), transaction.now)
        # Feeds show a hold as run out from that very moment, whenever this job comes by.
        after = replace(after, changed_at=hold.hold_expires_at or transaction.now)
        await transaction.replace_session(hold, after)
        expired.append(after)
    books = await transaction.books({site.school for hold in expired for site in hold.sites})
    await transaction.add_notices(
        [told for hold in expired for told in notices.dropped(hold, books, transaction.now)]
    )
    await tell_partners(transaction, expired)
    return tuple(expired)


async def _confirm(
    transaction: Transaction, sessions: Sequence[Session], school: SchoolId
) -> tuple[Session, ...]:
    """Confirm the school's part of those that wait for it, or raise with everything in the way."""
    waiting = [each for each in sessions if require_site(each, school).state is SiteState.HELD]
    if not waiting:
        return ()
    now = transaction.now
    await transaction.lock(to_lock(waiting))
    situation = await transaction.situation(waiting)
    conflicts: list[Conflict] = []
    confirmed = []
    for before in waiting:
        after = successor(before, _agreed(before, school, transaction.actor), now)
        conflicts += find_conflicts(after, situation, now=now, published=before)
        confirmed.append((before, after))
    if conflicts:
        await require_unchanged(transaction, waiting)
        raise ClashError(tuple(conflicts))
    for before, after in confirmed:
        await transaction.replace_session(before, after)
        await transaction.add_notices(notices.answered(after, school, situation.schools, now))
    return tuple(after for _, after in confirmed)


def _agreed(session: Session, school: SchoolId, actor: Actor) -> Session:
    site = require_site(session, school)
    return _settled(
        _with_site(session, replace(site, state=SiteState.CONFIRMED, answered_by=actor.name))
    )


def _settled(session: Session) -> Session:
    """Confirmed, if nobody is left to answer."""
    if all(site.state is SiteState.CONFIRMED for site in session.sites):
        return replace(session, state=SessionState.CONFIRMED, hold_expires_at=None)
    return session


def _with_site(session: Session, changed: Site) -> Session:
    return replace(
        session,
        sites=tuple(changed if site.school == changed.school else site for site in session.sites),
    )
