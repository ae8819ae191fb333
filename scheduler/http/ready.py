"""Answers whose octets are ready: they go out as they are, without being put together again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from http import HTTPStatus

from aiohttp import HttpVersion11, web


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that may be given many times."""

    status: HTTPStatus
    headers: Mapping[str, str]
    body: bytes = b""

    def head(self) -> bytes:
        """The head for HTTP/1.1 without its end, so that headers may follow."""
        lines = [f"HTTP/1.1 {self.status} {self.status.phrase}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if self.status is not HTTPStatus.NOT_MODIFIED:
            lines.append(f"Content-Length: {len(self.body)}")
        if not all(line.isprintable() for line in lines):
            raise ValueError("A header must not hold what could end it.")
        return "\r\n".join((*lines, "")).encode()


class ReadyAnswer(web.StreamResponse):
    """The octets of an answer from its head to its end, for a request that `takes_octets`."""

    def __init__(self, status: int, *octets: bytes) -> None:
        super().__init__(status=status)
        self._octets = octets
        self._keep_alive = True

    async def prepare(self, request: web.BaseRequest) -> None:
        """Send everything, and wait if the client is slower."""
        transport = request.transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError
        transport.write(b"".join(self._octets))
        await request.writer.drain()

    async def write_eof(self, data: bytes = b"") -> None:
        """Everything has been sent already."""


def takes_octets(request: web.BaseRequest) -> bool:
    """Whether an answer may be a `ReadyAnswer`: of this version, on a connection that stays."""
    return request.version == HttpVersion11 and request.keep_alive


@lru_cache(maxsize=64)
def http_date(seconds: int) -> str:
    """Whole seconds since 1970 as headers write them."""
    return format_datetime(datetime.fromtimestamp(seconds, UTC), usegmt=True)
