"""What jobs note, send and forget happens once, however many processes do it or are killed."""

import asyncio
from collections import Counter
from datetime import timedelta
from random import Random
from typing import Any, Final

from tests.builders import NOW
from tests.races.conftest import Alliance
from tests.races.test_races import booked, on_day
from tests.races.test_several_processes import later
from tests.scheduler.delivery.postoffice import PostOffice, open_post_office
from tests.services import PATIENCE

Json = dict[str, Any]
A_TERM_LATER: Final = NOW + timedelta(days=60)
GUESTS: Final = 12


async def until_listed(alliance: Alliance, path: str, many: int, **fields: Any) -> list[Json]:
    """The items of a list, once so many of them are like this."""
    async with asyncio.timeout(PATIENCE):
        while True:
            listed = await alliance.office.everything(path)
            alike = [each for each in listed if fields.items() <= each.items()]
            if len(alike) == many:
                return alike
            await asyncio.sleep(0.2)


async def cancelled(alliance: Alliance, many: int) -> None:
    """So many sessions that both schools had agreed to."""
    for each in await booked(alliance, [on_day(no) for no in range(many)]):
        yes = {"school": "JS", "says": "yes"}
        if each["state"] == "held":
            for school in ("TF1", "JS"):
                path = f"/sessions/{each['id']}/answers"
                answer = await alliance.office(
                    "POST", path, yes | {"school": school}, revision=each["revision"]
                )
                each = answer.body  # noqa: PLW2901 - as it stands now
        assert each["state"] == "confirmed"
        path = f"/sessions/{each['id']}/cancellation"
        gone = await alliance.office("POST", path, {"reason": "停电"}, revision=each["revision"])
        assert gone.status == 200, gone.body


async def require_closed_once(alliance: Alliance, sessions: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            told = await alliance.office.everything("/outcomes")
            if len(told) == 2 * sessions and all(each["closed_at"] for each in told):
                break
            await asyncio.sleep(0.2)
    audit = await alliance.office.everything("/audit")
    noted = Counter(
        (each["subject_id"], each["action"]) for each in audit if each["subject_kind"] == "outcomes"
    )
    assert noted == {(each["id"], action): 1 for each in told for action in ("create", "close")}
    assert await alliance.findings(A_TERM_LATER + timedelta(days=1)) == ()


def require_no_failure(alliance: Alliance) -> None:
    for service in alliance.services:
        assert "job failed" not in service.log.read_text()


async def test_an_outcome_is_noted_and_closed_once_although_every_process_does(
    alliance: Alliance,
) -> None:
    await cancelled(alliance, 20)
    await later(alliance, A_TERM_LATER)
    await require_closed_once(alliance, 20)
    require_no_failure(alliance)


async def test_outcomes_are_closed_once_although_processes_are_killed_meanwhile(
    alliance: Alliance,
) -> None:
    await cancelled(alliance, 20)
    dice = Random(11)
    for hours in range(4):
        await later(alliance, A_TERM_LATER + timedelta(hours=hours))
        await asyncio.sleep(dice.random() / 4)
    await later(alliance, A_TERM_LATER + timedelta(days=1))
    await require_closed_once(alliance, 20)


async def invited(alliance: Alliance, post: PostOffice) -> dict[str, Any]:
    """A guest for each of some sessions; the settings with which mail goes out."""
    settings = {
        "secret_key": "k" * 32, "smtp_host": "127.0.0.1", "smtp_port": post.port,
        "smtp_from": "lianke@example.cn", "smtp_starttls": False,
    }  # fmt: skip
    await later(alliance, NOW, **settings)
    sessions = await booked(alliance, [on_day(no) for no in range(GUESTS)])
    for no, each in enumerate(sessions):
        wish = {"session": each["id"], "name": f"专家{no}", "address": f"guest-{no}@example.cn"}
        answer = await alliance.office("POST", "/invitations", wish)
        assert answer.status == 201, answer.body
    return settings


async def test_a_guest_is_invited_once_although_every_process_writes_letters(
    alliance: Alliance,
) -> None:
    async with open_post_office() as post:
        await invited(alliance, post)
        await until_listed(alliance, "/invitations", GUESTS, state="sent")
        await asyncio.sleep(1)
        assert Counter(post.recipients) == {f"guest-{no}@example.cn": 1 for no in range(GUESTS)}
    require_no_failure(alliance)


async def test_every_guest_is_invited_although_processes_are_killed_meanwhile(
    alliance: Alliance,
) -> None:
    """At least once; a letter that comes twice is the same to a calendar."""
    dice = Random(12)
    async with open_post_office() as post:
        settings = await invited(alliance, post)
        for hours in range(1, 5):
            await later(alliance, NOW + timedelta(hours=hours), **settings)
            await asyncio.sleep(dice.random())
        await later(alliance, NOW + timedelta(hours=12), **settings)
        await until_listed(alliance, "/invitations", GUESTS, state="sent")
        assert {*post.recipients} == {f"guest-{no}@example.cn" for no in range(GUESTS)}
        letters = {(str(each["To"]), str(each["Message-ID"])) for each in post.received}
        assert len(letters) == GUESTS
    assert await alliance.findings() == ()


async def test_the_audit_is_forgotten_once_although_every_process_does(alliance: Alliance) -> None:
    await booked(alliance, [on_day(no) for no in range(20)])
    before = len(await alliance.office.everything("/audit"))
    for days in range(2):
        await later(alliance, NOW + timedelta(days=181 + days), audit_days=180)
    async with asyncio.timeout(PATIENCE):
        while True:
            audit = await alliance.office.everything("/audit")
            purged = [each["after"]["entries"] for each in audit if each["subject_kind"] == "audit"]
            if sum(purged) >= before:
                break
            await asyncio.sleep(0.2)
    assert sum(purged) == before
    assert await alliance.findings(NOW + timedelta(days=183)) == ()
    require_no_failure(alliance)
