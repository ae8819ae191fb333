"""Where commands begin and end: the settings and store they work with, and errors as sentences."""

import os
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, NoReturn, TypeVar

import typer
import uvloop
from rich.console import Console

from scheduler.errors import InvalidValueError, SchedulerError
from scheduler.exchange import RefusedFilesError
from scheduler.model import Actor, ActorRole
from scheduler.settings import Settings, read_settings
from scheduler.store import Store

T = TypeVar("T")
OPERATOR: Final = Actor(name="operator", role=ActorRole.ALLIANCE_ADMIN, origin="command line")
console: Final = Console(soft_wrap=True)


async def open_store(settings: Settings) -> Store:
    """The settings' database, up to date, with the keys to its secrets."""
    return await Store.open(settings.database, keyring=settings.keyring)


def with_store(settings: Settings, work: Callable[[Store], Awaitable[T]]) -> T:
    """Open the store, do the work, close it; an error becomes a sentence and exit status 1."""

    async def run() -> T:
        store = await open_store(settings)
        try:
            return await work(store)
        finally:
            await store.close()

    return finish(run())


def finish(work: Coroutine[Any, Any, T]) -> T:
    """Do the work; an error becomes a sentence and exit status 1."""
    try:
        return uvloop.run(work)
    except (SchedulerError, InvalidValueError) as error:
        fail(error)


def fail(error: SchedulerError | InvalidValueError) -> NoReturn:
    """Say in both languages what is wrong, cell by cell for files, and stop."""
    stderr = Console(stderr=True, soft_wrap=True)
    stderr.print(f"{error.text.zh}\n{error.text.en}", style="red", markup=False)
    if isinstance(error, RefusedFilesError):
        for wrong in error.errors:
            stderr.print(
                f"{wrong.file} 行/row {wrong.row} 列/column {wrong.column} {wrong.value!r}: "
                f"{wrong.sentence.zh} {wrong.sentence.en}",
                markup=False,
            )
    raise typer.Exit(1)


def settings_here() -> Settings:
    """The settings of this process's environment."""
    try:
        return read_settings(os.environ)
    except InvalidValueError as error:
        fail(error)
