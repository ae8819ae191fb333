"""A series is booked date by date as one unit, and the answer tells exactly what became of each."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from calendars.bells import SchoolId
from calendars.days import DayKind
from calendars.slots import Slot
from scheduler.booking.consent import confirm_series, decline_series
from scheduler.booking.series import SeriesBooked, book_series, suggest_for_series
from scheduler.booking.series_cancelling import cancel_series
from scheduler.booking.series_changes import SeriesChange, change_series
from scheduler.booking.single import SessionChange, cancel, change
from scheduler.checking.database import check
from scheduler.errors import (
    ClashError,
    ForbiddenError,
    InvalidValueError,
    InvalidWishError,
    StaleError,
    StateError,
)
from scheduler.model import (
    OnDecline,
    Role,
    SessionState,
    WhenImpossible,
)
from scheduler.store import Transaction
from tests.builders import a_day, a_term, at, school_time, some_books
from tests.scheduler.conftest import Open
from tests.scheduler.desk import Desk, a_booking, a_series, a_wish, coordinator_of, weekly

FIRST = date(2026, 9, 1)
SECOND, THIRD, FOURTH = (FIRST + timedelta(weeks=weeks) for weeks in (1, 2, 3))


def dates(booked: SeriesBooked) -> list[date]:
    return [session.series_date for session in booked.booked if session.series_date is not None]


async def test_every_date_is_booked_at_one_time_in_one_room(each_desk: Desk) -> None:
    sites = (a_wish("TF1", room=None), a_wish("JS", Role.LISTEN))
    booked = await each_desk.do(book_series, a_series(sites=sites))
    assert dates(booked) == [FIRST, SECOND, THIRD, FOURTH]
    assert [session.slot for session in booked.booked] == [
        at("14:00", on=on) for on in (FIRST, SECOND, THIRD, FOURTH)
    ]
    assert {session.lead.room for session in booked.booked} == {"TF1-R1"}
    assert (booked.skipped, booked.replaced) == ((), ())
    stored = await each_desk.read(Transaction.sessions, series=booked.series.id)
    assert set(stored) == set(booked.booked)
    assert await each_desk.read(Transaction.series, booked.series.id) == booked.series


async def test_holidays_are_listed_as_lost(open_desk: Open) -> None:
    holiday = a_day(on=THIRD, kind=DayKind.HOLIDAY, school="JS")
    desk = await open_desk(*some_books(JS={"time": school_time("JS", days=(holiday,))}))
    booked = await desk.do(book_series, a_series())
    assert dates(booked) == [FIRST, SECOND, FOURTH]
    assert [(each.date, each.conflicts) for each in booked.skipped] == [(THIRD, ())]
    assert "节假日" in booked.skipped[0].reason.zh


async def test_dates_that_have_passed_are_left_out_and_named(desk: Desk) -> None:
    booked = await desk.do(book_series, a_series(), now=at("9:00", on=SECOND).starts)
    assert dates(booked) == [SECOND, THIRD, FOURTH]
    assert [each.date for each in booked.skipped] == [FIRST]


async def test_one_impossible_date_refuses_all_and_is_named(each_desk: Desk) -> None:
    for on in (SECOND, FOURTH):
        await each_desk.book(a_booking(slot=at("14:00", on=on)))
    with pytest.raises(ClashError) as refusal:
        await each_desk.do(book_series, a_series())
    sentences = [conflict.sentence.zh for conflict in refusal.value.conflicts]
    assert {sentence.split("：")[0] for sentence in sentences} == {
        "9月8日（周二）14:00-14:40",
        "9月22日（周二）14:00-14:40",
    }
    assert await each_desk.read(Transaction.all_series) == ()
    assert len(await each_desk.read(Transaction.sessions)) == 2


async def test_e28_an_impossible_date_may_be_skipped(each_desk: Desk) -> None:
    await each_desk.book(a_booking(slot=at("14:00", on=SECOND)))
    wish = a_series(when_impossible=WhenImpossible.SKIP)
    booked = await each_desk.do(book_series, wish)
    assert dates(booked) == [FIRST, THIRD, FOURTH]
    assert [each.date for each in booked.skipped] == [SECOND]
    assert {conflict.rule for conflict in booked.skipped[0].conflicts} == {"H1", "H2", "H3"}


async def test_an_impossible_date_may_take_another_room(desk: Desk) -> None:
    other = a_wish("TF1", teacher="TF1-T2", class_groups=("TF1-C2",))
    await desk.book(a_booking(slot=at("14:00", on=SECOND), sites=(other,), link_pool=None))
    wish = a_series(when_impossible=WhenImpossible.ALTERNATIVE)
    booked = await desk.do(book_series, wish)
    assert dates(booked) == [FIRST, SECOND, THIRD, FOURTH]
    assert [session.lead.room for session in booked.booked] == [
        "TF1-R1",
        "TF1-R2",
        "TF1-R1",
        "TF1-R1",
    ]
    (replaced,) = booked.replaced
    assert (replaced.date, replaced.session) == (SECOND, booked.booked[1].id)
    assert replaced.changes.zh == ("时间不变（9月8日（周二）14:00-14:40）；TF1改用TF1 互动教室2。")


async def test_an_impossible_date_may_move_within_its_week(each_desk: Desk) -> None:
    await each_desk.book(a_booking(slot=at("14:00", on=SECOND)))
    wish = a_series(when_impossible=WhenImpossible.ALTERNATIVE)
    booked = await each_desk.do(book_series, wish)
    moved = booked.booked[1]
    assert moved.series_date == SECOND
    assert moved.slot != at("14:00", on=SECOND)
    week = Slot(at("0:00", on=date(2026, 9, 7)).starts, at("0:00", on=date(2026, 9, 14)).starts)
    assert week.contains(moved.slot)
    assert [each.date for each in booked.replaced] == [SECOND]


async def test_a_series_with_no_bookable_date_is_refused(desk: Desk) -> None:
    await desk.do(book_series, a_series())
    with pytest.raises(ClashError) as refusal:
        await desk.do(book_series, a_series(when_impossible=WhenImpossible.SKIP))
    days = {conflict.sentence.zh[:4] for conflict in refusal.value.conflicts}
    assert days == {"9月1日", "9月8日", "9月15", "9月22"}


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"term": "JS-2026-1"}, "/term"),
        ({"term": "nowhere"}, "/term"),
        ({"weekly": weekly(weekday=7)}, "/weekly"),
    ],
    ids=["another school's term", "no such term", "only Sundays"],
)
async def test_a_pattern_without_dates_is_refused(
    desk: Desk, wrong: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(InvalidWishError) as refusal:
        await desk.do(book_series, a_series(**wrong))
    assert refusal.value.pointer == pointer


async def test_a_series_is_told_once_to_each_school_and_teacher(desk: Desk) -> None:
    await desk.do(book_series, a_series())
    told = {f"{each.school} {each.teacher}": each.sentence for each in await desk.notices()}
    assert len(await desk.notices()) == 4
    assert told["JS JS-T1"].zh == (
        "系列“三年级音乐”：每周二14:00，共4次，9月1日（周二）至9月22日（周二），"
        "其中4次请JS在9月1日（周二）14:00前确认或谢绝。"
    )


async def test_one_tap_confirms_every_date(desk: Desk) -> None:
    booked = await desk.do(book_series, a_series(), by=coordinator_of("TF1"))
    js = SchoolId("JS")
    confirmed = await desk.do(confirm_series, booked.series.id, js, by=coordinator_of("JS"))
    assert [session.state for session in confirmed] == [SessionState.CONFIRMED] * 4
    with pytest.raises(StateError, match=r"any more \(JS 教导处 has answered\)"):
        await desk.do(decline_series, booked.series.id, js, reason="考试")


async def test_e53_a_moved_date_keeps_its_series_and_its_id(desk: Desk) -> None:
    booked = await desk.do(book_series, a_series())
    session = booked.booked[1]
    wish = SessionChange(slot=at("16:10", on=SECOND))
    moved = await desk.do(change, session.id, wish, session.revision)
    assert (moved.id, moved.series, moved.series_date) == (
        session.id,
        booked.series.id,
        SECOND,
    )
    assert moved.sequence == 1


async def test_this_and_following_splits_the_series(each_desk: Desk) -> None:
    booked = await each_desk.do(book_series, a_series())
    wish = SeriesChange(from_date=THIRD, weekly=weekly(weekday=4, starts="16:10"), reason="调课")
    later = await each_desk.do(change_series, booked.series.id, wish, booked.series.revision)
    assert later.series.split_from == booked.series.id
    assert later.series.weekly == weekly(weekday=4, starts="16:10", weeks="3-4")
    assert [(session.id, session.series_date, session.sequence) for session in later.booked] == [
        (booked.booked[2].id, THIRD + timedelta(days=2), 1),
        (booked.booked[3].id, FOURTH + timedelta(days=2), 1),
    ]
    kept = await each_desk.read(Transaction.series, booked.series.id)
    assert (kept.weekly.weeks, kept.revision) == ("1-2", 2)
    assert await each_desk.read(Transaction.sessions, series=booked.series.id) == tuple(
        sorted(booked.booked[:2], key=lambda session: session.id)
    )


async def test_what_has_begun_stays_when_the_series_changes(desk: Desk) -> None:
    booked = await desk.do(book_series, a_series())
    for school in ("TF1", "JS"):
        await desk.do(confirm_series, booked.series.id, SchoolId(school))
    wish = SeriesChange(from_date=FIRST, title="三年级合唱")
    now = at("14:10", on=SECOND).starts
    await desk.do(change_series, booked.series.id, wish, 1, now=now)
    titles = [(await desk.session(session)).title for session in booked.booked]
    assert titles == ["三年级音乐", "三年级音乐", "三年级合唱", "三年级合唱"]


async def test_rewording_a_whole_series_splits_nothing(desk: Desk) -> None:
    booked = await desk.do(book_series, a_series())
    wish = SeriesChange(from_date=FIRST, title="三年级合唱")
    after = await desk.do(change_series, booked.series.id, wish, 1)
    assert (after.series.id, after.series.revision) == (booked.series.id, 2)
    assert after.series.split_from is None
    assert {session.title for session in after.booked} == {"三年级合唱"}
    assert {session.series for session in after.booked} == {booked.series.id}


async def test_a_change_of_nothing_is_refused_and_splits_nothing(desk: Desk) -> None:
    booked = await desk.do(book_series, a_series())
    for wish in (SeriesChange(from_date=THIRD), SeriesChange(from_date=THIRD, reason="调课")):
        with pytest.raises(InvalidWishError, match="Say what to change"):
            await desk.do(change_series, booked.series.id, wish, 1)
    assert (await desk.read(Transaction.series, booked.series.id)).revision == 1


async def test_a_moved_series_may_pass_through_its_own_places(desk: Desk) -> None:
    booked = await desk.do(book_series, a_series())
    wish = SeriesChange(from_date=FIRST, weekly=weekly(starts="14:05"))
    with pytest.raises(ClashError):  # JS and TF1 ring at 14:00 and 14:40
        await desk.do(change_series, booked.series.id, wish, 1)
    sites = (a_wish("TF1", tactic="trim"), a_wish("JS", Role.LISTEN, tactic="trim"))
    wish = SeriesChange(from_date=FIRST, weekly=weekly(starts="14:05"), sites=sites)
    moved = await desk.do(change_series, booked.series.id, wish, 1)
    assert [session.slot for session in moved.booked] == [
        at("14:05", on=on) for on in (FIRST, SECOND, THIRD, FOURTH)
    ]


async def test_weeks_that_a_change_leaves_out_are_cancelled(desk: Desk) -> None:
    booked = await desk.do(book_series, a_series())
    wish = SeriesChange(from_date=FIRST, weekly=weekly(weeks="1-5单"), reason="改为单周")
    after = await desk.do(change_series, booked.series.id, wish, 1)
    assert dates(after) == [FIRST, THIRD, FIRST + timedelta(weeks=4)]
    dropped = [await desk.session(booked.booked[no]) for no in (1, 3)]
    assert [(each.state, each.reason) for each in dropped] == [
        (SessionState.CANCELLED, "改为单周")
    ] * 2


async def test_a_change_of_an_old_revision_is_stale(desk: Desk) -> None:
    booked = await desk.do(book_series, a_series())
    await desk.do(change_series, booked.series.id, SeriesChange(from_date=THIRD, title="合唱"), 1)
    with pytest.raises(StaleError):
        await desk.do(
            change_series, booked.series.id, SeriesChange(from_date=FIRST, title="合唱"), 1
        )


async def test_a_change_past_the_end_is_refused(desk: Desk) -> None:
    booked = await desk.do(book_series, a_series())
    late = FOURTH + timedelta(days=1)
    with pytest.raises(StateError):
        await desk.do(change_series, booked.series.id, SeriesChange(from_date=late), 1)
    ended = SeriesChange(from_date=FOURTH, weekly=weekly(weeks="1-2"))
    with pytest.raises(InvalidWishError):
        await desk.do(change_series, booked.series.id, ended, 1)


async def test_cancelling_a_series_leaves_what_comes_before(each_desk: Desk) -> None:
    booked = await each_desk.do(book_series, a_series())
    off = await each_desk.do(cancel_series, booked.series.id, THIRD, 1, reason="期中考试")
    assert [(each.series_date, each.state, each.reason) for each in off] == [
        (THIRD, SessionState.CANCELLED, "期中考试"),
        (FOURTH, SessionState.CANCELLED, "期中考试"),
    ]
    assert (await each_desk.session(booked.booked[0])).state is SessionState.HELD
    series = await each_desk.read(Transaction.series, booked.series.id)
    assert (series.weekly.weeks, series.revision) == ("1-2", 2)


async def test_a_series_is_changed_and_cancelled_though_its_term_was_cut_short(desk: Desk) -> None:
    booked = await desk.do(book_series, a_series())
    short = replace(a_term("TF1"), last_day=THIRD)
    await desk.do(Transaction.put_many, [short])
    renamed = SeriesChange(from_date=SECOND, title="三年级音乐")
    after = await desk.do(change_series, booked.series.id, renamed, 1)
    assert [each.title for each in after.booked] == ["三年级音乐"] * 3
    assert after.series.weekly.weeks == "2-3"
    off = await desk.do(cancel_series, after.series.id, SECOND, 1, reason="提前放假")
    assert [each.series_date for each in off] == [SECOND, THIRD, FOURTH]


async def test_one_date_is_skipped_by_cancelling_its_session(desk: Desk) -> None:
    booked = await desk.do(book_series, a_series())
    await desk.do(cancel, booked.booked[1].id, 1, reason="研学")
    states = [(await desk.session(session)).state for session in booked.booked]
    assert states == [
        SessionState.HELD,
        SessionState.CANCELLED,
        SessionState.HELD,
        SessionState.HELD,
    ]


async def test_other_weekdays_hold_all_dates_of_a_refused_series(each_desk: Desk) -> None:
    await each_desk.do(book_series, a_series())
    suggestions = (await each_desk.read(suggest_for_series, a_series()))()
    assert len(suggestions) == 5
    for alternative in suggestions:
        assert alternative.weekly is not None
        wish = a_series(weekly=alternative.weekly, sites=alternative.sites)
        booked = await each_desk.do(book_series, wish)
        assert booked.booked[0].slot == alternative.slot
        await each_desk.do(cancel_series, booked.series.id, FIRST, 1, reason="试排")
    assert suggestions[0].changes.zh == "改为每周二16:10-16:50，4次全部可排。"
    assert {alternative.min_effective_minutes for alternative in suggestions} == {40}


async def test_a_date_that_a_change_makes_impossible_may_be_skipped(desk: Desk) -> None:
    booked = await desk.do(book_series, a_series())
    await desk.book(a_booking(slot=at("16:10", on=THIRD)))
    moved = weekly(starts="16:10")
    with pytest.raises(ClashError):
        await desk.do(
            change_series, booked.series.id, SeriesChange(from_date=FIRST, weekly=moved), 1
        )
    wish = SeriesChange(from_date=FIRST, weekly=moved, when_impossible=WhenImpossible.SKIP)
    after = await desk.do(change_series, booked.series.id, wish, 1)
    assert dates(after) == [FIRST, SECOND, FOURTH]
    assert [each.date for each in after.skipped] == [THIRD]
    dropped = await desk.session(booked.booked[2])
    assert dropped.state is SessionState.CANCELLED
    assert dropped.reason == "系列自 2026-09-01 起调整 / series changed"


async def test_a_school_that_leaves_a_series_is_told(desk: Desk) -> None:
    sites = (a_wish("TF1"), a_wish("JS", Role.LISTEN), a_wish("CB", Role.OBSERVE, class_groups=()))
    booked = await desk.do(book_series, a_series(sites=sites))
    before = {notice.id for notice in await desk.notices()}
    wish = SeriesChange(from_date=THIRD, sites=sites[:2])
    await desk.do(change_series, booked.series.id, wish, 1)
    told = {
        f"{each.school} {each.teacher}": each.sentence.zh
        for each in await desk.notices()
        if each.id not in before
    }
    assert told["CB CB-T1"] == "系列“三年级音乐”有变动，您不再参加。"
    assert told["JS None"].startswith("系列有变动：系列“三年级音乐”：每周二14:00，共2次")


async def test_an_open_room_that_is_taken_once_changes_on_that_date_only(desk: Desk) -> None:
    other = a_wish("TF1", teacher="TF1-T2", class_groups=("TF1-C2",))
    await desk.book(a_booking(slot=at("14:00", on=THIRD), sites=(other,), link_pool=None))
    sites = (a_wish("TF1", room=None), a_wish("JS", Role.LISTEN))
    booked = await desk.do(book_series, a_series(sites=sites))
    assert [session.lead.room for session in booked.booked] == [
        "TF1-R1",
        "TF1-R1",
        "TF1-R2",
        "TF1-R1",
    ]


RULE = SeriesChange(from_date=THIRD, on_decline=OnDecline.QUORUM, must_have=(SchoolId("JS"),))


async def test_whoever_booked_a_series_changes_what_a_no_does_from_a_date_on(
    each_desk: Desk,
) -> None:
    tf1 = coordinator_of("TF1")
    booked = await each_desk.do(book_series, a_series(), by=tf1)
    later = await each_desk.do(change_series, booked.series.id, RULE, 1, by=tf1)
    assert (later.series.on_decline, later.series.must_have) == (OnDecline.QUORUM, ("JS",))
    assert [each.on_decline for each in later.booked] == [OnDecline.QUORUM] * 2
    kept = [await each_desk.session(each) for each in booked.booked[:2]]
    assert [each.on_decline for each in kept] == [OnDecline.ALL_REQUIRED] * 2
    told = [each for each in await each_desk.notices() if each.school == "JS"]
    rule = "有学校谢绝时，只要还有2所学校（含TF1、JS）就照常进行。"
    assert {each.teacher for each in told if each.sentence.zh.endswith(f"。{rule}")} == {
        None,
        "JS-T1",
    }
    assert await each_desk.read(check) == ()


async def test_nobody_else_changes_what_a_no_does_to_a_series(desk: Desk) -> None:
    booked = await desk.do(book_series, a_series(), by=coordinator_of("TF1"))
    with pytest.raises(ForbiddenError, match="TF1"):
        await desk.do(change_series, booked.series.id, RULE, 1, by=coordinator_of("JS"))
    with pytest.raises(InvalidValueError, match="more than the 2 schools"):
        await desk.do(change_series, booked.series.id, replace(RULE, quorum=3), 1)


async def test_new_dates_of_a_series_are_of_those_who_booked_it(desk: Desk) -> None:
    booked = await desk.do(book_series, a_series(), by=coordinator_of("TF1"))
    longer = SeriesChange(from_date=FIRST, weekly=weekly(weeks="1-5"))
    changed = await desk.do(change_series, booked.series.id, longer, 1)
    assert [each.booked_by for each in changed.booked] == ["TF1"] * 5
