"""Busy times over HTTP: equal to the calendar of the same address, and clear in refusal."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import icalendar
import pytest
import recurring_ical_events
from aiohttp import ClientResponse

from calendars.slots import Slot
from scheduler.model import Role, SessionState
from scheduler.store import Store
from tests.builders import a_room, a_session, a_site, a_teacher, at
from tests.calendars.ics.test_free_busy import free_busy_faults, periods_of
from tests.scheduler.feeding import add, change
from tests.scheduler.http.conftest import Caller, Clock
from tests.scheduler.http.resources.test_subscriptions import opened

TF1_T1 = a_teacher("TF1").id
Told = list[tuple[Slot, str]]
WEEK = Slot(datetime(2026, 9, 6, 16, tzinfo=UTC), datetime(2026, 9, 13, 16, tzinfo=UTC))
ASKED = {"start": "2026-09-07T00:00:00+08:00", "end": "2026-09-13T16:00:00Z"}


async def asked(caller: Caller, token: str, **query: str) -> ClientResponse:
    return await caller.client.get(f"/freebusy/{token}.ifb", params=query or ASKED)


async def busy(caller: Caller, token: str, **query: str) -> Told:
    answer = await asked(caller, token, **query)
    assert answer.status == 200, await answer.text()
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    octets = await answer.read()
    assert free_busy_faults(octets) == []
    return periods_of(octets)


async def shown(caller: Caller, token: str) -> Told:
    """What the calendar of the same address takes."""
    text = await (await caller.client.get(f"/feeds/{token}.ics")).read()
    found = recurring_ical_events.of(icalendar.Calendar.from_ical(text)).between(
        WEEK.starts, WEEK.ends
    )
    kinds = {"CONFIRMED": "BUSY", "TENTATIVE": "BUSY-TENTATIVE"}
    return sorted(
        (Slot(event.start, event.end), kinds[str(event["STATUS"])])
        for event in found
        if event["TRANSP"] == "OPAQUE"
    )


@pytest.fixture
async def ledger(store: Store) -> None:
    """A lesson, a hold, a cancelled lesson, and one that TF1-T1 only watches."""
    hold: dict[str, Any] = {"state": SessionState.HELD, "hold_expires_at": None}
    watched = a_site("JS", Role.LISTEN, teacher=a_teacher("JS", 2).id, observers=(TF1_T1,))
    for session in (
        a_session("lesson"),
        a_session("hold", at("10:35"), **hold),
        a_session("off", at("8:30"), state=SessionState.CANCELLED),
        a_session("watched", at("16:00"), sites=(a_site("CB"), watched), link_pool=None),
    ):
        await add(store, session)


@pytest.mark.usefixtures("ledger")
async def test_a_teachers_busy_times_are_those_of_the_calendar(office: Caller) -> None:
    token = (await opened(office, scope="teacher", subject_id="TF1-T1"))["token"]
    found = await busy(office, token)
    assert found == await shown(office, token)
    assert found == [(at("10:35"), "BUSY-TENTATIVE"), (at("14:00"), "BUSY")]


@pytest.mark.usefixtures("ledger")
async def test_a_room_is_taken_for_its_buffer_too_and_what_touches_is_merged(
    office: Caller, store: Store
) -> None:
    await add(store, a_session("next", at("14:55")))
    told = await opened(office, scope="room", subject_id="TF1-R1", only_busy=True)
    assert a_room("TF1").buffer_minutes == 10
    assert await busy(office, told["token"]) == [
        (at("10:25", 60), "BUSY-TENTATIVE"),
        (at("13:50", 115), "BUSY"),
    ]
    cut = await busy(
        office, told["token"], start="2026-09-08T14:00:00+08:00", end="2026-09-08T15:00:00+08:00"
    )
    assert cut == [(at("14:00", 60), "BUSY")]


async def test_what_is_sure_wins_over_what_is_not(office: Caller, store: Store) -> None:
    await add(store, a_session())
    await add(store, a_session("hold", at("14:45"), state=SessionState.HELD))
    token = (await opened(office, scope="room", subject_id="TF1-R1"))["token"]
    assert await busy(office, token) == [
        (at("13:50", 60), "BUSY"),
        (at("14:50", 45), "BUSY-TENTATIVE"),
    ]


async def test_a_hold_that_ran_out_takes_nothing(
    office: Caller, store: Store, clock: Clock
) -> None:
    ends = datetime(2026, 8, 21, tzinfo=UTC)
    await add(store, a_session(state=SessionState.HELD, hold_expires_at=ends))
    token = (await opened(office, scope="teacher", subject_id="TF1-T1"))["token"]
    assert len(await busy(office, token)) == 1
    clock.now = ends
    assert await busy(office, token) == []


async def test_what_is_busy_no_more_is_a_later_change(
    office: Caller, store: Store, clock: Clock
) -> None:
    ends, moved_at = datetime(2026, 8, 21, tzinfo=UTC), datetime(2026, 8, 22, tzinfo=UTC)
    lesson = a_session()
    await add(store, lesson)
    await add(store, a_session("hold", at("9:00"), state=SessionState.HELD, hold_expires_at=ends))
    token = (await opened(office, scope="room", subject_id="TF1-R1"))["token"]

    async def told_at() -> datetime:
        octets = await (await asked(office, token)).read()
        told: Any = icalendar.Calendar.from_ical(octets).walk("VFREEBUSY")[0]
        moment: datetime = told["DTSTAMP"].dt
        return moment

    assert await told_at() < ends
    clock.now = ends
    assert await told_at() == ends
    clock.now = moved_at
    sites = (replace(lesson.sites[0], room=a_room("TF1", 2).id), *lesson.sites[1:])
    await change(store, lesson, replace(lesson, sites=sites, changed_at=moved_at), moved_at)
    assert await told_at() == moved_at
    assert await busy(office, token) == []


async def test_it_is_packed_as_the_client_likes_it(office: Caller, store: Store) -> None:
    await add(store, a_session())
    token = (await opened(office, scope="teacher", subject_id="TF1-T1"))["token"]
    path, plain = f"/freebusy/{token}.ifb", await (await asked(office, token)).read()
    tags = set()
    for accepted, coding in (("gzip", "gzip"), ("br, gzip;q=0.5", "br"), ("gzip;q=0", None)):
        wish = {"Accept-Encoding": accepted}
        answer = await office.client.get(path, params=ASKED, headers=wish)
        assert answer.headers.get("Content-Encoding") == coding
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert "Last-Modified" not in answer.headers
        assert await answer.read() == plain
        tags.add(answer.headers["ETag"])
        head = await office.client.head(path, params=ASKED, headers=wish)
        assert (head.headers["ETag"], await head.read()) == (answer.headers["ETag"], b"")
    assert len(tags) == 3


async def test_the_same_answer_has_the_same_tag(office: Caller, store: Store, clock: Clock) -> None:
    session = a_session()
    await add(store, session)
    token = (await opened(office, scope="teacher", subject_id="TF1-T1"))["token"]
    tag = (await asked(office, token)).headers["ETag"]
    clock.pass_by(hours=5)
    path = f"/freebusy/{token}.ifb"
    known = {"If-None-Match": f'"x", {tag}'}
    unchanged = await office.client.get(path, params=ASKED, headers=known)
    assert (unchanged.status, unchanged.headers["ETag"]) == (304, tag)
    await change(store, session, replace(session, slot=at("9:00"), sequence=1))
    assert (await office.client.get(path, params=ASKED, headers=known)).status == 200


async def test_without_dates_it_tells_sixty_days_from_today(office: Caller, store: Store) -> None:
    await add(store, a_session())
    token = (await opened(office, scope="teacher", subject_id="TF1-T1"))["token"]
    text = await (await office.client.get(f"/freebusy/{token}.ifb")).text()
    assert "DTSTART:20260819T160000Z\r\nDTEND:20261018T160000Z\r\n" in text


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"start": "yesterday"}, "?start"),
        ({"start": "2026-09-08T14:00:00"}, "?start"),
        ({"start": "2026-09-08T14:00:00Z", "end": "2026-09-08T14:00:00Z"}, "?end"),
        ({"end": "2020-01-01T00:00:00Z"}, "?end"),
        ({"start": "2026-01-01T00:00:00Z", "end": "2027-03-01T00:00:00Z"}, "?end"),
        ({"starts": "2026-01-01T00:00:00Z"}, "?starts"),
    ],
)
async def test_what_cannot_be_meant_is_told_by_its_parameter(
    office: Caller, query: dict[str, str], pointer: str
) -> None:
    token = (await opened(office, scope="room", subject_id="TF1-R1"))["token"]
    answer = await asked(office, token, **query)
    assert answer.status == 422
    (error,) = (await answer.json())["errors"]
    assert error["pointer"] == pointer
    # Whoever has no address learns nothing, not even this.
    assert (await asked(office, "wrong", **query)).status == 404


async def test_wrong_revoked_and_other_addresses_look_alike(office: Caller) -> None:
    told = await opened(office, scope="teacher", subject_id="TF1-T1")
    assert (await asked(office, told["token"])).status == 200
    await office("DELETE", f"/subscriptions/{told['subscription']['id']}")
    school = await opened(office, scope="school", subject_id="TF1")
    answers: set[tuple[int, Any]] = set()
    for token in (told["token"], school["token"], "wrong"):
        answer = await asked(office, token)
        answers.add((answer.status, (await answer.json())["detail"]))
    assert len(answers) == 1
    assert answers.pop()[0] == 404
