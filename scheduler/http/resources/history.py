"""Who asks, who did what, and how things were at a moment: reading only."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from calendars.fields import Identifier, Name
from calendars.text import Text
from scheduler.access import require_office
from scheduler.errors import ForbiddenError
from scheduler.http.answers import Page
from scheduler.http.paging import Cursor, Limit, number_position, page_of, position
from scheduler.http.routes import AnyRoute, Call, NoBody, Route
from scheduler.model import Actor, AuditEntry, AuditFilter, PastState
from scheduler.store import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditList(AuditFilter):
    """Which entries to list, the oldest first: of one kind, one thing, one person, one while."""

    cursor: Cursor = ""
    limit: Limit = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class PastStates:
    """What to look at as it was at a moment: all of a `kind` (such as sessions), or the one `id`.

    Kinds are the resources of the API. Kept are the states since the audit was last purged.
    """

    kind: Name
    at: datetime
    id: Identifier | None = None
    cursor: Cursor = ""
    limit: Limit = 100


async def _me(_transaction: Transaction, call: Call[NoBody, object]) -> Actor:
    return call.actor


async def _audit(transaction: Transaction, call: Call[NoBody, AuditList]) -> Page[AuditEntry]:
    require_office(call.actor)
    query = call.query
    found = await transaction.audit(
        query, after=number_position(query.cursor), limit=query.limit + 1
    )
    return page_of(found, query.limit, key=lambda entry: entry.no)


async def _states(transaction: Transaction, call: Call[NoBody, PastStates]) -> Page[PastState]:
    require_office(call.actor)
    query = call.query
    found = await transaction.past_states(
        query.kind,
        query.at,
        id=query.id,
        after=position(query.cursor),
        limit=query.limit + 1,
    )
    return page_of(found, query.limit)


_TAG: Final = Text("我与记录", "Me and the record")

ROUTES: Final[tuple[AnyRoute, ...]] = (
    Route(
        method="GET",
        path="/me",
        tag=_TAG,
        summary=Text("我是谁，角色与学校", "Who I am: name, role and school"),
        answer=Actor,
        run=_me,
    ),
    Route(
        method="GET",
        path="/audit",
        tag=_TAG,
        summary=Text("操作日志（仅联盟办公室）", "Who did what (the office only)"),
        query=AuditList,
        answer=Page[AuditEntry],
        errors=(ForbiddenError,),
        run=_audit,
    ),
    Route(
        method="GET",
        path="/audit/states",
        tag=_TAG,
        summary=Text(
            "某一时刻的状态，按操作日志还原（仅联盟办公室）",
            "How things were at a moment, from the audit (the office only)",
        ),
        query=PastStates,
        answer=Page[PastState],
        errors=(ForbiddenError,),
        run=_states,
    ),
)
