"""Writing a large calendar holds nobody up: others are answered in the midst of every step."""

import asyncio
import threading
from collections.abc import Callable
from datetime import timedelta
from pkgutil import resolve_name
from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from sqlalchemy import insert

from calendars.slots import Slot
from scheduler.model import Session
from scheduler.store import Store, Transaction, tables
from scheduler.store.sessions import columns_of
from tests.builders import NOW, a_session
from tests.scheduler.feeding import WISHES, opened, write

EVENTS = 2000
ALLIANCE = WISHES[3]


def lessons() -> list[Session]:
    return [
        a_session(f"{no:032x}", Slot.lasting(NOW + timedelta(hours=4 * no), 40))
        for no in range(EVENTS)
    ]


async def fill(store: Store) -> None:
    """Far too many lessons; the alliance's calendar shows them whoever takes part."""
    rows = [columns_of(each) for each in lessons()]

    async def put(transaction: Transaction) -> None:
        await transaction.run(insert(tables.sessions), rows)

    await write(store, put)


class Halt:
    """Stops a step in its midst, once, until somebody else has been answered."""

    def __init__(self, step: Callable[..., Any]) -> None:
        self.has_begun, self.may_go_on = threading.Event(), threading.Event()
        self.thread = 0
        self._step = step

    def __call__(self, *given: Any, **named: Any) -> Any:
        if not self.has_begun.is_set():
            self.thread = threading.get_ident()
            self.has_begun.set()
            self.may_go_on.wait(20)
        return self._step(*given, **named)


@pytest.mark.parametrize(
    "step",
    [
        "scheduler.store.codec.decode",
        "scheduler.feeds.serving.write_content",
        "scheduler.feeds.packing.sha256",
        "gzip.compress",
        "brotli.compress",
    ],
)
async def test_others_are_answered_while_two_thousand_events_are_written(
    client: TestClient[Any, Any],
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
) -> None:
    await fill(store)
    token = await opened(store, ALLIANCE)
    halt = Halt(resolve_name(step))
    monkeypatch.setattr(step, halt)
    poll = asyncio.create_task(client.get(f"/feeds/{token}.ics", headers={"Accept-Encoding": "br"}))
    await asyncio.to_thread(halt.has_begun.wait, 20)
    assert (await client.get("/healthz")).status == 200
    assert not poll.done()
    halt.may_go_on.set()
    answer = await poll
    assert (await answer.text()).count("BEGIN:VEVENT") > 1000
    assert halt.thread not in {0, threading.get_ident()}


@pytest.mark.parametrize(
    "step", ["scheduler.store.codec.decode", "scheduler.feeds.free_busy.divide"]
)
async def test_others_are_answered_while_two_thousand_busy_times_are_written(
    client: TestClient[Any, Any], store: Store, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    await write(store, lambda transaction: transaction.add_sessions(lessons()))
    token = await opened(store, WISHES[0])
    halt = Halt(resolve_name(step))
    monkeypatch.setattr(step, halt)
    days = f"start={NOW.date()}T00:00:00Z&end={(NOW + timedelta(days=390)).date()}T00:00:00Z"
    asked = asyncio.create_task(client.get(f"/freebusy/{token}.ifb?{days}"))
    await asyncio.to_thread(halt.has_begun.wait, 20)
    assert (await client.get("/healthz")).status == 200
    assert not asked.done()
    halt.may_go_on.set()
    assert (await (await asked).text()).count("FREEBUSY") > 1000
    assert halt.thread not in {0, threading.get_ident()}
