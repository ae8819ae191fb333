"""Values out as JSON, every sentence in the language of the reader."""

from dataclasses import dataclass
from functools import cache
from typing import Final, Generic, TypeVar

import msgspec
from aiohttp import web

from calendars.text import Language, Text

T = TypeVar("T")

LANGUAGE: Final = web.RequestKey[Language]("language")
"""What the reader of the answer reads; set before anything can go wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """Some of a list, and the cursor that the next part begins after (null: this was the last)."""

    items: tuple[T, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is sent, and kept under an idempotency key."""

    status: int
    headers: dict[str, str]
    body: bytes

    def sent(self) -> web.Response:
        """As a response of the server."""
        return web.Response(status=self.status, headers=self.headers, body=self.body or None)


def encode(value: object, language: Language) -> bytes:
    """The value as JSON for a reader of `language`."""
    return _encoder(language).encode(value)


@cache
def _encoder(language: Language) -> msgspec.json.Encoder:
    def in_words(value: object) -> str:
        if isinstance(value, Text):
            return value.read_in(language)
        raise TypeError(f"No answer may hold a {type(value).__name__}.")

    return msgspec.json.Encoder(enc_hook=in_words)
