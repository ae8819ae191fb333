"""People who go on booking, moving and cancelling while processes die under them.

Whoever gets no answer asks again with the same key, so in the end everything they wished for has
been acknowledged, once.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any, Final
from uuid import uuid4

from aiohttp import ClientError

from scheduler.model import Booking, Kind, Role
from tests.builders import TUESDAY, at
from tests.scheduler.desk import a_booking, a_wish
from tests.services import Answer, Client

Json = dict[str, Any]
SCHOOLS: Final = ("TF1", "JS", "CB", "WA", "QB", "GD")
TIMES: Final = ("8:00", "9:00", "10:00", "11:00", "14:00", "15:00", "16:00")
AGAIN_SECONDS: Final = 0.05


@dataclass
class Person:
    """Somebody with a room and a colleague of their own, so that nobody else is ever in the way."""

    no: int
    client: Client
    last: dict[str, Json] = field(default_factory=dict)
    answered: int = 0
    interrupted: int = 0

    async def work(self, stop: asyncio.Event) -> None:
        """Go on until told to stop, and until the last wish is answered."""
        dice, places = Random(self.no), self._places()
        while not stop.is_set():
            live = [each for each in self.last.values() if each["state"] != "cancelled"]
            if not live or dice.random() < 0.6:
                await self._wish("POST", "/sessions", next(places))
            elif dice.random() < 0.7:
                change = {"slot": next(places).slot, "reason": "改期"}
                await self._change("PATCH", "", dice.choice(live), change)
            else:
                await self._change("POST", "/cancellation", dice.choice(live), {"reason": "停电"})

    def _places(self) -> Iterator[Booking]:
        """One wish after the other, each for a time that this person has asked for never before."""
        home, away = (SCHOOLS[(2 * (self.no // 2) + side) % len(SCHOOLS)] for side in (0, 1))
        room = 1 + self.no % 2
        sites = tuple(
            a_wish(
                school,
                role,
                room=f"{school}-R{room}",
                teacher=f"{school}-T{room}",
                class_groups=(),
            )
            for school, role in ((home, Role.LEAD), (away, Role.LISTEN))
        )
        days = (TUESDAY + timedelta(days=number) for number in range(130))
        for on in (each for each in days if each.isoweekday() in range(1, 6)):
            for time in TIMES:
                yield a_booking(
                    kind=Kind.JOINT_RESEARCH,
                    link_pool=None,
                    sites=sites,
                    slot=at(time, on=on),
                )

    async def _change(self, method: str, path: str, session: Json, wish: object) -> None:
        address = f"/sessions/{session['id']}{path}"
        await self._wish(method, address, wish, session["revision"])

    async def _wish(
        self, method: str, path: str, wish: object, revision: int | None = None
    ) -> None:
        """Ask until there is an answer, always with the same key."""
        key = uuid4().hex
        while (answer := await self._asked(method, path, wish, revision, key)) is None:
            self.interrupted += 1
            await asyncio.sleep(AGAIN_SECONDS)
        if answer.status not in {200, 201}:
            raise AssertionError(answer)
        self.answered += 1
        self.last[answer.body["id"]] = answer.body

    async def _asked(
        self, method: str, path: str, wish: object, revision: int | None, key: str
    ) -> Answer | None:
        """The answer; None if there was none, or that the database is away."""
        try:
            answer = await self.client(method, path, wish, revision=revision, key=key)
        except ClientError:
            return None
        return None if answer.status == 503 else answer


def everything_told(people: list[Person]) -> dict[str, Json]:
    return {key: session for person in people for key, session in person.last.items()}
