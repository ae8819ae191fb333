"""`lianke serve` in processes of its own, as an operator runs it, and people who ask it over HTTP.

The processes are forked from one that has imported everything, so that a test can start dozens.
"""

import asyncio
import multiprocessing
import os
import random
import socket
import sys
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import datetime
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import msgspec
from aiohttp import ClientError, ClientSession, TCPConnector

from scheduler.model import Actor
from scheduler.records import Record
from scheduler.settings import Settings
from scheduler.store import Store, Transaction
from scheduler.tokens import issue_token
from service import serve_with
from tests.builders import NOW

_FORKS: Final = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.services"])
PATIENCE: Final = 60.0
"""Seconds until a process that ought to answer, or to end, is taken to hang."""


def _serve(settings: Settings, log: Path) -> None:
    stream = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(stream, sys.stderr.fileno())
    serve_with(settings)


@dataclass
class Service:
    """One process of the service; it can be stopped, killed, and started again."""

    settings: Settings
    log: Path
    process: BaseProcess = field(init=False)

    @property
    def address(self) -> str:
        return self.settings.address

    def start(self) -> None:
        self.process = _FORKS.Process(target=_serve, args=(self.settings, self.log), daemon=True)
        self.process.start()

    async def ready(self) -> None:
        """Wait until it says that it is."""
        deadline = time.monotonic() + PATIENCE
        async with ClientSession(self.address) as client:
            while time.monotonic() < deadline and self.process.is_alive():
                try:
                    async with client.get("/readyz") as answer:
                        if answer.ok:
                            return
                except ClientError:
                    await asyncio.sleep(0.02)
        raise TimeoutError(self.log.read_text() if self.log.exists() else self.address)

    def kill(self) -> None:
        """As the kernel does when memory is short: nothing is finished, nothing is said."""
        self.process.kill()
        self.process.join(PATIENCE)

    async def stop(self) -> int | None:
        """Ask it to end; its exit status."""
        self.process.terminate()
        await asyncio.to_thread(self.process.join, PATIENCE)
        return self.process.exitcode


def a_service(database: str, folder: Path, **settings: Any) -> Service:
    """A process on a free port, whose clock starts at `NOW`; not started yet."""
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    given: dict[str, Any] = {"database": database, "port": port, "clock_starts_at": NOW}
    return Service(Settings(**given | settings), folder / f"service-{port}.log")


@asynccontextmanager
async def serving(*services: Service) -> AsyncIterator[None]:
    """All of them ready; killed at the end, if they still run."""
    for each in services:
        each.start()
    try:
        await asyncio.gather(*(each.ready() for each in services))
        yield
    finally:
        for each in services:
            each.kill()


async def settle(
    database: str, records: Sequence[Record], people: Mapping[str, Actor], *, now: datetime = NOW
) -> dict[str, str]:
    """Put the records into the database; a token for each of the people."""
    store = await Store.open(database)
    office = next(iter(people.values()))

    async def put(transaction: Transaction) -> dict[str, str]:
        await transaction.put_many(records)
        return {name: await issue_token(transaction, person) for name, person in people.items()}

    tokens = await store.write(put, actor=office, now=now)
    await store.close()
    return tokens


@dataclass(frozen=True)
class Answer:
    """What was answered to whom."""

    status: int
    body: Any
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Client:
    """Somebody with a token, who asks any of the services and reads English."""

    connections: ClientSession
    services: tuple[Service, ...]
    token: str

    async def __call__(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        revision: int | None = None,
        key: str | None = None,
        by: Service | None = None,
    ) -> Answer:
        """The answer of `by`, or of whichever comes first; the connection may break (`OSError`)."""
        service = by or random.choice(self.services)
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Accept-Language": "en",
            "Content-Type": "application/json",
        }
        if revision is not None:
            headers["If-Match"] = f'"{revision}"'
        if method != "GET":
            headers["Idempotency-Key"] = headers["X-Request-ID"] = key or uuid4().hex
        content = None if body is None else msgspec.json.encode(body)
        async with self.connections.request(
            method, f"{service.address}/api/v1{path}", data=content, headers=headers
        ) as answer:
            text = await answer.read()
            read = msgspec.json.decode(text) if text else None
            return Answer(answer.status, read, answer.headers)

    async def everything(self, path: str, *, by: Service | None = None) -> list[Any]:
        """All items of a list, page by page."""
        found: list[Any] = []
        cursor = ""
        while True:
            page = await self("GET", f"{path}?limit=100&cursor={cursor}", by=by)
            found += page.body["items"]
            if not (cursor := page.body["next"]):
                return found


@asynccontextmanager
async def clients(
    services: Iterable[Service], tokens: Mapping[str, str]
) -> AsyncIterator[dict[str, Client]]:
    """A client for each token; connections are shared, and as many as are needed."""
    known = tuple(services)
    async with ClientSession(connector=TCPConnector(limit=0)) as connections:
        yield {name: Client(connections, known, token) for name, token in tokens.items()}
