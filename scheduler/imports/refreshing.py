"""Reading imported calendars again: each by one process at a time, later after each failure."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final
from zoneinfo import ZoneInfo

from calendars.bells import SchoolId
from calendars.ics.reading import UnreadableCalendarError
from calendars.text import Text
from scheduler.errors import NotFoundError, StaleError
from scheduler.imports.fetching import CalendarFetcher, Fetched, FetchError, Known
from scheduler.imports.keeping import current
from scheduler.imports.reading import DAYS_AHEAD, compared, read_calendar
from scheduler.imports.sandbox import CalendarReader
from scheduler.members import Teacher
from scheduler.model import Actor, ActorRole, Import, ImportState, ReadCalendar
from scheduler.store import Store, Transaction
from scheduler.store.imports import DueImport

Clock = Callable[[], datetime]
READER: Final = Actor(name="lianke", role=ActorRole.ALLIANCE_ADMIN, origin="imports")

EVERY: Final = timedelta(hours=1)
FIRST_PAUSE: Final = timedelta(minutes=5)
LONGEST_PAUSE: Final = timedelta(days=1)
STALE_DAYS: Final = 7
"""An unchanged calendar is read anew so often, for its repeating events go on beyond what was read
of them."""


async def refresh_due(
    store: Store, fetcher: CalendarFetcher, reader: CalendarReader, clock: Clock
) -> bool:
    """Read the import that has been due longest; whether there was one.

    No transaction is open meanwhile. What was read before stays when this reading fails.
    """
    due = await store.write(Transaction.claim_import, actor=READER, now=clock())
    if due is None:
        return False
    async with store.read(now=clock()) as transaction:
        zone = ZoneInfo((await transaction.alliance()).alliance.zone)
    found: ReadCalendar | Text | None
    try:
        found = await _read(due, fetcher, reader, zone, clock())
    except FetchError as error:
        found = error.sentence
    except UnreadableCalendarError as error:
        found = error.text
    now = clock()
    # Its owner may change or remove it at this moment; what was changed is due again.
    with suppress(StaleError, NotFoundError):
        await store.write(
            lambda transaction: _settle(transaction, due, found), actor=READER, now=now
        )
    return True


async def _read(
    due: DueImport, fetcher: CalendarFetcher, reader: CalendarReader, zone: ZoneInfo, now: datetime
) -> ReadCalendar | None:
    """What the calendar holds now; None if it is the one that was read last."""
    if due.address is None:
        raise FetchError(_NO_KEY)
    is_fresh = _is_fresh(due.imported, now)
    known = Known(etag=due.etag, modified=due.modified) if is_fresh else None
    fetched: Fetched = await fetcher.fetch(due.address, known)
    if fetched.octets is None:
        return None
    if is_fresh and sha256(fetched.octets).hexdigest() == due.digest:
        return None
    read = await read_calendar(reader, fetched.octets, zone=zone, now=now)
    read = replace(read, etag=fetched.etag, modified=fetched.modified)
    return compared(read, due.imported.report)


_NO_KEY: Final = Text(
    "LIANKE_SECRET_KEY 打不开已保存的地址，请重新填写地址。",
    "LIANKE_SECRET_KEY does not open the stored address: give it again.",
)


def _is_fresh(imported: Import, now: datetime) -> bool:
    """Whether what was read last reaches far enough ahead."""
    enough = now + timedelta(days=DAYS_AHEAD - STALE_DAYS)
    return imported.report is not None and imported.report.until > enough


async def _settle(
    transaction: Transaction, due: DueImport, found: ReadCalendar | Text | None
) -> None:
    before = await transaction.leased_import(due)
    if before is None:
        return
    now = transaction.now
    if isinstance(found, Text):
        await transaction.replace_import(before, _failed(before, found, now))
        return
    after = replace(before, school=await _school(transaction, before))
    if found is not None:
        after = current(after, found, now)
    else:
        after = replace(
            after, state=ImportState.CURRENT, read_at=now, tried_at=now, failures=0, problem=None
        )
    await transaction.replace_import(before, replace(after, due_at=now + EVERY), read=found)


def _failed(imported: Import, problem: Text, now: datetime) -> Import:
    failures = imported.failures + 1
    pause = min(FIRST_PAUSE * 2 ** min(imported.failures, 16), LONGEST_PAUSE)
    return replace(
        imported,
        state=ImportState.FAILING,
        tried_at=now,
        failures=failures,
        problem=problem,
        due_at=now + pause,
    )


async def _school(transaction: Transaction, imported: Import) -> SchoolId:
    """Where the teacher is at home now."""
    if imported.teacher is None:
        return imported.school
    return (await transaction.get(Teacher, imported.teacher)).record.school
