"""Reads one calendar in a process of its own, with little memory and little time.

In: a line of JSON (`Question`), then the octets. Out: the `Reading` as JSON, or the refusal's name.
"""

import resource
import sys
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from calendars.ics.reading.busy import read_busy
from calendars.ics.reading.report import Question, UnreadableCalendarError

_SECONDS: Final = 20
_OCTETS_OF_MEMORY: Final = 1 << 30


def main() -> None:
    """Answer the one question on standard input."""
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (_OCTETS_OF_MEMORY, _OCTETS_OF_MEMORY))
    asked, _, octets = sys.stdin.buffer.read().partition(b"\n")
    question = msgspec.json.decode(asked, type=Question)
    try:
        answer: object = read_busy(octets, zone=ZoneInfo(question.zone), window=question.window)
    except UnreadableCalendarError as error:
        answer = error.refusal
    sys.stdout.buffer.write(msgspec.json.encode(answer))


if __name__ == "__main__":
    main()
