"""Content codings undone piece by piece, so that a small answer cannot become a large one."""

import zlib
from collections.abc import Iterator
from typing import Any, Final

import brotli

_AT_ONCE: Final = 65_536
_GZIP_OR_ZLIB: Final = 32 + zlib.MAX_WBITS


class TooLargeError(Exception):
    """There is more than was allowed."""


class OddCodingError(Exception):
    """The content is not coded as it says."""


class Unpacked:
    """What comes out of the pieces of an answer: at most `most` octets, whatever goes in."""

    def __init__(self, coding: str, most: int) -> None:
        self._most = most
        self._octets = bytearray()
        self._unpacker: Any
        match coding.strip().lower():
            case "" | "identity":
                self._unpacker, self._unpack = None, self._as_it_is
            case "gzip" | "x-gzip" | "deflate":
                self._unpacker, self._unpack = zlib.decompressobj(_GZIP_OR_ZLIB), self._from_zlib
            case "br":
                self._unpacker, self._unpack = brotli.Decompressor(), self._from_brotli
            case _:
                raise OddCodingError(coding)

    @property
    def octets(self) -> bytes:
        """Everything so far; `OddCodingError` if the coding says that more is to come."""
        if self._unpacker is not None and not self._is_finished():
            raise OddCodingError
        return bytes(self._octets)

    def add(self, piece: bytes) -> None:
        """Undo one more piece, or raise `TooLargeError` or `OddCodingError`."""
        try:
            for part in self._unpack(piece):
                self._octets += part
                if len(self._octets) > self._most:
                    raise TooLargeError
        except (zlib.error, brotli.error) as error:
            raise OddCodingError from error

    def _as_it_is(self, piece: bytes) -> Iterator[bytes]:
        yield piece

    def _from_zlib(self, piece: bytes) -> Iterator[bytes]:
        while piece:
            yield self._unpacker.decompress(piece, _AT_ONCE)
            piece = self._unpacker.unconsumed_tail

    def _from_brotli(self, piece: bytes) -> Iterator[bytes]:
        yield self._unpacker.process(piece, output_buffer_limit=_AT_ONCE)
        # It takes all of a piece in, also where it still has to give more of it out.
        while part := self._unpacker.process(b"", output_buffer_limit=_AT_ONCE):
            yield part

    def _is_finished(self) -> bool:
        if isinstance(self._unpacker, brotli.Decompressor):
            return bool(self._unpacker.is_finished())
        return bool(self._unpacker.eof)
