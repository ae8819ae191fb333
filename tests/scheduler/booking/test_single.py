"""One session is booked, moved and cancelled as a whole, or not at all."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from calendars.bells import SchoolId
from calendars.days import DayKind
from calendars.windows import Tactic
from scheduler.booking.consent import confirm
from scheduler.booking.single import SessionChange, cancel, change
from scheduler.errors import (
    ClashError,
    ForbiddenError,
    InvalidWishError,
    NotFoundError,
    StaleError,
    StateError,
)
from scheduler.members import LinkPool, LinkPoolId, OpenSlot, RoomTier
from scheduler.model import Role, SessionState, SiteState
from scheduler.placing import STANDING_CONSENT
from scheduler.store import Transaction
from tests.builders import NOW, a_day, a_room, an_alliance, at, school_time, some_books
from tests.scheduler.conftest import Open
from tests.scheduler.desk import Desk, a_booking, a_wish, coordinator_of


def an_open_slot(school: str, **fields: object) -> OpenSlot:
    named = {
        "id": f"{school}-open",
        "school": SchoolId(school),
        "weekday": 2,
        "starts": time(14),
        "ends": time(15),
    }
    return OpenSlot(**named | fields)  # type: ignore[arg-type]  # any field may be named


async def test_a_booking_outside_open_slots_is_held_for_48_working_hours(each_desk: Desk) -> None:
    session = await each_desk.book()
    assert session.state is SessionState.HELD
    assert [site.state for site in session.sites] == [SiteState.HELD, SiteState.HELD]
    # NOW is a Thursday in the summer break: working hours begin with the term on Tue 1 September.
    assert session.hold_expires_at == datetime(2026, 9, 2, 16, 0, tzinfo=UTC)
    assert await each_desk.session(session) == session


async def test_working_hours_are_those_of_the_school_that_is_asked(open_desk: Open) -> None:
    """On Friday 18 September JS has the Sunday and TF1 the next Saturday as make-up days (E03)."""
    makeup = {
        "TF1": a_day(date(2026, 9, 26), DayKind.MAKEUP, follows=(4, 5), school="TF1"),
        "JS": a_day(date(2026, 9, 20), DayKind.MAKEUP, school="JS"),
    }
    desk = await open_desk(
        *some_books(
            **{name: {"time": school_time(name, days=(day,))} for name, day in makeup.items()}
        )
    )
    friday_noon = at("12:00", on=date(2026, 9, 18)).starts
    wanted = a_booking(slot=at("14:00", on=date(2026, 9, 29)))
    asked = {"JS": await desk.book(wanted, by=coordinator_of("TF1"), now=friday_noon)}
    await desk.do(cancel, asked["JS"].id, 1, reason="改期", now=friday_noon)
    asked["TF1"] = await desk.book(wanted, by=coordinator_of("JS"), now=friday_noon)
    # JS works on the Sunday too, mapped or not: its 48 hours end a day before those of TF1.
    assert asked["JS"].hold_expires_at == at("12:00", on=date(2026, 9, 21)).starts
    assert asked["TF1"].hold_expires_at == at("12:00", on=date(2026, 9, 22)).starts


async def test_a_holiday_of_the_school_that_is_asked_does_not_count(open_desk: Open) -> None:
    holiday = a_day(date(2026, 9, 9), DayKind.HOLIDAY, school="JS")
    desk = await open_desk(*some_books(JS={"time": school_time("JS", days=(holiday,))}))
    tuesday_noon = at("12:00").starts
    wanted = a_booking(slot=at("14:00", on=date(2026, 9, 15)))
    held = await desk.book(wanted, by=coordinator_of("TF1"), now=tuesday_noon)
    assert held.hold_expires_at == at("12:00", on=date(2026, 9, 11)).starts
    both = await desk.do(
        change, held.id, SessionChange(slot=at("16:10", on=date(2026, 9, 15))), 1, now=tuesday_noon
    )
    # Asked at once, both get their own hours: the hold lasts as long as the longer ones.
    assert both.hold_expires_at == at("12:00", on=date(2026, 9, 11)).starts


async def test_a_hold_never_outlasts_the_start(desk: Desk) -> None:
    session = await desk.book(now=at("9:00").starts)
    assert session.hold_expires_at == session.slot.starts


async def test_a_booking_inside_every_open_slot_is_confirmed_at_once(open_desk: Open) -> None:
    desk = await open_desk(
        *some_books(
            TF1={"open_slots": (an_open_slot("TF1"),)},
            JS={"open_slots": (an_open_slot("JS", subjects=("音乐",), weeks="2双"),)},
        )
    )
    session = await desk.book()
    assert session.state is SessionState.CONFIRMED
    assert session.hold_expires_at is None
    assert {site.answered_by for site in session.sites} == {STANDING_CONSENT}


@pytest.mark.parametrize(
    "narrow",
    [{"weekday": 3}, {"ends": time(14, 30)}, {"weeks": "3-8"}, {"subjects": ("美术",)}],
    ids=["other weekday", "too short", "other weeks", "other subject"],
)
async def test_a_slot_that_an_open_slot_does_not_hold_asks_the_school(
    open_desk: Open, narrow: dict[str, object]
) -> None:
    desk = await open_desk(
        *some_books(
            TF1={"open_slots": (an_open_slot("TF1"),)},
            JS={"open_slots": (an_open_slot("JS", **narrow),)},
        )
    )
    session = await desk.book()
    assert [site.state for site in session.sites] == [SiteState.CONFIRMED, SiteState.HELD]
    assert session.state is SessionState.HELD


@pytest.mark.parametrize("named", [{"teacher": "CB-T1"}, {"participants": ("CB-T1",)}])
async def test_a_coordinator_names_nobody_whose_school_is_not_asked(
    desk: Desk, named: dict[str, Any]
) -> None:
    booking = a_booking(sites=(a_wish("TF1", **named), a_wish("JS", Role.LISTEN)))
    with pytest.raises(ForbiddenError) as refused:
        await desk.book(booking, by=coordinator_of("TF1"))
    assert "CB 教师1" in refused.value.text.zh
    assert (await desk.book(booking)).state is SessionState.HELD


async def test_a_school_that_takes_part_may_lend_its_teacher(desk: Desk) -> None:
    sites = (a_wish("TF1", participants=("JS-T2",)), a_wish("JS", Role.LISTEN))
    session = await desk.book(a_booking(sites=sites), by=coordinator_of("TF1"))
    assert [site.state for site in session.sites] == [SiteState.CONFIRMED, SiteState.HELD]


async def test_a_coordinator_speaks_for_the_own_school_only(desk: Desk) -> None:
    session = await desk.book(by=coordinator_of("TF1"))
    assert [(site.state, site.answered_by) for site in session.sites] == [
        (SiteState.CONFIRMED, "TF1 教导处"),
        (SiteState.HELD, ""),
    ]


async def test_the_bells_say_which_period_and_how_many_minutes(desk: Desk) -> None:
    # JS rings its second lesson at 9:15, ten minutes before TF1.
    shifted = a_wish("JS", Role.LISTEN, tactic=Tactic.TRIM)
    session = await desk.book(a_booking(slot=at("9:25"), sites=(a_wish(), shifted)))
    assert [(site.period, site.effective_minutes) for site in session.sites] == [(2, 40), (2, 30)]


async def test_every_broken_rule_is_told(each_desk: Desk) -> None:
    await each_desk.book()
    with pytest.raises(ClashError) as refusal:
        await each_desk.book()
    assert {conflict.rule for conflict in refusal.value.conflicts} == {"H1", "H2", "H3"}


async def test_a_refused_booking_leaves_nothing_behind(desk: Desk) -> None:
    first = await desk.book()
    told = await desk.notices()
    with pytest.raises(ClashError):
        await desk.book()
    assert await desk.notices() == told
    assert await desk.read(Transaction.sessions) == (first,)


async def test_a_start_in_the_past_is_refused(desk: Desk) -> None:
    with pytest.raises(InvalidWishError) as refusal:
        await desk.book(now=at("14:01").starts)
    assert refusal.value.pointer == "/slot/starts"


async def test_an_unknown_room_is_named(desk: Desk) -> None:
    with pytest.raises(InvalidWishError) as refusal:
        await desk.book(a_booking(sites=(a_wish(room="R9"), a_wish("JS", Role.LISTEN))))
    assert refusal.value.pointer == "/sites/0/room"


async def test_a_room_left_open_is_one_that_is_free(desk: Desk) -> None:
    others = (a_wish("TF1", teacher="TF1-T2", class_groups=("TF1-C2",)),)
    taken = await desk.book(a_booking(sites=others, form="dedicated", link_pool=None))
    open_rooms = (a_wish(room=None), a_wish("JS", Role.LISTEN, room=None))
    session = await desk.book(a_booking(sites=open_rooms))
    assert taken.lead.room == "TF1-R1"
    assert [site.room for site in session.sites] == ["TF1-R2", "JS-R1"]


async def test_a_room_left_open_is_the_plainest_that_seats_the_class(open_desk: Open) -> None:
    rooms = {
        room.id: room
        for room in (
            a_room("JS", 1, tier=RoomTier.LEAD),
            a_room("JS", 2, tier=RoomTier.INTERACTIVE, seats=30),
            a_room("JS", 3, tier=RoomTier.INTERACTIVE, seats=80),
            a_room("JS", 4, tier=RoomTier.INTERACTIVE, seats=45),
            a_room("JS", 5, tier=RoomTier.WATCH_ONLY),
        )
    }
    desk = await open_desk(*some_books(JS={"rooms": rooms}))
    session = await desk.book(a_booking(sites=(a_wish(), a_wish("JS", Role.LISTEN, room=None))))
    assert session.sites[1].room == "JS-R4"


async def test_everybody_is_told_and_who_is_to_answer(open_desk: Open) -> None:
    tf1, js, cb = some_books()
    js = replace(js, school=replace(js.school, confirmer="王主任"))
    desk = await open_desk(tf1, js, cb)
    session = await desk.book(by=coordinator_of("TF1"))
    told = {f"{notice.school} {notice.teacher}": notice.sentence for notice in await desk.notices()}
    assert set(told) == {"TF1 None", "TF1 TF1-T1", "JS None", "JS JS-T1"}
    assert told["JS None"].zh == (
        "“三年级音乐”9月8日（周二）14:00-14:40（本校第5节 14:00-14:40），JS 互动教室1："
        "请王主任在9月3日（周四）00:00前确认或谢绝。"
    )
    assert told["TF1 None"].en == (
        "“三年级音乐” Tue 8 Sep 14:00-14:40 (yours: period 5 14:00-14:40), TF1 互动教室1: "
        "other schools are still to answer."
    )
    assert {notice.session for notice in await desk.notices()} == {session.id}


async def test_a_third_concurrent_session_on_two_links_is_refused(open_desk: Open) -> None:
    pool = LinkPool(id=LinkPoolId("bridge"), name="视频桥", sessions=1)
    desk = await open_desk(
        *some_books(WA={}, HM={}), alliance=an_alliance(link_pools={pool.id: pool})
    )
    await desk.book()
    sites = (a_wish("WA"), a_wish("CB", Role.OBSERVE, class_groups=(), teacher=None))
    with pytest.raises(ClashError) as refusal:
        await desk.book(a_booking(sites=sites))
    assert [conflict.rule for conflict in refusal.value.conflicts] == ["H6"]


async def test_a_move_onto_its_own_place_is_free(each_desk: Desk) -> None:
    session = await each_desk.book()
    later = await each_desk.do(
        change, session.id, SessionChange(slot=at("14:00", 35)), session.revision
    )
    assert (later.id, later.slot, later.revision) == (session.id, at("14:00", 35), 2)


async def test_a_move_onto_another_session_in_the_room_is_refused(each_desk: Desk) -> None:
    await each_desk.book()
    other = await each_desk.book(a_booking(slot=at("16:10")))
    with pytest.raises(ClashError) as refusal:
        await each_desk.do(change, other.id, SessionChange(slot=at("14:00")), other.revision)
    assert "H1" in {conflict.rule for conflict in refusal.value.conflicts}
    assert await each_desk.session(other) == other


async def test_a_move_raises_the_sequence_and_a_pin_does_not(desk: Desk) -> None:
    session = await desk.book()
    later = NOW + timedelta(hours=1)
    pinned = await desk.do(change, session.id, SessionChange(pinned=True), 1, now=later)
    assert (pinned.sequence, pinned.changed_at, pinned.revision) == (0, NOW, 2)
    moved = await desk.do(change, session.id, SessionChange(slot=at("16:10")), 2, now=later)
    assert (moved.sequence, moved.changed_at, moved.revision) == (1, later, 3)
    assert moved.pinned


async def test_rewording_needs_no_rules_and_keeps_the_hold(desk: Desk) -> None:
    session = await desk.book()
    reworded = await desk.do(
        change, session.id, SessionChange(title="三年级合唱", note="带口风琴"), session.revision
    )
    assert reworded == replace(session, title="三年级合唱", note="带口风琴", revision=2, sequence=1)


async def test_a_school_whose_time_moves_is_asked_again(desk: Desk) -> None:
    session = await desk.book(by=coordinator_of("JS"))
    moved = await desk.do(
        change,
        session.id,
        SessionChange(slot=at("16:10")),
        session.revision,
        by=coordinator_of("TF1"),
    )
    assert [site.state for site in moved.sites] == [SiteState.CONFIRMED, SiteState.HELD]


async def test_a_school_whose_part_stays_is_not_asked_again(desk: Desk) -> None:
    session = await desk.book(by=coordinator_of("JS"))
    sites = (a_wish("TF1", room="TF1-R2"), a_wish("JS", Role.LISTEN))
    moved = await desk.do(change, session.id, SessionChange(sites=sites), session.revision)
    assert [site.state for site in moved.sites] == [SiteState.HELD, SiteState.CONFIRMED]


async def test_an_old_revision_changes_nothing(desk: Desk) -> None:
    session = await desk.book()
    await desk.do(change, session.id, SessionChange(title="合唱"), 1)
    with pytest.raises(StaleError):
        await desk.do(change, session.id, SessionChange(title="口风琴"), 1)
    with pytest.raises(StaleError):
        await desk.do(cancel, session.id, 1, reason="停电")


async def test_what_has_ended_stays_as_it_was(desk: Desk) -> None:
    session = await desk.book(by=coordinator_of("TF1"))
    await desk.do(confirm, session.id, SchoolId("JS"), 1, by=coordinator_of("JS"))
    over = at("14:40").starts
    with pytest.raises(StateError, match="past stays"):
        await desk.do(change, session.id, SessionChange(title="改"), 2, now=over)
    with pytest.raises(StateError, match="past stays"):
        await desk.do(cancel, session.id, 2, reason="停电", now=over)


async def test_a_cancellation_needs_a_reason_and_frees_everything(each_desk: Desk) -> None:
    session = await each_desk.book()
    with pytest.raises(InvalidWishError):
        await each_desk.do(cancel, session.id, 1, reason=" ")
    off = await each_desk.do(cancel, session.id, 1, reason="停电")
    assert (off.state, off.reason, off.sequence) == (SessionState.CANCELLED, "停电", 1)
    assert (await each_desk.book()).state is SessionState.HELD
    with pytest.raises(StateError):
        await each_desk.do(cancel, session.id, 2, reason="停电")


async def test_e52_a_cancellation_ten_minutes_before_is_urgent(desk: Desk) -> None:
    session = await desk.book(by=coordinator_of("TF1"))
    await desk.do(confirm, session.id, SchoolId("JS"), 1, by=coordinator_of("JS"))
    before = {notice.id for notice in await desk.notices()}
    await desk.do(cancel, session.id, 2, reason="停电", now=at("13:50").starts)
    told = [notice for notice in await desk.notices() if notice.id not in before]
    assert {notice.sentence.zh for notice in told} == {
        "【紧急】9月8日（周二）14:00-14:40的“三年级音乐”已取消：停电"
    }


async def test_nothing_has_this_id(desk: Desk) -> None:
    with pytest.raises(NotFoundError):
        await desk.do(cancel, "s9", 1, reason="停电")


async def test_a_watch_only_room_cannot_listen(open_desk: Open) -> None:
    room = a_room("JS", 1, tier=RoomTier.WATCH_ONLY)
    desk = await open_desk(*some_books(JS={"rooms": {room.id: room}}))
    with pytest.raises(ClashError) as refusal:
        await desk.book()
    assert [conflict.rule for conflict in refusal.value.conflicts] == ["H9"]
