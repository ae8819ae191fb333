"""Who helps with the search for a plan: threads, processes beside us, or other machines."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from threading import Thread
from typing import Final

import structlog

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
    def opened(self) -> Iterator[Executor | None]:
        """Their executor; None, with a warning, where nobody answers at the address."""
        if self.address == PROCESSES:
            with ProcessPoolExecutor(
                self.width, mp_context=get_context("spawn"), initializer=_end_with_parent
            ) as pool:
                yield pool
        elif self.address:
            with _connected(self.address) as executor:
                yield executor
        else:
            yield None


THREADS: Final = Workers()


def note_loss(error: Exception) -> None:
    """Log that they have failed in the midst of a search, which goes on in threads."""
    log.warning("workers lost", error=repr(error))


@contextmanager
def _connected(address: str) -> Iterator[Executor | None]:
    try:
        from distributed import Client  # noqa: PLC0415 - an extra that few installations have

        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (ImportError, OSError) as error:
        log.warning("workers unreachable", address=address, error=repr(error))
        yield None
        return
    with client:
        yield client.get_executor()


def _end_with_parent() -> None:
    """A process of the pool leaves Ctrl-C to its parent, and does not outlive it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    if parent is not None:

        def watch() -> None:
            parent.join()
            os._exit(1)

        Thread(target=watch, daemon=True).start()
