"""Schools close for a day all at once: sessions, day tables, one digest each; and open again."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from calendars.bells import SchoolId
from calendars.days import Day, DayKind
from scheduler.adjusting import place_of
from scheduler.booking.consent import confirm
from scheduler.booking.series import book_series
from scheduler.booking.single import SessionChange, change
from scheduler.checking.database import check
from scheduler.disruptions.making_up import MakeUp, make_up
from scheduler.disruptions.replacements import Disrupted, Way
from scheduler.disruptions.suspending import (
    Returns,
    SuspensionWish,
    lift,
    put_back,
    sessions_to_decide,
    suspend,
)
from scheduler.disruptions.suspending.closing import effect_on
from scheduler.errors import ClashError, InvalidValueError, InvalidWishError, StateError
from scheduler.members import District, DistrictId, School
from scheduler.model import (
    Effect,
    Notice,
    OnDecline,
    Role,
    Session,
    SessionState,
    SuspendedSession,
    Suspension,
)
from scheduler.store import Transaction
from tests.builders import TUESDAY, a_day, a_session, a_site, at, school_time, some_books
from tests.scheduler.conftest import Open
from tests.scheduler.desk import OFFICE, Desk, a_booking, a_series, a_wish, coordinator_of

TYPHOON = SuspensionWish(date=TUESDAY, schools=(SchoolId("JS"),), reason="台风")
EVERYONE = SuspensionWish(date=TUESDAY, everyone=True, reason="台风")
TF1, JS, CB = (SchoolId(each) for each in ("TF1", "JS", "CB"))


async def agreed(desk: Desk, *schools: str, **fields: Any) -> Session:
    """A lesson of TF1 for these schools, to which all have agreed."""
    sites = (a_wish("TF1"), *(a_wish(each, Role.LISTEN) for each in schools or ("JS",)))
    session = await desk.book(a_booking(sites=sites, **fields), by=coordinator_of("TF1"))
    for school in schools or ("JS",):
        session = await desk.do(
            confirm, session.id, SchoolId(school), session.revision, by=coordinator_of(school)
        )
    return session


def digests(notices: list[Notice]) -> dict[tuple[str, str | None], list[str]]:
    """What each person reads of suspensions."""
    found: dict[tuple[str, str | None], list[str]] = {}
    for each in notices:
        if each.key.startswith("suspension:"):
            found.setdefault((each.school, each.teacher), []).append(each.sentence.zh)
    return found


async def listed(desk: Desk, suspension: Suspension) -> list[Disrupted]:
    sessions, judge = await desk.read(sessions_to_decide, suspension, after="", limit=50)
    return list(judge(sessions))


async def test_e13_one_action_cancels_marks_the_day_and_tells_each_person_once(
    each_desk: Desk,
) -> None:
    lessons = [await agreed(each_desk, slot=at(text)) for text in ("14:00", "16:10")]
    elsewhere = await agreed(each_desk, "CB", slot=at("16:10", on=TUESDAY + timedelta(days=1)))
    suspension = await each_desk.do(suspend, TYPHOON)
    for lesson in lessons:
        now = await each_desk.session(lesson)
        assert (now.state, now.reason) == (SessionState.CANCELLED, "台风")
    assert await each_desk.session(elsewhere) == elsewhere
    read = digests(await each_desk.notices())
    assert set(read) == {("TF1", None), ("TF1", "TF1-T1"), ("JS", None), ("JS", "JS-T1")}
    assert all(len(each) == 1 for each in read.values())
    assert all(text.count("三年级音乐") == 2 for (text,) in read.values())
    assert [each.session for each in suspension.sessions] == [each.id for each in lessons]
    records = await each_desk.read(Transaction.adjustments, cause=suspension.id)
    assert {each.session for each in records} == {each.id for each in lessons}


async def test_e13_what_is_said_at_nine_for_tomorrow_waits_for_no_quiet_hours(desk: Desk) -> None:
    await agreed(desk)
    nine_at_night = at("21:00", on=TUESDAY - timedelta(days=1)).starts
    weeks_before = await desk.do(suspend, TYPHOON)
    await desk.do(lift, weeks_before, now=nine_at_night)
    told = {
        each.key.count(":lifted:"): each.urgent
        for each in await desk.notices()
        if "台风" in each.sentence.zh
    }
    assert told == {0: False, 1: True}


async def test_nobody_books_a_closed_school_until_it_opens(each_desk: Desk) -> None:
    suspension = await each_desk.do(suspend, TYPHOON)
    with pytest.raises(ClashError, match="台风") as refused:
        await each_desk.book()
    assert {each.rule for each in refused.value.conflicts} >= {"H8"}
    await each_desk.do(lift, suspension)
    assert (await each_desk.book()).is_live(suspension.created_at)


async def test_the_same_again_changes_nothing(each_desk: Desk) -> None:
    await agreed(each_desk)
    first = await each_desk.do(suspend, TYPHOON)
    told = await each_desk.notices()
    assert await each_desk.do(suspend, replace(TYPHOON, reason="暴雨")) == first
    assert await each_desk.notices() == told


async def test_a_second_suspension_closes_only_those_still_open(desk: Desk) -> None:
    await desk.do(suspend, TYPHOON)
    later = await desk.do(suspend, EVERYONE)
    assert later.schools == ("CB", "TF1")


@pytest.mark.parametrize(
    ("closed", "fields", "effect"),
    [
        ({"TF1"}, {}, Effect.CANCELLED),
        ({"JS", "CB"}, {}, Effect.CANCELLED),
        ({"JS"}, {}, Effect.UNDECIDED),
        ({"JS"}, {"on_decline": OnDecline.QUORUM, "quorum": 2}, Effect.GOES_ON),
        ({"JS"}, {"on_decline": OnDecline.QUORUM, "quorum": 3}, Effect.UNDECIDED),
        (
            {"JS"},
            {"on_decline": OnDecline.QUORUM, "quorum": 2, "must_have": ("JS",)},
            Effect.UNDECIDED,
        ),
        (
            {"JS"},
            {"sites": (a_site("TF1"), a_site("JS", Role.OBSERVE), a_site("CB", Role.LISTEN))},
            Effect.GOES_ON,
        ),
    ],
)
def test_e11_what_becomes_of_a_session_depends_on_who_is_closed(
    closed: set[str], fields: dict[str, Any], effect: Effect
) -> None:
    sites = (a_site("TF1"), a_site("JS", Role.LISTEN), a_site("CB", Role.LISTEN))
    session = a_session(**{"sites": sites} | fields)
    assert effect_on(session, {SchoolId(each) for each in closed}) is effect


async def test_a_session_that_may_goes_on_without_the_closed_school(each_desk: Desk) -> None:
    session = await agreed(each_desk, "JS", "CB", slot=at("16:10"), on_decline="quorum", quorum=2)
    suspension = await each_desk.do(suspend, TYPHOON)
    assert suspension.sessions == (
        SuspendedSession(
            session=session.id,
            title=session.title,
            before=place_of(session),
            effect=Effect.GOES_ON,
            without=(JS,),
        ),
    )
    now = await each_desk.session(session)
    assert (now.state, [site.school for site in now.sites]) == (
        SessionState.CONFIRMED,
        ["TF1", "CB"],
    )
    read = digests(await each_desk.notices())
    assert "您校不参加" in read["JS", "JS-T1"][0]
    assert "停课的学校不参加" in read["CB", "CB-T1"][0]
    await each_desk.do(lift, suspension)
    after = await each_desk.read(Transaction.suspension, suspension.id)
    (hit,) = await listed(each_desk, after)
    assert [each.way for each in hit.replacements] == [Way.BACK]
    (answer,) = await each_desk.do(put_back, after, Returns(sessions=(session.id,)))
    assert answer.session is not None
    assert [site.school for site in answer.session.sites] == ["TF1", "JS", "CB"]
    assert await listed(each_desk, after) == []


async def test_an_undecided_session_stays_listed_until_somebody_decides(desk: Desk) -> None:
    session = await agreed(desk, "JS", "CB", slot=at("16:10"))
    suspension = await desk.do(suspend, TYPHOON)
    assert await desk.session(session) == session
    (hit,) = await listed(desk, suspension)
    assert (hit.session, {each.rule for each in hit.conflicts}) == (session, {"H8", "H13"})
    assert {each.way for each in hit.replacements} == {Way.POSTPONE}
    read = digests(await desk.notices())
    assert set(read) == {("TF1", None), ("JS", None), ("CB", None)}
    without = SessionChange(sites=(a_wish("TF1"), a_wish("CB", Role.LISTEN)), reason="台风")
    await desk.do(change, session.id, without, session.revision)
    assert await listed(desk, suspension) == []


async def test_a_cancelled_session_is_offered_a_later_date_until_it_is_made_up(desk: Desk) -> None:
    session = await agreed(desk)
    suspension = await desk.do(suspend, TYPHOON)
    (hit,) = await listed(desk, suspension)
    (place,) = hit.replacements
    assert place.slot.starts.date() > TUESDAY
    await desk.do(make_up, session.id, MakeUp(slot=place.slot, sites=place.sites, reason="补课"))
    assert await listed(desk, suspension) == []


async def test_lifting_offers_each_session_its_place_and_takes_it_back_on_request(
    each_desk: Desk,
) -> None:
    first = await agreed(each_desk)
    second = await agreed(each_desk, slot=at("16:10"))
    suspension = await each_desk.do(suspend, EVERYONE)
    with pytest.raises(StateError, match="not been lifted"):
        await each_desk.do(put_back, suspension, Returns(sessions=(first.id,)))
    lifted = await each_desk.do(lift, suspension)
    # Somebody else was quicker with the second one's place.
    await each_desk.book(a_booking(slot=at("16:10")))
    hits = {each.session.id: each for each in await listed(each_desk, lifted)}
    assert [each.way for each in hits[first.id].replacements] == [Way.BACK]
    assert hits[second.id].replacements == ()
    assert {each.rule for each in hits[second.id].obstacles} == {"H1", "H2", "H3"}
    back, refused = await each_desk.do(
        put_back, lifted, Returns(sessions=(first.id, second.id)), by=coordinator_of("TF1")
    )
    assert back.session is not None
    assert (back.session.slot, back.session.id != first.id) == (first.slot, True)
    assert back.session.state is SessionState.CONFIRMED
    assert (await each_desk.session(first)).state is SessionState.CANCELLED
    assert refused.session is None
    assert {each.rule for each in refused.conflicts} == {"H1", "H2", "H3"}
    assert [each.session.id for each in await listed(each_desk, lifted)] == [second.id]
    with pytest.raises(InvalidWishError):
        await each_desk.do(put_back, lifted, Returns(sessions=(first.id,)))
    assert await each_desk.do(check) == ()


async def test_later_dates_that_are_offered_fit_together(desk: Desk) -> None:
    for text in ("14:00", "16:10"):
        await agreed(desk, slot=at(text))
    suspension = await desk.do(suspend, TYPHOON)
    hits = await listed(desk, suspension)
    for hit in hits:
        (place,) = hit.replacements
        wish = MakeUp(slot=place.slot, sites=place.sites, reason="补课")
        await desk.do(make_up, hit.session.id, wish)
    assert len(hits) == 2


async def test_a_series_keeps_its_date_when_a_session_returns(desk: Desk) -> None:
    booked = await desk.do(book_series, a_series(), by=OFFICE)
    _, first, *_ = booked.booked
    suspension = await desk.do(suspend, TYPHOON)
    lifted = await desk.do(lift, suspension)
    (answer,) = await desk.do(put_back, lifted, Returns(sessions=(first.id,)))
    assert answer.session is not None
    assert (answer.session.series, answer.session.series_date) == (first.series, TUESDAY)
    assert await desk.do(check) == ()


async def test_holds_that_nobody_had_answered_are_offered_back_too(desk: Desk) -> None:
    held = await desk.book()
    lifted = await desk.do(lift, await desk.do(suspend, TYPHOON))
    (answer,) = await desk.do(put_back, lifted, Returns(sessions=(held.id,)))
    assert answer.session is not None
    assert answer.session.state is SessionState.HELD


async def test_the_day_tables_are_as_before_once_it_is_lifted(open_desk: Open) -> None:
    exam = a_day(TUESDAY, DayKind.EXAM, school="JS", id="exam-6", grades=(6,))
    trip = a_day(TUESDAY, DayKind.ACTIVITY, school="CB", id="trip")
    books = some_books(
        JS={"time": school_time("JS", days=(exam,))}, CB={"time": school_time("CB", days=(trip,))}
    )
    desk = await open_desk(*books)
    before = await desk.read(Transaction.list, Day)
    suspension = await desk.do(suspend, EVERYONE)
    closed = [each.record for each in await desk.read(Transaction.list, Day)]
    assert {(each.kind, each.note) for each in closed} == {(DayKind.SUSPENDED, "台风")}
    assert {(each.school, each.grades) for each in closed} == {
        ("TF1", ()),
        ("JS", ()),
        ("JS", (6,)),
        ("CB", ()),
    }
    await desk.do(lift, suspension)
    after = await desk.read(Transaction.list, Day)
    assert [each.record for each in after] == [each.record for each in before]


async def test_a_row_that_somebody_changed_meanwhile_is_theirs(desk: Desk) -> None:
    suspension = await desk.do(suspend, TYPHOON)
    (row,) = await desk.read(Transaction.list, Day)
    theirs = replace(row.record, kind=DayKind.HOLIDAY)

    async def write(transaction: Transaction) -> None:
        await transaction.put(theirs, revision=row.revision)

    await desk.do(write)
    await desk.do(lift, suspension)
    (stays,) = await desk.read(Transaction.list, Day)
    assert stays.record == theirs


async def test_schools_that_have_no_lessons_that_day_keep_their_row(open_desk: Open) -> None:
    holiday = a_day(TUESDAY, school="JS")
    desk = await open_desk(*some_books(JS={"time": school_time("JS", days=(holiday,))}))
    suspension = await desk.do(suspend, TYPHOON)
    assert (suspension.closed_already, suspension.rows) == ((JS,), ())
    assert [each.record for each in await desk.read(Transaction.list, Day)] == [holiday]


async def test_a_district_is_all_its_schools(desk: Desk) -> None:
    async def found(transaction: Transaction) -> None:
        await transaction.put_many(
            [
                District(id=DistrictId("east"), name="东区"),
                School(id=JS, name="JS", district=DistrictId("east")),
                School(id=CB, name="CB", district=DistrictId("east")),
            ]
        )

    await desk.do(found)
    wish = SuspensionWish(date=TUESDAY, district=DistrictId("east"), reason="高温")
    assert (await desk.do(suspend, wish)).schools == ("CB", "JS")


async def test_what_has_begun_goes_on(desk: Desk) -> None:
    begun = await agreed(desk, slot=at("8:30", 30), min_minutes=20)
    now = begun.slot.starts + timedelta(minutes=1)
    suspension = await desk.do(suspend, TYPHOON, now=now)
    assert suspension.sessions == ()
    assert await desk.session(begun) == begun


async def test_the_past_is_not_closed(desk: Desk) -> None:
    with pytest.raises(InvalidWishError, match="over"):
        await desk.do(suspend, replace(TYPHOON, date=date(2026, 8, 1)))


@pytest.mark.parametrize("fields", [{}, {"everyone": True, "schools": ("JS",)}])
def test_one_of_three_scopes_is_named(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidValueError, match="one of three"):
        SuspensionWish(date=TUESDAY, reason="台风", **fields)


async def test_a_booking_at_the_moment_of_a_suspension_is_refused_or_cancelled(
    each_desk: Desk,
) -> None:
    slots = [at("8:30", 30), at("9:25", 30), at("10:35", 30), at("14:00", 30)]
    books = [each_desk.book(a_booking(slot=slot, min_minutes=20)) for slot in slots]
    first, *rest = books
    ended = await asyncio.gather(
        first, each_desk.do(suspend, EVERYONE), *rest, return_exceptions=True
    )
    booked = {each.id for each in ended if isinstance(each, Session)}
    refused = [each for each in ended if isinstance(each, ClashError)]
    (suspension,) = [each for each in ended if isinstance(each, Suspension)]
    assert len(booked) + len(refused) == len(slots)
    assert {each.session for each in suspension.sessions} == booked
    sessions = await each_desk.read(Transaction.sessions)
    assert {each.state for each in sessions} <= {SessionState.CANCELLED}


async def test_two_who_close_the_same_schools_close_them_once(each_desk: Desk) -> None:
    await agreed(each_desk)
    ended = await asyncio.gather(*(each_desk.do(suspend, EVERYONE) for _ in range(4)))
    assert len({each.id for each in ended}) == 1
    assert all(len(each) == 1 for each in digests(await each_desk.notices()).values())
