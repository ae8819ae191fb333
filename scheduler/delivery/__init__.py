"""How what is written down reaches people: by mail, by group robots, or copied by hand."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from scheduler.delivery.calling import Caller
from scheduler.delivery.letters import Mail
from scheduler.delivery.mail import MailServer
from scheduler.delivery.outlets import Outlets
from scheduler.delivery.robots import Clock, DingTalk, Feishu, WeCom
from scheduler.model import ChannelKind


@asynccontextmanager
async def open_outlets(
    server: MailServer | None, robot_hosts: frozenset[str], clock: Clock
) -> AsyncIterator[Outlets]:
    """An outlet for each kind of channel, while the connections to their servers are open."""
    async with aiohttp.ClientSession() as session:
        caller = Caller(session, robot_hosts)
        yield Outlets(
            {
                ChannelKind.MAIL: Mail(server),
                ChannelKind.WECOM: WeCom(caller),
                ChannelKind.DINGTALK: DingTalk(caller, clock),
                ChannelKind.FEISHU: Feishu(caller, clock),
            }
        )
