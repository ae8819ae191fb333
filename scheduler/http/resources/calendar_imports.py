"""Imported calendars: busy time of teachers and rooms that is told elsewhere."""

import binascii
from base64 import b64decode
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from aiohttp import web
from msgspec import Meta
from yarl import URL

from calendars.bells import SchoolId
from calendars.fields import EXPECTED, Name, to_blame
from calendars.ics.reading import UnreadableCalendarError
from calendars.text import InvalidValueError, Text
from scheduler.access import require_importer
from scheduler.errors import (
    ForbiddenError,
    InvalidWishError,
    NotFoundError,
    StaleError,
    StateError,
)
from scheduler.http.answers import Page
from scheduler.http.bodies import LONGEST_BODY
from scheduler.http.calls import CLOCK, STORE
from scheduler.http.paging import PartOfList, page_of, position
from scheduler.http.routes import AnyRoute, Call, NoBody, Route
from scheduler.imports import (
    Address,
    ImportChange,
    Importer,
    ImportWish,
    change_import,
    checked_address,
    import_calendar,
    read_again,
    read_calendar,
    remove_import,
    require_own,
)
from scheduler.members import RoomId, TeacherId
from scheduler.model import Actor, Import, ReadCalendar
from scheduler.store import Transaction

IMPORTER: Final = web.AppKey("importer", Importer)
Content = Annotated[
    str, Meta(max_length=LONGEST_BODY, description="The text of an .ics file in UTF-8.")
]
Base64 = Annotated[
    str,
    Meta(
        max_length=LONGEST_BODY,
        pattern=r"^[A-Za-z0-9+/]*={0,2}(?![\s\S])",
        description="The octets of an .ics file in any encoding, in base64 on one line.",
        extra={EXPECTED: Text("写在一行的 base64", "base64 on one line")},
    ),
]


_SOURCES: Final = ("address", "content", "content_base64")


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarToImport:
    """Whose busy time a calendar tells, and where it is: at an address, or here as a file.

    A `soft` one forbids no session: it is noted, and avoided where there is a choice. The address
    is a secret: it is kept sealed, and never told again.
    """

    teacher: TeacherId | None = None
    room: RoomId | None = None
    name: Name
    soft: bool = False
    address: Address | None = None
    content: Content | None = None
    content_base64: Base64 | None = None

    def __post_init__(self) -> None:
        if (self.teacher is None) == (self.room is None):
            raise InvalidValueError(
                "请指明一位教师（teacher）或一间教室（room），二者之一。",
                "Name either a teacher or a room.",
                field=to_blame(self, "teacher", "room"),
            )
        if _sources(self) != 1:
            raise InvalidValueError(
                "请给出 address、content、content_base64 之一。",
                "Give one of address, content and content_base64.",
                field=to_blame(self, *_SOURCES),
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarChange:
    """What to change of an imported calendar; whatever is left out stays."""

    name: Name | None = None
    soft: bool | None = None
    address: Address | None = None
    content: Content | None = None
    content_base64: Base64 | None = None

    def __post_init__(self) -> None:
        if _sources(self) > 1:
            raise InvalidValueError(
                "address、content、content_base64 最多给出一个。",
                "Give at most one of address, content and content_base64.",
                field=to_blame(self, *_SOURCES),
            )


def _sources(given: CalendarToImport | CalendarChange) -> int:
    return sum(getattr(given, name) is not None for name in _SOURCES)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportList(PartOfList):
    """Which imports to list."""

    school: SchoolId | None = None


async def _read_wish(app: web.Application, call: Call[CalendarToImport, Any]) -> ImportWish:
    """The wish with what its file holds, read before any transaction begins."""
    body = call.body
    return ImportWish(
        teacher=body.teacher,
        room=body.room,
        name=body.name,
        soft=body.soft,
        address=_address(app, body),
        read=await _read(app, body, call.actor),
    )


async def _read_change(app: web.Application, call: Call[CalendarChange, Any]) -> ImportChange:
    body = call.body
    return ImportChange(
        name=body.name,
        soft=body.soft,
        address=_address(app, body),
        read=await _read(app, body, call.actor),
    )


def _address(app: web.Application, given: CalendarToImport | CalendarChange) -> URL | None:
    if given.address is None:
        return None
    return checked_address(given.address, app[IMPORTER].allowed)


async def _read(
    app: web.Application, given: CalendarToImport | CalendarChange, actor: Actor
) -> ReadCalendar | None:
    if given.content is None and given.content_base64 is None:
        return None
    require_importer(actor)
    now = app[CLOCK]()
    async with app[STORE].read(now=now) as transaction:
        zone = ZoneInfo((await transaction.alliance()).alliance.zone)
    pointer = "/content" if given.content is not None else "/content_base64"
    try:
        octets = _octets(given)
        return await read_calendar(app[IMPORTER].reader, octets, zone=zone, now=now)
    except UnreadableCalendarError as error:
        raise InvalidWishError(error.text.zh, error.text.en, pointer=pointer) from None
    except binascii.Error:
        raise InvalidWishError(
            "不是完整的 base64。", "This is no whole base64.", pointer=pointer
        ) from None


def _octets(given: CalendarToImport | CalendarChange) -> bytes:
    if given.content is not None:
        return given.content.encode(errors="surrogatepass")
    return b64decode(given.content_base64 or "", validate=True)


async def _listed(transaction: Transaction, call: Call[NoBody, ImportList]) -> Page[Import]:
    query = call.query
    found = await transaction.imports(
        school=query.school, after=position(query.cursor), limit=query.limit + 1
    )
    page = page_of(found, query.limit)
    mine = [each for each in page.items if await _may_see(transaction, call.actor, each)]
    return Page(items=tuple(mine), next=page.next)


async def _read_one(transaction: Transaction, call: Call[NoBody, object]) -> Import:
    found = await transaction.import_(call.id)
    if not await _may_see(transaction, call.actor, found):
        raise NotFoundError(f"没有编号为 {call.id} 的导入。", f"No such import: {call.id}.")
    return found


async def _may_see(transaction: Transaction, actor: Actor, imported: Import) -> bool:
    try:
        await require_own(transaction, actor, imported)
    except ForbiddenError:
        return False
    return True


async def _imported(transaction: Transaction, call: Call[Any, object]) -> Import:
    wish: ImportWish = call.body
    return await import_calendar(transaction, wish)


async def _changed(transaction: Transaction, call: Call[Any, object]) -> Import:
    found = await _read_one(transaction, call)
    change: ImportChange = call.body
    revision = call.if_match.expect(found.revision)
    return await change_import(transaction, found.id, change, revision)


async def _read_again(transaction: Transaction, call: Call[NoBody, object]) -> Import:
    found = await _read_one(transaction, call)
    return await read_again(transaction, found.id, call.if_match.expect(found.revision))


async def _removed(transaction: Transaction, call: Call[NoBody, object]) -> None:
    found = await _read_one(transaction, call)
    await remove_import(transaction, found.id, call.if_match.expect(found.revision))


_TAG: Final = Text("导入日历", "Imported calendars")
_OF_A_CHANGE: Final = (NotFoundError, ForbiddenError, StateError, StaleError, InvalidWishError)

ROUTES: Final[tuple[AnyRoute, ...]] = (
    Route(
        method="GET",
        path="/imports",
        tag=_TAG,
        summary=Text(
            "列出导入的日历：状态、上次成功与失败、读入了什么",
            "List imported calendars: their state, last success and failure, what was read",
        ),
        query=ImportList,
        answer=Page[Import],
        run=_listed,
    ),
    Route(
        method="POST",
        path="/imports/calendars",
        tag=_TAG,
        summary=Text(
            "把日历（地址或文件）导入为教师或教室的占用时间；可先 dry_run",
            "Import a calendar, at an address or as a file, as busy time; try a file with dry_run",
        ),
        body=CalendarToImport,
        answer=Import,
        status=HTTPStatus.CREATED,
        errors=(NotFoundError, ForbiddenError, StateError, InvalidWishError),
        made_in="/imports",
        prepare=_read_wish,
        run=_imported,
    ),
    Route(
        method="GET",
        path="/imports/{id}",
        tag=_TAG,
        summary=Text("读取一个导入的状态", "Read the state of one import"),
        answer=Import,
        errors=(NotFoundError,),
        run=_read_one,
    ),
    Route(
        method="PATCH",
        path="/imports/{id}",
        tag=_TAG,
        summary=Text(
            "改名、改为可让出或不可让出、更换地址或文件",
            "Rename an import, make it soft or hard, or give it another address or file",
        ),
        body=CalendarChange,
        answer=Import,
        errors=_OF_A_CHANGE,
        needs_if_match=True,
        prepare=_read_change,
        run=_changed,
    ),
    Route(
        method="POST",
        path="/imports/{id}/refresh",
        tag=_TAG,
        summary=Text("尽快重新读取地址", "Have the address read again soon"),
        answer=Import,
        errors=(NotFoundError, StateError, StaleError),
        needs_if_match=True,
        run=_read_again,
    ),
    Route(
        method="DELETE",
        path="/imports/{id}",
        tag=_TAG,
        summary=Text(
            "删除导入，其占用时间立即释放", "Remove an import: the time it took is free at once"
        ),
        answer=None,
        status=HTTPStatus.NO_CONTENT,
        errors=(NotFoundError, StaleError),
        needs_if_match=True,
        run=_removed,
    ),
)
