"""补课: what was missed is held another time, once, and the two are linked."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from calendars.bells import SchoolId
from scheduler.booking.consent import confirm
from scheduler.booking.single import cancel
from scheduler.disruptions.making_up import MakeUp, make_up, make_up_places
from scheduler.errors import ClashError, InvalidWishError, StateError
from scheduler.model import AdjustmentKind, Role, Session
from scheduler.store import Transaction
from tests.builders import TUESDAY, at
from tests.scheduler.desk import Desk, a_booking, a_wish, coordinator_of

NEXT_WEEK = TUESDAY + timedelta(days=7)
A_DAY_LATER = TUESDAY + timedelta(days=8)
LATER = at("14:00", on=NEXT_WEEK)


async def missed(desk: Desk, **fields: Any) -> Session:
    """A lesson that both schools had agreed to, and that was cancelled."""
    held = await desk.book(a_booking(**fields), by=coordinator_of("TF1"))
    session = await desk.do(confirm, held.id, SchoolId("JS"), 1, by=coordinator_of("JS"))
    return await desk.do(cancel, session.id, session.revision, reason="停电")


async def test_a_missed_lesson_is_held_later_and_linked(each_desk: Desk) -> None:
    lost = await missed(each_desk)
    wish = MakeUp(slot=LATER, reason="补停电的课")
    session = await each_desk.do(make_up, lost.id, wish, by=coordinator_of("TF1"))
    assert (session.slot, session.title, session.series) == (LATER, lost.title, None)
    assert [site.school for site in session.sites] == ["TF1", "JS"]
    (record,) = await each_desk.read(
        Transaction.adjustments, session=lost.id, kind=AdjustmentKind.MAKE_UP
    )
    assert (record.kind, record.session, record.linked, record.before) == (
        AdjustmentKind.MAKE_UP,
        session.id,
        (lost.id,),
        None,
    )
    told = [each.sentence.zh for each in await each_desk.notices() if each.session == session.id]
    assert told


async def test_places_are_proposed_on_later_dates_and_can_be_taken(desk: Desk) -> None:
    lost = await missed(desk)
    places = (await desk.read(make_up_places, lost.id))()
    dates = [place.slot.starts.date() for place in places]
    assert dates == sorted(set(dates))
    assert len(dates) == 3
    assert min(dates) > lost.slot.starts.date()
    wish = MakeUp(slot=places[0].slot, sites=places[0].sites, reason="补课")
    session = await desk.do(make_up, lost.id, wish)
    assert session.slot == places[0].slot


async def test_long_after_the_next_weeks_are_proposed(desk: Desk) -> None:
    lost = await missed(desk)
    a_month_on = lost.slot.starts + timedelta(days=30)
    places = (await desk.read(make_up_places, lost.id, now=a_month_on))()
    assert all(place.slot.starts > a_month_on for place in places)
    assert places


async def test_nothing_is_made_up_twice(each_desk: Desk) -> None:
    lost = await missed(each_desk)
    wishes = [
        MakeUp(slot=at(text, on=NEXT_WEEK), reason="补课") for text in ("14:00", "16:10", "9:25")
    ]
    ended = await asyncio.gather(
        *(each_desk.do(make_up, lost.id, wish) for wish in wishes[:2]), return_exceptions=True
    )
    assert sorted(type(each).__name__ for each in ended) == ["Session", "StateError"]
    (once,) = [each for each in ended if isinstance(each, Session)]
    await each_desk.do(cancel, once.id, once.revision, reason="又停电")
    again = await each_desk.do(make_up, lost.id, MakeUp(slot=LATER, reason="补课"))
    assert again.is_live(again.created_at)


async def test_each_listening_school_has_a_make_up_of_its_own(desk: Desk) -> None:
    three = (a_wish("TF1"), a_wish("JS", Role.LISTEN), a_wish("CB", Role.LISTEN))
    held = await desk.book(a_booking(sites=three, slot=at("16:10")))
    lost = await desk.do(cancel, held.id, 1, reason="停电")
    for school, text in (("JS", "14:00"), ("CB", "16:10")):
        sites = (three[0], a_wish(school, Role.LISTEN))
        wish = MakeUp(slot=at(text, on=NEXT_WEEK), sites=sites, reason="补课")
        await desk.do(make_up, lost.id, wish)
    with pytest.raises(StateError, match="made up for already"):
        await desk.do(make_up, lost.id, MakeUp(slot=at("16:10", on=A_DAY_LATER), reason="补课"))


async def test_what_was_not_missed_is_not_made_up(desk: Desk) -> None:
    session = await desk.book()
    with pytest.raises(StateError, match="was not missed"):
        await desk.do(make_up, session.id, MakeUp(slot=LATER, reason="补课"))
    with pytest.raises(StateError):
        await desk.read(make_up_places, session.id)


async def test_a_make_up_keeps_the_rules_and_has_a_reason(desk: Desk) -> None:
    lost = await missed(desk)
    with pytest.raises(ClashError):
        await desk.do(make_up, lost.id, MakeUp(slot=at("12:30", on=NEXT_WEEK), reason="补课"))
    with pytest.raises(InvalidWishError, match="reason"):
        await desk.do(make_up, lost.id, MakeUp(slot=LATER, reason=""))
