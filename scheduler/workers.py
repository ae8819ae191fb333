"""Who helps with the search for a plan: threads, processes beside us, or other machines."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import Queue, get_context, parent_process
from threading import Thread
from typing import Final

import structlog

from scheduler.allocation.weekly.crew import Hands, end_here

PROCESSES: Final = "processes"
SCHEDULERS: Final = ("tcp://", "tls://")
CONNECT_SECONDS: Final = 5

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Workers:
    """Where the tasks of a search go: nowhere else, to processes, or to a Dask scheduler's address.

    `width` tasks are made where there is a choice.
    """

    address: str = ""
    width: int = 2

    @contextmanager
    def opened(self) -> Iterator[Hands]:
        """Them at work; only our own threads, with a warning, where nobody answers."""
        if self.address == PROCESSES:
            with _beside_us(self.width) as hands:
                yield hands
        elif self.address:
            with _connected(self.address, self.width) as hands:
                yield hands
        else:
            yield Hands(width=self.width)


THREADS: Final = Workers()


def note_loss(error: Exception) -> None:
    """Log that they have failed in the midst of a search, which goes on in threads."""
    log.warning("workers lost", error=repr(error))


@contextmanager
def _beside_us(width: int) -> Iterator[Hands]:
    spawning = get_context("spawn")
    ended: Queue[str] = spawning.Queue()

    def tell(search: str) -> None:
        for _ in range(width):
            ended.put(search)

    with ProcessPoolExecutor(
        width, mp_context=spawning, initializer=_begin, initargs=(ended,)
    ) as pool:
        yield Hands(executor=pool, width=width, on_loss=note_loss, on_stop=tell)


@contextmanager
def _connected(address: str, width: int) -> Iterator[Hands]:
    try:
        from distributed import Client  # noqa: PLC0415 - an extra that few installations have

        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (ImportError, OSError) as error:
        log.warning("workers unreachable", address=address, error=repr(error))
        yield Hands(width=width)
        return
    with client:
        yield Hands(
            executor=client.get_executor(),
            width=width,
            on_loss=note_loss,
            # Runs beside the tasks of every worker, however busy they are.
            on_stop=lambda search: client.run(end_here, search, on_error="ignore"),
        )


def _begin(ended: "Queue[str]") -> None:
    """A process of the pool leaves Ctrl-C to its parent, hears it, and does not outlive it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=lambda: end_here(ended.get()), daemon=True).start()
    parent = parent_process()
    if parent is not None:

        def watch() -> None:
            parent.join()
            os._exit(1)

        Thread(target=watch, daemon=True).start()
