"""What can be wrong with a request before any use case is asked."""

from dataclasses import dataclass
from typing import Final

from calendars.text import Text
from scheduler.errors import SchedulerError

LONGEST_VALUE: Final = 100
MOST_TOLD_IN_WORDS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing wrong: where, what was there, and what would do.

    `pointer` is an RFC 6901 pointer into the body; a query parameter is named `?name`, a header by
    its name, a cell of an imported file `rooms.csv:3:seats`.
    """

    pointer: str
    value: object = None
    detail: Text


def value_at(place: str, sent: object) -> object:
    """What stands in JSON at `sites/1/role`, as an answer repeats it; None where nothing does."""
    for step in place.split("/") if place else ():
        match sent:
            case dict():
                sent = sent.get(step)
            case list() if step.isdecimal() and int(step) < len(sent):
                sent = sent[int(step)]
            case _:
                return None
    return shown(sent)


class FaultyRequestError(SchedulerError):
    """Values that cannot be meant: every fault that was found."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        told = faults[:MOST_TOLD_IN_WORDS]
        more = len(faults) - len(told)
        super().__init__(
            "".join(f"{_place(fault, '：')}{fault.detail.zh}" for fault in told)
            + (f"另有 {more} 处错误。" if more else ""),
            " ".join(f"{_place(fault, ': ')}{fault.detail.en}" for fault in told)
            + (f" There are {more} more faults." if more else ""),
        )
        self.faults = faults


def _place(fault: Fault, colon: str) -> str:
    return f"{fault.pointer}{colon}" if fault.pointer else ""


class NotJsonError(SchedulerError):
    """The body is no JSON text."""


class WrongMediaTypeError(SchedulerError):
    """The body says that it is something other than JSON in UTF-8."""


class MissingIfMatchError(SchedulerError):
    """A change must say which state it changes."""


class TooLargeError(SchedulerError):
    """The body is larger than anything this API takes."""


class UnknownPathError(SchedulerError):
    """Nothing is served at this address."""


class WrongMethodError(SchedulerError):
    """The address exists, but not for this method."""

    def __init__(self, zh: str, en: str, *, allowed: tuple[str, ...]) -> None:
        super().__init__(zh, en)
        self.allowed = allowed


def printable(text: str) -> str:
    """The text with lone surrogates and control characters escaped, as one line shows them."""
    whole = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return "".join(
        sign if sign.isprintable() or sign == " " else sign.encode("unicode_escape").decode()
        for sign in whole
    )


def shown(value: object) -> object:
    """An offending value as an answer repeats it: short, and never a whole body."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, dict):
        return "{...}"
    if isinstance(value, list):
        return "[...]"
    text = printable(str(value))
    if len(text) > LONGEST_VALUE:
        return text[:LONGEST_VALUE] + "..."
    return value if isinstance(value, int) else text
