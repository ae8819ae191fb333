"""An outbox on a real store, with real servers at its other end."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from calendars.bells import SchoolId
from scheduler.delivery.gathering import gather, route
from scheduler.delivery.letters import Mail
from scheduler.delivery.outlets import Outlets
from scheduler.delivery.robots import DingTalk, Feishu, WeCom
from scheduler.delivery.sending import POSTMAN, send_due
from scheduler.members import School
from scheduler.model import Channel, ChannelKind, ChannelSecret, Message, MessageState, Notice
from scheduler.store import Store, Transaction
from tests.builders import NOW, an_alliance
from tests.scheduler.delivery.postoffice import PostOffice, open_post_office
from tests.scheduler.delivery.vendors import (
    SIGNING_KEY,
    DingTalkServer,
    FeishuServer,
    Vendor,
    WeComServer,
    open_caller,
    open_vendor,
)


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **time: float) -> None:
        self.now += timedelta(**time)


@dataclass
class Outbox:
    store: Store
    clock: Clock
    wecom: Vendor
    dingtalk: Vendor
    feishu: Vendor
    post: PostOffice
    outlets: Outlets = field(default_factory=Outlets)

    async def open(self, channel: Channel) -> None:
        """Set a channel up that leads to the server of its kind."""
        if channel.kind is ChannelKind.MAIL:
            secret = ChannelSecret(address="wang@example.cn")
        else:
            vendor: Vendor = getattr(self, channel.kind.value)
            secret = ChannelSecret(address=vendor.address, signing_key=vendor.key)
        await self.write(lambda transaction: transaction.add_channel(channel, secret))

    async def tell(self, *notices: Notice) -> None:
        await self.write(lambda transaction: transaction.add_notices(notices))

    async def gather(self) -> int:
        """Let what has been told become messages; how many."""
        await self.write(route)
        made: int = await self.write(gather)
        return made

    async def send(self, store: Store | None = None) -> int:
        """Send what is due, as this process or as that of another store; how many calls."""
        return await send_due(store or self.store, self.outlets, self.clock)

    async def messages(self, state: MessageState | None = None) -> list[Message]:
        return list(await self.read(Transaction.messages, state=state))

    async def write(self, use_case: Any) -> Any:
        return await self.store.write(use_case, actor=POSTMAN, now=self.clock())

    async def read(self, use_case: Any, *wishes: Any, **named: Any) -> Any:
        async with self.store.read(now=self.clock()) as transaction:
            return await use_case(transaction, *wishes, **named)


@asynccontextmanager
async def open_outbox(store: Store) -> AsyncIterator[Outbox]:
    clock = Clock()
    await store.write(
        lambda transaction: transaction.put_many(
            [an_alliance().alliance, School(id=SchoolId("JS"), name="JS")]
        ),
        actor=POSTMAN,
        now=NOW,
    )
    async with AsyncExitStack() as open_now:
        enter = open_now.enter_async_context
        wecom = await enter(open_vendor(WeComServer(clock)))
        dingtalk = await enter(open_vendor(DingTalkServer(clock, key=SIGNING_KEY)))
        feishu = await enter(open_vendor(FeishuServer(clock, key=SIGNING_KEY)))
        post = await enter(open_post_office())
        caller = await enter(open_caller(wecom, dingtalk, feishu))
        outlets = Outlets(
            {
                ChannelKind.MAIL: Mail(post.server()),
                ChannelKind.WECOM: WeCom(caller),
                ChannelKind.DINGTALK: DingTalk(caller, clock),
                ChannelKind.FEISHU: Feishu(caller, clock),
            }
        )
        yield Outbox(store, clock, wecom, dingtalk, feishu, post, outlets)
