"""Programs that people have read our calendars as the ledger has them, occurrence by occurrence."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final, NamedTuple

import pytest
from aiohttp.test_utils import TestServer

from calendars.slots import Slot
from scheduler.booking.single import cancel
from scheduler.feeds import Feeds, SubscriptionWish, subscribe
from scheduler.http.app import make_app
from scheduler.model import Scope, Session, SessionState
from scheduler.store import Transaction
from tests.calendars.ics.byte_rules import faults
from tests.scheduler.clients.readers import (
    Occurrence,
    by_ical,
    by_ical_js,
    by_icalendar,
    by_vdirsyncer_and_khal,
    by_vobject,
)
from tests.scheduler.clients.term import LATER, OBSERVER, STUDIO, a_term_with_everything
from tests.scheduler.conftest import Open
from tests.scheduler.desk import Desk

GOLDEN: Final = Path(__file__).parents[2] / "golden"
NOW: Final = LATER + timedelta(hours=1)
READERS: Final = (by_icalendar, by_vobject, by_ical, by_ical_js)
ZONES: Final = ("Asia/Shanghai", "Europe/London", "Australia/Sydney")


class Whose(NamedTuple):
    """A calendar that can be subscribed to."""

    scope: Scope
    id: str | None = None
    subject: str | None = None

    def concerns(self, session: Session) -> bool:
        """Whether a session stands in it."""
        sites = session.sites
        named: dict[Scope, set[str | None]] = {
            Scope.ALLIANCE: {None},
            Scope.SCHOOL: {site.school for site in sites},
            Scope.SUBJECT: {site.school for site in sites if session.subject == self.subject},
            Scope.TEACHER: {
                teacher for site in sites for teacher in (*site.required_teachers, *site.observers)
            },
            Scope.ROOM: {site.room for site in sites},
            Scope.CLASS_GROUP: {group for site in sites for group in site.class_groups},
            Scope.STUDIO: {session.studio},
        }
        return self.id in named[self.scope]


CALENDARS: Final = (
    Whose(Scope.ALLIANCE),
    Whose(Scope.SCHOOL, "JS"),
    Whose(Scope.SUBJECT, "TF1", "音乐"),
    Whose(Scope.TEACHER, "TF1-T1"),
    Whose(Scope.TEACHER, "JS-T2"),
    Whose(Scope.TEACHER, OBSERVER),
    Whose(Scope.ROOM, "CB-R1"),
    Whose(Scope.CLASS_GROUP, "JS-C1"),
    Whose(Scope.STUDIO, STUDIO.id),
)


async def ledger_of(desk: Desk, whose: Whose) -> list[tuple[Slot, str]]:
    """What the calendar has to show."""
    statuses = {SessionState.HELD: "TENTATIVE", SessionState.CONFIRMED: "CONFIRMED"}
    return sorted(
        (session.slot, statuses.get(session.state, "CANCELLED"))
        for session in await desk.read(Transaction.sessions, limit=None)
        if whose.concerns(session)
    )


def times(found: Sequence[Occurrence]) -> list[tuple[Slot, str]]:
    return [(each.slot, each.status) for each in found]


async def opened(desk: Desk, whose: Whose) -> str:
    wish = SubscriptionWish(
        scope=whose.scope, subject_id=whose.id, subject=whose.subject, owner="somebody"
    )
    _, token = await desk.do(subscribe, wish)
    return token


@pytest.mark.parametrize("zone", ZONES)
async def test_independent_readers_agree_with_the_ledger_and_each_other(
    open_desk: Open, zone: str
) -> None:
    desk = await a_term_with_everything(open_desk, zone)
    feeds = Feeds(desk.store)
    for whose in CALENDARS:
        token, ledger = await opened(desk, whose), await ledger_of(desk, whose)
        assert ledger
        told: list[list[Occurrence]] = []
        for expand in (False, True):
            octets = (await feeds.read(token, now=NOW, expand=expand)).plain
            assert faults(octets) == []
            assert f"TZID:{zone}".encode() in octets
            told += [await read(octets) for read in READERS]
        assert times(told[0]) == ledger
        for found in told:
            assert found == told[0]


@pytest.mark.parametrize("name", ["shanghai", "london", "series"])
async def test_independent_readers_agree_on_the_golden_calendars(name: str) -> None:
    octets = (GOLDEN / f"{name}.ics").read_bytes()
    first, *others = [await read(octets) for read in READERS]
    assert len(first) > 1
    assert others == [first] * len(others)


async def test_the_term_holds_every_kind_of_exception(open_desk: Open) -> None:
    desk = await a_term_with_everything(open_desk, "Asia/Shanghai")
    token = await opened(desk, Whose(Scope.ALLIANCE))
    octets = (await Feeds(desk.store).read(token, now=NOW)).plain
    series = octets.count(b"RRULE:FREQ=WEEKLY")
    assert series == 4
    assert b"RRULE:FREQ=WEEKLY;INTERVAL=2;" in octets
    for line in (b"EXDATE;", b"RECURRENCE-ID;", b"STATUS:TENTATIVE", b"STATUS:CANCELLED"):
        assert line in octets
    # The make-up day, the single lesson, and nothing else is an event of its own.
    uids = {line for line in octets.split(b"\r\n") if line.startswith(b"UID:")}
    assert len(uids) == series + 2


@pytest.mark.parametrize(("zone", "query"), [("Asia/Shanghai", ""), ("Europe/London", "?expand=1")])
async def test_vdirsyncer_and_khal_read_the_served_calendar_as_the_ledger_has_it(
    open_desk: Open, tmp_path: Path, zone: str, query: str
) -> None:
    desk = await a_term_with_everything(open_desk, zone)
    app = make_app(desk.store, clock=lambda: NOW, address="http://127.0.0.1")
    async with TestServer(app) as server:
        for no, whose in enumerate(CALENDARS):
            path = f"/feeds/{await opened(desk, whose)}.ics"
            ledger = await ledger_of(desk, whose)
            folder = tmp_path / f"{no}"
            folder.mkdir()
            found = await by_vdirsyncer_and_khal(str(server.make_url(path)) + query, folder)
            assert times(found) == ledger
            octets = (await Feeds(desk.store).read(path[7:-4], now=NOW)).plain
            assert found == await by_icalendar(octets)


async def test_vdirsyncer_and_khal_follow_what_changes_between_two_polls(
    open_desk: Open, tmp_path: Path
) -> None:
    desk = await a_term_with_everything(open_desk, "Asia/Shanghai")
    whose = Whose(Scope.TEACHER, "TF1-T1")
    path = f"/feeds/{await opened(desk, whose)}.ics"
    app = make_app(desk.store, clock=lambda: NOW, address="http://127.0.0.1")
    async with TestServer(app) as server:
        url = str(server.make_url(path))
        before = await by_vdirsyncer_and_khal(url, tmp_path)
        confirmed = (SessionState.CONFIRMED,)
        to_come = await desk.read(Transaction.sessions, states=confirmed, limit=None)
        for session in [each for each in to_come if each.lead.teacher == "TF1-T1"][:3]:
            await desk.do(cancel, session.id, session.revision, reason="停电", now=NOW)
        after = await by_vdirsyncer_and_khal(url, tmp_path)
    ledger = await ledger_of(desk, whose)
    assert times(after) == ledger != times(before)
