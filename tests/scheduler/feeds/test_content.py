"""Which sessions a feed shows, how long it stays right, and where it is cut."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import icalendar
import pytest

from calendars.slots import Slot
from calendars.text import Language
from scheduler.feeds.content import MAX_OCTETS, Content, write_content
from scheduler.feeds.ledger import Ledger
from scheduler.feeds.reader import Reader
from scheduler.members import Alliance, AllianceId
from scheduler.model import Scope, Session, SessionState
from tests.builders import NOW, SHANGHAI, a_book, a_session, an_alliance, at
from tests.calendars.ics.byte_rules import faults

BOOKS = {book.school.id: book for book in map(a_book, ("TF1", "JS", "CB"))}
ALLIANCE = an_alliance()


def written(
    *sessions: Session,
    now: datetime = NOW,
    scope: Scope = Scope.ALLIANCE,
    subject: str | None = None,
    language: Language = "zh-CN",
    before: Content | None = None,
    **ledger: Any,
) -> Content:
    known: dict[str, Any] = {"alliance": ALLIANCE, "books": BOOKS} | ledger
    reader = Reader(scope, subject, language)
    return write_content(Ledger(**known, sessions=sessions), reader, now=now, before=before)


def titles(content: Content) -> list[str]:
    events = icalendar.Calendar.from_ical(content.octets).events
    return [str(event["UID"]).partition("@")[0] for event in events]


def daily(count: int, *, first: datetime) -> Sequence[Session]:
    """So many lessons, three hours apart, each with a long note."""
    slots = (Slot.lasting(first + timedelta(hours=3 * no), 40) for no in range(count))
    return [a_session(f"s{no}", slot, note="葫芦丝" * 100) for no, slot in enumerate(slots)]


def test_a_feed_is_sound_whatever_it_holds() -> None:
    sessions = (a_session(), a_session("s2", at("9:00"), state=SessionState.CANCELLED))
    assert faults(written(*sessions).octets) == []
    assert faults(written().octets) == []


def test_a_feed_goes_back_sixty_days_and_ahead_four_hundred() -> None:
    days = (-61, -60, 0, 399, 400)
    noon = datetime(2026, 8, 20, 4, 0, tzinfo=UTC)
    sessions = [a_session(f"d{day}", Slot.lasting(noon + timedelta(days=day), 40)) for day in days]
    assert titles(written(*sessions)) == ["d-60", "d0", "d399"]


@pytest.mark.parametrize("state", [SessionState.CANCELLED, SessionState.EXPIRED])
def test_a_cancelled_session_is_shown_for_thirty_days_and_then_leaves(state: SessionState) -> None:
    session = a_session(state=state, changed_at=NOW, sequence=1)
    last = NOW + timedelta(days=30) - timedelta(seconds=1)
    assert b"STATUS:CANCELLED" in written(session, now=last).octets
    assert titles(written(session, now=last + timedelta(seconds=1))) == ["nothing-yet"]


def test_a_hold_that_ran_out_is_shown_for_thirty_days_too() -> None:
    expiry = NOW + timedelta(hours=1)
    hold = a_session(state=SessionState.HELD, hold_expires_at=expiry)
    assert b"STATUS:TENTATIVE" in written(hold).octets
    assert b"STATUS:CANCELLED" in written(hold, now=expiry).octets
    assert titles(written(hold, now=expiry + timedelta(days=30))) == ["nothing-yet"]


def test_a_feed_stays_right_until_midnight_of_the_alliance() -> None:
    assert written(a_session()).valid_until == datetime(2026, 8, 20, 16, 0, tzinfo=UTC)


def test_a_feed_stays_right_until_a_hold_runs_out() -> None:
    expiry = NOW + timedelta(hours=1)
    hold = a_session(state=SessionState.HELD, hold_expires_at=expiry)
    unbounded = a_session("s2", state=SessionState.HELD, hold_expires_at=None)
    assert written(hold, unbounded).valid_until == expiry


def test_a_feed_stays_right_until_a_cancelled_session_leaves() -> None:
    leaves = NOW + timedelta(hours=2)
    cancelled = a_session(state=SessionState.CANCELLED, changed_at=leaves - timedelta(days=30))
    assert written(cancelled).valid_until == leaves


def test_a_feed_says_whose_it_is_in_its_own_language() -> None:
    zh = written(scope=Scope.ROOM, subject="JS-R1").octets
    assert "X-WR-CALNAME:JS 互动教室1 同步课表\r\n".encode() in zh
    assert "SUMMARY:暂无活动\r\n".encode() in zh
    en = written(scope=Scope.SCHOOL, subject="JS", language="en").octets
    assert b"X-WR-CALNAME:JS: joint lessons\r\n" in en
    assert b"SUMMARY:Nothing planned\r\n" in en
    assert "X-WR-CALNAME:示意联盟 同步课表\r\n".encode() in written().octets


def test_a_feed_is_on_the_clock_of_the_alliance() -> None:
    alliance = an_alliance(alliance=Alliance(id=AllianceId("uk"), name="UK", zone="Europe/London"))
    octets = written(a_session(), alliance=alliance).octets
    assert b"DTSTART;TZID=Europe/London:20260908T070000\r\n" in octets
    assert faults(octets) == []


def test_events_that_nothing_touched_are_not_written_again() -> None:
    first, second = a_session("s1"), a_session("s2", at("9:00"))
    before = written(first, second)
    moved = replace(second, slot=at("10:00"), revision=2, sequence=1)
    after = written(first, moved, before=before)
    assert after.written[first.id] is before.written[first.id]
    assert after.octets == written(first, moved).octets


SOON = NOW + timedelta(hours=1)
LONG_AGO = NOW - timedelta(days=31)
CHANGES: Sequence[dict[str, Any]] = (
    {"note": "带葫芦丝"},
    {"slot": at("9:00")},
    {"slot": Slot.lasting(NOW + timedelta(days=500), 40)},
    {"state": SessionState.CANCELLED, "changed_at": NOW},
    {"state": SessionState.CANCELLED, "changed_at": LONG_AGO},
    {"state": SessionState.HELD, "hold_expires_at": SOON},
    {"state": SessionState.HELD, "hold_expires_at": LONG_AGO},
)


@pytest.mark.parametrize("now", [NOW, NOW + timedelta(days=1), NOW + timedelta(days=80)])
@pytest.mark.parametrize("later", CHANGES)
@pytest.mark.parametrize("earlier", CHANGES)
def test_whatever_has_changed_a_feed_is_as_if_written_for_the_first_time(
    earlier: dict[str, Any], later: dict[str, Any], now: datetime
) -> None:
    other, before = a_session("s0", at("14:55")), a_session(**earlier)
    after = a_session(**later, revision=2, sequence=1)
    anew = written(other, after, now=now)
    again = written(other, after, now=now, before=written(other, before))
    assert again.octets == anew.octets
    assert now < again.valid_until <= anew.valid_until
    assert list(again.written) == list(anew.written)


def test_a_session_that_comes_into_a_known_feed_is_written_in_its_place() -> None:
    first, second = a_session("s1"), a_session("s2", at("9:00"))
    assert written(first, second, before=written(first)).octets == written(first, second).octets
    assert written(second, before=written(first)).octets == written(second).octets


def test_a_new_name_writes_everything_again() -> None:
    before = written(a_session())
    js = a_book("JS")
    renamed = {**BOOKS, js.school.id: replace(js, school=replace(js.school, name="锦水"))}
    after = written(a_session(), books=renamed, before=before)
    assert after.octets == written(a_session(), books=renamed).octets != before.octets


def test_a_hold_that_runs_out_is_written_again_though_its_revision_stays() -> None:
    expiry = NOW + timedelta(hours=1)
    hold = a_session(state=SessionState.HELD, hold_expires_at=expiry)
    before = written(hold)
    assert written(hold, now=expiry, before=before).octets == written(hold, now=expiry).octets


def test_a_long_feed_is_cut_in_the_far_future_and_says_where() -> None:
    content = written(*daily(1200, first=NOW))
    assert len(content.octets) < MAX_OCTETS
    assert len(content.octets) > 0.97 * MAX_OCTETS
    assert faults(content.octets) == []
    *shown, mark = icalendar.Calendar.from_ical(content.octets).events
    assert titles(content)[:-1] == [f"s{no}" for no in range(len(shown))]
    beyond = NOW + timedelta(hours=3 * len(shown))
    assert (mark.start, mark["TRANSP"]) == (beyond, "TRANSPARENT")
    day = f"{beyond.astimezone(SHANGHAI):%Y-%m-%d}"
    assert str(mark["SUMMARY"]) == f"篇幅所限, {day} 及以后的请到平台查看。"
    calendar = icalendar.Calendar.from_ical(content.octets)
    assert str(calendar["DESCRIPTION"]).endswith(str(mark["SUMMARY"]))


def test_a_long_past_gives_way_to_what_is_to_come() -> None:
    past = daily(470, first=NOW - timedelta(hours=3 * 470))
    future = [
        a_session(f"f{no}", session.slot, note=session.note)
        for no, session in enumerate(daily(600, first=NOW))
    ]
    content = written(*past, *future)
    assert len(content.octets) < MAX_OCTETS
    assert faults(content.octets) == []
    names = titles(content)
    assert names[-600:] == [f"f{no}" for no in range(600)]
    assert 0 < len(names) - 600 < 470
    first = content.octets.decode().replace("\r\n ", "")
    assert "篇幅所限，早于" in first


def test_ten_thousand_sessions_make_no_larger_feed() -> None:
    content = written(*daily(3000, first=NOW - timedelta(days=50)))
    assert len(content.octets) < MAX_OCTETS
