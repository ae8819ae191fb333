"""Zones that a foreign calendar names badly, defines badly, or not at all: never silently UTC."""

import pytest

from calendars.ics.reading import Reason
from tests.calendars.ics.reading.calendars import a_calendar, read, reasons, taken, told

NINE = "DTSTART{}:20260908T090000|DURATION:PT1H"
AT_NINE, AT_EIGHT = "09-08 09:00-10:00", "09-08 08:00-09:00"


def a_zone(*parts: str, name: str = "Odd") -> str:
    """A VTIMEZONE of such parts, each its lines but the first."""
    written = "".join(
        f"BEGIN:STANDARD\r\n{part.replace('|', chr(13) + chr(10))}\r\nEND:STANDARD\r\n"
        for part in parts
    )
    return f"BEGIN:VTIMEZONE\r\nTZID:{name}\r\n{written}END:VTIMEZONE\r\n"


@pytest.mark.parametrize(
    "definition",
    [
        a_zone(),
        a_zone("DTSTART:16010101T000000"),
        a_zone("DTSTART:16010101T000000|TZOFFSETFROM:+0900"),
        a_zone("DTSTART:16010101T000000|TZOFFSETFROM:+0900|TZOFFSETTO:nine"),
        a_zone("TZOFFSETFROM:+0900|TZOFFSETTO:+0900"),
        a_zone("DTSTART:once|TZOFFSETFROM:+0900|TZOFFSETTO:+0900"),
        "BEGIN:VTIMEZONE\r\nEND:VTIMEZONE\r\n",
    ],
)
def test_a_zone_that_tells_no_offset_is_read_on_the_alliances_clock_and_told(
    definition: str,
) -> None:
    event = NINE.format(";TZID=Odd")
    assert taken(event, before=definition) == [AT_NINE]
    assert reasons(event, before=definition) == {Reason.UNKNOWN_ZONE: 1}


def test_a_zone_needs_no_offset_before_its_first_turn() -> None:
    event, zone = NINE.format(";TZID=Odd"), a_zone("DTSTART:16010101T000000|TZOFFSETTO:+0900")
    assert taken(event, before=zone) == [AT_EIGHT]
    assert reasons(event, before=zone) == {}


def test_a_zone_that_is_defined_in_part_is_read_by_that_part_and_told() -> None:
    whole = "DTSTART:16010101T000000|TZOFFSETFROM:+0900|TZOFFSETTO:+0900"
    event, zone = NINE.format(";TZID=Odd"), a_zone(whole, "DTSTART:16010401T000000")
    assert taken(event, before=zone) == [AT_EIGHT]
    assert reasons(event, before=zone) == {Reason.ZONE_INCOMPLETE: 1}


@pytest.mark.parametrize("name", ["Asia/Tokyo", "Tokyo Standard Time"])
def test_a_known_name_needs_no_definition_and_contradicts_none_that_is_empty(name: str) -> None:
    event = NINE.format(f";TZID={name}")
    for zone in ("", a_zone("DTSTART:16010101T000000", name=name)):
        assert (taken(event, before=zone), reasons(event, before=zone)) == ([AT_EIGHT], {})


def test_a_windows_name_wins_over_a_private_definition_that_differs() -> None:
    event = NINE.format(";TZID=Tokyo Standard Time")
    private = "DTSTART:16010101T000000|TZOFFSETFROM:+0000|TZOFFSETTO:+0000"
    zone = a_zone(private, name="Tokyo Standard Time")
    assert taken(event, before=zone) == [AT_EIGHT]
    assert reasons(event, before=zone) == {Reason.ZONE_CONTRADICTS: 1}


@pytest.mark.parametrize(
    ("name", "slot"),
    [
        ('"(UTC+09:00) Osaka, Sapporo, Tokyo"', AT_EIGHT),
        ("GMT+9", AT_EIGHT),
        ("UTC +0900", AT_EIGHT),
        ('"(GMT) Dublin"', AT_NINE),
        ("UTC+99", AT_NINE),
    ],
)
def test_an_offset_in_an_unknown_name_is_better_than_none(name: str, slot: str) -> None:
    event = NINE.format(f";TZID={name}")
    expected = Reason.OFFSET_OF_NAME if slot == AT_EIGHT else Reason.UNKNOWN_ZONE
    assert (taken(event), reasons(event)) == ([slot], {expected: 1})


@pytest.mark.parametrize(
    ("header", "slot", "remarks"),
    [
        ("X-WR-TIMEZONE:Asia/Tokyo", AT_EIGHT, {Reason.ZONE_OF_CALENDAR: 1}),
        ("X-WR-TIMEZONE:Asia/Shanghai", AT_NINE, {}),
        ("X-WR-TIMEZONE:Nowhere", AT_NINE, {}),
        ("X-WR-CALNAME:Tokyo", AT_NINE, {}),
    ],
)
def test_a_floating_time_is_on_the_clock_that_the_calendar_names(
    header: str, slot: str, remarks: dict[Reason, int]
) -> None:
    event, before = NINE.format(""), f"{header}\r\n"
    assert (taken(event, before=before), reasons(event, before=before)) == ([slot], remarks)


def test_the_calendars_clock_says_nothing_of_whole_days_and_of_times_that_have_a_zone() -> None:
    before = "X-WR-TIMEZONE:Asia/Tokyo\r\n"
    day, other = "UID:1|DTSTART;VALUE=DATE:20261001", "UID:2|" + NINE.format(";TZID=Europe/London")
    assert taken(day, other, before=before) == ["09-08 16:00-17:00", "10-01 00:00-10-02 00:00"]


def test_of_two_calendars_in_one_file_neither_speaks_for_the_other() -> None:
    tokyo = a_calendar("UID:1|" + NINE.format(""), before="X-WR-TIMEZONE:Asia/Tokyo\r\n")
    plain = a_calendar("UID:2|DTSTART:20260909T090000|DURATION:PT1H")
    assert told(read(tokyo + plain)) == [AT_NINE, "09-09 09:00-10:00"]
