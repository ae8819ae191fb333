"""Tokens open what they should, and the same request is answered the same."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from calendars.bells import SchoolId
from scheduler.errors import ReusedKeyError, StateError, UnknownTokenError
from scheduler.model import Actor, ActorRole
from scheduler.store import Transaction
from tests.builders import NOW, a_session
from tests.scheduler.store.desk import OFFICE, Desk

COORDINATOR = Actor(
    name="教务处王", role=ActorRole.SCHOOL_COORDINATOR, school=SchoolId("JS"), origin="127.0.0.1"
)


async def test_a_token_lets_its_bearer_act_until_it_expires(desk: Desk) -> None:
    expires = NOW + timedelta(days=1)
    await desk.write(
        lambda transaction: transaction.add_token(b"1" * 32, COORDINATOR, expires_at=expires)
    )
    async with desk.read(now=expires - timedelta(seconds=1)) as transaction:
        assert await transaction.actor_of(b"1" * 32) == COORDINATOR
        with pytest.raises(UnknownTokenError):
            await transaction.actor_of(b"2" * 32)
    async with desk.read(now=expires) as transaction:
        with pytest.raises(UnknownTokenError):
            await transaction.actor_of(b"1" * 32)


async def test_a_token_without_an_end_stays_and_belongs_to_one(desk: Desk) -> None:
    async def add(transaction: Transaction) -> None:
        await transaction.add_token(b"1" * 32, COORDINATOR, expires_at=None)

    await desk.write(add)
    with pytest.raises(StateError):
        await desk.write(add)
    async with desk.read(now=NOW + timedelta(days=4000)) as transaction:
        assert await transaction.actor_of(b"1" * 32) == COORDINATOR


async def test_an_answer_is_remembered_for_the_same_request_of_the_same_actor(desk: Desk) -> None:
    async def ask(transaction: Transaction) -> bytes | None:
        return await transaction.remembered("k", b"f")

    assert await desk.write(ask) is None
    await desk.write(lambda transaction: transaction.remember("k", b"f", b"answer"))
    assert await desk.write(ask) == b"answer"
    with pytest.raises(ReusedKeyError):
        await desk.write(lambda transaction: transaction.remembered("k", b"other"))
    for other in (COORDINATOR, replace(OFFICE, school=SchoolId("JS"))):
        assert await desk.store.write(ask, actor=other, now=NOW) is None


async def test_the_same_request_twice_at_once_is_done_once_and_answered_alike(desk: Desk) -> None:
    async def once(transaction: Transaction) -> bytes:
        answer = await transaction.remembered("k", b"f")
        if answer is None:
            await asyncio.sleep(0.01)
            answer = uuid4().hex.encode()
            await transaction.add_session(a_session(answer.decode()))
            await transaction.remember("k", b"f", answer)
        return answer

    answers = await asyncio.gather(*(desk.write(once) for _ in range(4)))
    async with desk.read() as transaction:
        (booked,) = await transaction.sessions()
    assert answers == [booked.id.encode()] * 4


async def test_a_key_whose_request_was_refused_is_free_again(desk: Desk) -> None:
    async def refuse(transaction: Transaction) -> None:
        await transaction.remembered("k", b"f")
        raise StateError("不行。", "No.")

    with pytest.raises(StateError):
        await desk.write(refuse)
    await desk.write(lambda transaction: transaction.remembered("k", b"other"))
