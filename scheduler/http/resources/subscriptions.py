"""Subscriptions: secret addresses of published calendars, shown once and revocable."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from calendars.fields import Identifier
from calendars.text import Language, Text
from scheduler.access import require_subscription
from scheduler.errors import (
    ForbiddenError,
    InvalidWishError,
    NotFoundError,
    StateError,
)
from scheduler.feeds import SubscriptionWish, renew, revoke, subject_of, subscribe
from scheduler.feeds.free_busy import HAVE_BUSY_TIMES
from scheduler.http.answers import Page
from scheduler.http.codes import webcal
from scheduler.http.paging import PartOfList, page_of, position
from scheduler.http.routes import AnyRoute, Call, NoBody, Route
from scheduler.members import Name
from scheduler.model import Actor, ActorRole, Scope, Subscription
from scheduler.store import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """The calendar to open for whoever asks; `subject_id` is none for the alliance's.

    For one subject within a school `subject_id` is the school and `subject` the subject's name.
    `only_busy` opens an address that tells busy times only; `ends_with_term` one that closes with
    the term.
    """

    scope: Scope
    subject_id: Identifier | None = None
    subject: Name | None = None
    only_busy: bool = False
    ends_with_term: bool = False
    language: Language = "zh-CN"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedCalendar:
    """A new subscription and its secret addresses, told this once.

    A calendar program takes `url`, or `expanded` if it knows no series; a telephone opens `webcal`
    by itself, as does its camera from a QR code. `free_busy` is for teachers and rooms. An address
    that tells busy times only has no other.
    """

    subscription: Subscription
    token: str
    url: str | None
    expanded: str | None
    webcal: str | None
    qr_svg: str | None
    qr_png: str | None
    free_busy: str | None


async def _listed(transaction: Transaction, call: Call[NoBody, PartOfList]) -> Page[Subscription]:
    found = await transaction.subscriptions(
        after=position(call.query.cursor), limit=call.query.limit + 1
    )
    page = page_of(found, call.query.limit)
    mine = [each for each in page.items if await _may_see(transaction, call.actor, each)]
    return Page(items=tuple(mine), next=page.next)


async def _opened(transaction: Transaction, call: Call[Opening, object]) -> OpenedCalendar:
    opening, actor = call.body, call.actor
    wish = SubscriptionWish(
        scope=opening.scope,
        subject_id=opening.subject_id,
        subject=opening.subject,
        only_busy=opening.only_busy,
        ends_with_term=opening.ends_with_term,
        language=opening.language,
        owner=actor.name,
    )
    # Refused below, nothing of it stays; first, so that an unknown subject is told as such.
    subscription, token = await subscribe(transaction, wish)
    subject = await subject_of(transaction, opening.scope, opening.subject_id)
    require_subscription(actor, opening.scope, subject.school, subject.people)
    return _told(subscription, token, call.address)


def _told(subscription: Subscription, token: str, address: str) -> OpenedCalendar:
    feed = None if subscription.only_busy else f"{address}/feeds/{token}"
    busy_times = f"{address}/freebusy/{token}.ifb"
    return OpenedCalendar(
        subscription=subscription,
        token=token,
        url=feed and f"{feed}.ics",
        expanded=feed and f"{feed}.ics?expand=1",
        webcal=feed and webcal(f"{feed}.ics"),
        qr_svg=feed and f"{feed}.svg",
        qr_png=feed and f"{feed}.png",
        free_busy=busy_times if subscription.scope in HAVE_BUSY_TIMES else None,
    )


async def _renewed(transaction: Transaction, call: Call[NoBody, object]) -> OpenedCalendar:
    await _read(transaction, call)
    return _told(*await renew(transaction, call.id), call.address)


async def _read(transaction: Transaction, call: Call[NoBody, object]) -> Subscription:
    found = await transaction.subscription(call.id)
    if not await _may_see(transaction, call.actor, found):
        raise NotFoundError("没有这个编号的订阅。", "No subscription has this id.")
    return found


async def _revoked(transaction: Transaction, call: Call[NoBody, object]) -> None:
    await _read(transaction, call)
    await revoke(transaction, call.id)


async def _may_see(transaction: Transaction, actor: Actor, subscription: Subscription) -> bool:
    """Whether it is the actor's. Names are no keys: one like it at another school sees nothing."""
    if actor.role is ActorRole.ALLIANCE_ADMIN:
        return True
    if subscription.owner != actor.name:
        return False
    try:
        subject = await subject_of(transaction, subscription.scope, subscription.subject_id)
        require_subscription(actor, subscription.scope, subject.school, subject.people)
    except (ForbiddenError, NotFoundError):
        return False
    return True


_TAG: Final = Text("日历订阅", "Subscriptions")

ROUTES: Final[tuple[AnyRoute, ...]] = (
    Route(
        method="GET",
        path="/subscriptions",
        tag=_TAG,
        summary=Text(
            "列出自己的日历订阅（联盟办公室：全部）", "List your subscriptions (the office: all)"
        ),
        query=PartOfList,
        answer=Page[Subscription],
        run=_listed,
    ),
    Route(
        method="POST",
        path="/subscriptions",
        tag=_TAG,
        summary=Text(
            "开通日历订阅；地址只显示这一次", "Open a calendar; its address is shown this once"
        ),
        body=Opening,
        answer=OpenedCalendar,
        status=HTTPStatus.CREATED,
        errors=(ForbiddenError, InvalidWishError),
        tells_secret=True,
        id_of=lambda opened: opened.subscription.id,
        run=_opened,
    ),
    Route(
        method="GET",
        path="/subscriptions/{id}",
        tag=_TAG,
        summary=Text("读取一个订阅", "Read one subscription"),
        answer=Subscription,
        errors=(NotFoundError,),
        run=_read,
    ),
    Route(
        method="POST",
        path="/subscriptions/{id}/renewal",
        tag=_TAG,
        summary=Text(
            "换一个新地址，只显示这一次；旧地址立即失效",
            "A new address, shown this once; the old one closes at once",
        ),
        answer=OpenedCalendar,
        errors=(NotFoundError, StateError, InvalidWishError),
        tells_secret=True,
        run=_renewed,
    ),
    Route(
        method="DELETE",
        path="/subscriptions/{id}",
        tag=_TAG,
        summary=Text("撤销订阅，地址立即失效", "Revoke a subscription: its address closes at once"),
        answer=None,
        status=HTTPStatus.NO_CONTENT,
        errors=(NotFoundError, StateError),
        run=_revoked,
    ),
)
