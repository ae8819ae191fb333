"""One revision after another: a row is written over only while it is what the writer has read."""

from collections.abc import Mapping
from typing import Any, Protocol

from sqlalchemy import Table, update

from calendars.text import Text
from scheduler.errors import StaleError
from scheduler.store.opened import OpenTransaction


class Revised(Protocol):
    """What has an id and counts its revisions."""

    @property
    def id(self) -> str: ...
    @property
    def revision(self) -> int: ...


async def write_over(
    transaction: OpenTransaction,
    table: Table,
    before: Revised,
    columns: Mapping[str, Any],
    *,
    called: Text,
) -> None:
    """Store these columns in the row of `before`; `StaleError` if it changed or went meanwhile."""
    touched = await transaction.run(
        update(table)
        .where(table.c.id == before.id, table.c.revision == before.revision)
        .values(columns)
    )
    if touched == 0:
        raise StaleError(
            f"{called.zh} {before.id} 已被他人修改，不再是第 {before.revision} 版。",
            f"The {called.en} {before.id} has changed: "
            f"it is no longer at revision {before.revision}.",
        )
