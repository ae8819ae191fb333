"""Subscriptions: secret addresses of published calendars, shown once and revocable."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from calendars.bells import SchoolId
from calendars.fields import Identifier
from calendars.text import Language, Text
from scheduler.access import require_subscription
from scheduler.errors import (
    ForbiddenError,
    InvalidWishError,
    NotFoundError,
    StateError,
)
from scheduler.feeds import SubscriptionWish, revoke, subscribe
from scheduler.http.answers import Page
from scheduler.http.paging import Cursor, Limit, page_of, position
from scheduler.http.routes import AnyRoute, Call, NoBody, Route
from scheduler.members import Room, School, Teacher
from scheduler.model import Actor, ActorRole, Scope, Subscription
from scheduler.records import Record, school_of
from scheduler.store import Transaction

_SUBJECTS: Final[Mapping[Scope, type[Record]]] = {
    Scope.TEACHER: Teacher,
    Scope.SCHOOL: School,
    Scope.ROOM: Room,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """The calendar to open for whoever asks; `subject_id` is none for the alliance's."""

    scope: Scope
    subject_id: Identifier | None = None
    language: Language = "zh-CN"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedCalendar:
    """A new subscription and its secret address, told this once.

    A calendar program takes `url`; a telephone opens it by itself from `webcal`.
    """

    subscription: Subscription
    token: str
    url: str
    webcal: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionList:
    """Which part of the list."""

    cursor: Cursor = ""
    limit: Limit = 100


async def _listed(
    transaction: Transaction, call: Call[NoBody, SubscriptionList]
) -> Page[Subscription]:
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
        language=opening.language,
        owner=actor.name,
    )
    # Refused below, nothing of it stays; first, so that an unknown subject is told as such.
    subscription, token = await subscribe(transaction, wish)
    school, person = await _subject(transaction, opening.scope, opening.subject_id)
    require_subscription(actor, opening.scope, school, person)
    path = f"/feeds/{token}.ics"
    return OpenedCalendar(
        subscription=subscription,
        token=token,
        url=f"{call.address}{path}",
        webcal=f"webcal://{call.address.partition('://')[2]}{path}",
    )


async def _subject(
    transaction: Transaction, scope: Scope, subject_id: str | None
) -> tuple[SchoolId | None, str | None]:
    """The school that the calendar belongs to, and the person's name where it is a person's."""
    kind = _SUBJECTS.get(scope)
    if kind is None or subject_id is None:
        return None, None
    record = (await transaction.get(kind, subject_id)).record
    return school_of(record), record.name if isinstance(record, Teacher) else None


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
        subject = await _subject(transaction, subscription.scope, subscription.subject_id)
        require_subscription(actor, subscription.scope, *subject)
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
        query=SubscriptionList,
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
