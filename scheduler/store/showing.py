"""The sessions that a calendar shows; read again only where they have changed since last time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import FromClause, Select, bindparam, exists, or_, select, union

from calendars.slots import Slot
from scheduler.members import Studio, StudioId
from scheduler.model import Resource, Session, SessionId
from scheduler.records import NAMES
from scheduler.store import tables
from scheduler.store.changed import Ends, chain_ends, changes_since
from scheduler.store.claims import concerned_by
from scheduler.store.codec import MANY, decode_all
from scheduler.store.opened import AT_ONCE, Condition, OpenTransaction, Values, one_of, touches

_TABLE = tables.sessions

Subject = Resource | StudioId | None
"""Whose sessions: a resource's or a studio's; everybody's if None."""


@dataclass(frozen=True, slots=True)
class Shown:
    """The sessions that touch `within`, and those of the same series; `ends` tells as of when."""

    within: Slot
    ends: Ends
    sessions: Mapping[SessionId, Session]


async def sessions_to_show(
    transaction: OpenTransaction, about: Subject, within: Slot, before: Shown | None = None
) -> Shown:
    """Sessions that touch `within`, and those of the same series, however old or far.

    They use the resource or belong to the studio. Of what was shown `before` only that is read
    again which has changed: to decode a session costs ten times as much as to see that.
    """
    if before is not None and before.within == within:
        changes = await changes_since(transaction, before.ends, most=MANY)
        sessions = None if changes is None else _followed(before, changes.sessions, about)
        if changes is not None and sessions is not None:
            return Shown(within, changes.ends, sessions)
    ends = await chain_ends(transaction)
    known = {} if before is None else before.sessions
    found = await _compared(transaction, about, within, known)
    return Shown(within, ends, {session.id: session for session in found})


def _followed(
    before: Shown, changed: Mapping[SessionId, Session], about: Subject
) -> Mapping[SessionId, Session] | None:
    """What is shown now that these have changed; None if older ones of a series may come with them.

    Of each series that is shown at all, all sessions are known.
    """
    sessions, known = {**before.sessions}, frozenset[object]()
    if any(session.series is not None for session in changed.values()):
        known = frozenset(session.series for session in sessions.values()) - {None}
    for session in changed.values():
        is_near = session.slot.overlaps(before.within)
        if not _is_of(session, about) or not (is_near or session.series in known):
            sessions.pop(session.id, None)
        elif session.series is None or session.series in known:
            sessions[session.id] = session
        else:
            return None
    return sessions


def _is_of(session: Session, about: Subject) -> bool:
    if isinstance(about, Resource):
        return about in concerned_by(session)
    return about is None or session.studio == about


async def _compared(
    transaction: OpenTransaction,
    about: Subject,
    within: Slot,
    known: Mapping[SessionId, Session],
) -> Sequence[Session]:
    """The sessions, of which those that are `known` at their revision are not read again."""
    statements, values = _asked(about)
    earliest = within.starts - timedelta(seconds=tables.LONGEST_CLAIM_SECONDS)
    values |= {"opens": within.starts, "closes": within.ends, "earliest": earliest}
    if not known:
        return await _read(transaction, statements.bodies, values)
    found, changed = list[Session](), list[SessionId]()
    for name, revision in map(tuple, await transaction.all(statements.revisions, values)):
        session = known.get(name)
        if session is not None and session.revision == revision:
            found.append(session)
        else:
            changed.append(name)
    if len(changed) > AT_ONCE:
        return await _read(transaction, statements.bodies, values)
    if changed:
        found += await _read(transaction, _NAMED, {"changed": changed})
    return found


async def _read(
    transaction: OpenTransaction, bodies: Select[Any], values: dict[str, Any]
) -> list[Session]:
    rows = await transaction.all(bodies, values)
    return await decode_all(Session, [row.body for row in rows])


class _Statements(NamedTuple):
    """What is asked of the sessions that one kind of calendar shows."""

    bodies: Select[Any]
    revisions: Select[Any]

    @classmethod
    def of(cls, shown: Select[Any]) -> "_Statements":
        return cls(
            shown.with_only_columns(_TABLE.c.body),
            shown.with_only_columns(_TABLE.c.id, _TABLE.c.revision),
        )


def _in_window(table: FromClause = _TABLE) -> Condition:
    """Whether a session touches the window."""
    bounds: Values = {name: bindparam(name) for name in ("opens", "closes", "earliest")}
    return touches(table, **bounds)


def _of_anybody() -> Select[Any]:
    """Of all sessions they are looked up from what touches the window."""
    under_way = select(_TABLE.c.series).where(_in_window(), _TABLE.c.series.is_not(None))
    ids = select(_TABLE.c.id)
    shown = union(ids.where(_in_window()), ids.where(_TABLE.c.series.in_(under_way)))
    return select(_TABLE).where(_TABLE.c.id.in_(shown))


def _of_few() -> Select[Any]:
    """Of a few sessions they are asked for one by one."""
    other = _TABLE.alias()
    goes_on = exists().where(other.c.series == _TABLE.c.series, _in_window(other))
    return select(_TABLE).where(or_(_in_window(), goes_on))


def _using_resource() -> Select[Any]:
    claims, resources = tables.claims, tables.resources
    return (
        _of_few()
        .join(claims, claims.c.session == _TABLE.c.id)
        .join(resources, resources.c.number == claims.c.resource)
        .where(resources.c.kind == bindparam("kind"), resources.c.id == bindparam("id"))
    )


def _of_studio() -> Select[Any]:
    named = tables.record_references
    # Of whatever kind: nothing else has the id of a session.
    ids = select(named.c.from_id).where(
        named.c.to_kind == NAMES[Studio], named.c.to_id == bindparam("studio")
    )
    return _of_few().where(_TABLE.c.id.in_(ids))


_NAMED: Final = select(_TABLE.c.body).where(_TABLE.c.id.in_(one_of("changed")))
_OF_ANYBODY: Final = _Statements.of(_of_anybody())
_USING_RESOURCE: Final = _Statements.of(_using_resource())
_OF_STUDIO: Final = _Statements.of(_of_studio())


def _asked(about: Subject) -> tuple[_Statements, dict[str, Any]]:
    """The statements, and the values that they name."""
    if about is None:
        return _OF_ANYBODY, {}
    if isinstance(about, Resource):
        return _USING_RESOURCE, {"kind": about.kind, "id": about.id}
    return _OF_STUDIO, {"studio": about}
