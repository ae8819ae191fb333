"""What is told reaches everybody at least once and shows once, whatever fails on the way."""

import asyncio
from datetime import timedelta

import pytest
from aiohttp import web

from calendars.text import Text
from scheduler.delivery.sending import MOST_ATTEMPTS, POSTMAN, send_part
from scheduler.model import ChannelKind, ChannelSecret, MessageState
from scheduler.store import Claim, Store, Transaction
from scheduler.store.sending import LEASE_SECONDS
from tests.builders import SHANGHAI, a_channel, a_notice
from tests.conftest import KEYRING
from tests.scheduler.delivery.outbox import Outbox

KINDS = list(ChannelKind)


async def one_message(outbox: Outbox, text: str = "活动已改期。") -> str:
    """A message that is due in the channel c1; its id."""
    await outbox.tell(a_notice("n1", created_at=outbox.clock(), sentence=Text(text, text)))
    outbox.clock.pass_by(minutes=1)
    assert await outbox.gather() == 1
    (message,) = await outbox.messages()
    return message.id


async def claim(outbox: Outbox) -> list[Claim]:
    """Take what is due and go no further, as a process that is killed then."""

    async def take(transaction: Transaction) -> list[Claim]:
        return list(await transaction.claim_messages(dict.fromkeys(KINDS, 3.1), most=8))

    claims: list[Claim] = await outbox.write(take)
    return claims


async def test_e71_thirty_changes_in_a_minute_are_one_message_in_each_channel(
    outbox: Outbox,
) -> None:
    await outbox.open(a_channel("robot"))
    await outbox.open(a_channel("mail", kind=ChannelKind.MAIL))
    for number in range(30):
        words = Text(f"第{number:02}项改动。", f"Change {number:02}.")
        await outbox.tell(a_notice(f"n{number:02}", created_at=outbox.clock(), sentence=words))
        outbox.clock.pass_by(seconds=1.9)
        await outbox.gather()
    outbox.clock.pass_by(seconds=60)
    assert await outbox.gather() == 2
    assert await outbox.send() == 2
    lines = [f"{number + 1}. 第{number:02}项改动。" for number in range(30)]
    (shown,) = outbox.wecom.told
    assert shown.splitlines()[:-1] == ["【联课】" + lines[0], *lines[1:]]
    (letter,) = outbox.post.received
    assert letter["Subject"] == "【联课】30 条通知"
    assert letter.get_content().splitlines() == lines
    told = await outbox.read(Transaction.notices)
    assert {notice.sent_at for notice in told} == {outbox.clock()}


@pytest.mark.parametrize("kind", KINDS)
async def test_every_kind_of_channel_delivers(outbox: Outbox, kind: ChannelKind) -> None:
    await outbox.open(a_channel("c1", kind=kind))
    made = await one_message(outbox)
    await outbox.send()
    (sent,) = await outbox.messages(MessageState.SENT)
    assert (sent.id, sent.sent_at, sent.parts_sent) == (made, outbox.clock(), 1)
    assert await outbox.send() == 0


async def test_what_no_channel_carries_is_still_there_to_be_read(outbox: Outbox) -> None:
    await outbox.tell(a_notice("n1"))
    outbox.clock.pass_by(minutes=5)
    assert await outbox.gather() == 0
    assert [notice.id for notice in await outbox.read(Transaction.notices)] == ["n1"]
    backlog = await outbox.read(Transaction.backlog)
    assert (backlog.notices, backlog.waiting, backlog.dead) == (0, 0, 0)


async def test_nobody_is_woken_but_for_what_is_urgent(outbox: Outbox) -> None:
    await outbox.open(a_channel("c1"))
    outbox.clock.now = outbox.clock.now.astimezone(SHANGHAI).replace(hour=22)
    await outbox.tell(
        a_notice("later", created_at=outbox.clock()),
        a_notice("now", created_at=outbox.clock(), urgent=True),
    )
    outbox.clock.pass_by(seconds=10)
    assert await outbox.gather() == 1
    outbox.clock.pass_by(hours=8)
    assert await outbox.gather() == 0
    outbox.clock.pass_by(hours=1)
    assert await outbox.gather() == 1
    assert [
        message.notices
        for message in sorted(await outbox.messages(), key=lambda message: message.created_at)
    ] == [("now",), ("later",)]


async def test_what_fails_in_the_evening_is_not_tried_again_at_night(outbox: Outbox) -> None:
    await outbox.open(a_channel("c1"))
    outbox.clock.now = outbox.clock.now.astimezone(SHANGHAI).replace(hour=20, minute=58, second=50)
    await one_message(outbox)
    outbox.wecom.mishaps = [web.Response(status=503, headers={"Retry-After": "60"})]
    await outbox.send()
    (waiting,) = await outbox.messages()
    morning = outbox.clock().replace(hour=7, minute=0, second=0) + timedelta(days=1)
    assert waiting.due_at == morning


async def test_several_processes_send_each_message_once(outbox: Outbox, database_url: str) -> None:
    for number in range(6):
        await outbox.open(a_channel(f"c{number}", kind=KINDS[number % 4]))
    await outbox.tell(a_notice("n1"))
    outbox.clock.pass_by(minutes=1)
    stores = [await Store.open(database_url, keyring=KEYRING) for _ in range(3)]
    await asyncio.gather(*(outbox.gather() for _ in range(3)))
    for _ in range(3):
        await asyncio.gather(*(outbox.send(store) for store in stores))
        outbox.clock.pass_by(seconds=5)
    for store in stores:
        await store.close()
    assert len(await outbox.messages(MessageState.SENT)) == 6
    assert len(outbox.post.received) == 2
    assert [len(each.told) for each in (outbox.wecom, outbox.dingtalk, outbox.feishu)] == [2, 1, 1]


async def test_a_process_that_is_killed_while_sending_loses_nothing(outbox: Outbox) -> None:
    await outbox.open(a_channel("c1"))
    await one_message(outbox)
    assert len(await claim(outbox)) == 1
    outbox.clock.pass_by(seconds=LEASE_SECONDS - 1)
    assert await outbox.send() == 0
    outbox.clock.pass_by(seconds=1)
    assert await outbox.send() == 1
    assert len(outbox.wecom.told) == 1


async def test_what_is_sent_twice_shows_the_same_number(outbox: Outbox) -> None:
    """Killed between the robot's answer and the note of it, the message comes again as it was."""
    await outbox.open(a_channel("c1"))
    made = await one_message(outbox)
    (killed,) = await claim(outbox)
    assert await send_part(outbox.outlets, killed)
    outbox.clock.pass_by(seconds=LEASE_SECONDS)
    await outbox.send()
    first, second = outbox.wecom.told
    assert first == second
    assert first.endswith(f"（编号 {made[:8]}）")


async def test_whoever_lost_the_lease_settles_nothing(outbox: Outbox) -> None:
    await outbox.open(a_channel("c1"))
    await one_message(outbox)
    (late,) = await claim(outbox)
    outbox.clock.pass_by(seconds=LEASE_SECONDS)
    (current,) = await claim(outbox)
    problem = Text("慢。", "Slow.")
    await outbox.write(lambda transaction: transaction.note_failure(late, problem, again_at=None))
    (message,) = await outbox.messages()
    assert (message.state, message.problem) == (MessageState.WAITING, None)
    await outbox.write(lambda transaction: transaction.note_part(current, is_last=True))
    await outbox.write(lambda transaction: transaction.note_failure(late, problem, again_at=None))
    (message,) = await outbox.messages()
    assert message.state is MessageState.SENT


async def test_a_failure_is_tried_again_ever_later_and_then_waits_for_a_person(
    outbox: Outbox,
) -> None:
    await outbox.open(a_channel("c1", quiet_until=a_channel().quiet_from))
    made = await one_message(outbox)
    outbox.wecom.mishaps = [web.Response(status=500) for _ in range(MOST_ATTEMPTS)]
    pauses = []
    for _ in range(MOST_ATTEMPTS - 1):
        assert await outbox.send() == 1
        (message,) = await outbox.messages(MessageState.WAITING)
        pauses.append((message.due_at - outbox.clock()).total_seconds())
        assert await outbox.send() == 0
        outbox.clock.now = message.due_at
    bounds = [min(30 * 2**number, 7200) for number in range(MOST_ATTEMPTS - 1)]
    assert all(
        longest / 2 <= pause <= longest for pause, longest in zip(pauses, bounds, strict=True)
    )
    await outbox.send()
    (dead,) = await outbox.messages(MessageState.DEAD)
    assert (dead.id, dead.attempts) == (made, MOST_ATTEMPTS)
    assert dead.problem == Text("机器人的应答是 HTTP 500。", "The robot answered HTTP 500.")
    assert (await outbox.read(Transaction.backlog)).dead == 1
    outbox.clock.pass_by(days=1)
    assert await outbox.send() == 0
    await outbox.write(lambda transaction: transaction.revive_message(dead))
    assert await outbox.send() == 1
    (sent,) = await outbox.messages(MessageState.SENT)
    assert (sent.id, sent.problem) == (made, None)


async def test_what_cannot_help_is_not_tried_again_and_holds_nobody_up(outbox: Outbox) -> None:
    await outbox.open(a_channel("c1"))
    await outbox.open(a_channel("c2", kind=ChannelKind.FEISHU))
    await outbox.tell(a_notice("n1"))
    outbox.clock.pass_by(minutes=1)
    await outbox.gather()
    outbox.wecom.mishaps = [web.json_response({"errcode": 93000, "errmsg": "invalid"})]
    await outbox.send()
    (dead,) = await outbox.messages(MessageState.DEAD)
    (sent,) = await outbox.messages(MessageState.SENT)
    assert (dead.channel, dead.attempts, sent.channel) == ("c1", 1, "c2")


async def test_a_throttled_robot_is_left_alone_by_all_its_messages_and_no_other_waits(
    outbox: Outbox,
) -> None:
    await outbox.open(a_channel("c1", kind=ChannelKind.DINGTALK))
    await outbox.open(a_channel("c2", kind=ChannelKind.DINGTALK))
    await outbox.open(a_channel("c3"))
    outbox.dingtalk.throttled_until = outbox.clock() + timedelta(minutes=11)
    await outbox.tell(a_notice("n1"))
    outbox.clock.pass_by(minutes=1)
    assert await outbox.gather() == 3
    assert await outbox.send() == 2
    assert (len(outbox.wecom.told), len(outbox.dingtalk.calls)) == (1, 1)
    outbox.clock.pass_by(minutes=9, seconds=59)
    assert await outbox.send() == 0
    outbox.clock.pass_by(seconds=1)
    await outbox.send()
    outbox.clock.pass_by(seconds=4)
    await outbox.send()
    assert len(outbox.dingtalk.told) == 2


async def test_channels_of_one_robot_share_its_pace_over_all_processes(
    outbox: Outbox, database_url: str
) -> None:
    """Two schools in one group, three processes: never more than 20 calls in a minute."""
    for number in range(30):
        await outbox.open(a_channel(f"c{number:02}", kind=ChannelKind.DINGTALK))
    await outbox.tell(a_notice("n1"))
    outbox.clock.pass_by(minutes=1)
    assert await outbox.gather() == 30
    stores = [await Store.open(database_url, keyring=KEYRING) for _ in range(3)]
    for _ in range(160):
        await asyncio.gather(*(outbox.send(store) for store in stores))
        outbox.clock.pass_by(seconds=0.7)
    for store in stores:
        await store.close()
    assert len(outbox.dingtalk.told) == len(outbox.dingtalk.calls) == 30


async def test_a_long_digest_goes_on_where_it_stopped(outbox: Outbox) -> None:
    await outbox.open(a_channel("c1"))
    lines = [f"第{number:02}项改动：{'音乐课改到周三下午' * 2}。" for number in range(60)]
    await outbox.tell(
        *(a_notice(f"n{number:02}", sentence=Text(line, line)) for number, line in enumerate(lines))
    )
    outbox.clock.pass_by(minutes=1)
    await outbox.gather()
    await outbox.send()
    outbox.wecom.mishaps = [web.Response(status=502)]
    for _ in range(40):
        outbox.clock.pass_by(seconds=10)
        await outbox.send()
    (sent,) = await outbox.messages(MessageState.SENT)
    assert all(len(part.encode()) <= 2048 for part in outbox.wecom.told)
    assert len(outbox.wecom.told) == sent.parts_sent > 1
    shown = "\n".join(
        line
        for part in outbox.wecom.told
        for line in part.removeprefix("【联课】").splitlines()[:-1]
    )
    assert shown == "\n".join(f"{number}. {line}" for number, line in enumerate(lines, start=1))
    assert [part.splitlines()[-1] for part in outbox.wecom.told] == [
        f"（编号 {sent.id[:8]}-{number}/{sent.parts_sent}）"
        for number in range(1, sent.parts_sent + 1)
    ]


async def test_nobody_is_called_to_by_a_title(outbox: Outbox) -> None:
    await outbox.open(a_channel("c1", kind=ChannelKind.FEISHU))
    await one_message(outbox, '<at user_id="all">所有人</at>')
    await outbox.send()
    assert "<" not in outbox.feishu.told[0]


async def test_mail_comes_back_as_the_same_letter(outbox: Outbox) -> None:
    await outbox.open(a_channel("c1", kind=ChannelKind.MAIL))
    made = await one_message(outbox)
    outbox.post.refuse_recipient = "451 4.7.1 Greylisted"
    await outbox.send()
    outbox.post.refuse_recipient = ""
    outbox.clock.pass_by(minutes=1)
    await outbox.send()
    (letter,) = outbox.post.received
    assert letter["Message-ID"] == f"<{made}.1@lianke>"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert outbox.post.recipients == ["wang@example.cn"]


async def test_a_mailbox_that_does_not_exist_waits_for_a_person(outbox: Outbox) -> None:
    await outbox.open(a_channel("c1", kind=ChannelKind.MAIL))
    await one_message(outbox)
    outbox.post.refuse_recipient = "550 5.1.1 No such user"
    await outbox.send()
    (dead,) = await outbox.messages(MessageState.DEAD)
    assert dead.problem is not None
    assert "550 5.1.1 No such user" in dead.problem.zh


async def test_without_the_key_that_sealed_it_a_channel_waits(
    outbox: Outbox, database_url: str
) -> None:
    await outbox.open(a_channel("c1"))
    await one_message(outbox)
    keyless = await Store.open(database_url)
    await outbox.send(keyless)
    await keyless.close()
    (waiting,) = await outbox.messages(MessageState.WAITING)
    assert waiting.problem is not None
    assert "LIANKE_SECRET_KEY" in waiting.problem.en
    outbox.clock.pass_by(minutes=1)
    assert await outbox.send() == 1


async def test_a_channel_that_rests_sends_nothing_until_it_is_woken(outbox: Outbox) -> None:
    await outbox.open(a_channel("c1"))
    await one_message(outbox)
    before = await outbox.read(Transaction.channel, "c1")
    resting = a_channel("c1", active=False, revision=before.revision)
    changed = await outbox.write(
        lambda transaction: transaction.replace_channel(before, resting, None)
    )
    assert await outbox.send() == 0
    await outbox.write(
        lambda transaction: transaction.replace_channel(changed, a_channel("c1"), None)
    )
    assert await outbox.send() == 1


async def test_a_channel_is_removed_with_what_was_to_go_through_it(outbox: Outbox) -> None:
    await outbox.open(a_channel("c1"))
    await one_message(outbox)
    channel = await outbox.read(Transaction.channel, "c1")
    await outbox.write(lambda transaction: transaction.remove_channel(channel))
    assert await outbox.messages() == []
    assert await outbox.send() == 0
    assert [notice.id for notice in await outbox.read(Transaction.notices)] == ["n1"]


async def test_where_a_channel_leads_is_told_nobody(outbox: Outbox) -> None:
    secret = ChannelSecret(address="https://open.feishu.cn/hook/9f8e7d", signing_key="SEC77")
    channel = a_channel("c1", kind=ChannelKind.FEISHU)
    await outbox.write(lambda transaction: transaction.add_channel(channel, secret))
    told = []
    async with outbox.store.read(now=outbox.clock()) as transaction:
        told += [await transaction.audit(limit=1000), await transaction.channels()]
    assert "9f8e7d" not in f"{told}{secret}"
    assert "SEC77" not in f"{told}{secret}"
    assert POSTMAN.name in f"{told}"


async def test_what_waits_is_counted(outbox: Outbox) -> None:
    await outbox.open(a_channel("c1"))
    told_at = outbox.clock()
    await outbox.tell(a_notice("n1", created_at=told_at))
    backlog = await outbox.read(Transaction.backlog)
    assert (backlog.notices, backlog.waiting, backlog.oldest) == (1, 0, told_at)
    outbox.clock.pass_by(minutes=1)
    await outbox.gather()
    backlog = await outbox.read(Transaction.backlog)
    assert (backlog.notices, backlog.waiting, backlog.oldest) == (0, 1, outbox.clock())
    await outbox.send()
    backlog = await outbox.read(Transaction.backlog)
    assert (backlog.notices, backlog.waiting, backlog.oldest) == (0, 0, None)


async def test_what_was_sent_long_ago_is_forgotten_and_what_nobody_got_stays(
    outbox: Outbox,
) -> None:
    """Also what no channel carries; what was given up waits for a person, however old it is."""
    told_at = outbox.clock()
    await outbox.tell(a_notice("unheard", created_at=told_at))
    await outbox.gather()
    await outbox.open(a_channel("robot"))
    await outbox.open(a_channel("mail", kind=ChannelKind.MAIL))
    await outbox.tell(a_notice("n1", created_at=told_at), a_notice("n2", created_at=told_at))
    outbox.clock.pass_by(minutes=1)
    await outbox.gather()
    outbox.post.refuse_recipient = "550 5.1.1 No such user"
    await outbox.send()
    sent_at = outbox.clock()

    async def left(at_once: int) -> tuple[int, list[str], list[str]]:
        gone = await outbox.write(
            lambda transaction: transaction.forget_told(sent_at + timedelta(1), most=at_once)
        )
        notices = await outbox.read(Transaction.notices)
        messages = await outbox.messages()
        return gone, [each.id for each in notices], [each.state for each in messages]

    assert await outbox.write(lambda transaction: transaction.forget_told(told_at)) == 0
    outbox.clock.pass_by(days=2)
    await left(1)
    assert await left(1) == (0, ["n1", "n2"], [MessageState.DEAD])
    (dead,) = await outbox.messages()
    outbox.post.refuse_recipient = ""
    await outbox.write(lambda transaction: transaction.revive_message(dead))
    assert await outbox.send() == 1
    assert (await left(9))[0] == 0
    outbox.clock.pass_by(days=2)
    sent_at = outbox.clock()
    assert await left(1) == (2, ["n2"], [])
    assert await left(1) == (1, [], [])
    assert (await outbox.read(Transaction.audit, limit=1000))[-1].action == "purge"
