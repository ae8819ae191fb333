"""How much is read of a database that is full of what is over.

What counts is how much is read, not how long that takes: steps of SQLite's machine, rows of
PostgreSQL's plans.
"""

from typing import Any, Final

from sqlalchemy import Connection, event, text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.util import await_only

from scheduler.store.engines import Engine

SESSIONS: Final = 2_000
"""So much is over that nobody may read all of it."""
STATEMENTS: Final = ("SELECT", "INSERT", "UPDATE", "DELETE")
SCANS: Final = ("Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Heap Scan")


class Readings:
    """How much each statement reads: steps on SQLite, rows on PostgreSQL."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._asked: dict[str, Any] = {}
        self._steps: dict[str, int] = {}
        event.listen(engine.sync_engine, "before_cursor_execute", self._note)

    def _note(self, connection: Connection, *about: Any) -> None:
        _, statement, values, _, is_for_many = about
        if not statement.startswith(STATEMENTS):
            return
        self._asked[statement] = values[0] if is_for_many else values
        if self._engine.name == "sqlite":
            self._steps[statement] = 0

            def count() -> int:
                self._steps[statement] += 1
                return 0

            driver: Any = connection.connection.driver_connection
            await_only(driver.set_progress_handler(count, 1))

    async def too_many(self) -> dict[str, int]:
        """The statements since that read about as much as there are sessions, or more."""
        read = self._steps if self._engine.name == "sqlite" else await self._rows()
        self._asked, self._steps = {}, {}
        return {statement: count for statement, count in read.items() if count >= SESSIONS}

    async def _rows(self) -> dict[str, int]:
        rows = {}
        async with self._engine.connect() as connection:
            for statement, values in self._asked.copy().items():
                if not statement.startswith("INSERT"):
                    explain = f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}"
                    found = await connection.exec_driver_sql(explain, values)
                    (told,) = found.scalar_one()
                    rows[statement] = read_by(told["Plan"])
        return rows


def read_by(node: dict[str, Any]) -> int:
    """The rows that a step of a PostgreSQL plan has looked at, and those before it."""
    below = sum(map(read_by, node.get("Plans", ())))
    if node["Node Type"] not in SCANS:
        return below
    removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return below + int(node["Actual Loops"] * (node["Actual Rows"] + removed))


async def analyze(engine: Engine) -> None:
    """PostgreSQL counts its rows by itself, but not at once."""
    if engine.file is None:
        async with engine.engine.begin() as connection:
            await connection.execute(text("ANALYZE"))
