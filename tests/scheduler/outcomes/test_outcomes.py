"""How sessions went, site by site: told after the fact, corrected, closed; the plan stays."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from calendars.bells import SchoolId
from scheduler.booking.consent import confirm
from scheduler.booking.single import cancel
from scheduler.checking.database import check
from scheduler.disruptions.making_up import MakeUp, make_up
from scheduler.disruptions.recordings import ShowRecording, show_recording
from scheduler.errors import ForbiddenError, InvalidWishError, NotFoundError, StateError
from scheduler.jobs import close_outcomes
from scheduler.members import TeacherId
from scheduler.model import Actor, ActorRole, Outcome, OutcomeKind, Session
from scheduler.outcomes import (
    Correction,
    HowItWent,
    Report,
    close,
    close_due,
    correct,
    record,
    report,
)
from scheduler.store import Transaction
from tests.builders import NOW, TUESDAY, at
from tests.scheduler.desk import OFFICE, Desk, a_booking, coordinator_of

JS = SchoolId("JS")
OVER = at("14:00").ends + timedelta(minutes=5)
TEACHER = Actor(name="JS 教师1", role=ActorRole.TEACHER, school=JS)


async def agreed(desk: Desk, **fields: Any) -> Session:
    held = await desk.book(a_booking(**fields), by=coordinator_of("TF1"))
    return await desk.do(confirm, held.id, JS, held.revision, by=coordinator_of("JS"))


def went(session: Session, outcome: str = "delivered", **fields: Any) -> HowItWent:
    reason = "" if outcome == "delivered" else "断网"
    given = {"session": session.id, "school": JS, "reason": reason, **fields}
    return HowItWent(outcome=OutcomeKind(outcome), **given)


async def told(desk: Desk, wish: HowItWent, now: datetime = OVER, by: Actor = OFFICE) -> Outcome:
    return await desk.do(record, wish, now=now, by=by)


async def test_a_school_tells_what_it_got_and_the_plan_stays(each_desk: Desk) -> None:
    session = await agreed(each_desk)
    outcome = await told(each_desk, went(session), by=coordinator_of("JS"))
    assert (outcome.minutes, outcome.planned_minutes, outcome.taught_by) == (40, 40, "JS-T1")
    assert await each_desk.session(session) == session
    assert await each_desk.read(Transaction.outcomes, session=session.id) == (outcome,)
    assert await each_desk.do(check, now=OVER) == ()


async def test_e60_twelve_minutes_lost_of_forty_are_twenty_eight_delivered(desk: Desk) -> None:
    session = await agreed(desk)
    outcome = await told(desk, went(session, "partial", minutes=28))
    assert (outcome.outcome, outcome.minutes) == (OutcomeKind.PARTIAL, 28)


async def test_e61_each_school_has_an_outcome_of_its_own(desk: Desk) -> None:
    session = await agreed(desk)
    await told(desk, went(session, "no_show"))
    await told(desk, went(session, school=SchoolId("TF1")))
    found = await desk.read(Transaction.outcomes, session=session.id)
    assert {each.school: each.minutes for each in found} == {"JS": 0, "TF1": 40}


@pytest.mark.parametrize(
    ("outcome", "fields", "pointer"),
    [
        ("partial", {}, "/minutes"),
        ("partial", {"minutes": 40}, "/minutes"),
        ("partial", {"minutes": 0}, "/minutes"),
        ("delivered", {"minutes": 30}, "/minutes"),
        ("failed", {"minutes": 10}, "/minutes"),
        ("failed", {"reason": ""}, "/reason"),
        ("delivered", {"taught_by": "nobody"}, "/taught_by"),
    ],
)
async def test_what_does_not_add_up_is_refused(
    desk: Desk, outcome: str, fields: dict[str, Any], pointer: str
) -> None:
    session = await agreed(desk)
    with pytest.raises(InvalidWishError) as refused:
        await told(desk, went(session, outcome, **fields))
    assert refused.value.pointer == pointer


async def test_e63_nothing_is_told_before_its_time_by_the_services_clock(desk: Desk) -> None:
    session = await agreed(desk)
    begun = session.slot.starts + timedelta(minutes=5)
    with pytest.raises(StateError, match="not ended"):
        await told(desk, went(session), begun)
    with pytest.raises(StateError, match="not begun"):
        await told(desk, went(session, "failed"), NOW)
    assert (await told(desk, went(session, "failed"), begun)).minutes == 0


async def test_what_was_never_agreed_has_no_outcome(desk: Desk) -> None:
    held = await desk.book()
    with pytest.raises(StateError, match="not held as confirmed"):
        await told(desk, went(held))
    with pytest.raises(NotFoundError):
        await told(desk, went(held, school=SchoolId("CB")))


async def test_the_schools_own_people_tell_it_and_nobody_else(desk: Desk) -> None:
    session = await agreed(desk)
    for actor in (
        coordinator_of("TF1"),
        Actor(name="x", role=ActorRole.OBSERVER, school=JS),
    ):
        with pytest.raises(ForbiddenError):
            await told(desk, went(session), by=actor)
    assert (await told(desk, went(session), by=TEACHER)).recorded_by == TEACHER.name


async def test_it_is_told_once_and_corrected_until_it_is_closed(each_desk: Desk) -> None:
    session = await agreed(each_desk)
    runs = [told(each_desk, went(session)) for _ in range(3)]
    ended = await asyncio.gather(*runs, return_exceptions=True)
    (outcome,) = [each for each in ended if isinstance(each, Outcome)]
    assert {type(each) for each in ended} == {Outcome, StateError}
    wish = Correction(outcome=OutcomeKind.PARTIAL, minutes=20, reason="断网")
    corrected = await each_desk.do(correct, outcome, wish, now=OVER, by=TEACHER)
    assert (corrected.minutes, corrected.revision) == (20, 2)
    closed = await each_desk.do(close, corrected, now=OVER, by=coordinator_of("JS"))
    with pytest.raises(StateError, match="closed"):
        await each_desk.do(correct, closed, wish, now=OVER)
    with pytest.raises(StateError, match="closed"):
        await each_desk.do(close, closed, now=OVER)


async def test_after_a_week_it_is_closed_by_itself_and_the_office_tells_the_rest(
    each_desk: Desk,
) -> None:
    session = await agreed(each_desk)
    outcome = await told(each_desk, went(session))
    a_week_on = OVER + timedelta(days=7)
    await close_outcomes(each_desk.store, lambda: OVER)
    assert (await each_desk.read(Transaction.outcome, outcome.id)).closed_at is None
    await close_outcomes(each_desk.store, lambda: a_week_on)
    closed = await each_desk.read(Transaction.outcome, outcome.id)
    assert closed.closed_at == a_week_on
    assert await each_desk.do(close_due, now=a_week_on) == 0
    late = went(session, school=SchoolId("TF1"))
    with pytest.raises(StateError, match="office"):
        await told(each_desk, late, a_week_on, coordinator_of("TF1"))
    assert (await told(each_desk, late, a_week_on)).closed_at is None
    assert await each_desk.session(session) == session


async def test_what_was_cancelled_is_noted_as_such_when_its_time_has_passed(
    each_desk: Desk,
) -> None:
    session = await agreed(each_desk)
    await each_desk.do(cancel, session.id, session.revision, reason="停电")
    never_agreed = await each_desk.book()
    await each_desk.do(cancel, never_agreed.id, 1, reason="写错")
    assert await each_desk.do(close_due) == 0
    assert await each_desk.do(close_due, now=OVER) == 2
    found = await each_desk.read(Transaction.outcomes)
    assert {(each.session, each.school, each.outcome, each.reason) for each in found} == {
        (session.id, school, OutcomeKind.CANCELLED, "停电") for school in ("TF1", "JS")
    }
    assert await each_desk.do(close_due, now=OVER) == 0


async def test_a_session_with_an_outcome_is_no_longer_changed(each_desk: Desk) -> None:
    session = await agreed(each_desk)
    begun = session.slot.starts + timedelta(minutes=5)
    await told(each_desk, went(session, "failed"), begun)
    with pytest.raises(StateError, match="stays as it was planned"):
        await each_desk.do(cancel, session.id, session.revision, reason="断网", now=begun)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE sessions SET state = 'cancelled'",
        "UPDATE sessions SET starts = ends",
        "DELETE FROM sessions",
        "UPDATE outcomes SET body = '{}'",
        "UPDATE outcomes SET closed_at = NULL",
        "DELETE FROM outcomes",
    ],
)
async def test_the_database_itself_keeps_what_was_planned_and_what_is_closed(
    each_desk: Desk, database_url: str, statement: str
) -> None:
    """Invariant 6, for SQL typed by hand."""
    session = await agreed(each_desk)
    outcome = await told(each_desk, went(session))
    await each_desk.do(close, outcome, now=OVER)
    engine = create_async_engine(database_url)
    with pytest.raises(DBAPIError, match="lianke"):
        async with engine.begin() as connection:
            await connection.execute(text(statement))
    await engine.dispose()


async def test_what_failed_is_announced_and_can_be_made_up(desk: Desk) -> None:
    session = await agreed(desk)
    outcome = await told(desk, went(session, "failed"))
    read = [each for each in await desk.notices() if each.key.startswith("outcome:")]
    assert sorted(each.school for each in read) == ["JS", "TF1"]
    assert all("断网" in each.sentence.zh and "补课" in each.sentence.zh for each in read)
    later = at("14:00", on=TUESDAY + timedelta(days=7))
    again = await desk.do(make_up, session.id, MakeUp(slot=later, reason="补断网的课"), now=OVER)
    assert again.slot == later
    assert await desk.read(Transaction.outcome, outcome.id) == outcome


async def test_what_went_well_is_not_made_up(desk: Desk) -> None:
    session = await agreed(desk)
    await told(desk, went(session))
    later = at("14:00", on=TUESDAY + timedelta(days=7))
    with pytest.raises(StateError, match="was not missed"):
        await desk.do(make_up, session.id, MakeUp(slot=later, reason="补课"), now=OVER)


async def test_e62_what_was_only_a_recording_counts_apart(desk: Desk) -> None:
    lessons = [
        await agreed(desk, slot=at("14:00", on=TUESDAY + timedelta(days=no))) for no in range(3)
    ]
    wish = ShowRecording(reason="主讲病假", supervisor=TeacherId("TF1-T3"))
    tf1 = coordinator_of("TF1")
    planned = await desk.do(show_recording, lessons[1].id, wish, 2, by=tf1)
    end = lessons[2].slot.ends
    live = await told(desk, went(lessons[0]), end)
    shown = await told(desk, went(planned, "partial", minutes=28), end)
    at_short_notice = await told(desk, went(lessons[2], recorded_only=True), end)
    assert [each.recorded_only for each in (live, shown, at_short_notice)] == [False, True, True]
    (found,) = (await desk.read(report, term="", school=JS, now=end))()
    assert (found.delivered, found.partial, found.delivered_minutes) == (1, 0, 40)
    assert (found.recorded, found.recorded_minutes) == (2, 68)
    assert (found.planned, found.planned_minutes) == (3, 120)
    after_all = Correction(outcome=OutcomeKind.DELIVERED, recorded_only=False)
    assert not (await desk.do(correct, at_short_notice, after_all, now=end)).recorded_only
    lost = Correction(outcome=OutcomeKind.FAILED, reason="断网", recorded_only=True)
    with pytest.raises(InvalidWishError) as refused:
        await desk.do(correct, shown, lost, now=end)
    assert refused.value.pointer == "/recorded_only"


async def test_the_report_sets_what_was_delivered_against_what_was_planned(
    each_desk: Desk,
) -> None:
    whole, part, lost, untold = [
        await agreed(each_desk, slot=at("14:00", on=TUESDAY + timedelta(days=day)))
        for day in range(4)
    ]
    end = untold.slot.ends
    await told(each_desk, went(whole), end)
    await told(each_desk, went(part, "partial", minutes=28), end)
    await each_desk.do(cancel, lost.id, lost.revision, reason="停电")
    await each_desk.do(close_due, now=end)
    reports = {
        str(each.school): each
        for each in (await each_desk.read(report, term="2026-27 T1", school=None, now=end))()
    }
    assert reports["JS"] == Report(
        school=JS,
        planned=4,
        planned_minutes=160,
        delivered_minutes=68,
        delivered=1,
        partial=1,
        failed=0,
        no_show=0,
        cancelled=1,
        untold=1,
        recorded=0,
        recorded_minutes=0,
        made_up=0,
    )
    assert (reports["TF1"].untold, reports["TF1"].planned) == (3, 4)
    assert reports["CB"].planned == 0
    missing = await each_desk.read(
        Transaction.sessions_without_outcome, school=JS, after="", limit=9, now=end
    )
    assert missing == (untold,)
