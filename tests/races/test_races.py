"""Two hundred people at once, over HTTP, at real processes: nothing is double-booked or lost."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Mapping, Sequence
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, Final
from uuid import uuid4

from calendars.slots import Slot
from scheduler.model import Booking, Kind, Role, SiteWish
from tests.builders import TUESDAY, at
from tests.races.conftest import SCHOOLS, Alliance
from tests.scheduler.desk import a_booking, a_wish
from tests.services import Answer

CLIENTS: Final = 200
AFTER_SCHOOL: Final = ("16:10", "16:20", "16:50")
Json = dict[str, Any]


def contested(dice: Random) -> Booking:
    """A wish for few rooms, teachers, classes and links at times that overlap."""
    schools = dice.sample(SCHOOLS, dice.choice((1, 2, 2, 3)))
    sites = [
        a_site_of(dice, school, Role.LISTEN if no else Role.LEAD)
        for no, school in enumerate(schools)
    ]
    dice.shuffle(sites)
    return a_booking(
        title=f"研讨 {uuid4().hex[:6]}",
        kind=dice.choice((Kind.JOINT_RESEARCH, Kind.LESSON)),
        slot=at(dice.choice(AFTER_SCHOOL), on=TUESDAY + timedelta(days=7 * dice.randrange(8))),
        sites=tuple(sites),
    )


def a_site_of(dice: Random, school: str, role: Role) -> SiteWish:
    return a_wish(
        school,
        role,
        room=dice.choice((None, f"{school}-R1", f"{school}-R2")),
        teacher=f"{school}-T{dice.randint(1, 3)}",
        class_groups=(f"{school}-C{dice.randint(1, 2)}",),
    )


def require_explained(answer: Answer) -> None:
    """Who loses is told every rule in a sentence, with whom it concerns, and what would do."""
    assert answer.status == 409, answer
    assert answer.body["type"] == "/problems/clash"
    assert answer.body["conflicts"]
    for conflict in answer.body["conflicts"]:
        assert conflict["rule"]
        assert conflict["sentence"]
        assert conflict["resources"]
    assert answer.body["alternatives"], answer.body


async def require_sound(alliance: Alliance, acknowledged: Sequence[Json]) -> None:
    """Every process tells exactly what was acknowledged last, and `lianke check` finds nothing."""
    for service in alliance.services:
        assert await alliance.sessions(service) == {each["id"]: each for each in acknowledged}
    assert await alliance.findings() == ()


async def test_of_two_hundred_who_book_at_once_the_losers_are_told_and_nothing_is_lost(
    alliance: Alliance,
) -> None:
    dice = Random(2026)
    wishes = [contested(dice) for _ in range(CLIENTS)]
    answers = await asyncio.gather(*(alliance.office("POST", "/sessions", wish) for wish in wishes))
    won = [answer.body for answer in answers if answer.status == 201]
    for answer in answers:
        if answer.status != 201:
            require_explained(answer)
    assert 10 <= len(won) <= CLIENTS // 2
    await require_sound(alliance, won)


async def test_a_request_sent_twice_at_once_to_different_processes_is_done_once(
    alliance: Alliance,
) -> None:
    dice = Random(7)
    wishes = [contested(dice) for _ in range(30)]
    keys = [uuid4().hex for _ in wishes]
    answers = await asyncio.gather(
        *(
            alliance.office("POST", "/sessions", wish, key=key, by=dice.choice(alliance.services))
            for wish, key in zip(wishes * 3, keys * 3, strict=True)
        )
    )
    won: dict[str, Json] = {}
    for number, key in enumerate(keys):
        bodies = [answer.body for answer in answers[number::30] if answer.status == 201]
        assert len(bodies) in {0, 3}, [each.body for each in answers[number::30]]
        if bodies:
            assert bodies[0] == bodies[1] == bodies[2]
            won[key] = bodies[0]
    assert won
    await require_sound(alliance, list(won.values()))


def on_day(number: int, **fields: Any) -> Booking:
    """A lesson of TF1 for JS that has a weekday of its own."""
    weeks, weekday = divmod(number, 4)
    on: date = TUESDAY + timedelta(days=7 * weeks + weekday)
    return a_booking(**{"slot": at("16:10", on=on)} | fields)


async def booked(alliance: Alliance, wishes: Sequence[Booking], by: str = "office") -> list[Json]:
    answers = await asyncio.gather(
        *(alliance.people[by]("POST", "/sessions", wish) for wish in wishes)
    )
    assert {answer.status for answer in answers} == {201}, [each.body for each in answers]
    return [answer.body for answer in answers]


def statuses(answers: Sequence[Answer]) -> Counter[int]:
    return Counter(answer.status for answer in answers)


async def test_of_those_who_answer_for_one_school_at_once_one_is_heard(alliance: Alliance) -> None:
    holds = await booked(alliance, [on_day(no) for no in range(25)], by="TF1")
    assert {hold["state"] for hold in holds} == {"held"}
    yes, no = {"school": "JS", "says": "yes"}, {"school": "JS", "says": "no", "reason": "考试"}
    # Whoever is sent first is often heard first: each of them is, for some of the holds.
    in_turn = (("JS", yes), ("office", yes), ("JS", no), ("office", no))
    voices = [
        alliance.people[who]("POST", f"/sessions/{hold['id']}/answers", says, revision=1)
        for turn, hold in enumerate(holds)
        for who, says in (in_turn * 2)[turn % 4 :][:4] * 2
    ]
    assert len(voices) == CLIENTS
    answers = await asyncio.gather(*voices)
    last = []
    for hold, heard in zip(holds, parts(answers, 8), strict=True):
        won = [answer.body for answer in heard if answer.status == 200]
        assert len(won) == 1
        assert statuses(heard) == {200: 1, 412: 7}
        assert won[0]["id"] == hold["id"]
        last += won
    assert {each["state"] for each in last} == {"confirmed", "cancelled"}
    await require_sound(alliance, last)


def parts(answers: Sequence[Answer], size: int) -> list[Sequence[Answer]]:
    return [answers[first : first + size] for first in range(0, len(answers), size)]


def slot_of(made: Json) -> Slot:
    starts, ends = (datetime.fromisoformat(made["slot"][each]) for each in ("starts", "ends"))
    return Slot(starts, ends)


async def test_of_those_who_move_to_one_place_one_arrives(alliance: Alliance) -> None:
    sessions = await booked(alliance, [on_day(no) for no in range(20)])
    targets = [at("16:10", on=TUESDAY + timedelta(days=21 + no)) for no in range(3)]
    moves = [
        (session, target)
        for session in sessions
        for target in (*targets, *targets, *targets, targets[0])
    ]
    assert len(moves) == CLIENTS
    Random(5).shuffle(moves)
    answers = await asyncio.gather(
        *(
            alliance.office("PATCH", f"/sessions/{session['id']}", {"slot": target}, revision=1)
            for session, target in moves
        )
    )
    last = {session["id"]: session for session in sessions}
    for answer in answers:
        if answer.status == 200:
            last[answer.body["id"]] = answer.body
        elif answer.status != 412:
            require_explained(answer)
    # Whoever moved has left a place that nobody wanted, so each target found exactly one.
    assert statuses(answers)[200] == len(targets)
    assert {slot_of(each) for each in last.values()} >= set(targets)
    await require_sound(alliance, list(last.values()))


async def test_two_sessions_are_swapped_or_cancelled_but_not_both(alliance: Alliance) -> None:
    sessions = await booked(alliance, [on_day(no) for no in range(80)])
    last = {session["id"]: session for session in sessions}
    pairs = list(zip(sessions[::2], sessions[1::2], strict=True))
    runs = [run for pair in pairs for run in swap_and_cancel(alliance, *pair)]
    assert len(runs) == CLIENTS
    answers = await asyncio.gather(*runs)
    swapped_pairs = 0
    for heard in parts(answers, 5):
        won = [answer.body for answer in heard if answer.status == 200]
        assert set(statuses(heard)) <= {200, 409, 412}
        swapped = [each["sessions"] for each in won if "sessions" in each]
        # Whoever comes later has read what is no more, so both can only be cancelled.
        assert len(won) == 1 if swapped else len(won) <= len(pairs[0])
        swapped_pairs += len(swapped)
        last |= {each["id"]: each for each in (swapped[0] if swapped else won)}
    assert 0 < swapped_pairs < len(pairs)
    await require_sound(alliance, list(last.values()))


def swap_and_cancel(alliance: Alliance, one: Json, other: Json) -> list[Awaitable[Answer]]:
    """Two who swap the pair and three who cancel one of it, in a random order."""

    def swap(first: Json, second: Json) -> Awaitable[Answer]:
        wish = {"other": second["id"], "other_revision": 1, "what": "times"}
        return alliance.office("POST", f"/sessions/{first['id']}/swap", wish, revision=1)

    def cancel(session: Json) -> Awaitable[Answer]:
        path = f"/sessions/{session['id']}/cancellation"
        return alliance.office("POST", path, {"reason": "停电"}, revision=1)

    runs = [swap(one, other), swap(other, one), cancel(one), cancel(other), cancel(one)]
    Random(one["id"]).shuffle(runs)
    return runs


async def test_nobody_books_a_room_once_it_is_known_to_be_out_of_use(alliance: Alliance) -> None:
    dice = Random(3)
    days = [TUESDAY + timedelta(days=no) for no in range(4)]
    rooms = [f"{school}-R{no}" for school in SCHOOLS for no in (1, 2)]
    outages = [
        {
            "id": f"out-{room}-{day}",
            "school": room.partition("-")[0],
            "room": room,
            "slot": at("16:00", 120, on=day),
            "reason": "话筒无声",
        }
        for room in rooms
        for day in days
    ]
    wishes = [contested(dice) for _ in range(CLIENTS - len(outages))]
    runs = [alliance.office("POST", "/sessions", wish) for wish in wishes]
    runs += [alliance.office("POST", "/outages", each) for each in outages]
    dice.shuffle(runs)
    answers = await asyncio.gather(*runs)
    assert set(statuses(answers)) <= {200, 201, 409}
    for answer in answers:
        if answer.status == 409:
            require_explained(answer)
    assert statuses(answers)[201] > len(outages)
    told = [each.body for each in answers if each.status == 201]
    await require_none_after_its_outage(alliance, {each["id"]: each for each in told})


async def require_none_after_its_outage(alliance: Alliance, told: Mapping[str, Json]) -> None:
    """In the order of the audit no session is made in a room that is out of use then."""
    out_of_use: dict[str, list[Json]] = defaultdict(list)
    for entry in await alliance.office.everything("/audit"):
        made = told.get(entry["subject_id"], {})
        if entry["subject_kind"] == "outages":
            out_of_use[made["room"]].append(made)
        for site in made.get("sites", ()):
            for outage in out_of_use[site["room"]]:
                assert not slot_of(outage).overlaps(slot_of(made)), (made, outage)
    affected = await alliance.office("GET", "/affected-sessions?limit=100")
    findings = await alliance.findings()
    assert {each.subject for each in findings} == {
        f"sessions {each['session']['id']}" for each in affected.body["items"]
    }
