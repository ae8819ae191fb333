"""What was done to agreed sessions as a file for a spreadsheet: 调课、代课、补课、停课、换课."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from calendars.bells import SchoolId
from calendars.slots import Slot
from scheduler.exchange.cells import MANY, write_cell
from scheduler.local_words import clock_times
from scheduler.members import RoomId, TeacherId
from scheduler.model import (
    ActorRole,
    Adjustment,
    AdjustmentId,
    AdjustmentKind,
    Place,
    Resource,
    SessionId,
    SiteState,
    SiteWish,
)
from scheduler.schools import SchoolBook
from scheduler.store import Transaction

_PAGE: Final = 1000
_KINDS: Final = {
    AdjustmentKind.RESCHEDULE: "调课",
    AdjustmentKind.SUBSTITUTE: "代课",
    AdjustmentKind.MAKE_UP: "补课",
    AdjustmentKind.CANCEL: "停课",
    AdjustmentKind.SWAP: "换课",
    AdjustmentKind.RELOCATE: "换教室",
    AdjustmentKind.RECORDING: "改放录像",
}
_ROLES: Final = {
    ActorRole.ALLIANCE_ADMIN: "联盟办公室",
    ActorRole.SCHOOL_COORDINATOR: "教导处",
    ActorRole.IT_SUPPORT: "电教",
    ActorRole.TEACHER: "教师",
    ActorRole.OBSERVER: "观摩",
    ActorRole.DISPLAY: "展示屏",
}
_ANSWERS: Final = {
    SiteState.HELD: "待确认",
    SiteState.CONFIRMED: "已同意",
    SiteState.DECLINED: "已谢绝",
}


async def export_adjustments(
    transaction: Transaction,
    *,
    parties: Sequence[Resource] = (),
    session: SessionId | None = None,
    kind: AdjustmentKind | None = None,
    cause: str = "",
    within: Slot | None = None,
) -> Callable[[], bytes]:
    """What writes the operations that concern all of this, the oldest first, for a thread."""
    found: list[Adjustment] = []
    last = AdjustmentId("")
    while page := await transaction.adjustments(
        parties=parties,
        session=session,
        kind=kind,
        cause=cause,
        within=within,
        after=last,
        limit=_PAGE,
    ):
        found += page
        last = page[-1].id
    books = await transaction.books()
    zone = ZoneInfo((await transaction.alliance()).alliance.zone)
    return lambda: write_adjustments(found, books, zone)


def write_adjustments(
    adjustments: Iterable[Adjustment], books: Mapping[SchoolId, SchoolBook], zone: ZoneInfo
) -> bytes:
    """One row an operation, in UTF-8 with a byte order mark so that Excel and WPS read it.

    Names stand for ids; who is on record no more keeps the id. No cell is a formula (E67).
    """
    names = _Names(books, zone)
    sheet = io.StringIO()
    writer = csv.writer(sheet)
    writer.writerow(_COLUMNS)
    for each in adjustments:
        writer.writerow(write_cell(cell(each, names)) for cell in _COLUMNS.values())
    return sheet.getvalue().encode("utf-8-sig")


class _Names:
    """What people call schools, teachers and rooms; and the time on the alliance's clock."""

    def __init__(self, books: Mapping[SchoolId, SchoolBook], zone: ZoneInfo) -> None:
        self._zone = zone
        self._schools = {known: book.school for known, book in books.items()}
        self._teachers = {k: v for book in books.values() for k, v in book.teachers.items()}
        self._rooms = {k: v for book in books.values() for k, v in book.rooms.items()}

    def school(self, id: SchoolId) -> str:
        return self._schools[id].name if id in self._schools else id

    def teacher(self, id: TeacherId) -> str:
        return self._teachers[id].name if id in self._teachers else id

    def room(self, id: RoomId) -> str:
        return self._rooms[id].name if id in self._rooms else id

    def moment(self, moment: datetime) -> str:
        return f"{moment.astimezone(self._zone):%Y-%m-%d %H:%M}"

    def times(self, place: Place | None) -> str:
        if place is None:
            return ""
        day = place.slot.starts.astimezone(self._zone)
        return f"{day:%Y-%m-%d} {clock_times(place.slot, self._zone)}"

    def teachers(self, place: Place | None) -> str:
        return self._by_school(
            place, lambda site: "、".join(map(self.teacher, site.required_teachers))
        )

    def rooms(self, place: Place | None) -> str:
        return self._by_school(place, lambda site: self.room(site.room) if site.room else "")

    def _by_school(self, place: Place | None, told: Callable[[SiteWish], str]) -> str:
        sites = () if place is None else place.sites
        words = ((site.school, told(site)) for site in sites)
        return MANY.join(f"{self.school(school)}：{each}" for school, each in words if each)


def _approvals(adjustment: Adjustment, names: _Names) -> str:
    return MANY.join(
        f"{names.school(each.school)}：{_ANSWERS[each.state]}"
        + (f"（{each.by}）" if each.by else "")
        for each in adjustment.approvals
    )


_COLUMNS: Final[Mapping[str, Callable[[Adjustment, _Names], str]]] = {
    "编号": lambda each, _: each.id,
    "类型": lambda each, _: _KINDS[each.kind],
    "标题": lambda each, _: each.title,
    "学校": lambda each, names: MANY.join(map(names.school, each.schools)),
    "教师": lambda each, names: MANY.join(map(names.teacher, each.teachers)),
    "原时间": lambda each, names: names.times(each.before),
    "原教师": lambda each, names: names.teachers(each.before),
    "原教室": lambda each, names: names.rooms(each.before),
    "现时间": lambda each, names: names.times(each.after),
    "现教师": lambda each, names: names.teachers(each.after),
    "现教室": lambda each, names: names.rooms(each.after),
    "原因": lambda each, _: each.reason,
    "起因": lambda each, _: each.cause,
    "提出人": lambda each, _: each.asked_by,
    "身份": lambda each, _: _ROLES[each.asked_as],
    "登记时间": lambda each, names: names.moment(each.at),
    "各校意见": _approvals,
    "活动": lambda each, _: each.session,
    "关联活动": lambda each, _: MANY.join(each.linked),
}
"""Each column by its heading."""
