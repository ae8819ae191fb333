"""Guests are invited, told again, or told not to come: each a row that a job sends."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final
from uuid import uuid4

from calendars.fields import Name
from calendars.text import Language
from scheduler.access import require_change_of
from scheduler.errors import StaleError, StateError
from scheduler.model import (
    Actor,
    Invitation,
    InvitationState,
    MailAddress,
    Session,
    SessionId,
    shown_in_part,
)
from scheduler.store import Transaction

MOST_OF_ONE: Final = 30
"""Guests of one session."""
MOST_A_DAY: Final = 300
"""Guests of the whole alliance: this service is nobody's way to send mail to the world."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationWish:
    """Whom to invite to a session, in which language."""

    session: SessionId
    name: Name
    address: MailAddress
    language: Language = "zh-CN"


async def invite(transaction: Transaction, wish: InvitationWish) -> Invitation:
    """Invite a guest; the mail goes out soon, and another whenever the session changes."""
    session = await transaction.session(wish.session)
    require_host(transaction.actor, session)
    _require_to_come(transaction, session)
    guests = await transaction.invitations(session=session.id, limit=None)
    if len(guests) >= MOST_OF_ONE:
        raise StateError(
            f"一次活动最多邀请 {MOST_OF_ONE} 位来宾。",
            f"A session takes at most {MOST_OF_ONE} invited guests.",
        )
    since = transaction.now - timedelta(days=1)
    if await transaction.count_invitations(since=since) >= MOST_A_DAY:
        raise StateError(
            f"24 小时内已邀请 {MOST_A_DAY} 位来宾，请明天再试。",
            f"{MOST_A_DAY} guests were invited within a day: try again tomorrow.",
        )
    invitation = Invitation(
        id=uuid4().hex,
        session=session.id,
        name=wish.name,
        address=shown_in_part(wish.address),
        language=wish.language,
        invited_by=transaction.actor.name,
        created_at=transaction.now,
    )
    await transaction.add_invitation(invitation, wish.address)
    return invitation


async def send_again(transaction: Transaction, id: str, revision: int) -> Invitation:
    """Send the invitation once more, as the session is now."""
    before = await _current(transaction, id, revision)
    _require_to_come(transaction, await transaction.session(before.session))
    if before.withdrawn_at is not None:
        raise StateError("这个邀请已撤回。", "The invitation is withdrawn.")
    again = replace(before, state=InvitationState.WAITING, told="", failures=0, problem=None)
    return await transaction.replace_invitation(before, again)


async def withdraw(transaction: Transaction, id: str, revision: int) -> Invitation:
    """Tell the guest not to come, if it was told to."""
    before = await _current(transaction, id, revision)
    if before.withdrawn_at is not None:
        return before
    told = bool(before.told)
    state = InvitationState.WAITING if told else InvitationState.WITHDRAWN
    after = replace(before, state=state, withdrawn_at=transaction.now, failures=0, problem=None)
    return await transaction.replace_invitation(before, after)


def require_host(actor: Actor, session: Session) -> None:
    """Whoever arranges the session invites its guests, and sees them."""
    require_change_of(actor, session)


async def _current(transaction: Transaction, id: str, revision: int) -> Invitation:
    found = await transaction.invitation(id)
    require_host(transaction.actor, await transaction.session(found.session))
    if found.revision != revision:
        raise StaleError(
            f"邀请 {id} 已被他人修改：现在是第 {found.revision} 版。",
            f"The invitation {id} has changed: it is now at revision {found.revision}.",
        )
    return found


def _require_to_come(transaction: Transaction, session: Session) -> None:
    if not session.is_live(transaction.now) or session.slot.starts <= transaction.now:
        raise StateError(
            "活动已取消或已开始，不能再邀请。",
            "The session is cancelled or has begun: nobody is invited any more.",
        )
