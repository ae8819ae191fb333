"""Who lifts a suspension, or puts sessions back, while others change what that is about."""

from dataclasses import replace
from typing import Any

from calendars.days import Day, DayKind, day_id
from scheduler.disruptions.suspending import Returns, lift, put_back, suspend
from scheduler.model import Kind, Session
from scheduler.store import Transaction
from tests.builders import NOW, TUESDAY, at
from tests.scheduler.desk import Desk, a_booking, a_wish
from tests.scheduler.disruptions.suspending.test_suspending import EVERYONE, JS, TYPHOON
from tests.scheduler.overtaking import overtake


async def test_a_day_that_somebody_changes_as_the_school_opens_is_not_lost(each_desk: Desk) -> None:
    """Either it stays as they say, or they are told that it is not what they have read."""
    suspension = await each_desk.do(suspend, TYPHOON)
    stored = await each_desk.read(Transaction.get, Day, day_id(JS, TUESDAY))
    holiday = replace(stored.record, kind=DayKind.HOLIDAY, note="校庆")
    met = await overtake(
        each_desk,
        lambda each: lift(each, suspension),
        lambda each: each.put(holiday, revision=stored.revision),
        halt="put_many",
    )
    rows = [each.record for each in await each_desk.read(Transaction.list, Day, limit=10)]
    assert (rows == [holiday]) != bool(met.refused)


async def test_two_who_put_the_same_sessions_back_in_opposite_orders_never_begin_anew(
    each_desk: Desk,
) -> None:
    """Each locks all that it needs at once: neither holds what the other waits for."""
    alone = [await _alone(each_desk, school) for school in ("TF1", "CB")]
    lifted = await each_desk.do(lift, await each_desk.do(suspend, EVERYONE))

    def puts_back(*sessions: Session) -> Any:
        wish = Returns(sessions=tuple(each.id for each in sessions))
        return lambda each: put_back(each, lifted, wish)

    met = await overtake(
        each_desk, puts_back(*alone), puts_back(*alone[::-1]), halt="add_adjustment"
    )
    assert met.begun == 2
    assert [each.refusal for each in met.first] == [None, None]
    sessions = await each_desk.read(Transaction.sessions)
    live = [each for each in sessions if each.is_live(NOW)]
    assert sorted(each.lead.school for each in live) == ["CB", "TF1"]


async def _alone(desk: Desk, school: str) -> Session:
    """Something that this school holds by itself."""
    site = a_wish(school, class_groups=(), teacher=f"{school}-T1", room=f"{school}-R1")
    return await desk.book(
        a_booking(kind=Kind.JOINT_RESEARCH, sites=(site,), slot=at("16:10"), link_pool=None)
    )
