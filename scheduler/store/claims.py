"""What a session takes from others, as rows that the database itself keeps apart."""

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import DBAPIError

from calendars.slots import Slot
from calendars.text import Text
from scheduler.errors import ClashError
from scheduler.model import Conflict, Resource, ResourceKind, Session, SessionId, SessionState
from scheduler.store import tables
from scheduler.store.failures import is_refusal
from scheduler.store.opened import Condition, OpenTransaction, ResourceRow, touches
from scheduler.store.resources import WORDS_OF_RESOURCES, lock_resources

_RULES: Final = {
    ResourceKind.ROOM: "H1",
    ResourceKind.KIT: "H1",
    ResourceKind.TEACHER: "H2",
    ResourceKind.CLASS_GROUP: "H3",
    ResourceKind.LINK_POOL: "H6",
}
"""The rule that a claim on each kind of resource stands for."""

_SHARED: Final = {ResourceKind.SCHOOL, ResourceKind.LINK_POOL}
_TABLE = tables.claims

_INSERT = insert(_TABLE)

Claims = list[dict[str, Any]]


def seconds_of(moment: datetime) -> int:
    """Whole seconds since 1970, as claims count; parts of a second are dropped."""
    return int(moment.timestamp() // 1)


def touch(within: Slot) -> Condition:
    """Whether a claim touches it."""
    starts, ends = seconds_of(within.starts), -int(-within.ends.timestamp() // 1)
    earliest = starts - tables.LONGEST_CLAIM_SECONDS
    return touches(_TABLE, opens=starts, closes=ends, earliest=earliest)


def concerned_by(session: Session) -> set[Resource]:
    """Whose calendars show a session: its resources and the teachers who only observe."""
    observers = {
        Resource(ResourceKind.TEACHER, teacher)
        for site in session.sites
        for teacher in site.observers
    }
    return {*session.resources(), *observers}


async def claims_of(transaction: OpenTransaction, session: Session) -> Claims:
    """The rows of a session. Its resources are locked first, with the kits of its rooms."""
    return claims_on(session, await lock_resources(transaction, concerned_by(session)))


def claims_on(session: Session, known: Mapping[Resource, ResourceRow]) -> Claims:
    """The rows of a session, all of whose resources are `known`, with the kits of its rooms."""
    rows = [known[resource] for resource in sorted(concerned_by(session))]
    kits = {row.kit for row in rows}
    rows += [row for row in known.values() if row.number in kits]
    taken = set(session.resources())
    in_common = _in_common(session)
    return [
        in_common
        | {
            "resource": row.number,
            "kind": row.resource.kind.value,
            "exclusive": _is_exclusive(row, taken),
        }
        for row in rows
    ]


def _is_exclusive(row: ResourceRow, taken: set[Resource]) -> bool:
    if row.resource.kind is ResourceKind.TEACHER:
        return row.resource in taken
    return row.resource.kind not in _SHARED


def _in_common(session: Session) -> dict[str, Any]:
    expires = session.hold_expires_at if session.state is SessionState.HELD else None
    starts = seconds_of(session.slot.starts)
    return {
        "session": session.id,
        "starts": starts,
        # Rounded up: a slot that ends within a second takes all of it.
        "ends": -int(-session.slot.ends.timestamp() // 1),
        "expires": None if expires is None else seconds_of(expires),
        "sites": len(session.sites),
        "party": _party_of(session),
        "live": session.state in (SessionState.HELD, SessionState.CONFIRMED),
    }


def _party_of(session: Session) -> int:
    """A number for the participants of a session, equal for equal ones (H12)."""
    schools, groups = session.participants()
    words = "\n".join((*sorted(schools), "", *sorted(groups)))
    return int.from_bytes(blake2b(words.encode(), digest_size=8).digest(), signed=True)


@asynccontextmanager
async def kept_apart(transaction: OpenTransaction, claims: Claims) -> AsyncIterator[None]:
    """A part that writes `claims`; undone, with `ClashError`, if a guard refuses them."""
    try:
        async with transaction.savepoint():
            yield
    except DBAPIError as error:
        if not is_refusal(error):
            raise
        raise ClashError(await _what_is_in_the_way(transaction, claims)) from error


async def add_claims(transaction: OpenTransaction, claims: Claims) -> None:
    """Write the rows of sessions that have none."""
    await transaction.run(_INSERT, claims)


async def drop_claims(transaction: OpenTransaction, session: SessionId) -> None:
    """Remove the rows of a session, to write others."""
    await transaction.run(delete(_TABLE).where(_TABLE.c.session == session))


async def _what_is_in_the_way(transaction: OpenTransaction, claims: Claims) -> tuple[Conflict, ...]:
    """Who holds what the claims ask for, as far as can be seen after the refusal."""
    of_session = defaultdict[str, Claims](list)
    for claim in claims:
        of_session[claim["session"]].append(claim)
    resources = tables.resources
    found = set[tuple[str, str, str]]()
    for own in of_session.values():
        rows = await transaction.all(
            select(resources.c.kind, resources.c.id, _TABLE.c.session)
            .join(resources, resources.c.number == _TABLE.c.resource)
            .where(
                _TABLE.c.resource.in_([claim["resource"] for claim in own]),
                _TABLE.c.kind != ResourceKind.SCHOOL,
                _TABLE.c.live,
                _TABLE.c.session.not_in(of_session),
                _TABLE.c.starts < own[0]["ends"] + resources.c.buffer_seconds,
                _TABLE.c.ends > own[0]["starts"] - resources.c.buffer_seconds,
            )
        )
        found |= {(row.kind, row.id, row.session) for row in rows}
    return tuple(
        _in_the_way(Resource(ResourceKind(kind), name), session)
        for kind, name, session in sorted(found)
    )


def _in_the_way(resource: Resource, session: str) -> Conflict:
    word = WORDS_OF_RESOURCES[resource.kind]
    return Conflict(
        rule=_RULES[resource.kind],
        sentence=Text(
            f"{word.zh} {resource.id} 已被活动 {session} 占用。",
            f"The {word.en} {resource.id} is taken by session {session}.",
        ),
        resources=(resource,),
        sessions=(SessionId(session),),
    )
