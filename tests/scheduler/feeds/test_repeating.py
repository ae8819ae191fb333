"""A series as one repeating event: honest on every date, and by the same names for good."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events

from calendars.bells import SchoolId
from calendars.series import Weekly
from calendars.slots import Slot
from scheduler.feeds.content import Content, write_content
from scheduler.feeds.ledger import CANCELLED_IS_SHOWN_FOR, Books, Ledger
from scheduler.feeds.reader import Reader
from scheduler.members import Alliance, AllianceId, RoomId
from scheduler.model import (
    Resource,
    ResourceKind,
    Role,
    Scope,
    Series,
    Session,
    SessionId,
    SessionState,
)
from scheduler.schools import AllianceBook
from tests.builders import NOW, a_book, a_session, a_site, an_alliance, at
from tests.calendars.ics.byte_rules import faults
from tests.scheduler.feeds.terms import a_series, a_term_of, dated, tuesday

BOOKS = {book.school.id: book for book in map(a_book, ("TF1", "JS", "CB"))}
ALWAYS = Slot(NOW - timedelta(days=900), NOW + timedelta(days=900))
READER = Reader(Scope.TEACHER, "JS-T1", "zh-CN")
ALLIANCE = Reader(Scope.ALLIANCE, None, "zh-CN")
GOLDEN = Path(__file__).parents[2] / "golden"
LATER = NOW + timedelta(minutes=7)
AT_NINE = Weekly(weekday=2, starts=time(9), minutes=40)
Held = tuple[Slot, str, str]


@cache
def alliance_in(zone: str) -> AllianceBook:
    return an_alliance(alliance=Alliance(id=AllianceId("demo"), name="示意联盟", zone=zone))


def written(
    sessions: Sequence[Session],
    *series: Series,
    reader: Reader = READER,
    now: datetime = NOW,
    zone: str = "Asia/Shanghai",
    before: Content | None = None,
    departed: datetime | None = None,
    books: Books = BOOKS,
) -> Content:
    by_id = {each.id: each for each in series}
    left = {} if departed is None else dict.fromkeys(by_id, departed)
    ledger = Ledger(alliance_in(zone), books, sessions, by_id, left)
    content = write_content(ledger, reader, now=now, before=before)
    assert faults(content.octets) == []
    return content


def occurrences(content: Content) -> list[Held]:
    calendar = icalendar.Calendar.from_ical(content.octets)
    found = recurring_ical_events.of(calendar).between(ALWAYS.starts, ALWAYS.ends)
    return sorted(
        (Slot(event.start, event.end), str(event["STATUS"]), str(event.get("LOCATION")))
        for event in found
    )


def events(content: Content) -> list[Any]:
    return list(icalendar.Calendar.from_ical(content.octets).events)


def rule_of(content: Content) -> str:
    (rule,) = (event["RRULE"].to_ical().decode() for event in events(content) if "RRULE" in event)
    return str(rule)


def shows_the_same_expanded(sessions: Sequence[Session], *series: Series, **fields: Any) -> bool:
    """Whether the repeating and the expanded feed agree; the latter has an event a session."""
    expanded = written(sessions, *series, **fields, reader=replace(READER, expand=True))
    assert {str(event["UID"]) for event in events(expanded)} == {
        f"{session.id}@demo.lianke" for session in sessions
    }
    return occurrences(written(sessions, *series, **fields)) == occurrences(expanded)


def test_a_plain_term_is_one_event_with_a_rule() -> None:
    series = a_series()
    sessions = a_term_of(series)
    content = written(sessions, series)
    assert [str(event["UID"]) for event in events(content)] == ["series-music@demo.lianke"]
    assert rule_of(content) == "FREQ=WEEKLY;UNTIL=20261013T060000Z;BYDAY=TU"
    assert [slot for slot, _, _ in occurrences(content)] == [each.slot for each in sessions]
    assert shows_the_same_expanded(sessions, series)


def test_a_series_with_exceptions_keeps_its_bytes() -> None:
    series = a_series()
    changes: dict[int, dict[str, Any]] = {
        1: {"slot": at("9:00", on=tuesday(1)), "sequence": 1, "changed_at": LATER},
        3: {"state": SessionState.CANCELLED, "reason": "停电", "changed_at": LATER},
        5: {"join_url": "https://meeting.example.cn/j/1,2;3"},
    }
    sessions = a_term_of(series, 8, changes)
    del sessions[4]
    content = written([*sessions, dated(series, date(2026, 9, 20))], series)
    assert content.octets == (GOLDEN / "series.ics").read_bytes()


def test_every_other_week_needs_no_exceptions() -> None:
    series = a_series()
    content = written(a_term_of(series)[::2], series)
    assert rule_of(content) == "FREQ=WEEKLY;UNTIL=20261006T060000Z;INTERVAL=2;BYDAY=TU"
    assert b"EXDATE" not in content.octets


def test_a_date_that_is_not_held_is_excepted() -> None:
    series = a_series()
    sessions = a_term_of(series)
    del sessions[3]
    content = written(sessions, series)
    assert content.octets.count(b"EXDATE;TZID=Asia/Shanghai:20260929T140000\r\n") == 1
    assert shows_the_same_expanded(sessions, series)


def test_dates_that_differ_override_theirs_and_no_other() -> None:
    series = a_series()
    other_room = (a_site("TF1"), a_site("JS", Role.LISTEN, room=RoomId("JS-R2")))
    shorter = (a_site("TF1"), a_site("JS", Role.LISTEN, effective_minutes=35))
    changes: dict[int, dict[str, Any]] = {
        0: {"slot": at("9:00", on=tuesday(0))},
        1: {"slot": at("14:00", on=tuesday(1) + timedelta(days=2))},
        2: {"sites": other_room},
        3: {"sites": shorter},
        4: {"note": "带葫芦丝"},
        5: {"state": SessionState.CANCELLED, "reason": "停电"},
        6: {"state": SessionState.HELD},
        7: {"slot": at("14:00", 60, on=tuesday(7))},
    }
    sessions = a_term_of(series, 12, changes)
    content = written(sessions, series)
    named = [event["RECURRENCE-ID"].dt.date() for event in events(content)[1:]]
    assert named == [tuesday(week) for week in changes]
    assert rule_of(content) == "FREQ=WEEKLY;UNTIL=20261124T060000Z;BYDAY=TU"
    assert shows_the_same_expanded(sessions, series)


def test_a_make_up_day_and_a_single_lesson_are_events_of_their_own() -> None:
    series = a_series()
    on_sunday = dated(series, date(2026, 9, 20))
    sessions = [*a_term_of(series), on_sunday, a_session("single", at("9:00"))]
    content = written(sessions, series)
    assert {str(event["UID"]) for event in events(content)} == {
        "series-music@demo.lianke",
        "music-0920@demo.lianke",
        "single@demo.lianke",
    }
    assert shows_the_same_expanded(sessions, series)


def test_a_split_series_is_two_events_one_after_the_other() -> None:
    first, second = a_series(), a_series("music-2", weekly=AT_NINE)
    sessions = [
        *a_term_of(first, 3),
        *(dated(second, tuesday(week)) for week in range(3, 6)),
    ]
    content = written(sessions, first, second)
    rules = [event["RRULE"].to_ical().decode() for event in events(content)]
    assert rules == [
        "FREQ=WEEKLY;UNTIL=20260922T060000Z;BYDAY=TU",
        "FREQ=WEEKLY;UNTIL=20261013T010000Z;BYDAY=TU",
    ]
    assert shows_the_same_expanded(sessions, first, second)


def test_what_most_dates_show_is_the_rule_but_never_that_it_is_off() -> None:
    series = a_series()
    off = {week: {"state": SessionState.CANCELLED} for week in range(1, 6)}
    sessions = a_term_of(series, 6, off)
    content = written(sessions, series)
    master, *others = events(content)
    assert (master["STATUS"], [each["STATUS"] for each in others]) == (
        "CONFIRMED",
        ["CANCELLED"] * 5,
    )
    assert shows_the_same_expanded(sessions, series)


def test_a_series_that_is_off_altogether_says_so_once() -> None:
    series = a_series()
    off = {week: {"state": SessionState.CANCELLED} for week in range(6)}
    (master,) = events(written(a_term_of(series, 6, off), series))
    assert (master["STATUS"], "RRULE" in master) == ("CANCELLED", True)


def test_a_cancelled_date_is_an_override_and_later_an_exception_never_both() -> None:
    series = a_series()
    sessions = a_term_of(series, 12, {3: {"state": SessionState.CANCELLED}})
    leaves = NOW + CANCELLED_IS_SHOWN_FOR
    for now in (NOW, leaves - timedelta(seconds=1)):
        octets = written(sessions, series, now=now).octets
        assert (octets.count(b"RECURRENCE-ID"), octets.count(b"EXDATE")) == (1, 0)
    octets = written(sessions, series, now=leaves).octets
    assert (octets.count(b"RECURRENCE-ID"), octets.count(b"EXDATE")) == (0, 1)
    assert b"DTSTAMP:20260919T010000Z" in octets


def test_the_sequence_follows_the_last_change_and_no_override_is_below_it() -> None:
    series = a_series()
    sequences: list[int] = []
    sessions = a_term_of(series)
    for minutes, week in ((0, 0), (5, 2), (9, 1), (9, 4)):
        changed = NOW + timedelta(minutes=minutes)
        moved = sessions[week].slot.moved(-60)
        sessions[week] = replace(sessions[week], slot=moved, changed_at=changed)
        found = {int(event["SEQUENCE"]) for event in events(written(sessions, series))}
        assert len(found) == 1
        sequences += found
    assert sequences == [0, 300, 540, 540]


def test_dates_that_a_split_takes_away_do_not_lower_the_sequence() -> None:
    changed = [{"changed_at": NOW + timedelta(minutes=minutes)} for minutes in range(6)]
    whole = a_term_of(a_series(), 6, dict(enumerate(changed)))
    sequences = [
        int(events(written(sessions, a_series(), departed=departed))[0]["SEQUENCE"])
        for sessions, departed in ((whole, None), (whole[:3], LATER))
    ]
    assert sequences == [300, 420]


def test_a_series_under_way_keeps_its_first_date_when_that_is_long_ago() -> None:
    series = a_series()
    sessions = a_term_of(series, 18)
    late = datetime(2026, 12, 20, tzinfo=UTC)
    assert written(sessions, series, now=late).octets == written(sessions, series).octets
    over = datetime(2027, 4, 20, tzinfo=UTC)
    assert b"nothing-yet" in written(sessions, series, now=over).octets


def test_one_date_alone_has_the_series_name_and_no_rule() -> None:
    series = a_series()
    (session,) = a_term_of(series, 1)
    moved = replace(session, slot=at("9:00"))
    for each in (session, moved):
        (event,) = events(written([each], series))
        assert (event["UID"], "RRULE" in event, "RECURRENCE-ID" in event) == (
            "series-music@demo.lianke",
            False,
            False,
        )
        assert Slot(event.start, event.end) == each.slot


def test_of_two_sessions_of_one_date_the_one_that_is_held_stands_for_it() -> None:
    series = a_series()
    sessions = a_term_of(series)
    dropped = replace(sessions[2], id=SessionId("dropped"), state=SessionState.CANCELLED)
    content = written([*sessions, dropped], series)
    assert {str(event["UID"]) for event in events(content)} == {
        "series-music@demo.lianke",
        "dropped@demo.lianke",
    }
    assert b"RECURRENCE-ID" not in content.octets


def test_lessons_keep_their_wall_clock_where_clocks_change() -> None:
    for zone, first in (
        ("Europe/London", date(2026, 9, 29)),
        ("Australia/Sydney", date(2026, 9, 15)),
    ):
        local = ZoneInfo(zone)
        series = a_series()
        sessions = [
            replace(
                dated(series, on),
                slot=Slot.lasting(datetime.combine(on, time(14), local), 40),
            )
            for on in (first + timedelta(weeks=week) for week in range(10))
        ]
        content = written(sessions, series, zone=zone)
        assert len(events(content)) == 1
        assert [slot for slot, _, _ in occurrences(content)] == [each.slot for each in sessions]


def test_a_wall_clock_time_that_comes_twice_is_no_rule() -> None:
    weekly = Weekly(weekday=7, starts=time(1, 10), minutes=40)
    series = a_series(weekly=weekly)
    first = datetime(2026, 10, 18, 0, 10, tzinfo=UTC)
    sessions = [
        replace(dated(series, date(2026, 10, day)), slot=Slot.lasting(starts, 40))
        for day, starts in (
            (18, first),
            (25, datetime(2026, 10, 25, 1, 10, tzinfo=UTC)),
        )
    ]
    content = written(sessions, series, zone="Europe/London")
    assert b"RRULE:FREQ=WEEKLY" not in content.octets
    assert [slot for slot, _, _ in occurrences(content)] == [each.slot for each in sessions]


def test_a_series_that_nothing_touched_is_not_written_again() -> None:
    music, art = a_series(), a_series("art", weekly=AT_NINE)
    sessions = [*a_term_of(music), *a_term_of(art)]
    before = written(sessions, music, art)
    changed = [replace(sessions[0], note="新", revision=2), *sessions[1:]]
    after = written(changed, music, art, before=before)
    assert after.pieces[art.id] is before.pieces[art.id]
    assert after.octets == written(changed, music, art).octets


def test_a_series_is_dated_by_the_names_that_it_shows() -> None:
    elsewhere = {"sites": (a_site("TF1"), a_site("JS", Role.LISTEN, room=RoomId("JS-R2")))}
    series, js = a_series(), BOOKS[SchoolId("JS")]
    sessions = a_term_of(series, changes={1: elsewhere})

    def stamps(room: str) -> set[tuple[int, datetime]]:
        renamed = {Resource(ResourceKind.ROOM, room): LATER}
        books = {**BOOKS, js.school.id: replace(js, renamed=renamed)}
        shown = written(sessions, series, books=books)
        return {(event["SEQUENCE"], event["DTSTAMP"].dt) for event in events(shown)}

    assert stamps("JS-R2") == stamps("JS-R1") == {(7 * 60, LATER)}
    assert stamps("CB-R1") == {(0, NOW)}


def test_a_date_that_is_no_longer_seen_lends_its_series_no_date() -> None:
    """Nor does it take one away: that it went is the later change."""
    gone = {"state": SessionState.CANCELLED, "sites": (a_site("TF1", room=RoomId("TF1-R2")),)}
    series, tf1 = a_series(), BOOKS[SchoolId("TF1")]
    renamed = {Resource(ResourceKind.ROOM, "TF1-R2"): NOW + timedelta(days=40)}
    books = {**BOOKS, tf1.school.id: replace(tf1, renamed=renamed)}
    now = NOW + timedelta(days=41)
    sessions = a_term_of(series, changes={1: gone})
    for event in events(written(sessions, series, reader=ALLIANCE, books=books, now=now)):
        assert event["DTSTAMP"].dt == NOW + CANCELLED_IS_SHOWN_FOR


def test_a_new_name_of_a_room_does_not_change_which_of_two_stands_for_their_date() -> None:
    series, tf1 = a_series(), BOOKS[SchoolId("TF1")]
    dated, *rest = a_term_of(series)
    gone = replace(dated, state=SessionState.CANCELLED)
    first = replace(gone, id=SessionId("z-first"), changed_at=NOW + timedelta(minutes=1))
    second = replace(gone, id=SessionId("a-second"), changed_at=LATER)
    sessions = [first, second, *rest]
    new_names: list[dict[Resource, datetime]] = [
        {},
        {Resource(ResourceKind.ROOM, "TF1-R1"): NOW + timedelta(days=1)},
    ]
    own_names = []
    for renamed in new_names:
        books = {**BOOKS, tf1.school.id: replace(tf1, renamed=renamed)}
        content = written(sessions, series, books=books, now=NOW + timedelta(days=2))
        named = {str(event["UID"]) for event in events(content)}
        own_names.append(named - {"series-music@demo.lianke"})
    assert own_names == [{"z-first@demo.lianke"}] * 2
