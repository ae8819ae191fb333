"""A room or link goes out of use: who is hit, where each could go, and the way back."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from calendars.slots import Slot
from scheduler.booking.consent import confirm
from scheduler.booking.proposals import answer_proposal
from scheduler.booking.single import SessionChange, cancel, change
from scheduler.disruptions.outages import (
    Remedies,
    Remedy,
    apply_remedies,
    mark,
    sessions_hit,
    sessions_moved,
    unmark,
)
from scheduler.disruptions.replacements import Disrupted, Replacement, Way
from scheduler.errors import ForbiddenError, NotFoundError
from scheduler.members import LinkPoolId, Outage, OutageId
from scheduler.model import (
    Actor,
    ActorRole,
    AdjustmentKind,
    Role,
    Session,
    SessionState,
)
from scheduler.store import Transaction
from tests.builders import a_pool, a_room, an_alliance, an_outage, at, some_books
from tests.scheduler.conftest import Open
from tests.scheduler.desk import OFFICE, Desk, a_booking, a_wish, coordinator_of

O1 = OutageId("o1")
BROKEN = at("13:00", 120)
IT = Actor(name="电教", role=ActorRole.IT_SUPPORT, school=a_room("JS").school)


async def agreed(desk: Desk, **fields: Any) -> Session:
    """A lesson of TF1 for JS to which both have agreed."""
    held = await desk.book(a_booking(**fields), by=coordinator_of("TF1"))
    return await desk.do(confirm, held.id, "JS", held.revision, by=coordinator_of("JS"))


async def out_of_order(desk: Desk, slot: Slot = BROKEN, **fields: Any) -> Outage:
    """JS-R1 cannot be used around two o'clock."""
    outage = an_outage(slot, **({"room": "JS-R1"} | fields))
    await desk.do(mark, outage, revision=None, by=OFFICE)
    return outage


async def listed(desk: Desk, which: Any = sessions_hit, **options: Any) -> list[Disrupted]:
    sessions, judge = await desk.read(which, O1, after="", limit=100, **options)
    return list(judge(sessions))


def taken(session: Session, replacement: Replacement) -> Remedy:
    return Remedy(
        session=session.id,
        revision=session.revision,
        slot=replacement.slot,
        sites=replacement.sites,
        link_pool=replacement.link_pool,
    )


async def applied(desk: Desk, remedies: Sequence[Remedy], by: Actor = OFFICE) -> Any:
    return await desk.do(apply_remedies, O1, Remedies(remedies=tuple(remedies)), by=by)


async def test_e30_a_hit_session_is_offered_a_room_then_a_time_then_a_date(
    each_desk: Desk,
) -> None:
    session = await agreed(each_desk)
    await out_of_order(each_desk)
    (hit,) = await listed(each_desk)
    assert hit.session == session
    assert [each.rule for each in hit.conflicts] == ["H9"]
    assert [each.way for each in hit.replacements] == [Way.ROOM, Way.TIME, Way.POSTPONE]
    room, time, later = hit.replacements
    assert room.slot == session.slot
    assert [site.room for site in room.sites] == ["TF1-R1", "JS-R2"]
    assert time.slot.starts.date() == session.slot.starts.date()
    assert later.slot.starts.date() > session.slot.starts.date()
    assert "JS 互动教室2" in room.changes.zh
    assert await each_desk.session(session) == session


async def test_whoever_uses_something_else_or_another_time_is_not_hit(desk: Desk) -> None:
    await agreed(desk)
    await out_of_order(desk, at("9:00"))
    await desk.do(mark, an_outage(BROKEN, id=OutageId("o2"), room="JS-R2"), revision=None)
    assert await listed(desk) == []


async def test_everyone_hit_is_warned_once_and_again_when_it_lasts_longer(
    each_desk: Desk,
) -> None:
    session = await agreed(each_desk)
    outage = await out_of_order(each_desk)
    warned = [each for each in await each_desk.notices() if "停用" in each.sentence.zh]
    assert sorted((each.school, each.teacher) for each in warned if each.teacher is None) == [
        ("JS", None),
        ("TF1", None),
    ]
    assert {each.teacher for each in warned} == {None, "JS-T1", "TF1-T1"}
    assert all(session.title in each.sentence.zh for each in warned)
    later = await agreed(each_desk, slot=at("16:10"))
    longer = replace(outage, slot=Slot(outage.slot.starts, later.slot.ends))
    await each_desk.do(mark, longer, revision=1)
    assert [each.session for each in await listed(each_desk)] == [session, later]
    again = [each for each in await each_desk.notices() if "停用" in each.sentence.zh]
    assert len(again) == 2 * len(warned)


async def test_an_applied_replacement_moves_the_session_and_names_the_outage(
    each_desk: Desk,
) -> None:
    session = await agreed(each_desk)
    await out_of_order(each_desk)
    (hit,) = await listed(each_desk)
    (answer,) = await applied(each_desk, [taken(session, hit.replacements[0])])
    assert answer.session == await each_desk.session(session)
    assert answer.session.site_of("JS").room == "JS-R2"
    assert answer.session.state is SessionState.CONFIRMED
    (record,) = await each_desk.read(Transaction.adjustments, session=session.id)
    assert (record.kind, record.cause) == (AdjustmentKind.RELOCATE, O1)
    assert await listed(each_desk) == []


async def test_another_time_is_held_until_the_schools_agree_and_then_taken(
    each_desk: Desk,
) -> None:
    session = await agreed(each_desk)
    await out_of_order(each_desk)
    (hit,) = await listed(each_desk)
    time = hit.replacements[1]
    (answer,) = await applied(each_desk, [taken(session, time)], coordinator_of("TF1"))
    assert (answer.session, answer.proposal.asked) == (None, ("JS",))
    assert await each_desk.session(session) == session
    assert [each.session for each in await listed(each_desk)] == [session]
    js = coordinator_of("JS")
    await each_desk.do(answer_proposal, answer.proposal.id, "JS", 1, agrees=True, by=js)
    now = await each_desk.session(session)
    assert (now.slot, now.state) == (time.slot, SessionState.CONFIRMED)
    (record,) = await each_desk.read(Transaction.adjustments, session=session.id)
    assert (record.kind, record.cause) == (AdjustmentKind.RESCHEDULE, O1)
    assert await listed(each_desk) == []


async def test_a_replacement_that_is_no_longer_valid_blocks_no_other(each_desk: Desk) -> None:
    first = await agreed(each_desk)
    second = await agreed(each_desk, slot=at("16:10"))
    third = await agreed(each_desk, slot=at("10:35", 30), min_minutes=20)
    await out_of_order(each_desk, at("8:00", 600))
    hits = {each.session.id: each for each in await listed(each_desk)}
    assert list(hits) == [third.id, first.id, second.id]
    # JS's other room is taken meanwhile for the first, and the third has changed since.
    alone = a_wish("JS", room="JS-R2", teacher="JS-T3", class_groups=(), role=Role.LEAD)
    await each_desk.book(a_booking(sites=(alone,), link_pool=None, form="dedicated"))
    await each_desk.do(change, third.id, SessionChange(title="别的课"), third.revision)
    remedies = [taken(each, hits[each.id].replacements[0]) for each in (first, second, third)]
    answers = await applied(each_desk, remedies)
    assert [each.session is not None for each in answers] == [False, True, False]
    assert [conflict.rule for conflict in answers[0].conflicts] == ["H1"]
    assert "revision" in answers[2].refusal.en
    assert await each_desk.session(first) == first
    assert answers[1].session == await each_desk.session(second)


async def test_what_one_session_would_take_is_not_offered_to_the_next(open_desk: Open) -> None:
    """Two lessons at once lose the bridge; only one other link is free then."""
    pools = {
        LinkPoolId(name): a_pool(id=LinkPoolId(name), sessions=size)
        for name, size in (("bridge", 2), ("spare", 1))
    }
    desk = await open_desk(alliance=an_alliance(link_pools=pools))
    for school in ("TF1", "JS"):
        site = a_wish(school, role=Role.LEAD, class_groups=())
        await desk.book(a_booking(sites=(site,), form="dedicated"), by=coordinator_of(school))
    await desk.do(mark, an_outage(BROKEN, link_pool="bridge"), revision=None)
    first, second = await listed(desk)
    assert (first.replacements[0].way, first.replacements[0].link_pool) == (Way.ROOM, "spare")
    assert [each.way for each in second.replacements] == [Way.TIME, Way.POSTPONE]
    answers = await applied(
        desk, [taken(each.session, each.replacements[0]) for each in (first, second)]
    )
    assert [each.refusal for each in answers] == [None, None]


async def test_without_a_replacement_it_stays_listed_with_what_is_in_the_way(
    open_desk: Open,
) -> None:
    """JS has one room, and it is broken for three weeks."""
    desk = await open_desk(*some_books(JS={"rooms": {"JS-R1": a_room("JS", 1)}}))
    session = await agreed(desk)
    await out_of_order(desk, at("8:00", 21 * 24 * 60))
    (hit,) = await listed(desk)
    assert (hit.session, hit.replacements) == (session, ())
    assert [each.rule for each in hit.obstacles] == ["H9"]
    await desk.do(cancel, session.id, session.revision, reason="无教室")
    assert await listed(desk) == []


async def test_when_the_outage_is_over_the_old_place_is_offered_and_taken(
    each_desk: Desk,
) -> None:
    session = await agreed(each_desk)
    outage = await out_of_order(each_desk)
    (hit,) = await listed(each_desk)
    await applied(each_desk, [taken(session, hit.replacements[0])])
    (away,) = await listed(each_desk, sessions_moved)
    assert away.replacements == ()
    assert [each.rule for each in away.obstacles] == ["H9"]
    await each_desk.do(unmark, Outage, outage.id, revision=1)
    (away,) = await listed(each_desk, sessions_moved)
    (back,) = away.replacements
    assert (back.way, [site.room for site in back.sites]) == (Way.BACK, ["TF1-R1", "JS-R1"])
    told = [each for each in await each_desk.notices() if "恢复使用" in each.sentence.zh]
    assert sorted((each.school, each.teacher) for each in told) == [("JS", None), ("TF1", None)]
    (answer,) = await applied(each_desk, [taken(away.session, back)], by=IT)
    assert answer.session.site_of("JS").room == "JS-R1"
    assert answer.session.state is SessionState.CONFIRMED
    assert await listed(each_desk, sessions_moved) == []


async def test_a_hold_that_moved_finds_its_way_back_too(desk: Desk) -> None:
    held = await desk.book()
    outage = await out_of_order(desk)
    (hit,) = await listed(desk)
    await applied(desk, [taken(held, hit.replacements[0])])
    await desk.do(unmark, Outage, outage.id, revision=1)
    (away,) = await listed(desk, sessions_moved)
    assert [each.way for each in away.replacements] == [Way.BACK]


async def test_an_outage_that_moved_nobody_ends_without_a_word(desk: Desk) -> None:
    outage = await out_of_order(desk)
    await desk.do(unmark, Outage, outage.id, revision=1)
    assert await desk.notices() == []
    with pytest.raises(NotFoundError):
        await listed(desk)


async def test_a_shorter_outage_offers_the_way_back_too(desk: Desk) -> None:
    session = await agreed(desk)
    outage = await out_of_order(desk)
    (hit,) = await listed(desk)
    await applied(desk, [taken(session, hit.replacements[0])])
    shorter = replace(outage, slot=Slot(outage.slot.starts, session.slot.starts))
    await desk.do(mark, shorter, revision=1)
    (away,) = await listed(desk, sessions_moved)
    assert [each.way for each in away.replacements] == [Way.BACK]


async def test_it_support_changes_rooms_at_home_and_nothing_else(desk: Desk) -> None:
    session = await agreed(desk)
    await out_of_order(desk)
    (hit,) = await listed(desk)
    room, time, _ = hit.replacements
    elsewhere = replace(IT, school=a_room("TF1").school)
    with pytest.raises(ForbiddenError):
        await applied(desk, [taken(session, room)], by=elsewhere)
    with pytest.raises(ForbiddenError):
        await applied(desk, [taken(session, time)], by=IT)
    (answer,) = await applied(desk, [taken(session, room)], by=IT)
    assert answer.session.state is SessionState.CONFIRMED


async def test_an_outage_that_nobody_knows_is_not_found(desk: Desk) -> None:
    for use_case in (sessions_hit, sessions_moved):
        with pytest.raises(NotFoundError):
            await desk.read(use_case, O1, after="", limit=10)


async def test_the_list_comes_in_parts_the_soonest_first(desk: Desk) -> None:
    sessions = [await agreed(desk, slot=at(text)) for text in ("16:10", "14:00")]
    await out_of_order(desk, at("8:00", 600))
    first, _ = await desk.read(sessions_hit, O1, after="", limit=1)
    rest, _ = await desk.read(
        sessions_hit, O1, after=f"{first[0].slot.starts.isoformat()} {first[0].id}", limit=5
    )
    assert [*first, *rest] == sessions[::-1]


async def test_what_has_begun_is_nobodys_to_move(desk: Desk) -> None:
    session = await agreed(desk)
    await out_of_order(desk)
    begun = session.slot.starts + timedelta(minutes=1)
    assert await listed(desk, now=begun) == []
