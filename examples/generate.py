"""Writes the files of the illustrative alliance: `python -m examples.generate`.

Eight real schools' names; sizes, bells, people, timetables and requests are invented (示意数据).
The same seed writes the same files.
"""

from collections.abc import Iterator, Sequence
from datetime import date, time, timedelta
from pathlib import Path
from typing import Final

from calendars.bells import BellSchedule, Period, PeriodKind, SchoolId
from calendars.days import Day, DayKind, Followed
from calendars.terms import Term
from examples.requests import BRIDGE, aligned, term_requests
from examples.staff import SCHOOLS, Sketch, classes_of, teacher_of, teachers_of
from examples.timetables import WEEKLY, solve_timetables
from examples.together import music_need, music_offers, research_chain
from scheduler.exchange import write_files
from scheduler.members import (
    Alliance,
    AllianceId,
    ClassGroup,
    District,
    DistrictId,
    HalfDay,
    Lesson,
    LinkPool,
    OpenSlot,
    ResearchHalfDay,
    Room,
    RoomId,
    RoomTier,
    School,
    Studio,
    StudioId,
    TeacherId,
    Tier,
    Timetable,
)
from scheduler.model import Request
from scheduler.records import Record

FOLDER: Final = Path(__file__).parent / "fourth-alliance"
FIRST_DAY, LAST_DAY = date(2026, 9, 1), date(2027, 1, 22)


DISTRICTS: Final = {
    "qingyang": "青羊区",
    "tianfu": "天府新区",
    "pidu": "郫都区",
    "pujiang": "蒲江县",
    "jianyang": "简阳市",
}
RESEARCH: Final = {
    "语文": 2,
    "数学": 3,
    "英语": 4,
    "体育": 5,
    "音乐": 5,
    "美术": 5,
    "科学": 1,
    "综合": 1,
}
"""The weekday whose afternoon a subject's teachers keep free for research."""


def research_of(district: str) -> dict[str, int]:
    """The weekday of each subject's research afternoon; Jianyang swaps two of them."""
    if district == "jianyang":
        return RESEARCH | {"语文": RESEARCH["数学"], "数学": RESEARCH["语文"]}
    return RESEARCH


def main() -> None:
    records = list(alliance_records())
    FOLDER.mkdir(exist_ok=True)
    for name, content in write_files(records).items():
        (FOLDER / name).write_bytes(content)
        print(f"{name}: {len(content.splitlines()) - 1} rows")


def alliance_records() -> Iterator[Record]:
    yield Alliance(id=AllianceId("fourth"), name="成都市第四区域教育联盟·示意", illustrative=True)
    for district, name in DISTRICTS.items():
        yield District(
            id=DistrictId(district),
            name=name,
            research=tuple(
                ResearchHalfDay(subject=subject, weekday=weekday, half=HalfDay.AFTERNOON)
                for subject, weekday in research_of(district).items()
            ),
        )
    yield LinkPool(id=BRIDGE, name="联盟视频桥 (示意)", sessions=2, ports=10, max_sites=8)
    requests = tuple(term_requests())
    for sketch in SCHOOLS:
        yield from school_records(sketch, requests)
    yield Studio(
        id=StudioId("music-studio"),
        name="名师音乐工作室 (示意)",
        head=TeacherId("TF1-YY1"),
        members=tuple(
            TeacherId(f"{school}-YY1") for school in ("TF1", "JS", "HM", "WA", "QB", "JYS", "CB")
        ),
        subject="音乐",
    )
    yield from requests
    yield from research_chain()
    yield from music_offers()
    yield music_need()


def school_records(sketch: Sketch, requests: Sequence[Request]) -> Iterator[Record]:
    school = sketch.id
    yield School(
        id=school,
        name=sketch.name,
        district=DistrictId(sketch.district),
        tier=sketch.tier,
        support_priority=sketch.support,
        confirmer=sketch.confirmer,
    )
    for no in range(1, sketch.rooms + 1):
        yield Room(
            id=RoomId(f"{school}-R{no}"),
            school=school,
            name=f"互动教室{no}",
            seats=60,
            tier=RoomTier.LEAD if sketch.tier is not Tier.MEMBER else RoomTier.INTERACTIVE,
        )
    yield Term(
        id=f"{school}-2026-1",
        school=school,
        name="2026-27学年上学期",
        first_day=FIRST_DAY,
        last_day=LAST_DAY,
    )
    yield from day_rows(school)
    yield bell_schedule(sketch)
    for weekday in range(1, 6):
        yield OpenSlot(
            id=f"{school}-open-{weekday}",
            school=school,
            weekday=weekday,
            starts=time(9, 0),
            ends=time(16, 0),
        )
    classes = classes_of(sketch)
    yield from teachers_of(sketch)
    yield from classes
    yield from timetables(sketch, classes, requests)


def day_rows(school: SchoolId) -> Iterator[Day]:
    """Holidays, make-up days as this school maps them, and its exam week (E01, E02, E11)."""

    def row(on: date, kind: DayKind, note: str, follows: Followed | None = None) -> Day:
        return Day(
            id=f"{school}.{on}", school=school, date=on, kind=kind, follows=follows, note=note
        )

    holidays = [
        (date(2026, 9, 25), 3, "中秋节"),
        (date(2026, 10, 1), 7, "国庆节"),
        (date(2027, 1, 1), 1, "元旦"),
    ]
    for first, days, note in holidays:
        for offset in range(days):
            yield row(first + timedelta(offset), DayKind.HOLIDAY, note)
    sunday = Followed(week=4, weekday=5) if school == "CB" else Followed(week=6, weekday=2)
    saturday = None if school == "JYS" else Followed(week=6, weekday=3)
    yield row(date(2026, 9, 20), DayKind.MAKEUP, "中秋调休上班", sunday)
    yield row(date(2026, 10, 10), DayKind.MAKEUP, "国庆调休上班", saturday)
    if school == "CB":
        for offset in range(5):
            yield row(date(2026, 11, 2) + timedelta(offset), DayKind.EXAM, "期中检测")


def bell_schedule(sketch: Sketch) -> BellSchedule:
    lessons = [part.split("-") for part in sketch.bells.split()]
    periods = [
        Period(no=no, starts=_clock(starts), ends=_clock(ends))
        for no, (starts, ends) in enumerate(lessons, start=1)
    ]
    afternoon = periods[4].starts
    others = (
        (PeriodKind.MORNING_READING, time(8, 0), time(8, 15)),
        (PeriodKind.LONG_BREAK, periods[1].ends, periods[2].starts),
        (PeriodKind.LUNCH, time(12, 15), time(13, 0)),
        (PeriodKind.NAP, time(13, 0), _earlier(afternoon, 10)),
        (PeriodKind.AFTER_SCHOOL, time(16, 10), time(17, 40)),
    )
    periods += [Period(kind=kind, starts=starts, ends=ends) for kind, starts, ends in others]
    return BellSchedule(
        id=f"{sketch.id}-bells",
        school=sketch.id,
        name="作息时间 (示意)",
        periods=tuple(sorted(periods, key=lambda period: period.starts)),
    )


def timetables(
    sketch: Sketch, classes: Sequence[ClassGroup], requests: Sequence[Request]
) -> Iterator[Timetable]:
    """One timetable a class of the school, as `solve_timetables` finds them."""
    numbers = {group.id: index for index, group in enumerate(classes)}
    fixed = [
        (numbers[group], subject, when)
        for group, subject, when in aligned(requests)
        if group in numbers
    ]
    taught = [
        {subject: teacher_of(sketch.id, subject, index) for subject in WEEKLY}
        for index, _ in enumerate(classes)
    ]
    solved = solve_timetables(taught, fixed, research_of(sketch.district))
    for index, group in enumerate(classes):
        yield Timetable(
            id=f"{group.id}-2026-1",
            school=sketch.id,
            class_group=group.id,
            term=f"{sketch.id}-2026-1",
            lessons=tuple(
                Lesson(
                    weekday=weekday,
                    period=period,
                    subject=subject,
                    teacher=taught[index][subject],
                )
                for (weekday, period), subject in sorted(solved[index].items())
            ),
        )


def _clock(text: str) -> time:
    hours, minutes = text.split(":")
    return time(int(hours), int(minutes))


def _earlier(moment: time, minutes: int) -> time:
    total = moment.hour * 60 + moment.minute - minutes
    return time(total // 60, total % 60)


if __name__ == "__main__":
    main()
