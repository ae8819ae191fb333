"""People who go on asking while processes die under them.

Whoever gets no answer asks again with the same key, so in the end every wish has been answered.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Final
from uuid import uuid4

from aiohttp import ClientConnectorError, ClientError

from tests.crashes.wishes import Chooser, Known, Wish
from tests.services import Answer, Client

AGAIN_SECONDS: Final = 0.05
_DONE: Final = frozenset({200, 201, 204})
_REFUSED: Final = frozenset({404, 409, 412, 422})
_AWAY: Final = 503


@dataclass
class Load:
    """Everybody at work, what they know, and how each wish was answered, by its key."""

    voices: Mapping[str, Client]
    database_may_be_away: bool
    known: Known = field(default_factory=Known)
    answers: dict[str, Answer] = field(default_factory=dict)
    interrupted: int = 0
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def office(self) -> Client:
        return self.voices["office"]

    async def person(self, dice: Random) -> None:
        """Wish for one thing after the other until told to stop and the last wish is answered."""
        chooser = Chooser(dice, self.known, self.office)
        while not self.stop.is_set():
            try:
                wish = await chooser.wish()
            except ClientError:
                continue
            if wish is not None:
                await self._ask(wish, dice)

    @property
    def done(self) -> dict[str, Answer]:
        """What was acknowledged, by the key of its wish."""
        return {key: each for key, each in self.answers.items() if each.status in _DONE}

    @property
    def refused(self) -> set[str]:
        """The keys of wishes that were refused."""
        return self.answers.keys() - self.done.keys()

    async def _ask(self, wish: Wish, dice: Random) -> None:
        """Ask until there is an answer, always with the same key, whichever process is there."""
        key = uuid4().hex
        while (answer := await self._asked(wish, key, dice)) is None:
            self.interrupted += 1
            await asyncio.sleep(AGAIN_SECONDS)
        if answer.status not in _DONE | _REFUSED:
            raise AssertionError(wish, answer)
        self.answers[key] = answer
        if answer.status in _DONE:
            self.known.hear(answer.body, wish.path)

    async def _asked(self, wish: Wish, key: str, dice: Random) -> Answer | None:
        """The answer; None if the process was killed meanwhile, or the database is away."""
        voice = self.voices[wish.by]
        service = dice.choice(voice.services)
        process = service.process
        try:
            answer = await voice(
                wish.method, wish.path, wish.body, revision=wish.revision, key=key, by=service
            )
        except ClientConnectorError:
            return None  # it is dead, or has just begun and does not listen yet
        except ClientError:
            assert not process.is_alive(), service.log.read_text()
            return None
        if answer.status == _AWAY:
            assert self.database_may_be_away, answer
            return None
        return answer
