"""What cannot be meant is told at its place in what was sent, with the value that is there."""

from typing import Any

import pytest

from calendars.bells import BellSchedule
from calendars.days import Day
from calendars.terms import Term
from scheduler.booking.bumps import Displacing
from scheduler.booking.series_changes import SeriesChange
from scheduler.disruptions.suspending import SuspensionWish
from scheduler.http.resources.calendar_imports import CalendarChange
from scheduler.members import Alliance, BusyBlock, OpenSlot, Outage
from scheduler.model import Booking, SeriesBooking, WaitingWish
from tests.scheduler.http.conftest import Caller
from tests.scheduler.http.test_bodies import places

Json = dict[str, Any]

LEADS: Json = {"school": "TF1", "role": "lead"}
LISTENS: Json = {"school": "JS", "role": "listen"}
BELLS: Json = {
    "id": "b",
    "school": "TF1",
    "name": "夏",
    "periods": [
        {"no": 1, "starts": "08:30", "ends": "09:10"},
        {"no": 2, "starts": "09:20", "ends": "10:00"},
    ],
}
WEEKLY: Json = {"weekday": 2, "starts": "14:00", "minutes": 40}
SLOT: Json = {"starts": "2026-09-08T14:00:00+08:00", "ends": "2026-09-08T14:40:00+08:00"}
SINGLE: Json = {"title": "x", "slot": SLOT, "sites": [LEADS]}
EVERY_WEEK: Json = {"title": "x", "term": "t", "weekly": WEEKLY, "sites": [LEADS]}


def periods(*changed: Json) -> Json:
    told = zip(BELLS["periods"], [*changed, {}, {}], strict=False)
    return BELLS | {"periods": [period | change for period, change in told]}


@pytest.mark.parametrize(
    ("hint", "sent", "pointer"),
    [
        (Booking, SINGLE | {"sites": [LISTENS]}, "/sites"),
        (Booking, SINGLE | {"sites": [LEADS, LISTENS | {"role": "lead"}]}, "/sites/1/role"),
        (Booking, SINGLE | {"sites": [LEADS, LEADS | {"role": "listen"}]}, "/sites/1/school"),
        (
            Booking,
            SINGLE | {"sites": [LEADS, LISTENS | {"class_groups": ["c", "c"]}]},
            "/sites/1/class_groups",
        ),
        (Booking, SINGLE | {"min_minutes": 45}, "/slot"),
        (Booking, SINGLE | {"slot": SLOT | {"ends": "2026-09-09T14:00:00+08:00"}}, "/slot"),
        (SeriesBooking, EVERY_WEEK | {"min_minutes": 45}, "/weekly/minutes"),
        (
            SeriesBooking,
            EVERY_WEEK | {"weekly": WEEKLY | {"starts": "23:40"}},
            "/weekly/minutes",
        ),
        (SeriesBooking, EVERY_WEEK | {"weekly": WEEKLY | {"weeks": "8-3"}}, "/weekly/weeks"),
        (SeriesChange, {"from_date": "2026-10-01", "sites": [LISTENS]}, "/sites"),
        (WaitingWish, {}, "/booking"),
        (WaitingWish, {"booking": SINGLE, "series_booking": EVERY_WEEK}, "/series_booking"),
        (WaitingWish, {"booking": SINGLE, "also_weekly": [WEEKLY]}, "/also_weekly"),
        (WaitingWish, {"series_booking": EVERY_WEEK, "also_at": [SLOT]}, "/also_at"),
        (WaitingWish, {"booking": SINGLE, "also_at": [SLOT]}, "/also_at/0"),
        (
            WaitingWish,
            {"series_booking": EVERY_WEEK, "also_weekly": [WEEKLY | {"minutes": 5}]},
            "/also_weekly/0",
        ),
        (
            WaitingWish,
            {"series_booking": EVERY_WEEK | {"when_impossible": "skip"}},
            "/series_booking/when_impossible",
        ),
        (Displacing, {"reason": "r", "displaced": [
            {"session": "a", "revision": 1}, {"session": "a", "revision": 1},
        ]}, "/displaced/1/session"),
        (BellSchedule, periods({"ends": "08:30"}), "/periods/0/ends"),
        (BellSchedule, periods({"kind": "lunch"}), "/periods/0/no"),
        (BellSchedule, periods({}, {"starts": "09:00"}), "/periods/1"),
        (BellSchedule, periods({}, {"no": 1}), "/periods/1/no"),
        (BellSchedule, BELLS | {"weekdays": []}, "/weekdays"),
        (
            BellSchedule,
            BELLS | {"valid_from": "2026-10-01", "valid_until": "2026-09-01"},
            "/valid_until",
        ),
        (
            Day,
            {"id": "d", "school": "TF1", "date": "2026-10-01", "kind": "holiday",
             "follows": {"week": 1, "weekday": 1}},
            "/follows",
        ),
        (
            Term,
            {"id": "t", "school": "TF1", "name": "n", "first_day": "2026-10-01",
             "last_day": "2026-09-01"},
            "/last_day",
        ),
        (Alliance, {"id": "a", "name": "n", "zone": "Mars/Base"}, "/zone"),
        (
            OpenSlot,
            {"id": "o", "school": "TF1", "weekday": 1, "starts": "10:00", "ends": "09:00"},
            "/ends",
        ),
        (Outage, {"id": "o", "slot": SLOT}, "/room"),
        (Outage, {"id": "o", "room": "r", "link_pool": "p", "slot": SLOT}, "/link_pool"),
        (Outage, {"id": "o", "room": "r", "slot": SLOT}, "/school"),
        (BusyBlock, {"id": "b", "school": "TF1", "slot": SLOT}, "/room"),
        (
            BusyBlock,
            {"id": "b", "school": "TF1", "slot": SLOT, "room": "r", "class_group": "c"},
            "/class_group",
        ),
        (SuspensionWish, {"date": "2026-09-08", "reason": "台风"}, "/schools"),
        (CalendarChange, {"content": "x", "content_base64": "eA=="}, "/content_base64"),
    ],
)  # fmt: skip
def test_what_cannot_be_in_a_whole_is_told_of_its_part(
    hint: type, sent: Json, pointer: str
) -> None:
    assert list(places(hint, sent)) == [pointer]


@pytest.fixture
async def booked(office: Caller, booking: Json) -> Json:
    answer = await office("POST", "/sessions", json=booking)
    return dict(await answer.json())


@pytest.fixture
def weekly(booking: Json) -> Json:
    """The lesson of `booking` on three Tuesdays."""
    pattern = {"weekday": 2, "starts": "14:00", "minutes": 40, "weeks": "2-4"}
    whole = booking | {"term": "TF1-2026-1", "weekly": pattern}
    del whole["slot"]
    return whole


async def refused_at(
    caller: Caller, path: str, wish: Json, *, method: str = "POST"
) -> tuple[str, Any]:
    """The place and the value that a use case finds fault with."""
    answer = await caller(method, path, json=wish, headers={"If-Match": "*"})
    problem = await answer.json()
    assert answer.status == 422, problem
    (fault,) = problem["errors"]
    assert fault["detail"] in problem["detail"]
    return fault["pointer"], fault["value"]


LONG: Json = {"starts": "2026-09-08T08:00:00+08:00", "ends": "2026-09-08T20:00:00+08:00"}
SHORT: Json = {"starts": "2026-09-08T15:00:00+08:00", "ends": "2026-09-08T15:10:00+08:00"}
LATER: Json = {"starts": "2026-09-08T15:00:00+08:00", "ends": "2026-09-08T15:40:00+08:00"}
GONE: Json = {"starts": "2026-08-04T15:00:00+08:00", "ends": "2026-08-04T15:40:00+08:00"}


@pytest.mark.parametrize(
    ("change", "pointer", "value"),
    [
        ({"quorum": 3, "on_decline": "quorum"}, "/quorum", 3),
        ({"must_have": ["CB"]}, "/must_have", "[...]"),
        ({"slot": SHORT}, "/slot", "{...}"),
        ({"slot": LONG}, "/slot", "{...}"),
        ({"slot": GONE}, "/slot/starts", GONE["starts"]),
        ({"sites": [LISTENS]}, "/sites", "[...]"),
        ({"sites": [LEADS, LEADS | {"role": "listen"}]}, "/sites/1/school", "TF1"),
        ({"sites": [LEADS | {"room": "R9"}, LISTENS]}, "/sites/0/room", "R9"),
    ],
)
async def test_a_change_of_a_session_is_blamed_where_it_is_wrong(
    office: Caller, booked: Json, change: Json, pointer: str, value: object
) -> None:
    path = f"/sessions/{booked['id']}"
    assert await refused_at(office, path, change, method="PATCH") == (pointer, value)


async def test_a_make_up_is_blamed_where_it_is_wrong(office: Caller, booked: Json) -> None:
    path = f"/sessions/{booked['id']}"
    await office("POST", f"{path}/cancellation", json={"reason": "停电"}, headers={"If-Match": "*"})
    wish = {"slot": SHORT, "reason": "补课"}
    assert await refused_at(office, f"{path}/make-up", wish) == ("/slot", "{...}")


async def test_weeks_beyond_the_term_are_blamed_where_they_stand(
    office: Caller, weekly: Json
) -> None:
    beyond = weekly["weekly"] | {"weeks": "2-29"}
    sent = weekly | {"weekly": beyond}
    assert await refused_at(office, "/series", sent) == ("/weekly/weeks", "2-29")
    wish = {"series_booking": sent}
    place = ("/series_booking/weekly/weeks", "2-29")
    assert await refused_at(office, "/waiting-list", wish) == place
    also = {"series_booking": weekly, "also_weekly": [beyond]}
    assert await refused_at(office, "/waiting-list", also) == ("/also_weekly/0/weeks", "2-29")


async def test_a_change_of_a_series_is_blamed_where_it_is_wrong(
    office: Caller, weekly: Json
) -> None:
    made = await (await office("POST", "/series", json=weekly)).json()
    path, when = f"/series/{made['series']['id']}", {"from_date": "2026-09-10"}
    for change, place in (
        ({"weekly": weekly["weekly"] | {"weeks": "2-29"}}, ("/weekly/weeks", "2-29")),
        ({"weekly": weekly["weekly"] | {"minutes": 20}}, ("/weekly/minutes", 20)),
        ({"sites": [LISTENS]}, ("/sites", "[...]")),
    ):
        assert await refused_at(office, path, when | change, method="PATCH") == place


async def test_a_displaced_meeting_is_blamed_at_its_own_place(
    office: Caller, booking: Json
) -> None:
    sites = [site | {"class_groups": []} for site in booking["sites"]]
    meeting = {"kind": "joint_research", "subject": None, "grade": None, "sites": sites}
    held = await (await office("POST", "/sessions", json=booking | meeting)).json()
    displaced = {"session": held["id"], "revision": held["revision"]}
    unknown = {"sites": [LEADS | {"room": "R9"}, LISTENS]}
    for first, second, place in (
        ({}, {"slot": SHORT}, "/displaced/0/slot"),
        ({}, unknown, "/displaced/0/sites/0/room"),
        ({}, {"slot": GONE}, "/displaced/0/slot/starts"),
        ({"studio": "S9"}, {"slot": LATER}, "/booking/studio"),
        ({"slot": GONE}, {"slot": LATER}, "/booking/slot/starts"),
    ):
        lesson, moved = booking | first, [displaced | second]
        wish = {"booking": lesson, "displaced": moved, "reason": "让位"}
        pointer, _ = await refused_at(office, "/bumps", wish)
        assert pointer == place


async def test_a_move_of_many_is_blamed_at_its_own_place(office: Caller, booked: Json) -> None:
    """Moves of a repair, and remedies of an outage."""
    outage = {"id": "o", "school": "TF1", "room": "TF1-R1", "slot": booked["slot"]}
    assert (await office("POST", "/outages", json=outage)).status == 201
    move = {"session": booked["id"], "revision": booked["revision"], "slot": LATER}
    named = {"slot": LATER, "sites": [LEADS | {"room": "R9"}, LISTENS]}
    for change, below in (({"slot": SHORT, "sites": [LEADS, LISTENS]}, "slot"),
                          (named, "sites/0/room")):  # fmt: skip
        wish = {"moves": [move | change]}
        assert (await refused_at(office, "/repairs", wish))[0] == f"/moves/0/{below}"
        wish = {"remedies": [move | change]}
        place, _ = await refused_at(office, "/outages/o/remedies", wish)
        assert place == f"/remedies/0/{below}"


async def test_what_a_plan_supposes_is_blamed_where_it_stands(office: Caller) -> None:
    room = {"id": "R9", "school": "TF1", "name": "新教室"}
    wish = {"supposing": {"rooms": [room, room | {"id": "R10", "school": "XX"}]}}
    assert await refused_at(office, "/plans", wish) == ("/supposing/rooms/1/school", "XX")


async def test_a_moment_is_repeated_as_it_was_sent(office: Caller, booking: Json) -> None:
    booking["slot"] = GONE
    assert await refused_at(office, "/sessions", booking) == ("/slot/starts", GONE["starts"])
