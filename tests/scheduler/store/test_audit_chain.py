"""Whatever is done to the audit by hand shows, and what is old may go without breaking it."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from scheduler.model import KEPT_AT_LEAST, SessionState
from scheduler.store import Store, Transaction, tables
from scheduler.store.audit_chain import CHAINS
from tests.builders import NOW, TUESDAY, a_room, a_session, at
from tests.scheduler.store.desk import OFFICE, Desk

YEAR = timedelta(days=365)
OPEN_DOORS = {
    "sqlite": [
        "DROP TRIGGER audit_follows",
        "DROP TRIGGER audit_stays_on_update",
        "DROP TRIGGER audit_stays_on_delete",
        "DROP TRIGGER audit_heads_stay",
    ],
    "postgresql": [
        "ALTER TABLE audit DISABLE TRIGGER USER",
        "ALTER TABLE audit_heads DISABLE TRIGGER USER",
    ],
}


async def force(desk: Desk, *statements: str) -> None:
    """What somebody does who may change the database's own guards."""
    for statement in (*OPEN_DOORS[desk.by_hand.dialect.name], *statements):
        await desk.type(statement)


async def findings(desk: Desk) -> list[str]:
    async with desk.read() as transaction:
        return [finding.sentence.en for finding in await transaction.verify_chain()]


async def life_of_a_session(desk: Desk) -> None:
    session = a_session()
    await desk.add(session)
    moved = replace(session, slot=at("9:00"), revision=2)
    await desk.replace(session, moved)
    await desk.replace(moved, replace(moved, note="带口琴", revision=3))


async def number_of(desk: Desk, action: str) -> int:
    (row,) = await desk.type(
        "SELECT no FROM audit WHERE subject_id = 's1' AND action = :action", action=action
    )
    number: int = row.no
    return number


async def test_what_nobody_touched_is_whole(desk: Desk) -> None:
    await life_of_a_session(desk)
    assert await findings(desk) == []


async def test_an_empty_audit_is_whole(store: Store) -> None:
    async with store.read(now=NOW) as transaction:
        assert await transaction.verify_chain() == ()


async def test_writers_at_once_keep_every_chain_whole(desk: Desk, database_url: str) -> None:
    """Tokens share no lock, so nothing but the chains keeps their writers apart."""
    others = [await Store.open(database_url) for _ in range(2)]
    stores = [desk.store, *others]

    async def let_in(number: int) -> None:
        somebody = replace(OFFICE, name=f"somebody {number}")
        await stores[number % 3].write(
            lambda transaction: transaction.add_token(
                number.to_bytes(2), somebody, expires_at=None
            ),
            actor=OFFICE,
            now=NOW,
        )

    await asyncio.gather(*(let_in(number) for number in range(60)))
    for store in others:
        await store.close()
    assert await findings(desk) == []
    (written,) = await desk.type("SELECT count(*) AS many FROM audit WHERE subject_kind = 'tokens'")
    assert written.many == 60


@pytest.mark.parametrize(
    "change",
    [
        "actor = 'somebody else'",
        "reason = 'another reason'",
        "after = before",
        "at = (SELECT min(at) FROM audit)",
        "request = 'r1'",
    ],
)
async def test_a_changed_entry_is_named(desk: Desk, change: str) -> None:
    await life_of_a_session(desk)
    number = await number_of(desk, "move")
    if "at =" in change:
        await desk.add(a_session("later", at("10:35")), now=NOW + timedelta(hours=1))
        (row,) = await desk.type("SELECT no FROM audit WHERE subject_id = 'later'")
        number = row.no
    await force(desk, f"UPDATE audit SET {change} WHERE no = {number}")  # noqa: S608 - a test's own
    (finding,) = await findings(desk)
    assert finding.startswith(f"audit no {number}: it does not match its hash")


async def test_a_removed_entry_is_missed_before_the_next_one(desk: Desk) -> None:
    await life_of_a_session(desk)
    moved, changed = await number_of(desk, "move"), await number_of(desk, "change")
    await force(desk, f"DELETE FROM audit WHERE no = {moved}")  # noqa: S608 - a test's own
    (finding,) = await findings(desk)
    assert finding.startswith(f"audit no {changed}: link ")
    assert "is missing before it" in finding


async def test_a_cut_end_is_missed(desk: Desk) -> None:
    await life_of_a_session(desk)
    changed = await number_of(desk, "change")
    await force(desk, f"DELETE FROM audit WHERE no >= {changed}")  # noqa: S608 - a test's own
    (finding,) = await findings(desk)
    assert finding.endswith("its end was cut.")


async def test_a_lost_head_is_missed(desk: Desk) -> None:
    await life_of_a_session(desk)
    await force(desk, "DELETE FROM audit_heads WHERE chain = 3")
    assert await findings(desk) == ["audit chain 3: the head of the chain is gone."]


async def test_a_forged_entry_does_not_match(desk: Desk) -> None:
    """Even where it stands at the right place, its hash is not that of what it says."""
    await desk.type(
        """INSERT INTO audit (at, actor, role, origin, request, action, subject_kind, subject_id,
            reason, chain, position, hash)
        SELECT at, 'nobody', role, origin, request, action, subject_kind, subject_id, reason,
            chain, position + 1, hash FROM audit ORDER BY position DESC LIMIT 1"""
    )
    (finding,) = await findings(desk)
    assert "does not match its hash" in finding


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET actor = 'nobody'",
        "DELETE FROM audit",
        "DELETE FROM audit_heads",
        "UPDATE audit_anchors SET at = at",
        "DELETE FROM audit_anchors",
        "TRUNCATE audit",
        "TRUNCATE audit_heads",
        "TRUNCATE audit_anchors",
        """INSERT INTO audit (at, actor, role, origin, request, action, subject_kind, subject_id,
            reason, chain, position, hash)
        SELECT at, actor, role, origin, request, action, subject_kind, subject_id, reason,
            chain, position + 2, hash FROM audit ORDER BY position DESC LIMIT 1""",
    ],
)
async def test_the_database_itself_refuses(desk: Desk, statement: str) -> None:
    if statement.startswith("TRUNCATE") and desk.by_hand.dialect.name == "sqlite":
        statement = statement.replace("TRUNCATE", "DELETE FROM")
    await desk.write(lambda transaction: transaction.purge_audit(NOW + YEAR), now=NOW + YEAR)
    await desk.put(a_room(no=9))
    with pytest.raises(DBAPIError, match=r"append-only|must follow"):
        await desk.type(statement)


@pytest.mark.parametrize(
    ("table", "key", "content", "rows"),
    [
        (
            "audit",
            "no",
            "actor",
            "(chain, position) IN (SELECT chain, position + 1 FROM audit_heads)",
        ),
        ("audit_anchors", "chain, position", "at", "true"),
    ],
)
async def test_the_database_refuses_to_replace_what_is_there(
    desk: Desk, table: str, key: str, content: str, rows: str
) -> None:
    """SQLite's REPLACE removes rows without asking the guards of DELETE."""
    await desk.write(lambda transaction: transaction.purge_audit(NOW + YEAR), now=NOW + YEAR)
    await desk.put(a_room(no=9))
    await desk.type("UPDATE audit_heads SET position = position - 1")
    names = ", ".join(column.name for column in tables.metadata.tables[table].columns)
    copied = f"INTO {table} ({names}) SELECT {names} FROM {table} WHERE {rows}"  # noqa: S608 - names of ours
    statement = {
        "sqlite": f"INSERT OR REPLACE {copied}",
        "postgresql": f"INSERT {copied} ON CONFLICT ({key}) "
        f"DO UPDATE SET {content} = excluded.{content}",
    }[desk.by_hand.dialect.name]
    with pytest.raises(DBAPIError, match="append-only"):
        await desk.type(statement)


async def test_what_is_old_goes_and_the_rest_can_still_be_verified(desk: Desk) -> None:
    await life_of_a_session(desk)
    later = NOW + YEAR
    await desk.add(a_session("s2", at("10:35", on=TUESDAY + YEAR)), now=later)
    (before,) = await desk.type("SELECT count(*) AS many FROM audit")
    purged = await desk.write(
        lambda transaction: transaction.purge_audit(later - timedelta(days=1)), now=later
    )
    assert purged == before.many - 1
    async with desk.read(now=later) as transaction:
        entries = await transaction.audit(limit=1000)
        assert (*await transaction.verify_chain(), *await transaction.follow_audit()) == ()
    assert [entry.action for entry in entries] == ["create", *["purge"] * (len(entries) - 1)]
    again = await desk.write(
        lambda transaction: transaction.purge_audit(later - timedelta(days=1)), now=later
    )
    assert again == 0


async def test_what_is_old_goes_in_parts_between_which_the_rest_can_be_verified(
    desk: Desk,
) -> None:
    await life_of_a_session(desk)
    later = NOW + YEAR
    (before,) = await desk.type("SELECT count(*) AS many FROM audit")
    parts: list[int] = []
    while parts[-1:] != [0]:
        parts.append(
            await desk.write(lambda transaction: transaction.purge_audit(later, most=2), now=later)
        )
        async with desk.read(now=later) as transaction:
            assert (*await transaction.verify_chain(), *await transaction.follow_audit()) == ()
    assert max(parts) == 2
    assert sum(parts) == before.many


@pytest.mark.parametrize("migrated", ["postgresql"], indirect=True)
async def test_who_writes_and_who_purges_too_wait_for_no_purge(desk: Desk) -> None:
    """The purge holds one chain: a write finds another, another purge leaves it alone."""
    await life_of_a_session(desk)
    later = NOW + YEAR
    purging, go_on = asyncio.Event(), asyncio.Event()

    async def purge_slowly(transaction: Transaction) -> int:
        purged = await transaction.purge_audit(later)
        purging.set()
        await go_on.wait()
        return purged

    slow = asyncio.create_task(desk.write(purge_slowly, now=later))
    await purging.wait()
    room = desk.write(lambda transaction: transaction.put(a_room(no=9), revision=None), now=later)
    await asyncio.wait_for(room, timeout=5)
    other = desk.write(lambda transaction: transaction.purge_audit(later), now=later)
    assert await asyncio.wait_for(other, timeout=5) == 0
    go_on.set()
    assert await slow > 0
    async with desk.read(now=later) as transaction:
        assert await transaction.verify_chain() == ()


async def test_nothing_younger_than_180_days_goes(desk: Desk) -> None:
    await life_of_a_session(desk)
    soon = NOW + KEPT_AT_LEAST
    assert await desk.write(lambda transaction: transaction.purge_audit(soon), now=soon) == 0
    later = soon + timedelta(seconds=1)
    assert await desk.write(lambda transaction: transaction.purge_audit(later), now=later) > 0


async def test_an_anchor_set_too_early_opens_nothing(desk: Desk) -> None:
    await desk.type(
        "INSERT INTO audit_anchors (chain, position, hash, at) "
        "SELECT chain, position, hash, at FROM audit"
    )
    with pytest.raises(DBAPIError, match="append-only"):
        await desk.type("DELETE FROM audit")


async def test_a_dry_run_and_a_refusal_leave_no_entry(desk: Desk) -> None:
    async with desk.read() as transaction:
        before = await transaction.audit(limit=1000)
    await desk.write(lambda transaction: transaction.put(a_room(no=9), revision=None), dry_run=True)
    await desk.add(a_session())
    with pytest.raises(Exception, match="taken"):
        await desk.add(a_session("s2"))
    async with desk.read() as transaction:
        entries = await transaction.audit(limit=1000)
    assert [entry.subject_id for entry in entries[len(before) :]] == ["s1"]
    assert await findings(desk) == []


async def test_there_are_as_many_chains_as_writers_may_end_at_once(desk: Desk) -> None:
    heads = await desk.type("SELECT chain FROM audit_heads ORDER BY chain")
    assert [row.chain for row in heads] == list(range(CHAINS))


async def test_how_things_were_can_be_told_for_every_moment(desk: Desk) -> None:
    hour = timedelta(hours=1)
    session = a_session()
    await desk.add(session, now=NOW + hour)
    gone = replace(session, state=SessionState.CANCELLED, reason="停电", revision=2)
    await desk.replace(session, gone, now=NOW + 2 * hour)
    await desk.add(a_session("s2"), now=NOW + 3 * hour)

    async def states(hours: int, **wanted: Any) -> dict[str, object]:
        async with desk.read() as transaction:
            found = await transaction.past_states("sessions", NOW + hours * hour, **wanted)
        return {each.id: each.state["state"] for each in found if isinstance(each.state, dict)}

    assert await states(0) == {}
    assert await states(1) == {"s1": "confirmed"}
    assert await states(2) == {"s1": "cancelled"}
    assert await states(3) == {"s1": "cancelled", "s2": "confirmed"}
    assert await states(3, id="s2") == {"s2": "confirmed"}
    assert await states(3, after="s1") == {"s2": "confirmed"}


async def test_an_imported_record_can_be_told_as_it_was(desk: Desk) -> None:
    await desk.put(a_room(no=9, seats=40))
    await desk.write(
        lambda transaction: transaction.put_many([a_room(no=9, seats=60)]),
        now=NOW + timedelta(hours=1),
    )
    async with desk.read() as transaction:
        (then,) = await transaction.past_states("rooms", NOW, id="TF1-R9")
        (since,) = await transaction.past_states("rooms", NOW + timedelta(hours=1), id="TF1-R9")
    assert isinstance(then.state, dict)
    assert isinstance(since.state, dict)
    assert (then.state["seats"], since.state["seats"], since.action) == (40, 60, "import")


async def test_a_removed_record_is_told_as_gone(desk: Desk) -> None:
    await desk.put(a_room(no=9))
    await desk.write(lambda transaction: transaction.delete(type(a_room()), "TF1-R9", revision=1))
    async with desk.read() as transaction:
        (gone,) = await transaction.past_states("rooms", NOW, id="TF1-R9")
    assert (gone.state, gone.action) == (None, "delete")


async def test_the_reason_of_a_write_is_kept_with_each_of_its_entries(desk: Desk) -> None:
    await desk.store.write(
        lambda transaction: transaction.put(a_room(no=9), revision=None),
        actor=replace(OFFICE, request="r-1"),
        now=NOW,
        reason="新添教室",
    )
    async with desk.read() as transaction:
        entry = (await transaction.audit(limit=1000))[-1]
    assert (entry.reason, entry.request, entry.origin) == ("新添教室", "r-1", OFFICE.origin)


async def test_what_is_tried_and_taken_back_leaves_no_entry(desk: Desk) -> None:
    async def suppose(transaction: Transaction) -> None:
        async with transaction.savepoint() as tried:
            await transaction.put(a_room(no=9), revision=None)
            await tried.rollback()
        await transaction.put(a_room(no=8), revision=None)

    async with desk.read() as transaction:
        before = len(await transaction.audit(limit=1000))
    await desk.write(suppose)
    async with desk.read() as transaction:
        entries = await transaction.audit(limit=1000)
    assert [entry.subject_id for entry in entries[before:]] == ["TF1-R8"]
