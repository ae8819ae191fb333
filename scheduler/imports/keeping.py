"""Imports as their owners keep them: made, changed, read again on demand, removed."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, Final
from uuid import uuid4

from msgspec import Meta
from yarl import URL

from calendars.bells import SchoolId
from calendars.fields import Name
from scheduler.access import require_import
from scheduler.errors import StaleError, StateError
from scheduler.imports.addresses import LONGEST_ADDRESS
from scheduler.imports.reading import compared
from scheduler.members import Room, RoomId, Teacher, TeacherId
from scheduler.model import Actor, Import, ImportState, ReadCalendar, Resource, ResourceKind
from scheduler.store import Transaction

MOST_OF_ONE: Final = 10
"""Calendars of one teacher or room."""
SHORTEST_PAUSE: Final = timedelta(minutes=1)
"""Between two readings of one address, however often somebody asks."""

Address = Annotated[
    str, Meta(max_length=LONGEST_ADDRESS, description="An https://, http:// or webcal:// address.")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportWish:
    """The wish to take the busy time of a teacher or a room from a calendar.

    It is at `address`, to be read soon and then every hour, or was `read` from a file: one of both.
    """

    teacher: TeacherId | None = None
    room: RoomId | None = None
    name: Name
    soft: bool = False
    address: URL | None = None
    read: ReadCalendar | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportChange:
    """What to change of an import; whatever is left out stays, also the time read so far."""

    name: Name | None = None
    soft: bool | None = None
    address: URL | None = None
    read: ReadCalendar | None = None


async def import_calendar(transaction: Transaction, wish: ImportWish) -> Import:
    """Take the busy time of a teacher or room from a calendar elsewhere."""
    now, url = transaction.now, wish.address
    imported = Import(
        id=uuid4().hex,
        school=await _school(transaction, wish),
        teacher=wish.teacher,
        room=wish.room,
        name=wish.name,
        soft=wish.soft,
        owner=transaction.actor.name,
        host=(url.host or "") if url is not None else "",
        created_at=now,
        due_at=None if url is None else now,
    )
    await require_own(transaction, transaction.actor, imported)
    if await transaction.count_imports(_resource(imported)) >= MOST_OF_ONE:
        raise StateError(
            f"同一教师或教室最多导入 {MOST_OF_ONE} 个日历。",
            f"One teacher or room takes the time of at most {MOST_OF_ONE} calendars.",
        )
    if wish.read is not None:
        imported = current(imported, wish.read, now)
    await transaction.add_import(
        imported, address=None if url is None else str(url), read=wish.read
    )
    return imported


async def change_import(
    transaction: Transaction, id: str, change: ImportChange, revision: int
) -> Import:
    """Rename it, make it soft or hard, or read it from elsewhere from now on."""
    before = await transaction.import_(id)
    _require_current(before, revision)
    url, read, now = change.address, change.read, transaction.now
    after = replace(
        before,
        name=before.name if change.name is None else change.name,
        soft=before.soft if change.soft is None else change.soft,
    )
    if url is not None:
        after = replace(
            after, host=url.host or "", due_at=now, failures=0, state=ImportState.WAITING
        )
    if read is not None:
        read = compared(read, before.report)
        after = replace(current(after, read, now), host="", due_at=None)
    return await transaction.replace_import(
        before, after, address=None if url is None else str(url), read=read
    )


async def read_again(transaction: Transaction, id: str, revision: int) -> Import:
    """Have an address read as soon as its last reading is a minute ago."""
    before = await transaction.import_(id)
    _require_current(before, revision)
    if not before.host:
        raise StateError(
            "这是上传的文件，没有可重新读取的地址；请上传新文件。",
            "This was a file, and there is no address to read again: send the new file.",
        )
    earliest = transaction.now
    if before.tried_at is not None:
        earliest = max(earliest, before.tried_at + SHORTEST_PAUSE)
    return await transaction.replace_import(before, replace(before, due_at=earliest))


async def remove_import(transaction: Transaction, id: str, revision: int) -> None:
    """Forget an import with its address; the time it took is free at once."""
    before = await transaction.import_(id)
    _require_current(before, revision)
    await transaction.remove_import(before)


def current(imported: Import, read: ReadCalendar, now: datetime) -> Import:
    """The import after it was read."""
    return replace(
        imported,
        state=ImportState.CURRENT,
        read_at=now,
        tried_at=now,
        failures=0,
        problem=None,
        report=read.report,
    )


async def require_own(transaction: Transaction, actor: Actor, imported: Import) -> None:
    """The actor may see and change this import, or `ForbiddenError`."""
    teacher = None
    if imported.teacher is not None:
        teacher = (await transaction.get(Teacher, imported.teacher)).record
    require_import(actor, imported.school, teacher)


async def _school(transaction: Transaction, wish: ImportWish) -> SchoolId:
    """The school that the teacher or the room belongs to."""
    if wish.teacher is not None:
        return (await transaction.get(Teacher, wish.teacher)).record.school
    return (await transaction.get(Room, str(wish.room))).record.school


def _resource(imported: Import) -> Resource:
    if imported.room is not None:
        return Resource(ResourceKind.ROOM, imported.room)
    return Resource(ResourceKind.TEACHER, str(imported.teacher))


def _require_current(imported: Import, revision: int) -> None:
    if imported.revision != revision:
        raise StaleError(
            f"导入 {imported.id} 已被他人修改：现在是第 {imported.revision} 版。",
            f"The import {imported.id} has changed: it is now at revision {imported.revision}.",
        )
