"""A client that asks servers of calendars the same over and over, and what an answer costs them."""

import os
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

CLIENT, SERVERS = 1, 0
"""Which core is whose."""
_SCHED = 2
"""Asks for the clock of what a process has used, as `clock_getcpuclockid` of libc does."""


@dataclass(frozen=True)
class Server:
    """A process that serves on a port."""

    name: str
    process: int
    port: int

    def processor_seconds(self) -> float:
        """What all its threads have used so far."""
        return time.clock_gettime(~self.process << 3 | _SCHED)


@dataclass(frozen=True)
class Cost:
    """Many answers to one question; `microseconds` of processor time for each."""

    status: int
    a_second: float
    microseconds: float


@contextmanager
def started(name: str, module: str, *arguments: str) -> Iterator[Server]:
    """A server on the core of servers: a module that prints the port on which it answers."""
    command = ["taskset", "-c", str(SERVERS), sys.executable, "-m", module, *arguments]
    with subprocess.Popen(  # noqa: S603 - our own modules
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            port = process.stdout.readline() if process.stdout else ""
            if not port:
                raise ChildProcessError(f"No server: {' '.join(command)}")
            yield Server(name, process.pid, int(port))
        finally:
            process.kill()


def stay_on(core: int) -> None:
    """Run this process on one core only."""
    os.sched_setaffinity(0, {core})


def cost_of(server: Server, request: bytes, times: int, connections: int = 4) -> Cost:
    """So many answers over a few connections, each asked for as soon as the one before has come."""
    before, began = server.processor_seconds(), time.perf_counter()
    status = _ask(server.port, request, times, connections)
    seconds = time.perf_counter() - began
    used = server.processor_seconds() - before
    return Cost(status, times / seconds, used / times * 1e6)


def best(costs: list[Cost]) -> Cost:
    """The best of each figure: what others do on the machine only ever takes away."""
    return Cost(
        costs[0].status,
        max(cost.a_second for cost in costs),
        min(cost.microseconds for cost in costs),
    )


def _ask(port: int, request: bytes, times: int, connections: int) -> int:
    """The status of the last answer."""
    status, done, sent = 0, 0, connections
    with selectors.DefaultSelector() as selector:
        for _ in range(connections):
            _connect(selector, port, request)
        while done < times:
            for key, _ in selector.select():
                connection, received = key.fileobj, key.data
                assert isinstance(connection, socket.socket)  # noqa: S101 - no other is registered
                part = connection.recv(1 << 20)
                received += part
                found = _status(received)
                if found is None and part:
                    continue
                if found is None:
                    raise ConnectionError(f"Cut off after {len(received)} octets.")
                status, done = found, done + 1
                received.clear()
                if sent >= times:
                    continue
                sent += 1
                if _closes(request):
                    selector.unregister(connection)
                    connection.close()
                    _connect(selector, port, request)
                else:
                    connection.sendall(request)
        for key in list(selector.get_map().values()):
            assert isinstance(key.fileobj, socket.socket)  # noqa: S101 - no other is registered
            key.fileobj.close()
    return status


def _connect(selector: selectors.BaseSelector, port: int, request: bytes) -> None:
    connection = socket.create_connection(("127.0.0.1", port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.sendall(request)
    selector.register(connection, selectors.EVENT_READ, bytearray())


def _closes(request: bytes) -> bool:
    return b"\r\nConnection: close\r\n" in request


def _status(received: bytearray) -> int | None:
    """The status of an answer that has come in full."""
    head, end, body = received.partition(b"\r\n\r\n")
    if not end:
        return None
    status = int(head.split(b" ", 2)[1])
    if status not in {200, 304}:
        raise ValueError(f"No feed: {head.decode()}")
    at = head.lower().find(b"content-length: ")
    length = int(head[at + 16 :].split(b"\r\n")[0]) if at >= 0 else 0
    return status if status == 304 or len(body) >= length else None  # noqa: PLR2004 - no body
