"""How everything stands that decides where a request has a place: the same, the same answer."""

from collections.abc import Collection
from typing import Final, NamedTuple

from sqlalchemy import and_, func, or_, select

from scheduler.model import Request, RequestId, ResourceKind
from scheduler.records import NAMES
from scheduler.store import tables
from scheduler.store.opened import OpenTransaction, one_of
from scheduler.store.revisions import revisions_of

_RESOURCES, _RECORDS = tables.resources, tables.records
_COUNTED = select(func.count().label("many"), func.sum(_RESOURCES.c.revision).label("revisions"))
_AROUND: Final = _COUNTED.where(
    or_(
        _RESOURCES.c.school.in_(one_of("schools")),
        and_(
            _RESOURCES.c.kind == ResourceKind.TEACHER.value,
            _RESOURCES.c.id.in_(one_of("teachers")),
        ),
        _RESOURCES.c.kind == ResourceKind.LINK_POOL.value,
    )
)
_REQUESTS: Final = select(_RECORDS.c.id, _RECORDS.c.revision).where(
    _RECORDS.c.kind == NAMES[Request], _RECORDS.c.id.in_(one_of("requests"))
)


class Surroundings(NamedTuple):
    """The revisions of books, of requests, and of all that sessions claim, added up.

    Revisions only grow, so two sums are the same if no part of them has changed.
    """

    books: frozenset[tuple[str, int]]
    requests: frozenset[tuple[RequestId, int]]
    resources: tuple[int, int]


async def surroundings(transaction: OpenTransaction, requests: Collection[Request]) -> Surroundings:
    """Those of these requests; of a need, which any school may serve, those of all schools."""
    sites = [site for each in requests for site in each.sites]
    is_open_who_leads = any(each.is_need for each in requests)
    schools = None if is_open_who_leads else {site.school for site in sites}
    teachers = {teacher for site in sites for teacher in site.required_teachers}
    books = await revisions_of(transaction, schools)
    names = sorted(each.id for each in requests)
    rows = await transaction.all(_REQUESTS, {"requests": names})
    around = {"schools": sorted(schools or ()), "teachers": sorted(teachers)}
    counted = (
        await transaction.first(_COUNTED)
        if is_open_who_leads
        else await transaction.first(_AROUND, around)
    )
    return Surroundings(
        books=frozenset(books.items()),
        requests=frozenset((RequestId(row.id), row.revision) for row in rows),
        resources=(0, 0) if counted is None else (counted.many, counted.revisions or 0),
    )
