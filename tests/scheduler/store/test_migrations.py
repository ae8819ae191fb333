"""The migrations make the declared tables, with their guards, once, whoever starts first."""

import asyncio
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import create_async_engine

from scheduler.errors import StateError
from scheduler.store import Store, tables
from tests.builders import NOW
from tests.conftest import PostgresqlServer  # noqa: TC001 - pytest reads the annotation

GUARDS = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger' ORDER BY name",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal UNION "
    "SELECT conname FROM pg_constraint WHERE contype = 'x' ORDER BY 1",
}
NOT_REPLACED = [
    f"{table}_not_replaced_on_{event}"
    for table in tables.metadata.tables
    for event in ("insert", "update")
    if table not in {"audit", "audit_anchors"}  # no row of theirs changes at all
]
NAMES = {
    "sqlite": [
        *NOT_REPLACED,
        "notices_told_once_on_insert",
        "notices_told_once_on_update",
        "audit_anchors_not_replaced",
        "audit_anchors_stay_on_delete",
        "audit_anchors_stay_on_update",
        "audit_follows",
        "audit_heads_stay",
        "audit_not_replaced",
        "audit_stays_on_delete",
        "audit_stays_on_update",
        "buffers_fit_what_is_booked",
        "claims_stay_apart_on_insert",
        "claims_stay_apart_on_update",
        "claims_stay_within_on_insert",
        "claims_stay_within_on_update",
        "outcomes_stay_on_delete",
        "outcomes_stay_on_update",
        "pools_carry_what_is_booked",
        "sessions_stay_on_delete",
        "sessions_stay_on_update",
    ],
    "postgresql": [
        "audit_anchors_are_not_emptied",
        "audit_anchors_stay",
        "audit_follows",
        "audit_heads_are_not_emptied",
        "audit_heads_stay",
        "audit_is_not_emptied",
        "audit_stays_on_delete",
        "audit_stays_on_update",
        "claims_stay_apart",
        "claims_stay_within",
        "outcomes_stay",
        "resources_carry_what_is_booked",
        "sessions_stay",
    ],
}


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "compare_server_default": True}
    )
    return list(compare_metadata(context, tables.metadata))


async def test_the_migrated_schema_is_the_declared_one(database_url: str) -> None:
    engine = create_async_engine(database_url)
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
        checks = await connection.run_sync(
            lambda inner: {each["name"] for each in inspect(inner).get_check_constraints("claims")}
        )
        dialect = connection.dialect.name
        guards = (await connection.execute(text(GUARDS[dialect]))).scalars().all()
    await engine.dispose()
    declared = {each.name for each in tables.claims.constraints if str(each.name).startswith("ck")}
    assert (checks, list(guards)) == (declared, sorted(NAMES[dialect]))


async def test_several_processes_may_start_at_once_on_an_empty_database(
    migrated: "Path | PostgresqlServer", tmp_path: Path
) -> None:
    if isinstance(migrated, Path):
        url = f"sqlite+aiosqlite:///{tmp_path / 'new.db'}"
    else:
        await migrated.run("CREATE DATABASE new")
        url = migrated.url_of("new")
    stores = await asyncio.gather(*(Store.open(url) for _ in range(4)))
    for store in stores:
        await store.close()
    if not isinstance(migrated, Path):
        await migrated.run("DROP DATABASE new WITH (FORCE)")


async def test_an_older_program_says_that_the_database_has_grown_beyond_it(
    database_url: str,
) -> None:
    store = await Store.open(database_url)
    async with store.read(now=NOW) as transaction:
        assert await transaction.has_known_schema()
    engine = create_async_engine(database_url)
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await engine.dispose()
    # Who is at work already goes on, and says so where a proxy asks; who starts anew does not.
    async with store.read(now=NOW) as transaction:
        assert not await transaction.has_known_schema()
    await store.close()
    with pytest.raises(StateError, match="schema 9999, newer than"):
        await Store.open(database_url)
