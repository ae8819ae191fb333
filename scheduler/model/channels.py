"""Through what people are told: channels, and the messages that go through them."""

from dataclasses import dataclass, field
from datetime import datetime, time
from enum import StrEnum
from typing import Annotated

from calendars.bells import SchoolId
from calendars.text import Language, Text
from scheduler.members import IDENTIFIER, Name, TeacherId


class ChannelKind(StrEnum):
    """Mail, or the group robot of a vendor: 企业微信, 钉钉, 飞书."""

    MAIL = "mail"
    WECOM = "wecom"
    DINGTALK = "dingtalk"
    FEISHU = "feishu"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSetting:
    """Who is told through a channel, and when it keeps quiet.

    With a `teacher` it carries what that teacher is told, with a `school` alone what the school is
    told, with neither what every school is told. From `quiet_from` until `quiet_until` (on the
    alliance's clock; the same twice: never) only what is urgent goes out.
    """

    name: Name
    kind: ChannelKind
    school: SchoolId | None = None
    teacher: TeacherId | None = None
    language: Language = "zh-CN"
    quiet_from: time = time(21)
    quiet_until: time = time(7)
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel(ChannelSetting):
    """A channel as it may be seen: of its address only what tells it from others."""

    id: Annotated[str, IDENTIFIER]
    address_hint: str
    is_signed: bool = False
    revision: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSecret:
    """Where a channel leads: a mail address, or a robot's address and what signs its messages."""

    address: str = field(repr=False)
    signing_key: str = field(default="", repr=False)


class MessageState(StrEnum):
    """Whether a message still waits, has been taken, or needs somebody's help."""

    WAITING = "waiting"
    SENT = "sent"
    DEAD = "dead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Some notices told through one channel at once; its id lets it be shown once.

    `attempts` are those since it last got further, `parts_sent` how many parts of a long text were
    taken. A dead one waits for a person: `problem` says why it was not taken.
    """

    id: Annotated[str, IDENTIFIER]
    channel: str
    notices: tuple[str, ...]
    text: str
    urgent: bool = False
    state: MessageState = MessageState.WAITING
    created_at: datetime
    due_at: datetime
    attempts: int = 0
    parts_sent: int = 0
    sent_at: datetime | None = None
    problem: Text | None = None
    revision: int = 1
