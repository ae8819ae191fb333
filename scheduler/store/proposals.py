"""Proposals, and the places that the open ones hold."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, Final

from sqlalchemy import Select, and_, bindparam, insert, or_, select

from calendars.slots import Slot
from calendars.text import Text
from scheduler.errors import NotFoundError
from scheduler.model import Proposal, ProposalId, ProposalState, Session, SessionId
from scheduler.placing import is_where_it_was
from scheduler.store import tables
from scheduler.store.audit import write_audit
from scheduler.store.codec import decode, encode
from scheduler.store.opened import OpenTransaction, chunks
from scheduler.store.successors import write_over

_TABLE = tables.proposals
_KIND: Final = "proposals"
_CALLED: Final = Text("提议", "proposal")


async def proposal(transaction: OpenTransaction, id: ProposalId) -> Proposal:
    """One proposal, or `NotFoundError`."""
    row = await transaction.first(select(_TABLE.c.body).where(_TABLE.c.id == id))
    if row is None:
        raise NotFoundError(f"没有编号为 {id} 的提议。", f"No such proposal: {id}.")
    return decode(Proposal, row.body)


async def proposals(
    transaction: OpenTransaction,
    *,
    states: Sequence[ProposalState] = tuple(ProposalState),
    after: str = "",
    limit: int | None = 100,
) -> Sequence[Proposal]:
    """Proposals by id, those that come after `after`."""
    query = select(_TABLE.c.body).where(_TABLE.c.id > after, _TABLE.c.state.in_(states))
    rows = await transaction.all(query.order_by(_TABLE.c.id).limit(limit))
    return tuple(decode(Proposal, row.body) for row in rows)


async def add_proposal(transaction: OpenTransaction, proposal: Proposal) -> None:
    """Store a new proposal."""
    await transaction.run(insert(_TABLE), [columns_of(proposal)])
    await write_audit(
        transaction, "create", (_KIND, proposal.id), after=proposal, reason=proposal.reason
    )


async def replace_proposal(
    transaction: OpenTransaction, before: Proposal, after: Proposal
) -> Proposal:
    """Store the successor of `before`, one revision later; `StaleError` if it changed meanwhile."""
    after = replace(after, id=before.id, revision=before.revision + 1)
    await write_over(transaction, _TABLE, before, columns_of(after), called=_CALLED)
    action = "answer" if before.state is after.state else after.state.value
    await write_audit(
        transaction,
        action,
        (_KIND, after.id),
        before=before,
        after=after,
        reason=after.answer or after.reason,
    )
    return after


async def held_places(
    transaction: OpenTransaction, slots: Iterable[Slot], *, for_none_of: Iterable[SessionId] = ()
) -> Sequence[Session]:
    """What open proposals would make of their sessions, where that touches the slots.

    Without proposals about `for_none_of`, and without those whose sessions have changed since.
    """
    concerned = set(for_none_of)
    found: dict[str, Proposal] = {}
    for part in chunks(slots, 100):
        values = {"now": transaction.now}
        for no, slot in enumerate(part):
            values |= {f"starts_{no}": slot.starts, f"ends_{no}": slot.ends}
        for row in await transaction.all(_open_within(len(part)), values):
            each = decode(Proposal, row.body)
            if concerned.isdisjoint(each.sessions):
                found[each.id] = each
    overtaken = {each.id for each in await overtaken_among(transaction, tuple(found.values()))}
    return tuple(
        place.after
        for _, each in sorted(found.items())
        if each.id not in overtaken
        for place in each.places
    )


@cache
def _open_within(count: int) -> Select[Any]:
    """The question for what is open and touches one of so many slots, made once."""
    touches = (
        and_(_TABLE.c.starts < bindparam(f"ends_{no}"), _TABLE.c.ends > bindparam(f"starts_{no}"))
        for no in range(count)
    )
    return select(_TABLE.c.body).where(
        _TABLE.c.state == ProposalState.OPEN,
        _TABLE.c.expires_at > bindparam("now"),
        or_(*touches),
    )


async def overtaken_among(
    transaction: OpenTransaction, proposals: Sequence[Proposal]
) -> Sequence[Proposal]:
    """Those of the proposals whose sessions are not where they were when the schools were asked."""
    wanted = {
        place.before.id for each in proposals for place in each.places if place.before is not None
    }
    now: dict[SessionId, Session] = {}
    for part in chunks(sorted(wanted)):
        table = tables.sessions
        for row in await transaction.all(select(table.c.body).where(table.c.id.in_(part))):
            session = decode(Session, row.body)
            now[session.id] = session
    return tuple(
        each
        for each in proposals
        if any(
            place.before is not None
            and not is_where_it_was(place.before, now[place.before.id], transaction.now)
            for place in each.places
        )
    )


def columns_of(proposal: Proposal) -> dict[str, Any]:
    """The row of a proposal; `starts` and `ends` span its places."""
    slots = [each.after.slot for each in proposal.places]
    return {
        "id": proposal.id,
        "state": proposal.state.value,
        "expires_at": proposal.expires_at,
        "starts": min(slot.starts for slot in slots),
        "ends": max(slot.ends for slot in slots),
        "revision": proposal.revision,
        "body": encode(proposal),
    }
