"""Whatever is told of sessions afterwards and does not fit them is found and named."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from calendars.bells import SchoolId
from scheduler.adjusting import adjustment_of, place_of
from scheduler.booking.single import cancel
from scheduler.checking.aftermath import (
    operations_are_linked,
    outcomes_fit_the_plan,
    suspended_sessions_stay_cancelled,
)
from scheduler.checking.database import check
from scheduler.disruptions.making_up import MakeUp, make_up
from scheduler.model import (
    AdjustmentKind,
    Effect,
    Outcome,
    OutcomeId,
    OutcomeKind,
    Role,
    Session,
    SessionId,
    SessionState,
    SuspendedSession,
    Suspension,
    SuspensionId,
)
from scheduler.model.findings import Check
from scheduler.store.codec import encode
from tests.builders import NOW, TUESDAY, a_session, a_site, at
from tests.scheduler.desk import OFFICE, Desk
from tests.scheduler.outcomes.test_outcomes import OVER, agreed, told, went

JS = SchoolId("JS")
MISSED = a_session("missed", state=SessionState.CANCELLED)
AGAIN = a_session("again", at("14:00", on=TUESDAY + timedelta(days=7)))


def known(*sessions: Session) -> dict[SessionId, Session]:
    return {each.id: each for each in sessions}


def made_up(session: Session, *linked: Session) -> Any:
    return adjustment_of(
        AdjustmentKind.MAKE_UP, None, session, actor=OFFICE, now=NOW, linked=linked
    )


def test_a_make_up_that_is_linked_with_nothing_is_found() -> None:
    sessions = known(MISSED, AGAIN)
    assert list(operations_are_linked([made_up(AGAIN, MISSED)], sessions, NOW)) == []
    for wrong in (made_up(AGAIN), made_up(AGAIN, a_session("gone"))):
        (finding,) = operations_are_linked([wrong], sessions, NOW)
        assert (finding.check, finding.subject) == (Check.ADJUSTMENTS, f"adjustments {wrong.id}")


def test_a_school_that_makes_up_twice_is_found() -> None:
    once_more = replace(AGAIN, id=SessionId("once-more"))
    both = [made_up(AGAIN, MISSED), made_up(once_more, MISSED)]
    (finding,) = operations_are_linked(both, known(MISSED, AGAIN, once_more), NOW)
    assert finding.subject == "sessions missed"
    assert "JS" in finding.sentence.en
    dropped = replace(once_more, state=SessionState.CANCELLED)
    assert list(operations_are_linked(both, known(MISSED, AGAIN, dropped), NOW)) == []
    for_others = replace(once_more, sites=(a_site("TF1"), a_site("CB", Role.LISTEN)))
    assert list(operations_are_linked(both, known(MISSED, AGAIN, for_others), NOW)) == []


def test_a_suspended_session_that_is_alive_again_is_found() -> None:
    suspension = Suspension(
        id=SuspensionId("typhoon"),
        date=TUESDAY,
        schools=(JS,),
        reason="台风",
        sessions=(
            SuspendedSession(
                session=MISSED.id,
                title=MISSED.title,
                before=place_of(MISSED),
                effect=Effect.CANCELLED,
                without=(JS,),
            ),
        ),
        suspended_by=OFFICE.name,
        created_at=NOW,
    )
    assert list(suspended_sessions_stay_cancelled([suspension], known(MISSED))) == []
    for sessions in (known(replace(MISSED, state=SessionState.CONFIRMED)), known()):
        (finding,) = suspended_sessions_stay_cancelled([suspension], sessions)
        assert (finding.check, finding.subject) == (Check.SUSPENSIONS, "suspensions typhoon")


def an_outcome(**fields: Any) -> Outcome:
    given: dict[str, Any] = {
        "id": OutcomeId("o"),
        "session": SessionId("s1"),
        "school": JS,
        "outcome": OutcomeKind.DELIVERED,
        "minutes": 40,
        "planned_minutes": 40,
        "recorded_by": "JS",
        "recorded_at": OVER,
    }
    return Outcome(**given | fields)


@pytest.mark.parametrize(
    ("fields", "of_session"),
    [
        ({"school": SchoolId("CB")}, {}),
        ({"session": SessionId("s2")}, {}),
        ({}, {"slot": at("14:00", on=TUESDAY + timedelta(days=1))}),
        ({"planned_minutes": 45, "minutes": 45}, {}),
        ({"minutes": 30}, {}),
        ({"outcome": OutcomeKind.PARTIAL}, {}),
        ({"outcome": OutcomeKind.FAILED}, {}),
        ({}, {"state": SessionState.CANCELLED}),
        ({"outcome": OutcomeKind.CANCELLED, "minutes": 0}, {"state": SessionState.HELD}),
    ],
)
def test_an_outcome_that_does_not_fit_its_session_is_found(
    fields: dict[str, Any], of_session: dict[str, Any]
) -> None:
    assert list(outcomes_fit_the_plan([an_outcome()], known(a_session()), OVER)) == []
    sessions = known(a_session(**of_session))
    (finding,) = outcomes_fit_the_plan([an_outcome(**fields)], sessions, OVER)
    assert (finding.check, finding.subject) == (Check.OUTCOMES, "outcomes o")


async def test_what_people_do_afterwards_is_sound_and_meddling_is_found(
    each_desk: Desk, database_url: str
) -> None:
    lost = await agreed(each_desk)
    await each_desk.do(cancel, lost.id, lost.revision, reason="停电")
    wish = MakeUp(slot=AGAIN.slot, reason="补课")
    await each_desk.do(make_up, lost.id, wish)
    held = await agreed(each_desk)
    outcome = await told(each_desk, went(held))
    assert await each_desk.read(check, now=OVER) == ()
    engine = create_async_engine(database_url)
    async with engine.begin() as connection:
        await connection.execute(
            text("UPDATE outcomes SET body = :body"), {"body": encode(replace(outcome, minutes=1))}
        )
        await connection.execute(text("UPDATE outcomes SET school = 'TF1'"))
        await connection.execute(text("DELETE FROM adjustment_parties WHERE kind = 'school'"))
    await engine.dispose()
    found = await each_desk.read(check, now=OVER)
    assert {each.check for each in found} == {Check.OUTCOMES, Check.COLUMNS, Check.ADJUSTMENTS}
