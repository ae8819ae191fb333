"""What the database refuses by itself, against a count of every second; and two who type at once.

Everything here is SQL typed past the code. The triggers and the exclusion constraint alone decide.
"""

import asyncio
from dataclasses import dataclass
from random import Random
from typing import Any, Final

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.store.failures import asks_to_try_again, is_refusal
from tests.builders import a_class, a_pool, a_room, a_session, a_site, a_teacher, at
from tests.scheduler.store.desk import Desk

CASES: Final = 40
STEPS: Final = 14
BUFFER: Final = 3
PORTS: Final = 5
CALLS: Final = 2
NAMES: Final = ("a", "b", "c", "d", "e", "f")


@dataclass(frozen=True)
class Claim:
    starts: int
    ends: int
    sites: int
    party: int
    live: bool

    def takes(self, second: int, around: int = 0) -> bool:
        return self.starts - around <= second < self.ends + around


Claims = dict[str, Claim]


def pool_is_over_its_peak(claims: Claims) -> bool:
    live = [each for each in claims.values() if each.live]
    for second in range(40):
        using = [each for each in live if each.takes(second)]
        if len(using) > CALLS or sum(each.sites for each in using) > PORTS:
            return True
    return False


def room_is_used_twice(claims: Claims) -> bool:
    live = [each for each in claims.values() if each.live]
    for no, one in enumerate(live):
        for other in live[no + 1 :]:
            around = 0 if one.party == other.party else BUFFER
            if any(one.takes(each) and other.takes(each, around) for each in range(40)):
                return True
    return False


JUDGES: Final = {"link_pool": pool_is_over_its_peak, "room": room_is_used_twice}
INSERT: Final = """
    INSERT INTO claims (session, resource, kind, starts, ends, sites, party, exclusive, live)
    SELECT :session, number, kind, :starts, :ends, :sites, :party, kind = 'room', :live
    FROM resources WHERE kind = :kind AND id = :id"""
UPDATE: Final = """
    UPDATE claims SET starts = :starts, ends = :ends, sites = :sites, party = :party, live = :live
    WHERE session = :session AND kind = :kind AND :id <> ''"""


def drawn(dice: Random) -> Claim:
    starts = dice.randrange(25)
    return Claim(
        starts,
        starts + dice.randint(1, 12),
        dice.choice((1, 1, 2, 2, 3, 6)),
        dice.randint(1, 2),
        dice.random() > 0.15,
    )


async def taken(connection: AsyncConnection, statement: str, **values: Any) -> bool:
    """Whether the database took what was typed; what it refuses leaves no trace."""
    try:
        async with connection.begin_nested():
            await connection.execute(text(statement), values)
    except DBAPIError as error:
        if not is_refusal(error):
            raise
        return False
    return True


async def settled(desk: Desk) -> None:
    """A pool and a room, and sessions of which nothing else is known than their ids."""
    await desk.put(
        a_pool(sessions=CALLS, ports=PORTS),
        a_room(buffer_minutes=0),
    )
    # A buffer of seconds keeps what is counted small.
    await desk.type(f"UPDATE resources SET buffer_seconds = {BUFFER} WHERE id = '{a_room().id}'")  # noqa: S608 - no input
    for day, name in enumerate(NAMES, start=1):
        site = a_site("CB")
        await desk.add(
            a_session(name, at("14:00").moved(day * 24 * 60), sites=(site,), link_pool=None)
        )


@pytest.mark.parametrize(("kind", "id"), [("link_pool", a_pool().id), ("room", a_room().id)])
async def test_the_database_refuses_exactly_what_a_count_of_every_second_forbids(
    desk: Desk, kind: str, id: str
) -> None:
    await settled(desk)
    judge, refused, moved = JUDGES[kind], 0, 0
    async with desk.by_hand.connect() as connection:
        for seed in range(CASES):
            dice, claims = Random(seed), Claims()
            await connection.execute(text("DELETE FROM claims WHERE starts < 100"))
            for _ in range(STEPS):
                name, claim = dice.choice(NAMES), drawn(dice)
                statement = UPDATE if name in claims else INSERT
                wish = {**claims, name: claim}
                answer = await taken(
                    connection, statement, session=name, kind=kind, id=id, **vars(claim)
                )
                assert answer is not judge(wish), (seed, wish)
                if answer:
                    moved += name in claims
                    claims = wish
                refused += not answer
    # Neither a guard that refuses everything nor one that never comes into play would show above.
    assert refused > CASES
    assert moved > CASES


TYPED: Final = """
    INSERT INTO claims (session, resource, kind, starts, ends, sites, party, exclusive, live)
    SELECT :session, number, kind, 1000, 2000, :sites, :party, :exclusive, true
    FROM resources WHERE kind = :kind AND id = :id"""


@pytest.mark.parametrize("isolation", ["READ COMMITTED", "REPEATABLE READ"])
@pytest.mark.parametrize(
    ("kind", "id", "sites"),
    [
        ("room", a_room().id, 1),
        ("teacher", a_teacher().id, 1),
        ("class_group", a_class().id, 1),
        ("link_pool", a_pool().id, 3),
    ],
)
async def test_of_two_who_type_before_either_commits_one_is_refused(
    desk: Desk, kind: str, id: str, sites: int, isolation: str
) -> None:
    await settled(desk)
    claim = {"kind": kind, "id": id, "sites": sites, "exclusive": kind != "link_pool"}
    engine = desk.by_hand
    if engine.dialect.name == "postgresql":
        engine = engine.execution_options(isolation_level=isolation)
    async with engine.connect() as first, engine.connect() as second:
        if engine.dialect.name == "postgresql":
            # Both have begun, and seen that nothing is taken, before either types.
            for each in (first, second):
                assert (
                    await each.execute(text("SELECT * FROM claims WHERE starts = 1000"))
                ).all() == []
        await first.execute(text(TYPED), claim | {"session": "a", "party": 1})
        late = asyncio.create_task(
            second.execute(text(TYPED), claim | {"session": "b", "party": 2})
        )
        waits, _ = await asyncio.wait([late], timeout=0.1)
        assert not waits
        await first.commit()
        with pytest.raises(DBAPIError) as refused:
            await late
    assert is_refusal(refused.value) or asks_to_try_again(refused.value)
    assert len(await desk.type("SELECT * FROM claims WHERE starts = 1000")) == 1


FAR: Final = at("14:00").moved(74 * 365 * 24 * 60)
"""To come by every clock, be it the database's own."""


@pytest.mark.parametrize("column", ["sessions", "ports"])
async def test_no_pool_shrinks_by_hand_below_what_is_booked_on_it(desk: Desk, column: str) -> None:
    await desk.put(a_pool(sessions=3, ports=9))
    apart = {
        "s1": (("TF1", 1), FAR),
        "s2": (("JS", 1), FAR.moved(20)),
        "s3": (("CB", 1), FAR.moved(40)),
    }
    for name, ((school, no), slot) in apart.items():
        site = a_site(school, teacher=a_teacher(school, no).id)
        await desk.add(a_session(name, slot, sites=(site,), link_pool=a_pool().id))
    # Two at once: the third begins as the first ends.
    with pytest.raises(DBAPIError, match="more is booked on the link pool"):
        await desk.type(f"UPDATE resources SET {column} = 1 WHERE kind = 'link_pool'")  # noqa: S608 - no input
    await desk.type(f"UPDATE resources SET {column} = 2 WHERE kind = 'link_pool'")  # noqa: S608 - no input


async def test_no_buffer_grows_by_hand_over_what_is_booked(desk: Desk) -> None:
    await desk.put(a_room(buffer_minutes=10))
    await desk.add(
        a_session("s1", FAR, sites=(a_site(),), link_pool=None),
        a_session(
            "s2",
            FAR.moved(55),
            sites=(a_site(teacher=a_teacher(no=2).id, class_groups=(a_class(no=2).id,)),),
            link_pool=None,
        ),
    )
    grow = "UPDATE resources SET buffer_seconds = {} WHERE kind = 'room'"
    with pytest.raises(DBAPIError, match="booked within this buffer"):
        await desk.type(grow.format(901))
    await desk.type(grow.format(900))
    await desk.type(grow.format(0))
