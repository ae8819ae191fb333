"""Invitations: guests without an account, told of one session by mail."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from aiohttp import web

from calendars.text import Text
from scheduler.errors import (
    ForbiddenError,
    NotFoundError,
    StaleError,
    StateError,
)
from scheduler.http.answers import Page
from scheduler.http.paging import PartOfList, page_of, position
from scheduler.http.routes import AnyRoute, Call, NoBody, Route
from scheduler.invitations import InvitationWish, invite, require_host, send_again, withdraw
from scheduler.model import Actor, Invitation, SessionId
from scheduler.store import Transaction

INVITES: Final = web.AppKey("invites", bool)
"""Whether there is a mail server to invite through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationList(PartOfList):
    """Which invitations to list."""

    session: SessionId | None = None


async def _require_mail(app: web.Application, call: Call[InvitationWish, object]) -> InvitationWish:
    if not app[INVITES]:
        raise StateError(
            "未开启邮件邀请：请管理员设置 LIANKE_SMTP_HOST（见 docs/invitations.md）。",
            "Invitations by mail are off: the operator turns them on with LIANKE_SMTP_HOST "
            "(docs/invitations.md).",
        )
    return call.body


async def _listed(transaction: Transaction, call: Call[NoBody, InvitationList]) -> Page[Invitation]:
    query = call.query
    found = await transaction.invitations(
        session=query.session, after=position(query.cursor), limit=query.limit + 1
    )
    page = page_of(found, query.limit)
    mine = [each for each in page.items if await _may_see(transaction, call.actor, each)]
    return Page(items=tuple(mine), next=page.next)


async def _invited(transaction: Transaction, call: Call[InvitationWish, object]) -> Invitation:
    return await invite(transaction, call.body)


async def _read(transaction: Transaction, call: Call[NoBody, object]) -> Invitation:
    found = await transaction.invitation(call.id)
    if not await _may_see(transaction, call.actor, found):
        raise NotFoundError(f"没有编号为 {call.id} 的邀请。", f"No such invitation: {call.id}.")
    return found


async def _may_see(transaction: Transaction, actor: Actor, invitation: Invitation) -> bool:
    try:
        require_host(actor, await transaction.session(invitation.session))
    except ForbiddenError:
        return False
    return True


async def _sent_again(transaction: Transaction, call: Call[NoBody, object]) -> Invitation:
    found = await _read(transaction, call)
    return await send_again(transaction, found.id, call.if_match.expect(found.revision))


async def _withdrawn(transaction: Transaction, call: Call[NoBody, object]) -> Invitation:
    found = await _read(transaction, call)
    return await withdraw(transaction, found.id, call.if_match.expect(found.revision))


_TAG: Final = Text("来宾邀请", "Invitations")

ROUTES: Final[tuple[AnyRoute, ...]] = (
    Route(
        method="GET",
        path="/invitations",
        tag=_TAG,
        summary=Text("列出来宾邀请及其送达情况", "List invited guests and whether they were told"),
        query=InvitationList,
        answer=Page[Invitation],
        run=_listed,
    ),
    Route(
        method="POST",
        path="/invitations",
        tag=_TAG,
        summary=Text(
            "用邮件邀请没有账号的来宾参加一次活动；改期或取消时自动告知",
            "Invite a guest without an account by mail; changes of the session are told, too",
        ),
        body=InvitationWish,
        answer=Invitation,
        status=HTTPStatus.CREATED,
        errors=(NotFoundError, ForbiddenError, StateError),
        prepare=_require_mail,
        run=_invited,
    ),
    Route(
        method="GET",
        path="/invitations/{id}",
        tag=_TAG,
        summary=Text("读取一个邀请", "Read one invitation"),
        answer=Invitation,
        errors=(NotFoundError,),
        run=_read,
    ),
    Route(
        method="POST",
        path="/invitations/{id}/letter",
        tag=_TAG,
        summary=Text("再发送一次邀请", "Send the invitation once more"),
        answer=Invitation,
        errors=(NotFoundError, StateError, StaleError),
        needs_if_match=True,
        run=_sent_again,
    ),
    Route(
        method="POST",
        path="/invitations/{id}/withdrawal",
        tag=_TAG,
        summary=Text(
            "撤回邀请，并告知来宾", "Withdraw an invitation, and tell the guest not to come"
        ),
        answer=Invitation,
        errors=(NotFoundError, StaleError),
        needs_if_match=True,
        run=_withdrawn,
    ),
)
