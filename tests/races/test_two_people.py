"""Two people who do to the same sessions what does not go together: one is heard, one is told."""

import asyncio
from collections.abc import Sequence
from datetime import date, timedelta
from random import Random
from typing import Any, Final

from scheduler.model import Booking, Role
from tests.builders import TUESDAY, at
from tests.races.conftest import Alliance
from tests.races.test_races import (
    booked,
    on_day,
    parts,
    require_explained,
    require_sound,
    slot_of,
    statuses,
)
from tests.scheduler.desk import a_booking, a_series, a_wish, weekly
from tests.services import PATIENCE, Answer

Json = dict[str, Any]
PAIRS: Final = 25


def later_that_day(number: int) -> Json:
    """Where the lesson of `on_day` may move: the same people and rooms, earlier that day."""
    return {"slot": at("14:00", on=day_of(number))}


def day_of(number: int) -> date:
    weeks, weekday = divmod(number, 4)
    return TUESDAY + timedelta(days=7 * weeks + weekday)


async def proposed(alliance: Alliance, sessions: Sequence[Json]) -> list[Json]:
    """An open proposal of TF1 for each, which JS is still to answer."""
    answers = await asyncio.gather(
        *(
            alliance.people["TF1"](
                "POST", f"/sessions/{each['id']}/proposals", later_that_day(no), revision=1
            )
            for no, each in enumerate(sessions)
        )
    )
    assert {each.body["state"] for each in answers} == {"open"}, [each.body for each in answers]
    return [each.body for each in answers]


async def test_the_last_yes_to_a_proposal_and_an_outage_of_its_room_heed_each_other(
    alliance: Alliance,
) -> None:
    sessions = await booked(alliance, [on_day(no) for no in range(PAIRS)])
    proposals = await proposed(alliance, sessions)
    runs = []
    for no, each in enumerate(proposals):
        yes = {"school": "JS", "says": "yes"}
        outage = {
            "id": f"out-{no}",
            "school": "JS",
            "room": "JS-R1",
            "slot": at("13:55", 50, on=day_of(no)),
            "reason": "话筒无声",
        }
        both = [
            alliance.people["JS"]("POST", f"/proposals/{each['id']}/answers", yes, revision=1),
            alliance.office("POST", "/outages", outage),
        ]
        runs += both if no % 2 else both[::-1]
    answers = await asyncio.gather(*runs)
    heard = [pair if no % 2 else pair[::-1] for no, pair in enumerate(parts(answers, 2))]
    assert {outage.status for _, outage in heard} == {201}
    moved = set()
    for (answer, _), session in zip(heard, sessions, strict=True):
        if answer.status == 200:
            assert answer.body["state"] == "accepted"
            moved.add(session["id"])
        else:
            require_explained(answer)
    now = await alliance.sessions(alliance.services[0])
    for no, session in enumerate(sessions):
        target = later_that_day(no)["slot"] if session["id"] in moved else slot_of(session)
        assert slot_of(now[session["id"]]) == target
    # Who moved before the room went out of use is told to be hit, and else that it cannot move.
    findings = await alliance.findings()
    assert {each.subject for each in findings} == {
        f"sessions {session['id']}" if session["id"] in moved else f"proposals {each['id']}"
        for session, each in zip(sessions, proposals, strict=True)
    }


async def test_an_agreed_proposal_and_a_move_of_its_session_leave_one_place(
    alliance: Alliance,
) -> None:
    sessions = await booked(alliance, [on_day(no) for no in range(PAIRS)])
    proposals = await proposed(alliance, sessions)
    runs = []
    for no, (session, each) in enumerate(zip(sessions, proposals, strict=True)):
        yes = {"school": "JS", "says": "yes"}
        wish = {"slot": at("16:50", on=day_of(no))}
        runs += [
            alliance.people["JS"]("POST", f"/proposals/{each['id']}/answers", yes, revision=1),
            alliance.office("PATCH", f"/sessions/{session['id']}", wish, revision=1),
            alliance.people["TF1"]("POST", f"/proposals/{each['id']}/withdrawal", revision=1),
        ]
    Random(4).shuffle(runs)
    answers = await asyncio.gather(*runs)
    assert set(statuses(answers)) <= {200, 409, 412}
    now = await alliance.sessions(alliance.services[0])
    for session in sessions:
        assert now[session["id"]]["revision"] <= 2
    await require_sound(alliance, list(now.values()))


async def until_offered(alliance: Alliance, many: int) -> list[Json]:
    async with asyncio.timeout(PATIENCE):
        while True:
            turns = await alliance.office.everything("/waiting-list")
            offered = [each["waiting"] for each in turns if each["waiting"]["session"]]
            if len(offered) == many:
                return offered
            await asyncio.sleep(0.2)


def from_the_list(no: int) -> Booking:
    return a_booking(title=f"候补{no}", slot=on_day(no).slot)


async def test_a_place_on_offer_goes_to_who_waits_or_once_declined_to_one_who_books(
    alliance: Alliance,
) -> None:
    taken = await booked(alliance, [on_day(no) for no in range(PAIRS)])
    joined = await asyncio.gather(
        *(
            alliance.people["TF1"]("POST", "/waiting-list", {"booking": from_the_list(no)})
            for no in range(PAIRS)
        )
    )
    assert statuses(joined) == {201: PAIRS}
    await asyncio.gather(
        *(
            alliance.office(
                "POST", f"/sessions/{each['id']}/cancellation", {"reason": "停电"}, revision=1
            )
            for each in taken
        )
    )
    offered = await until_offered(alliance, PAIRS)
    yes, no = {"school": "TF1", "says": "yes"}, {"school": "TF1", "says": "no", "reason": "考试"}
    runs = []
    for number, each in enumerate(offered):
        wish = each["booking"] | {"title": f"另约{number}"}
        path = f"/sessions/{each['session']}/answers"
        runs += [
            alliance.people["TF1"]("POST", path, yes, revision=1),
            alliance.people["TF1"]("POST", path, no, revision=1),
            alliance.office("POST", "/sessions", wish),
            alliance.people["JS"]("POST", "/sessions", wish),
        ]
    order = list(range(len(runs)))
    Random(8).shuffle(order)
    heard: dict[int, Answer] = dict(
        zip(order, await asyncio.gather(*(runs[each] for each in order)), strict=True)
    )
    for number in range(PAIRS):
        agreed, declined, *others = (heard[4 * number + each] for each in range(4))
        assert {agreed.status, declined.status} == {200, 412}
        won = [other for other in others if other.status == 201]
        assert len(won) <= (declined.status == 200)
        for other in others:
            if other.status != 201:
                require_explained(other)
    now = await alliance.sessions(alliance.services[0])
    await require_sound(alliance, list(now.values()))


async def test_of_those_who_answer_a_series_at_once_one_is_heard_and_the_others_are_told(
    alliance: Alliance,
) -> None:
    """Nobody who answers a series has read a revision, so nobody is told that it is stale."""
    sites = (a_wish("TF1"), a_wish("JS", Role.LISTEN))
    made = [
        await alliance.people["TF1"](
            "POST", "/series", a_series(sites=sites, weekly=weekly(weekday, starts))
        )
        for weekday in range(1, 6)
        for starts in ("14:00", "16:10")
    ]
    series = [each.body["series"]["id"] for each in made]
    yes, no = {"school": "JS", "says": "yes"}, {"school": "JS", "says": "no", "reason": "考试"}
    answers = await asyncio.gather(
        *(
            alliance.people[who]("POST", f"/series/{each}/answers", says)
            for each in series
            for who, says in (("JS", yes), ("office", no), ("JS", no), ("office", yes))
        )
    )
    for heard in parts(answers, 4):
        assert statuses(heard) == {200: 1, 409: 3}
        assert all("answered" in each.body["detail"] for each in heard if each.status == 409)
    now = await alliance.sessions(alliance.services[0])
    for each in series:
        states = {session["state"] for session in now.values() if session["series"] == each}
        assert len(states) == 1
        assert states <= {"confirmed", "cancelled"}
    await require_sound(alliance, list(now.values()))


async def test_places_that_proposals_hold_go_to_one_of_them_or_to_one_who_books(
    alliance: Alliance,
) -> None:
    """A proposal claims nothing in the database: the rules and the locks keep its place."""
    early = await booked(alliance, [on_day(no) for no in range(PAIRS)])
    late = await booked(
        alliance, [on_day(no, slot=at("16:50", on=day_of(no))) for no in range(PAIRS)]
    )
    runs = []
    for no in range(PAIRS):
        wish = later_that_day(no)
        runs += [
            alliance.people["TF1"]("POST", f"/sessions/{each['id']}/proposals", wish, revision=1)
            for each in (early[no], late[no])
        ]
        runs.append(alliance.office("POST", "/sessions", a_booking(**wish)))
    order = list(range(len(runs)))
    Random(9).shuffle(order)
    heard = dict(zip(order, await asyncio.gather(*(runs[each] for each in order)), strict=True))
    agreeing = []
    for no in range(PAIRS):
        answers = [heard[3 * no + each] for each in range(3)]
        assert sum(each.status < 300 for each in answers) == 1, [each.body for each in answers]
        for each in answers:
            if each.status >= 300:
                require_explained(each)
            elif "places" in each.body:
                yes = {"school": "JS", "says": "yes"}
                path = f"/proposals/{each.body['id']}/answers"
                agreeing += [
                    alliance.people["JS"]("POST", path, yes, revision=1),
                    alliance.office("POST", "/sessions", a_booking(**later_that_day(no))),
                ]
    assert agreeing
    for agreed, other in parts(await asyncio.gather(*agreeing), 2):
        assert (agreed.status, other.status) == (200, 409)
    now = await alliance.sessions(alliance.services[0])
    await require_sound(alliance, list(now.values()))
