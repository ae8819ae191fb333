"""Domain values to JSON text and back, as kept in rows: a `Text` stays in both languages."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final, TypeVar

import msgspec

from calendars.text import Text

T = TypeVar("T")
MANY: Final = 100
"""So many sessions take 2 ms to decode."""


def _encode_text(value: object) -> object:
    if isinstance(value, Text):
        return {"zh": value.zh, "en": value.en}
    raise TypeError(f"A {type(value).__name__} cannot be stored.")


def _decode_text(kind: type, value: object) -> object:
    if kind is Text and isinstance(value, dict):
        return Text(value["zh"], value["en"])
    raise TypeError(f"A {kind.__name__} cannot be read from {value!r}.")


_ENCODER: Final = msgspec.json.Encoder(enc_hook=_encode_text)


_DECODERS: Final[dict[type[Any], msgspec.json.Decoder[Any]]] = {}


def encode(value: object) -> str:
    """The same value gives the same text, so unchanged values can be told by it."""
    return _ENCODER.encode(value).decode()


def decode(kind: type[T], body: str) -> T:
    """The value again, valid as it was."""
    decoder = _DECODERS.get(kind)
    if decoder is None:
        decoder = _DECODERS[kind] = msgspec.json.Decoder(kind, dec_hook=_decode_text)
    value: T = decoder.decode(body)
    return value


async def decode_all(kind: type[T], bodies: Sequence[str]) -> list[T]:
    """The values again; many are decoded beside the event loop, which has others to serve."""

    def decoded() -> list[T]:
        return [decode(kind, body) for body in bodies]

    return await asyncio.to_thread(decoded) if len(bodies) > MANY else decoded()


def decode_plain(body: str | None) -> object:
    """Whatever JSON holds, as plain lists and dicts: for the audit, which outlives the types."""
    return None if body is None else msgspec.json.decode(body)
