"""Reading a calendar in a process of its own: whatever is in it, this one goes on serving."""

import asyncio
import sys
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

import calendars
from calendars.ics.reading import (
    MAX_OCTETS,
    Question,
    Reading,
    Refusal,
    UnreadableCalendarError,
)
from calendars.slots import Slot

_SECONDS: Final = 40
"""Longer than the process allows itself: the machine may be busy."""
_HOME: Final = str(Path(calendars.__file__).parents[1])
_COMMAND: Final = (sys.executable, "-m", "calendars.ics.reading")


class CalendarReader:
    """Reads calendars, a few at once, each in a process that may use little."""

    def __init__(self, at_once: int = 2) -> None:
        self._at_once = asyncio.Semaphore(at_once)

    async def read(self, octets: bytes, *, zone: ZoneInfo, window: Slot) -> Reading:
        """What `read_busy` says of the octets, or its `UnreadableCalendarError`.

        A process that dies of its limits has been asked too much: that is a refusal, too.
        """
        if len(octets) > MAX_OCTETS:
            raise UnreadableCalendarError(Refusal.TOO_LARGE)
        question = msgspec.json.encode(Question(zone=zone.key, window=window))
        async with self._at_once:
            answer = await _answered(question + b"\n" + octets)
        if not answer:
            raise UnreadableCalendarError(Refusal.TOO_SLOW)
        if answer.startswith(b'"'):
            raise UnreadableCalendarError(msgspec.json.decode(answer, type=Refusal))
        return msgspec.json.decode(answer, type=Reading)


async def _answered(asked: bytes) -> bytes:
    """What the process says; nothing if it was killed."""
    # It needs no secret of this process, so it gets none of its environment.
    process = await asyncio.create_subprocess_exec(
        *_COMMAND,
        env={"PYTHONPATH": _HOME, "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=_HOME,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        answer, _ = await asyncio.wait_for(process.communicate(asked), _SECONDS)
    except TimeoutError:
        return b""
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return answer if process.returncode == 0 else b""
