"""Who has locked what is concerned comes first, though somebody else tries to pass."""

from datetime import timedelta

from scheduler.booking.consent import confirm, decline, expire_holds
from scheduler.booking.series import book_series
from scheduler.booking.series_cancelling import cancel_series
from scheduler.booking.single import book, cancel
from scheduler.model import Session, SessionState
from scheduler.store import Transaction
from tests.builders import NOW, TUESDAY, at
from tests.scheduler.desk import Desk, a_booking, a_series, coordinator_of
from tests.scheduler.overtaking import overtake


async def asked(desk: Desk) -> Session:
    """A lesson of TF1 that JS has yet to answer."""
    return await desk.book(a_booking(), by=coordinator_of("TF1"))


async def test_a_series_that_is_being_booked_loses_no_date_to_a_later_wish(each_desk: Desk) -> None:
    wish = a_booking(slot=at("14:00", on=TUESDAY + timedelta(days=7)))
    met = await overtake(
        each_desk,
        lambda each: book_series(each, a_series()),
        lambda each: book(each, wish),
        halt="add_series",
    )
    assert met.refused == [met.second]


async def test_a_series_that_is_being_cancelled_is_not_kept_by_a_change_of_one_date(
    each_desk: Desk,
) -> None:
    made = await each_desk.do(book_series, a_series())
    series, last = made.series, made.booked[-1]
    met = await overtake(
        each_desk,
        lambda each: cancel_series(each, series.id, TUESDAY, series.revision, reason="停电"),
        lambda each: cancel(each, last.id, last.revision, reason="考试"),
        halt="replace_session",
    )
    assert met.refused == [met.second]


async def test_a_yes_that_is_being_said_is_not_overtaken_by_a_no(each_desk: Desk) -> None:
    hold = await asked(each_desk)
    met = await overtake(
        each_desk,
        lambda each: confirm(each, hold.id, hold.sites[1].school, hold.revision),
        lambda each: decline(each, hold.id, hold.sites[1].school, hold.revision, reason="考试"),
        halt="replace_session",
    )
    assert met.refused == [met.second]
    assert (await each_desk.session(hold)).state is SessionState.CONFIRMED


async def test_a_no_that_is_being_said_is_not_overtaken_by_a_yes(each_desk: Desk) -> None:
    hold = await asked(each_desk)
    met = await overtake(
        each_desk,
        lambda each: decline(each, hold.id, hold.sites[1].school, hold.revision, reason="考试"),
        lambda each: confirm(each, hold.id, hold.sites[1].school, hold.revision),
        halt="replace_session",
    )
    assert met.refused == [met.second]


async def test_of_two_jobs_that_find_the_same_holds_the_later_finds_none_left(
    each_desk: Desk,
) -> None:
    hold = await asked(each_desk)
    met = await overtake(
        each_desk, expire_holds, expire_holds, halt="replace_session", now=NOW + timedelta(days=60)
    )
    assert met.refused == []
    assert ([each.id for each in met.first], met.second) == ([hold.id], ())
    assert await each_desk.read(Transaction.due_holds, now=NOW + timedelta(days=60)) == ()
