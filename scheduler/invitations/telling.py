"""Guests are told whatever has become of their session, by one process at a time."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Final
from zoneinfo import ZoneInfo

from calendars.ics.invitation import Method, Party
from calendars.text import Text
from scheduler.delivery.failures import (
    DeliveryError,
    PermanentDeliveryError,
    TemporaryDeliveryError,
)
from scheduler.delivery.mail import MailServer, send_mail
from scheduler.feeds.entries import entry_of
from scheduler.feeds.ledger import renamed_at, renamed_in
from scheduler.feeds.reader import Reader
from scheduler.invitations.letters import Letter
from scheduler.model import Actor, ActorRole, Invitation, InvitationState, Scope, Session
from scheduler.store import Store, Transaction
from scheduler.store.invitations import DueInvitation

Clock = Callable[[], datetime]
TELLER: Final = Actor(name="lianke", role=ActorRole.ALLIANCE_ADMIN, origin="invitations")
FIRST_PAUSE: Final = timedelta(minutes=1)
LONGEST_PAUSE: Final = timedelta(hours=6)


async def tell_due(store: Store, server: MailServer, clock: Clock) -> bool:
    """Tell the guest who has waited longest; whether there was one. At least once, in order.

    No transaction is open while the mail goes out.
    """
    due = await store.write(Transaction.claim_invitation, actor=TELLER, now=clock())
    if due is None:
        return False
    again_at: datetime | None = None
    try:
        letter = await _letter(store, due, server, clock())
        if letter is not None:
            await send_mail(server, letter.message())
        after = _told(due.invitation, letter, clock())
    except PermanentDeliveryError as error:
        after = _failed(due.invitation, error)
    except DeliveryError as error:
        after = replace(_failed(due.invitation, error), state=InvitationState.WAITING)
        again_at = clock() + min(FIRST_PAUSE * 2 ** min(due.invitation.failures, 16), LONGEST_PAUSE)

    async def settle(transaction: Transaction) -> None:
        await transaction.settle_invitation(due, after, again_at=again_at)

    await store.write(settle, actor=TELLER, now=clock())
    return True


def method_due(
    invitation: Invitation, session: Session, sequence: int, now: datetime
) -> Method | None:
    """What the guest has still to be told; nothing of what is over."""
    if session.slot.ends <= now:
        return None
    if invitation.withdrawn_at is not None or not session.is_live(now):
        return Method.CANCEL if invitation.told == Method.REQUEST else None
    if invitation.told == Method.REQUEST and invitation.sequence >= sequence:
        return None
    return Method.REQUEST


async def _letter(
    store: Store, due: DueInvitation, server: MailServer, now: datetime
) -> Letter | None:
    """The letter that is due, if any: the session as the alliance's feed shows it."""
    if due.address is None:
        raise TemporaryDeliveryError(_NO_KEY)
    async with store.read(now=now) as transaction:
        alliance = (await transaction.alliance()).alliance
        books = await transaction.books()
    invitation, session = due.invitation, due.session
    reader = Reader(Scope.ALLIANCE, None, invitation.language)
    renamed = renamed_at(session, renamed_in(books))
    entry = entry_of(session, reader, books, alliance=alliance.id, now=now, renamed=renamed)
    method = method_due(invitation, session, entry.sequence, now)
    if method is None:
        return None
    if invitation.withdrawn_at is not None:
        # The session itself has not changed, but what this guest is told of it has.
        entry = replace(entry, changed_at=max(entry.changed_at, invitation.withdrawn_at))
    return Letter(
        method=method,
        invitation=invitation,
        session=session,
        entry=entry,
        address=due.address,
        sender=Party(alliance.name, parseaddr(server.sender)[1]),
        zone=ZoneInfo(alliance.zone),
        written_at=now,
    )


_NO_KEY: Final = Text(
    "LIANKE_SECRET_KEY 打不开来宾的邮件地址。",
    "LIANKE_SECRET_KEY does not open the guest's mail address.",
)
_TOO_LATE: Final = Text(
    "活动已结束或已取消，没有发送。", "The session is over or off: nothing was sent."
)


def _told(invitation: Invitation, letter: Letter | None, now: datetime) -> Invitation:
    is_withdrawn = invitation.withdrawn_at is not None
    state = InvitationState.WITHDRAWN if is_withdrawn else InvitationState.SENT
    if letter is not None:
        return replace(
            invitation,
            state=state,
            told=letter.method.value,
            sequence=letter.entry.sequence,
            told_at=now,
            failures=0,
            problem=None,
        )
    if invitation.told or is_withdrawn:
        return replace(invitation, state=state)
    return replace(invitation, state=InvitationState.FAILED, problem=_TOO_LATE)


def _failed(invitation: Invitation, error: DeliveryError) -> Invitation:
    return replace(
        invitation,
        state=InvitationState.FAILED,
        failures=invitation.failures + 1,
        problem=error.sentence,
    )
