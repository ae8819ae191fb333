"""Proposals and offers stand for sessions and places that exist."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from calendars.bells import SchoolId
from scheduler.checking.promises import offers_are_held, proposals_are_whole
from scheduler.model import (
    ActorRole,
    Proposal,
    ProposalId,
    ProposalKind,
    ProposalState,
    ProposedPlace,
    Role,
    SeriesId,
    SessionId,
    SessionState,
    SiteState,
    Waiting,
    WaitingId,
    WaitingState,
)
from scheduler.model.findings import Check
from tests.builders import NOW, a_session, a_site, at
from tests.scheduler.desk import a_booking, a_series

LATER = NOW + timedelta(days=2)
SERIES = SeriesId("weekly")
DATE = date(2026, 9, 8)
NOBODY = SessionId("nobody")
SESSION = a_session()
ASKED = replace(
    SESSION,
    slot=at("16:10"),
    sites=(a_site("TF1"), a_site("JS", Role.LISTEN, state=SiteState.HELD)),
    state=SessionState.HELD,
    hold_expires_at=LATER,
)
AGREED = replace(ASKED, sites=SESSION.sites, state=SessionState.CONFIRMED, hold_expires_at=None)


def a_proposal(*places: ProposedPlace, **fields: Any) -> Proposal:
    wanted: dict[str, Any] = {
        "id": ProposalId("p1"),
        "kind": ProposalKind.MOVE,
        "places": places or (ProposedPlace(before=SESSION, after=ASKED),),
        "proposed_by": "教导处",
        "expires_at": LATER,
        "created_at": NOW,
    }
    return Proposal(**wanted | fields)


NEW = ProposedPlace(before=None, after=replace(ASKED, id=SessionId("new")))


@pytest.mark.parametrize(
    ("proposal", "wrong"),
    [
        (a_proposal(), False),
        (a_proposal(ProposedPlace(before=SESSION, after=AGREED)), True),
        (a_proposal(ProposedPlace(before=SESSION, after=AGREED), state="declined"), False),
        (a_proposal(expires_at=LATER + timedelta(hours=1)), True),
        (a_proposal(ProposedPlace(before=SESSION, after=replace(ASKED, id=NOBODY))), True),
        (
            a_proposal(
                ProposedPlace(before=replace(SESSION, id=NOBODY), after=replace(ASKED, id=NOBODY))
            ),
            True,
        ),
        (a_proposal(ProposedPlace(before=None, after=ASKED)), True),
        (a_proposal(NEW, kind=ProposalKind.BUMP), False),
        (a_proposal(NEW, kind=ProposalKind.BUMP, state=ProposalState.ACCEPTED), True),
        (a_proposal(*(ProposedPlace(before=SESSION, after=ASKED),) * 2), True),
    ],
)
def test_a_proposal_places_each_of_its_sessions_once(proposal: Proposal, *, wrong: bool) -> None:
    found = proposals_are_whole([proposal], {SESSION.id: SESSION})
    assert {(each.check, each.subject) for each in found} == (
        {(Check.PROPOSALS, "proposals p1")} if wrong else set()
    )


def a_wait(**fields: Any) -> Waiting:
    wanted: dict[str, Any] = {
        "id": WaitingId("w1"),
        "booking": a_booking(),
        "school": SchoolId("TF1"),
        "filed_by": "教导处",
        "filed_as": ActorRole.SCHOOL_COORDINATOR,
        "filed_at": NOW,
    }
    return Waiting(**wanted | fields)


OFFER = SESSION.id


@pytest.mark.parametrize(
    ("wish", "wrong"),
    [
        (a_wait(), False),
        (a_wait(session=OFFER), True),
        (a_wait(state=WaitingState.LEFT), False),
        (a_wait(state=WaitingState.OFFERED, session=OFFER), False),
        (a_wait(state=WaitingState.OFFERED), True),
        (a_wait(state=WaitingState.OFFERED, session=NOBODY), True),
        (a_wait(state=WaitingState.TAKEN, session=OFFER), False),
        (a_wait(state=WaitingState.DECLINED, session=OFFER), True),
        (a_wait(state=WaitingState.LAPSED, session=OFFER), True),
        (a_wait(state=WaitingState.LAPSED, session=SessionId("gone")), False),
        (a_wait(series=SERIES, series_date=DATE), False),
        (a_wait(series=SERIES), True),
        (a_wait(series=SeriesId("none"), series_date=DATE), True),
        (
            a_wait(state=WaitingState.OFFERED, session=OFFER, series=SERIES, series_date=DATE),
            True,
        ),
    ],
)
def test_an_offer_is_a_session_that_became_what_the_list_says(
    wish: Waiting, *, wrong: bool
) -> None:
    gone = replace(SESSION, id=SessionId("gone"), state=SessionState.EXPIRED)
    found = offers_are_held([wish], {SESSION.id: SESSION, gone.id: gone}, {SERIES}, NOW)
    assert {(each.check, each.subject) for each in found} == (
        {(Check.WAITING_LIST, "waiting-list w1")} if wrong else set()
    )


def a_weekly_wait(**fields: Any) -> Waiting:
    return a_wait(booking=None, series_booking=a_series(), **fields)


@pytest.mark.parametrize(
    ("wish", "wrong"),
    [
        (a_weekly_wait(), False),
        (a_weekly_wait(series=SERIES), True),
        (a_weekly_wait(state=WaitingState.OFFERED, series=SERIES), False),
        (a_weekly_wait(state=WaitingState.OFFERED), True),
        (a_weekly_wait(state=WaitingState.OFFERED, series=SeriesId("none")), True),
        (a_weekly_wait(state=WaitingState.OFFERED, series=SERIES, series_date=DATE), True),
        (a_weekly_wait(state=WaitingState.TAKEN, series=SERIES), False),
        (a_weekly_wait(state=WaitingState.DECLINED, series=SERIES), True),
        (a_weekly_wait(state=WaitingState.LAPSED, series=SeriesId("gone")), False),
    ],
)
def test_a_weekly_offer_is_a_series_that_became_what_the_list_says(
    wish: Waiting, *, wrong: bool
) -> None:
    going_on = replace(SESSION, series=SERIES, series_date=DATE)
    gone = replace(
        going_on, id=SessionId("gone"), series=SeriesId("gone"), state=SessionState.EXPIRED
    )
    known = {SERIES, SeriesId("gone")}
    found = offers_are_held([wish], {each.id: each for each in (going_on, gone)}, known, NOW)
    assert {(each.check, each.subject) for each in found} == (
        {(Check.WAITING_LIST, "waiting-list w1")} if wrong else set()
    )


def test_no_place_is_offered_twice() -> None:
    one = a_wait(state=WaitingState.OFFERED, session=OFFER)
    two = replace(one, id=WaitingId("w2"))
    found = list(offers_are_held([one, two], {SESSION.id: SESSION}, set(), NOW))
    assert [each.subject for each in found] == ["waiting-list w2"]
