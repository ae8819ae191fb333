"""Processes that share a database: each job happens once, and whom one tells, all have told."""

import asyncio
import time
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from aiohttp import ClientSession

from tests.builders import NOW, a_room
from tests.races.conftest import Alliance
from tests.races.test_races import booked, on_day, statuses
from tests.scheduler.delivery.vendors import WeComServer, open_vendor
from tests.scheduler.imports.servers import open_calendar_server
from tests.services import PATIENCE, Service


async def later(alliance: Alliance, now: datetime, **settings: Any) -> None:
    """All processes start again, at once, and believe that it is `now`."""
    for service in alliance.services:
        service.kill()
        service.settings = replace(service.settings, clock_starts_at=now, **settings)
        service.start()
    await asyncio.gather(*(service.ready() for service in alliance.services))


async def test_a_hold_runs_out_once_although_every_process_looks(alliance: Alliance) -> None:
    holds = await booked(alliance, [on_day(no) for no in range(20)], by="TF1")
    await later(alliance, max(datetime.fromisoformat(each["hold_expires_at"]) for each in holds))
    await until_all_are(alliance, "expired")
    audit = await alliance.office.everything("/audit")
    expired = Counter(each["subject_id"] for each in audit if each["action"] == "expire")
    assert expired == {hold["id"]: 1 for hold in holds}


async def until_all_are(alliance: Alliance, state: str) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            sessions = await alliance.office.everything("/sessions")
            if {each["state"] for each in sessions} == {state}:
                return
            await asyncio.sleep(0.1)


async def test_a_plan_is_solved_once_although_every_process_looks(alliance: Alliance) -> None:
    plans = [(await alliance.office("POST", "/plans", {"seconds": 1})).body["id"] for _ in range(4)]
    async with asyncio.timeout(PATIENCE):
        while True:
            found = await alliance.office.everything("/plans")
            if {each["state"] for each in found} == {"ready"}:
                break
            await asyncio.sleep(0.2)
    audit = await alliance.office.everything("/audit")
    # Asked for, taken, solved: each once.
    assert Counter(
        each["subject_id"] for each in audit if each["subject_kind"] == "plans"
    ) == dict.fromkeys(plans, 3)


async def test_a_group_is_told_once_although_every_process_sends(alliance: Alliance) -> None:
    minutes = iter(range(1000))
    robot = WeComServer(lambda: NOW + timedelta(minutes=next(minutes)))
    async with open_vendor(robot):
        secrets = {"secret_key": "k" * 32, "robot_hosts": robot.place}
        await later(alliance, NOW, **secrets)
        wish = {"id": "all", "name": "全联盟", "kind": "wecom", "address": robot.address}
        assert (await alliance.office("POST", "/channels", wish)).status == 201
        await booked(alliance, [on_day(no) for no in range(20)])
        for hours in range(1, 4):
            await later(alliance, NOW + timedelta(hours=hours), **secrets)
            await asyncio.sleep(1)
        deadline = time.monotonic() + PATIENCE
        while not await is_delivered(alliance):
            assert time.monotonic() < deadline
            await asyncio.sleep(0.2)
        parts = sum(each["parts_sent"] for each in await alliance.office.everything("/messages"))
        assert len(robot.told) == len({*robot.told}) == parts


async def test_who_waits_is_offered_one_place_although_every_process_offers(
    alliance: Alliance,
) -> None:
    wishes = [on_day(no) for no in range(12)]
    held = await booked(alliance, wishes)
    for wish in wishes:
        answer = await alliance.people["TF1"]("POST", "/waiting-list", {"booking": wish})
        assert answer.status == 201, answer.body
    for each in held:
        path = f"/sessions/{each['id']}/cancellation"
        gone = await alliance.office("POST", path, {"reason": "停电"}, revision=each["revision"])
        assert gone.status == 200, gone.body
    # Every process looks at the list as soon as it starts.
    await later(alliance, NOW + timedelta(hours=1))
    async with asyncio.timeout(PATIENCE):
        while True:
            if len(await live_sessions(alliance)) == len(wishes):
                break
            await asyncio.sleep(0.1)
    await later(alliance, NOW + timedelta(hours=2))
    await asyncio.sleep(1)
    assert len(await live_sessions(alliance)) == len(wishes)
    audit = await alliance.office.everything("/audit")
    offered = Counter(each["subject_id"] for each in audit if each["action"] == "offered")
    assert sorted(offered.values()) == [1] * len(wishes)
    assert await alliance.findings() == ()


async def live_sessions(alliance: Alliance) -> list[Any]:
    sessions = await alliance.office.everything("/sessions")
    return [each for each in sessions if each["state"] in ("held", "confirmed")]


async def test_a_calendar_is_read_once_although_every_process_reads(alliance: Alliance) -> None:
    async with open_calendar_server() as calendars:
        host = f"127.0.0.1:{calendars.port}"
        settings = {"secret_key": "k" * 32, "import_hosts": host}
        await later(alliance, NOW, **settings)
        for no in range(6):
            wish = {"teacher": "JS-T1", "name": f"日历{no}", "address": f"http://{host}/{no}.ics"}
            answer = await alliance.office("POST", "/imports/calendars", wish)
            assert answer.status == 201, answer.body
        await until_all_are_read(alliance)
        assert len(calendars.asked) == 6
        await later(alliance, NOW + timedelta(hours=2), **settings)
        async with asyncio.timeout(PATIENCE):
            while True:
                if len(calendars.asked) >= 12:
                    break
                await asyncio.sleep(0.1)
        await asyncio.sleep(1)
        assert len(calendars.asked) == 12


async def until_all_are_read(alliance: Alliance) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            imports = await alliance.office.everything("/imports")
            if {each["state"] for each in imports} == {"current"}:
                return
            await asyncio.sleep(0.1)


async def is_delivered(alliance: Alliance) -> bool:
    messages = await alliance.office.everything("/messages")
    return bool(messages) and all(each["state"] == "sent" for each in messages)


async def test_what_one_process_has_acknowledged_every_other_shows_at_the_next_look(
    alliance: Alliance,
) -> None:
    wish = {"scope": "school", "subject_id": "TF1"}
    token = (await alliance.office("POST", "/subscriptions", wish)).body["token"]
    path = f"/feeds/{token}.ics"
    for number in range(9):
        by = alliance.services[number % len(alliance.services)]
        for service in alliance.services:
            await calendar_at(service, path)
        session = (await alliance.office("POST", "/sessions", on_day(number), by=by)).body
        for service in alliance.services:
            assert session["id"] in await alliance.sessions(service)
            assert session["id"] in await calendar_at(service, path)


async def calendar_at(service: Service, path: str) -> str:
    async with ClientSession(service.address) as client, client.get(path) as answer:
        assert answer.status == 200
        return await answer.text()


async def test_what_one_process_is_told_of_a_room_every_other_heeds(alliance: Alliance) -> None:
    for number in range(6):
        wish = on_day(number)
        outage = {
            "id": f"out-{number}", "school": "TF1", "room": a_room("TF1").id,
            "slot": wish.slot, "reason": "话筒无声",
        }  # fmt: skip
        by = alliance.services[number % len(alliance.services)]
        assert (await alliance.office("POST", "/outages", outage, by=by)).status == 201
        answers = [
            await alliance.office("POST", "/sessions", wish, by=service)
            for service in alliance.services
        ]
        assert statuses(answers) == {409: len(alliance.services)}
