"""What a caller can act on. A message is a sentence with the offending value, in both languages."""

from collections.abc import Iterator
from contextlib import contextmanager

from calendars.text import InvalidValueError, Text
from scheduler.model import Alternative, Conflict


class SchedulerError(Exception):
    """Anything the caller can act on."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.text = Text(zh, en)


class NotFoundError(SchedulerError):
    """Nothing has this id, or the asker may not know of it."""


class InvalidWishError(SchedulerError):
    """A wish that cannot be meant: `pointer` (RFC 6901) says where, `value` what was there."""

    def __init__(self, zh: str, en: str, *, pointer: str, value: object = None) -> None:
        super().__init__(zh, en)
        self.pointer = pointer
        self.value = value


@contextmanager
def told_at(place: str) -> Iterator[None]:
    """What cannot be meant inside stands at `place` of the wish: `displaced/0`, or "" for itself.

    A part of a wish does not know where in the wish it stands; whoever takes the wish apart does.
    """
    below = f"{place}/" if place else ""
    try:
        yield
    except InvalidValueError as error:
        text, field = error.text, f"{below}{error.field}".rstrip("/")
        raise InvalidValueError(text.zh, text.en, field=field) from None
    except InvalidWishError as error:
        text, pointer = error.text, f"/{below}{error.pointer[1:]}".rstrip("/")
        raise InvalidWishError(text.zh, text.en, pointer=pointer, value=error.value) from None


class ClashError(SchedulerError):
    """Rules say no: every conflict, and what would work instead."""

    def __init__(
        self, conflicts: tuple[Conflict, ...], alternatives: tuple[Alternative, ...] = ()
    ) -> None:
        super().__init__(
            "".join(conflict.sentence.zh for conflict in conflicts),
            " ".join(conflict.sentence.en for conflict in conflicts),
        )
        self.conflicts = conflicts
        self.alternatives = alternatives


class StateError(SchedulerError):
    """The thing is no longer (or not yet) in a state where this can be done."""


class StaleError(SchedulerError):
    """Somebody changed it since the caller read it."""


class ForbiddenError(SchedulerError):
    """The caller's role does not allow this."""


class UnknownTokenError(SchedulerError):
    """The request carries no token, or one that opens nothing."""


class ReusedKeyError(SchedulerError):
    """The idempotency `key` was used for another request."""

    def __init__(self, zh: str, en: str, *, key: str) -> None:
        super().__init__(zh, en)
        self.key = key


class UnavailableError(SchedulerError):
    """The database cannot serve right now; the same request may succeed in a few seconds."""


__all__ = [
    "ClashError",
    "ForbiddenError",
    "InvalidValueError",
    "InvalidWishError",
    "NotFoundError",
    "ReusedKeyError",
    "SchedulerError",
    "StaleError",
    "StateError",
    "UnavailableError",
    "UnknownTokenError",
    "told_at",
]
