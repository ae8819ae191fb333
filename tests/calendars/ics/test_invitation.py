"""What an invitation says: correct iTIP, whatever names people have, as other readers see it."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as some

from calendars.ics.invitation import Method, Party, write_invitation
from tests.calendars.ics.byte_rules import faults
from tests.calendars.ics.entries import STAMP, an_entry

SHANGHAI = ZoneInfo("Asia/Shanghai")
HOST, GUEST = Party("示意联盟", "lianke@example.cn"), Party("李专家", "expert@example.org")
LESSON = an_entry("0f3c", sequence=3, changed_at=STAMP + timedelta(days=1))


def written(method: Method = Method.REQUEST, **fields: Party) -> bytes:
    parties = {"organizer": HOST, "attendee": GUEST} | fields
    return write_invitation(method, LESSON, SHANGHAI, **parties)


def read(octets: bytes) -> tuple[Any, Any]:
    """The calendar and its one event, as icalendar has them."""
    calendar = icalendar.Calendar.from_ical(octets)
    (event,) = calendar.walk("VEVENT")
    return calendar, event


def test_a_request_asks_one_guest_to_come() -> None:
    calendar, event = read(written())
    assert calendar["METHOD"] == "REQUEST"
    assert (event["UID"], event["SEQUENCE"], event["STATUS"]) == (LESSON.uid, 3, "CONFIRMED")
    assert event["ORGANIZER"] == "mailto:lianke@example.cn"
    assert event["ORGANIZER"].params["CN"] == "示意联盟"
    assert event["ATTENDEE"] == "mailto:expert@example.org"
    assert dict(event["ATTENDEE"].params) == {
        "CUTYPE": "INDIVIDUAL",
        "ROLE": "REQ-PARTICIPANT",
        "PARTSTAT": "NEEDS-ACTION",
        "RSVP": "TRUE",
        "CN": "李专家",
    }
    assert event.start == LESSON.slot.starts


def test_a_cancellation_is_the_same_event_and_asks_nothing() -> None:
    calendar, event = read(written(Method.CANCEL))
    told = (calendar["METHOD"], event["UID"], event["STATUS"])
    assert told == ("CANCEL", LESSON.uid, "CANCELLED")
    assert "RSVP" not in event["ATTENDEE"].params


@pytest.mark.parametrize("method", Method)
def test_its_bytes_keep_the_rules_that_are_not_of_feeds_alone(method: Method) -> None:
    of_feeds = [
        "holds_nothing_unwanted",
        "calendar_says_who_it_is",
    ]  # no METHOD, a name and a colour
    assert faults(written(method)) == of_feeds


@given(some.text(some.characters(codec="utf-8"), max_size=120))
def test_no_name_ends_its_line_or_its_quotes(name: str) -> None:
    octets = written(attendee=Party(name, GUEST.address), organizer=Party(name, HOST.address))
    _, event = read(octets)
    assert event["ATTENDEE"] == "mailto:expert@example.org"
    assert event["ORGANIZER"] == "mailto:lianke@example.cn"
