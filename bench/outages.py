"""How long until IT support sees whom an outage hits, and where each session could go?

The example's term is filled as far as a search finds places, with 5,000 further sessions in the
years before it. The busiest room goes out of use for a day, for three, and for the term; the list
is asked for over HTTP at a server of its own process. Then a typhoon closes everyone for the
busiest day, as a dry run. Run: `.venv/bin/python -m bench.outages [WEEKS]`.
"""

import asyncio
import sys
import tempfile
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from bench.http_booking import (
    Milliseconds,
    ask,
    bookable,
    copy_into_past,
    imported,
    line,
    serving,
)
from scheduler.model import Booking

LEDGER = 5_000
TIMES = 30
OFFICE_OPENS = datetime(2026, 9, 7, tzinfo=UTC)


def busiest(bookings: list[Booking]) -> tuple[str, str, datetime]:
    """The school and the room that are booked most, and the day on which it is."""
    rooms = Counter(
        (site.school, site.room)
        for each in bookings
        for site in each.sites
        if site.room is not None
    )
    (school, room), _ = rooms.most_common(1)[0]
    days = Counter(
        each.slot.starts.replace(hour=0, minute=0)
        for each in bookings
        if any(site.room == room for site in each.sites)
    )
    return school, str(room), days.most_common(1)[0][0]


async def measure(client: ClientSession, bookings: list[Booking], times: Milliseconds) -> None:
    school, room, day = busiest(bookings)
    for name, starts, days in (
        ("for a day", day, 1),
        ("for three days", day, 3),
        ("for the term", OFFICE_OPENS, 130),
    ):
        id = name.replace(" ", "-")  # noqa: A001 - as the API calls it
        slot = {"starts": starts, "ends": starts + timedelta(days=days)}
        outage = {"id": id, "school": school, "room": room, "slot": slot}
        await ask(client, "POST", "/outages", outage, times[f"POST /outages {name}"])
        path, found = f"/outages/{id}/affected-sessions", None
        for _ in range(TIMES):
            _, found = await ask(client, "GET", path, None, times[f"listed {name}"])
        print(f"{name}: {told(found)}")
        await delete(client, id)
    wish = {"date": day.date(), "everyone": True, "reason": "bench"}
    for _ in range(TIMES):
        await ask(
            client, "POST", "/suspensions?dry_run=true", wish, times["everyone closed (dry run)"]
        )


async def delete(client: ClientSession, outage: str) -> None:
    async with client.delete(f"/api/v1/outages/{outage}", headers={"If-Match": "*"}) as answer:
        answer.raise_for_status()


def told(found: Any) -> str:  # noqa: ANN401 - any JSON
    ways = Counter(way["way"] for each in found["items"] for way in each["replacements"])
    return f"{len(found['items'])} on the first page, {dict(ways)}"


async def main(weeks: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "ledger.db"
        token = await imported(file)
        bookings = await bookable(file, weeks, defaultdict(list))
        copy_into_past(file, LEDGER)
        print(f"{len(bookings)} sessions to come, {LEDGER} before")
        times: Milliseconds = defaultdict(list)
        async with serving(file, token) as (client, _):
            await measure(client, bookings, times)
        for what, taken in times.items():
            if len(taken) > 1:
                line(what, taken)
            else:
                print(f"{what:34} {taken[0]:11.1f} ms")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 16))
