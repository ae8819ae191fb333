"""Schools with everything they have told us, served from memory while their books are unchanged."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from calendars.bells import BellSchedule, SchoolId
from calendars.days import Day
from calendars.school_time import SchoolTime
from calendars.terms import Term
from scheduler.errors import NotFoundError
from scheduler.members import (
    Alliance,
    BusyBlock,
    ClassGroup,
    District,
    LinkPool,
    OpenSlot,
    Outage,
    Room,
    School,
    Studio,
    Teacher,
    Timetable,
)
from scheduler.model import Request, Resource
from scheduler.records import KINDS, NAMES, Record
from scheduler.schools import AllianceBook, SchoolBook
from scheduler.store import tables
from scheduler.store.codec import decode
from scheduler.store.imports import imported_busy_time
from scheduler.store.opened import OpenTransaction
from scheduler.store.resources import resource_of
from scheduler.store.revisions import ALLIANCE, revisions_of

Pages = Mapping[type[Record], list[Any]]
"""The records of one book by kind."""


async def alliance(transaction: OpenTransaction) -> AllianceBook:
    """What belongs to no school; `NotFoundError` before an alliance is imported."""
    return (await all_books(transaction, ()))[0]


async def books(
    transaction: OpenTransaction, schools: Iterable[SchoolId] | None = None
) -> dict[SchoolId, SchoolBook]:
    """Everything these schools (all if None) have told us, from memory when unchanged.

    A school that does not exist is left out.
    """
    return (await all_books(transaction, schools))[1]


async def all_books(
    transaction: OpenTransaction, schools: Iterable[SchoolId] | None
) -> tuple[AllianceBook, dict[SchoolId, SchoolBook]]:
    """The alliance's book with those of the schools."""
    revisions = await revisions_of(transaction, None if schools is None else set(schools))
    alliance = await _alliance_at(transaction, revisions)
    zone = alliance.alliance.zone
    memory = transaction.memory.schools
    found: dict[SchoolId, SchoolBook] = {}
    unknown = []
    for school, revision in revisions.items():
        if school == ALLIANCE:
            continue
        stamp, book = memory.get(school, (None, None))
        if book is not None and stamp == (revision, zone):
            found[SchoolId(school)] = book
        else:
            unknown.append(school)
    imported = await imported_busy_time(transaction, unknown)
    renamed = await _renamed_in(transaction, unknown)
    for school, pages in (await _pages_of(transaction, unknown)).items():
        book = _school_book(pages, ZoneInfo(zone), imported[school], renamed[school])
        found[SchoolId(school)] = book
        # What this transaction has changed may yet be rolled back, and its revision given again.
        if not {school, ALLIANCE} & transaction.changed_books:
            memory[school] = ((revisions[school], zone), book)
    return alliance, found


async def _alliance_at(transaction: OpenTransaction, revisions: Mapping[str, int]) -> AllianceBook:
    memory = transaction.memory
    revision = revisions.get(ALLIANCE)
    if memory.alliance is not None and memory.alliance[0] == revision:
        return memory.alliance[1]
    pages = (await _pages_of(transaction, [ALLIANCE])).get(ALLIANCE)
    if revision is None or pages is None or not pages[Alliance]:
        raise NotFoundError("尚未导入联盟。", "No alliance has been imported yet.")
    book = AllianceBook(
        alliance=pages[Alliance][0],
        districts={each.id: each for each in pages[District]},
        link_pools={each.id: each for each in pages[LinkPool]},
        studios={each.id: each for each in pages[Studio]},
        outages=tuple(pages[Outage]),
    )
    if ALLIANCE not in transaction.changed_books:
        memory.alliance = (revision, book)
    return book


async def _pages_of(transaction: OpenTransaction, schools: Iterable[str]) -> dict[str, Pages]:
    """The records of each book that has a school or, for the alliance's, any record."""
    wanted = sorted(schools)
    if not wanted:
        return {}
    table = tables.records
    query = select(table.c.school, table.c.kind, table.c.body).where(table.c.kind != NAMES[Request])
    if wanted == [ALLIANCE]:
        query = query.where(table.c.school.is_(None))
    else:
        query = query.where(table.c.school.in_(wanted))
    found: dict[str, dict[type[Record], list[Any]]] = defaultdict(lambda: defaultdict(list))
    for row in await transaction.all(query.order_by(table.c.kind, table.c.id)):
        kind = KINDS[row.kind]
        found[row.school or ALLIANCE][kind].append(decode(kind, row.body))
    return {school: pages for school, pages in found.items() if pages[School] or not school}


async def _renamed_in(
    transaction: OpenTransaction, schools: Sequence[str]
) -> Mapping[str, dict[Resource, datetime]]:
    """What of each school has been renamed, and when last."""
    found: dict[str, dict[Resource, datetime]] = defaultdict(dict)
    if not schools:
        return found
    table = tables.records
    query = select(table.c.school, table.c.kind, table.c.id, table.c.renamed_at)
    query = query.where(table.c.school.in_(schools), table.c.renamed_at.is_not(None))
    for row in await transaction.all(query):
        resource = resource_of(KINDS[row.kind], row.id)
        if resource is not None:
            found[row.school][resource] = row.renamed_at
    return found


def _school_book(
    pages: Pages,
    zone: ZoneInfo,
    imported: Sequence[BusyBlock],
    renamed: Mapping[Resource, datetime],
) -> SchoolBook:
    return SchoolBook(
        school=pages[School][0],
        time=SchoolTime(zone, terms=pages[Term], days=pages[Day], bells=pages[BellSchedule]),
        rooms={each.id: each for each in pages[Room]},
        teachers={each.id: each for each in pages[Teacher]},
        class_groups={each.id: each for each in pages[ClassGroup]},
        timetables=tuple(pages[Timetable]),
        open_slots=tuple(pages[OpenSlot]),
        outages=tuple(pages[Outage]),
        busy=(*pages[BusyBlock], *imported),
        renamed=renamed,
    )
