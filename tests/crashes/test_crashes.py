"""Killed at random moments under load: what was acknowledged is there, whole, and told."""

import os
from collections.abc import Iterator
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Final
from uuid import uuid4

import pytest

from tests.conftest import PostgresqlServer, a_copy_of
from tests.crashes.aftermath import require_forgotten, require_told, require_whole
from tests.crashes.drill import Drill, a_drill
from tests.crashes.postgresql import CrashingPostgresql

KILLS_ON_SQLITE: Final = 20
KILLS_ON_POSTGRESQL: Final = 30
SEED: Final = int(os.environ.get("LIANKE_CRASH_SEED", "50"))


async def test_the_one_process_on_sqlite_killed_again_and_again_loses_nothing(
    migrated_file: Path, tmp_path: Path
) -> None:
    dice = Random(SEED)
    async with (
        a_copy_of(migrated_file, tmp_path) as database,
        a_drill(database, tmp_path, processes=1, seed=SEED) as drill,
    ):
        for number in range(KILLS_ON_SQLITE):
            await drill.some_answers(dice.randint(1, 12))
            await (drill.kill_one(dice) if number % 4 else drill.cut_power())
        await require_nothing_lost(drill, database)


async def test_three_processes_and_their_postgresql_killed_in_turns_lose_nothing(
    crashing: CrashingPostgresql, tmp_path: Path
) -> None:
    dice, name = Random(SEED), f"crash_{uuid4().hex}"
    await crashing.at.run(f"CREATE DATABASE {name}")
    database = crashing.at.url_of(name)
    async with a_drill(database, tmp_path, processes=3, seed=SEED) as drill:
        for number in range(KILLS_ON_POSTGRESQL):
            await drill.some_answers(dice.randint(1, 12))
            match number % 8:
                case 0:
                    await drill.cut_power()
                case 3 | 6:
                    await crashing.kill_one(dice)
                case 7:
                    await crashing.kill_all()
                case _:
                    await drill.kill_one(dice)
        await require_nothing_lost(drill, database)


async def require_nothing_lost(drill: Drill, database: str) -> None:
    await drill.finish()
    assert drill.load.interrupted > 0
    await require_told(drill)
    await require_forgotten(drill)
    await require_whole(drill, database)


@pytest.fixture
def crashing(postgresql_server: PostgresqlServer) -> Iterator[CrashingPostgresql]:  # noqa: ARG001 - it has made the folder of sockets
    with TemporaryDirectory(prefix="lianke-crash-") as folder:
        Path(folder).chmod(0o755)
        server = CrashingPostgresql.start_in(Path(folder) / "data")
        try:
            yield server
        finally:
            server.stop()
