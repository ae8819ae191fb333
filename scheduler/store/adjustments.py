"""The record of what was done to agreed sessions, written with the change itself."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Select, func, insert, select, update

from calendars.bells import SchoolId
from calendars.slots import Slot
from scheduler.adjusting import ORDINARY, Occasion, adjustment_of, approvals_of, kind_of
from scheduler.model import (
    Adjustment,
    AdjustmentKind,
    Resource,
    ResourceKind,
    Session,
    SessionId,
    SessionState,
    Tally,
)
from scheduler.store import tables
from scheduler.store.codec import decode, encode
from scheduler.store.opened import OpenTransaction

_TABLE = tables.adjustments
_PARTIES = tables.adjustment_parties
_SESSION: Final = "session"


async def note_adjustments(
    transaction: OpenTransaction,
    changes: Sequence[tuple[Session, Session]],
    occasion: Occasion = ORDINARY,
) -> None:
    """Record what each session's change amounts to, if schools had agreed to the session.

    What happens to a hold that nobody has confirmed yet is no operation on the timetable, but a
    move that has a cause is told, for the way back. Answers to the last operation are noted with
    it. Sessions that swap get a record each, linked with each
    other and about the people of both.
    """
    for before, after in changes:
        kind = occasion.kind or kind_of(before, after)
        if before.state is not SessionState.CONFIRMED:
            last = await last_adjustment(transaction, before.id)
            is_told = occasion.cause and kind is not AdjustmentKind.CANCEL
            if last is None and not is_told:
                continue
            if last is not None and kind is None:
                await _note_answers(transaction, last, after)
        if kind is not None:
            others = [each for _, each in changes if each.id != after.id]
            made = adjustment_of(
                kind,
                before,
                after,
                actor=occasion.asked_by or transaction.actor,
                now=transaction.now,
                cause=occasion.cause,
                linked=others if kind is AdjustmentKind.SWAP else (),
            )
            await add_adjustment(transaction, made)


async def _note_answers(transaction: OpenTransaction, last: Adjustment, now: Session) -> None:
    answered = replace(last, approvals=approvals_of(now))
    statement = update(_TABLE).where(_TABLE.c.id == last.id)
    await transaction.run(statement.values(body=encode(answered)))


async def add_adjustment(transaction: OpenTransaction, adjustment: Adjustment) -> None:
    """Write a record that stands for itself."""
    await transaction.run(insert(_TABLE), [columns_of(adjustment)])
    await transaction.run(insert(_PARTIES), parties_of(adjustment))


def columns_of(adjustment: Adjustment) -> dict[str, Any]:
    """The row of an operation; `starts` is the time of the lesson it was about."""
    place = adjustment.before or adjustment.after
    assert place is not None  # noqa: S101 - an operation is about something
    return {
        "id": adjustment.id,
        "session": adjustment.session,
        "kind": adjustment.kind.value,
        "cause": adjustment.cause,
        "starts": place.slot.starts,
        "body": encode(adjustment),
    }


def parties_of(adjustment: Adjustment) -> list[dict[str, Any]]:
    """Whom the operation concerns: schools, teachers, and every session in it."""
    parties = {
        *((ResourceKind.SCHOOL.value, school) for school in adjustment.schools),
        *((ResourceKind.TEACHER.value, teacher) for teacher in adjustment.teachers),
        *((_SESSION, session) for session in (adjustment.session, *adjustment.linked)),
    }
    return [
        {"adjustment": adjustment.id, "kind": kind, "id": name} for kind, name in sorted(parties)
    ]


async def last_adjustment(transaction: OpenTransaction, id: SessionId) -> Adjustment | None:
    """The latest operation on the session itself."""
    query = select(_TABLE.c.body).where(_TABLE.c.session == id).order_by(_TABLE.c.id.desc())
    row = await transaction.first(query.limit(1))
    return None if row is None else decode(Adjustment, row.body)


async def adjustments(
    transaction: OpenTransaction,
    *,
    parties: Sequence[Resource] = (),
    session: SessionId | None = None,
    kind: AdjustmentKind | None = None,
    cause: str = "",
    within: Slot | None = None,
    after: str = "",
    limit: int | None = 100,
) -> Sequence[Adjustment]:
    """Operations by time that concern all `parties` and this session, of lessons `within`."""
    query = select(_TABLE.c.body).where(_TABLE.c.id > after)
    for each in parties:
        query = _concerning(query, each.kind.value, each.id)
    if session is not None:
        query = _concerning(query, _SESSION, session)
    if kind is not None:
        query = query.where(_TABLE.c.kind == kind)
    if cause:
        query = query.where(_TABLE.c.cause == cause)
    query = _of_lessons(query, within)
    rows = await transaction.all(query.order_by(_TABLE.c.id).limit(limit))
    return tuple(decode(Adjustment, row.body) for row in rows)


async def tally_adjustments(
    transaction: OpenTransaction,
    *,
    of: ResourceKind,
    school: SchoolId | None = None,
    within: Slot | None = None,
) -> tuple[Tally, ...]:
    """How often each school or teacher (`of`) had each operation; a swap is one operation.

    Of a school alone: its own count, or how often each teacher had one that concerns the school.
    """
    query = (
        select(_PARTIES.c.id, _TABLE.c.kind, func.count().label("records"))
        .select_from(_PARTIES)
        .join(_TABLE, _TABLE.c.id == _PARTIES.c.adjustment)
        .where(_PARTIES.c.kind == of)
    )
    if school is not None and of is ResourceKind.SCHOOL:
        query = query.where(_PARTIES.c.id == school)
    elif school is not None:
        query = _concerning(query, ResourceKind.SCHOOL.value, school)
    query = _of_lessons(query, within).group_by(_PARTIES.c.id, _TABLE.c.kind)
    rows = await transaction.all(query.order_by(_PARTIES.c.id, _TABLE.c.kind))
    return tuple(
        _tally(Resource(of, row.id), AdjustmentKind(row.kind), row.records) for row in rows
    )


def _tally(resource: Resource, kind: AdjustmentKind, records: int) -> Tally:
    # Both halves of a swap are about everybody in it.
    count = records // 2 if kind is AdjustmentKind.SWAP else records
    return Tally(resource=resource, kind=kind, count=count)


def _concerning(query: Select[Any], kind: str, id: str) -> Select[Any]:
    party = _PARTIES.alias()
    return query.join(party, party.c.adjustment == _TABLE.c.id).where(
        party.c.kind == kind, party.c.id == id
    )


def _of_lessons(query: Select[Any], within: Slot | None) -> Select[Any]:
    if within is None:
        return query
    return query.where(_TABLE.c.starts >= within.starts, _TABLE.c.starts < within.ends)
