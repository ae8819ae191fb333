"""What must not lie open in the database is found if it does, and so is what nobody was told of."""

from base64 import b64encode
from datetime import timedelta
from typing import Any

import pytest

from scheduler.booking.single import cancel
from scheduler.delivery.channels import ChannelWish, set_up
from scheduler.feeds import SubscriptionWish, subscribe
from scheduler.model import ChannelKind, Scope
from scheduler.model.findings import Check
from scheduler.store import Transaction
from scheduler.tokens import issue_token
from tests.builders import NOW, a_notice
from tests.scheduler.checking.conftest import Patient
from tests.scheduler.desk import OFFICE, a_booking

ROBOT = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7xxx-4bc4-97a0"
PLAIN = b64encode(b"{'address': 'https://qyapi.weixin.qq.com/...'}" * 3)


async def with_secrets(patient: Patient) -> list[str]:
    """A bearer's token and that of a feed, whose hashes are kept; and a channel that is sealed."""

    async def keep(transaction: Transaction) -> list[str]:
        channel = ChannelWish(id="c1", name="通知群", kind=ChannelKind.WECOM, address=ROBOT)
        await set_up(transaction, channel, frozenset())
        await transaction.add_notices([a_notice()])
        wish = SubscriptionWish(scope=Scope.ALLIANCE, owner="联盟办公室")
        return [await issue_token(transaction, OFFICE), (await subscribe(transaction, wish))[1]]

    return await patient.desk.do(keep)


async def test_secrets_as_they_are_kept_are_no_finding(patient: Patient) -> None:
    await with_secrets(patient)
    assert await patient.findings() == set()


@pytest.mark.parametrize(
    ("statement", "values", "subject"),
    [
        ("UPDATE tokens SET hash = :plain", {"plain": b"Vq3" + b"x" * 40}, "tokens"),
        ("UPDATE tokens SET hash = :plain", {"plain": b"x" * 32}, "tokens"),
        ("UPDATE subscriptions SET token_hash = :plain", {"plain": b"x" * 43}, "subscriptions"),
        ("UPDATE channels SET sealed = :plain", {"plain": ROBOT.encode()}, "channels c1"),
        ("UPDATE channels SET sealed = :plain", {"plain": PLAIN}, "channels c1"),
        ("UPDATE notices SET body = :plain", {"plain": f"… {ROBOT} …"}, "notices n1"),
    ],
)
async def test_a_secret_that_lies_open_is_found(
    patient: Patient,
    statement: str,
    values: dict[str, Any],
    subject: str,
) -> None:
    await with_secrets(patient)
    await patient.type(statement, **values)
    assert await patient.findings() == {(Check.SECRETS, subject)}


@pytest.mark.parametrize("which", [0, 1])
async def test_a_token_that_is_written_out_anywhere_is_found(patient: Patient, which: int) -> None:
    token = (await with_secrets(patient))[which]
    await patient.type("UPDATE notices SET body = :told", told=f'{{"zh": "日历 …/{token}.ics"}}')
    assert await patient.findings() == {(Check.SECRETS, "notices n1")}
    # What merely looks like one opens nothing.
    await patient.type("UPDATE notices SET body = :told", told=token[::-1])
    assert await patient.findings() == set()


async def test_a_change_of_which_nobody_was_told_is_found_while_notices_are_kept(
    patient: Patient,
) -> None:
    session = await patient.desk.book(a_booking())
    later = NOW + timedelta(minutes=5)
    await patient.desk.do(cancel, session.id, session.revision, reason="停电", now=later)
    assert await patient.findings(later) == set()
    await patient.type("DELETE FROM notices WHERE created_at > :booked", booked=NOW)
    assert await patient.findings(later) == {(Check.NOTICES, f"sessions {session.id}")}
    assert await patient.findings(later + timedelta(days=31)) == set()
