"""The situation in which sessions are judged: their schools' books and whatever is near them."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import BindParameter, Select, bindparam, or_, select

from calendars.bells import SchoolId
from calendars.slots import Slot
from scheduler.model import Resource, ResourceKind, Session
from scheduler.schools import SchoolBook, Situation
from scheduler.store import tables
from scheduler.store.books import all_books, books
from scheduler.store.claims import concerned_by, seconds_of
from scheduler.store.codec import decode
from scheduler.store.opened import OpenTransaction, ResourceRow, chunks, one_of, touches
from scheduler.store.proposals import held_places
from scheduler.store.resources import find_resources
from scheduler.store.ties import ties_of

_NEAR: Final = timedelta(days=1)
_NEAR_MINUTES: Final = 24 * 60


async def situation(transaction: OpenTransaction, sessions: Sequence[Session]) -> Situation:
    """The situation to judge these sessions in.

    It holds their schools, all schools of their teachers, and the live sessions on their resources
    within a day of any of them, what open proposals about others hold there, and what goes together
    with those that are of a series.
    """
    concerned = {resource for session in sessions for resource in concerned_by(session)}
    found = await find_resources(transaction, concerned)
    rows = list(found.values())
    schools = {SchoolId(row.school) for row in rows if row.school is not None}
    schools |= {site.school for session in sessions for site in session.sites}
    alliance, around = await all_books(transaction, schools)
    if elsewhere := _other_schools_of_teachers(concerned, around):
        around |= await books(transaction, elsewhere)
    slots = [session.slot for session in sessions]
    proposed = await held_places(
        transaction,
        [slot.padded(_NEAR_MINUTES) for slot in slots],
        for_none_of={session.id for session in sessions},
    )
    return Situation(
        alliance=alliance,
        schools=around,
        sessions=(*await _near(transaction, rows, slots), *proposed),
        ties=await ties_of(transaction, sessions, ZoneInfo(alliance.alliance.zone)),
    )


def _other_schools_of_teachers(
    concerned: Iterable[Resource], around: dict[SchoolId, SchoolBook]
) -> set[SchoolId]:
    named = {each.id for each in concerned if each.kind is ResourceKind.TEACHER}
    return {
        school
        for book in around.values()
        for teacher in book.teachers.values()
        if teacher.id in named
        for school in teacher.also_at
        if school not in around
    }


async def _near(
    transaction: OpenTransaction, rows: Iterable[ResourceRow], slots: Iterable[Slot]
) -> tuple[Session, ...]:
    numbers = {row.number for row in rows if row.resource.kind is not ResourceKind.SCHOOL}
    numbers |= {row.kit for row in rows if row.kit is not None}
    stretches = _stretches(slots)
    around = {"numbers": sorted(numbers), "now": seconds_of(transaction.now)}
    bodies: dict[str, str] = {}
    for part in chunks(stretches, 50):
        values = around | {
            f"{name}_{no}": moment
            for no, (starts, ends) in enumerate(part)
            for name, moment in (
                ("opens", starts),
                ("earliest", starts - tables.LONGEST_CLAIM_SECONDS),
                ("closes", ends),
            )
        }
        found = await transaction.all(_near_stretches(len(part)), values)
        bodies |= {row.id: row.body for row in found}
    return tuple(decode(Session, body) for _, body in sorted(bodies.items()))


@cache
def _near_stretches(count: int) -> Select[Any]:
    """The question for so many stretches of time, made once."""
    claims, sessions = tables.claims, tables.sessions
    return (
        select(sessions.c.id, sessions.c.body)
        .join(claims, claims.c.session == sessions.c.id)
        .where(claims.c.resource.in_(one_of("numbers")), claims.c.live)
        .where(or_(*(touches(claims, **_bounds_of(no)) for no in range(count))))
        .where(or_(claims.c.expires.is_(None), claims.c.expires > bindparam("now")))
        .distinct()
    )


def _bounds_of(no: int) -> dict[str, BindParameter[int]]:
    return {name: bindparam(f"{name}_{no}") for name in ("opens", "closes", "earliest")}


def _stretches(slots: Iterable[Slot]) -> list[tuple[int, int]]:
    """The times within a day of the slots, in seconds, as few stretches as they make."""
    merged: list[tuple[int, int]] = []
    for slot in sorted(slots):
        starts, ends = seconds_of(slot.starts - _NEAR), seconds_of(slot.ends + _NEAR)
        if merged and starts <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(ends, merged[-1][1]))
        else:
            merged.append((starts, ends))
    return merged
