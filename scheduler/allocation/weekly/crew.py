"""Who does the work: tasks go to threads, processes or other machines through one interface.

A task is a plain function of plain values. So it does not matter where it is done, nor whether it
is done twice: what comes of it is the same.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Lock
from time import monotonic
from types import TracebackType
from typing import Final, Generic, Self, TypeVar
from uuid import uuid4

Done = TypeVar("Done")

WIDTH: Final = 2
"""How many tasks are made where there is a choice. The plan depends on it, not on who does them."""
PATIENCE_SECONDS: Final = 30.0
"""How much later than planned a task may come back before it counts as lost."""
STOP_PATIENCE_SECONDS: Final = 3.0
"""The same once somebody has asked to stop."""
GLANCE_SECONDS: Final = 0.2


_ENDED: Final[set[str]] = set()
"""The searches of which this process has been told that they shall end."""


def end_here(search: str) -> None:
    """Tasks of this search end soon, if this process works on any."""
    _ENDED.add(search)


class Stop:
    """Whether somebody wants the search to end.

    In other processes and on other machines the name of the search says which event is meant.
    """

    def __init__(self, event: Event | None = None, *, search: str | None = None) -> None:
        self._event = event or Event()
        self.search = search or uuid4().hex

    def is_set(self) -> bool:
        return self._event.is_set() or self.search in _ENDED

    def __reduce__(self) -> tuple[Callable[[str], "Stop"], tuple[str]]:
        return _as_told, (self.search,)


def _as_told(search: str) -> Stop:
    return Stop(search=search)


@dataclass(frozen=True, slots=True)
class Task(Generic[Done]):
    """Work that has been handed to a thread of ours or to the executor."""

    function: Callable[..., Done]
    arguments: tuple[object, ...]
    future: Future[Done]
    is_ours: bool

    @property
    def done(self) -> Done | None:
        """What came of it, if it is known already."""
        future = self.future
        if not future.done() or future.cancelled() or future.exception() is not None:
            return None
        return future.result()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hands:
    """Who does the work besides our own threads, if anybody, and how many tasks there are.

    `width` tasks are made where there is a choice. `on_loss` is told once if the executor fails:
    threads do its work from then on. `on_stop` is told once which search its tasks shall end.
    """

    executor: Executor | None = None
    width: int = WIDTH
    on_loss: Callable[[Exception], None] = lambda _: None
    on_stop: Callable[[str], None] = lambda _: None


OURS: Final = Hands()


class Crew:
    """Shares tasks out to an executor; what fails there is done again by threads of our own."""

    def __init__(self, hands: Hands = OURS, *, stop: Stop | None = None) -> None:
        self.width = hands.width
        self.stop = stop or Stop()
        self._own = ThreadPoolExecutor(hands.width if hands.executor is None else WIDTH)
        self._executor = hands.executor
        self._on_loss = hands.on_loss
        self._on_stop = hands.on_stop
        self._is_told = Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._tell_of_the_stop()
        self._own.shutdown(cancel_futures=True)

    def start(self, function: Callable[..., Done], *arguments: object) -> Task[Done]:
        """Hand a task to somebody."""
        if self._executor is not None:
            with self._giving_up_after_a_failure():
                future = self._executor.submit(function, *arguments)
                return Task(function, arguments, future, is_ours=False)
        return Task(function, arguments, self._own.submit(function, *arguments), is_ours=True)

    def result(self, task: Task[Done], until: float) -> Done:
        """What came of a task that was planned to end at `until`."""
        if not task.is_ours:
            with self._giving_up_after_a_failure():
                self._wait_for(task.future, until)
                return task.future.result(timeout=0)
            task = self.start(task.function, *task.arguments)
        return task.future.result()

    def _wait_for(self, future: Future[Done], until: float) -> None:
        latest = until + PATIENCE_SECONDS
        while wait((future,), timeout=GLANCE_SECONDS).not_done and monotonic() < latest:
            if self.stop.is_set():
                self._tell_of_the_stop()
                latest = min(latest, monotonic() + STOP_PATIENCE_SECONDS)

    def _tell_of_the_stop(self) -> None:
        """Those who work elsewhere cannot ask: they are told, once."""
        if (
            self._executor is not None
            and self.stop.is_set()
            and self._is_told.acquire(blocking=False)
        ):
            with self._giving_up_after_a_failure():
                self._on_stop(self.stop.search)

    @contextmanager
    def _giving_up_after_a_failure(self) -> Iterator[None]:
        """An executor that has failed gets no more tasks: the search must not depend on it."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - a task that fails by itself will do so again here
            if self._executor is not None:
                self._executor = None
                self._on_loss(error)
