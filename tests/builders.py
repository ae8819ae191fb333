"""Builders that name only what a test is about. The eight schools are illustrative."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

from calendars.bells import BellSchedule, Period, PeriodKind, SchoolId
from calendars.days import Day, DayKind, Followed, day_id
from calendars.school_time import SchoolTime
from calendars.slots import Slot
from calendars.terms import Term
from calendars.text import Text
from scheduler.members import (
    Alliance,
    AllianceId,
    BusyBlock,
    ClassGroup,
    ClassGroupId,
    Lesson,
    LinkPool,
    LinkPoolId,
    Outage,
    OutageId,
    Room,
    RoomId,
    RoomTier,
    School,
    Teacher,
    TeacherId,
    Timetable,
)
from scheduler.model import (
    Channel,
    ChannelKind,
    Notice,
    Role,
    Session,
    SessionId,
    SessionState,
    Site,
    SiteState,
)
from scheduler.schools import AllianceBook, SchoolBook, Situation

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
NOW: Final = datetime(2026, 8, 20, 1, 0, tzinfo=UTC)
TUESDAY: Final = date(2026, 9, 8)
"""A plain teaching day of week 2."""

BELLS: Final[Mapping[str, str]] = {
    "TF1": "8:30-9:10 9:25-10:05 10:35-11:15 11:30-12:10 14:00-14:40 14:55-15:35",
    "JS": "8:25-9:05 9:15-9:55 10:25-11:05 11:15-11:55 14:00-14:40 14:50-15:30",
    "HM": "8:30-9:10 9:20-10:00 10:30-11:10 11:20-12:00 14:10-14:50 15:00-15:40",
    "WA": "8:20-9:00 9:15-9:55 10:25-11:05 11:20-12:00 14:00-14:40 14:55-15:35",
    "QB": "8:35-9:15 9:25-10:05 10:40-11:20 11:30-12:10 14:00-14:40 14:50-15:30",
    "GD": "8:25-9:05 9:20-10:00 10:30-11:10 11:25-12:05 14:10-14:50 15:05-15:45",
    "JYS": "8:20-9:00 9:10-9:50 10:20-11:00 11:10-11:50 14:20-15:00 15:10-15:50",
    "CB": "8:20-9:00 9:10-9:50 10:20-11:00 11:10-11:50 14:30-15:10 15:20-16:00",
}


def wall(text: str) -> time:
    hours, minutes = text.split(":")
    return time(int(hours), int(minutes))


def lessons(text: str) -> tuple[Period, ...]:
    """Numbered lessons from "8:30-9:10 9:25-10:05"."""
    return tuple(
        Period(no=no, starts=wall(starts), ends=wall(ends))
        for no, (starts, ends) in enumerate((part.split("-") for part in text.split()), start=1)
    )


def some_bells(school: str = "TF1", text: str | None = None, **fields: Any) -> BellSchedule:
    """The illustrative bells of a school (any other hears TF1's), or those of `text`.

    With lunch and after-school time.
    """
    numbered = lessons(text or BELLS.get(school, BELLS["TF1"]))
    periods = numbered
    if text is None:
        lunch = Period(kind=PeriodKind.LUNCH, starts=time(12, 15), ends=time(13, 0))
        nap = Period(kind=PeriodKind.NAP, starts=time(13, 0), ends=time(13, 50))
        after = Period(kind=PeriodKind.AFTER_SCHOOL, starts=time(16, 10), ends=time(17, 40))
        periods = (*numbered, lunch, nap, after)
    return BellSchedule(
        **dict[str, Any](
            {"id": f"{school}-bells", "school": SchoolId(school), "name": "", "periods": periods}
        )
        | fields
    )


def a_term(school: str = "TF1", **fields: Any) -> Term:
    return Term(
        **dict[str, Any](
            {
                "id": f"{school}-2026-1",
                "school": SchoolId(school),
                "name": "2026-27 T1",
                "first_day": date(2026, 9, 1),
                "last_day": date(2027, 1, 22),
            }
        )
        | fields
    )


def a_day(
    on: date,
    kind: DayKind = DayKind.HOLIDAY,
    follows: tuple[int, int] | None = None,
    school: str = "TF1",
    **fields: Any,
) -> Day:
    """A row of the day table; `follows` is (week, weekday)."""
    return Day(
        **dict[str, Any](
            {
                "id": day_id(SchoolId(school), on),
                "school": SchoolId(school),
                "date": on,
                "kind": kind,
                "follows": follows and Followed(week=follows[0], weekday=follows[1]),
            }
        )
        | fields
    )


def school_time(
    school: str = "TF1",
    *,
    days: Sequence[Day] = (),
    bells: Sequence[BellSchedule] | None = None,
    terms: Sequence[Term] | None = None,
) -> SchoolTime:
    return SchoolTime(
        SHANGHAI,
        terms=(a_term(school),) if terms is None else terms,
        days=days,
        bells=(some_bells(school),) if bells is None else bells,
    )


def a_room(school: str = "TF1", no: int = 1, **fields: Any) -> Room:
    return Room(
        **dict[str, Any](
            {
                "id": RoomId(f"{school}-R{no}"),
                "school": SchoolId(school),
                "name": f"{school} 互动教室{no}",
                "tier": RoomTier.LEAD,
            }
        )
        | fields
    )


def a_teacher(school: str = "TF1", no: int = 1, **fields: Any) -> Teacher:
    return Teacher(
        **dict[str, Any](
            {
                "id": TeacherId(f"{school}-T{no}"),
                "school": SchoolId(school),
                "name": f"{school} 教师{no}",
                "subjects": ("音乐",),
            }
        )
        | fields
    )


def a_class(school: str = "TF1", no: int = 1, **fields: Any) -> ClassGroup:
    return ClassGroup(
        **dict[str, Any](
            {
                "id": ClassGroupId(f"{school}-C{no}"),
                "school": SchoolId(school),
                "name": f"三年级{no}班",
                "grade": 3,
            }
        )
        | fields
    )


def a_book(school: str = "TF1", **fields: Any) -> SchoolBook:
    """A school with two rooms, three teachers and two classes of grade 3."""
    return SchoolBook(
        **dict[str, Any](
            {
                "school": School(id=SchoolId(school), name=school),
                "time": school_time(school),
                "rooms": {room.id: room for room in (a_room(school, 1), a_room(school, 2))},
                "teachers": {
                    teacher.id: teacher for teacher in (a_teacher(school, no) for no in (1, 2, 3))
                },
                "class_groups": {
                    group.id: group for group in (a_class(school, 1), a_class(school, 2))
                },
            }
        )
        | fields
    )


def some_books(**changes: Mapping[str, Any]) -> tuple[SchoolBook, ...]:
    """TF1, JS and CB (or more), with what a test is about: `some_books(JS={"busy": ...})`."""
    return tuple(
        a_book(school, **changes.get(school, {}))
        for school in dict.fromkeys(("TF1", "JS", "CB", *changes))
    )


def a_lesson(period: int, subject: str = "数学", **fields: Any) -> Lesson:
    """A lesson on the weekday of TUESDAY."""
    return Lesson(**dict[str, Any]({"weekday": 2, "period": period, "subject": subject}) | fields)


def a_timetable(school: str = "TF1", no: int = 1, *given: Lesson) -> Timetable:
    return Timetable(
        id=f"{school}-C{no}-2026-1",
        school=SchoolId(school),
        class_group=ClassGroupId(f"{school}-C{no}"),
        term=f"{school}-2026-1",
        lessons=given,
    )


def a_block(slot: Slot, school: str = "TF1", **fields: Any) -> BusyBlock:
    return BusyBlock(
        **dict[str, Any](
            {"id": f"{school}-busy", "school": SchoolId(school), "slot": slot, "note": "校长参观"}
        )
        | fields
    )


def an_outage(slot: Slot, **fields: Any) -> Outage:
    """Of a room, which is at the school that its id begins with, or of a link pool."""
    school = SchoolId(fields["room"].split("-")[0]) if "room" in fields else None
    given: dict[str, Any] = {"id": OutageId("o1"), "school": school, "slot": slot}
    return Outage(**{"reason": "话筒无声"} | given | fields)


def a_pool(**fields: Any) -> LinkPool:
    bridge: dict[str, Any] = {"id": LinkPoolId("bridge"), "name": "视频桥", "sessions": 2}
    return LinkPool(**bridge | fields)


def an_alliance(**fields: Any) -> AllianceBook:
    pool = a_pool()
    return AllianceBook(
        **dict[str, Any](
            {
                "alliance": Alliance(id=AllianceId("demo"), name="示意联盟"),
                "districts": {},
                "link_pools": {pool.id: pool},
                "studios": {},
            }
        )
        | fields
    )


def a_situation(
    *others: Session, books: Sequence[SchoolBook] | None = None, **fields: Any
) -> Situation:
    """TF1, JS and CB with nothing but `others` in their way."""
    if books is None:
        books = tuple(a_book(school) for school in ("TF1", "JS", "CB"))
    return Situation(
        **dict[str, Any](
            {
                "alliance": an_alliance(),
                "schools": {book.school.id: book for book in books},
                "sessions": others,
            }
        )
        | fields
    )


def at(text: str, minutes: int = 40, *, on: date = TUESDAY) -> Slot:
    """The slot from a wall-clock time of the alliance, such as "8:30"."""
    return Slot.lasting(datetime.combine(on, wall(text), SHANGHAI), minutes)


def a_site(school: str = "TF1", role: Role = Role.LEAD, **fields: Any) -> Site:
    return Site(
        **dict[str, Any](
            {
                "school": SchoolId(school),
                "role": role,
                "room": RoomId(f"{school}-R1"),
                "teacher": TeacherId(f"{school}-T1"),
                "class_groups": (ClassGroupId(f"{school}-C1"),),
                "state": SiteState.CONFIRMED,
                "effective_minutes": 40,
            }
        )
        | fields
    )


def a_session(id: str = "s1", slot: Slot | None = None, **fields: Any) -> Session:
    """A confirmed lesson of TF1 for JS in the fifth period, when both ring the same bells."""
    return Session(
        **dict[str, Any](
            {
                "id": SessionId(id),
                "title": "三年级音乐",
                "subject": "音乐",
                "grade": 3,
                "slot": slot or at("14:00"),
                "sites": (a_site("TF1"), a_site("JS", Role.LISTEN)),
                "state": SessionState.CONFIRMED,
                "link_pool": LinkPoolId("bridge"),
                "created_at": NOW,
                "changed_at": NOW,
            }
        )
        | fields
    )


def a_notice(id: str = "n1", school: str = "JS", **fields: Any) -> Notice:
    """What the school JS is told; its key is made of its id."""
    known: dict[str, Any] = {
        "key": f"key of {id}",
        "sentence": Text("活动已改期。", "The session has moved."),
        "created_at": NOW,
    }
    return Notice(id=id, school=SchoolId(school), **known | fields)


def a_channel(
    id: str = "c1", school: str | None = "JS", kind: ChannelKind = ChannelKind.WECOM, **fields: Any
) -> Channel:
    """The group robot of JS."""
    known: dict[str, Any] = {
        "name": f"{school} 通知群",
        "address_hint": "qyapi.weixin.qq.com …7bc4",
        "school": None if school is None else SchoolId(school),
    }
    return Channel(id=id, kind=kind, **known | fields)
