"""What is written to standard error: a line of JSON for each request, and for what went wrong.

A request is known by the pattern of its route, never by its address, which may hold a secret; and
of what went wrong no variables are shown.
"""

import asyncio
import logging
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Final

import msgspec
import structlog
from aiohttp import web
from aiohttp.http import HttpProcessingError
from aiohttp.log import server_logger


def configure_logs() -> None:
    """For as long as the process lives; what else the service has to say goes there too."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
    )
    server_logger.addFilter(_WITHOUT_OCTETS)


class _WithoutOctets(logging.Filter):
    """Drops the octets of requests that are no HTTP from aiohttp's log: they hold an address."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep the line, which says where the request came from."""
        if record.exc_info and isinstance(record.exc_info[1], HttpProcessingError):
            record.exc_info = None
        return True


_WITHOUT_OCTETS: Final = _WithoutOctets()


LONGEST_WAIT_SECONDS: Final = 0.05


class RequestLine(msgspec.Struct, frozen=True):
    """What is logged of an answered request; `ms` is how long it took in milliseconds."""

    id: str
    method: str
    path: str
    status: int
    ms: float
    timestamp: datetime
    level: str = "info"
    event: str = "request"


class Answered(msgspec.Struct, frozen=True):
    """That a request, known by the pattern of its route, was answered `at` a moment."""

    id: str
    method: str
    path: str
    status: int
    seconds: float
    at: datetime

    def line(self) -> RequestLine:
        """What is logged of it."""
        milliseconds = round(self.seconds * 1000, 1)
        return RequestLine(self.id, self.method, self.path, self.status, milliseconds, self.at)


class AccessLog:
    """Lines of JSON, and counts. A few requests at a time cost less than one by one."""

    def __init__(self, write: Callable[[str], object], count: Callable[[Answered], object]) -> None:
        self._write = write
        self._count = count
        self._encoder = msgspec.json.Encoder()
        self._answered: list[Answered] = []

    def add(self, answered: Answered) -> None:
        """Log and count a request, within `LONGEST_WAIT_SECONDS`."""
        if not self._answered:
            asyncio.get_running_loop().call_later(LONGEST_WAIT_SECONDS, self.flush)
        self._answered.append(answered)

    def flush(self) -> None:
        """Write and count what has not been yet."""
        answered, self._answered = self._answered, []
        for each in answered:
            self._count(each)
        octets = self._encoder.encode_lines([each.line() for each in answered])
        if octets:
            self._write(octets.decode())


ACCESS_LOG: Final = web.AppKey("access_log", AccessLog)


def on_standard_error(count: Callable[[Answered], object]) -> AccessLog:
    """The log of a service. Standard error is looked up late, for tests replace it."""
    return AccessLog(lambda lines: sys.stderr.write(lines), count)  # noqa: PLW0108 - see above
