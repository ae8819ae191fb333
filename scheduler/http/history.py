"""Who asks, and who did what: reading only."""

from dataclasses import dataclass
from typing import Final

from calendars.fields import Identifier
from calendars.text import Text
from scheduler.access import require_office
from scheduler.errors import ForbiddenError
from scheduler.http.answers import Page
from scheduler.http.paging import Cursor, Limit, number_position, page_of
from scheduler.http.routes import AnyRoute, Call, NoBody, Route
from scheduler.model import Actor, AuditEntry
from scheduler.store import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditList:
    """Which entries to list, the oldest first."""

    subject_id: Identifier | None = None
    cursor: Cursor = ""
    limit: Limit = 100


async def _me(_transaction: Transaction, call: Call[NoBody, object]) -> Actor:
    return call.actor


async def _audit(transaction: Transaction, call: Call[NoBody, AuditList]) -> Page[AuditEntry]:
    require_office(call.actor)
    query = call.query
    found = await transaction.audit(
        subject_id=query.subject_id, after=number_position(query.cursor), limit=query.limit + 1
    )
    return page_of(found, query.limit, key=lambda entry: entry.no)


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
)
