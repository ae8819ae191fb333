"""A hundred schools whose ledger holds as many sessions as a bench asks for.

The rows are those that the store makes of real sessions. Only their way into the database is short:
the guards are put aside while rows are copied, and stand again before anybody books. The audit of
these sessions is left out. They end where the bookings of a bench begin, so that what is near a
booking is the same however long the ledger.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, timedelta
from itertools import islice, product
from typing import Any, Final

import asyncpg
from sqlalchemy import make_url

from calendars.bells import SchoolId
from calendars.slots import Slot
from scheduler.members import LinkPoolId, School
from scheduler.model import Booking, Resource, ResourceKind, Role, Session, SessionId
from scheduler.records import Record
from scheduler.schools import SchoolBook
from scheduler.store.claims import Claims, claims_on
from scheduler.store.opened import ResourceRow
from scheduler.store.sessions import columns_of
from tests.builders import (
    a_book,
    a_class,
    a_pool,
    a_room,
    a_session,
    a_site,
    a_teacher,
    a_term,
    an_alliance,
    at,
    school_time,
    some_bells,
)
from tests.scheduler.desk import a_booking, records_of

SCHOOLS: Final = tuple(f"S{no:03}" for no in range(100))
TOGETHER: Final = 10
"""So many schools share a bridge."""
LAST_DAY: Final = date(2026, 10, 30)
TIMES: Final = ("8:00", "9:00", "10:00", "11:00", "14:00", "15:00")
FREE_TIME: Final = "16:10"
LANES: Final = tuple(product(range(0, len(SCHOOLS), 2), (1, 2)))
"""What never meets: a pair of schools, and which of their rooms, teachers and classes."""
AT_ONCE: Final = 5_000


def records() -> list[Record]:
    """Every school with two rooms, four teachers and four classes; a bridge for every ten."""
    pools = {
        name: a_pool(id=name, sessions=40) for name in sorted({bridge_of(each) for each in SCHOOLS})
    }
    return records_of(*map(a_school, SCHOOLS), alliance=an_alliance(link_pools=pools))


def bridge_of(school: str) -> LinkPoolId:
    return LinkPoolId(f"bridge-{SCHOOLS.index(school) // TOGETHER}")


def a_school(name: str) -> SchoolBook:
    bells = some_bells("TF1")
    own = replace(bells, id=f"{name}-bells", school=SchoolId(name))
    return replace(
        a_book("TF1"),
        school=School(id=SchoolId(name), name=name),
        time=school_time(name, bells=(own,), terms=(a_term(name),)),
        rooms={each.id: each for each in (a_room(name, no) for no in (1, 2))},
        teachers={each.id: each for each in (a_teacher(name, no) for no in range(1, 5))},
        class_groups={each.id: each for each in (a_class(name, no) for no in range(1, 5))},
    )


def free_places() -> Iterator[Booking]:
    """Lessons after school that fit together, one lane after the other on one day after another."""
    for on in _weekdays():
        for pair, no in LANES:
            yield a_booking(_session("new", at(FREE_TIME, on=on), pair, no, people=no))


def _weekdays() -> Iterator[date]:
    """From the last day backwards."""
    on = LAST_DAY
    while True:
        if on.isoweekday() in range(1, 6):
            yield on
        on -= timedelta(days=1)


def _session(id: str, slot: Slot, pair: int, no: int, *, people: int) -> Session:
    """The two schools' lesson in their rooms `no`, of the teachers and classes `people`."""
    schools = SCHOOLS[pair : pair + 2]
    sites = tuple(
        a_site(
            school,
            role,
            room=a_room(school, no).id,
            teacher=a_teacher(school, people).id,
            class_groups=(a_class(school, people).id,),
        )
        for school, role in zip(schools, (Role.LEAD, Role.LISTEN), strict=True)
    )
    return a_session(SessionId(id), slot, sites=sites, link_pool=bridge_of(schools[0]))


def _held() -> Iterator[Session]:
    """Sessions without end, the latest first, of people who have no part in the free places."""
    number = 0
    for on in _weekdays():
        for time in TIMES:
            slot = at(time, on=on)
            for pair, no in LANES:
                number += 1
                yield _session(f"held-{number}", slot, pair, no, people=no + 2)


def _rows(
    count: int, known: dict[Resource, ResourceRow]
) -> Iterator[tuple[list[dict[str, Any]], Claims]]:
    """The rows of so many sessions and of what they claim, in parts."""
    held = islice(_held(), count)
    while part := list(islice(held, AT_ONCE)):
        claims = [claim for session in part for claim in claims_on(session, known)]
        yield [columns_of(session) for session in part], claims


def _known(rows: Sequence[Any]) -> dict[Resource, ResourceRow]:
    found = {}
    for number, kind, name, school in rows:
        resource = Resource(ResourceKind(kind), name)
        found[resource] = ResourceRow(number, resource, school, None, 0)
    return found


_RESOURCES: Final = "SELECT number, kind, id, school FROM resources"


async def fill(database: str, count: int) -> None:
    """Put so many sessions into a database that holds `records()`."""
    url = make_url(database)
    if url.get_backend_name() == "sqlite":
        _fill_sqlite(str(url.database), count)
    else:
        await _fill_postgresql(database.replace("+asyncpg", "", 1), count)


def _fill_sqlite(file: str, count: int) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        guards = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'claims'"
        ).fetchall()
        known = _known(connection.execute(_RESOURCES).fetchall())
        connection.execute("BEGIN")
        for name, _ in guards:
            connection.execute(f"DROP TRIGGER {name}")
        for sessions, claims in _rows(count, known):
            for row in sessions:
                for moment in ("starts", "ends"):
                    row[moment] = f"{row[moment].astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"
            for table, rows in (("sessions", sessions), ("claims", claims)):
                names = tuple(rows[0])
                marks = ", ".join(f":{name}" for name in names)
                insert = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608 - names of ours
                connection.executemany(insert, rows)
        for _, guard in guards:
            connection.execute(guard)
        connection.execute("COMMIT")
        connection.execute("ANALYZE")


async def _fill_postgresql(database: str, count: int) -> None:
    connection = await asyncpg.connect(database)
    try:
        known = _known(await connection.fetch(_RESOURCES))
        async with connection.transaction():
            await connection.execute("SET LOCAL session_replication_role = replica")
            for sessions, claims in _rows(count, known):
                for table, rows in (("sessions", sessions), ("claims", claims)):
                    await connection.copy_records_to_table(
                        table, columns=tuple(rows[0]), records=[tuple(row.values()) for row in rows]
                    )
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()
