"""Outages that come in files warn the same people as those that are posted."""

from scheduler.disruptions.outages import import_and_warn
from scheduler.model import Session
from tests.scheduler.desk import Desk
from tests.scheduler.test_adjustments import agreed

HEADING = "编号,学校,教室,时段,原因"
AT = "2026-09-08T13:00+08:00/2026-09-08T15:00+08:00"
LATER = "2026-09-08T16:00+08:00/2026-09-08T18:00+08:00"


def files(slot: str = AT, room: str = "JS-R1") -> dict[str, bytes]:
    return {"outages.csv": f"{HEADING}\nmic,JS,{room},{slot},话筒无声\n".encode()}


async def told(desk: Desk) -> list[str]:
    return [each.sentence.zh for each in await desk.notices() if "话筒无声" in each.sentence.zh]


async def hits(desk: Desk, given: dict[str, bytes]) -> list[tuple[str, tuple[Session, ...]]]:
    done = await desk.do(import_and_warn, given)
    return [(each.outage, each.sessions) for each in done.hits]


async def test_whom_an_imported_outage_hits_is_listed_and_warned(each_desk: Desk) -> None:
    session = await agreed(each_desk)
    assert await hits(each_desk, files()) == [("mic", (session,))]
    sentences = await told(each_desk)
    assert len(sentences) == 4  # both schools and their teachers
    assert "· 9月8日（周二）14:00-14:40“三年级音乐”" in sentences[0]


async def test_the_same_file_again_tells_nobody(desk: Desk) -> None:
    await agreed(desk)
    await hits(desk, files())
    before = await told(desk)
    assert await hits(desk, files()) == []
    assert await told(desk) == before


async def test_an_imported_outage_that_changes_warns_anew(desk: Desk) -> None:
    session = await agreed(desk)
    assert await hits(desk, files(LATER)) == []
    assert await told(desk) == []
    assert await hits(desk, files()) == [("mic", (session,))]
    assert await told(desk)


async def test_an_outage_of_another_room_hits_nobody(desk: Desk) -> None:
    await agreed(desk)
    assert await hits(desk, files(room="JS-R2")) == []
